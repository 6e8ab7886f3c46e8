"""The packaged world: pictures that ship with this package, and who has how many of them. No imaging library needed.

The repository draws the pictures and their manifest: `python -m tests.pictures`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mtproto.localdc.world.errors import WorldError
from mtproto.localdc.world.model import Person, Picture, PictureFile, World, make_world

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.resources.abc import Traversable

__all__ = ["BOT", "load_pictures", "load_world"]

BOT = ("localdc_bot", "Local", "DC")
"""Username, first and last name of the bot, in this world and in those made from a folder."""

PEOPLE = (
    (BOT, 6),
    (("nobody", "Nora", "Body"), 0),
    (("single", "Sol", "Ingle"), 1),
    (("triple", "Tria", "Plett"), 3),
    (("dozen", "Dora", "Zenn"), 12),
    (("hundred", "Henri", "Centi"), 100),
    (("plenty", "Polly", "Lentz"), 250),
)
"""Who lives here, and how many photos each has: none, one, a page that is full to the last, and more than two pages."""


def load_world() -> World:
    """Return the packaged world; the same ids, access hashes and files in every run."""
    return make_world(people_with(load_pictures(files("mtproto.localdc.world") / "pictures")))


def people_with(pictures: Sequence[Picture]) -> list[Person]:
    """Give everybody their photos out of `pictures`, which come round again.

    Each user starts at another picture, by threes, so that every third photo of each is one that moves.
    """
    return [
        Person(*names, pictures=[pictures[(3 * number + ordinal) % len(pictures)] for ordinal in range(count)])
        for number, (names, count) in enumerate(PEOPLE)
    ]


def load_pictures(folder: Traversable) -> list[Picture]:
    """Read a folder of pictures that were drawn with their manifest.

    Raises `WorldError` when a file is missing or not the one that was drawn, or the manifest is damaged.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="ascii"))
        return [_picture(folder, entry) for entry in manifest["pictures"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorldError(f"the pictures of the world can't be read: {type(error).__name__}: {error}") from error


def _picture(folder: Traversable, entry: dict[str, Any]) -> Picture:
    return Picture(
        stripped=base64.b64decode(entry["stripped"], validate=True),
        images=tuple(_file(folder, described) for described in entry["images"]),
        videos=tuple(_file(folder, described) for described in entry["videos"]),
    )


def _file(folder: Traversable, described: dict[str, Any]) -> PictureFile:
    data = (folder / described["file"]).read_bytes()
    if hashlib.sha256(data).hexdigest() != described["sha256"]:
        raise WorldError(f"{described['file']}: not the file that the manifest describes")
    return PictureFile(
        type=described["type"],
        w=described["w"],
        h=described["h"],
        data=data,
        prefixes=tuple(described["prefixes"]),
    )
