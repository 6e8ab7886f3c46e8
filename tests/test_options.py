"""An option that vanishes may leak an address: calls refuse one that is misspelt, wrong or contradicts another."""

from __future__ import annotations

import os
import ssl
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from mtproto import Application, ClientExchange, ClientSession, OptionError, ServerExchange, ServerSession, connect
from mtproto.client import blocking
from mtproto.client.options import ClientKeywords, ClientOptions
from mtproto.crypto.rsa import RSAPublicKey
from mtproto.datacenters import PRODUCTION, PRODUCTION_KEYS, TEST
from mtproto.limits import DEFAULT_LIMITS, Limits
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
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.net import BlockingConnection, Connection, Listener, ask_plain
from mtproto.net.options import ConnectionKeywords, ConnectionOptions
from mtproto.proxy import ProxyServer
from mtproto.transport import Secret
from tl import Schema

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS = ("192.0.2.1", 443)
KEYS = [RSAPublicKey.from_data(data) for data in PRODUCTION_KEYS]
PLAIN, PADDED = "52" * 16, "dd" + "52" * 16
PROXY = f"tg://proxy?server=192.0.2.9&port=443&secret={PADDED}"
CLIENT = {"keys": KEYS, "api_id": 1}
LINK = {"dc_id": 2, "random": os.urandom}


def state_of(dc_id: int, expires_at: float | None = None) -> KeyState:
    return KeyState(auth_key=AuthKey(bytes(range(256))), dc_id=dc_id, expires_at=expires_at)


def client(**options: Any) -> Any:
    return connect(ADDRESS, **{**CLIENT, **options})


def server_state() -> ServerSessions:
    return ServerSessions(os.urandom, limits=DEFAULT_LIMITS)


PUBLIC_CALLS: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], str, str]] = [
    (connect, (ADDRESS,), CLIENT, "prxy", "proxy"),
    (connect, (ADDRESS,), CLIENT, "pfss", "pfs"),
    (connect, (ADDRESS,), CLIENT, "transprt", "transport"),
    (connect, (ADDRESS,), CLIENT, "time_out", "timeout"),
    (connect, (ADDRESS,), {"keys": KEYS}, "ap_id", "api_id"),
    (connect, (ADDRESS,), {"api_id": 1}, "key", "keys"),
    (blocking.connect, (ADDRESS,), CLIENT, "prxy", "proxy"),
    (Connection, (ADDRESS, KEYS), {}, "back_off", "backoff"),
    (BlockingConnection, (ADDRESS, KEYS), {}, "prxy", "proxy"),
    (ClientLink, (KEYS,), LINK, "secrt", "secret"),
    (ClientLink, (KEYS,), {"random": os.urandom}, "dcid", "dc_id"),
    (PfsLink, (KEYS,), LINK, "expires", "expires_in"),
    (ServerLink, (None, [], 0.0, os.urandom), {}, "secret", "secrets"),
    (Listener, (None, []), {}, "prot", "port"),
    (ask_plain, (ADDRESS, b""), {}, "prxy", "proxy"),
    (LocalDC, (), {}, "publichost", "public_host"),
    (LocalDCThread, (), {}, "sate", "state"),
    (ProxyServer, ([PLAIN], {2: ADDRESS}), {}, "fall_back", "fallback"),
    (Application, (), {"api_id": 1}, "lang_kode", "lang_code"),
    (Limits, (), {}, "inflatd", "inflated"),
    (BackoffPolicy, (), {}, "cieling", "ceiling"),
    (ClientExchange, (KEYS, 2, os.urandom), {}, "expiresin", "expires_in"),
    (ServerExchange, ([], os.urandom), {}, "dc_id", "dc_ids"),
    (ClientSession, (state_of(2),), {"random": os.urandom}, "limit", "limits"),
    (ServerSession, (AuthKey(bytes(256)), 1), {"random": os.urandom}, "limit", "limits"),
]


