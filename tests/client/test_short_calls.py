"""`client.api.photos.getUserPhotos(...)` in both faces: names, options, and what a console shows."""

from __future__ import annotations

import asyncio
import inspect
import os
import rlcompleter
import subprocess
import sys
from operator import attrgetter
from typing import Any

import pytest

from mtproto.client import blocking, connect, short_calls
from mtproto.localdc import LocalDCThread
from tests.net.support import rsa_key
from tl import EncodeError, Schema, api, load_layer

MYSELF = {"_": "inputUserSelf"}


def never_sent(_request: Any) -> Any:
    pytest.fail("a call was made")


API = short_calls(api.schema, never_sent, bytes)
ECHO = short_calls(api.schema, lambda request: request, bytes)
PAGE = {"offset": 0, "max_id": 0, "limit": 100}


def logged_in(dc: LocalDCThread) -> dict[str, Any]:
    return {"flags": 0, "api_id": dc.api_id, "api_hash": dc.api_hash, "bot_auth_token": dc.bot_token}


def options_of(dc: LocalDCThread) -> dict[str, Any]:
    return {"keys": dc.keys, "api_id": dc.api_id, "api_hash": dc.api_hash}


def test_the_one_line_call_with_asyncio(local_dc: LocalDCThread) -> None:
    async def run() -> list[Any]:
        async with connect(local_dc.address, **options_of(local_dc)) as client:
            await client.api.auth.importBotAuthorization(**logged_in(local_dc))
            return [
                await client.api.photos.getUserPhotos(user_id=MYSELF, offset=0, max_id=0, limit=100),
                await client.api.photos.getUserPhotos(user_id=api.types.InputUserSelf(), limit=100),
                await client(api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), **PAGE)),
            ]

    first, second, long = asyncio.run(run())
    assert first == second == long
    assert [photo.id for photo in first.photos] == [photo.id for photo in local_dc.world.bot.photos]


@pytest.mark.parametrize("face", ["asyncio", "blocking"])
def test_a_message_gets_a_number_of_the_clients_random_source(face: str, local_dc: LocalDCThread) -> None:
    drawn: list[bytes] = []

    def random(size: int) -> bytes:
        drawn.append(os.urandom(size))
        return drawn[-1]

    options = {**options_of(local_dc), "random": random}
    message: dict[str, Any] = {"peer": {"_": "inputPeerSelf"}, "message": "hello"}

    async def run() -> None:
        async with connect(local_dc.address, **options) as client:
            await client.api.auth.importBotAuthorization(**logged_in(local_dc))
            await client.api.messages.sendMessage(**message)
            await client.api_with(timeout=5).messages.sendMessage(**message)

    if face == "asyncio":
        asyncio.run(run())
    else:
        with blocking.connect(local_dc.address, **options) as client:
            client.api.auth.importBotAuthorization(**logged_in(local_dc))
            client.api.messages.sendMessage(**message)
            client.api_with(timeout=5).messages.sendMessage(**message)
    sent: list[Any] = [call.arguments for call in local_dc.calls if call.method == "messages.sendMessage"]
    numbers = [request.random_id for request in sent]
    assert len(set(numbers)) == 2
    assert {number.to_bytes(8, "little", signed=True) for number in numbers} <= set(drawn)
    assert [local_dc.executions(number) for number in numbers] == [1, 1]


def test_the_one_line_call_without_asyncio(local_dc: LocalDCThread) -> None:
    with blocking.connect(local_dc.address, **options_of(local_dc)) as client:
        client.api.auth.importBotAuthorization(**logged_in(local_dc))
        found = client.api.photos.getUserPhotos(user_id=MYSELF, limit=100)
    assert [photo.id for photo in found.photos] == [photo.id for photo in local_dc.world.bot.photos]


