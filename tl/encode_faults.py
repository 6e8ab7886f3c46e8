"""The reason why an object cannot be written: a slow check of each field, after generated code refused the object."""

from __future__ import annotations

from tl.errors import EncodeError
from tl.objects import TLFunction, TLObject
from tl.wire import MAX_BYTES, escaped_bytes

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from typing import Any

    from tl.objects import SchemaOfObject
    from tl.plan import Field, Kind

__all__ = ["explain", "fault"]

_RANGES = {"int": (-(1 << 31), 1 << 31), "long": (-(1 << 63), 1 << 63), "nat": (0, 1 << 32)}
_OBJECTS = ("boxed", "bare", "object", "function")
_ABSENT = object()


def explain(refused: TLObject, nesting: int, error: Exception) -> EncodeError:
    """Return the error for an object that a generated writer refused; `nesting` bounds the depth of objects in it."""
    name = type(refused).__qualname__
    plan = refused.PLAN
    if nesting < 1 and plan.holds_objects:
        return EncodeError("objects are nested too deep", name)
    for field in plan.fields:
        reason = _field_fault(field, getattr(refused, field.attribute, _ABSENT), refused.SCHEMA)
        if reason:
            return EncodeError(reason[1], name, field.name + reason[0])
    for field in plan.fields:
        # Generated code may have written a small object itself; the writer of that object names the fault.
        inner = getattr(refused, field.attribute)
        if isinstance(inner, TLObject) and not inner.PLAN.holds_objects:
            try:
                inner.to_bytes(nesting)
            except EncodeError as error_inside:
                return error_inside
    return _bits_fault(refused) or EncodeError(f"cannot be written: {error}", name)


def _bits_fault(refused: TLObject) -> EncodeError | None:
    """Return the error for fields that share a bit of which only some are given."""
    plan, name = refused.PLAN, type(refused).__qualname__
    needed: dict[str, Field] = {}
    for word, bits in reversed(plan.words.items()):
        for bit, fields in bits.items():
            there = [_is_there(field, getattr(refused, field.attribute)) for field in fields]
            if any(there) and not all(there):
                names = ", ".join([field.name for field in fields])
                reason = f"fields that share a bit are given together or not at all ({names}: {word}.{bit})"
                return EncodeError(reason, name, fields[there.index(False)].name)
            if any(there):
                needed[word] = fields[0]
        for bit, inner in plan.inner[word].items():
            wanting = [needed[each] for each in inner if each in needed]
            fields = bits.get(bit, [])
            if wanting and fields and not _is_there(fields[0], getattr(refused, fields[0].attribute)):
                reason = f"missing, since {wanting[0].name} is given and needs the bit {word}.{bit}"
                return EncodeError(reason, name, fields[0].name)
            if wanting:
                needed[word] = wanting[0]
    return None


def _is_there(field: Field, value: Any) -> bool:
    return bool(value) if field.is_flag else value is not None


def _field_fault(field: Field, value: Any, schema: SchemaOfObject) -> tuple[str, str] | None:
    if value is _ABSENT:
        return "", "missing"
    if field.is_flag:
        return None if value is True or value is False else ("", f"{_a(value)} where true or false is declared")
    if value is None:
        return None if field.word is not None else ("", f"None where {_article(str(field.kind))} is declared")
    return fault(field.kind, value, schema)


def fault(kind: Kind, value: Any, schema: SchemaOfObject) -> tuple[str, str] | None:
    """Check that a value is of a kind and its objects are of a schema.

    Return None if the check passes; else the index of the wrong part (`"[3]"`, or empty) and the reason.
    """
    code = kind.code
    if code == "vector":
        return _vector_fault(kind, value, schema)
    reason = _object_fault(kind, value, schema) if code in _OBJECTS else _scalar_fault(kind, value)
    return ("", reason) if reason else None


def _vector_fault(kind: Kind, value: Any, schema: SchemaOfObject) -> tuple[str, str] | None:
    if not isinstance(value, list | tuple):
        return "", f"{_a(value)} where a list is wanted ({kind})"
    for index, item in enumerate(value):
        inner = fault(kind.element, item, schema) if kind.element is not None else None
        if inner:
            return f"[{index}]{inner[0]}", inner[1]
    return None


def _scalar_fault(kind: Kind, value: Any) -> str:
    code = kind.code
    if code in _RANGES:
        low, end = _RANGES[code]
        if not hasattr(value, "__index__"):
            return _mismatch(kind, value)
        return "" if low <= value.__index__() < end else f"out of range for {_article(str(kind))}"
    if code == "double":
        return _double_fault(kind, value)
    if code in ("bool", "true"):
        return "" if value is True or (value is False and code == "bool") else _mismatch(kind, value)
    if code == "string":
        return _text_fault(kind, value)
    if not isinstance(value, bytes | bytearray | memoryview):
        return _mismatch(kind, value)
    size = len(bytes(value))
    if code == "bytes":
        return "" if size <= MAX_BYTES else f"{size} bytes are more than a length of three bytes can say"
    return "" if size * 8 == int(code[3:]) else f"{size} bytes where {_article(code)} is declared"


def _double_fault(kind: Kind, value: Any) -> str:
    if isinstance(value, str | bytes) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        return _mismatch(kind, value)
    try:
        float(value)
    except OverflowError:
        return "out of range for a double"
    return ""


def _text_fault(kind: Kind, value: Any) -> str:
    if not isinstance(value, str):
        return _mismatch(kind, value)
    try:
        size = len(escaped_bytes(value))
    except UnicodeEncodeError as error:
        return f"text that UTF-8 cannot say (a lone surrogate at its character {error.start})"
    return "" if size <= MAX_BYTES else f"{size} bytes are more than a length of three bytes can say"


def _object_fault(kind: Kind, value: Any, schema: SchemaOfObject) -> str:
    code = kind.code
    if code == "object":
        return "" if isinstance(value, TLObject | bool) else _mismatch(kind, value)
    if code == "function":
        return "" if isinstance(value, TLFunction) else f"{_a(value)} where a call is wanted"
    if not isinstance(value, TLObject):
        return _mismatch(kind, value)
    declaration = value.PLAN.declaration
    if code == "bare":
        return "" if declaration.name == kind.name else _mismatch(kind, value)
    if declaration.function or declaration.result.name != kind.name:
        return _mismatch(kind, value)
    if value.SCHEMA is not schema:
        return f"{_a(value)} of another schema ({value.SCHEMA.name})"
    return ""


def _mismatch(kind: Kind, value: Any) -> str:
    return f"{_a(value)} where {_article(str(kind))} is declared"


def _a(value: Any) -> str:
    return _article(type(value).__qualname__)


def _article(word: str) -> str:
    vowel = word[:1] in "aeiouAEIOU" and word[:2].lower() != "us"
    return f"an {word}" if vowel else f"a {word}"
