"""An image → a picture in all the sizes of a profile photo. The only module here that touches Pillow (extra `world`).

Sizes and letters: core.telegram.org/api/files#image-thumbnail-types (a, b, c are cut to a square).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from mtproto.localdc.world.errors import WorldError
from mtproto.localdc.world.jpeg import scan_borders, stripped
from mtproto.localdc.world.model import Picture, PictureFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from PIL.Image import Image

__all__ = ["PICTURE_SIZES", "picture_from_image", "require_pillow", "square"]

PICTURE_SIZES = (("a", 160), ("b", 320), ("c", 640))
PROGRESSIVE = "c"
PROGRESSIVE_STEPS = 5
"""How many prefixes a progressive size declares at most; the encoder writes ten scans."""

STRIPPED_SIDE = 40

STRIPPED_QUALITY = 20
"""The fixed header of stripped thumbnails holds the tables that libjpeg writes at this quality."""


def require_pillow() -> ModuleType:
    """Return `PIL.Image`, or raise `WorldError` with what to install."""
    try:
        import PIL.Image
    except ImportError as error:
        raise WorldError("pictures of your own need Pillow: pip install 'mtproto-raw[world]'") from error
    return PIL.Image


def square(image: Image) -> Image:
    """Cut the middle of an image out, as wide as it is high, without transparency, comment or anything else."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    cut = image.convert("RGB").crop((left, top, left + side, top + side))
    cut.info.clear()  # Pillow writes a comment into every file that it makes of the image, the stripped form too
    return cut


def picture_from_image(image: Image, quality: int = 80) -> Picture:
    """Return the picture in all sizes: JPEG of the given quality, the largest progressive, and the stripped form."""
    whole = square(image)
    return Picture(
        stripped=_stripped(whole),
        images=tuple(_file(whole, type_, side, quality) for type_, side in PICTURE_SIZES),
    )


def _file(image: Image, type_: str, side: int, quality: int) -> PictureFile:
    progressive = type_ == PROGRESSIVE
    out = io.BytesIO()
    image.resize((side, side)).save(out, "JPEG", quality=quality, optimize=True, progressive=progressive)
    data = out.getvalue()
    return PictureFile(type_, side, side, data, _prefixes(data) if progressive else ())


def _prefixes(data: bytes) -> tuple[int, ...]:
    """Choose scan borders, evenly, the first and the last among them; the last prefix is the whole file."""
    borders = scan_borders(data)
    steps = min(PROGRESSIVE_STEPS, len(borders))
    chosen: Sequence[int] = [borders[(len(borders) - 1) * step // max(steps - 1, 1)] for step in range(steps)]
    return (*chosen[:-1], len(data))


def _stripped(image: Image) -> bytes:
    small = image.resize((STRIPPED_SIDE, STRIPPED_SIDE))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=STRIPPED_QUALITY, subsampling="4:2:0", optimize=False)
    return stripped(out.getvalue(), small.width, small.height)