@pytest.mark.parametrize("face", ["asyncio", "blocking"])
def test_options_stand_beside_the_fields(face: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[Any, dict[str, Any]]] = []
    open_client: Any = connect if face == "asyncio" else blocking.connect
    client = open_client(("127.0.0.1", 1), keys=[rsa_key().public], api_id=1)
    monkeypatch.setattr(type(client), "__call__", lambda _client, request, **options: made.append((request, options)))
    client.api_with(timeout=5, idempotent=True).help.getNearestDc()
    client.api.help.getConfig()
    assert made == [
        (api.functions.help.GetNearestDc(), {"timeout": 5, "idempotent": True, "after": (), "alone": None}),
        (api.functions.help.GetConfig(), {"timeout": ..., "idempotent": None, "after": (), "alone": None}),
    ]
    with pytest.raises(TypeError, match="lane"):
        client.api_with(lane="files")


def test_a_misspelt_field_or_dict_fails_at_the_call_and_nothing_is_sent() -> None:
    with pytest.raises(TypeError, match="did you mean 'limit'"):
        API.photos.getUserPhotos(user_id=MYSELF, limmit=1)
    with pytest.raises(EncodeError, match=r"photos\.getUserPhotos\.user_id: no constructor .* mean 'inputUserSelf'"):
        API.photos.getUserPhotos(user_id={"_": "inputUserSlef"}, limit=1)
    with pytest.raises(TypeError, match=r"takes its fields by name: photos\.getUserPhotos\(\*, user_id: 'InputUser'"):
        API.photos.getUserPhotos(MYSELF)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("photos.getUserPhoto", "api has no method photos.getUserPhoto; did you mean 'photos.getUserPhotos'?"),
        ("photos.GetUserPhotos", "api has no method photos.GetUserPhotos; did you mean 'photos.getUserPhotos'?"),
        ("foto.getUserPhotos", "api has no method foto; did you mean 'photos'?"),
        ("photos.xyzzy", "api has no method photos.xyzzy"),
    ],
)
def test_a_misspelt_method_is_an_error_with_the_nearest_name(path: str, text: str) -> None:
    with pytest.raises(AttributeError) as error:
        attrgetter(path)(API)
    assert str(error.value) == text


def test_a_console_completes_namespaces_methods_and_nothing_else() -> None:
    complete = rlcompleter.Completer({"api": API})
    assert complete.complete("api.pho", 0) == "api.phone"
    assert complete.complete("api.photos.getUser", 0) == "api.photos.getUserPhotos("
    methods = {f"photos.{name}" for name in dir(API.photos)}
    assert methods == {name for name in api.schema if name.startswith("photos.") and api.schema.is_function(name)}
    assert {"photos", "invokeWithLayer", "help"} <= {*dir(API)}
    assert "inputUserSelf" not in dir(API)


def test_a_method_has_its_name_signature_and_page() -> None:
    method = API.photos.getUserPhotos
    assert [*inspect.signature(method).parameters] == ["user_id", "offset", "max_id", "limit"]
    assert method.__name__ == "getUserPhotos"
    assert method.__doc__.splitlines() == [
        api.functions.photos.GetUserPhotos.DECLARATION,
        "",
        "https://core.telegram.org/method/photos.getUserPhotos",
    ]
    assert repr(method).startswith("<method photos.getUserPhotos(*, user_id: 'InputUser', offset: 'int' = 0,")
    assert repr(API.photos) == "<methods photos.* of api>"


def test_every_method_of_the_schema_can_be_named() -> None:
    for name in filter(api.schema.is_function, api.schema):
        assert repr(attrgetter(name)(ECHO)).startswith(f"<method {name}(")
    assert ECHO.help.getConfig() == api.functions.help.GetConfig()


def test_the_methods_are_those_of_the_clients_schema() -> None:
    old = short_calls(load_layer(82), lambda request: request, bytes)
    assert old.photos.getUserPhotos(user_id=MYSELF, limit=1).SCHEMA.layer == 82
    with pytest.raises(AttributeError, match="has no method stories"):
        old.stories  # noqa: B018
    nested = Schema.parse("int ? = Int;\n---functions---\na.b.get x:int = Int;", name="own")
    assert short_calls(nested, lambda request: request, bytes).a.b.get(x=1).x == 1


def test_nothing_is_imported_or_made_until_a_method_is_named() -> None:
    program = (
        "import sys; from mtproto.client.methods import short_calls; from tl import api; made = []; "
        "short_calls(api.schema, made.append, bytes).photos; "
        "print('tl.tools' in sys.modules, len(api.schema._compiler.classes._classes))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "0"]