@pytest.mark.parametrize(
    ("call", "arguments", "options", "misspelt", "meant"),
    PUBLIC_CALLS,
    ids=[f"{call.__name__}-{wrong}" for call, _, _, wrong, _ in PUBLIC_CALLS],
)
def test_a_misspelt_option_is_named_and_so_is_the_nearest_one(
    call: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any], misspelt: str, meant: str
) -> None:
    with pytest.raises(TypeError, match=f"{call.__name__}.*{misspelt!r}; did you mean {meant!r}"):
        call(*arguments, **options, **{misspelt: None})


def test_all_misspelt_options_are_named() -> None:
    with pytest.raises(TypeError, match=r"'pfss'.*'prxy'.*'transprt'"):
        client(prxy="socks5://127.0.0.1:1", pfss=True, transprt="full")


def test_an_option_that_is_like_no_other_is_named_alone() -> None:
    with pytest.raises(TypeError, match=r"has no option 'xyzzy'$"):
        client(xyzzy=1)


@pytest.mark.parametrize(
    ("options", "both"),
    [
        ({"application": Application(api_id=2)}, {"application", "api_id"}),
        ({"application": Application(api_id=1, api_hash="a"), "api_hash": "b"}, {"application", "api_hash"}),
        ({"expires_in": 3600}, {"expires_in", "pfs"}),
        ({"expires_in": 3600, "pfs": False}, {"expires_in", "pfs"}),
        ({"tls": ssl.create_default_context()}, {"tls", "transport"}),
        ({"tls": ssl.create_default_context(), "transport": "websocket"}, {"tls", "transport"}),
        ({"tls": ssl.create_default_context(), "proxy": PROXY}, {"tls", "transport"}),
        ({"transport": "full", "proxy": PROXY}, {"transport", "proxy"}),
        ({"transport": "intermediate", "proxy": PROXY}, {"transport", "proxy"}),
        ({"transport": "full", "proxy": PROXY.replace(PADDED, PLAIN)}, {"transport", "proxy"}),
        ({"transport": "websocket", "proxy": PROXY}, {"transport", "proxy"}),
        ({"transport": "http", "proxy": PROXY}, {"transport", "proxy"}),
        ({"dc_id": 2, "state": state_of(4)}, {"dc_id", "state"}),
        ({"dc_id": 2, "state": state_of(4), "pfs": True}, {"dc_id", "state"}),
    ],
)
@pytest.mark.parametrize("call", [connect, blocking.connect])
def test_options_that_exclude_one_another_are_both_named(
    call: Callable[..., Any], options: dict[str, Any], both: set[str]
) -> None:
    with pytest.raises(OptionError) as caught:
        call(ADDRESS, **{**CLIENT, **options})
    assert set(caught.value.options) == both
    assert all(name in str(caught.value) for name in both)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("place", "dc_id"), [(PRODUCTION[2], 4), (TEST[2], 2), (TEST[2], 10003), (PRODUCTION[2], 10002)]
)
def test_a_data_centre_is_not_called_by_the_id_of_another(place: Any, dc_id: int) -> None:
    with pytest.raises(OptionError) as caught:
        connect(place, keys=KEYS, api_id=1, dc_id=dc_id)
    assert set(caught.value.options) == {"dc_id", "address"}


@pytest.mark.parametrize(
    "options",
    [
        {"application": Application(api_id=1, api_hash="a")},
        {"application": Application(api_id=1, api_hash="a"), "api_hash": "a"},
        {"application": Application(api_id=7), "api_id": None},
        {"expires_in": 3600, "pfs": True},
        {"expires_in": None, "tls": None, "proxy": None, "state": None, "dc_id": None, "transport": None},
        {"transport": "padded", "proxy": PROXY},
        {"transport": "obfuscated-padded", "proxy": PROXY},
        {"transport": "abridged", "proxy": PROXY.replace(PADDED, PLAIN)},
        {"proxy": PROXY},
        {"tls": ssl.create_default_context(), "transport": "websocket-tls"},
        {"dc_id": -4, "state": state_of(4)},
        {"dc_id": 4, "state": state_of(0)},
        {"state": state_of(4)},
        {"timeout": None},
        {"timeout": 0.5},
    ],
)
def test_options_that_go_together_are_taken(options: dict[str, Any]) -> None:
    assert client(**options).connection.is_open is False


