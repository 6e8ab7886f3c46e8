"""A relay on loopback that holds every byte for a while, as a long way does: `python -m benchmarks.delayed`.

It runs in a process of its own, prints where it listens (one line of JSON), answers each line of input with how many
connections there have been, and how many at once, and ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.peer import ROOT, PeerError

__all__ = ["delayed"]


@contextmanager
def delayed(dc: Mapping[str, Any], seconds: float) -> Iterator[tuple[dict[str, Any], Callable[[], dict[str, int]]]]:
    """Start the relay; the DC's description with the relay's address, and a function that asks for its connections.

    Bytes take so many seconds each way. The counts are `all` (since the start) and `most` (at once).
    """
    command = [sys.executable, "-m", "benchmarks.delayed", dc["host"], str(dc["port"]), str(seconds)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", bufsize=1
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise PeerError("relay: no pipes")
        stdin, stdout = process.stdin, process.stdout

        def counts() -> dict[str, int]:
            print(file=stdin)
            found: dict[str, int] = json.loads(stdout.readline())
            return found

        yield {**dc, **json.loads(stdout.readline())}, counts
        stdin.close()


@dataclass
class _Relay:
    """Passes bytes on, late.

    Attributes:
        target: where to.
        seconds: how late.
        all: how many connections there have been.
        most: how many there have been at once.

    """

    target: tuple[str, int]
    seconds: float
    all: int = 0
    most: int = 0
    _open: set[_End] = field(default_factory=set)

    def accept(self) -> _End:
        """Return the protocol of a connection that came."""
        return _End(self)

    def opened(self, end: _End) -> None:
        """Count a connection that came."""
        self._open.add(end)
        self.all += 1
        self.most = max(self.most, len(self._open))

    def closed(self, end: _End) -> None:
        """Let go of a connection."""
        self._open.discard(end)


class _End(asyncio.Protocol):
    """One end of a connection: what comes here leaves at the other end later. The first end makes the other one."""

    def __init__(self, relay: _Relay, other: _End | None = None) -> None:
        self._relay, self._other = relay, other
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._early: list[bytes] = []
        self._connecting: asyncio.Task[Any] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, and connect the other end."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
        if self._other is None:
            self._relay.opened(self)
            self._other = _End(self._relay, self)
            self._connecting = self._loop.create_task(
                self._loop.create_connection(lambda: self._other or self, *self._relay.target)
            )
        for data in self._early:
            self.write(data)
        self._early.clear()

    def data_received(self, data: bytes) -> None:
        """Hand the bytes to the other end, later."""
        if self._other is None:
            return
        if self._relay.seconds:
            self._loop.call_later(self._relay.seconds, self._other.write, data)
        else:
            self._other.write(data)

    def write(self, data: bytes) -> None:
        """Send, or keep until there is a connection."""
        if self._transport is None:
            self._early.append(data)
        elif not self._transport.is_closing():
            self._transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other end, too, after the bytes that are on their way."""
        self._relay.closed(self)
        if self._other is not None:
            self._loop.call_later(self._relay.seconds, self._other.close)

    def close(self) -> None:
        """Close, unless that has happened."""
        if self._transport is not None:
            self._transport.close()


async def _serve(relay: _Relay) -> None:
    loop = asyncio.get_running_loop()
    async with await loop.create_server(relay.accept, "127.0.0.1") as server:
        host, port = server.sockets[0].getsockname()[:2]
        print(json.dumps({"host": host, "port": port}), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps({"all": relay.all, "most": relay.most}), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(_Relay((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))))
