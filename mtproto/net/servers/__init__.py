"""The server's side: a listener with its web server, and a relay. Names are resolved on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.net.servers.listener import MAX_CONNECTIONS, Listener
    from mtproto.net.servers.relay import MAX_VISITORS, Relay, RelayLink

__all__ = [
    "MAX_CONNECTIONS",
    "MAX_VISITORS",
    "Listener",
    "Relay",
    "RelayLink",
]

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.net.servers.listener": (
                "MAX_CONNECTIONS",
                "Listener",
            ),
            "mtproto.net.servers.relay": (
                "MAX_VISITORS",
                "Relay",
                "RelayLink",
            ),
        },
    )
