"""The schemas of several layers, and answers in each of them."""

from __future__ import annotations

import pytest

from tests.conftest import _SHARED
from tests.flows.answers import Answers
from tl import Schema, api

OLD_LAYERS = [layer for layer in (133, 181) if (_SHARED / f"schema/layers/api-{layer}.tl").is_file()]
LAYERS = [*OLD_LAYERS, 229]
_SCHEMAS: dict[int, Schema] = {229: api.schema}


def schema_of(layer: int) -> Schema:
    """Return the schema of a layer; the older ones are read once."""
    if layer not in _SCHEMAS:
        text = (_SHARED / f"schema/layers/api-{layer}.tl").read_text("utf-8")
        _SCHEMAS[layer] = Schema(text, layer=layer, name=f"layer {layer}")
    return _SCHEMAS[layer]


@pytest.fixture(params=LAYERS)
def each(request: pytest.FixtureRequest) -> Answers:
    """Return the answers of each layer in turn."""
    return Answers(schema_of(request.param))


@pytest.fixture(params=[layer for layer in LAYERS if layer > 133])
def later(request: pytest.FixtureRequest) -> Answers:
    """Return the answers of the layers that know login e-mails and future auth tokens."""
    return Answers(schema_of(request.param))


@pytest.fixture
def latest() -> Answers:
    """Return the answers of the packaged layer."""
    return Answers(schema_of(229))
