"""The base of all TL objects: comparison, repr, and the way to bytes, dicts and JSON.

`codegen` makes the classes of constructors and functions; they add slots for the fields, a keyword-only constructor
and `to_bytes`. The attributes of the class have names in capitals, so that no field of a schema has the same name.
"""

from __future__ import annotations

from tl.errors import EncodeError
from tl.primitives import SECURE

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

    from tl.elements import Elements
    from tl.plan import Field, Plan

    Result = TypeVar("Result", covariant=True)

    class SchemaOfObject(Protocol):
        """The schema as its objects know it; always a `tl.Schema`, whose methods these are."""

        @property
        def name(self) -> str: ...
        @property
        def layer(self) -> int | None: ...
        def __contains__(self, name: object) -> bool: ...
        def constructors(self, type_name: str) -> list[str]: ...
        def get(self, key: int | str) -> type[TLObject] | None: ...
        def decode(
            self,
            data: bytes | bytearray | memoryview,
            result: str | None = None,
            *,
            nesting: int = ...,
            elements: Elements | int | None = None,
        ) -> Any: ...
        def encode(self, value: Any, result: str | None = None, *, nesting: int = ...) -> bytes: ...
        def to_dict(self, value: TLObject) -> dict[str, Any]: ...
        def to_json(self, value: TLObject) -> str: ...
        def reduced(self, value: TLObject) -> tuple[Any, ...]: ...
        def unpickled(self, value: TLObject, state: dict[str, Any]) -> dict[str, Any]: ...

    class _Answered(Generic[Result]):
        """Makes `TLFunction[Result]` a type."""

        __slots__ = ()

        @classmethod
        def _call_and_result(cls) -> tuple[Self, Result]:
            """Tell a checker, which sees the class of a function alone, what the class makes and what answers that."""
            ...

else:
    Result = None

    class _Answered:
        __slots__ = ()

        def __class_getitem__(cls, _result):
            return cls


__all__ = ["NESTING", "TLFunction", "TLObject"]

NESTING = 128
"""How many objects that hold objects may stand inside each other; honest answers stay below 32."""

_SHOWN_BYTES = 16
_SHOWN_CHARACTERS = 60
_SECRET = frozenset({"api_hash", "bot_auth_token", "new_nonce", "password", "phone_code", "secret", "token"})
"""Fields whose values no repr shows."""


class _MatchArgs:
    """The fields of positional patterns: `case api.types.PeerUser(user_id)`; found when a pattern asks for them."""

    def __get__(self, _owner: TLObject | None, cls: type[TLObject]) -> tuple[str, ...]:
        plan = getattr(cls, "PLAN", None)  # a boxed class has none
        return () if plan is None else tuple(field.attribute for field in plan.fields if field.word is None)


