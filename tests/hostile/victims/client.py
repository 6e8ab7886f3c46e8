"""The client's process: `python -m tests.hostile.victims.client`, started by the harness.

It has a healthy connection, to an honest data centre, and where a client is attacked another one, to a hostile server.
Calls start at fixed times whatever became of those before, so that a stall shows in all that it holds up.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from mtproto import blocking, connect
from mtproto.crypto.rsa import RSAPublicKey
from mtproto.errors import MTProtoError
from mtproto.limits import Limits
from mtproto.message.key_state import KeyState
from tests.hostile.victims.common import answer, commands, run
from tl import TLError, api

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mtproto.client import Client

REQUESTS: dict[str, Any] = {
    "config": api.functions.help.GetConfig(),  # every data centre answers it, without a login
    "slow": api.functions.help.GetNearestDc(),  # the data centre of the harness takes its time for it
    "users": api.functions.users.GetUsers(id=[]),  # a short list that a hostile server makes as long as it likes
}
THREADS = 96


def _connection_options(options: dict[str, Any]) -> dict[str, Any]:
    names = ("transport", "proxy", "pfs", "expires_in", "timeout")
    chosen: dict[str, Any] = {name: options[name] for name in names if name in options}
    if options.get("state"):
        chosen["state"] = KeyState.from_bytes(bytes.fromhex(options["state"]))
    if "limits" in options:
        chosen["limits"] = Limits(**options["limits"])
    return {**chosen, "keys": [RSAPublicKey.from_pem(options["pem"])], "api_id": 1, "api_hash": "hash"}


class AsyncFace:
    """A client for asyncio."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._client: Client = connect(tuple(options["address"]), **_connection_options(options))
        self._request = REQUESTS[options.get("request", "config")]
        self._reader: asyncio.Task[None] | None = None
        self.updates: Counter[str] = Counter()

    async def open(self, read_updates: bool) -> None:
        """Connect."""
        await self._client.open()
        if read_updates:
            self._reader = asyncio.get_running_loop().create_task(self._read())

    async def call(self, within: float) -> None:
        """Make one call, and read its answer."""
        await self._client(self._request, timeout=within)

    async def login(self, options: dict[str, Any]) -> None:
        """Log in, so that updates come."""
        login = {name: options[name] for name in ("api_id", "api_hash")}
        await self._client(
            api.functions.auth.ImportBotAuthorization(flags=0, bot_auth_token=options["bot_token"], **login)
        )

    async def close(self) -> None:
        """Close it."""
        await self._client.close()
        if self._reader is not None:
            await self._reader

    async def _read(self) -> None:
        async for update in self._client.incoming():
            self.updates[type(update).__name__] += 1


class BlockingFace:
    """A blocking client; its calls wait in threads of a pool."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._client = blocking.connect(tuple(options["address"]), **_connection_options(options))
        self._request = REQUESTS[options.get("request", "config")]
        self._pool = ThreadPoolExecutor(THREADS)
        self._reader: asyncio.Future[None] | None = None
        self.updates: Counter[str] = Counter()

    async def _in_thread(self, function: Callable[[], Any]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, function)

    async def open(self, read_updates: bool) -> None:
        """Connect."""
        await self._in_thread(self._client.open)
        if read_updates:
            self._reader = asyncio.get_running_loop().run_in_executor(self._pool, self._read)

    async def call(self, within: float) -> None:
        """Make one call, and read its answer."""
        await self._in_thread(lambda: self._client(self._request, timeout=within))

    async def login(self, options: dict[str, Any]) -> None:
        """Log in, so that updates come."""
        request = api.functions.auth.ImportBotAuthorization(
            flags=0, bot_auth_token=options["bot_token"], api_id=options["api_id"], api_hash=options["api_hash"]
        )
        await self._in_thread(lambda: self._client(request))

    async def close(self) -> None:
        """Close it."""
        await self._in_thread(self._client.close)
        if self._reader is not None:
            await self._reader
        self._pool.shutdown(wait=False)

    def _read(self) -> None:
        for update in self._client.incoming():
            self.updates[type(update).__name__] += 1


FACES: dict[str, type[AsyncFace | BlockingFace]] = {"asyncio": AsyncFace, "blocking": BlockingFace}


class Measure:
    """What became of calls.

    Attributes:
        took: milliseconds from the time at which each call was due to its answer.
        failed: how many ended in each error.
        overrun: the most seconds by which a call was settled after its deadline.

    """

    def __init__(self) -> None:
        self.took: list[float] = []
        self.failed: Counter[str] = Counter()
        self.overrun = 0.0
        self.calls = 0

    async def one(self, face: AsyncFace | BlockingFace, due: float, within: float) -> None:
        """Make one call and note what became of it."""
        self.calls += 1
        began = time.perf_counter()
        try:
            await face.call(within)
        except (MTProtoError, TLError) as error:
            self.failed[type(error).__name__] += 1
        except Exception as error:  # what is foreign is what this looks for
            self.failed[f"foreign {type(error).__name__}"] += 1
        ended = time.perf_counter()
        self.took.append(1000 * (ended - due))
        self.overrun = max(self.overrun, ended - began - within)

    def report(self, face: AsyncFace | BlockingFace) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {
            "calls": self.calls,
            "took": [round(took, 2) for took in self.took],
            "failed": dict(self.failed),
            "overrun": round(self.overrun, 3),
            "updates": dict(face.updates),
        }


async def measure(face: AsyncFace | BlockingFace, options: dict[str, Any]) -> dict[str, Any]:
    """Make calls at fixed times for some seconds, and wait until all are settled."""
    result = Measure()
    loop = asyncio.get_running_loop()
    calls: list[asyncio.Task[None]] = []
    due = time.perf_counter()
    for _ in range(int(options["seconds"] / options["every"])):
        calls.append(loop.create_task(result.one(face, due, options["within"])))
        due += options["every"]
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    await asyncio.gather(*calls)
    return result.report(face)


async def timed(begin: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    """Await what `begin` returns; report how it ended and how long it took."""
    began = time.perf_counter()
    error = ""
    try:
        await begin()
    except MTProtoError as ended:
        error = type(ended).__name__
    except Exception as ended:  # what is foreign is what this looks for
        error = f"foreign {type(ended).__name__}: {ended}"
    return {"error": error, "seconds": round(time.perf_counter() - began, 3)}


async def main(options: dict[str, Any]) -> None:
    """Do what the harness asks for, one command after the other."""
    faces: dict[str, AsyncFace | BlockingFace] = {}

    async def handle(command: dict[str, Any]) -> dict[str, Any]:
        who: list[str] = command["who"]
        if command["do"] == "open":
            [name] = who
            face = faces[name] = FACES[command["face"]](command)
            told = await timed(lambda: face.open(command.get("read_updates", True)))
            if not told["error"] and "bot_token" in command:
                told = await timed(lambda: face.login(command))
            return told
        if command["do"] == "close":
            return {name: await timed(faces.pop(name).close) for name in who}
        reports = await asyncio.gather(*(measure(faces[name], command[name]) for name in who))
        return dict(zip(who, reports, strict=True))

    answer({"ready": True})
    try:
        await commands(handle)
    finally:
        for face in faces.values():
            with contextlib.suppress(MTProtoError):
                await face.close()


if __name__ == "__main__":
    run(main)
