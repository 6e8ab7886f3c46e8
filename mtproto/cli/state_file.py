"""The file behind `--state`: a key's state, and the data centre that knows the key.

It is JSON. Whoever holds it is logged in, so it is written with mode 0600 and never shown.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mtproto.cli.errors import CommandFailed
from mtproto.cli.files import PRIVATE, write_whole
from mtproto.crypto.rsa import RSAPublicKey
from mtproto.errors import MTProtoError
from mtproto.message.key_state import KeyState

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["StoredState", "read_state", "write_state"]

_VERSION = 1


@dataclass(frozen=True, slots=True)
class StoredState:
    """What the file holds.

    Attributes:
        address: host and port of the data centre.
        dc_id: the number that its key was made for.
        keys: its public keys, for the day on which it has forgotten ours.
        key_state: the authorization key and what belongs to it.

    """

    address: tuple[str, int]
    dc_id: int
    keys: tuple[RSAPublicKey, ...]
    key_state: KeyState = field(repr=False)


def read_state(path: Path) -> StoredState | None:
    """Read a state file; None when there is none yet.

    Raises:
        CommandFailed: it is something else, or damaged.
        OSError: as the system says.

    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return _parse(json.loads(raw))
    except (ValueError, KeyError, TypeError, MTProtoError):
        raise CommandFailed(f"{path}: not a state file of this program, or damaged") from None


def _parse(content: dict[str, Any]) -> StoredState:
    host, port = content["host"], content["port"]
    if content["version"] != _VERSION or not isinstance(host, str) or not isinstance(port, int):
        raise ValueError("a state file of another version")
    return StoredState(
        address=(host, port),
        dc_id=int(content["dc_id"]),
        keys=tuple(RSAPublicKey.from_pem(pem) for pem in content["public_keys"]),
        key_state=KeyState.from_bytes(base64.b64decode(content["key_state"], validate=True)),
    )


def write_state(path: Path, state: StoredState) -> None:
    """Write a state file, whole or not at all, readable by its owner only.

    Raises:
        OSError: as the system says.

    """
    host, port = state.address
    content = {
        "version": _VERSION,
        "host": host,
        "port": port,
        "dc_id": state.dc_id,
        "public_keys": [key.to_pem() for key in state.keys],
        "key_state": base64.b64encode(state.key_state.to_bytes()).decode("ascii"),
    }
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode(), PRIVATE)
