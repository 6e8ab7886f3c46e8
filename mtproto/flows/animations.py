"""What moves in a picture: the `video_sizes` of a photo and the `video_thumbs` of a document, each with a name.

An animated profile picture is an MPEG-4 file, or a sticker or a custom emoji upon colours, which every client draws for
itself and of which nothing can be fetched (core.telegram.org/api/files#animated-profile-pictures).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Animation", "animations_of"]

FILE_NAMES = {"u": "animated profile picture", "v": "video preview", "f": "effect of a premium sticker"}
"""The letters of files that move, and what they are (core.telegram.org/api/files#video-types)."""

MEDIA_TYPES = {"f": "application/x-tgsticker"}
"""Letters of files that are no MPEG-4."""

MOST_COLOURS = 4
"""A markup has one to four colours; more are left out."""


@dataclass(frozen=True, slots=True)
class Animation:
    """One form in which a picture moves.

    Attributes:
        kind: a file, or a markup of one of the two kinds.
        name: what it is, for people: `animated profile picture 640x640`, `custom emoji 5368 on #5caffa`. A name of a
            sticker set inside is the server's text.
        type: the letter by which the file is asked for; empty for a markup.
        media_type: of the file; empty for a markup.
        width: pixels; 0 for a markup, as the two after it.
        height: pixels.
        size: bytes.
        start: the second of the film that stands for it as a still picture; 0.0 where the server says nothing.
        id: of the custom emoji or the sticker; 0 for a file.
        colours: of a markup's background: `#rrggbb`, one to four. One is a plain ground, two a gradient, more run into
            one another.

    """

    kind: Literal["file", "emoji", "sticker"]
    name: str
    type: str = ""
    media_type: str = ""
    width: int = 0
    height: int = 0
    size: int = 0
    start: float = 0.0
    id: int = 0
    colours: tuple[str, ...] = ()


def animations_of(thing: object) -> list[Animation]:
    """Return the forms in which a photo or a document moves, in the server's order; of any layer.

    A form that has no name here, of a later layer, is left out.
    """
    sizes = [*(getattr(thing, "video_sizes", None) or ()), *(getattr(thing, "video_thumbs", None) or ())]
    return [made for made in map(_animation, sizes) if made is not None]


def _animation(size: Any) -> Animation | None:
    name = getattr(size, "NAME", "")
    if name == "videoSize":
        words = FILE_NAMES.get(size.type, f"video of type {size.type!r}")
        media_type = MEDIA_TYPES.get(size.type, "video/mp4")
        start = getattr(size, "video_start_ts", None) or 0.0
        text = f"{words} {size.w}x{size.h}"
        return Animation("file", text, size.type, media_type, size.w, size.h, size.size, start)
    if name == "videoSizeEmojiMarkup":
        colours = _colours(size.background_colors)
        text = f"custom emoji {size.emoji_id}{_upon(colours)}"
        return Animation("emoji", text, id=size.emoji_id, colours=colours)
    if name == "videoSizeStickerMarkup":
        colours = _colours(size.background_colors)
        text = f"sticker {size.sticker_id} of {_set_name(size.stickerset)}{_upon(colours)}"
        return Animation("sticker", text, id=size.sticker_id, colours=colours)
    return None


def _colours(numbers: list[int]) -> tuple[str, ...]:
    return tuple(f"#{number & 0xFFFFFF:06x}" for number in numbers[:MOST_COLOURS])


def _upon(colours: tuple[str, ...]) -> str:
    return f" on {', '.join(colours)}" if colours else ""


def _set_name(sticker_set: Any) -> str:
    """Return the name of a sticker set, without its access hash."""
    short = getattr(sticker_set, "short_name", None)
    if short is not None:
        return f"the set {short}"
    number = getattr(sticker_set, "id", None)
    return f"set {number}" if number is not None else f"a set of Telegram's ({getattr(sticker_set, 'NAME', '')})"
