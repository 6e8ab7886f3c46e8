"""The driver's end of the line protocol: one library in a process of its own. `peers/serve.py` describes the lines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.rows import OURS, PEERS

__all__ = ["ROOT", "Peer", "PeerError", "commands", "started"]

ROOT = Path(__file__).resolve().parent.parent
"""What is measured is the tree that these files stand in, installed or not."""


class PeerError(Exception):
    """A peer program broke off or could not do what was asked."""


class Peer:
    """One running peer program. `about` says which library answers, in which version, on which interpreter."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self.about = self._read()

    @property
    def missing(self) -> bool:
        """Whether the interpreter lacks the library."""
        return "missing" in self.about

    def prepare(self, operation: str, fixture: Mapping[str, object]) -> object:
        """Make an operation ready for samples; what one run of it yields."""
        return self._ask(do="prepare", operation=operation, fixture=fixture)["value"]

    def sample(self, operation: str, seconds: float) -> dict[str, float]:
        """Run a prepared operation for about `seconds`: CPU and wall seconds of one run, and how many there were."""
        answer = self._ask(do="sample", operation=operation, seconds=seconds)
        return {name: float(value) for name, value in answer.items()}

    def close(self) -> None:
        """End the program by ending its input."""
        with self._process:
            pass

    def _ask(self, **question: object) -> dict[str, Any]:
        if self._process.stdin is None:
            raise PeerError(f"{self.name}: no input")
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        if "error" in answer:
            raise PeerError(f"{self.name}: {answer['error']}")
        return answer

    def _read(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            self.close()
            raise PeerError(f"{self.name}: the program ended (status {self._process.returncode})")
        answer: dict[str, Any] = json.loads(line)
        return answer


def commands(peer_python: str, ours: Sequence[str] = ()) -> dict[str, list[str]]:
    """How each program is started: ours (with the arguments `ours`) by this interpreter, the peers by theirs."""
    found = {OURS: [sys.executable, "-m", f"benchmarks.peers.{OURS}_peer", *ours]}
    return found | {name: [peer_python, "-m", f"benchmarks.peers.{name}_peer"] for name in PEERS}


@contextmanager
def started(commands: Mapping[str, Sequence[str]]) -> Iterator[list[Peer]]:
    """Start the programs; those whose interpreter has the library, in the order given. All end with the block."""
    with ExitStack() as stack:
        running = []
        for name, command in commands.items():
            peer = Peer(name, command)
            stack.callback(peer.close)
            if not peer.missing:
                running.append(peer)
        yield running
