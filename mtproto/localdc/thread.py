"""`LocalDCThread`: a local DC in a thread with an event loop of its own, for programs without asyncio."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from mtproto._options import named_options
from mtproto.errors import LocalProtocolError
from mtproto.localdc.data_centre import PUSH_TIMEOUT, DataCentre
from mtproto.localdc.dc_options import DCOptions
from mtproto.localdc.face import DataCentreFace
from mtproto.localdc.login_tokens import accept_link

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from mtproto.localdc.accounts import LocalAccount
    from mtproto.localdc.files import LocalDocument
    from tl import TLObject

__all__ = ["LocalDCThread", "ThreadOfDCs"]

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


class ThreadOfDCs:
    """The thread that several DCs run in: there from the start of the first to the end of the last."""

    def __init__(self) -> None:
        self._thread: LoopThread | None = None
        self._users = 0
        self._lock = threading.Lock()

    def enter(self) -> LoopThread:
        """Return the thread, for one more DC."""
        with self._lock:
            self._thread = self._thread or LoopThread()
            self._users += 1
            return self._thread

    def leave(self) -> None:
        """Let one DC go, and end the thread with the last."""
        with self._lock:
            self._users -= 1
            if not self._users and self._thread is not None:
                self._thread.end()
                self._thread = None


class LocalDCThread(DataCentreFace):
    """An MTProto data centre on a loopback socket: `with LocalDCThread() as dc: …`.

    Takes the arguments of `LocalDC`. Its methods may be called from any thread.
    """

    @named_options(DCOptions)
    def __init__(self, host: str = "127.0.0.1", port: int = 0, **options: Unpack[DCOptions]) -> None:
        self._data_centre = DataCentre(host, port, **options)
        self._home = ThreadOfDCs()
        self._thread: LoopThread | None = None

    def run_in(self, home: ThreadOfDCs) -> None:
        """Run in a thread that others run in as well; before the DC is started."""
        self._home = home

    @property
    def _centre(self) -> DataCentre:
        return self._data_centre

    def start(self) -> None:
        """Listen. Raises `OSError` when the port can't be had."""
        thread = self._home.enter()
        try:
            thread.run(self._centre.start())
        except BaseException:
            self._home.leave()
            raise
        self._thread = thread

    def close(self) -> None:
        """Close all connections, stop listening, and end the thread. A DC that does not run gives its state file back.

        Raises `StoreError` when the state file lacks keys of this run.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            self._centre.give_up()
            return
        try:
            thread.run(self._centre.close())
        finally:
            self._home.leave()

    def push(self, update: TLObject | bytes, *, timeout: float | None = PUSH_TIMEOUT) -> int:
        """Send an update to all sessions of whoever is logged in, and wait, as `LocalDC.push` does.

        Returns 0 when the DC does not run. Raises `LocalProtocolError` in a handler, which runs in the DC's own thread.
        """
        return 0 if self._thread is None else self._thread.run(self._centre.push(update, timeout))

    def send_message(self, sender: str, receiver: str, text: str = "", *, document: LocalDocument | None = None) -> int:
        """Have a user of the world send a message to another, as `LocalDC.send_message` does; the DC has to run."""

        async def send() -> int:
            return self._centre.send_message(sender, receiver, text, document)

        if self._thread is None:
            raise LocalProtocolError("the data centre does not run")
        return self._thread.run(send())

    def accept_login_token(self, token: bytes | str, account: LocalAccount) -> None:
        """Accept a QR code, as `LocalNetwork.accept_login_token` does; the DC has to run."""

        async def accept() -> None:
            accept_link(token, account, self._centre.state)

        if self._thread is None:
            raise LocalProtocolError("the data centre does not run")
        self._thread.run(accept())

    def __enter__(self) -> LocalDCThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
