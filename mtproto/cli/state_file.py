"""The file of `--state`: the state of a key, and the data centre that knows the key.

The file is JSON; its member `key_state` holds the bytes of `KeyState.to_bytes` in base64. A file of these bytes alone
is read as well. Who has either file is logged in, so the file is written with mode 0600 and never shown.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mtproto.crypto import CryptoError, RSAPublicKey
from mtproto.message import KEY_STATE_MAGIC, KeyState, KeyStateDamaged
from mtproto.net import STATE_FILE_VERSION
from mtproto.store import ROOM, LockedFile, StoreDamaged, StoreError, read_fields, read_file, read_key_state

if TYPE_CHECKING:
    from pathlib import Path

    from mtproto.store import Fields

__all__ = ["ROOM", "StoredState", "lock_state", "read_state", "write_state"]

_LIMIT = 1024 * 1024
"""Bytes of a file that are read: far more than the salts and keys of one data centre."""

_KIND = "a state file of this program"


@dataclass(frozen=True, slots=True)
class StoredState:
    """The content of the file.

    Attributes:
        address: host and port of the data centre; None if the file holds the key alone.
        dc_id: the number of the data centre that the key was made for.
        keys: the public keys of the data centre, to make a new key if it has forgotten this one.
        key_state: the authorization key and what belongs to it.
        api_id: the number of the application that used the key last; None if the file does not say it.

    """

    address: tuple[str, int] | None
    dc_id: int
    keys: tuple[RSAPublicKey, ...]
    key_state: KeyState = field(repr=False)
    api_id: int | None = field(default=None, repr=False)


def read_state(path: Path) -> StoredState | None:
    """Read a state file, or a file of the bytes of `KeyState.to_bytes`; None if there is no file.

    Raises:
        StoreDamaged: the file is no state file, or damaged.
        StoreError: the file can't be read.

    """
    data = read_file(path, _LIMIT)
    if data is None:
        return None
    return _key_alone(path, data) if data.startswith(KEY_STATE_MAGIC) else _parse(read_fields(path, data, _KIND))


def _key_alone(path: Path, data: bytes) -> StoredState:
    try:
        key_state = KeyState.from_bytes(data)
    except KeyStateDamaged as error:
        raise StoreDamaged(path, f"not {_KIND}, or damaged: {error}") from None
    return StoredState(address=None, dc_id=key_state.dc_id, keys=(), key_state=key_state)


def _parse(content: Fields) -> StoredState:
    if content.integer("version", 0, 1 << 31) != STATE_FILE_VERSION:
        raise content.damaged("another version")
    address = content.line("host"), content.integer("port", 1, 65535)
    dc_id = content.integer("dc_id", -(1 << 31), (1 << 31) - 1)
    try:
        keys = tuple(RSAPublicKey.from_pem(pem) for pem in content.texts("public_keys"))
    except CryptoError:
        raise content.damaged('"public_keys" has something else than RSA keys in PEM') from None
    api_id = content.integer("api_id", 0, (1 << 31) - 1) if content.has("api_id") else None
    return StoredState(address, dc_id, keys, read_key_state(content, "key_state"), api_id)


def lock_state(path: Path) -> LockedFile:
    """Lock a state file for the run of a command, so that no two runs use one key state.

    Raises:
        StoreLocked: another run has it.
        StoreError: the file can't be locked.

    """
    return LockedFile(path, limit=_LIMIT)


def write_state(file: LockedFile, state: StoredState) -> None:
    """Write a state file, whole or not at all, readable by its owner only.

    Raises:
        StoreError: the file can't be written.

    """
    if state.address is None:
        raise StoreError(file.path, "can't be written: a state file names its data centre")
    host, port = state.address
    content = {
        "version": STATE_FILE_VERSION,
        **({} if state.api_id is None else {"api_id": state.api_id}),
        "host": host,
        "port": port,
        "dc_id": state.dc_id,
        "public_keys": [key.to_pem() for key in state.keys],
        "key_state": base64.b64encode(state.key_state.to_bytes()).decode("ascii"),
    }
    file.write((json.dumps(content, indent=1) + "\n").encode())
