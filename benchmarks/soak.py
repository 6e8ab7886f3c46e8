"""Thousands of calls over a link that is cut again and again: `python -m benchmarks soak`.

The local DC runs in a process of its own and counts how often it executed each call, by the `random_id` in it. Between
client and DC stands a relay on loopback that ends connections in the midst of what they carry. At the end no call may
be lost, none executed twice, and the client's memory may not have grown between the middle and the end.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import secrets
import subprocess
import sys
import time
import tracemalloc
from collections import deque
from collections.abc import AsyncIterator, Callable, Container, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.peer import ROOT

if TYPE_CHECKING:
    from mtproto.client import Client

__all__ = ["main"]

CALLS = 10_000
IN_FLIGHT = 50
CUTS = 200
WITHIN = 4096
"""Bytes, both ways together, within which a connection ends once its cut is due: a few packets."""

LAST_CUT = 0.98
"""Cuts are due before this share of the calls was made, so that the last ones meet traffic to be cut."""

TIMEOUT = 300.0
"""Seconds for one call: more than it can take, so that one which never ends is told from a slow one."""

GROWTH, SLACK = 0.05, 1 << 20
"""Memory at the end may exceed that of the middle by this share and these bytes."""

MIB = 1 << 20


class Relay:
    """Passes bytes on between clients and a server, and cuts connections.

    Attributes:
        cuts: how many were made.

    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.cuts = 0
        self._target = target
        self._due: deque[int] = deque()
        self._connections: set[asyncio.Task[None]] = set()

    def cut_after(self, size: int) -> None:
        """Let a connection end when so many more bytes have passed; where several cuts are due, one by one."""
        self._due.append(size)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[str, int]]:
        """Listen; what clients connect to."""
        server = await asyncio.start_server(self._accept, "127.0.0.1")
        async with server:
            host, port = server.sockets[0].getsockname()[:2]
            yield host, port
        await asyncio.gather(*self._connections)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.get_running_loop().create_task(self._join(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        ends = writer, far_writer
        await asyncio.gather(self._pass_on(reader, far_writer, ends), self._pass_on(far_reader, writer, ends))

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, ends: Sequence[asyncio.StreamWriter]
    ) -> None:
        """Carry one direction until it ends or is cut, and end the other with it."""
        with suppress(ConnectionError):
            while data := await source.read(1 << 16):
                if self._due and len(data) > self._due[0]:
                    sink.write(data[: self._due.popleft()])
                    self.cuts += 1
                    break
                if self._due:
                    self._due[0] -= len(data)
                sink.write(data)
                await sink.drain()
        for end in ends:
            end.close()


@dataclass
class Soak:
    """The calls, and what became of them.

    Attributes:
        ids: the `random_id` of each call.
        cut_at: the calls before which a cut becomes due.
        random: where it happens.
        answered: how many calls have their answer.
        lost: what the others ended with.
        memory: bytes in use after a collection, at half of the calls and at the end.

    """

    relay: Relay
    ids: Sequence[int]
    cut_at: Container[int]
    random: Random
    answered: int = 0
    lost: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    @property
    def grown(self) -> bool:
        """Whether the end needs more memory than the middle allows."""
        middle, end = self.memory
        return end > middle * (1 + GROWTH) + SLACK

    async def run(self, client: Client) -> None:
        """Make all calls, in two halves."""
        middle = len(self.ids) // 2
        for half in (range(middle), range(middle, len(self.ids))):
            numbers = iter(half)
            await asyncio.gather(*(self._call(client, numbers) for _ in range(IN_FLIGHT)))
            gc.collect()
            self.memory.append(tracemalloc.get_traced_memory()[0])

    async def _call(self, client: Client, numbers: Iterator[int]) -> None:
        """Make one call after the other as long as there are numbers; others take theirs from the same iterator."""
        from tl import api

        for number in numbers:
            if number in self.cut_at:
                self.relay.cut_after(self.random.randrange(WITHIN))
            request = api.functions.messages.SendMessage(
                peer=api.types.InputPeerSelf(), message=f"number {number}", random_id=self.ids[number]
            )
            try:
                await client(request)
            except Exception as error:  # whatever ends a call without its answer, it is lost
                self.lost.append(f"call {number}: {error!r}")
            else:
                self.answered += 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print what came of it. Exit status 1 if a call was lost or executed twice, or if memory has grown."""
    options = _parser().parse_args(arguments)
    print(f"seed {options.seed}, transport {options.transport}{', pfs' if options.pfs else ''}", flush=True)
    began = time.monotonic()
    with _data_centre() as (ready, executions):
        soak = asyncio.run(_soak(ready, options))
        counts = executions(soak.ids)
    never, twice = counts.count(0), sum(count > 1 for count in counts)
    seconds = time.monotonic() - began
    middle, end = soak.memory
    print(f"{options.calls} calls, {IN_FLIGHT} in flight, cut {soak.relay.cuts} times, {seconds:.0f} s")
    print(f"answered {soak.answered}, lost {len(soak.lost)}; executed never {never}, twice {twice}")
    print(f"memory after a collection: {middle / MIB:.2f} MiB at half of the calls, {end / MIB:.2f} MiB at the end")
    for line in soak.lost[:10]:
        print(line)
    return 1 if soak.lost or never or twice or soak.grown or soak.relay.cuts != options.cuts else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks soak", description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--cuts", type=int, default=CUTS)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32), help="of the cuts and of the calls")
    parser.add_argument("--transport", default="intermediate", help="how the client talks to the DC")
    parser.add_argument("--pfs", action="store_true", help="calls travel under temporary keys")
    return parser


async def _soak(ready: dict[str, Any], options: argparse.Namespace) -> Soak:
    from mtproto.client import connect
    from mtproto.crypto.rsa import RSAPublicKey
    from tl import api

    random = Random(options.seed)
    ids = [random.getrandbits(63) for _ in range(options.calls)]
    cut_at = set(random.sample(range(int(options.calls * LAST_CUT)), options.cuts))
    soak = Soak(Relay((ready["host"], ready["port"])), ids, cut_at, random)
    key = RSAPublicKey.from_pem(ready["public_key_pem"])
    login = {name: ready[name] for name in ("api_id", "api_hash")}
    tracemalloc.start()
    async with (
        soak.relay.running() as address,
        connect(address, keys=[key], timeout=TIMEOUT, transport=options.transport, pfs=options.pfs, **login) as client,
    ):
        await client(api.functions.auth.ImportBotAuthorization(flags=0, bot_auth_token=ready["bot_token"], **login))
        await soak.run(client)
    tracemalloc.stop()
    return soak


@contextmanager
def _data_centre() -> Iterator[tuple[dict[str, Any], Callable[[Sequence[int]], list[int]]]]:
    """Start the DC in a process of its own; how to reach it, and a function that asks for executions of random_ids."""
    command = [sys.executable, "-m", "benchmarks.soak"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", bufsize=1
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise OSError("no pipes")
        stdin, stdout = process.stdin, process.stdout

        def executions(ids: Sequence[int]) -> list[int]:
            print(json.dumps(ids), file=stdin)
            counts: list[int] = json.loads(stdout.readline())
            return counts

        yield json.loads(stdout.readline()), executions
        stdin.close()


def _serve() -> None:
    """Run the DC, and answer one question for each line of input."""
    from mtproto.localdc import LocalDCThread

    with LocalDCThread() as dc:
        host, port = dc.address
        login = {"api_id": dc.api_id, "api_hash": dc.api_hash, "bot_token": dc.bot_token}
        print(json.dumps({"host": host, "port": port, "public_key_pem": dc.keys[0].to_pem(), **login}), flush=True)
        for line in sys.stdin:
            print(json.dumps([dc.executions(random_id) for random_id in json.loads(line)]), flush=True)


if __name__ == "__main__":
    _serve()
