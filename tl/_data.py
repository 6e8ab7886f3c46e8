"""The schemas that ship with the package."""

from __future__ import annotations

from tl.schema import Schema

__all__ = ["packaged"]


def packaged(name: str) -> Schema:
    """Return the schema of `schemas/{name}.tl`. The module's own loader finds it, in a folder or in a zip file."""
    if __spec__ is None or __spec__.loader is None or __spec__.origin is None:
        raise ImportError("tl was loaded by something that keeps no place for data")
    folder = __spec__.origin.removesuffix("_data.py").removesuffix("_data.pyc")
    text: bytes = __spec__.loader.get_data(f"{folder}schemas/{name}.tl")  # type: ignore[attr-defined]
    return Schema(text.decode(), name=name, dialect="telegram")
