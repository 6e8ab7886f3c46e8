"""What is no call is refused before anything is sent, by an error that says what to write."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mtproto.client import blocking, connect
from tests.net.support import rsa_key
from tl import api, service

METHOD = r"a client sends an object of a method, such as api\.functions\.help\.GetConfig\(\)"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (api.functions.help.GetConfig, r", not the class: api\.functions\.help\.GetConfig\(…\), with brackets"),
        (api.functions.photos.GetUserPhotos, r", not the class: api\.functions\.photos\.GetUserPhotos\(…\)"),
        (b"\x6b\x18\xf9\xc4", r"; call_bytes\(…\) sends bytes"),
        (bytearray(4), r"; call_bytes\(…\) sends bytes"),
        ("help.getConfig", ", not str"),
        (None, ", not None"),
        (api.types.InputUserSelf(), "; inputUserSelf is a constructor, which nobody calls"),
        (api.types.InputUserSelf, ", not the class InputUserSelf, which is none of a method"),
        (object, ", not type"),
    ],
)
def test_the_error_says_what_to_write(request_: Any, said: str) -> None:
    options: dict[str, Any] = {"keys": [rsa_key().public], "api_id": 1}
    for client in (connect(("192.0.2.1", 1), **options), blocking.connect(("192.0.2.1", 1), **options)):
        with pytest.raises(TypeError, match=METHOD + said):
            asyncio.run(client(request_)) if asyncio.iscoroutinefunction(client.__call__) else client(request_)


def test_an_object_of_a_method_of_another_schema_is_a_call() -> None:
    from mtproto.client.calls import check_request

    check_request(service.functions.Ping(ping_id=1))
