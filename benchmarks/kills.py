"""Calls in flight at a server that is killed again and again: `python -m benchmarks kills`.

The local DC runs in a process of its own. Its handler writes the number of a call to a file before it answers, and
takes a while before and after that, so that a kill (SIGKILL) meets calls in every state: not sent, sent, executed,
answered. After each kill the DC is started again with its state file, and remembers its keys and nothing else. Fifty
calls are in flight all the time, half of them idempotent. What has to hold:

- Every call settles within its deadline.
- An idempotent call ends with its answer.
- Any other call is executed once at most; it ends with its answer, or with `OutcomeUnknown` if it had been sent and
  was not answered when the server was killed.
- What was answered was executed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.peer import ROOT, PeerError

if TYPE_CHECKING:
    from mtproto.client import Client
    from mtproto.client.blocking import Client as BlockingClient
    from mtproto.link import LinkEvent
    from mtproto.localdc import IncomingCall
    from tl import TLFunction, TLObject

__all__ = ["CallRecord", "Kill", "Ledger", "main"]

KILLS = 20
IN_FLIGHT = 50
"""Calls at any moment; every second one is idempotent."""

DEADLINE = 15.0
"""Seconds in which a call has to settle."""

ANSWERS = (20, 120)
"""A kill is due when so many calls were answered since the start of the server: the least and the most."""

PAUSE = 0.05
"""The handler waits at most so many seconds before it executes a call, and again before it answers."""

AWAY = 2.0
"""Seconds that the server stays away after a kill, at most, beside what its start takes."""

PATIENCE = 60.0
"""Seconds without the answers that a kill waits for, after which it comes anyway; deadlines have passed by then."""

FACES = ("asyncio", "blocking")


@dataclass
class CallRecord:
    """One call. Times are monotonic seconds.

    Attributes:
        number: the `random_id` in its body.
        idempotent: whether the caller said so.
        began: when it was made.
        sent: when it was first sealed into a packet.
        settled: when it ended.
        outcome: `answered`, or the class of what it ended with.

    """

    number: int
    idempotent: bool
    began: float
    sent: float | None = None
    settled: float | None = None
    outcome: str = ""


@dataclass
class Kill:
    """One kill. The server was alive at `before` and dead at `after` (monotonic seconds).

    Attributes:
        away: seconds until the server listened again.
        in_flight: the calls that had no outcome.
        sent: the calls among them that had been sent.
        executed: the calls among these that stood in the file.

    """

    before: float
    after: float
    in_flight: int = 0
    sent: int = 0
    executed: int = 0
    away: float = 0.0


@dataclass
class Ledger:
    """What is known of the calls and of the kills; any thread may write.

    Attributes:
        random: when the kills come, and the numbers of the calls.
        calls: every call by its number.
        kills: every kill.
        ends: when the client saw that a connection had ended (monotonic seconds).
        over: whether the last kill was made, so that no more calls begin.

    """

    random: Random
    calls: dict[int, CallRecord] = field(default_factory=dict)
    kills: list[Kill] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    over: bool = False

    def __post_init__(self) -> None:
        self._changed = threading.Condition()

    def begin(self, idempotent: bool) -> CallRecord:
        """Enter a new call."""
        with self._changed:
            call = CallRecord(self.random.getrandbits(62), idempotent, time.monotonic())
            self.calls[call.number] = call
            return call

    def sent(self, number: int) -> None:
        """Note that a call went into a packet."""
        with self._changed:
            call = self.calls.get(number)
            if call is not None and call.sent is None:
                call.sent = time.monotonic()

    def settle(self, call: CallRecord, outcome: str) -> None:
        """Note how a call ended."""
        with self._changed:
            call.settled, call.outcome = time.monotonic(), outcome
            self._changed.notify_all()

    @property
    def answered(self) -> int:
        """How many calls have their answer."""
        return sum(call.outcome == "answered" for call in list(self.calls.values()))

    def wait_for_answers(self, number: int) -> None:
        """Wait until so many calls have their answer, or until `PATIENCE` is over."""
        with self._changed:
            self._changed.wait_for(lambda: self.answered >= number, timeout=PATIENCE)

    def killed(self, before: float, after: float, executed: Counter[int]) -> None:
        """Enter a kill, with what stands in the file after it."""
        with self._changed:
            flying = [call for call in self.calls.values() if call.settled is None or call.settled >= before]
            sent = [call for call in flying if call.sent is not None and call.sent <= after]
            done = sum(executed[call.number] > 0 for call in sent)
            self.kills.append(Kill(before, after, len(flying), len(sent), done))

    def broken(self, executed: Counter[int], deadline: float = DEADLINE) -> list[str]:
        """Return a line for each call that broke a rule; `executed` counts the numbers in the file."""
        return [
            f"call {call.number} ({'idempotent' if call.idempotent else 'once'}), executed {executed[call.number]} "
            f"times, {call.outcome or 'no outcome'}: {rule}"
            for call in self.calls.values()
            for rule in self._broken_rules(call, executed[call.number], deadline)
        ]

    def _broken_rules(self, call: CallRecord, executed: int, deadline: float) -> Iterator[str]:
        if call.settled is None or call.settled - call.began > deadline + 1 or call.outcome == "DeadlineExceeded":
            yield "it did not settle in time"
        if call.idempotent and call.outcome != "answered":
            yield "an idempotent call has no answer"
        if not call.idempotent and executed > 1:
            yield "it was executed twice"
        if call.outcome == "answered" and not executed:
            yield "it was answered, but not executed"
        if call.outcome not in ("answered", "OutcomeUnknown"):
            yield "it ended with neither an answer nor OutcomeUnknown"
        if call.outcome == "OutcomeUnknown" and not self._was_open_at_a_kill(call):
            yield "no kill met it sent and unanswered"

    def _was_open_at_a_kill(self, call: CallRecord) -> bool:
        if call.sent is None or call.settled is None:
            return False
        return any(call.sent <= self._seen(kill) and kill.before <= call.settled for kill in self.kills)

    def _seen(self, kill: Kill) -> float:
        """Return when the client saw a kill; until then it sends calls to the server that is dead."""
        return min((end for end in self.ends if end >= kill.before), default=kill.after)


class Server:
    """The local DC in a process of its own, on one port and with one state file however often it is started.

    The process of the next start waits beside it, with all modules loaded, so that a start takes no longer than it has
    to: it reads its state file when it is told to start, not before.

    Attributes:
        executions: the file with the numbers of the executed calls.
        ready: what a client has to know.

    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.executions = folder / "executions"
        self.ready: dict[str, Any] = {"port": 0}
        self._files = str(folder / "state"), str(self.executions)
        self._random = Random(seed)
        self._running: subprocess.Popen[str] | None = None
        self._waiting = self._prepare()
        self.start()

    def _prepare(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.kills", *self._files, str(self._random.getrandbits(32))],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            bufsize=1,
        )

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._running, self._waiting = self._waiting, self._prepare()
        if self._running.stdin is None or self._running.stdout is None:
            raise PeerError("the local DC has no pipes")
        print(self.ready["port"], file=self._running.stdin)
        line = self._running.stdout.readline()
        if not line:
            raise PeerError("the local DC did not start")
        self.ready = json.loads(line)

    def kill(self) -> None:
        """End it by SIGKILL, and wait for its end."""
        if self._running is not None:
            _end(self._running)
            self._running = None

    def close(self) -> None:
        """End both processes."""
        self.kill()
        _end(self._waiting)

    def executed(self) -> Counter[int]:
        """Return how often each number stands in the file."""
        return Counter(int(line) for line in self.executions.read_text(encoding="ascii").split())


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    with process:
        pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print what came of it. Exit status 1 if a rule was broken, or if a kill met nothing in flight."""
    options = _parser().parse_args(arguments)
    print(f"seed {options.seed}, {options.face}, {options.transport}{', pfs' if options.pfs else ''}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = Server(Path(folder), options.seed)
        stack.callback(server.close)
        ledger = Ledger(Random(options.seed))
        face = _run_asyncio if options.face == "asyncio" else _run_blocking
        face(server, ledger, options)
        executed = server.executed()
    return _report(ledger, executed, time.monotonic() - began)


def _report(ledger: Ledger, executed: Counter[int], seconds: float) -> int:
    print("kill  in flight  of these sent  of these executed  away, s")
    for number, kill in enumerate(ledger.kills, 1):
        print(f"{number:4}  {kill.in_flight:9}  {kill.sent:13}  {kill.executed:17}  {kill.away:7.1f}")
    print("calls       answered  unknown  other  executed never  twice  slowest, s")
    for name, idempotent in (("idempotent", True), ("the others", False)):
        calls = [call for call in ledger.calls.values() if call.idempotent is idempotent]
        outcomes = Counter(call.outcome for call in calls)
        counts = Counter(min(executed[call.number], 2) for call in calls)
        answered, unknown = outcomes["answered"], outcomes["OutcomeUnknown"]
        slowest = max((call.settled - call.began for call in calls if call.settled is not None), default=0.0)
        print(
            f"{name}  {answered:8}  {unknown:7}  {len(calls) - answered - unknown:5}  {counts[0]:14}  {counts[2]:5}  "
            f"{slowest:10.1f}"
        )
    broken = ledger.broken(executed)
    idle = sum(kill.in_flight < IN_FLIGHT or not kill.sent for kill in ledger.kills)
    print(f"{len(ledger.kills)} kills, {len(ledger.calls)} calls, {seconds:.0f} s; rules broken {len(broken)}")
    for line in broken[:20]:
        print(line)
    if idle:
        print(f"{idle} kills met fewer than {IN_FLIGHT} calls, or none that was sent")
    return 1 if broken or idle else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks kills", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32), help="of the kills and the pauses")
    parser.add_argument("--face", choices=FACES, default=FACES[0], help="which client makes the calls")
    parser.add_argument("--transport", default="intermediate", help="how the client talks to the DC")
    parser.add_argument("--pfs", action="store_true", help="calls travel under temporary keys")
    return parser


def _kill_often(server: Server, ledger: Ledger, kills: int) -> None:
    """Kill the server and start it again, as often as told, each time when enough calls were answered."""
    try:
        for _ in range(kills):
            ledger.wait_for_answers(ledger.answered + ledger.random.randint(*ANSWERS))
            before = time.monotonic()
            server.kill()
            ledger.killed(before, time.monotonic(), server.executed())
            time.sleep(ledger.random.uniform(0, AWAY))
            server.start()
            ledger.kills[-1].away = time.monotonic() - before
    finally:
        ledger.over = True


def _connection(server: Server, ledger: Ledger, options: argparse.Namespace) -> dict[str, Any]:
    """Return what both clients are told beyond the address."""
    from mtproto.crypto.rsa import RSAPublicKey

    return {
        "keys": [RSAPublicKey.from_pem(server.ready["public_key_pem"])],
        "api_id": server.ready["api_id"],
        "api_hash": server.ready["api_hash"],
        "transport": options.transport,
        "pfs": options.pfs,
        "on_event": _watch(ledger),
        "timeout": DEADLINE,
    }


def _watch(ledger: Ledger) -> Callable[[LinkEvent], None]:
    from mtproto.link import LinkStatus, StatusChanged
    from mtproto.session import Sent

    def on_event(event: LinkEvent) -> None:
        if isinstance(event, StatusChanged) and event.status is LinkStatus.DISCONNECTED:
            ledger.ends.append(time.monotonic())
        elif isinstance(event, Sent) and isinstance(event.request.body, bytes):
            found = re.search(rb"number (\d+)", event.request.body)
            if found is not None:
                ledger.sent(int(found[1]))

    return on_event


def _login(server: Server) -> TLFunction[Any]:
    from tl import api

    ready = server.ready
    login: TLFunction[Any] = api.functions.auth.ImportBotAuthorization(
        flags=0, bot_auth_token=ready["bot_token"], api_id=ready["api_id"], api_hash=ready["api_hash"]
    )
    return login


def _request(call: CallRecord) -> TLFunction[Any]:
    from tl import api

    request: TLFunction[Any] = api.functions.messages.SendMessage(
        peer=api.types.InputPeerSelf(), message=f"number {call.number}", random_id=call.number
    )
    return request


def _outcome(call: CallRecord, answer: TLObject) -> str:
    """Say `answered` if the answer is that of this call."""
    return "answered" if getattr(answer, "id", None) == call.number % (1 << 31) else f"the answer {answer!r}"


def _run_asyncio(server: Server, ledger: Ledger, options: argparse.Namespace) -> None:
    asyncio.run(_run_tasks(server, ledger, options))


async def _run_tasks(server: Server, ledger: Ledger, options: argparse.Namespace) -> None:
    from mtproto.client import connect

    async def work(client: Client, idempotent: bool) -> None:
        while not ledger.over:
            call = ledger.begin(idempotent)
            try:
                outcome = _outcome(call, await client(_request(call), idempotent=idempotent))
            except Exception as error:  # whatever ends a call, the rules judge it
                outcome = type(error).__name__
            ledger.settle(call, outcome)

    address = server.ready["host"], server.ready["port"]
    async with connect(address, **_connection(server, ledger, options)) as client:
        await client(_login(server))
        workers = [asyncio.create_task(work(client, number % 2 == 0)) for number in range(IN_FLIGHT)]
        await asyncio.to_thread(_kill_often, server, ledger, options.kills)
        await asyncio.gather(*workers)


def _run_blocking(server: Server, ledger: Ledger, options: argparse.Namespace) -> None:
    from mtproto.client import blocking

    def work(client: BlockingClient, idempotent: bool) -> None:
        while not ledger.over:
            call = ledger.begin(idempotent)
            try:
                outcome = _outcome(call, client(_request(call), idempotent=idempotent))
            except Exception as error:  # whatever ends a call, the rules judge it
                outcome = type(error).__name__
            ledger.settle(call, outcome)

    address = server.ready["host"], server.ready["port"]
    with blocking.connect(address, **_connection(server, ledger, options)) as client:
        client(_login(server))
        workers = [threading.Thread(target=work, args=(client, number % 2 == 0)) for number in range(IN_FLIGHT)]
        for worker in workers:
            worker.start()
        _kill_often(server, ledger, options.kills)
        for worker in workers:
            worker.join()


@contextmanager
def _appending(path: str) -> Iterator[Callable[[int], None]]:
    """Open a file; a function that appends a number to it by one system call, so that a kill leaves all or nothing."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield lambda number: _write_whole(descriptor, f"{number}\n".encode())
    finally:
        os.close(descriptor)


