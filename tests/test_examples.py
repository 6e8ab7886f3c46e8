"""The programs in `examples/`: each one runs, is short, and uses public names only."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from examples.trio_shell import open_client
from mtproto import RpcError
from mtproto.localdc import LocalDCThread
from tests.net.support import SOON
from tl import api

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "examples"

# What each program prints, as a regular expression over all of it.
OUTPUT = {
    "one_call.py": r"3 photos of \d+\n3 photos of \d+\n",
    "blocking_download.py": r"\d+ x \d+ pixels, True, begins with ffd8ff\n",
    "incoming_updates.py": r"one update: updateUserStatus .*\ntoo many updates: .*\n",
    "echo_bot.py": r"sent back: hello\n",
    "own_data_centre.py": r"wait for 31 seconds\nnearest: 4\non the way: bad_server_salt, cut\n",
    "in_memory.py": (
        r"one key at both ends: True\n"
        r"the server reads help\.getNearestDc\n"
        r"the client reads nearestDc country:'NL' this_dc:2 nearest_dc:4\n"
    ),
    "language.py": r"a832cd91[0-9a-f]+\nanswered with photos\.Photos\n\{.*\"_\": \"shelf\".*\}\nShelf\.books\[0\].*\n",
    "trio_shell.py": (r"3 photos over connection 1\n3 photos over connection 2\n3 photos with the key of before\n"),
}
SHORT = 40
LONGEST = {"trio_shell.py": 300}

# The packages whose `__all__` is public, and the modules that are public doors themselves.
ROOMS = re.compile(r"(mtproto|tl)|mtproto\.(blocking|errors|limits|datacenters)|tl\.(api|service)|mtproto\.[a-z]+")


def programs() -> list[str]:
    return sorted(path.name for path in FOLDER.glob("*.py"))


def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments], capture_output=True, text=True, check=False, timeout=SOON, cwd=ROOT
    )


def private_names(program: str) -> list[str]:
    """Return what a program uses of ours that is not public: names that a room does not export, `_names` of others."""
    found = []
    for node in ast.walk(ast.parse((FOLDER / program).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("mtproto", "tl"):
            module = node.module or ""
            exported = getattr(importlib.import_module(module), "__all__", ()) if ROOMS.fullmatch(module) else ()
            found += [f"{module}.{alias.name}" for alias in node.names if alias.name not in exported]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.startswith(("mtproto.", "tl."))]
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_") and ast.unparse(node.value) != "self":
            found.append(ast.unparse(node))
    return found


def test_there_are_seven_short_programs_and_a_shell() -> None:
    assert programs() == sorted(OUTPUT)
    assert len(OUTPUT) == 8
    lines = {name: len((FOLDER / name).read_text(encoding="utf-8").splitlines()) for name in OUTPUT}
    assert {name: count for name, count in lines.items() if count > LONGEST.get(name, SHORT)} == {}


@pytest.mark.parametrize("program", sorted(OUTPUT))
def test_each_program_runs_and_prints_what_it_shows(program: str) -> None:
    done = run([f"examples/{program}"])
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(OUTPUT[program], done.stdout), done.stdout


@pytest.mark.parametrize("program", sorted(OUTPUT))
def test_each_program_uses_public_names_only(program: str) -> None:
    assert private_names(program) == []


# The shell for trio.


def test_the_client_on_trio_loads_no_asyncio() -> None:
    done = run(["-c", "import sys, examples.trio_shell\nprint('trio' in sys.modules, 'asyncio' in sys.modules)"])
    assert (done.stdout, done.stderr) == ("True False\n", "")


def test_calls_side_by_side_outlive_a_lost_connection_and_get_their_own_answers(local_dc: LocalDCThread) -> None:
    answered: list[tuple[int, int]] = []

    async def main() -> None:
        async with open_client(local_dc.address, local_dc.keys, local_dc.api_id) as client:
            await client(
                api.functions.auth.ImportBotAuthorization(
                    flags=0, api_id=1, api_hash=local_dc.api_hash, bot_auth_token=local_dc.bot_token
                )
            )
            local_dc.faults.cut(byte=20)

            async def ask(limit: int) -> None:
                me = api.types.InputUserSelf()
                request = api.functions.photos.GetUserPhotos(user_id=me, offset=0, max_id=0, limit=limit)
                answered.append((limit, len((await client(request)).photos)))

            async with trio.open_nursery() as nursery:
                for limit in range(1, 6):
                    nursery.start_soon(ask, limit)
            assert client.connections == 2

    trio.run(main)
    assert sorted(answered) == [(limit, limit) for limit in range(1, 6)]


def test_a_refused_call_raises_the_error_of_its_family(local_dc: LocalDCThread) -> None:
    async def main() -> None:
        async with open_client(local_dc.address, local_dc.keys, local_dc.api_id) as client:
            with pytest.raises(RpcError, match="AUTH_KEY_UNREGISTERED"):
                await client(
                    api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1)
                )

    trio.run(main)


def test_a_cancelled_call_leaves_the_connection_as_it_was(local_dc: LocalDCThread) -> None:
    async def main() -> None:
        async with open_client(local_dc.address, local_dc.keys, local_dc.api_id) as client:
            await client(api.functions.help.GetConfig())
            with trio.CancelScope() as scope:
                scope.cancel()
                await client(api.functions.help.GetConfig())
            assert scope.cancelled_caught
            assert (await client(api.functions.help.GetNearestDc())).this_dc == 2
            assert client.connections == 1

    trio.run(main)
