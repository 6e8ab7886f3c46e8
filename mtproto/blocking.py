"""The faces without asyncio: `connect` for one data centre, `Account` for one login over several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.account.blocking import Account
    from mtproto.client.blocking import Client, connect

__all__ = ["Account", "Client", "connect"]

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.account.blocking": ("Account",),
            "mtproto.client.blocking": ("Client", "connect"),
        },
    )
