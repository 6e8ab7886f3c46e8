"""MTProto, Telegram's protocol, as a low-level library: the client's half and the server's half.

The names below are resolved on first use, so that importing the package costs nothing: a program that needs the
session machine alone never loads asyncio, and one that needs the TL language alone (`from tl import api`) never
loads this package.

Four depths to enter at:

- `Account(...)` is one login over several data centres; `blocking.Account(...)` the same without asyncio;
- `connect(...)` gives an asyncio `Client`; `blocking.connect(...)` the same without asyncio;
- `net.Connection` carries raw bodies over a socket, for callers who read and write TL themselves;
- `ClientExchange` and `ClientSession` (and their server's halves) are machines without any I/O.

`LocalDC` is a data centre on loopback: the default peer of everything here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.account import Account
    from mtproto.client import Application, Client, connect
    from mtproto.crypto import PRODUCTION_KEYS, TEST_KEYS, RSAPrivateKey, RSAPublicKey
    from mtproto.errors import (
        ConnectionLost,
        DeadlineExceeded,
        ExchangeFailed,
        KeyUnknown,
        LocalProtocolError,
        LoggedOut,
        LoginCancelled,
        MTProtoError,
        OptionError,
        OutcomeUnknown,
        RemoteProtocolError,
        RequestCancelled,
        RpcError,
        TransportError,
    )
    from mtproto.exchange import ClientExchange, ServerExchange
    from mtproto.limits import DEFAULT_LIMITS, SERVER_LIMITS, Limits
    from mtproto.localdc import LocalDC
    from mtproto.message import AuthKey, KeyState
    from mtproto.session import ClientSession, ServerSession

__all__ = [
    "DEFAULT_LIMITS",
    "PRODUCTION_KEYS",
    "SERVER_LIMITS",
    "TEST_KEYS",
    "Account",
    "Application",
    "AuthKey",
    "Client",
    "ClientExchange",
    "ClientSession",
    "ConnectionLost",
    "DeadlineExceeded",
    "ExchangeFailed",
    "KeyState",
    "KeyUnknown",
    "Limits",
    "LocalDC",
    "LocalProtocolError",
    "LoggedOut",
    "LoginCancelled",
    "MTProtoError",
    "OptionError",
    "OutcomeUnknown",
    "RSAPrivateKey",
    "RSAPublicKey",
    "RemoteProtocolError",
    "RequestCancelled",
    "RpcError",
    "ServerExchange",
    "ServerSession",
    "TransportError",
    "blocking",
    "connect",
]

__version__ = "0.1.0"

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.account": ("Account",),
            "mtproto.blocking": ("blocking",),
            "mtproto.client": ("Application", "Client", "connect"),
            "mtproto.crypto": ("PRODUCTION_KEYS", "RSAPrivateKey", "RSAPublicKey", "TEST_KEYS"),
            "mtproto.errors": (
                "ConnectionLost",
                "DeadlineExceeded",
                "ExchangeFailed",
                "KeyUnknown",
                "LocalProtocolError",
                "LoggedOut",
                "LoginCancelled",
                "MTProtoError",
                "OptionError",
                "OutcomeUnknown",
                "RemoteProtocolError",
                "RequestCancelled",
                "RpcError",
                "TransportError",
            ),
            "mtproto.exchange": ("ClientExchange", "ServerExchange"),
            "mtproto.limits": ("DEFAULT_LIMITS", "SERVER_LIMITS", "Limits"),
            "mtproto.localdc": ("LocalDC",),
            "mtproto.message": ("AuthKey", "KeyState"),
            "mtproto.session": ("ClientSession", "ServerSession"),
        },
    )
