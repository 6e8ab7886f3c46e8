"""An option with a value of a wrong type is an `OptionError` that names the option, in every public call."""

from __future__ import annotations

import os
import ssl
import weakref
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import create_autospec

import pytest

from mtproto import Application, ClientExchange, ClientSession, OptionError, ServerExchange, connect
from mtproto._option_types import JUDGED_ELSEWHERE, wrong_type
from mtproto.client import blocking
from mtproto.client.options import ClientKeywords, ClientOptions
from mtproto.crypto.rsa import RSAPublicKey
from mtproto.datacenters import PRODUCTION_KEYS
from mtproto.limits import Limits
from mtproto.link import (
    BackoffPolicy,
    ClientLink,
    LinkKeywords,
    LinkOptions,
    PfsLink,
    ServerLink,
    ServerLinkKeywords,
    ServerLinkOptions,
    ServerSessions,
)
from mtproto.localdc import LocalDC, LocalDCThread
from mtproto.localdc.dc_options import DCOptions
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.net import BlockingConnection, Connection, Listener, ask_plain
from mtproto.net.carriers import SocketProxy
from mtproto.net.options import ConnectionKeywords, ConnectionOptions
from mtproto.proxy import ProxyServer
from mtproto.transport import MTProxy, Secret
from tl import api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ADDRESS = ("192.0.2.1", 443)
KEYS = [RSAPublicKey.from_data(data) for data in PRODUCTION_KEYS]
KEY = "52" * 16
SECRET = Secret.parse(KEY)
STATE = KeyState(auth_key=AuthKey(bytes(range(256))), dc_id=2)
APPLICATION = Application(api_id=1)

CALLS: list[tuple[Callable[..., Any], dict[str, Any], tuple[type, ...]]] = [
    (connect, {"address": ADDRESS, "keys": KEYS, "api_id": 1}, (ClientKeywords,)),
    (blocking.connect, {"address": ADDRESS, "keys": KEYS, "api_id": 1}, (ClientKeywords,)),
    (Connection, {"address": ADDRESS, "keys": KEYS}, (ConnectionKeywords,)),
    (BlockingConnection, {"address": ADDRESS, "keys": KEYS}, (ConnectionKeywords,)),
    (ClientLink, {"keys": KEYS, "dc_id": 2, "random": os.urandom}, (LinkKeywords,)),
    (PfsLink, {"keys": KEYS, "dc_id": 2, "random": os.urandom}, (LinkKeywords,)),
    (
        ServerLink,
        {"state": ServerSessions(os.urandom), "keys": [], "now": 0.0, "random": os.urandom},
        (ServerLinkKeywords,),
    ),
    (ServerSessions, {"random": os.urandom}, ()),
    (Listener, {"handler": lambda query: b"", "keys": []}, ()),
    (LocalDC, {}, (DCOptions,)),
    (LocalDCThread, {}, (DCOptions,)),
    (ProxyServer, {"secrets": [KEY], "dcs": {2: ADDRESS}}, ()),
    (ask_plain, {"address": ADDRESS, "payload": b""}, ()),
    (ClientExchange, {"keys": KEYS, "dc_id": 2, "random": os.urandom}, ()),
    (ServerExchange, {"keys": [], "random": os.urandom}, ()),
    (ClientSession, {"state": STATE, "random": os.urandom}, ()),
    (Application, {"api_id": 1}, ()),
    (Limits, {}, ()),
    (BackoffPolicy, {}, ()),
    (ClientOptions, {"application": APPLICATION, "connection": ConnectionOptions()}, ()),
    (ConnectionOptions, {}, ()),
    (LinkOptions, {"dc_id": 2, "random": os.urandom}, ()),
    (ServerLinkOptions, {}, ()),
    (MTProxy, {"address": ADDRESS, "secret": SECRET}, ()),
    (SocketProxy, {"scheme": "http", "address": ADDRESS}, ()),
]


class Foreign:
    """A class that no option takes."""


def annotations_of(call: Callable[..., Any], keywords: tuple[type, ...]) -> dict[str, str]:
    """Return what the options of a call take, by name, as it is written."""
    if is_dataclass(call):
        return {field.name: str(field.type) for field in fields(call)}
    function: Any = call.__init__ if isinstance(call, type) else call  # type: ignore[misc] # of that very class
    own = {name: text for name, text in function.__annotations__.items() if name != "return"}
    own = {name: text for name, text in own.items() if not text.startswith("Unpack[")}
    return own | {name: text.__forward_arg__ for kind in keywords for name, text in kind.__annotations__.items()}


def options() -> Iterator[Any]:
    """Give each option of each call, but for those that another function reads."""
    for call, needed, keywords in CALLS:
        for name, text in annotations_of(call, keywords).items():
            if not any(word in JUDGED_ELSEWHERE for word in text.replace(" ", "").split("|")):
                yield pytest.param(call, needed, name, id=f"{call.__module__}.{call.__name__}-{name}")


