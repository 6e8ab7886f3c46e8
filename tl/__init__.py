"""The TL language: schemas, their classes, and the way between objects and bytes (core.telegram.org/mtproto/TL).

    from tl import api, service     the packaged schemas
    tl.load_layer(181)              the API in another layer
    tl.Schema.parse(text)           any other schema

Other packages import these modules, and no others:

    tl           the names below, each imported at the first use
    tl.api       Telegram's API, in the packaged layer
    tl.service   the service messages of MTProto
    tl.wire      primitives to bytes and back, for code that reads or writes TL by hand

benchmarks/measurements/startup.py measures how long a program takes to start, and explains what this package does for
that.
"""

from __future__ import annotations

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from typing import Any

    from tl import api as api
    from tl import service as service
    from tl import wire as wire
    from tl.declaration import Declaration
    from tl.dissect import Node
    from tl.elements import Elements
    from tl.errors import DecodeError, EncodeError, SchemaError, TLError
    from tl.layer_loader import layers, load_layer
    from tl.nearest_name import nearest
    from tl.objects import TLFunction, TLObject
    from tl.schema import Schema
    from tl.stubs import stub_files
    from tl.tools import request_of, signature_of, translate

__all__ = [
    "Declaration",
    "DecodeError",
    "Elements",
    "EncodeError",
    "Node",
    "Schema",
    "SchemaError",
    "TLError",
    "TLFunction",
    "TLObject",
    "api",
    "layers",
    "load_layer",
    "nearest",
    "request_of",
    "service",
    "signature_of",
    "stub_files",
    "translate",
    "wire",
]

_MODULES = frozenset({"api", "service", "wire"})

_HOME = {
    "Declaration": "tl.declaration",
    "DecodeError": "tl.errors",
    "Elements": "tl.elements",
    "EncodeError": "tl.errors",
    "Node": "tl.dissect",
    "Schema": "tl.schema",
    "SchemaError": "tl.errors",
    "TLError": "tl.errors",
    "TLFunction": "tl.objects",
    "TLObject": "tl.objects",
    "layers": "tl.layer_loader",
    "load_layer": "tl.layer_loader",
    "nearest": "tl.nearest_name",
    "request_of": "tl.tools",
    "signature_of": "tl.tools",
    "stub_files": "tl.stubs",
    "translate": "tl.tools",
}


if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return __import__(f"tl.{name}", fromlist=[name])
        if name not in _HOME:
            raise AttributeError(f"module 'tl' has no attribute {name!r}")
        value = getattr(__import__(_HOME[name], fromlist=[name]), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted(__all__)
