"""The only floor with sockets: shells that pump bytes between a socket and a link.

Names are resolved on first use, so that the blocking shell never loads asyncio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.link import ServerQuery
    from mtproto.net.clock import Clock
    from mtproto.net.servers.listener import Listener
    from mtproto.net.shells.ask_plain import ask_plain
    from mtproto.net.shells.blocking import BlockingConnection
    from mtproto.net.shells.connection import Connection
    from mtproto.net.shells.driver_async import StartedCall
    from mtproto.net.shells.driver_threads import BlockingCall
    from mtproto.net.shells.update_queue import UpdatesDropped

__all__ = [
    "BlockingCall",
    "BlockingConnection",
    "Clock",
    "Connection",
    "Listener",
    "ServerQuery",
    "StartedCall",
    "UpdatesDropped",
    "ask_plain",
]

__getattr__, __dir__ = lazy_names(
    globals(),
    {
        "mtproto.link": ("ServerQuery",),
        "mtproto.net.shells.blocking": ("BlockingConnection",),
        "mtproto.net.clock": ("Clock",),
        "mtproto.net.shells.connection": ("Connection",),
        "mtproto.net.shells.driver_async": ("StartedCall",),
        "mtproto.net.shells.driver_threads": ("BlockingCall",),
        "mtproto.net.servers.listener": ("Listener",),
        "mtproto.net.shells.ask_plain": ("ask_plain",),
        "mtproto.net.shells.update_queue": ("UpdatesDropped",),
    },
)
