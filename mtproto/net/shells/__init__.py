"""The client's side: a connection for asyncio, another for threads, and the pump that both have.

    Connection ─────────▶ AsyncDriver ───┐
                                         ├──▶ ConnectionCore ──▶ Pump ──▶ carrier, link
    BlockingConnection ─▶ ThreadDriver ──┘

Names are resolved on first use, so that the blocking connection never loads asyncio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.net.shells.blocking import BlockingConnection
    from mtproto.net.shells.connection import Connection
    from mtproto.net.shells.driver_async import StartedCall
    from mtproto.net.shells.driver_threads import BlockingCall
    from mtproto.net.shells.plain_question import ask_plain
    from mtproto.net.shells.saved_state import STATE_FILE_VERSION
    from mtproto.net.shells.update_queue import Item, UpdateQueue, UpdatesDropped

__all__ = [
    "STATE_FILE_VERSION",
    "BlockingCall",
    "BlockingConnection",
    "Connection",
    "Item",
    "StartedCall",
    "UpdateQueue",
    "UpdatesDropped",
    "ask_plain",
]

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.net.shells.blocking": ("BlockingConnection",),
            "mtproto.net.shells.connection": ("Connection",),
            "mtproto.net.shells.driver_async": ("StartedCall",),
            "mtproto.net.shells.driver_threads": ("BlockingCall",),
            "mtproto.net.shells.plain_question": ("ask_plain",),
            "mtproto.net.shells.saved_state": ("STATE_FILE_VERSION",),
            "mtproto.net.shells.update_queue": (
                "Item",
                "UpdateQueue",
                "UpdatesDropped",
            ),
        },
    )
