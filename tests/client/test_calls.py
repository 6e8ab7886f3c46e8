"""What a client adds to bodies, and how it reads outcomes: without a connection."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.client import blocking, connect
from mtproto.client.application import JSON, Application
from mtproto.client.base import named_proxy
from mtproto.client.calls import CallWriter, Written, method_name
from mtproto.errors import BadRequest, OptionError
from mtproto.link import KeyUse
from mtproto.session import Request
from mtproto.session.events import Result, RpcFailed
from mtproto.transport import MTProxy
from tests.net.support import rsa_key
from tl import Schema, api

BODY = api.functions.help.GetConfig().to_bytes()
REQUEST = Request(BODY)
KEY = KeyUse(7)


def application(**changes: Any) -> Application:
    return Application(**{"api_id": 17, "api_hash": "the-hash", **changes})


@pytest.fixture
def writer() -> CallWriter:
    return CallWriter(api.schema, application())


def test_the_first_call_of_a_client_is_wrapped_in_layer_and_init_connection(writer: CallWriter) -> None:
    wrapped = api.decode(writer.wrap(BODY, KEY).body)
    assert (wrapped.NAME, wrapped.layer) == ("invokeWithLayer", 229)
    assert (wrapped.query.NAME, wrapped.query.api_id) == ("initConnection", 17)
    assert wrapped.query.query == api.functions.help.GetConfig()
    assert writer.wrap(BODY, None).body == writer.wrap(BODY, KEY).body


def test_the_api_hash_is_neither_sent_nor_shown(writer: CallWriter) -> None:
    assert b"the-hash" not in writer.wrap(BODY, KEY).body
    assert "the-hash" not in repr(application())


def test_calls_go_bare_once_the_server_answered_a_wrapped_one(writer: CallWriter) -> None:
    assert writer.read(Result(REQUEST, b"answer"), writer.wrap(BODY, KEY), "") == b"answer"
    assert writer.wrap(BODY, KEY).body == BODY


def test_an_answer_to_a_bare_call_or_an_error_announces_nothing(writer: CallWriter) -> None:
    writer.read(Result(REQUEST, b"answer"), Written(BODY, announces=False, wrapped=False, key=KEY), "")
    with pytest.raises(BadRequest):
        writer.read(RpcFailed(REQUEST, 400, "USER_ID_INVALID"), writer.wrap(BODY, KEY), "")
    assert writer.wrap(BODY, KEY).body != BODY


@pytest.mark.parametrize("other", [KeyUse(8), KeyUse(7, 1), KeyUse(7, 2)])
def test_another_key_or_another_binding_is_told_again(writer: CallWriter, other: KeyUse) -> None:
    writer.read(Result(REQUEST, b""), writer.wrap(BODY, KEY), "")
    assert writer.wrap(BODY, other).body != BODY


def test_each_client_says_it_for_itself(writer: CallWriter) -> None:
    writer.read(Result(REQUEST, b""), writer.wrap(BODY, KEY), "")
    assert CallWriter(api.schema, application()).wrap(BODY, KEY).body != BODY


def test_a_proxy_on_the_way_is_named(writer: CallWriter) -> None:
    wrapped = api.decode(CallWriter(api.schema, application(), ("proxy.example", 443)).wrap(BODY, KEY).body)
    assert wrapped.query.proxy == api.types.InputClientProxy(address="proxy.example", port=443)
    assert wrapped.query.query == api.functions.help.GetConfig()
    assert api.decode(writer.wrap(BODY, None).body).query.proxy is None


def test_further_parameters_are_an_object_of_json() -> None:
    params: JSON = {"tz_offset": 7200, "more": [None, True, 0.5, "text", {}]}
    wrapped = api.decode(CallWriter(api.schema, application(params=params)).wrap(BODY, KEY).body)
    types = api.types
    more = [
        types.JsonNull(),
        types.JsonBool(value=True),
        types.JsonNumber(value=0.5),
        types.JsonString(value="text"),
        types.JsonObject(value=[]),
    ]
    assert wrapped.query.params == types.JsonObject(
        value=[
            types.JsonObjectValue(key="tz_offset", value=types.JsonNumber(value=7200.0)),
            types.JsonObjectValue(key="more", value=types.JsonArray(value=more)),
        ]
    )
    assert wrapped.query.query == api.functions.help.GetConfig()
    assert api.decode(CallWriter(api.schema, application()).wrap(BODY, KEY).body).query.params is None


@pytest.mark.parametrize("params", [b"{}", {"a": b""}, {1: 2}, {"a": [object()]}, object()])
def test_parameters_that_are_no_json_are_refused(params: Any) -> None:
    with pytest.raises(OptionError, match=r"application\.params"):
        CallWriter(api.schema, application(params=params))


def test_parameters_exclude_a_layer_that_has_no_place_for_them(old: Schema) -> None:
    with pytest.raises(OptionError, match="layer 75") as caught:
        CallWriter(old, application(params={"tz_offset": 0}))
    assert caught.value.options == ("application.params", "schema")


@pytest.fixture
def old() -> Schema:
    declarations = """
        help.getConfig#c4f9186b = Config;
        initConnection#785188b8 {X:Type} api_id:int device_model:string system_version:string app_version:string
            system_lang_code:string lang_pack:string lang_code:string query:!X = X;
        invokeWithLayer#da9b0d0d {X:Type} layer:int query:!X = X;
    """
    return Schema.parse("---functions---\n" + " ".join(declarations.split()).replace("; ", ";\n"), layer=75)


def test_a_layer_that_knows_no_proxies_is_not_told_of_one(old: Schema) -> None:
    plain, proxied = CallWriter(old, application()), CallWriter(old, application(), ("proxy.example", 443))
    assert proxied.wrap(BODY, None).body == plain.wrap(BODY, None).body


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
    client = connect(("192.0.2.2", 443), keys=[rsa_key().public], api_id=1, proxy=LINK)
    wrapped = api.decode(client._writer.wrap(BODY, None).body)
    assert wrapped.query.proxy == api.types.InputClientProxy(address="192.0.2.1", port=443)


@pytest.mark.parametrize("message", ["CONNECTION_NOT_INITED", "CONNECTION_LAYER_INVALID"])
def test_a_server_that_forgot_the_layer_gets_the_call_wrapped_once_more(writer: CallWriter, message: str) -> None:
    writer.read(Result(REQUEST, b""), writer.wrap(BODY, KEY), "")
    refusal = RpcFailed(REQUEST, 400, message)
    assert writer.wants_wrapping(refusal, writer.wrap(BODY, KEY))
    wrapped = writer.wrap(BODY, KEY)
    assert wrapped.body != BODY
    assert not writer.wants_wrapping(refusal, wrapped)


def test_what_the_caller_wrapped_stays_as_it_is(writer: CallWriter) -> None:
    own = api.functions.InvokeWithLayer(layer=100, query=api.functions.help.GetConfig()).to_bytes()
    sent = writer.wrap(own, KEY)
    assert sent.body == own
    assert not writer.wants_wrapping(RpcFailed(REQUEST, 400, "CONNECTION_LAYER_INVALID"), sent)
    writer.read(Result(REQUEST, b""), sent, "")
    assert writer.wrap(BODY, KEY).body != BODY


def test_the_name_of_a_method_is_that_of_the_innermost_query() -> None:
    photos = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1)
    assert method_name(api.functions.InvokeWithoutUpdates(query=photos)) == "photos.getUserPhotos"
