"""Clocks that are wrong, and clocks that jump, over real sockets (core.telegram.org/mtproto/description#message-id)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.message.key_state import KeyState
from mtproto.net import BlockingConnection, Connection
from tests.net.support import ANSWER, QUERY, ListenerThread, ShiftedClock, body_of, introduced, rsa_key, run

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR = 3600.0
DAY = 24 * HOUR
YEAR = 365 * DAY


def with_asyncio(server: ListenerThread, between: Callable[[], None], **options: Any) -> KeyState:
    async def main() -> KeyState:
        async with Connection(server.listener.address, [rsa_key().public], **options) as client:
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY
            between()
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY
            assert client.state is not None
            return client.state

    return run(main())


def without_asyncio(server: ListenerThread, between: Callable[[], None], **options: Any) -> KeyState:
    with BlockingConnection(server.listener.address, [rsa_key().public], **options) as client:
        assert body_of(client.call(QUERY)) == ANSWER + QUERY
        between()
        assert body_of(client.call(QUERY)) == ANSWER + QUERY
        assert client.state is not None
        return client.state


BOTH = pytest.mark.parametrize("use", [with_asyncio, without_asyncio])


def nothing() -> None:
    """Do nothing between two calls."""


@BOTH
@pytest.mark.parametrize("known_key", [True, False], ids=["a key", "no key"])
@pytest.mark.parametrize("ahead", [-YEAR, YEAR])
def test_a_client_whose_clock_is_wrong_by_a_year_works(use: Any, ahead: float, known_key: bool) -> None:
    with ListenerThread() as server:
        state = introduced(server.listener) if known_key else None
        left = use(server, nothing, clock=ShiftedClock(ahead), state=state)
        assert abs(left.time_offset + ahead) < HOUR
        use(server, nothing, state=KeyState.from_bytes(left.to_bytes()))  # by a clock that is right


@BOTH
@pytest.mark.parametrize("step", [-YEAR, -DAY])
def test_a_clock_that_is_set_back_between_two_calls_is_survived(use: Any, step: float) -> None:
    clock = ShiftedClock()

    def jump() -> None:
        clock.ahead += step

    with ListenerThread() as server:
        use(server, jump, clock=clock, state=introduced(server.listener))


@BOTH
def test_a_step_of_the_wall_clock_during_a_connection_is_not_even_noticed(
    use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ListenerThread() as server:
        left = use(server, lambda: monkeypatch.setattr(time, "time", lambda: 1.0), state=introduced(server.listener))
        monkeypatch.undo()
        assert abs(left.time_offset) < HOUR
