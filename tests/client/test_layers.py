"""The client speaks any layer of the history."""

from __future__ import annotations

import pytest

import tl
from mtproto.client.application import Application
from mtproto.client.calls import CallWriter


@pytest.mark.parametrize("number", [46, 66, 67, 77, 78, 111, 112, 113, 228])
def test_the_first_call_in_each_form_of_init_connection(number: int) -> None:
    schema = tl.load_layer(number)
    request = schema.functions.help.GetConfig()
    application = Application(api_id=7, lang_code="eo", lang_pack="pack")
    written = CallWriter(schema, application).wrap(request.to_bytes(), None).body
    wrapper = schema.decode(written)
    assert (wrapper.NAME, wrapper.layer) == ("invokeWithLayer", number)
    assert (wrapper.query.api_id, wrapper.query.lang_code) == (7, "eo")
    assert getattr(wrapper.query, "lang_pack", "pack") == "pack"
    assert wrapper.query.query == request
