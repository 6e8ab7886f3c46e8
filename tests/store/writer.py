"""A process that writes one key file again and again, each time with the next number in it, until it is killed.

`python -m tests.store.writer KIND PATH [COUNT]`: without COUNT it locks the file once, and prints each number when it
is written. With COUNT it writes so often, locks the file for each writing, and prints how often it was refused.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mtproto.cli.state_file import StoredState, lock_state, read_state, write_state
from mtproto.crypto.rsa import RSAPublicKey
from mtproto.datacenters import PRODUCTION_KEYS
from mtproto.localdc.keys import KeyFile, KeyRecord, read_keys
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.store import StoreLocked

if TYPE_CHECKING:
    from mtproto.store import LockedFile

__all__ = ["KINDS", "number_in"]

KINDS = ("cli", "dc")
"""The state file of the command line, and that of the data centre."""

DC_KEYS = 200
"""Keys in a DC's file: about 85 KB, so that a kill often comes in the midst of a writing."""

_KEY = AuthKey(bytes(range(256)))

Held: TypeAlias = "LockedFile | KeyFile"


def _lock(kind: str, path: Path) -> Held:
    return lock_state(path) if kind == "cli" else KeyFile(path)


def _write(file: Held, number: int) -> None:
    if isinstance(file, KeyFile):
        file.write("PEM", [KeyRecord(_KEY, user_id=number)] * DC_KEYS)
    else:
        keys = tuple(RSAPublicKey.from_data(data) for data in PRODUCTION_KEYS)
        write_state(file, StoredState(("192.0.2.1", 443), number, keys, KeyState(auth_key=_KEY, dc_id=2)))


def number_in(kind: str, path: Path) -> int:
    """Return the number that a whole file holds; 0 where there is no file.

    Raises:
        StoreDamaged: the file is not whole.

    """
    if kind == "cli":
        state = read_state(path)
        return 0 if state is None else state.dc_id
    _, records = read_keys(path)
    return (records[0].user_id or 0) if len(records) == DC_KEYS else 0


def _write_until_killed(kind: str, path: Path) -> None:
    number = number_in(kind, path)
    file = _lock(kind, path)
    while True:
        number += 1
        _write(file, number)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def _take_turns(kind: str, path: Path, count: int) -> None:
    written = refused = 0
    while written < count:
        try:
            file = _lock(kind, path)
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
