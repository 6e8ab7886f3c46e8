"""Calls by schema over one data centre: an asyncio client and a blocking one.

This floor owns the API schema: below it, bodies are bytes. The names are resolved on first use, so that
`mtproto.client.blocking` never loads asyncio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.client.application import Application
    from mtproto.client.client import Client, connect
    from mtproto.client.methods import short_calls
    from mtproto.client.options import ClientKeywords, Timeout
    from mtproto.client.repeatable import is_repeatable
    from mtproto.client.updates import ReceivedUpdate, UndecodableUpdate, read_update

__all__ = [
    "Application",
    "Client",
    "ClientKeywords",
    "ReceivedUpdate",
    "Timeout",
    "UndecodableUpdate",
    "blocking",
    "connect",
    "is_repeatable",
    "read_update",
    "short_calls",
]

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.client.application": ("Application",),
            "mtproto.client.blocking": ("blocking",),
            "mtproto.client.client": ("Client", "connect"),
            "mtproto.client.methods": ("short_calls",),
            "mtproto.client.options": ("ClientKeywords", "Timeout"),
            "mtproto.client.repeatable": ("is_repeatable",),
            "mtproto.client.updates": ("ReceivedUpdate", "UndecodableUpdate", "read_update"),
        },
    )
