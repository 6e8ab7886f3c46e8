"""What the library costs a type checker: `python -m benchmarks checkers`.

A program of ten lines makes one call. mypy (strict) and pyright check it without a cache, in turns with the same
program that has no library: the CPU seconds of both, and the difference, which is what the library costs. The checkers
read the library as the interpreter `--python` has it, so that an installed wheel can be measured as well as a checkout.
pyright is what npm installs for the tests (`npm ci --prefix tests/checkers/node`); without pyright mypy is measured
alone.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.bench import turns
from benchmarks.peer import ROOT, PeerError

__all__ = ["main"]

GOAL = 4.0
"""CPU seconds that the library may cost a checker whose cache is empty."""

ROUNDS = 5

WITH = """\
import asyncio
from mtproto import PRODUCTION_KEYS, connect
from tl import api

async def main(api_id: int) -> None:
    async with connect(("127.0.0.1", 443), keys=PRODUCTION_KEYS, api_id=api_id) as client:
        me = api.types.InputUserSelf()
        answer = await client(api.functions.photos.GetUserPhotos(user_id=me, offset=0, max_id=0, limit=100))
        print([photo.id for photo in answer.photos])
asyncio.run(main(1))
"""

WITHOUT = """\
import asyncio

async def photos(user_id: str, offset: int, max_id: int, limit: int) -> list[int]:
    return [max_id, limit]

async def main(api_id: int) -> None:
    answer = await photos("me", offset=0, max_id=0, limit=100)
    print([api_id, *answer])

asyncio.run(main(1))
"""

PYRIGHT = ROOT / "tests" / "checkers" / "node" / "node_modules" / "pyright" / "index.js"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print. Exit status 1 if the library costs more than the goal, 2 if a checker finds fault."""
    options = _parser().parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            seconds = _measure(Path(folder), _commands(options.python), options.rounds)
    except PeerError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"CPU seconds without a cache, medians of {options.rounds} rounds; the goal is a difference of {GOAL:.1f}")
    print("checker  with it  without it  difference")
    costs = []
    for checker, pairs in seconds.items():
        costs.append(median(one - other for one, other in pairs))
        one, other = (median(column) for column in zip(*pairs, strict=True))
        print(f"{checker:7}  {one:7.2f}  {other:10.2f}  {costs[-1]:10.2f}")
    return 1 if max(costs) > GOAL else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks checkers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has the library")
    return parser


def _commands(python: str) -> dict[str, list[str]]:
    """Return how each checker that is installed is started; the name of the program stands behind."""
    mypy = ["--strict", "--no-incremental", "--config-file=", f"--python-executable={python}"]
    commands = {"mypy": [sys.executable, "-m", "mypy", *mypy]}
    node = shutil.which("node")
    if node is not None and PYRIGHT.is_file():
        commands["pyright"] = [node, str(PYRIGHT), "--pythonpath", python]
    return commands


def _measure(folder: Path, commands: Mapping[str, list[str]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return the CPU seconds of each checker, with the library and without it, for each round but the first.

    The first round fills the machine's cache of files, and counts for nothing.
    """
    (folder / "with_it.py").write_text(WITH, encoding="utf-8")
    (folder / "without_it.py").write_text(WITHOUT, encoding="utf-8")
    seconds: dict[str, list[tuple[float, float]]] = {checker: [] for checker in commands}
    for turn in range(rounds + 1):
        for checker in turns(list(commands), turn):
            pair = [_cpu([*commands[checker], name], folder) for name in ("with_it.py", "without_it.py")]
            if turn:
                seconds[checker].append((pair[0], pair[1]))
    return seconds


def _cpu(command: list[str], folder: Path) -> float:
    """Return the CPU seconds of a program that must succeed, and of the processes that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise PeerError(f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
