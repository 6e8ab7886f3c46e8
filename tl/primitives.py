"""The declarations that name a primitive rather than an object, and the form of that primitive on the wire.

Schemas begin with lines such as `int ? = Int`, `int53 = Int53` or `int256 8*[ int ] = Int256`. The official compiler
takes such a type for a primitive by its name alone (TDLib's `TD_TL_writer`, TON's generator): `int53 = Int53` is no
constructor without fields. The sizes are those of TDLib and TON. `int32` is an `int`. `int53` and `int64` are a `long`:
53 bits are what JavaScript's numbers hold, 64 bits are sent. `int512` is 64 raw bytes. `secureString` and `secureBytes`
are a `string` and `bytes` that a program should wipe from memory after use. `object` and `function` are any boxed
object and any function.
"""

from __future__ import annotations

from tl.declaration import Repetition

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from tl.declaration import Declaration

__all__ = ["PRIMITIVES", "SECURE", "primitive"]

PRIMITIVES = {
    "int": "int",
    "long": "long",
    "double": "double",
    "string": "string",
    "bytes": "bytes",
    "int32": "int",
    "int53": "long",
    "int64": "long",
    "int128": "int128",
    "int256": "int256",
    "int512": "int512",
    "secureString": "string",
    "secureBytes": "bytes",
    "object": "object",
    "function": "function",
}
"""The code of a kind (see `plan`) by the name of a bare type, where a schema declares that name as a primitive."""

SECURE = frozenset({"secureString", "secureBytes"})
"""Primitives whose values are secrets by declaration."""


def primitive(declaration: Declaration) -> str | None:
    """Return the code of the primitive that a declaration names, or None for an ordinary constructor or function.

    The code is empty for a primitive whose size is not known here (`float ? = Float`, `int24 = Int24`).
    """
    name = declaration.name
    code = PRIMITIVES.get(name)
    if declaration.builtin:
        return code or ""
    if declaration.function or declaration.generics or str(declaration.result) != name[:1].upper() + name[1:]:
        return None
    if not declaration.parameters:
        signed = name.removeprefix("u")
        numbered = signed.startswith("int") and signed[3:].isdecimal()
        return code if code is not None else "" if numbered else None
    return code if code is not None and _spells(declaration, code) else None


def _spells(declaration: Declaration, code: str) -> bool:
    """Tell whether the fields of a declaration spell a primitive: `bytes data:string`, `int256 8*[ int ]`."""
    only = declaration.parameters[0]
    if len(declaration.parameters) > 1 or only.word is not None:
        return False
    if not isinstance(only.type, Repetition):
        return code in ("bytes", "string") and str(only.type) == "string"
    words = [str(field.type) for field in only.type.fields if field.word is None]
    sized = code.startswith("int") and code[3:].isdecimal()
    return sized and words in (["int"], ["int32"]) and str(only.type.count) == str(int(code[3:]) // 32)
