"""An MTProto data centre on loopback: the servers' halves of the protocol behind a socket, with a small world.

It is the default peer of everything here: of the demo, of tests, of clients by other people. The names below are
resolved on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtproto.localdc.calls import Call, Refused
    from mtproto.localdc.dc import LocalDC
    from mtproto.localdc.faults import FAULTS, FaultInfo, Faults
    from mtproto.localdc.thread import LocalDCThread
    from mtproto.localdc.world.errors import WorldError
    from mtproto.localdc.world.folder import world_from_folder
    from mtproto.localdc.world.load import load_world
    from mtproto.localdc.world.model import FileSize, Photo, User, World

__all__ = [
    "FAULTS",
    "Call",
    "FaultInfo",
    "Faults",
    "FileSize",
    "LocalDC",
    "LocalDCThread",
    "Photo",
    "Refused",
    "User",
    "World",
    "WorldError",
    "load_world",
    "world_from_folder",
]

_HOMES = {
    "mtproto.localdc.calls": ("Call", "Refused"),
    "mtproto.localdc.dc": ("LocalDC",),
    "mtproto.localdc.faults": ("FAULTS", "FaultInfo", "Faults"),
    "mtproto.localdc.thread": ("LocalDCThread",),
    "mtproto.localdc.world.errors": ("WorldError",),
    "mtproto.localdc.world.folder": ("world_from_folder",),
    "mtproto.localdc.world.load": ("load_world",),
    "mtproto.localdc.world.model": ("FileSize", "Photo", "User", "World"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import the module that holds `name` the first time somebody asks for it."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
