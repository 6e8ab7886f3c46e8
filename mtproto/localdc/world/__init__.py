"""The world of a local DC: its users and their pictures, packaged or from a folder of the user's own.

The repository draws the packaged pictures (`python -m tests.pictures`); the package holds the files alone.
"""

from __future__ import annotations

from mtproto.localdc.world.chat import LocalChat
from mtproto.localdc.world.errors import WorldError
from mtproto.localdc.world.folder import world_from_folder
from mtproto.localdc.world.jpeg import jpeg_size
from mtproto.localdc.world.load import load_pictures, load_world
from mtproto.localdc.world.model import USERNAME, FileSize, Photo, Picture, PictureFile, User, World, derived_hash

__all__ = [
    "USERNAME",
    "FileSize",
    "LocalChat",
    "Photo",
    "Picture",
    "PictureFile",
    "User",
    "World",
    "WorldError",
    "derived_hash",
    "jpeg_size",
    "load_pictures",
    "load_world",
    "world_from_folder",
]
