"""Answers as JSON, and photos as a table."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table

from mtproto.cli.terminal import printable
from mtproto.flows import sizes_of
from tl import TLObject

if TYPE_CHECKING:
    from mtproto.cli.listing import Listing
    from mtproto.flows import MediaSize

__all__ = [
    "as_data",
    "bytes_text",
    "owner_name",
    "photo_summary",
    "photo_table",
    "plain_table",
    "rough_time",
    "seconds_text",
]


def as_data(value: Any, result: str = "") -> Any:
    """Return an answer as plain data for `json.dumps`, in the form of `TLObject.to_json`.

    Args:
        value: an object or a bare result: a bool, a number, bytes, a list of any of these.
        result: the declared type of the value, which tells a `long` from an `int`: longs become strings.

    """
    if isinstance(value, TLObject):
        return json.loads(value.to_json())
    if isinstance(value, list):
        return [as_data(item, result) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, int) and not isinstance(value, bool) and "long" in result:
        return str(value)
    return value


def plain_table(*columns: str, right: frozenset[str] = frozenset()) -> Table:
    """Return a table without lines and without cut texts, so that it can be searched and copied."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def photo_table(listing: Listing) -> Table:
    """Return one row for each photo: its id, when it was set, and the bytes of each of its files."""
    files = [sizes_of(photo) for photo in listing.photos]
    kinds = sorted({_kind(file) for row in files for file in row}, key=_by_size)
    headers = [f"{letter}\n{w}x{h}\n{form}" for letter, w, h, form in kinds]
    table = plain_table("photo id", "set (UTC)", *headers, right=frozenset({"photo id", *headers}))
    for photo, row in zip(listing.photos, files, strict=True):
        sizes = {_kind(file): bytes_text(file.size) for file in row}
        cells = [sizes.get(kind, "") for kind in kinds]
        table.add_row(str(photo.id), _date_text(getattr(photo, "date", None)), *cells)
    return table


def _kind(file: MediaSize) -> tuple[str, int, int, str]:
    return file.type, file.w, file.h, file.suffix if not file.is_picture else "progressive" if file.prefixes else "jpeg"


def _by_size(kind: tuple[str, int, int, str]) -> tuple[bool, int]:
    _, w, h, form = kind
    return form not in ("jpeg", "progressive"), w * h


def photo_summary(listing: Listing) -> str:
    """Return how many photos are listed, of how many, and whose they are."""
    whose = owner_name(listing)
    of = f" of {whose}" if whose else ""
    return f"{len(listing.photos)} of {listing.count} photos{of}"


def owner_name(listing: Listing) -> str:
    """Return the name of the user whose photos are listed, fit for a terminal; an empty text where nobody says it."""
    names = [getattr(user, "username", None) or getattr(user, "first_name", None) or "" for user in listing.users]
    return printable(names[0]) if names else ""


def _date_text(date: int | None) -> str:
    return "" if date is None else f"{datetime.fromtimestamp(date, UTC):%Y-%m-%d}"


def bytes_text(count: int) -> str:
    """Return a number of bytes for people: `940 B`, `12.5 kB`, `3.1 MB`."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def seconds_text(seconds: float) -> str:
    """Return a duration for people: `12.3 ms`, `1.25 s`."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def rough_time(seconds: float) -> str:
    """Return a long duration for people: `12 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60:02} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60:02} min"
