"""The only floor with sockets: shells that pump bytes between a socket and a link.

Names are resolved on first use, so that the blocking shell never loads asyncio.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtproto.link import ServerQuery
    from mtproto.net.blocking import BlockingConnection
    from mtproto.net.clock import Clock
    from mtproto.net.connection import Call, Connection
    from mtproto.net.listener import Listener
    from mtproto.net.plain import ask_plain
    from mtproto.net.updates import UpdatesDropped

__all__ = [
    "BlockingConnection",
    "Call",
    "Clock",
    "Connection",
    "Listener",
    "ServerQuery",
    "UpdatesDropped",
    "ask_plain",
]

_HOME_OF = {
    "BlockingConnection": "mtproto.net.blocking",
    "Call": "mtproto.net.connection",
    "Clock": "mtproto.net.clock",
    "Connection": "mtproto.net.connection",
    "Listener": "mtproto.net.listener",
    "ServerQuery": "mtproto.link",
    "UpdatesDropped": "mtproto.net.updates",
    "ask_plain": "mtproto.net.plain",
}


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
