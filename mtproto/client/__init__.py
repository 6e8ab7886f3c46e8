"""Calls by schema over one data centre: an asyncio client and a blocking one.

This floor owns the API schema: below it, bodies are bytes. The names are resolved on first use, so that
`mtproto.client.blocking` never loads asyncio.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtproto.client import blocking
    from mtproto.client.application import Application
    from mtproto.client.client import Client, connect
    from mtproto.client.updates import UndecodableUpdate

__all__ = ["Application", "Client", "UndecodableUpdate", "blocking", "connect"]


def __getattr__(name: str) -> Any:
    """Import the module that holds `name` the first time somebody asks for it."""
    if name == "blocking":
        return import_module("mtproto.client.blocking")
    if name == "Application":
        from mtproto.client.application import Application

        return Application
    if name == "UndecodableUpdate":
        from mtproto.client.updates import UndecodableUpdate

        return UndecodableUpdate
    if name in {"Client", "connect"}:
        return getattr(import_module("mtproto.client.client"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
