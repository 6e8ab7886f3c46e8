"""How far an account's updates were read, as the small mapping that its record keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mtproto.flows.update_queue import Cursor

__all__ = ["ACCOUNT", "ReadState", "read_state", "write_state"]

ACCOUNT = ("pts", "qts", "seq", "date")


@dataclass(frozen=True, slots=True)
class ReadState:
    """What a mapping tells.

    Attributes:
        account: `pts`, `qts`, `seq` and `date`; empty: not known.
        channels: by id the pts and the access hash; either may be None.
        told: by source the marks of what was taken of an unfinished difference.

    """

    account: Mapping[str, int] = field(default_factory=dict)
    channels: Mapping[int, tuple[int | None, int | None]] = field(default_factory=dict)
    told: Mapping[int, list[str]] = field(default_factory=dict)

    def from_now_on(self) -> ReadState:
        """Return what is left where nothing is to be caught up with: the access hashes."""
        return ReadState(channels={key: (None, access_hash) for key, (_, access_hash) in self.channels.items()})

    def cursor(self) -> Cursor:
        """Return the cursor to begin with."""
        values = {(0, name): value for name, value in self.account.items()}
        values |= {(channel, "pts"): pts for channel, (pts, _) in self.channels.items() if pts is not None}
        return Cursor(values, self.told)


def read_state(kept: Mapping[str, Any]) -> ReadState:
    """Read what `write_state` wrote. What is of another form is left out: the record may be of another version."""
    account = {name: kept[name] for name in ACCOUNT if _is_number(kept.get(name))}
    channels = {}
    for key, value in _items(kept.get("channels")):
        match value:
            case [pts, access_hash] if _is_number(pts, None) and _is_number(access_hash, None):
                channels[int(key)] = (pts, access_hash)
    told = {
        int(key): [mark for mark in marks if isinstance(mark, str)]
        for key, marks in _items(kept.get("told"))
        if isinstance(marks, list)
    }
    return ReadState(account if len(account) == len(ACCOUNT) else {}, channels, told)


def write_state(
    cursor: Cursor, access_hashes: Mapping[int, int | None], waiting: Mapping[int, int] | None = None
) -> dict[str, Any]:
    """Return a mapping of JSON's kinds.

    Args:
        cursor: how far the reader is.
        access_hashes: of the channels that are remembered.
        waiting: by channel whose number is not known the number before the first update that waits.

    """
    values = cursor.values
    if any((0, name) not in values for name in ACCOUNT):
        return {}
    kept: dict[str, Any] = {name: values[0, name] for name in ACCOUNT}
    pts = {key: values.get((key, "pts"), (waiting or {}).get(key)) for key in access_hashes}
    kept["channels"] = {str(key): [pts[key], known] for key, known in access_hashes.items()}
    if told := cursor.told:
        kept["told"] = {str(source): marks for source, marks in told.items()}
    return kept


def _is_number(value: object, *others: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or any(value is other for other in others)


def _items(value: object) -> list[tuple[str, Any]]:
    return [(key, item) for key, item in value.items() if key.isdecimal()] if isinstance(value, dict) else []
