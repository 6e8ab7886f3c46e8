"""When a connection is pinged, and when it is called dead."""

from __future__ import annotations

from mtproto.link.keep_alive import IMPATIENT_INTERVAL, PATIENCE, PING_INTERVAL, KeepAlive


def started() -> KeepAlive:
    """Return the clock of a connection whose first ping, at 0, was answered at once."""
    keep_alive = KeepAlive(0.0)
    assert keep_alive.is_ping_due(0.0, waiting=False)
    keep_alive.heard(0.0)
    return keep_alive


def test_the_first_ping_is_due_at_once() -> None:
    assert KeepAlive(5.0).deadline(waiting=False) == 5.0
    assert KeepAlive(5.0).is_ping_due(5.0, waiting=False)


def test_an_idle_connection_is_pinged_every_minute() -> None:
    keep_alive = started()
    assert not keep_alive.is_ping_due(PING_INTERVAL - 1, waiting=False)
    assert keep_alive.deadline(waiting=False) == PING_INTERVAL
    assert keep_alive.is_ping_due(PING_INTERVAL, waiting=False)
    keep_alive.heard(PING_INTERVAL + 1)
    assert keep_alive.deadline(waiting=False) == 2 * PING_INTERVAL


def test_a_busy_connection_is_pinged_every_minute_too_so_that_the_server_does_not_close_it() -> None:
    keep_alive = started()
    for second in range(int(PING_INTERVAL)):
        keep_alive.heard(float(second))
    assert keep_alive.is_ping_due(PING_INTERVAL, waiting=True)


def test_silence_while_a_call_waits_is_asked_about_early() -> None:
    keep_alive = started()
    keep_alive.heard(5.0)
    assert not keep_alive.is_ping_due(5.0 + IMPATIENT_INTERVAL - 1, waiting=True)
    assert not keep_alive.is_ping_due(5.0 + IMPATIENT_INTERVAL, waiting=False)
    assert keep_alive.is_ping_due(5.0 + IMPATIENT_INTERVAL, waiting=True)


def test_a_connection_is_dead_when_nothing_at_all_follows_a_ping() -> None:
    keep_alive = started()
    keep_alive.is_ping_due(60.0, waiting=False)
    assert not keep_alive.is_dead(60.0 + PATIENCE - 1)
    assert keep_alive.deadline(waiting=False) == 60.0 + PATIENCE
    assert keep_alive.is_dead(60.0 + PATIENCE)
    keep_alive.heard(70.0)
    assert not keep_alive.is_dead(60.0 + PATIENCE)


def test_one_ping_at_a_time() -> None:
    keep_alive = started()
    assert keep_alive.is_ping_due(60.0, waiting=True)
    assert not keep_alive.is_ping_due(61.0, waiting=True)
