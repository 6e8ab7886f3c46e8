"""Draw the pictures of the packaged world: `python -m tests.pictures [FOLDER]`.

Needs Pillow (extra `world`). Writes JPEG and MP4 files and `manifest.json`. What is drawn follows from the numbers of
the pictures alone, so that a second run with the same version of Pillow gives the same bytes.
"""

from __future__ import annotations

import argparse
import base64
import colorsys
import hashlib
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mtproto.localdc.world import Picture, PictureFile, WorldError
from mtproto.localdc.world.imaging import picture_from_image, require_pillow
from tests.pictures.mp4 import mp4_of_jpegs

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

__all__ = ["PICTURES", "draw_picture", "main", "write_world"]

PICTURES = 9
MOVING = 3
"""Every third picture also has videos."""

SIDE = 1280
"""Drawn twice as large as the largest size, so that edges come out smooth."""

JPEG_QUALITY = 82
VIDEO_QUALITY = 55
VIDEO_SIZES = (("v", 160), ("u", 320))
VIDEO_FRAMES = 4
FRAME_MS = 250

SIZE_LIMIT = 1 << 20
"""All package data of the world together stay below this many bytes."""

PACKAGED = Path(__file__).parents[2] / "mtproto" / "localdc" / "world" / "pictures"
"""Where the package has its pictures."""

Colour = tuple[int, int, int]


