"""A second run with the store: no exchange, no login, no export. A second process is told who has the store."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from mtproto.crypto import RSAPrivateKey
from mtproto.localdc import LocalNetworkThread
from mtproto.store import FileStore, MemoryStore, SQLiteStore
from tests.account.faces import FACES, account_at, play
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])
WRAPPERS = ("invokeWithLayer", "initConnection")


@pytest.fixture
def local_network(local_dc_key: RSAPrivateKey) -> Iterator[LocalNetworkThread]:
    """Three data centres over one world."""
    with LocalNetworkThread(key=local_dc_key) as network:
        yield network


def opened(kind: str, folder: Path, strings: Sequence[str]) -> list[Any]:
    """Return what keeps the accounts of a run: the bot's, and `dozen`'s where a store has room for several."""
    if kind == "database":
        return [SQLiteStore(folder / "accounts.db", name) for name in ("bot", "dozen")]
    if kind == "string":
        return list(strings) or [MemoryStore()]
    return [folder / "me.session"]


def permanent_keys(network: LocalNetworkThread) -> int:
    return sum(record.expires_at is None for dc in network.dcs.values() for record in dc._centre.keys.records.values())


@pytest.mark.parametrize(
    ("kind", "face"), [*[(kind, face) for kind in ("file", "database", "string") for face in FACES], ("PFS", "asyncio")]
)
def test_a_second_run_makes_no_exchange_no_login_and_no_export_at_home_and_elsewhere(
    kind: str, face: str, local_network: LocalNetworkThread, tmp_path: Path
) -> None:
    user = local_network.accounts.named("dozen")
    ways: list[dict[str, Any]] = [
        {"bot_token": local_network.bot_token},
        {"phone": user.phone, "ask": lambda _: user.code},
    ]
    ids = [local_network.bot.id, user.user.id]

    async def run(stores: list[Any]) -> list[str]:
        async with AsyncExitStack() as stack:
            accounts = [
                await stack.enter_async_context(account_at(face, store, local_network, pfs=kind == "PFS"))
                for store in stores
            ]
            for account, way, user_id in zip(accounts, ways, ids, strict=False):
                assert await account.login(**way) == user_id
                for dc in (None, 1):
                    for _ in range(2):
                        assert (await account(SELF, dc=dc))[0].id == user_id
            return [account.export_string() for account in accounts]

    async def scene() -> None:
        strings = await run(opened(kind, tmp_path, []))
        exchanges = permanent_keys(local_network)
        for dc in local_network.dcs.values():
            dc.clear_calls()
        stores = opened(kind, tmp_path, strings)
        await run(stores)
        assert permanent_keys(local_network) == exchanges == 2 * len(stores) + (kind == "database")
        calls = [
            call for dc in local_network.dcs.values() for call in dc.calls if call.method != "auth.bindTempAuthKey"
        ]
        assert [call.method for call in calls] == ["users.getUsers"] * 4 * len(stores)
        for call in calls:
            first = next(other for other in calls if other.session_id == call.session_id)
            assert call.wrappers[:2] == (WRAPPERS if call is first else ())

    play(scene)


SECOND = """
import asyncio, sys
from mtproto import Account, blocking
from mtproto.store import SQLiteStore

path = sys.argv[1]
store = (lambda: SQLiteStore(path, "me")) if path.endswith(".db") else (lambda: path)
options = {"api_id": 1, "dcs": {2: ("127.0.0.1", 9)}, "keys": []}

async def enter():
    async with Account(store(), **options):
        print("open")

def enter_blocking():
    with blocking.Account(store(), **options):
        print("open")

for face in (lambda: asyncio.run(enter()), enter_blocking):
    try:
        face()
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_a_second_process_is_told_in_both_faces_which_one_has_the_account(
    local_network: LocalNetworkThread, tmp_path: Path
) -> None:
    async def told(face: str, store: Any, path: Path) -> str:
        async with account_at(face, store, local_network):
            command = [sys.executable, "-c", SECOND, str(path)]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    async def scene() -> None:
        me = f"in use by process {os.getpid()} on {platform.node()}"
        file, database = tmp_path / "me.session", tmp_path / "all.db"
        assert await told("asyncio", FileStore(file), file) == f"StoreLocked {file}: {me}\n" * 2
        said = await told("blocking", SQLiteStore(database, "me"), database)
        assert [me in line and "'me'" in line for line in said.splitlines()] == [True, True]

    play(scene)
