"""The lines of the security checklist that a link has to keep, one test for each, named after it.

core.telegram.org/mtproto/security_guidelines, core.telegram.org/api/pfs. What a session checks by itself stands with
the session, what an exchange checks with the exchange.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from mtproto.errors import LocalProtocolError, RemoteProtocolError, TransportError
from mtproto.link import Broken, ClientLink, Failed, Hangup, KeyBound, LinkStatus, PfsLink, ServerLink, ServerQuery
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, payload_key_id, seal, unseal
from mtproto.message.key_state import KeyState
from mtproto.message.message_ids import client_msg_id
from mtproto.session import Result
from mtproto.transport import Payload, client_transport
from tests.link.pfs_stage import LIFE, RENEWAL, Stage
from tests.link.support import ANSWER, DC, NOW, QUERY, Pair, known_state, of_type, rsa_key, seeded

if TYPE_CHECKING:
    from collections.abc import Iterator

# "auth_key_id known", as a server keeps it


def sealed_query(key: AuthKey, session_id: int, number: int = 0) -> bytes:
    """Return a call, sealed by hand."""
    body = QUERY + number.to_bytes(4, "little")
    msg_id = client_msg_id(NOW, 0, seeded(number))
    return seal(
        key, Sender.CLIENT, salt=0, session_id=session_id, msg_id=msg_id, seqno=1, body=body, random=seeded()
    ).payload


class BareConnection:
    """A connection to a DC over which packets made by hand travel."""

    def __init__(self, pair: Pair) -> None:
        self.link = ServerLink(pair.state, [rsa_key()], NOW, seeded())
        self.framing = client_transport("intermediate", seeded(), dc_id=DC, secret=None)
        self.link.received(self.framing.opening(), NOW)

    def send(self, payload: bytes) -> list[object]:
        return list(self.link.received(self.framing.pack(payload), NOW))

    def receive(self) -> list[object]:
        return list(self.framing.receive(self.link.data_to_send(NOW)))


def test_an_auth_key_id_that_is_not_known_is_answered_with_minus_404() -> None:
    connection = BareConnection(Pair())
    events = connection.send(sealed_query(AuthKey(seeded(77)(256)), 5))
    assert [type(event) for event in events] == [Hangup]
    assert [str(answer) for answer in connection.receive()] == [str(TransportError(-404))]


# "On any mismatch: drop the message, close the connection, reconnect; no partial use"


@pytest.mark.parametrize("damage", ["a bit", "the end", "another key", "the length"])
def test_on_any_mismatch_the_connection_is_closed_and_another_one_is_made(damage: str) -> None:
    pair = Pair()
    pair.connect()
    pair.answer = lambda query: None
    request = pair.client.send(QUERY)
    pair.settle()
    [query] = pair.queries
    query.slot.session.answer(query.msg_id, ANSWER)
    assert pair.server is not None
    frame = pair.server.data_to_send(pair.now)
    damaged = {
        "a bit": frame[:-1] + bytes([frame[-1] ^ 1]),
        "the end": (len(frame) - 8).to_bytes(4, "little") + frame[4:-4],
        "another key": frame[:4] + bytes([frame[4] ^ 1]) + frame[5:],
        "the length": (1 << 30).to_bytes(4, "little") + frame[4:],
    }[damage]
    events = pair.client.received(damaged, pair.now)
    [broken] = of_type(events, Broken)
    assert isinstance(broken.error, RemoteProtocolError)
    later = pair.client.send(QUERY + QUERY)
    assert pair.client.received(frame, pair.now) == []  # nothing more is taken from this connection
    assert pair.client.data_to_send(pair.now) == b""
    assert not of_type(events, Result)
    pair.answer = lambda query: ANSWER
    pair.cut()
    assert pair.client.connect_at == pair.now
    pair.advance(1)
    assert pair.of(Result) == [Result(request, ANSWER), Result(later, ANSWER)]


# "With PFS on, nothing is sent under the permanent key; temp keys in RAM; no reference to dropped keys is kept"


def test_with_pfs_on_nothing_is_sent_under_the_permanent_key_whatever_goes_wrong() -> None:
    stage = Stage(known_key=False)
    for number in range(12):
        stage.client.send(QUERY + number.to_bytes(4, "little"))
        if number % 3 == 0:
            stage.refuse.append((48, 17, 16, 20)[number // 3])
        if number % 4 == 1 and stage.wires:
            stage.cut(next(iter(stage.wires)))
        if number == 6:
            for key in stage.temporary_keys():
                stage.state.forget_key(key.auth_key.id)
        stage.advance(LIFE / 4)
    assert len(stage.of(KeyBound)) >= 3
    assert stage.client.state is not None
    assert stage.client.state.auth_key.id not in stage.key_ids
    assert {0} < set(stage.key_ids) <= {0} | {event.state.auth_key.id for event in stage.of(KeyBound)}


def test_temporary_keys_are_in_memory_only() -> None:
    stage = Stage(known_key=False)
    stage.settle()
    permanent, temporary = stage.client.state, stage.client.key_state
    assert permanent is not None
    assert temporary is not None
    kept = KeyState.from_bytes(permanent.to_bytes())
    assert kept.auth_key == permanent.auth_key
    assert kept.expires_at is None
    assert temporary.auth_key.data not in permanent.to_bytes()
    with pytest.raises(LocalProtocolError):  # nor does a state that was kept all the same serve as a permanent key
        PfsLink([rsa_key().public], state=temporary, dc_id=DC, random=seeded())


@pytest.fixture
def only_new_objects() -> Iterator[None]:
    """Let the garbage collector forget all that other tests have made."""
    gc.freeze()
    yield
    gc.unfreeze()


def keys_alive(key_id: int) -> int:
    gc.collect()
    return sum(isinstance(thing, AuthKey) and thing.id == key_id for thing in gc.get_objects())


@pytest.mark.usefixtures("only_new_objects")
def test_no_reference_to_dropped_keys_is_kept() -> None:
    stage = Stage()
    stage.settle()
    assert stage.client.key_state is not None
    dropped = stage.client.key_state.auth_key.id
    stage.client.send(QUERY)
    stage.advance(RENEWAL + 60)
    assert stage.client.key_state.auth_key.id != dropped
    stage.state.forget_key(dropped)
    stage.wires = {link: wire for link, wire in stage.wires.items() if link in stage.client.links}
    stage.events.clear()
    stage.bindings.clear()
    assert keys_alive(dropped) == 0
    assert keys_alive(stage.client.key_state.auth_key.id) > 0


# "Key of DC A is never used on DC B; sessions never cross keys or connections of other sessions"


@pytest.mark.parametrize("kind", [ClientLink, PfsLink])
@pytest.mark.parametrize(("of", "on", "allowed"), [(2, 2, True), (0, 2, True), (2, -2, True), (2, 3, False)])
def test_the_key_of_one_dc_is_never_used_on_another(
    kind: type[ClientLink | PfsLink], of: int, on: int, allowed: bool
) -> None:
    state = KeyState(auth_key=known_state().auth_key, dc_id=of)
    if allowed:  # media servers, which have the negative id, belong to their data centre
        assert kind([rsa_key().public], dc_id=on, random=seeded(), state=state).state is state
    else:
        with pytest.raises(LocalProtocolError, match="DC 2"):
            kind([rsa_key().public], dc_id=on, random=seeded(), state=state)


def test_sessions_never_cross_keys() -> None:
    pair = Pair()
    keys = [pair.state.add_key(AuthKey(seeded(number)(256)), first_salt=0) for number in (21, 22)]
    connection = BareConnection(pair)
    for key in keys:
        connection.send(sealed_query(key.auth_key, 5))
    slots = [key.sessions[5] for key in keys]
    assert slots[0].session is not slots[1].session
    assert [slot.session.key for slot in slots] == [key.auth_key for key in keys]
    answers = [answer.data for answer in of_type(connection.receive(), Payload)]
    assert {payload_key_id(answer) for answer in answers} == {key.auth_key.id for key in keys}


def test_sessions_never_cross_connections_of_other_sessions() -> None:
    pair = Pair()
    key = pair.state.add_key(AuthKey(seeded(21)(256)), first_salt=0)
    first, second = BareConnection(pair), BareConnection(pair)
    for session_id, connection in ((5, first), (6, second)):
        [query] = of_type(connection.send(sealed_query(key.auth_key, session_id)), ServerQuery)
        query.slot.session.answer(query.msg_id, ANSWER)
        query.slot.session.push(ANSWER)
    for session_id, connection in ((5, first), (6, second)):
        packets = [
            unseal(key.auth_key, Sender.SERVER, answer.data) for answer in of_type(connection.receive(), Payload)
        ]
        assert {packet.session_id for packet in packets} == {session_id}


# "-404 alone is no proof", as a link keeps it


def test_transport_errors_never_delete_a_permanent_key() -> None:
    pair = Pair()
    pair.connect()
    state = pair.client.state
    assert state is not None
    kept = state.auth_key, list(state.salts)
    pair.state.forget_key(state.auth_key.id)
    pair.cut()
    pair.advance(60)
    [failed] = pair.of(Failed)
    assert isinstance(failed.error, TransportError)
    assert pair.client.status is LinkStatus.CLOSED
    assert pair.client.state is state
    assert (state.auth_key, state.salts) == kept
