"""The authorization key exchange: the client's half, the server's half, and a server that misbehaves on command.

Follows core.telegram.org/mtproto/auth_key and core.telegram.org/mtproto/security_guidelines. Whole plain payloads go
in and come out (envelope included); the key comes out as an `ExchangeResult`.
"""

from __future__ import annotations

from mtproto.exchange.client import ClientExchange
from mtproto.exchange.common import Step
from mtproto.exchange.faults import Change, ExchangeFaults, NamedFaults
from mtproto.exchange.server import ExchangeRejected, ServerExchange
from mtproto.message import ExchangeResult

__all__ = [
    "Change",
    "ClientExchange",
    "ExchangeFaults",
    "ExchangeRejected",
    "ExchangeResult",
    "NamedFaults",
    "ServerExchange",
    "Step",
]
