"""The TL language: schemas, the classes made of them, and their bytes (core.telegram.org/mtproto/TL).

    from tl import api, service     the packaged schemas
    tl.Schema.parse(text)           any other

Names are looked up when they are first used, so that importing one part does not import the others.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it; importing `typing` would cost more than all of `tl`

if TYPE_CHECKING:
    from typing import Any

    from tl import api as api
    from tl import service as service
    from tl.declaration import Declaration
    from tl.elements import Elements
    from tl.errors import DecodeError, EncodeError, SchemaError, TLError
    from tl.objects import TLFunction, TLObject
    from tl.schema import Schema

__all__ = [
    "Declaration",
    "DecodeError",
    "Elements",
    "EncodeError",
    "Schema",
    "SchemaError",
    "TLError",
    "TLFunction",
    "TLObject",
    "api",
    "service",
]

_HOME = {
    "Declaration": "tl.declaration",
    "DecodeError": "tl.errors",
    "Elements": "tl.elements",
    "EncodeError": "tl.errors",
    "Schema": "tl.schema",
    "SchemaError": "tl.errors",
    "TLError": "tl.errors",
    "TLFunction": "tl.objects",
    "TLObject": "tl.objects",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in ("api", "service"):
        return import_module(f"tl.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'tl' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
