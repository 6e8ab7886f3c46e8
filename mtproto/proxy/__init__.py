"""A proxy that speaks MTProto: it knows its clients by a secret, and leads them to the data centre that they name.

    async with ProxyServer(["dd…"], {2: dc.address}) as proxy:
        link = proxy.links()[0].link          # tg://proxy?server=…, what `connect(…, proxy=link)` takes

`ProxyLink` is one visitor, without any I/O; `ProxyServer` is the whole, for asyncio.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtproto.proxy.link import ProxyLink
    from mtproto.proxy.server import ProxyServer
    from mtproto.proxy.state import ProxyState

__all__ = ["ProxyLink", "ProxyServer", "ProxyState"]

_HOME_OF = {
    "ProxyLink": "mtproto.proxy.link",
    "ProxyServer": "mtproto.proxy.server",
    "ProxyState": "mtproto.proxy.state",
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
