"""The peer's end of the line protocol, and the timing of one operation.

One JSON object for each line, in both directions, over stdin and stdout:

    ← {"library": "Telethon", "version": "1.45.0", "python": "3.11.7", …}     once, or {"missing": why}
    → {"do": "prepare", "operation": "decode", "fixture": {…}}    ← {"value": what one run of the operation yields}
    → {"do": "sample", "operation": "decode", "seconds": 0.05}    ← {"cpu": s, "wall": s, "count": n}   of one operation
    ← {"error": traceback}                                        in place of either answer

The program ends at the end of its input.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import platform
import sys
import time
import timeit
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TextIO

__all__ = ["Calls", "Fixture", "Operation", "Statement", "canonical_bytes", "serve", "unavailable"]

Fixture = Mapping[str, Any]


class Operation(Protocol):
    """Something that can be timed."""

    def value(self) -> object:
        """What one run yields, as JSON: the driver compares it with ours."""

    def sample(self, seconds: float) -> dict[str, float]:
        """Run for about `seconds`; the CPU and wall seconds of one run, and how many there were."""

    def close(self) -> None:
        """Give back what it holds."""


class Statement:
    """An expression timed in line, without the cost of a call around it. The garbage collector stays on.

    `convert` makes its value fit for JSON; `before` is a statement that runs (and is timed) ahead of each evaluation.
    """

    def __init__(
        self, expression: str, names: Mapping[str, object], convert: Callable[[Any], object], before: str = "pass"
    ) -> None:
        self._expression, self._before, self._convert = expression, before, convert
        self._names = {**names, "gc": gc}
        self._timer = timeit.Timer(f"{before}\n{expression}", "gc.enable()", time.process_time, self._names)
        self._number = 0

    def value(self) -> object:
        """See `Operation`."""
        exec(self._before, self._names)
        return self._convert(eval(self._expression, self._names))

    def sample(self, seconds: float) -> dict[str, float]:
        """See `Operation`. CPU time, so that a neighbour on the same processor does not count."""
        if not self._number:
            self._number = self._calibrate(seconds)
        started = time.perf_counter()
        cpu = self._timer.timeit(self._number)
        wall = time.perf_counter() - started
        count, self._number = self._number, max(1, round(self._number * seconds / cpu))
        return {"cpu": cpu / count, "wall": wall / count, "count": count}

    def close(self) -> None:
        """See `Operation`. There is nothing to give back."""

    def _calibrate(self, seconds: float) -> int:
        """About how many runs fill `seconds`; each sample corrects it for the next."""
        number = 1
        while (spent := self._timer.timeit(number)) < seconds / 4:
            number *= 4
        return max(1, round(number * seconds / spent))


class Calls:
    """Calls over a connection, one after another, on an event loop that stands still between samples."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        call: Callable[[], Awaitable[Any]],
        convert: Callable[[Any], object],
        disconnect: Callable[[], Awaitable[Any]],
    ) -> None:
        self._loop, self._call, self._convert, self._disconnect = loop, call, convert, disconnect

    def value(self) -> object:
        """See `Operation`."""
        return self._convert(self._loop.run_until_complete(self._call()))

    def sample(self, seconds: float) -> dict[str, float]:
        """See `Operation`. CPU time is that of all threads of this process: a library may decrypt in another."""
        return self._loop.run_until_complete(self._repeat(seconds))

    def close(self) -> None:
        """See `Operation`. Disconnect, and close the loop."""
        self._loop.run_until_complete(self._disconnect())
        self._loop.close()

    async def _repeat(self, seconds: float) -> dict[str, float]:
        count, cpu, started = 0, time.process_time(), time.perf_counter()
        while (wall := time.perf_counter() - started) < seconds:
            await self._call()
            count += 1
        return {"cpu": (time.process_time() - cpu) / count, "wall": wall / count, "count": count}


def canonical_bytes(data: bytes) -> dict[str, str]:
    """Bytes as they stand in a value."""
    return {"bytes": data.hex()}


def unavailable(error: ImportError) -> None:
    """Say that this interpreter lacks the library."""
    _write(sys.stdout, {"missing": str(error)})


def serve(about: Mapping[str, object], operations: Mapping[str, Callable[[Fixture], Operation]]) -> None:
    """Answer the driver until it closes our input. What the library prints goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _write(answers, {"python": platform.python_version(), **about})
    prepared: dict[str, tuple[Fixture, Operation]] = {}
    for line in sys.stdin:
        try:
            answer = _answer(json.loads(line), operations, prepared)
        except Exception:  # whatever a library raises, the driver shows it
            answer = {"error": traceback.format_exc()}
        _write(answers, answer)
    for _, operation in prepared.values():
        operation.close()


def _answer(
    question: Mapping[str, Any],
    operations: Mapping[str, Callable[[Fixture], Operation]],
    prepared: dict[str, tuple[Fixture, Operation]],
) -> Mapping[str, object]:
    name = question["operation"]
    if question["do"] == "prepare":
        fixture = question["fixture"]
        if name not in prepared or prepared[name][0] != fixture:  # the same again must not connect again
            if name in prepared:
                prepared[name][1].close()
            prepared[name] = fixture, operations[name](fixture)
        return {"value": prepared[name][1].value()}
    return prepared[name][1].sample(question["seconds"])


def _write(stream: TextIO, message: Mapping[str, object]) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()
