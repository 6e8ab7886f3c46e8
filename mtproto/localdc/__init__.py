"""An MTProto data centre on loopback: the servers' halves of the protocol behind a socket, with a small world.

The local DC is the peer of the demo, of the tests, and of other people's clients in their tests. The names below are
resolved on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.localdc.accounts import DELIVERIES, Accounts, LocalAccount
    from mtproto.localdc.answers import Refused
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.certificate import self_signed, trusting
    from mtproto.localdc.dc import LocalDC
    from mtproto.localdc.dc_options import NetworkOptions
    from mtproto.localdc.faults import FAULTS, FaultInfo, Faults
    from mtproto.localdc.layers import check_types
    from mtproto.localdc.network import LocalNetwork
    from mtproto.localdc.network_thread import LocalNetworkThread
    from mtproto.localdc.thread import LocalDCThread
    from mtproto.localdc.transcript import RecordedCall
    from mtproto.localdc.world import FileSize, Photo, User, World, WorldError, load_world, world_from_folder

__all__ = [
    "DELIVERIES",
    "FAULTS",
    "Accounts",
    "FaultInfo",
    "Faults",
    "FileSize",
    "IncomingCall",
    "LocalAccount",
    "LocalDC",
    "LocalDCThread",
    "LocalNetwork",
    "LocalNetworkThread",
    "NetworkOptions",
    "Photo",
    "RecordedCall",
    "Refused",
    "User",
    "World",
    "WorldError",
    "check_types",
    "load_world",
    "self_signed",
    "trusting",
    "world_from_folder",
]

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.localdc.accounts": ("DELIVERIES", "Accounts", "LocalAccount"),
            "mtproto.localdc.answers": ("Refused",),
            "mtproto.localdc.calls": ("IncomingCall",),
            "mtproto.localdc.certificate": ("self_signed", "trusting"),
            "mtproto.localdc.dc": ("LocalDC",),
            "mtproto.localdc.dc_options": ("NetworkOptions",),
            "mtproto.localdc.faults": ("FAULTS", "FaultInfo", "Faults"),
            "mtproto.localdc.layers": ("check_types",),
            "mtproto.localdc.network": ("LocalNetwork",),
            "mtproto.localdc.network_thread": ("LocalNetworkThread",),
            "mtproto.localdc.thread": ("LocalDCThread",),
            "mtproto.localdc.transcript": ("RecordedCall",),
            "mtproto.localdc.world": (
                "FileSize",
                "Photo",
                "User",
                "World",
                "WorldError",
                "load_world",
                "world_from_folder",
            ),
        },
    )
