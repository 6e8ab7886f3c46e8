"""Slow steps in a worker thread, one at a time.

A modular power holds the interpreter's lock from its start to its end. If several ran in threads of their own, all of
them would get the lock before the event loop gets it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

__all__ = ["OneAtATime"]

C = TypeVar("C", bound=Hashable)


class OneAtATime(Generic[C]):
    """Runs the slow steps of many connections one after the other. Belongs to one event loop.

    A connection has at most one step that waits or runs. They are run in the order in which they came.
    """

    def __init__(self) -> None:
        self._waiting: dict[C, tuple[Callable[[], None], Callable[[asyncio.Future[None]], None]]] = {}
        self._running = False

    def run(self, connection: C, step: Callable[[], None], done: Callable[[asyncio.Future[None]], None]) -> None:
        """Run a step behind those that came before, then call `done` in the loop with the finished future."""
        self._waiting[connection] = (step, done)
        self._go_on()

    def leave(self, connection: C) -> None:
        """Forget the step of a connection, unless it runs already."""
        self._waiting.pop(connection, None)

    def clear(self) -> None:
        """Forget all steps that wait."""
        self._waiting.clear()

    def _go_on(self) -> None:
        if self._waiting and not self._running:
            connection = next(iter(self._waiting))
            step, done = self._waiting.pop(connection)
            self._running = True
            future = asyncio.get_running_loop().run_in_executor(None, step)
            future.add_done_callback(partial(self._ended, done))

    def _ended(self, done: Callable[[asyncio.Future[None]], None], future: asyncio.Future[None]) -> None:
        self._running = False
        try:
            done(future)
        finally:
            self._go_on()
