"""A proxy that speaks MTProto: its clients share a secret with it, and it connects them to the data centre that they
name.

    async with ProxyServer(["dd…"], {2: dc.address}) as proxy:
        link = proxy.links()[0].link          # tg://proxy?server=…, what `connect(…, proxy=link)` takes

`ProxyLink` is one visitor, without any I/O; `ProxyServer` is the whole proxy, for asyncio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.proxy.link import ProxyLink
    from mtproto.proxy.server import ProxyServer
    from mtproto.proxy.state import ProxyState

__all__ = ["ProxyLink", "ProxyServer", "ProxyState"]

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.proxy.link": ("ProxyLink",),
            "mtproto.proxy.server": ("ProxyServer",),
            "mtproto.proxy.state": ("ProxyState",),
        },
    )
