"""A listener to talk to, in the test's loop or in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import threading
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.link import BackoffPolicy
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.net import BlockingConnection, Clock, Connection, Listener
from mtproto.session import Result

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from mtproto.net import ServerQuery

QUERY = bytes.fromhex("2e9a8e1b") + b"what"
ANSWER = bytes.fromhex("b5757299")
SOON = 120.0
"""Seconds after which a test that hangs fails: many more than any test takes, however busy the machine is."""

IMPATIENT = BackoffPolicy(first=0.001, ceiling=0.01)

T = TypeVar("T")


@cache
def rsa_key() -> RSAPrivateKey:
    """Return the server's RSA key, made once."""
    return RSAPrivateKey.generate()


def echo(query: ServerQuery) -> bytes:
    return ANSWER + query.body


def listener(handler: Callable[[ServerQuery], bytes | Awaitable[bytes]] = echo, **options: Any) -> Listener:
    return Listener(handler, [rsa_key()], dc_ids={2}, **options)


def introduced(server: Listener) -> KeyState:
    """Return the client's part of a new key that the server knows, as if an exchange had been made."""
    key = AuthKey(os.urandom(256))
    server.state.add_key(key)
    return KeyState(auth_key=key, dc_id=2)


def connection(server: Listener, **options: Any) -> Connection:
    """Return a connection whose key the server knows, unless the test says `state=` itself."""
    options.setdefault("state", introduced(server))
    return Connection(server.address, [rsa_key().public], **options)


class ShiftedClock:
    """A clock that is `ahead` seconds of the true one; it may be changed."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead
        self._true = Clock()

    def __call__(self) -> float:
        return self._true() + self.ahead


def body_of(outcome: object) -> bytes:
    assert isinstance(outcome, Result)
    return outcome.body


class MovableLoop(asyncio.SelectorEventLoop):
    """An event loop whose time a test can move on, so that what has a deadline need not be waited for."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


def move_on(seconds: float) -> None:
    """Let time pass for the deadlines in the loop of `run`."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, MovableLoop)
    loop.ahead += seconds


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine; one that hangs fails."""

    async def bounded() -> T:
        async with asyncio.timeout(SOON):
            return await main

    with asyncio.Runner(loop_factory=MovableLoop) as runner:
        return runner.run(bounded())


def blocking_connection(server: ListenerThread, **options: Any) -> BlockingConnection:
    """Return what `connection` does for a listener in another thread: a connection without asyncio."""
    options.setdefault("state", server.do(lambda: introduced(server.listener)))
    return BlockingConnection(server.listener.address, [rsa_key().public], **options)


class ListenerThread:
    """A listener in a thread with a loop of its own, for tests of the blocking shell."""

    def __init__(self, handler: Callable[[ServerQuery], bytes | Awaitable[bytes]] = echo, **options: Any) -> None:
        self.listener = listener(handler, **options)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def do(self, what: Callable[[], T]) -> T:
        """Call a function in the loop's thread."""

        async def there() -> T:
            return what()

        return asyncio.run_coroutine_threadsafe(there(), self.loop).result(SOON)

    def __enter__(self) -> ListenerThread:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.listener.start(), self.loop).result(SOON)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.listener.close(), self.loop).result(SOON)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(SOON)
