"""The file behind `--state`: a key's state, and the data centre that knows the key.

It is JSON; its member `key_state` holds, in base64, what `KeyState.to_bytes` returns. A file of these bytes alone is
read as well. Whoever holds either is logged in, so it is written with mode 0600 and never shown.
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
from mtproto.net.state import STATE_FILE_VERSION, key_state_of
from mtproto.transport.address import read_host, read_port

if TYPE_CHECKING:
    from pathlib import Path

    from mtproto.message.key_state import KeyState

__all__ = ["StoredState", "read_state", "write_state"]


@dataclass(frozen=True, slots=True)
class StoredState:
    """What the file holds.

    Attributes:
        address: host and port of the data centre; None where the file does not say, for it holds the key alone.
        dc_id: the number that its key was made for.
        keys: its public keys, for the day on which it has forgotten ours.
        key_state: the authorization key and what belongs to it.

    """

    address: tuple[str, int] | None
    dc_id: int
    keys: tuple[RSAPublicKey, ...]
    key_state: KeyState = field(repr=False)


def read_state(path: Path) -> StoredState | None:
    """Read a state file, or one that holds what `KeyState.to_bytes` returned; None when there is none yet.

    Raises:
        CommandFailed: it is something else, or damaged.
        OSError: as the system says.

    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return _parse(raw)
    except (ValueError, KeyError, TypeError, RecursionError, MTProtoError):
        raise CommandFailed(f"{path}: not a state file of this program, or damaged") from None


def _parse(raw: bytes) -> StoredState:
    key_state = key_state_of(raw)
    if not raw.lstrip().startswith(b"{"):
        return StoredState(address=None, dc_id=key_state.dc_id, keys=(), key_state=key_state)
    content: dict[str, Any] = json.loads(raw)
    host, port, dc_id = content["host"], content["port"], content["dc_id"]
    if not (isinstance(host, str) and isinstance(port, int) and isinstance(dc_id, int)):
        raise TypeError("host, port and dc_id are a string and two numbers")
    return StoredState(
        address=(read_host(host), read_port(str(port))),
        dc_id=dc_id,
        keys=tuple(RSAPublicKey.from_pem(pem) for pem in content["public_keys"]),
        key_state=key_state,
    )


def write_state(path: Path, state: StoredState) -> None:
    """Write a state file, whole or not at all, readable by its owner only.

    Raises:
        OSError: as the system says.

    """
    if state.address is None:
        raise CommandFailed(f"{path}: a state file names its data centre")
    host, port = state.address
    content = {
        "version": STATE_FILE_VERSION,
        "host": host,
        "port": port,
        "dc_id": state.dc_id,
        "public_keys": [key.to_pem() for key in state.keys],
        "key_state": base64.b64encode(state.key_state.to_bytes()).decode("ascii"),
    }
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode(), PRIVATE)
