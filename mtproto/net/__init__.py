"""The only floor with sockets: shells that pump bytes between a socket and a link.

    shells/     the client's side: one connection for asyncio, one for threads, and the pump that both have
    carriers/   ways to a server: TCP, TLS, SOCKS, HTTP, WebSocket; written once for both shells
    servers/    the server's side: a listener with its web server, and a relay

Names are resolved on first use, so that the blocking connection never loads asyncio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.link import ServerQuery
    from mtproto.net.clock import Clock
    from mtproto.net.options import ConnectionKeywords, ConnectionOptions
    from mtproto.net.route_options import TRANSPORT_NAMES, Destination, Proxy, parse_proxy, route_to
    from mtproto.net.servers import MAX_CONNECTIONS, MAX_VISITORS, Listener, Relay, RelayLink
    from mtproto.net.shells import (
        STATE_FILE_VERSION,
        BlockingCall,
        BlockingConnection,
        Connection,
        Item,
        StartedCall,
        UpdateQueue,
        UpdatesDropped,
        ask_plain,
    )

__all__ = [
    "MAX_CONNECTIONS",
    "MAX_VISITORS",
    "STATE_FILE_VERSION",
    "TRANSPORT_NAMES",
    "BlockingCall",
    "BlockingConnection",
    "Clock",
    "Connection",
    "ConnectionKeywords",
    "ConnectionOptions",
    "Destination",
    "Item",
    "Listener",
    "Proxy",
    "Relay",
    "RelayLink",
    "ServerQuery",
    "StartedCall",
    "UpdateQueue",
    "UpdatesDropped",
    "ask_plain",
    "parse_proxy",
    "route_to",
]

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.link": ("ServerQuery",),
            "mtproto.net.clock": ("Clock",),
            "mtproto.net.options": (
                "ConnectionKeywords",
                "ConnectionOptions",
            ),
            "mtproto.net.route_options": (
                "TRANSPORT_NAMES",
                "Destination",
                "Proxy",
                "parse_proxy",
                "route_to",
            ),
            "mtproto.net.servers": (
                "MAX_CONNECTIONS",
                "MAX_VISITORS",
                "Listener",
                "Relay",
                "RelayLink",
            ),
            "mtproto.net.shells": (
                "STATE_FILE_VERSION",
                "BlockingCall",
                "BlockingConnection",
                "Connection",
                "Item",
                "StartedCall",
                "UpdateQueue",
                "UpdatesDropped",
                "ask_plain",
            ),
        },
    )