class TLObject:
    """A value of a constructor, or a call of a function.

    Two objects are equal if their classes and fields are. Objects can be changed, so that they have no hash. Fields are
    keyword arguments of the class; a caller may leave optional fields out. Raises EncodeError for a missing field,
    TypeError for an unknown one.

    In a pattern, fields are keywords, or the required fields stand in the order of the declaration:
    `case api.types.PeerUser(user_id)`. `copy.copy`, `copy.deepcopy` and, from Python 3.13 on, `copy.replace` work.
    Objects of `tl.api`, `tl.service` and `tl.load_layer(N)` can be pickled, as the names of schema and class and the
    values of the fields; other objects, and classes, can't.
    """

    __slots__ = ()
    if not TYPE_CHECKING:
        __match_args__ = _MatchArgs()
    __hash__ = None  # type: ignore[assignment]  # the data model's way to say "not hashable"

    ID: ClassVar[int]
    """The constructor id, unsigned; four bytes, little-endian, in front of the fields."""
    NAME: ClassVar[str]
    """The TL name, for example `"photos.photosSlice"`."""
    SCHEMA: ClassVar[SchemaOfObject]
    """The schema that the class belongs to."""
    DECLARATION: ClassVar[str]
    """The line of the schema, in normal spelling with its id."""
    PLAN: ClassVar[Plan]
    """The form of the fields on the wire."""

    if TYPE_CHECKING:

        def __init__(self, **fields: Any) -> None: ...

    def to_bytes(self, nesting: int = NESTING) -> bytes:
        """Return the boxed form: the id, then the fields (core.telegram.org/mtproto/serialize).

        `nesting` bounds the depth of objects inside objects. Raises EncodeError naming class and field.
        """
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Return `{"_": TL name, field: value, …}` with inner objects in the same form; absent fields are left out.

        Bytes stay bytes and numbers stay numbers. Raises EncodeError if objects are nested beyond `NESTING`.
        """
        return self.SCHEMA.to_dict(self)

    def to_json(self) -> str:
        """Return `to_dict()` as JSON: bytes in base64, 64-bit integers as decimal strings, safe for JavaScript.

        Raises EncodeError if objects are nested beyond `NESTING`, or hold a value that JSON has no form for.
        """
        return self.SCHEMA.to_json(self)

    def replace(self, /, **fields: Any) -> Self:
        """Return a new object of the same class with other values of some fields; this object stays as it is.

        Both objects share the values of the remaining fields; `copy.deepcopy` copies these as well.

        Raises TypeError for an unknown field; EncodeError if a required field is None.
        """
        names = {name: field.attribute for field in self.PLAN.fields for name in (field.name, field.attribute)}
        values = {attribute: getattr(self, attribute, None) for attribute in names.values()}
        for name, value in fields.items():
            if name not in names:
                from tl.nearest_name import nearest  # at the first use: errors are rare

                raise TypeError(f"{type(self).__qualname__} has no field {name!r}{nearest(name, names)}")
            values[names[name]] = value
        return type(self)(**values)

    __replace__ = replace

    def __copy__(self) -> Self:
        made = object.__new__(type(self))
        return made._take(_attributes(self))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        from copy import deepcopy  # at the first use

        made = memo[id(self)] = object.__new__(type(self))
        return made._take({name: deepcopy(value, memo) for name, value in _attributes(self).items()})

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        return self.SCHEMA.reduced(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._take(self.SCHEMA.unpickled(self, state))

    def _take(self, attributes: dict[str, Any]) -> Self:
        for name, value in attributes.items():
            setattr(self, name, value)
        return self

    def __eq__(self, other: object) -> bool:
        if self.__class__ is not other.__class__:
            return NotImplemented
        return _equal(self, other)

    def __repr__(self) -> str:
        return "".join(_show(self, NESTING)).removeprefix("(").removesuffix(")")


class TLFunction(TLObject, _Answered[Result]):
    """A call: an object that is answered by a value of type `Result`."""

    __slots__ = ()

    @property
    def result(self) -> str:
        """The type expression of the answer, as `decode` takes it: `"photos.Photos"`, `"Vector<long>"`, `"Bool"`.

        The result of a wrapper such as `invokeWithLayer` is the result of the innermost call
        (core.telegram.org/api/invoking). Raises EncodeError if there is no call inside.
        """
        call: Any = self
        for _ in range(NESTING):
            inner = _inner_call(call)
            if inner is None:
                return str(call.PLAN.declaration.result)
            call = getattr(call, inner.attribute)
            if not isinstance(call, TLFunction):
                break
        raise EncodeError("a call inside a call is missing or nested too deep", self.NAME)


def _inner_call(call: TLFunction[Any]) -> Field | None:
    plan = call.PLAN
    result = f"!{plan.declaration.result}"
    return next((field for field in plan.fields if field.kind.code == "function" and field.kind.name == result), None)


def _attributes(value: TLObject) -> dict[str, Any]:
    """Return the attributes of an object that are set; a subclass that a user wrote may have more than the fields."""
    state: Any = object.__getstate__(value)
    more, slots = state if isinstance(state, tuple) else (state, None)
    return {**(more or {}), **(slots or {})}


def _equal(left: Any, right: Any) -> bool:
    """Compare two values without recursion; no pair is compared twice, so that circles end."""
    stack = [(left, right)]
    seen = set()
    while stack:
        a, b = stack.pop()
        if a is b:
            continue
        if isinstance(a, TLObject):
            if a.__class__ is not b.__class__:
                return False
            if (pair := (id(a), id(b))) in seen:
                continue
            seen.add(pair)
            for field in a.PLAN.fields:
                stack.append((getattr(a, field.attribute, None), getattr(b, field.attribute, None)))
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            if (pair := (id(a), id(b))) not in seen:
                seen.add(pair)
                stack.extend(zip(a, b, strict=True))
        elif a != b:
            return False
    return True


def _is_there(value: TLObject, field: Field) -> bool:
    inner = getattr(value, field.attribute, None)
    return inner is not None and not (inner is False and field.is_flag)


def _show(value: Any, nesting: int) -> Iterator[str]:
    if isinstance(value, TLObject):
        fields = [field for field in value.PLAN.fields if _is_there(value, field)]
        if not fields:
            yield value.NAME
            return
        yield f"({value.NAME}"
        for field in fields:
            inner = getattr(value, field.attribute)
            yield f" {field.name}:"
            hidden = (field.name in _SECRET or field.kind.name in SECURE) and isinstance(inner, str | bytes)
            yield from ("…",) if hidden or not nesting else _show(inner, nesting - 1)
        yield ")"
    elif isinstance(value, list | tuple):
        yield "["
        for inner in value:
            yield " "
            yield from _show(inner, nesting - 1) if nesting else ("…",)
        yield " ]"
    else:
        yield _show_scalar(value)


def _show_scalar(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex() or "''" if len(value) <= _SHOWN_BYTES else f"<{len(value)} bytes>"
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…")
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)
