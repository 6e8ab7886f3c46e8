"""What a link keeps and hands out because of its peer has a bound."""

from __future__ import annotations

from mtproto.link import ServerSessions, client_wire
from mtproto.link import server as server_link
from mtproto.link.server_keys import DENIED_KEPT
from mtproto.transport import BANNER_SIZE
from tests.link.support import NOW, QUERY, Pair, kept_session, known_state, seeded

LARGE = QUERY + seeded(1)(30_000)
"""A body of which two do not fit into one packet."""

MOST = 32 * 1024 + 2048
"""Bytes of a packet with one of them, at most."""


def test_of_what_a_forgotten_session_refused_the_latest_is_remembered() -> None:
    state = ServerSessions(seeded())
    key = state.add_key(known_state().auth_key)
    slot = kept_session(state, key, 1, NOW)
    refused = [4 * number for number in range(1, DENIED_KEPT + 10)]
    for msg_id in refused:
        slot.session._register.deny(msg_id)
    state.forget_session(key, 1)
    assert list(key.denied(1)) == refused[-DENIED_KEPT:]


def test_a_server_seals_no_more_at_once_than_a_connection_takes() -> None:
    pair = Pair()
    pair.client.send(QUERY)
    pair.connect()
    assert pair.server is not None
    [slot] = pair.server._carriage.carried
    for _ in range(20):
        slot.session.push(LARGE)
    assert server_link.BURST <= len(pair.server.data_to_send(NOW)) < server_link.BURST + MOST


def test_a_client_seals_no_more_at_once_than_a_connection_takes() -> None:
    pair = Pair()
    pair.connect()
    for _ in range(20):
        pair.client.send(LARGE)
    assert client_wire.BURST <= len(pair.client.data_to_send(NOW)) < client_wire.BURST + MOST
    assert pair.client.has_more


def test_of_what_a_peer_says_first_the_beginning_only_is_looked_at() -> None:
    pair = Pair()
    pair.connect()
    pair.client.send(LARGE)
    pair.settle()
    assert len(pair.client._wire.other_end._head) == BANNER_SIZE
