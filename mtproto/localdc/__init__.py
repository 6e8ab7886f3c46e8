"""An MTProto data centre on loopback: the servers' halves of the protocol behind a socket, with a small world.

It is the default peer of everything here: of the demo, of tests, of clients by other people. The names below are
resolved on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.localdc.answers import Refused
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.certificate import self_signed
    from mtproto.localdc.dc import LocalDC
    from mtproto.localdc.faults import FAULTS, FaultInfo, Faults
    from mtproto.localdc.thread import LocalDCThread
    from mtproto.localdc.world.errors import WorldError
    from mtproto.localdc.world.folder import world_from_folder
    from mtproto.localdc.world.load import load_world
    from mtproto.localdc.world.model import FileSize, Photo, User, World

__all__ = [
    "FAULTS",
    "FaultInfo",
    "Faults",
    "FileSize",
    "IncomingCall",
    "LocalDC",
    "LocalDCThread",
    "Photo",
    "Refused",
    "User",
    "World",
    "WorldError",
    "load_world",
    "self_signed",
    "world_from_folder",
]

__getattr__, __dir__ = lazy_names(
    globals(),
    {
        "mtproto.localdc.answers": ("Refused",),
        "mtproto.localdc.calls": ("IncomingCall",),
        "mtproto.localdc.certificate": ("self_signed",),
        "mtproto.localdc.dc": ("LocalDC",),
        "mtproto.localdc.faults": ("FAULTS", "FaultInfo", "Faults"),
        "mtproto.localdc.thread": ("LocalDCThread",),
        "mtproto.localdc.world.errors": ("WorldError",),
        "mtproto.localdc.world.folder": ("world_from_folder",),
        "mtproto.localdc.world.load": ("load_world",),
        "mtproto.localdc.world.model": ("FileSize", "Photo", "User", "World"),
    },
)
