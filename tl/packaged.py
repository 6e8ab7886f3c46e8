"""The schemas that ship with the package."""

from __future__ import annotations

from tl.schema import Schema

__all__ = ["packaged"]


def packaged(name: str) -> Schema:
    """Return the schema of `schemas/{name}.tl`; the loader of this module finds the file, in a folder or a zip file.

    Raises:
        ImportError: the loader of the package gives no access to data files.

    """
    if __spec__ is None or __spec__.loader is None or __spec__.origin is None:
        raise ImportError("tl was imported by a loader that gives no access to the schemas")
    folder = __spec__.origin.removesuffix("packaged.py").removesuffix("packaged.pyc")
    text: bytes = __spec__.loader.get_data(f"{folder}schemas/{name}.tl")  # type: ignore[attr-defined]
    return Schema(text.decode(), name=name, dialect="telegram")
