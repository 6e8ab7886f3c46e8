"""The carriers by name. To add a carrier: its own file, and one row here (and its name in `net.route_options`)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mtproto.net.carriers.happy_eyeballs import open_tcp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtproto.net.carriers.interfaces import Carrier, CarrierLoop, Opener, Owner
    from mtproto.net.carriers.route import Route

__all__ = ["CARRIERS"]


def _open_websocket(loop: CarrierLoop, route: Route, owner: Owner) -> Carrier:
    from mtproto.net.carriers.websocket import WebSocketCarrier

    return WebSocketCarrier(loop, route, owner, open_tcp)


def _open_websocket_tls(loop: CarrierLoop, route: Route, owner: Owner) -> Carrier:
    from mtproto.net.carriers.tls import open_tls
    from mtproto.net.carriers.websocket import WebSocketCarrier

    return WebSocketCarrier(loop, route, owner, open_tls)


def _open_http(loop: CarrierLoop, route: Route, owner: Owner) -> Carrier:
    from mtproto.net.carriers.http import HttpCarrier

    return HttpCarrier(loop, route, owner)


CARRIERS: Mapping[str, Opener] = MappingProxyType(
    {
        "tcp": open_tcp,
        "websocket": _open_websocket,
        "websocket-tls": _open_websocket_tls,
        "http": _open_http,
    }
)
"""The carriers by name. A carrier that needs a library is imported when it is first opened."""
