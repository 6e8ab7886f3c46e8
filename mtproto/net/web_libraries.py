"""The libraries for HTTP and WebSockets. They are an extra, and are loaded when one of the two is first used."""

from __future__ import annotations

from importlib.util import find_spec

from mtproto.errors import LocalProtocolError

__all__ = ["SUBPROTOCOL", "has_web", "require_web"]

LIBRARIES = ("h11", "wsproto")

SUBPROTOCOL = "binary"
"""What WebSockets ask for and are granted (core.telegram.org/mtproto/transports#websocket)."""


def has_web() -> bool:
    """Tell whether both libraries are installed."""
    return all(find_spec(library) is not None for library in LIBRARIES)


def require_web(name: str) -> None:
    """Do nothing if both libraries are installed.

    Raises:
        LocalProtocolError: one of them is missing for the transport of this name.

    """
    if not has_web():
        raise LocalProtocolError(
            f"the transport {name!r} needs {' and '.join(LIBRARIES)}: install the extra `web`, mtproto-raw[web]"
        )