def _write_whole(descriptor: int, data: bytes) -> None:
    if os.write(descriptor, data) != len(data):
        raise OSError("the file took a part only")


async def _serve(state: str, executions: str, seed: str) -> None:
    """Wait for a port, a line of input; run the DC on it until it is killed, or until the end of its input."""
    from mtproto.localdc import LocalDC, load_world
    from tl import api

    random, world = Random(seed), load_world()
    line = sys.stdin.readline()
    if not line:
        return
    dc = LocalDC(port=int(line), state=state, world=world)
    with _appending(executions) as append:

        @dc.handler(api.functions.messages.SendMessage)
        async def execute(call: IncomingCall) -> api.types.UpdateShortSentMessage:
            number = call.request.random_id
            await asyncio.sleep(random.uniform(0, PAUSE))
            append(number)
            await asyncio.sleep(random.uniform(0, PAUSE))
            return api.types.UpdateShortSentMessage(
                out=True, id=number % (1 << 31), pts=1, pts_count=1, date=int(time.time())
            )

        async with dc:
            host, actual = dc.address
            login = {"api_id": dc.api_id, "api_hash": dc.api_hash, "bot_token": dc.bot_token}
            ready = {"host": host, "port": actual, "public_key_pem": dc.keys[0].to_pem(), **login}
            print(json.dumps(ready), flush=True)
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
