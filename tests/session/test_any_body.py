"""Whatever an authentic packet holds: each half understands it or says what is wrong, in its own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.errors import RemoteProtocolError
from mtproto.session import RequestLost, SessionBroken, Undecodable, constructors, wire
from mtproto.session.wire import Message
from tests.session.harness import MAX_BYTES, Pair, api_body
from tests.test_kept_errors import has_frames
from tl import service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.errors import MTProtoError
    from mtproto.session.events import ClientEvent, ServerEvent
    from tl import TLError

IDS = [getattr(constructors, name) for name in vars(constructors) if name.isupper()]

words = st.integers(0, (1 << 32) - 1).map(lambda word: word.to_bytes(4, "little"))
heads = st.sampled_from(IDS).map(lambda word: word.to_bytes(4, "little"))
longs = st.sampled_from([0, 1, 4, 5, -1, 1 << 62]) | st.integers(-(1 << 63), (1 << 63) - 1)
ints = st.sampled_from([0, 1, -1, 16, 17, 20, 32, 48, 64]) | st.integers(-(1 << 31), (1 << 31) - 1)
msg_id_lists = st.lists(longs, max_size=4)

random_bodies = st.tuples(heads, st.lists(words, max_size=12)).map(lambda parts: parts[0] + b"".join(parts[1]))
types = service.types
good_bodies = st.one_of(
    st.builds(lambda i, s, c: types.BadMsgNotification(bad_msg_id=i, bad_msg_seqno=s, error_code=c), longs, ints, ints),
    st.builds(lambda i, n: types.MsgsStateInfo(req_msg_id=i, info=n), longs, st.binary(max_size=5)),
    st.builds(lambda i, n: types.MsgsAllInfo(msg_ids=i, info=n), msg_id_lists, st.binary(max_size=4)),
    st.builds(lambda i: types.MsgsAck(msg_ids=i), msg_id_lists),
    st.builds(lambda i: types.MsgResendReq(msg_ids=i), msg_id_lists),
    st.builds(lambda i: types.MsgResendAnsReq(msg_ids=i), msg_id_lists),
    st.builds(lambda i: types.MsgsStateReq(msg_ids=i), msg_id_lists),
    st.builds(lambda i, u, s: types.NewSessionCreated(first_msg_id=i, unique_id=u, server_salt=s), longs, longs, longs),
    st.builds(lambda i, a: types.MsgDetailedInfo(msg_id=i, answer_msg_id=a, bytes=1, status=0), longs, longs),
).map(lambda made: bytes(made.to_bytes()))
plain_bodies = st.one_of(
    random_bodies, good_bodies, st.binary(max_size=40).map(lambda data: data + bytes(-len(data) % 4))
)
bodies = st.recursive(
    plain_bodies,
    lambda inner: st.one_of(
        st.lists(st.builds(Message, longs, ints, inner), max_size=3).map(wire.write_container),
        st.builds(Message, longs, ints, inner).map(wire.write_copy),
        inner.map(wire.write_gzip),
        st.builds(wire.write_rpc_result, longs, inner),
    ),
    max_leaves=4,
)


def busy_pair() -> Pair:
    """Return a pair with something of everything open."""
    pair = Pair(answer=lambda _query: None)
    pair.send(1)
    pair.run()
    first = pair.sent_request(2)
    pair.send(3, after=[first], idempotent=True)
    pair.client.ping()
    pair.client.cancel(pair.sent_request(4), pair.now)
    pair.from_client()
    pair.server.push(api_body(5))
    pair.server.ping()
    pair.server.ask_states()
    pair.from_server()
    return pair


def mentioned(pair: Pair, body: bytes) -> bytes:
    """Let some of the ids in a body be real ones, so that it means something."""
    real = next(iter(pair.client.requests)).msg_id.to_bytes(8, "little")
    return body.replace((4).to_bytes(8, "little"), real).replace((5).to_bytes(8, "little"), real)


def errors_of(events: Sequence[ClientEvent | ServerEvent]) -> list[MTProtoError | TLError]:
    return [event.error for event in events if isinstance(event, Undecodable | RequestLost | SessionBroken)]


@settings(deadline=None, max_examples=120)
@given(bodies, st.integers(0, 7), st.booleans())
def test_a_client_survives_any_message(body: bytes, seqno: int, late: bool) -> None:
    pair = busy_pair()
    packet = pair.forge(mentioned(pair, body), pair.server_id(1 + 2 * late), seqno)
    try:
        pair.to_client(packet)
    except RemoteProtocolError:
        pair.reconnect()
    assert not any(map(has_frames, errors_of(pair.client_events)))
    for _ in range(3):
        pair.client.tick(pair.now)
        while pair.client.next_packet(pair.now, max_bytes=MAX_BYTES) is not None:
            pass
        pair.now += 11


@settings(deadline=None, max_examples=120)
@given(bodies, st.integers(0, 7))
def test_a_server_survives_any_message(body: bytes, seqno: int) -> None:
    pair = busy_pair()
    pair.to_server(pair.forge_client(mentioned(pair, body), None, pair.content_seqno + seqno))
    assert not any(map(has_frames, errors_of(pair.server_events)))
    for _ in range(3):
        pair.server.tick(pair.now)
        while pair.server.next_packet(pair.now, max_bytes=MAX_BYTES) is not None:
            pass
        pair.now += 11


@settings(deadline=None, max_examples=80)
@given(longs, ints, st.sampled_from([api_body(1), wire.write_container([])]))
def test_any_ids_and_numbers_are_survived(msg_id: int, seqno: int, body: bytes) -> None:
    pair = busy_pair()
    try:
        pair.to_client(pair.forge(body, msg_id, seqno))
    except RemoteProtocolError:
        pair.reconnect()
    pair.to_server(pair.forge_client(body, msg_id, seqno))
    pair.from_client()
    pair.from_server()
