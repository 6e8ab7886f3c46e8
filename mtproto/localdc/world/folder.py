"""A world from a user's own pictures: `DIR/<username>/*.jpg` and `*.png`. Needs Pillow (extra `world`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mtproto.localdc.world.errors import WorldError
from mtproto.localdc.world.load import BOT
from mtproto.localdc.world.model import USERNAME, Person, Picture, World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["world_from_folder"]

SUFFIXES = (".jpg", ".jpeg", ".png")


def world_from_folder(folder: str | Path) -> World:
    """Return a world with one user for each folder inside `folder`, and the bot in front of them.

    The folder's name is the username; its pictures, in the order of their names, are the photos from the oldest to
    the newest, each cut to a square and scaled to the sizes of a profile photo. A folder named as the bot gives the
    bot its photos. Raises `WorldError` when there is no such folder, it holds no pictures, a name can't be a username,
    a picture can't be read, or Pillow is missing.
    """
    from mtproto.localdc.world.imaging import require_pillow

    require_pillow()
    root = Path(folder)
    if not root.is_dir():
        raise WorldError(f"no such folder: {root}")
    homes = {home.name: home for home in sorted(root.iterdir()) if home.is_dir() and not home.name.startswith(".")}
    _check_names(homes.values())
    people = [Person(*BOT, pictures=_pictures(homes.pop(BOT[0], None)))]
    people += [Person(name, name.replace("_", " ").title(), "", _pictures(home)) for name, home in homes.items()]
    if not any(person.pictures for person in people):
        raise WorldError(
            f"{root}: there are no pictures; each user is a folder in it, with files that end in {', '.join(SUFFIXES)}"
        )
    return make_world(people)


def _check_names(homes: Iterable[Path]) -> None:
    taken: dict[str, Path] = {}
    for home in homes:
        if not USERNAME.fullmatch(home.name):
            raise WorldError(
                f"{home}: the name of the folder is the username: a letter, then 2 to 31 letters, digits or underscores"
            )
        if (other := taken.setdefault(home.name.lower(), home)) is not home:
            raise WorldError(f"{home}: the same username as {other}; usernames differ by more than case")


def _pictures(home: Path | None) -> list[Picture]:
    if home is None:
        return []
    return [_picture(path) for path in sorted(home.iterdir()) if path.suffix.lower() in SUFFIXES]


def _picture(path: Path) -> Picture:
    from mtproto.localdc.world.imaging import picture_from_image, require_pillow

    pillow = require_pillow()
    from PIL.ImageOps import exif_transpose

    try:
        with pillow.open(path) as image:
            return picture_from_image(exif_transpose(image))  # cameras note which side is up, and turn nothing
    # Pillow raises SyntaxError on some broken PNG files, and an error of its own on pictures that are far too large.
    except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError) as error:
        raise WorldError(f"{path}: not a picture that can be read: {error}") from error
