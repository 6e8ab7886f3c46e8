"""`LocalDCThread`: a local DC in a thread with an event loop of its own, for programs without asyncio."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from mtproto._options import named_options
from mtproto.errors import LocalProtocolError
from mtproto.localdc.data_centre import PUSH_TIMEOUT, DataCentre, DCOptions
from mtproto.localdc.face import DataCentreFace

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tl import TLObject

__all__ = ["LocalDCThread"]

T = TypeVar("T")


class LoopThread:
    """An event loop that runs in a thread until it is told to end."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mtproto-localdc", daemon=True)
        self._thread.start()

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and return its result; its exception comes out here.

        Raises:
            LocalProtocolError: this is that thread, which would wait for itself for ever.

        """
        if threading.current_thread() is self._thread:
            what.close()
            raise LocalProtocolError("a handler runs in the thread of its data centre, and can't wait for that thread")
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()

    def end(self) -> None:
        """Stop the loop, end the thread, close the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class LocalDCThread(DataCentreFace):
    """An MTProto data centre on a loopback socket: `with LocalDCThread() as dc: …`.

    Takes the arguments of `LocalDC`. Its methods may be called from any thread.
    """

    @named_options(DCOptions)
    def __init__(self, host: str = "127.0.0.1", port: int = 0, **options: Unpack[DCOptions]) -> None:
        self._data_centre = DataCentre(host, port, **options)
        self._thread: LoopThread | None = None

    @property
    def _centre(self) -> DataCentre:
        return self._data_centre

    def start(self) -> None:
        """Listen. Raises `OSError` when the port can't be had."""
        thread = LoopThread()
        try:
            thread.run(self._centre.start())
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
            self._centre.keys.close()
            return
        try:
            thread.run(self._centre.close())
        finally:
            thread.end()

    def push(self, update: TLObject | bytes, *, timeout: float | None = PUSH_TIMEOUT) -> int:
        """Send an update to all sessions of whoever is logged in, and wait, as `LocalDC.push` does.

        Returns 0 when the DC does not run. Raises `LocalProtocolError` in a handler, which runs in the DC's own thread.
        """
        return 0 if self._thread is None else self._thread.run(self._centre.push(update, timeout))

    def __enter__(self) -> LocalDCThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
