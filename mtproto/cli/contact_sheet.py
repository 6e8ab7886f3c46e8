"""The contact sheet: one page of HTML that shows all photos of a folder. Needs Jinja2 (extra `sheet`).

The page is whole without any other file: thumbnails, style and script stand inside it. Names come from strangers: the
template engine escapes every text, and a content security policy lets nothing run but the page's own script.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from mtproto.cli.errors import CommandFailed
from mtproto.cli.render import bytes_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

    from mtproto.cli.photo_records import FileRecord, OwnerRecord, PhotoRecord

__all__ = ["SHEET", "contact_sheet", "require_templates"]

SHEET = "index.html"
"""The name of the page in the folder of the photos."""

LARGEST_THUMBNAIL = 65_536
"""Bytes of a thumbnail that stand inside the page; a larger one is left out."""

_SHOWN_INSIDE = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/svg+xml"})
_SHOWN_LARGE = frozenset({"image/jpeg", "video/mp4"})


@dataclass(frozen=True, slots=True)
class _SheetLink:
    """A file as the page names it."""

    href: str
    letter: str
    is_video: bool
    pixels: str
    size: str


@dataclass(frozen=True, slots=True)
class _SheetCell:
    """A photo as the page shows it; `large` is what it opens."""

    id: str
    date: str
    machine_date: str
    thumbnail: str
    large: _SheetLink | None
    links: tuple[_SheetLink, ...]
    moves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _SheetUser:
    """A user as the page shows them."""

    id: str
    anchor: str
    name: str
    username: str
    cells: tuple[_SheetCell, ...]


def require_templates() -> None:
    """Raise `CommandFailed` with what to install where Jinja2 is missing."""
    _environment()


def contact_sheet(owners: Sequence[OwnerRecord]) -> bytes:
    """Return the page for the photos of some users, as UTF-8.

    The page lies beside the users' folders: a photo's links lead there. Whatever the records hold, no text of them is
    read as HTML, and no link leads out of the folder.

    Raises:
        CommandFailed: Jinja2 is not installed.

    """
    style, script = _text("contact_sheet.css"), _text("contact_sheet.js")
    page = _environment().from_string(_text("contact_sheet.html"))
    sections = [_section(number, owner) for number, owner in enumerate(owners)]
    text = page.render(
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        sections=sections,
        total=sum(len(section.cells) for section in sections),
    )
    return text.encode("utf-8")


def _environment() -> Environment:
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise CommandFailed("the contact sheet needs Jinja2: pip install 'mtproto-raw[sheet]'") from error
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _text(name: str) -> str:
    return (files("mtproto.cli") / "pages" / name).read_text(encoding="utf-8")


def _hash(source: str) -> str:
    """Return the hash by which the page's policy knows its own script and style (W3C CSP 3, 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"


def _section(number: int, owner: OwnerRecord) -> _SheetUser:
    name = _clean(owner.name.strip()) or _clean(owner.username) or f"user {_clean(owner.id)}"
    cells = tuple(map(_cell, owner.photos))
    return _SheetUser(_clean(owner.id), f"user-{number}", name, _clean(owner.username), cells)


def _cell(photo: PhotoRecord) -> _SheetCell:
    moment = datetime.fromtimestamp(photo.date, UTC)
    links = tuple(link for file in photo.files if (link := _link(file)) is not None)
    shown = {file.path for file in photo.files if file.media_type in _SHOWN_LARGE}
    large = next((link for file in photo.files if file.path in shown and (link := _link(file)) is not None), None)
    return _SheetCell(
        id=_clean(photo.id),
        date=f"{moment:%Y-%m-%d %H:%M}",
        machine_date=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        thumbnail=_data_uri(photo),
        large=large,
        links=links,
        moves=tuple(map(_clean, photo.moves)),
    )


def _link(file: FileRecord) -> _SheetLink | None:
    """Return the link to a file; None where the path leads out of the folder."""
    path = PurePosixPath(file.path)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        return None
    return _SheetLink(
        href=quote(str(path), safe="/", errors="replace"),  # a colon too: no path is taken for a scheme
        letter=_clean(file.type),
        is_video=file.media_type.startswith("video/"),
        pixels=f"{file.width} × {file.height}",
        size=bytes_text(file.size),
    )


def _data_uri(photo: PhotoRecord) -> str:
    """Return the thumbnail as a `data:` address; empty where there is none that can be shown."""
    thumbnail = photo.thumbnail
    if thumbnail is None or thumbnail.media_type not in _SHOWN_INSIDE:
        return ""
    try:
        data = base64.b64decode(thumbnail.data, validate=True)
    except ValueError:
        return ""
    if len(data) > LARGEST_THUMBNAIL:
        return ""
    return f"data:{thumbnail.media_type};base64,{base64.b64encode(data).decode()}"


def _clean(text: str) -> str:
    """Return a text for a page: what HTML has no place for, control characters and lone surrogates, is replaced."""
    return "".join("\ufffd" if ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 else c for c in text)
