"""TL: any bytes as an object of the API's schema or of the service schema, with and without a declared type."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from tests.fuzz.tape import Tape
from tests.fuzz.target import Target, Verdict, Violation
from tests.fuzz.targets.words import constructor_ids
from tl import DecodeError, Schema, TLObject, api, service

__all__ = ["DIALECT", "TARGETS"]

DIALECT = Schema.parse(
    """
    int ? = Int; long ? = Long; double ? = Double; string ? = String; object ? = Object; bytes = Bytes;
    int32 = Int32; int53 = Int53; int64 = Int64; int512 16*[ int ] = Int512; secureString = SecureString;
    boolFalse = Bool; boolTrue = Bool; vector {t:Type} # [ t ] = Vector t;
    a.b.words f:# x:f.0?int53 g:f.0?# y:g.3?string h:g.4?# z:h.31?int512 t:h.0?true = a.Words;
    a.b.alone f:# g:f.1?# h:g.1?# x:h.1?a.b.words y:f.2?# = a.Words;
    a.numbers n:# m:int i:int64 s:secureString = a.Words;
    a.all o:object v:vector<a.Words> w:Vector<a.b.alone> u:vector<string> = a.All;
    """,
    name="dialect",
)
"""What dialects have and Telegram's API has not: conditional flags words, primitives of a heading, namespaces."""

_WORD = 4


@cache
def _results() -> dict[int, str]:
    """Return what each function of the API answers, by constructor id, but for wrappers, which answer anything."""
    names = [name for name in api.schema if api.schema.is_function(name)]
    declared = [api.schema.plan(name).declaration for name in names]
    return {one.id: str(one.result) for one in declared if str(one.result) != "X"}


def _result(tape: Tape) -> str:
    """Take four bytes and return a type: the answer of the function with that id, or any other."""
    results = _results()
    key = tape.number(_WORD)
    return results.get(key) or list(results.values())[key % len(results)]


def _decode(schema: Schema, data: bytes, result: str | None) -> Verdict:
    try:
        value = schema.decode(data, result)
    except DecodeError as error:
        _check_error(error, data)
        raise
    _check_value(schema, value, data, result)
    return Verdict(True, getattr(value, "NAME", type(value).__name__))


def _decode_prefix(schema: Schema, data: bytes, offset: int) -> Verdict:
    try:
        value, end = schema.decode_prefix(data, offset)
    except DecodeError as error:
        _check_error(error, data)
        raise
    if not offset <= end <= len(data):
        raise Violation(f"{end} is no end of {len(data)} bytes read from {offset} on")
    _check_value(schema, value, data[offset:end], None)
    return Verdict(True, getattr(value, "NAME", type(value).__name__))


def _check_error(error: DecodeError, data: bytes) -> None:
    if not 0 <= error.offset <= len(data) or error.left != len(data) - error.offset:
        raise Violation(f"offset {error.offset}, {error.left} left of {len(data)} bytes") from error
    if error.reason.startswith("cannot be read"):
        raise Violation("the quick reader refused what the exact walk accepts") from error


def _check_value(schema: Schema, value: Any, data: bytes, result: str | None) -> None:
    """Check that the value means the bytes it came from: every other form of it leads back to the same bytes."""
    if schema.dissect(data, result).length != len(data):
        raise Violation("the exact walk ends elsewhere")
    if isinstance(value, bool) and result is None:
        return
    written = schema.encode(value, result)
    if len(written) != len(data):
        raise Violation(f"read from {len(data)} bytes, written in {len(written)}")
    if schema.encode(schema.decode(written, result), result) != written:
        raise Violation("what was written reads differently")
    repr(value)
    if isinstance(value, TLObject):
        if value.to_bytes() != written:
            raise Violation("the object writes itself differently")
        if schema.from_dict(value.to_dict()).to_bytes() != written:
            raise Violation("its dict gives another object")
        text = value.to_json()
        if schema.from_json(text).to_json() != text:  # JSON has one NaN only
            raise Violation("its JSON gives another object")


def _api(data: bytes) -> Verdict:
    return _decode(api.schema, data, None)


def _dialect(data: bytes) -> Verdict:
    """Read an object; a conditional flags word of no bits may be left out when the object is written again."""
    try:
        value = DIALECT.decode(data)
    except DecodeError as error:
        _check_error(error, data)
        raise
    if DIALECT.dissect(data).length != len(data):
        raise Violation("the exact walk ends elsewhere")
    written = DIALECT.encode(value)
    if len(written) > len(data):
        raise Violation(f"read from {len(data)} bytes, written in {len(written)}")
    _check_value(DIALECT, DIALECT.decode(written), written, None)
    return Verdict(True, getattr(value, "NAME", type(value).__name__))


def _api_typed(data: bytes) -> Verdict:
    tape = Tape(data)
    return _decode(api.schema, result=_result(tape), data=tape.rest())


def _api_prefix(data: bytes) -> Verdict:
    return _decode_from(api.schema, data)


def _service(data: bytes) -> Verdict:
    return _decode(service.schema, data, None)


def _service_prefix(data: bytes) -> Verdict:
    return _decode_from(service.schema, data)


def _decode_from(schema: Schema, data: bytes) -> Verdict:
    """Take a byte as the offset at which to begin."""
    tape = Tape(data)
    offset, rest = tape.number(), tape.rest()
    return _decode_prefix(schema, rest, offset % (len(rest) + 1))


TARGETS = (
    Target("tl-api", "tl", _api, (DecodeError,), partial(constructor_ids, api.schema)),
    Target("tl-api-typed", "tl", _api_typed, (DecodeError,), partial(constructor_ids, api.schema)),
    Target("tl-api-prefix", "tl", _api_prefix, (DecodeError,), partial(constructor_ids, api.schema)),
    Target("tl-dialect", "tl", _dialect, (DecodeError,), partial(constructor_ids, DIALECT)),
    Target("tl-service", "tl", _service, (DecodeError,), partial(constructor_ids, service.schema)),
    Target("tl-service-prefix", "tl", _service_prefix, (DecodeError,), partial(constructor_ids, service.schema)),
)
