"""What the peer programs share where files are fetched: where the bytes go, and what a fetch costs."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

__all__ = ["Fetches", "NullSink", "Sink"]

_STATUS, _CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
"""Where Linux says how much memory this process takes and took at its peak, and where the peak is forgotten."""

_FILES = Path("/proc/self/fd")


class Sink(Protocol):
    """Where the bytes of a file go."""

    def write(self, data: bytes, /) -> int:
        """Take bytes."""


class NullSink:
    """Drops bytes."""

    def write(self, data: bytes, /) -> int:
        """Take bytes."""
        return len(data)


class _Hash:
    """Makes the SHA-256 of bytes."""

    def __init__(self) -> None:
        self.sum = hashlib.sha256()

    def write(self, data: bytes, /) -> int:
        """Take bytes."""
        self.sum.update(data)
        return len(data)


class Fetches:
    """Files that are fetched, on an event loop that stands still between samples.

    Args:
        loop: the event loop.
        fetch: fetches every file once, into what `new_sink` makes for each.
        disconnect: ends the connections.
        is_first_sample: whether a sample takes the first files that this process fetches: `value` fetches none.

    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        fetch: Callable[[Callable[[], Sink]], Awaitable[Any]],
        disconnect: Callable[[], Awaitable[Any]],
        *,
        is_first_sample: bool = False,
    ) -> None:
        self._loop, self._fetch, self._disconnect = loop, fetch, disconnect
        self._is_first_sample = is_first_sample

    def value(self) -> object:
        """Fetch the files; the SHA-256 of each, in the order of their text."""
        if self._is_first_sample:
            return None
        hashes: list[_Hash] = []

        def new_sink() -> Sink:
            hashes.append(_Hash())
            return hashes[-1]

        self._loop.run_until_complete(self._fetch(new_sink))
        return sorted(each.sum.hexdigest() for each in hashes)

    def sample(self, seconds: float) -> dict[str, float]:
        """Fetch the files once.

        `peak` are the bytes of memory that were taken at the peak beyond what was taken before; `objects`, `files` and
        `memory` are what there is more of than before: objects, open files, bytes, all after a collection.
        """
        before = _left()
        idle = _forget_peak()
        sample = self._loop.run_until_complete(self._timed())
        peak = max(_memory("VmHWM") - idle, 0.0)
        after = _left()
        return {**sample, "peak": peak, **{name: after[name] - before[name] for name in after}}

    def close(self) -> None:
        """Disconnect, and close the loop."""
        self._loop.run_until_complete(self._disconnect())
        self._loop.close()

    async def _timed(self) -> dict[str, float]:
        cpu, started = time.process_time(), time.perf_counter()
        await self._fetch(NullSink)
        return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - started, "count": 1}


def _left() -> dict[str, float]:
    gc.collect()
    files = len(os.listdir(_FILES)) if _FILES.exists() else 0
    return {"objects": float(len(gc.get_objects())), "files": float(files), "memory": _memory("VmRSS")}


def _forget_peak() -> float:
    """Let the peak begin anew; bytes of memory that are taken now."""
    if _CLEAR_REFS.exists():
        _CLEAR_REFS.write_text("5", encoding="ascii")
    return _memory("VmRSS")


def _memory(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii")) if _STATUS.exists() else None
    return int(found[1]) * 1024.0 if found is not None else 0.0