@pytest.mark.parametrize(("call", "needed", "name"), list(options()))
def test_a_value_that_no_option_takes_is_refused_by_each(
    call: Callable[..., Any], needed: dict[str, Any], name: str
) -> None:
    for value in (Foreign(), 5j):
        with pytest.raises(OptionError, match=rf"^the option {name} takes .*, not {type(value).__name__}$") as caught:
            call(**{**needed, name: value})
        assert caught.value.options == (name,)


@pytest.mark.parametrize("of", [LocalDC, LocalDCThread, connect, blocking.connect, Listener, ProxyServer])
def test_options_by_place_are_looked_at_too(of: Callable[..., Any]) -> None:
    wrong: dict[Any, tuple[Any, ...]] = {Listener: (5, []), ProxyServer: (KEY, {2: ADDRESS})}
    arguments = wrong.get(of, ("127.0.0.1", "x"))
    if of in (connect, blocking.connect):
        with pytest.raises(OptionError, match="keys takes a list of RSAPublicKey, not RSAPublicKey"):
            of(ADDRESS, keys=KEYS[0], api_id=1)
        return
    with pytest.raises(OptionError, match="takes"):
        of(*arguments)


@pytest.mark.parametrize(
    ("of", "option", "value", "said"),
    [
        (LocalDC, "world", "folder", "takes a World or None, not str; localdc.world_from_folder"),
        (LocalDC, "world", Path("folder"), "a World or None, not PosixPath; localdc.world_from_folder"),
        (LocalDC, "port", "x", "takes an int, not str"),
        (LocalDC, "port", True, "takes an int, not bool"),
        (LocalDC, "port", 1.0, "takes an int, not float"),
        (LocalDC, "port", None, "takes an int, not None"),
        (LocalDC, "strict", "no", "takes True or False, not str"),
        (LocalDC, "tls", "cert.pem", "takes an SSLContext or None, not str"),
        (LocalDC, "schemas", {"5": 5}, "a dict of int to Schema or None, not dict with str"),
        (LocalDC, "schemas", {5: "a#1 = A;"}, "not dict with str; Schema.parse"),
        (LocalDC, "session_age", "never", "takes a number or None, not str"),
        (LocalDC, "key", "-----BEGIN", "takes an RSAPrivateKey or None, not str; RSAPrivateKey.from_pem"),
        (LocalDC, "state", 5, "takes a str, a Path or None, not int"),
        (ProxyServer, "secrets", "dd" + KEY, "a list of Secret or str, not str"),
        (ProxyServer, "dcs", {2: "127.0.0.1:443"}, "dict with str"),
        (ProxyServer, "dcs", {2: ("127.0.0.1", "443")}, r"dict with \(str, str\)"),
        (ProxyServer, "fallback", "127.0.0.1:443", r"takes \(str, int\) or None, not str"),
        (MTProxy, "secret", KEY, "takes a Secret, not str; Secret.parse"),
    ],
)
def test_the_error_says_what_is_wanted_and_what_came(
    of: Callable[..., Any], option: str, value: object, said: str
) -> None:
    needed = next(needed for call, needed, _ in CALLS if call is of)
    with pytest.raises(OptionError, match=said):
        of(**{**needed, option: value})


@pytest.mark.parametrize("option", ["proxy", "api_hash", "keys", "pfs"])
@pytest.mark.parametrize("value", [b"the-secret", ["the-secret"], {"the-secret": 1}], ids=["bytes", "list", "dict"])
def test_the_error_repeats_no_value(option: str, value: object) -> None:
    with pytest.raises(OptionError) as caught:
        connect(ADDRESS, **{"keys": KEYS, "api_id": 1, option: value})  # type: ignore[arg-type] # that is the point
    assert "the-secret" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        ("float | None", 5),
        ("int", 5),
        ("Limits", type("Mine", (Limits,), {})()),
        ("Limits", create_autospec(Limits, instance=True)),
        ("Schema | None", weakref.proxy(api.schema)),
        ("Sequence[RSAPublicKey]", tuple(KEYS)),
        ("Sequence[RSAPublicKey]", {key.fingerprint: key for key in KEYS}.values()),
        ("Container[int] | None", range(5)),
        ("Container[int] | None", {5}),
        ("str | Path | None", Path("x")),
        ("KeyState | bytes | None", bytearray(b"")),
        ("Callable[[int], bytes]", os.urandom),
        ("ssl.SSLContext | None", ssl.create_default_context()),
        ("tuple[str, int] | None", ["host", 443]),
        ("Mapping[int, tuple[str, int]]", {2: ADDRESS}),
        ("Mapping[int, tuple[str, int]]", {}),
    ],
)
def test_what_worked_is_taken(annotation: str, value: object) -> None:
    assert wrong_type(annotation, value) == ""
