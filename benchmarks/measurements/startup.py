"""A fresh process until the request's bytes exist: wall time with the interpreter included, and memory beyond it.

The modules of `tl` look unusual in places, since most of this time is the time of imports. In millions of instructions
(callgrind, Python 3.11, with `.pyc` files), beyond those of a bare interpreter:

    tl.api, with all that it imports    53
    typing 48, re 28, json 36, dataclasses 80, importlib.resources 96, importlib 2

So `tl` does without these modules, and imports of its own only what the first request needs:

- `TYPE_CHECKING = False` takes the place of `from typing import TYPE_CHECKING`; type checkers know the name. Imports,
  protocols and aliases for annotations stand under it. Annotations are never evaluated (`from __future__ import
  annotations`).
- `tl/__init__.py` imports a name when a program asks for the name, and does so by `__import__`, not by `importlib`.
- Imports inside functions: the code for reading (`codegen/unpack.py`), for errors (`dissect.py`, `encode_faults.py`),
  for dicts and JSON (`dict_json.py`), and `zlib`, `functools`, `difflib`. A program that writes needs none of these.
- Classes write `__slots__` and `__init__` out where a dataclass would do, and `_Answered.__class_getitem__` is what
  `Generic` would give `TLFunction[Result]` at run time.
- `grammar.py` and `index.py` cut texts by methods of `str`, not by `re`. The index finds the places of 2,400
  declarations and reads none of them; a declaration is read, and its class made, when a program names it.
- Classes start with stubs: `__init__`, `to_bytes` and each reader are generated and compiled at their first use.
- `packaged.py` reads the schema by the loader of its own module, not by `importlib.resources`.

`tests/tl/test_imports.py` fails if one of the heavy modules is imported after all.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench, turns
from benchmarks.material import USER
from benchmarks.peer import ROOT, PeerError
from benchmarks.rows import OURS, PEERS, Row, Spec, Unit

__all__ = ["measure"]

_WALL = Spec(
    "import.wall",
    "a fresh process until the request's bytes exist",
    "import",
    Unit.MILLISECONDS,
    {"telethon": 6.0, "kurigram": 15.0},
)
_MEMORY = Spec(
    "import.memory",
    "peak memory of that process over a bare interpreter",
    "import",
    Unit.MEBIBYTES,
    {"telethon": 5.0, "kurigram": 8.0},
)
_STATUS = Path("/proc/self/status")
"""Where Linux says how much memory a process took at its peak; without it that row is left out."""

_BARE = "bare"
_USER = f"user_id={USER['user_id']}, access_hash={USER['access_hash']}"
_PROGRAMS: Mapping[str, str] = {
    _BARE: "request = b'.'",
    OURS: f"""
from tl import api
user = api.types.InputUser({_USER})
request = api.functions.photos.GetUserPhotos(user_id=user, offset=0, max_id=0, limit=100).to_bytes()
""",
    "telethon": f"""
from telethon.tl.functions.photos import GetUserPhotosRequest
from telethon.tl.types import InputUser
request = bytes(GetUserPhotosRequest(user_id=InputUser({_USER}), offset=0, max_id=0, limit=100))
""",
    "kurigram": f"""
from pyrogram import raw
user = raw.types.InputUser({_USER})
request = raw.functions.photos.GetUserPhotos(user_id=user, offset=0, max_id=0, limit=100).write()
""",
}
_END = "\nimport os\nos.write(1, request)\nos.read(0, 1)\n"
"""The process shows its bytes, then waits: its clock has stopped, its peak memory can still be read."""


def measure(bench: Bench) -> Iterator[Row]:
    """Two rows out of the same fresh processes; the first start of each warms its `.pyc` files and is not counted."""
    pythons = {name: bench.settings.peer_python if name in PEERS else sys.executable for name in _PROGRAMS}
    requests = {name: found[0] for name in _PROGRAMS if (found := _start(pythons[name], name)) is not None}
    if OURS not in requests:
        raise PeerError("ours: the program ended without a request")
    walls: dict[str, list[float]] = {name: [] for name in requests}
    peaks: dict[str, list[float]] = {name: [] for name in requests}
    for turn in range(bench.settings.starts):
        for name in turns(list(requests), turn):
            if (found := _start(pythons[name], name)) is None:
                raise PeerError(f"{name}: the program ended without a request")
            walls[name].append(found[1])
            peaks[name].append(found[2])
    del requests[_BARE]
    differing = [f"{name}: other bytes" for name, request in requests.items() if request != requests[OURS]]
    bare = median(walls.pop(_BARE)), median(peaks.pop(_BARE))
    yield Row(_WALL, walls, differing, [f"a bare interpreter takes {Unit.MILLISECONDS.show(bare[0])}"])
    if not _STATUS.exists():
        return
    above = {name: [peak - bare[1] for peak in peaks[name]] for name in requests}
    yield Row(_MEMORY, above, differing, [f"a bare interpreter takes {Unit.MEBIBYTES.show(bare[1])}"])


def _start(python: str, name: str) -> tuple[bytes, float, float] | None:
    """One fresh process: its request, seconds until that stood in the pipe, peak bytes; None if it never came."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(
        [python, "-c", _PROGRAMS[name] + _END],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )
    if process.stdin is None or process.stdout is None:
        raise PeerError(f"{name}: no pipes")
    with process.stdin, process.stdout:
        request = os.read(process.stdout.fileno(), 1024)
        wall = time.perf_counter() - started
        peak = _peak(process.pid)
    process.wait()
    return (request, wall, peak) if request else None


def _peak(pid: int) -> float:
    """Peak resident bytes of a running process, from the kernel's own account of it (`ru_maxrss` would be ours too)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", _status(pid))
    return int(found[1]) * 1024.0 if found is not None else 0.0


def _status(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text(encoding="ascii") if _STATUS.exists() else ""
