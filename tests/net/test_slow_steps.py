"""Slow steps run one at a time, in their order; a step that fails stops none of the others."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from mtproto.net.servers.slow_steps import OneAtATime
from tests.net.support import SOON, run

if TYPE_CHECKING:
    from collections.abc import Callable


def test_of_many_slow_steps_one_runs_at_a_time() -> None:
    running = threading.Semaphore(1)
    order: list[int] = []

    async def main() -> None:
        powers: OneAtATime[int] = OneAtATime()
        ended = asyncio.Semaphore(0)

        def step(number: int) -> Callable[[], None]:
            def work() -> None:
                assert running.acquire(blocking=False)
                order.append(number)
                running.release()
                if number == 3:
                    raise ValueError("a step fails")

            return work

        failures: list[BaseException | None] = []

        def done(future: asyncio.Future[None]) -> None:
            failures.append(future.exception())
            ended.release()

        for number in range(8):
            powers.run(number, step(number), done)
        powers.leave(5)
        for _ in range(7):
            await ended.acquire()
        assert sum(failure is not None for failure in failures) == 1

    run(main())
    assert order == [0, 1, 2, 3, 4, 6, 7]


def test_steps_that_wait_are_cleared() -> None:
    async def main() -> None:
        powers: OneAtATime[int] = OneAtATime()
        begun, ended = threading.Event(), asyncio.Event()

        def wait() -> None:
            begun.wait(SOON)

        powers.run(1, wait, lambda _: ended.set())
        powers.run(2, lambda: None, lambda _: ran.append(2))
        powers.clear()
        begun.set()
        await ended.wait()
        await asyncio.sleep(0)

    ran: list[int] = []
    run(main())
    assert ran == []