class Dice:
    """Numbers that follow from a seed alone, whatever the version of Python."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._thrown = 0

    def __call__(self, low: float, high: float) -> float:
        """Return a number from `low` up to `high`."""
        self._thrown += 1
        digest = hashlib.sha256(f"{self._seed} {self._thrown}".encode()).digest()
        return low + (high - low) * int.from_bytes(digest[:6], "big") / (1 << 48)

    def colour(self, hue: float, saturation: float, value: float) -> Colour:
        """Return a colour near this hue (0 to 1)."""
        red, green, blue = colorsys.hsv_to_rgb((hue + self(-0.06, 0.06)) % 1.0, saturation, value)
        return round(red * 255), round(green * 255), round(blue * 255)


def _gradient(draw: ImageDraw, top: Colour, bottom: Colour) -> None:
    for y in range(SIDE):
        share = y / SIDE
        red, green, blue = (round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        draw.line((0, y, SIDE, y), fill=(red, green, blue))


def _hills(draw: ImageDraw, dice: Dice, hue: float) -> None:
    """A sun over ranges of hills."""
    _gradient(draw, dice.colour(hue, 0.45, 0.95), dice.colour(hue + 0.12, 0.25, 1.0))
    x, y, radius = dice(250, 1000), dice(200, 500), dice(90, 170)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=dice.colour(0.13, 0.3, 1.0))
    for rank in range(4):
        base = 560 + rank * 170
        ridge = [(step * SIDE / 6, base + dice(-130, 90)) for step in range(7)]
        colour = dice.colour(hue + 0.4, 0.35 + rank * 0.12, 0.75 - rank * 0.15)
        draw.polygon([(0, SIDE), *ridge, (SIDE, SIDE)], fill=colour)


def _bubbles(draw: ImageDraw, dice: Dice, hue: float) -> None:
    """Discs upon discs."""
    _gradient(draw, dice.colour(hue, 0.6, 0.35), dice.colour(hue + 0.1, 0.7, 0.6))
    for rank in range(22):
        x, y, radius = dice(0, SIDE), dice(0, SIDE), dice(40, 230)
        colour = dice.colour(hue + rank * 0.011, dice(0.3, 0.7), dice(0.6, 1.0))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _face(draw: ImageDraw, dice: Dice, hue: float) -> None:
    """Head and shoulders, as on many a profile."""
    _gradient(draw, dice.colour(hue, 0.5, 0.9), dice.colour(hue + 0.08, 0.6, 0.6))
    coat, skin, hair = dice.colour(hue + 0.5, 0.6, 0.55), dice.colour(0.07, 0.45, dice(0.55, 0.95)), dice(0.1, 0.5)
    draw.ellipse((180, 860, 1100, 1900), fill=coat)
    draw.rectangle((540, 740, 740, 960), fill=skin)
    draw.ellipse((370, 210, 910, 700), fill=dice.colour(0.08, 0.5, hair))
    draw.ellipse((410, 290, 870, 850), fill=skin)
    for eye in (530, 750):
        draw.ellipse((eye - 34, 520, eye + 34, 588), fill=(250, 250, 250))
        draw.ellipse((eye - 16, 536, eye + 16, 572), fill=(30, 30, 40))
    draw.arc((530, 560, 750, 760), 25, 155, fill=dice.colour(0.0, 0.6, 0.6), width=16)


def _tiles(draw: ImageDraw, dice: Dice, hue: float) -> None:
    """A floor of tiles, some of them quarter discs."""
    count = 5
    side = SIDE // count
    for row in range(count):
        for column in range(count):
            box = (column * side, row * side, (column + 1) * side, (row + 1) * side)
            draw.rectangle(box, fill=dice.colour(hue, dice(0.2, 0.6), dice(0.7, 1.0)))
            right, low, angle = TILE_CORNERS[int(dice(0, 4))]
            x, y = (column + right) * side, (row + low) * side
            disc = ((x - side, y - side), (x + side, y + side))
            draw.pieslice(disc, angle, angle + 90, fill=dice.colour(hue + 0.45, dice(0.4, 0.8), dice(0.4, 0.9)))


TILE_CORNERS = ((0, 0, 0), (1, 0, 90), (1, 1, 180), (0, 1, 270))
"""The corner of a tile that its disc is drawn about, and the angle at which the quarter inside the tile begins."""


MOTIFS: tuple[Callable[[ImageDraw, Dice, float], None], ...] = (_hills, _face, _bubbles, _face, _tiles, _hills)


def draw_image(number: int) -> Image:
    """Draw picture `number` at `SIDE` by `SIDE` pixels."""
    require_pillow()
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (SIDE, SIDE))
    MOTIFS[number % len(MOTIFS)](ImageDraw.Draw(image), Dice(f"picture {number}"), number * 0.61803 % 1.0)
    return image


def draw_picture(number: int) -> Picture:
    """Draw picture `number` in all its sizes; every third one gets videos."""
    image = draw_image(number)
    picture = picture_from_image(image, JPEG_QUALITY)
    if number % MOVING:
        return picture
    return replace(picture, videos=tuple(_video(image, type_, side) for type_, side in VIDEO_SIZES))


def _video(image: Image, type_: str, side: int) -> PictureFile:
    """Make a short video that moves into the picture."""
    frames = []
    for step in range(VIDEO_FRAMES):
        margin = step * SIDE // 40
        out = io.BytesIO()
        frame = image.crop((margin, margin, SIDE - margin, SIDE - margin)).resize((side, side))
        frame.save(out, "JPEG", quality=VIDEO_QUALITY)
        frames.append(out.getvalue())
    return PictureFile(type_, side, side, mp4_of_jpegs(frames, side, side, FRAME_MS))


def write_world(folder: Path, count: int = PICTURES) -> int:
    """Draw `count` pictures into `folder` with a manifest; return how many bytes all of it takes.

    Raises `WorldError` when that is more than a package should carry.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    total = 0
    for number in range(count):
        picture = draw_picture(number)
        for file in picture.files:
            (folder / file_name(number, file)).write_bytes(file.data)
            total += len(file.data)
        entries.append(_entry(number, picture))
    manifest = json.dumps({"pictures": entries}, indent=1)
    (folder / "manifest.json").write_text(manifest + "\n", encoding="ascii")
    total += len(manifest) + 1
    if total >= SIZE_LIMIT:
        raise WorldError(f"the world takes {total} bytes; {SIZE_LIMIT} are the limit")
    return total


def file_name(number: int, file: PictureFile) -> str:
    """Return the name of a picture's file: its number and the letter of its size."""
    return f"{number:02}{file.type}.{'jpg' if file.data.startswith(bytes.fromhex('ffd8')) else 'mp4'}"


def _entry(number: int, picture: Picture) -> dict[str, object]:
    def described(files: tuple[PictureFile, ...]) -> list[dict[str, object]]:
        return [
            {
                "file": file_name(number, file),
                "sha256": hashlib.sha256(file.data).hexdigest(),
                "type": file.type,
                "w": file.w,
                "h": file.h,
                "prefixes": file.prefixes,
            }
            for file in files
        ]

    return {
        "stripped": base64.b64encode(picture.stripped).decode(),
        "images": described(picture.images),
        "videos": described(picture.videos),
    }


def main(arguments: list[str]) -> None:
    """Write the world into the folder named, or into the package's own."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.pictures", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=PACKAGED, help="where to; by default into the package")
    folder: Path = parser.parse_args(arguments).folder
    total = write_world(folder)
    sys.stdout.write(f"{PICTURES} pictures, {total} bytes in {folder}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
