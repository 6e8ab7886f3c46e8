"""A local DC and a client over real sockets, in an event loop whose time moves only when nothing else does.

Both live in one loop. When no socket is ready and no thread is at work, the loop's clock jumps to the next timer; the
clock of the protocol follows it. So a wait of ten seconds or of half an hour costs nothing.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import socket
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from mtproto.client.client import Client, connect
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.localdc import LocalDC, World, load_world
from mtproto.localdc.keys import KeyFile, KeyRecord
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from tl import api

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from mtproto.link import LinkEvent

SETTLED = 2.0
"""Seconds after which neither end has anything left to say about the first call."""

EPOCH = 1_750_000_000.25
"""Unix seconds at which each scene begins."""

DC_ID = 2

GRACE = 0.001
"""Real seconds that bytes on their way through loopback have to arrive, beside a byte that is sent behind them."""

TURN = 1e-4
"""Seconds that a turn of the loop takes: no two packets of different turns are of the same time."""

LONGEST = 6 * 3600.0
"""Seconds of a scene after which it has gone wrong, since time may jump for ever."""

HANGS = 120.0
"""Real seconds without anything to wait for, after which a scene has gone wrong."""

T = TypeVar("T")
E = TypeVar("E")


@cache
def rsa_key() -> RSAPrivateKey:
    """Return the DC's RSA key, made once."""
    return RSAPrivateKey.generate()


@cache
def _rsa_pem() -> str:
    return rsa_key().to_pem()


@cache
def world() -> World:
    """Return the packaged world, read once."""
    return load_world()


class _Selector(selectors.DefaultSelector):
    """Waits for sockets, and lets the loop's time jump instead of waiting for timers."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0
        self.threads = 0
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self._near = socket.create_connection(listening.getsockname())
            self._far, _ = listening.accept()
        self._near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._far.settimeout(HANGS)

    def close(self) -> None:
        super().close()
        self._near.close()
        self._far.close()

    def _let_arrive(self) -> None:
        """Wait for what is on its way: loopback keeps the order, however late a busy system delivers."""
        self._near.send(b"\0")
        self._far.recv(1)

    def select(self, timeout: float | None = None) -> Any:
        self.passed += TURN
        if timeout is None or (self.threads and timeout > 0):
            ready = super().select(HANGS)
            if not ready:
                raise AssertionError("nothing more will happen")
            return ready
        ready = super().select(0)
        if not ready and timeout > 0:
            self._let_arrive()
            ready = super().select(min(timeout, GRACE))
            if not ready:
                self.passed += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop with a time of its own, which begins at 0."""

    def __init__(self) -> None:
        self._jumping = _Selector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.passed

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait for the threads: by real time, which `timeout` would not be (Python 3.12 and later give one)."""
        await super().shutdown_default_executor()

    def clock(self) -> float:
        """Return the Unix time of the scene."""
        return EPOCH + self.time()

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]  # without the type variables of its arguments
        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads += 1
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, _: object) -> None:
        self._jumping.threads -= 1


class Stage:
    """One DC, one client that is connected and logged in, and what the client's link said."""

    def __init__(self, dc: LocalDC, loop: JumpingLoop, options: Mapping[str, Any]) -> None:
        self.dc = dc
        self.loop = loop
        self.events: list[LinkEvent] = []
        self.client = self.new_client(self.events.append, **options)
        self._last_random_id = 0

    def new_client(self, on_event: Callable[[LinkEvent], None] | None = None, **options: Any) -> Client:
        """Return a client that is not open yet."""
        options = {"clock": self.loop.clock, "api_id": self.dc.api_id, "api_hash": self.dc.api_hash, **options}
        return connect(self.dc.address, keys=self.dc.keys, on_event=on_event, **options)

    async def log_in(self) -> None:
        """Log the client in as the bot; one that is `known` is logged in."""
        await self.client(
            api.functions.auth.ImportBotAuthorization(
                flags=0, api_id=self.dc.api_id, api_hash=self.dc.api_hash, bot_auth_token=self.dc.bot_token
            )
        )

    def message(self) -> Any:
        """Return a call that must not be executed twice, with a `random_id` of its own."""
        self._last_random_id += 1
        return api.functions.messages.SendMessage(
            peer=api.types.InputPeerSelf(), message="hello", random_id=self._last_random_id
        )

    async def send(self, **options: Any) -> int:
        """Make such a call, check that its answer is right, and return how often it was executed."""
        request = self.message()
        answer = await self.client(request, **options)
        assert (answer.NAME, answer.out) == ("updateShortSentMessage", True)
        return self.dc.executions(request.random_id)

    def of(self, kind: type[E]) -> list[E]:
        """Return what the client's link said of this kind."""
        return [event for event in self.events if isinstance(event, kind)]


def perform(scene: Callable[[Stage], Coroutine[Any, Any, T]], **options: Any) -> T:
    """Run a scene with a client that has a key, is logged in and has made a call.

    Args:
        scene: what happens.
        options: for `Connection`.

    """
    key = AuthKey(os.urandom(256))

    async def opened(stage: Stage) -> T:
        async with stage.client:
            assert await stage.send() == 1
            await asyncio.sleep(SETTLED)
            stage.events.clear()
            return await scene(stage)

    with TemporaryDirectory() as folder:
        kept = Path(folder) / "keys"
        record = KeyRecord(key, layer=api.layer, inited=True, user_id=world().bot.id)
        write_keys(kept, _rsa_pem(), [record])
        options["state"] = KeyState(auth_key=key, dc_id=DC_ID)
        return _run(opened, options, kept)


def write_keys(path: Path, pem: str, records: list[KeyRecord]) -> None:
    """Write the state file of a DC that does not run."""
    file = KeyFile(path)
    file.write(pem, records)
    file.close()


def perform_exchange(scene: Callable[[Stage], Coroutine[Any, Any, T]], **options: Any) -> T:
    """Run a scene whose client has no key and is not connected."""
    return _run(scene, options)


def _run(scene: Callable[[Stage], Coroutine[Any, Any, T]], options: dict[str, Any], kept: Path | None = None) -> T:
    loop = JumpingLoop()

    async def main() -> T:
        async with (
            asyncio.timeout(LONGEST),
            LocalDC(key=rsa_key(), world=world(), clock=loop.clock, dc_id=DC_ID, state=kept) as dc,
        ):
            return await scene(Stage(dc, loop, options))

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main())


async def opened_and_used(stage: Stage, client: Client) -> None:
    """Open a client of the stage's DC, make a call and close it."""
    async with client:
        answer = await client(api.functions.help.GetNearestDc())
        assert answer.this_dc == stage.dc.dc_id
