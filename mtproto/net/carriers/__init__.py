"""Ways to a server: TCP, TLS, SOCKS, HTTP, WebSocket. Carriers know neither asyncio nor threads.

`interfaces` says what a carrier is, and `registry` lists the carriers. Names are resolved on first use, so that `h11`,
`wsproto`, `python-socks` and `ssl` are loaded only where they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.net.carriers.happy_eyeballs import open_tcp
    from mtproto.net.carriers.interfaces import Carrier, CarrierLoop, Loop, Opener, Owner, Socket, Timer
    from mtproto.net.carriers.registry import CARRIERS
    from mtproto.net.carriers.route import Place, Route
    from mtproto.net.carriers.socks import ALIASES, SCHEMES, SocketProxy, connect_through, connect_through_async

__all__ = [
    "ALIASES",
    "CARRIERS",
    "SCHEMES",
    "Carrier",
    "CarrierLoop",
    "Loop",
    "Opener",
    "Owner",
    "Place",
    "Route",
    "Socket",
    "SocketProxy",
    "Timer",
    "connect_through",
    "connect_through_async",
    "open_tcp",
]

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.net.carriers.happy_eyeballs": ("open_tcp",),
            "mtproto.net.carriers.interfaces": (
                "Carrier",
                "CarrierLoop",
                "Loop",
                "Opener",
                "Owner",
                "Socket",
                "Timer",
            ),
            "mtproto.net.carriers.registry": ("CARRIERS",),
            "mtproto.net.carriers.route": (
                "Place",
                "Route",
            ),
            "mtproto.net.carriers.socks": (
                "ALIASES",
                "SCHEMES",
                "SocketProxy",
                "connect_through",
                "connect_through_async",
            ),
        },
    )
