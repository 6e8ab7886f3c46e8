"""How a link gets on from one connection to the next, and how it ends."""

from __future__ import annotations

import pytest

from mtproto.errors import ConnectionLost, RemoteProtocolError
from mtproto.link import Broken, Failed, Hangup, LinkOptions, LinkStatus, StatusChanged
from mtproto.link.backoff import DEFAULT_BACKOFF
from mtproto.link.client_wire import GREETING_TIME, ClientWire
from mtproto.link.reconnection import BARREN_CONNECTIONS, SENSELESS_CONNECTIONS, Reconnection
from mtproto.link.server_standing import ServerStanding
from mtproto.link.server_wire import ServerWire
from mtproto.link.standing import Standing
from mtproto.transport import Packets, Role
from tests.link.support import DC, NOW, seeded

ERROR = RemoteProtocolError("packet")


def stand() -> tuple[Standing, ClientWire]:
    wire = ClientWire(LinkOptions(dc_id=DC, random=seeded()))
    return Standing(wire, Reconnection(seeded(), DEFAULT_BACKOFF)), wire


def test_a_connection_breaks_once() -> None:
    standing, wire = stand()
    wire.open(NOW, NOW)
    standing.break_off(ERROR)
    standing.break_off(ConnectionLost("again"))
    assert standing.take_events() == [Broken(ERROR)]
    assert standing.trouble is ERROR
    assert standing.take_events() == []


def test_the_next_connection_is_planned_once_one_is_over() -> None:
    standing, wire = stand()
    standing.connected()
    wire.open(NOW, NOW)
    standing.enter(LinkStatus.READY)
    assert (standing.status, standing.connect_at) == (LinkStatus.READY, None)
    assert standing.disconnected(None) is None
    standing.wait(NOW)
    assert (standing.status, standing.connect_at) == (LinkStatus.DISCONNECTED, NOW)
    assert isinstance(standing.trouble, ConnectionLost)
    assert wire.transport is None


def test_connections_that_bring_no_key_end_the_link_with_the_last_cause() -> None:
    standing, wire = stand()
    reason, error = OSError("unplugged"), None
    for _ in range(BARREN_CONNECTIONS):
        assert error is None
        wire.open(NOW, NOW)
        standing.enter(LinkStatus.EXCHANGING)
        error = standing.disconnected(reason)
        standing.wait(NOW)
    assert error is not None
    assert error.__cause__ is reason


def test_a_link_whose_key_was_bound_does_not_give_up_for_want_of_a_key() -> None:
    standing, wire = stand()
    standing.key_bound()
    for _ in range(2 * BARREN_CONNECTIONS):
        wire.open(NOW, NOW)
        standing.enter(LinkStatus.EXCHANGING)
        assert standing.disconnected(None) is None
        standing.wait(NOW)


@pytest.mark.parametrize("answered", [False, True])
def test_a_server_that_breaks_the_protocol_each_time_is_given_up(answered: bool) -> None:
    standing, wire = stand()
    for _ in range(SENSELESS_CONNECTIONS):
        wire.open(NOW, NOW)
        standing.enter(LinkStatus.READY)
        if answered:
            standing.call_answered()
        standing.break_for(ERROR)
    assert (standing.status is LinkStatus.CLOSED) is not answered


def test_giving_up_is_told_with_its_reason_and_no_connection_is_wanted() -> None:
    standing, wire = stand()
    wire.open(NOW, NOW)
    standing.give_up(ERROR)
    standing.wait(NOW)
    assert standing.take_events() == [Failed(ERROR), StatusChanged(LinkStatus.CLOSED)]
    assert (standing.failure, standing.connect_at, wire.transport) == (ERROR, None, None)


def test_a_wire_has_a_time_for_the_greeting_and_sends_what_was_queued_first() -> None:
    _, wire = stand()
    wire.send(b"lost without a connection")
    assert wire.open(NOW, NOW)
    assert wire.greet_until == NOW + GREETING_TIME
    wire.send(bytes(24))
    assert wire.transport is not None
    data, events, more = wire.next_bytes(wire.transport, None, NOW)
    assert (data, list(events), more) == (b"\xee\xee\xee\xee" + b"\x18\0\0\0" + bytes(24), [], False)


def test_a_connection_of_a_server_is_hung_up_once() -> None:
    standing = ServerStanding()
    standing.hang_up("first")
    standing.hang_up("second")
    assert standing.closing
    assert standing.take_events() == [Hangup("first")]


def test_a_servers_wire_sends_nothing_without_a_framing_and_an_error_ends_the_connection() -> None:
    standing = ServerStanding()
    wire = ServerWire(standing, None)
    wire.send(bytes(24), None, NOW)
    wire.acknowledge(1)
    assert (wire.queued, wire.unsent, wire.take_one()) == (0, 0, b"")
    wire.speak(Packets(Role.SERVER, seeded()))
    wire.refuse(-404)
    assert (wire.queued, wire.unsent) == (1, 4)
    assert int.from_bytes(wire.take_one(), "little", signed=True) == -404
    assert standing.take_events() == [Hangup("transport error -404")]
