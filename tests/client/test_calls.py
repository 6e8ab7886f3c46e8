"""What a client adds to bodies, and how it reads outcomes: without a connection."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.client import blocking, connect
from mtproto.client.application import Application
from mtproto.client.base import named_proxy
from mtproto.client.calls import CallWriter, is_idempotent, method_name
from mtproto.errors import BadRequest
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.session.events import Result, RpcFailed
from mtproto.session.outbox import Request
from mtproto.transport import MTProxy
from tl import Schema, api

BODY = api.functions.help.GetConfig().to_bytes()
REQUEST = Request(BODY)


def application(**changes: Any) -> Application:
    return Application(**{"api_id": 17, "api_hash": "the-hash", **changes})


@pytest.fixture
def state() -> KeyState:
    return KeyState(auth_key=AuthKey(bytes(range(256))))


@pytest.fixture
def writer() -> CallWriter:
    return CallWriter(api.schema, application())


def test_the_first_call_of_a_key_is_wrapped_in_layer_and_init_connection(writer: CallWriter, state: KeyState) -> None:
    wrapped = api.decode(writer.wrap(BODY, state))
    assert (wrapped.NAME, wrapped.layer) == ("invokeWithLayer", 229)
    assert (wrapped.query.NAME, wrapped.query.api_id) == ("initConnection", 17)
    assert wrapped.query.query == api.functions.help.GetConfig()
    assert writer.wrap(BODY, None) == writer.wrap(BODY, state)


def test_the_api_hash_is_neither_sent_nor_shown(writer: CallWriter, state: KeyState) -> None:
    assert b"the-hash" not in writer.wrap(BODY, state)
    assert "the-hash" not in repr(application())


def test_calls_go_bare_once_the_server_answered_a_wrapped_one(writer: CallWriter, state: KeyState) -> None:
    sent = writer.wrap(BODY, state)
    assert writer.read(Result(REQUEST, b"answer"), sent, "", state) == b"answer"
    assert writer.wrap(BODY, state) == BODY


def test_an_answer_to_a_bare_call_or_an_error_announces_nothing(writer: CallWriter, state: KeyState) -> None:
    writer.read(Result(REQUEST, b"answer"), BODY, "", state)
    with pytest.raises(BadRequest):
        writer.read(RpcFailed(REQUEST, 400, "USER_ID_INVALID"), writer.wrap(BODY, state), "", state)
    assert writer.wrap(BODY, state) != BODY


@pytest.mark.parametrize("change", [{"api_id": 18}, {"app_version": "2"}, {"lang_code": "de"}])
def test_another_application_announces_itself_again(
    writer: CallWriter, state: KeyState, change: dict[str, Any]
) -> None:
    writer.read(Result(REQUEST, b""), writer.wrap(BODY, state), "", state)
    assert CallWriter(api.schema, application(**change)).wrap(BODY, state) != BODY


def test_a_proxy_on_the_way_is_named_and_announced_again(writer: CallWriter, state: KeyState) -> None:
    writer.read(Result(REQUEST, b""), writer.wrap(BODY, state), "", state)
    wrapped = api.decode(CallWriter(api.schema, application(), ("proxy.example", 443)).wrap(BODY, state))
    assert wrapped.query.proxy == api.types.InputClientProxy(address="proxy.example", port=443)
    assert wrapped.query.query == api.functions.help.GetConfig()
    assert api.decode(writer.wrap(BODY, None)).query.proxy is None


def test_a_layer_that_knows_no_proxies_is_not_told_of_one() -> None:
    declarations = """
        help.getConfig#c4f9186b = Config;
        initConnection#785188b8 {X:Type} api_id:int device_model:string system_version:string app_version:string
            system_lang_code:string lang_pack:string lang_code:string query:!X = X;
        invokeWithLayer#da9b0d0d {X:Type} layer:int query:!X = X;
    """
    old = Schema.parse("---functions---\n" + " ".join(declarations.split()).replace("; ", ";\n"), layer=75)
    plain, proxied = CallWriter(old, application()), CallWriter(old, application(), ("proxy.example", 443))
    assert proxied.wrap(BODY, None) == plain.wrap(BODY, None)


LINK = "tg://proxy?server=192.0.2.1&port=443&secret=" + "00" * 16


@pytest.mark.parametrize(
    ("proxy", "named"),
    [
        (None, None),
        (LINK, ("192.0.2.1", 443)),
        (MTProxy.parse(LINK), ("192.0.2.1", 443)),
        ("socks5://192.0.2.1:1080", None),
    ],
)
def test_only_a_proxy_that_speaks_mtproto_is_named(proxy: str | MTProxy | None, named: tuple[str, int] | None) -> None:
    assert named_proxy(proxy) == named


@pytest.mark.parametrize("connect", [connect, blocking.connect])
def test_both_clients_name_it(connect: Any) -> None:
    client = connect(("192.0.2.2", 443), keys=[], api_id=1, proxy=LINK)
    wrapped = api.decode(client._writer.wrap(BODY, None))
    assert wrapped.query.proxy == api.types.InputClientProxy(address="192.0.2.1", port=443)


@pytest.mark.parametrize("message", ["CONNECTION_NOT_INITED", "CONNECTION_LAYER_INVALID"])
def test_a_server_that_forgot_the_layer_gets_the_call_wrapped_once_more(
    writer: CallWriter, state: KeyState, message: str
) -> None:
    writer.read(Result(REQUEST, b""), writer.wrap(BODY, state), "", state)
    refusal = RpcFailed(REQUEST, 400, message)
    assert writer.wants_wrapping(refusal, BODY, state)
    wrapped = writer.wrap(BODY, state)
    assert wrapped != BODY
    assert not writer.wants_wrapping(refusal, wrapped, state)


def test_what_the_caller_wrapped_stays_as_it_is(writer: CallWriter, state: KeyState) -> None:
    own = api.functions.InvokeWithLayer(layer=100, query=api.functions.help.GetConfig()).to_bytes()
    assert writer.wrap(own, state) == own
    writer.read(Result(REQUEST, b""), own, "", state)
    assert writer.wrap(BODY, state) != BODY


def test_methods_named_get_are_idempotent_whatever_they_are_wrapped_in() -> None:
    functions, types = api.functions, api.types
    photos = functions.photos.GetUserPhotos(user_id=types.InputUserSelf(), offset=0, max_id=0, limit=1)
    assert is_idempotent(photos)
    assert is_idempotent(functions.InvokeWithoutUpdates(query=photos))
    assert method_name(functions.InvokeWithoutUpdates(query=photos)) == "photos.getUserPhotos"
    assert not is_idempotent(functions.auth.LogOut())
    assert not is_idempotent(functions.InvokeWithoutUpdates(query=functions.auth.LogOut()))
