"""The transports side by side: `python -m benchmarks transports`.

First `photos.getUserPhotos` with 100 photos over one connection of each transport, one call after another, from our
client to the local DC in another process (to a second one where the transport has TLS): calls per second, and the bytes
on the wire, which a relay between the two counts in calls of their own. Then what each framing costs
(`benchmarks.framings`).
"""

from __future__ import annotations

import argparse
import datetime
import json
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import framings, report
from benchmarks.bench import turns
from benchmarks.dc import running
from benchmarks.framings import Speed
from benchmarks.peer import ROOT, Peer, commands
from benchmarks.rows import OURS, Unit

__all__ = ["main"]

ROUNDS = 10
SECONDS = 0.25
"""One call takes milliseconds; a sample should hold dozens."""

FRAMING_SECONDS = 0.02

TLS = frozenset({"websocket-tls"})
"""What needs a DC that speaks TLS, which it then does on every connection."""


class _Passing(socketserver.BaseRequestHandler):
    """One connection: passes bytes on both ways until either end closes, and counts them in the server's `passed`."""

    server: Relay

    def handle(self) -> None:
        with socket.create_connection(self.server.target) as far:
            back = threading.Thread(target=self._pass_on, args=(far, self.request, "received"))
            back.start()
            self._pass_on(self.request, far, "sent")
            back.join()

    def _pass_on(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        with suppress(ConnectionError):
            while data := source.recv(1 << 16):
                self.server.passed[direction] += len(data)  # one thread for each direction, one connection at a time
                sink.sendall(data)
        with suppress(OSError):  # the other end may be gone already
            sink.shutdown(socket.SHUT_WR)


class Relay(socketserver.ThreadingTCPServer):
    """Listens on loopback; `passed` counts the bytes that clients "sent" to `target` and "received" from it."""

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.target = target
        self.passed = {"sent": 0, "received": 0}

    @contextmanager
    def serving(self) -> Iterator[Mapping[str, Any]]:
        """Serve in a thread of its own; where to connect, as `host` and `port`. Clients must leave before the end."""
        thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        with self:
            thread.start()
            host, port = self.socket.getsockname()
            yield {"host": host, "port": port}
            self.shutdown()
            thread.join()


@dataclass(frozen=True, slots=True)
class Calls:
    """What calls over one transport cost: seconds of a call by the wall clock and of the client's CPU, sample by
    sample, and the bytes of one call in each direction, acknowledgements and the carrier's own headers included.
    """

    name: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    wire: dict[str, float] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print two tables, write. Exit status 0; what misses its target is named in the table."""
    options = _parser().parse_args(arguments)
    shorter = 0.1 if options.quick else 1.0
    rounds = options.rounds or (2 if options.quick else ROUNDS)
    calls = measure_calls(rounds, SECONDS * shorter)
    speeds = list(framings.measure(rounds, FRAMING_SECONDS * shorter))
    print("; ".join(report.machine().values()))
    print(calls_table(calls))
    print()
    print(speeds_table(speeds))
    report.write(options.json, document(calls, speeds, rounds))
    print(f"samples: {options.json}")
    return 0


def measure_calls(rounds: int, seconds: float) -> list[Calls]:
    """Let clients of all transports take turns, `rounds` samples of about `seconds` each, then count their bytes."""
    from mtproto.net import TRANSPORT_NAMES

    measured = [Calls(name) for name in TRANSPORT_NAMES]
    with running() as plain, running("--tls") as with_tls:
        fixtures = {name: with_tls if name in TLS else plain for name in TRANSPORT_NAMES}
        with ExitStack() as stack:
            peers = {name: stack.enter_context(_connected(fixture, name)) for name, fixture in fixtures.items()}
            for turn in range(rounds):
                for calls in turns(measured, turn):
                    sample = peers[calls.name].sample("calls", seconds)
                    calls.wall.append(sample["wall"])
                    calls.cpu.append(sample["cpu"])
        for calls in measured:
            calls.wire.update(_count(fixtures[calls.name], calls.name, seconds))
    return measured


def calls_table(measured: Sequence[Calls]) -> str:
    """One line for each transport."""
    lines = [["transport", "calls/s", "client CPU of a call", "bytes sent", "bytes received"]]
    for calls in measured:
        wire = (f"{calls.wire[direction]:.0f}" for direction in ("sent", "received"))
        cpu = Unit.MICROSECONDS.show(median(calls.cpu))
        lines.append([calls.name, f"{1 / median(calls.wall):.0f}", cpu, *wire])
    return report.aligned(lines)


def speeds_table(speeds: Sequence[Speed]) -> str:
    """One line for each framing."""
    lines = [["1 MiB in chunks of 64 KiB", "pack + receive", "against", "its time", "speed", "target"]]
    show = Unit.MICROSECONDS.show
    for speed in speeds:
        times = show(median(speed.samples)), speed.reference, show(median(speed.reference_samples))
        target = f"≥ {speed.target:.0%}: {speed.verdict.value}"
        lines.append([speed.name, *times, f"{speed.ratio:.0%}", target])
    return report.aligned(lines)


def document(calls: Sequence[Calls], speeds: Sequence[Speed], rounds: int) -> str:
    """Everything as JSON, every sample included."""
    stamp = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    ratios = [{**asdict(speed), "ratio": speed.ratio, "verdict": speed.verdict.value} for speed in speeds]
    settled = {"measured": stamp, "machine": report.machine(), "settings": {"rounds": rounds}}
    return json.dumps({**settled, "transports": [asdict(one) for one in calls], "framings": ratios}, indent=1)


@contextmanager
def _connected(fixture: Mapping[str, Any], transport: str) -> Iterator[Peer]:
    """Start a client in a process of its own; it has connected by `transport` and made one call."""
    peer = Peer(OURS, commands("")[OURS])
    try:
        peer.prepare("calls", {**fixture, "transport": transport})
        yield peer
    finally:
        peer.close()


def _count(fixture: Mapping[str, Any], transport: str, seconds: float) -> dict[str, float]:
    """Return the bytes of one call in each direction, over about `seconds` of calls through a relay."""
    relay = Relay((fixture["dc"]["host"], fixture["dc"]["port"]))
    with (
        relay.serving() as address,
        _connected({**fixture, "dc": {**fixture["dc"], **address}}, transport) as peer,
    ):
        before = dict(relay.passed)
        count = peer.sample("calls", seconds)["count"]
        return {direction: (size - before[direction]) / count for direction, size in relay.passed.items()}


def _parser() -> argparse.ArgumentParser:
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    path = ROOT / "benchmarks" / "results" / f"{stamp}-transports.json"
    parser = argparse.ArgumentParser(prog="python -m benchmarks transports", description=__doc__)
    parser.add_argument("--rounds", type=int, help="samples of each, taken in turns")
    parser.add_argument("--quick", action="store_true", help="see that everything works; the figures mean little")
    parser.add_argument("--json", type=Path, default=path, metavar="FILE", help="where to")
    return parser
