"""TL objects to dicts and JSON and back, guided by the schema.

    {"_": "photos.photosSlice", "count": 250, "photos": [{"_": "photo", "id": …}], "users": []}

A dict holds Python's own values. JSON has no bytes and JavaScript no 64-bit integers. In JSON, bytes (int128, int256
and int512 too) become base64, a `long` becomes a decimal string, and a double that is not finite becomes `"NaN"`,
`"Infinity"` or `"-Infinity"`. The bytes of a string that are no UTF-8 are lone surrogates in a dict, and escapes of
lone surrogates in JSON.
"""

from __future__ import annotations

from tl.errors import EncodeError, SchemaError
from tl.nearest_name import LONGEST, nearest
from tl.objects import NESTING, TLObject

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tl.codegen import Classes
    from tl.plan import Field, Kind

    Convert = Callable[[Kind, Any], Any]

__all__ = ["from_dict", "from_json", "to_dict", "to_json"]

_SURROGATES = "\ud800", "\udfff"


_WRITTEN = {"long": "whole number", "double": "number"}


def to_dict(value: TLObject) -> dict[str, Any]:
    """Return an object as a dict. Raises EncodeError if objects are nested too deep."""
    try:
        return _object_form(value, _same, NESTING)
    except RecursionError:
        raise _too_deep(type(value).__qualname__) from None


def to_json(value: TLObject) -> str:
    """Return an object as JSON. Raises EncodeError if objects are nested too deep or a value has no form in JSON."""
    import json

    try:
        text = json.dumps(_object_form(value, _to_json, NESTING), ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise _too_deep(type(value).__qualname__) from None
    except (TypeError, ValueError) as error:
        raise EncodeError(f"cannot be said in JSON: {error}", type(value).__qualname__) from None
    return text if _is_unicode(text) else _with_escapes(value, text)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _with_escapes(value: TLObject, text: str) -> str:
    r"""Return JSON with each byte that was no UTF-8 as `\udc80` to `\udcff`: ASCII, which `from_json` reads back."""
    value.to_bytes()  # raises an EncodeError with the place of any other lone surrogate
    return "".join([sign if sign < _SURROGATES[0] or sign > _SURROGATES[1] else f"\\u{ord(sign):04x}" for sign in text])


def from_dict(classes: Classes, form: dict[str, Any]) -> TLObject:
    """Return the object of a dict. Raises EncodeError."""
    return _from_form(classes, form, _same, "a dict")


def from_json(classes: Classes, text: str) -> TLObject:
    """Return the object of a JSON text. Raises EncodeError."""
    import json

    try:
        form = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EncodeError(f"not JSON: {error}", classes.catalog.name) from None
    return _from_form(classes, form, _of_json, "a JSON text")


def _from_form(classes: Classes, form: Any, convert: Convert, what: str) -> TLObject:
    try:
        return _from_object(classes, form, convert, what, NESTING)
    except RecursionError:
        raise _too_deep(what) from None


def _too_deep(what: str) -> EncodeError:
    """Return the error for objects that are nested deeper than the call stack allows."""
    return EncodeError("objects are nested too deep", what)


def _same(_kind: Kind, value: Any) -> Any:
    return value


def _object_form(value: TLObject, convert: Convert, nesting: int) -> dict[str, Any]:
    if nesting < 0:
        raise EncodeError("objects are nested too deep", type(value).__qualname__)
    form: dict[str, Any] = {"_": value.NAME}
    for field in value.PLAN.fields:
        inner = getattr(value, field.attribute, None)
        if inner is not None and not (inner is False and field.is_flag):
            form[field.name] = _value_form(field.kind, inner, convert, nesting - 1)
    return form


def _value_form(kind: Kind, value: Any, convert: Convert, nesting: int) -> Any:
    if isinstance(value, TLObject):
        return _object_form(value, convert, nesting)
    if kind.code == "vector" and kind.element is not None and isinstance(value, list | tuple):
        element = kind.element
        return [_value_form(element, item, convert, nesting) for item in value]
    return convert(kind, value)


def _to_json(kind: Kind, value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        from base64 import b64encode

        return b64encode(value).decode()
    if kind.code == "long" and isinstance(value, int):
        return str(int(value))
    if kind.code == "double" and isinstance(value, float) and value - value != 0:
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def _of_json(kind: Kind, value: Any) -> Any:
    try:
        if kind.code == "long" and isinstance(value, str):
            return int(value)
        if kind.code == "double" and isinstance(value, str):
            return float(value)
        if kind.code in ("bytes", "int128", "int256", "int512") and isinstance(value, str):
            from base64 import b64decode

            return b64decode(value, validate=True)
    except ValueError:  # the text of the error repeats the value, which may be secret
        raise EncodeError(f"a string that is no {_WRITTEN.get(kind.code, 'base64')}", str(kind)) from None
    return value


def _no_constructor(classes: Classes, name: Any) -> str:
    if name == "":
        return 'the key "_" is missing: it names the constructor'
    if not isinstance(name, str):
        return f'the key "_" is a name, not {type(name).__qualname__}'
    return f"no constructor or function of the schema is called {name[:LONGEST]!r}{nearest(name, classes.catalog)}"


def _no_object(form: Any, convert: Convert) -> str:
    if convert is not _of_json:
        return f"an object is a dict, not {type(form).__qualname__}"
    words = {str: "a text", list: "a list", bool: "true or false", type(None): "null"}.get(type(form), "a number")
    return f'a JSON object with the key "_" is wanted, not {words}'


def _from_object(classes: Classes, form: Any, convert: Convert, what: str, nesting: int, bare: str = "") -> TLObject:
    if isinstance(form, TLObject):
        return form
    if not isinstance(form, dict):
        raise EncodeError(_no_object(form, convert), what)
    name = form.get("_", bare)
    cls = classes.get(name)
    if cls is None:
        raise EncodeError(_no_constructor(classes, name), what)
    if nesting < 0:
        raise EncodeError("objects are nested too deep", cls.__qualname__)
    fields = {field.name: field for field in cls.PLAN.fields}
    values: dict[str, Any] = {}
    for key, value in form.items():
        if key == "_":
            continue
        if key not in fields:
            raise EncodeError(f"no such field{nearest(str(key), fields)}", cls.__qualname__, str(key))
        values[fields[key].attribute] = _from_field(classes, fields[key], value, convert, cls, nesting)
    return cls(**values)


def _from_field(classes: Classes, field: Field, value: Any, convert: Convert, cls: type[TLObject], nesting: int) -> Any:
    if value is None:
        return False if field.is_flag else None
    try:
        return _from_value(classes, field.kind, value, convert, nesting - 1)
    except EncodeError as error:
        if error.field:
            raise
        raise EncodeError(error.reason, cls.__qualname__, field.name) from None
    except SchemaError as error:
        raise EncodeError(error.reason, cls.__qualname__, field.name) from None


def _from_value(classes: Classes, kind: Kind, value: Any, convert: Convert, nesting: int) -> Any:
    code = kind.code
    if code == "vector" and kind.element is not None and isinstance(value, list | tuple):
        element = kind.element
        return [_from_value(classes, element, item, convert, nesting) for item in value]
    if code in ("boxed", "function") or (code == "object" and not isinstance(value, bool)):
        return _from_object(classes, value, convert, str(kind), nesting)
    if code == "bare":
        return _from_object(classes, value, convert, str(kind), nesting, bare=kind.name)
    return convert(kind, value)
