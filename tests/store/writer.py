"""A process that writes one file or account again and again, each time with the next number, until it is killed.

`python -m tests.store.writer KIND PATH [COUNT]`: without COUNT it locks the file once, and prints each number when it
is written. With COUNT it writes so often, locks the file for each writing, and prints how often it was refused.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.store import AccountRecord, FileStore, SQLiteStore, StoreError, StoreLocked, read_file
from mtproto.store.record_json import read_record, read_soft

if TYPE_CHECKING:
    from mtproto.localdc.keys import KeyFile
    from mtproto.store import LockedFile

__all__ = ["KINDS", "hold", "number_in"]

KINDS = ("cli", "dc", "account", "database")
"""The state file of the command line, that of the data centre, an account's file, and an account in a database."""

DC_KEYS = 200
"""Keys in a DC's file: about 85 KB, so that a kill often comes in the midst of a writing."""

_KEY = AuthKey(bytes(range(256)))

Held: TypeAlias = "LockedFile | KeyFile | FileStore | SQLiteStore"

NAME = "me"
"""The account in the database."""

_PEERS = {"": "x" * 20_000}
"""So that a writing has several pages of the database, and a kill often comes in the midst of one."""


def hold(kind: str, path: Path) -> Held:
    """Lock a file or an account.

    Raises:
        StoreLocked: another process has it.

    """
    if kind == "account":
        return FileStore(path)
    if kind == "database":
        return SQLiteStore(path, NAME)
    if kind == "cli":
        from mtproto.cli.state_file import lock_state

        return lock_state(path)
    from mtproto.localdc.keys import KeyFile

    return KeyFile(path)


def _write(file: Held, number: int) -> None:
    if isinstance(file, FileStore | SQLiteStore):
        file.save(_account(number))
        file.save_soft(AccountRecord(peers=_PEERS, updates={"number": number}))
        return
    from mtproto.localdc.keys import KeyFile, KeyRecord

    if isinstance(file, KeyFile):
        file.write("PEM", [KeyRecord(_KEY, user_id=number)] * DC_KEYS)
        return
    from mtproto.cli.state_file import StoredState, write_state
    from mtproto.crypto.rsa import RSAPublicKey
    from mtproto.datacenters import PRODUCTION_KEYS

    keys = tuple(RSAPublicKey.from_data(data) for data in PRODUCTION_KEYS)
    write_state(file, StoredState(("192.0.2.1", 443), number, keys, KeyState(auth_key=_KEY, dc_id=2)))


def _account(number: int) -> AccountRecord:
    """Return an account whose number stands in two places, and in the key of that data centre."""
    key = KeyState(auth_key=_KEY, dc_id=number).to_bytes()
    return AccountRecord(user_id=number, home_dc=number, keys={number: key}, peers=_PEERS)


def number_in(kind: str, path: Path) -> int:
    """Return the number that a whole file holds; 0 where there is no file.

    Raises:
        StoreDamaged: the file is not whole.

    """
    if kind in ("account", "database"):
        return _number_of(_load(kind, path))
    if kind == "cli":
        from mtproto.cli.state_file import read_state

        state = read_state(path)
        return 0 if state is None else state.dc_id
    from mtproto.localdc.keys import read_keys

    _, records = read_keys(path)
    return (records[0].user_id or 0) if len(records) == DC_KEYS else 0


def _load(kind: str, path: Path) -> AccountRecord:
    """Read an account without its lock, which the writer has: readers find a whole file, too."""
    if kind == "account":
        data = read_file(path, 1 << 20)
        return AccountRecord() if data is None else read_record(path, data)
    if not path.exists():
        return AccountRecord()
    with closing(sqlite3.connect(path, timeout=30)) as database:
        made = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        rows = dict(database.execute("SELECT part, content FROM kept").fetchall()) if made else {}
    login = read_record(path, rows["login"]) if "login" in rows else AccountRecord()
    soft = {name: read_soft(path, rows[name], name) if name in rows else {} for name in ("peers", "updates")}
    return replace(login, peers=soft["peers"], updates=soft["updates"])


def _number_of(record: AccountRecord) -> int:
    """Return the number of an account, all of whose parts are of one writing.

    Raises:
        StoreError: they are not.

    """
    number, soft = record.user_id or 0, record.updates.get("number", 0)
    whole = record == AccountRecord() or replace(record, updates={}) == _account(number)
    if not whole or soft not in (0, number, number - 1):
        raise StoreError(Path("account"), "parts of several writings")
    return number


def _write_until_killed(kind: str, path: Path) -> None:
    number = number_in(kind, path)
    file = hold(kind, path)
    while True:
        number += 1
        _write(file, number)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def _take_turns(kind: str, path: Path, count: int) -> None:
    written = refused = 0
    while written < count:
        try:
            file = hold(kind, path)
        except StoreLocked:
            refused += 1
            continue
        _write(file, number_in(kind, path) + 1)
        file.close()
        written += 1
    sys.stdout.write(f"{refused}\n")


if __name__ == "__main__":
    if len(sys.argv) > 3:
        _take_turns(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    else:
        _write_until_killed(sys.argv[1], Path(sys.argv[2]))
