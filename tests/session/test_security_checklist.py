"""The security checklist for messages and quick acks, one test for each line, named after it.

core.telegram.org/mtproto/security_guidelines
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import pytest

from mtproto.crypto.aes import ige
from mtproto.errors import RemoteProtocolError
from mtproto.limits import DEFAULT_LIMITS
from mtproto.message import envelope
from mtproto.message.key_state import KeyState
from mtproto.session import ClientSession, RequestState, wire
from mtproto.session.events import (
    Anomaly,
    ForeignSession,
    NotAccepted,
    QuickAcked,
    Result,
    Stale,
    Undecodable,
    Update,
)
from mtproto.session.packet_reader import PacketReader
from mtproto.session.wire import Message
from tests.session.harness import START, Pair, api_body, make_key, make_random, of
from tl import service

types = service.types


@pytest.fixture
def pair() -> Pair:
    pair = Pair()
    pair.send(99)
    pair.run()
    pair.wait(60)
    pair.client_events.clear()
    return pair


def seal_raw(pair: Pair, plaintext: bytes) -> bytes:
    """Seal any plaintext as the server would, right or wrong, with a msg_key that is right."""
    derivation = pair.key.server
    msg_key = derivation.msg_key_large(plaintext)[8:24]
    return pair.key.id_bytes + msg_key + ige().encrypt(plaintext, *derivation.key_iv(msg_key))


def plaintext(pair: Pair, length: int, rest: int) -> bytes:
    header = struct.pack("<qqqii", 0, pair.client.session_id, pair.server_id(3), 1, length)
    return header + bytes(rest)


# "new_nonce, b, temp_key, session_id, padding from a CSPRNG", as far as a session draws them


def test_session_id_and_padding_are_drawn_from_the_injected_source() -> None:
    source, drawn = make_random(3), list[bytes]()

    def random(size: int) -> bytes:
        drawn.append(source(size))
        return drawn[-1]

    key = make_key()
    session = ClientSession(KeyState(auth_key=key), random=random)
    assert session.session_id.to_bytes(8, "little", signed=True) == drawn[0]
    session.connected(START)
    session.send(api_body(1))
    packet = session.next_packet(START, max_bytes=1 << 20)
    assert packet is not None
    opened = ige().decrypt(packet.payload[24:], *key.client.key_iv(packet.payload[8:24]))
    assert len(drawn[-1]) >= 12
    assert opened.endswith(drawn[-1])


# "msg_key recomputed over all decrypted bytes and compared in constant time before any use; earlier failures answered
# identically"


def test_msg_key_covers_every_byte_and_all_failures_up_to_it_look_the_same(pair: Pair) -> None:
    request = pair.sent_request(1)
    packet = pair.forge(wire.write_rpc_result(request.msg_id, api_body(7)), pair.server_id(1), 1)
    damaged = [packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1 :] for at in range(len(packet))]
    damaged += [packet[:length] for length in range(len(packet))]
    damaged += [pair.key.id_bytes + bytes(200), bytes(96), packet + bytes(1)]
    damaged += [seal_raw(pair, bytes(size)) for size in (16, 32)]  # a right msg_key over less than a header and padding
    failures = set()
    for payload in damaged:
        with pytest.raises(RemoteProtocolError) as caught:
            pair.client.receive(payload, pair.now)
        failures.add((caught.value.check, str(caught.value), caught.value.events))
        pair.client._parts.connection.made()
    assert failures == {("packet", "packet", ())}
    assert request.state is RequestState.SENT
    assert of(pair.to_client(packet), Result)


def test_msg_key_is_compared_in_constant_time(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(envelope, "compare_digest", compare)
    pair.from_server_now(api_body(1), 1, 3)
    assert len(compared) == 1


# "message_data_length: non-negative, % 4 == 0, within the plaintext, padding 12..1024; the same bound checks for
# containers, vectors, strings, gzip output"


@pytest.mark.parametrize(
    ("length", "rest", "check"),
    [
        *[(length, 16, "length") for length in (-4, -1, 20, 1 << 30)],
        *[(length, 32, "length") for length in (5, 6)],
        *[(8, 16, "padding"), (4, 4 + 1036, "padding")],
    ],
)
def test_message_data_length_and_padding_are_checked(pair: Pair, length: int, rest: int, check: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        pair.client.receive(seal_raw(pair, plaintext(pair, length, rest)), pair.now)
    assert caught.value.check == check


@pytest.mark.parametrize(("length", "rest"), [(4, 16), (20, 32), (8, 8 + 1016)])
def test_message_data_length_and_padding_within_their_bounds_pass(pair: Pair, length: int, rest: int) -> None:
    assert pair.client.receive(seal_raw(pair, plaintext(pair, length, rest)), pair.now)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (wire.write_container([Message(5, 1, api_body(1))])[:-4], "a message of 8 bytes, 4 are left"),
        (wire.write_container([Message(5, 1, api_body(1))])[:-20], "cut short"),
        (struct.pack("<III", 0x62D6B459, 0x1CB5C415, 1 << 31), "not a vector of the length that it declares"),
        (struct.pack("<IqIII", 0x04DEB57D, 4, 0xFFFFFFFE, 0, 0), "a string of 16777215 bytes goes past the end"),
        (wire.write_gzip(bytes(20_000)), "inflate to more than 10000"),
    ],
    ids=["container", "message", "vector", "string", "gzip"],
)
def test_lengths_inside_messages_are_checked_against_what_is_there(pair: Pair, body: bytes, reason: str) -> None:
    pair.client._parts = replace(pair.client._parts, reader=PacketReader(replace(DEFAULT_LIMITS, inflated=10_000)))
    (event,) = pair.from_server_now(body)
    assert isinstance(event, Undecodable)
    assert reason in str(event.error)


# "session_id equals the active session; auth_key_id known"


def test_session_id_is_that_of_the_active_session(pair: Pair) -> None:
    request = pair.sent_request(1)
    body = wire.write_rpc_result(request.msg_id, api_body(7))
    msg_id = pair.server_id(1)
    events = pair.to_client(pair.forge(body, msg_id, 1, session_id=pair.client.session_id ^ 1))
    assert events == [ForeignSession(msg_id)]
    assert request.state is RequestState.SENT
    assert not pair.client._parts.inbox.acks


def test_session_id_of_others_sixteen_times_in_a_row_closes_the_connection(pair: Pair) -> None:
    def foreign() -> bytes:
        return pair.forge(api_body(1), pair.server_id(3), 1, session_id=1)

    for _ in range(15):
        pair.to_client(foreign())
    pair.from_server_now(api_body(1), 1, 3)  # one of ours begins the count anew
    for _ in range(15):
        pair.to_client(foreign())
    with pytest.raises(RemoteProtocolError) as caught:
        pair.to_client(foreign())
    assert [type(event) for event in caught.value.events] == [ForeignSession]


def test_auth_key_id_is_the_known_one(pair: Pair) -> None:
    other = Pair(seed=77)
    assert make_key(77) != pair.key
    with pytest.raises(RemoteProtocolError, match=r"^packet$"):
        pair.client.receive(other.forge(api_body(1), other.server_id(3), 1), pair.now)


# "msg_id parity by direction; replay window of N ids; -300 s/+30 s when the clock is trusted; containers: inner ids
# lower than the container's"


@pytest.mark.parametrize("low_bits", [0, 2])
def test_msg_id_parity_by_direction_towards_a_client(pair: Pair, low_bits: int) -> None:
    with pytest.raises(RemoteProtocolError, match="msg_id"):
        pair.client.receive(pair.forge(api_body(1), pair.client_id() + low_bits, 1), pair.now)


@pytest.mark.parametrize("low_bits", [1, 2, 3])
def test_msg_id_parity_by_direction_towards_a_server(pair: Pair, low_bits: int) -> None:
    msg_id = pair.client_id() + low_bits
    assert pair.to_server(pair.forge_client(api_body(1), msg_id, 5)) == [NotAccepted(msg_id, 18)]


def test_replay_window_of_a_client(pair: Pair) -> None:
    packets = [pair.forge(api_body(1), pair.server_id(3), 1) for _ in range(1200)]
    assert all(of(pair.to_client(packet), Update) for packet in packets)
    seen = [pair.to_client(packet) for packet in packets]
    assert not any(of(events, Update) for events in seen)
    assert [bool(of(events, Stale)) for events in seen] == [True] * 200 + [False] * 1000


def test_replay_window_of_a_server(pair: Pair) -> None:
    packets = []
    pair.executed.clear()
    for _ in range(1200):
        packets.append(pair.forge_client(api_body(1), None, pair.next_content_seqno()))
        pair.to_server(packets[-1])
        for answer in pair.from_server():
            acks = [message.msg_id for message in pair.open_server(answer) if message.seqno & 1]
            pair.from_client_now(types.MsgsAck(msg_ids=acks))
    assert len(pair.executed) == 1200
    refused = [bool(of(pair.to_server(packet), NotAccepted)) for packet in packets]
    assert refused == sorted(refused, reverse=True)
    assert not refused[-400]
    assert len(pair.executed) == 1200


def test_300_seconds_of_the_past_are_accepted_when_the_clock_is_trusted(pair: Pair) -> None:
    assert of(pair.to_client(pair.forge(api_body(1), pair.server_id(3, -299), 1)), Update)
    stale = pair.server_id(3, -301)
    assert [type(event) for event in pair.to_client(pair.forge(api_body(1), stale, 3))] == [Stale]
    assert stale not in pair.client._parts.inbox.acks
    fresh = Pair()
    assert not of(fresh.to_server(fresh.forge_client(types.MsgsAck(msg_ids=[]), fresh.client_id(-299), 2)), NotAccepted)
    stale = fresh.client_id(-301)
    assert fresh.to_server(fresh.forge_client(types.MsgsAck(msg_ids=[]), stale, 2)) == [NotAccepted(stale, 16)]


def test_30_seconds_of_the_future_are_accepted_when_the_clock_is_trusted(pair: Pair) -> None:
    assert not of(pair.to_server(pair.forge_client(types.MsgsAck(msg_ids=[]), pair.client_id(29))), NotAccepted)
    early = pair.client_id(31)
    assert pair.to_server(pair.forge_client(types.MsgsAck(msg_ids=[]), early)) == [NotAccepted(early, 17)]


def test_inner_ids_are_lower_than_the_containers(pair: Pair) -> None:
    outer = pair.client_id()
    inside = wire.write_container([Message(outer + 4, 5, api_body(1))])
    assert pair.to_server(pair.forge_client(inside, outer)) == [NotAccepted(outer, 64)]
    outer = pair.server_id(1)
    inside = wire.write_container([Message(outer + 4, 5, api_body(1))])
    assert of(pair.to_client(pair.forge(inside, outer)), Anomaly)


# "bad_msg_notification / bad_server_salt / rpc_result only for ids this client really sent; pong and future_salts
# matched to their request"


@pytest.mark.parametrize(
    "make",
    [
        lambda i: types.BadMsgNotification(bad_msg_id=i, bad_msg_seqno=1, error_code=16),
        lambda i: types.BadServerSalt(bad_msg_id=i, bad_msg_seqno=1, error_code=48, new_server_salt=9),
        lambda i: wire.write_rpc_result(i, api_body(1)),
        lambda i: types.Pong(msg_id=i, ping_id=1),
        lambda i: types.FutureSalts(req_msg_id=i, now=1, salts=[]),
        lambda i: types.MsgsStateInfo(req_msg_id=i, info=b"\x01"),
    ],
    ids=["bad_msg_notification", "bad_server_salt", "rpc_result", "pong", "future_salts", "msgs_state_info"],
)
def test_answers_are_taken_only_for_ids_that_this_client_sent(pair: Pair, make: Any) -> None:
    request = pair.sent_request(1)
    salts, offset = list(pair.state.salts), pair.state.time_offset
    events = pair.from_server_now(make(request.msg_id + 4))
    assert [type(event) for event in events] == [Anomaly]
    assert request.state is RequestState.SENT
    assert pair.state.salts == salts
    assert pair.state.time_offset == pytest.approx(offset, abs=0.1)


# "On any mismatch: drop the message, close the connection, reconnect; no partial use"


@pytest.mark.parametrize("where", ["msg_key", "length", "parity"])
def test_after_a_mismatch_nothing_is_used_and_the_connection_is_of_no_more_use(pair: Pair, where: str) -> None:
    request = pair.sent_request(1)
    body = wire.write_rpc_result(request.msg_id, api_body(7))
    good = pair.forge(body, pair.server_id(1), 1)
    bad = {
        "msg_key": good[:-1] + bytes([good[-1] ^ 1]),
        "length": seal_raw(pair, plaintext(pair, 1000, 16)),
        "parity": pair.forge(body, pair.client_id(), 1),
    }[where]
    with pytest.raises(RemoteProtocolError):
        pair.client.receive(bad, pair.now)
    assert request.state is RequestState.SENT
    assert pair.client.receive(good, pair.now) == []
    pair.send(2)
    assert pair.client.next_packet(pair.now, max_bytes=1 << 20) is None
    pair.reconnect()
    assert of(pair.to_client(good), Result)


# "Quick acks and transport errors are unauthenticated: they may trigger retries or reconnects only, never the deletion
# of a permanent key (-404 alone is no proof)"


def test_quick_acks_are_unauthenticated_and_change_nothing(pair: Pair) -> None:
    request = pair.send(1, want_quick_ack=True)
    packet = pair.client.next_packet(pair.now, max_bytes=1 << 20)
    assert packet is not None
    token = packet.quick_ack_token
    assert token is not None
    assert pair.client.quick_ack(token ^ 1) == []
    assert pair.client.quick_ack(token) == [QuickAcked(request)]
    assert pair.client.quick_ack(token) == []
    assert request.state is RequestState.SENT
    pair.reconnect()
    assert of(pair.run(), Result) == [Result(request, api_body(1))]


def test_transport_errors_are_unauthenticated_and_delete_nothing(pair: Pair) -> None:
    request = pair.sent_request(1)
    before = (pair.state.auth_key, list(pair.state.salts), pair.state.time_offset)
    for code in (-404, -429, -444):
        pair.client.transport_error(code)
        pair.reconnect()
    assert (pair.state.auth_key, pair.state.salts, pair.state.time_offset) == before
    assert of(pair.run(), Result) == [Result(request, api_body(1))]
