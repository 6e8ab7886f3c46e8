"""The one format of an account, in files, databases and session strings: JSON with a version number.

Bytes stand in base64. A store whose places have a passphrase encrypts these bytes (`wrapping.py`).
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from mtproto.errors import OptionError
from mtproto.message import KeyState, KeyStateDamaged
from mtproto.store.fields import Fields, read_fields
from mtproto.store.record import HIGHEST_APPLICATION, HIGHEST_DC, HIGHEST_PORT, HIGHEST_USER, AccountRecord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mtproto.store.record import Json

__all__ = [
    "MARK",
    "VERSION",
    "account_fields",
    "login_bytes",
    "read_key_state",
    "read_record",
    "read_soft",
    "soft_bytes",
    "text_of",
]

VERSION = 1
"""The version of the format. Another one is refused: it may keep what this program would lose."""

_KIND = "an account of this program"

MARK = "mtproto account"
"""What the member `format` says."""

_LOGIN = ("home_dc", "test", "api_id", "keys", "authorized", "user_id", "is_bot", "future_tokens", "ended")
_SOFT = ("peers", "updates")
_SERVERS = ("dcs", "public_keys")
"""Written where the servers are not Telegram's."""


def login_bytes(record: AccountRecord, *, soft: bool = False) -> bytes:
    """Return the record as JSON.

    Args:
        record: what to write.
        soft: whether peers and updates stand in it, too.

    Raises:
        OptionError: peers or updates hold what JSON can't hold.

    """
    keys = [{"dc_id": dc_id, "key_state": text_of(data)} for dc_id, data in sorted(record.keys.items())]
    content: dict[str, Any] = {
        "format": MARK,
        "version": VERSION,
        "home_dc": record.home_dc,
        "test": record.test,
        "api_id": record.api_id,
        "keys": keys,
        "authorized": sorted(record.authorized),
        "user_id": record.user_id,
        "is_bot": record.is_bot,
        "future_tokens": [text_of(token) for token in record.future_tokens],
        "ended": record.ended,
    }
    if record.dcs or record.public_keys:
        content["dcs"] = [
            {"dc_id": dc_id, "host": host, "port": port} for dc_id, (host, port) in sorted(record.dcs.items())
        ]
        content["public_keys"] = list(record.public_keys)
    if soft:
        content |= {"peers": record.peers, "updates": record.updates}
    return _dump("peers or updates", content)


def read_record(path: Path, data: bytes) -> AccountRecord:
    """Read what `login_bytes` wrote; without peers and updates these are empty.

    Args:
        path: the file, for errors.
        data: the JSON.

    Raises:
        StoreDamaged: this is no account, that of another version, or damaged. The error names the field and quotes
            nothing.

    """
    content = account_fields(path, data)
    content.only("format", "version", *_LOGIN, optional=(*_SOFT, *_SERVERS))
    keys: dict[int, bytes] = {}
    for kept in content.objects("keys"):
        kept.only("dc_id", "key_state")
        dc_id = kept.integer("dc_id", 1, HIGHEST_DC)
        if dc_id in keys:
            raise content.damaged(f"two keys of DC {dc_id}")
        keys[dc_id] = kept.data("key_state")
    try:
        return AccountRecord(
            home_dc=content.integer("home_dc", 1, HIGHEST_DC),
            test=content.boolean("test"),
            api_id=content.integer_or_none("api_id", 0, HIGHEST_APPLICATION),
            dcs=_read_places(content) if content.has("dcs") else {},
            public_keys=tuple(content.texts("public_keys")) if content.has("public_keys") else (),
            keys=keys,
            authorized=frozenset(content.integers("authorized", 1, HIGHEST_DC)),
            user_id=content.integer_or_none("user_id", 1, HIGHEST_USER),
            is_bot=content.boolean("is_bot"),
            future_tokens=tuple(content.data_list("future_tokens")),
            ended=content.line_or_none("ended"),
            peers=content.mapping("peers") if content.has("peers") else {},
            updates=content.mapping("updates") if content.has("updates") else {},
        )
    except OptionError as error:
        raise content.damaged(str(error)) from None


def _read_places(content: Fields) -> dict[int, tuple[str, int]]:
    """Return where data centres are, by number."""
    places: dict[int, tuple[str, int]] = {}
    for kept in content.objects("dcs"):
        kept.only("dc_id", "host", "port")
        place = kept.line("host"), kept.integer("port", 1, HIGHEST_PORT)
        places[kept.integer("dc_id", 1, HIGHEST_DC)] = place
    return places


def account_fields(path: Path, data: bytes) -> Fields:
    """Read an object of this format, encrypted or not, and check its version.

    Raises:
        StoreDamaged: this is none, or one of another version.

    """
    content = read_fields(path, data, _KIND)
    if not content.has("format") or content.line("format") != MARK:
        raise content.damaged("another format")
    if content.integer("version", 0, 1 << 31) != VERSION:
        raise content.damaged("another version of the format")
    return content


def soft_bytes(name: str, value: Mapping[str, Json]) -> bytes:
    """Return peers or updates as JSON of their own.

    Raises:
        OptionError: the value holds what JSON can't hold.

    """
    return _dump(name, {"format": MARK, "version": VERSION, name: value})


def read_soft(path: Path, data: bytes, name: str) -> Mapping[str, Json]:
    """Read what `soft_bytes` wrote.

    Raises:
        StoreDamaged: as `read_record`.

    """
    content = account_fields(path, data)
    content.only("format", "version", name)
    return content.mapping(name)


def read_key_state(content: Fields, name: str) -> KeyState:
    """Read a key state that a field holds in base64.

    Raises:
        StoreDamaged: the field is none, or damaged.

    """
    try:
        return KeyState.from_bytes(content.data(name))
    except KeyStateDamaged as error:
        raise content.damaged(f'"{name}" is {error}') from None


def _dump(what: str, content: Mapping[str, Any]) -> bytes:
    try:
        return (json.dumps(content, allow_nan=False, separators=(",", ":")) + "\n").encode()
    except (TypeError, ValueError, RecursionError):
        raise OptionError(f"{what} of the account can't be written as JSON", what) from None


def text_of(data: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(data).decode("ascii")
