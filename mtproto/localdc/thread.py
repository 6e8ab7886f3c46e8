"""`LocalDCThread`: a local DC in a thread with an event loop of its own, for programs without asyncio."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from mtproto.localdc.dc import DataCentre

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tl import TLObject

__all__ = ["LocalDCThread"]


class LoopThread:
    """An event loop that runs in a thread until it is told to end."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mtproto-localdc", daemon=True)
        self._thread.start()

    def run(self, what: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine there and wait for its end; its exception comes out here."""
        asyncio.run_coroutine_threadsafe(what, self._loop).result()

    def end(self) -> None:
        """Stop the loop, end the thread, close the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class LocalDCThread(DataCentre):
    """An MTProto data centre on a loopback socket: `with LocalDCThread() as dc: …`.

    Takes the arguments of `LocalDC`. Its methods may be called from any thread.
    """

    _thread: LoopThread | None = None

    def start(self) -> None:
        """Listen. Raises `OSError` when the port can't be had."""
        thread = LoopThread()
        try:
            thread.run(self._serve())
        except BaseException:
            thread.end()
            raise
        self._thread = thread

    def close(self) -> None:
        """Close all connections, stop listening, and end the thread. A DC that does not run gives its state file back.

        Raises `StoreError` when the state file lacks keys of this run.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            self._unlock()
            return
        try:
            thread.run(self._stop())
        finally:
            thread.end()

    def push(self, update: TLObject | bytes) -> int:
        """Send an update to all sessions of whoever is logged in; as `LocalDC.push`. Returns 0 when it does not run."""
        pushed: list[int] = []

        async def push() -> None:
            pushed.append(self._push(update))

        if self._thread is not None:
            self._thread.run(push())
        return sum(pushed)

    def __enter__(self) -> LocalDCThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
