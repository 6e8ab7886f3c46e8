"""The schemas that ship with the package."""

from __future__ import annotations

from tl.schema import Schema

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from tl.objects import TLObject

__all__ = ["packaged", "restored"]

_NAMES = ("api", "mtproto")

_loaded: dict[str, Schema] = {}
"""One name is one schema, so that an object out of a pickle equals the one that went in."""


def packaged(name: str) -> Schema:
    """Return the schema of `schemas/{name}.tl`; the loader of this module finds the file, in a folder or a zip file.

    Raises:
        ImportError: the loader of the package gives no access to data files.

    """
    found = _loaded.get(name)
    if found is not None:
        return found
    if __spec__ is None or __spec__.loader is None or __spec__.origin is None:
        raise ImportError("tl was imported by a loader that gives no access to the schemas")
    folder = __spec__.origin.removesuffix("packaged.py").removesuffix("packaged.pyc")
    text: bytes = __spec__.loader.get_data(f"{folder}schemas/{name}.tl")  # type: ignore[attr-defined]
    return _loaded.setdefault(name, Schema(text.decode(), name=name, dialect="telegram", restore=restored))


def restored(schema: str, name: str) -> TLObject:
    """Return an object without fields for a pickle: of a TL name, in the packaged schema of a name.

    Raises:
        pickle.UnpicklingError: there is no such schema, or no such class.

    """
    from tl.pickling import empty_object, no_schema

    if schema not in _NAMES:
        raise no_schema(schema)
    return empty_object(packaged(schema), name)
