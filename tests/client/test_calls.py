"""What a client adds to bodies, and how it reads outcomes: without a connection."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.client.application import Application
from mtproto.client.calls import CallWriter, is_idempotent, method_name
from mtproto.errors import BadRequest
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.session.events import Result, RpcFailed
from mtproto.session.outbox import Request
from tl import api

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