def test_a_data_centre_may_be_called_by_its_own_ids() -> None:
    for place, dc_id in ((PRODUCTION[2], 2), (PRODUCTION[2], -2), (TEST[2], 10002), (TEST[2], None)):
        connect(place, keys=KEYS, api_id=1, dc_id=dc_id)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"transport": "ful"}, "'full'"),
        ({"transport": "Intermediate"}, "'intermediate'"),
        ({"transport": "websockt"}, "'websocket'"),
        ({"transport": 7}, "transport takes a str or None, not int"),
        ({"api_id": "1"}, "api_id takes an int or None, not str"),
        ({"transport": "obfuscated_padded"}, "'obfuscated-padded'"),
        ({"timeout": -1.0}, "-1"),
        ({"timeout": float("nan")}, "nan"),
        ({"pfs": True, "expires_in": 0}, "0 seconds"),
        ({"proxy": ("192.0.2.9", 1080)}, "not tuple"),
        ({"proxy": PROXY.encode()}, "not bytes"),
        ({"schema": Schema.parse("a#1 = A;", name="mine")}, "mine.*invokeWithLayer"),
    ],
)
def test_a_wrong_value_is_refused_at_once(options: dict[str, Any], named: str) -> None:
    with pytest.raises(OptionError, match=named) as caught:
        client(**options)
    assert set(caught.value.options) <= set(options)


@pytest.mark.parametrize("of", [LocalDC, LocalDCThread])
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("port", -1),
        ("port", 65536),
        ("session_age", 0),
        ("session_age", float("nan")),
        ("key_age", -1.0),
        ("max_connections", 0),
    ],
)
def test_a_wrong_number_is_refused_before_a_data_centre_starts(
    of: Callable[..., Any], option: str, value: float
) -> None:
    with pytest.raises(OptionError, match=str(value)) as caught:
        of(**{option: value})
    assert caught.value.options == (option,)


def test_a_wrong_transport_of_a_link_is_refused_at_once() -> None:
    for kind in (ClientLink, PfsLink):
        with pytest.raises(OptionError, match="did you mean 'full'"):
            kind(KEYS, dc_id=2, random=os.urandom, transport="ful")
        with pytest.raises(OptionError, match="'padded', not 'full'"):
            kind(KEYS, dc_id=2, random=os.urandom, transport="full", secret=Secret.parse(PADDED))


def test_a_temporary_key_binds_no_temporary_key() -> None:
    with pytest.raises(OptionError, match="temporary"):
        client(pfs=True, state=state_of(2, expires_at=1.0))


def test_nobody_connects_without_an_application() -> None:
    with pytest.raises(TypeError, match="api_id"):
        connect(ADDRESS, keys=KEYS)


def test_options_come_as_one_object_or_by_name() -> None:
    options = ConnectionOptions(dc_id=4)
    assert Connection(ADDRESS, KEYS, options).status.value == "disconnected"
    with pytest.raises(OptionError, match="both ways"):
        Connection(ADDRESS, KEYS, options, dc_id=4)
    with pytest.raises(OptionError, match="both ways"):
        ClientLink(KEYS, LinkOptions(dc_id=2, random=os.urandom), dc_id=2)


@pytest.mark.parametrize(
    ("keywords", "options"),
    [
        (LinkKeywords, LinkOptions),
        (ServerLinkKeywords, ServerLinkOptions),
        (ConnectionKeywords, ConnectionOptions),
    ],
)
def test_what_editors_offer_is_what_travels(
    keywords: type, options: type[LinkOptions | ServerLinkOptions | ConnectionOptions]
) -> None:
    assert keywords.__annotations__.keys() == {field.name for field in fields(options)}


def test_what_editors_offer_for_a_client_is_what_travels_to_it_and_to_its_connection() -> None:
    own, below = ({field.name for field in fields(kind)} for kind in (ClientOptions, ConnectionOptions))
    assert ClientKeywords.__annotations__.keys() == (own - {"connection"}) | below
    assert not own & below


def test_options_show_no_secret_and_do_not_change() -> None:
    options = ConnectionOptions(proxy=PROXY)
    assert PADDED not in repr(options)
    with pytest.raises(AttributeError):
        options.pfs = True  # type: ignore[misc] # it is frozen
