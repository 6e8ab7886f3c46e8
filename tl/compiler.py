"""Declarations to classes, each made when it is first asked for.

A class has slots for its fields. What writes and what reads it is Python source made for that declaration alone and
compiled at its first use: `_pack` and `_unpack` generate it. The tables here and in `_readers` connect them:

    writers of a boxed type   class -> pack(object, nesting) -> bytes, with the id

Every entry starts as a stub that compiles and replaces itself. A lookup that fails is a failed check: an id or a class
that is not of the declared type. Threads may race to make the same thing; `dict.setdefault` decides whose is kept.
"""

from __future__ import annotations

from keyword import iskeyword
from struct import Struct

from tl._pack import value_writer, writer
from tl._readers import Readers
from tl._source import ShortTexts, Source
from tl.declaration import class_name
from tl.errors import EncodeError
from tl.objects import NESTING, TLFunction, TLObject
from tl.plan import CLASSLESS, Plan

TYPE_CHECKING = False  # as type checkers know it; importing `typing` would cost more than all of `tl`

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from tl.plan import Kind
    from tl.schema import Schema

    Writer = Callable[..., bytes]

__all__ = ["Compiler", "class_path"]


class Compiler:
    """The classes, readers and writers of one schema.

    Attributes:
        readers: what reads, and counts nothing.
        counting: what reads and counts what it makes.

    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._classes: dict[str, type[TLObject]] = {}
        self._type_writers: dict[str, dict[type, Writer]] = {}
        self._shared: dict[object, Any] = {}
        self.short_texts = ShortTexts()
        self.readers = Readers(self, counting=False)
        self.counting = Readers(self, counting=True)

    def shared(self, key: object, make: Callable[[], Any]) -> Any:
        """Return what generated code shares, such as a `struct` of one format; made at the first request."""
        found = self._shared.get(key)
        return self._shared.setdefault(key, make()) if found is None else found

    def struct(self, layout: str) -> Struct:
        """Return the little-endian `Struct` of a layout."""
        found: Struct = self.shared(layout, lambda: Struct("<" + layout))
        return found

    def class_of(self, name: str) -> type[TLObject]:
        """Return the class of a declared constructor or function."""
        found = self._classes.get(name)
        if found is not None:
            return found
        plan = self.schema.plan(name)
        made = _make_class(self, plan)
        result = plan.declaration.result.name
        # Before it is published: whoever has the class must be able to write it.
        self.type_writers(result)[made] = made.to_bytes
        return self._classes.setdefault(name, made)

    def type_writers(self, type_name: str) -> dict[type, Writer]:
        """Return the writers of a boxed type; a class enters when it is made."""
        return self._type_writers.setdefault(type_name, {})

    def value_writer(self, kind: Kind) -> Writer:
        """Return what writes one value of a kind."""
        return value_writer(self, kind)


def class_path(name: str) -> str:
    """Return the class name of a TL name with its namespace; Python's own words get an underscore (`True_`)."""
    namespace, dot, last = name.rpartition(".")
    made = class_name(last)
    return f"{namespace}{dot}{made}_" if iskeyword(made) else f"{namespace}{dot}{made}"


def _make_class(compiler: Compiler, plan: Plan) -> type[TLObject]:
    declaration = plan.declaration
    qualified = class_path(declaration.name)
    base: type[TLObject] = TLFunction if declaration.function else TLObject
    members: dict[str, Any] = {
        "__slots__": tuple(field.attribute for field in plan.fields),
        "__module__": f"tl.{compiler.schema.name}",
        "__qualname__": qualified,
        "__doc__": str(declaration),
        "ID": declaration.id,
        "NAME": declaration.name,
        "SCHEMA": compiler.schema,
        "DECLARATION": str(declaration),
        "PLAN": plan,
        "__init__": _first_init,
        "to_bytes": _first_pack(compiler, plan),
    }
    if declaration.name in CLASSLESS:
        members["__init__"] = _no_init
    made = type(qualified.rpartition(".")[2], (base,), members)
    for field in plan.fields:
        if iskeyword(field.name):  # then the TL name works too, where Python takes it: `getattr(peer, "from")`
            setattr(made, field.name, getattr(made, field.attribute))
    return made


def _first_pack(compiler: Compiler, plan: Plan) -> Writer:
    """Return a `to_bytes` that compiles the real one, puts it in its own place, and calls it."""

    def to_bytes(self: TLObject, nesting: int = NESTING) -> bytes:
        cls = type(self)
        pack = cls.to_bytes
        if pack is to_bytes:  # not so for whoever bound the method before it was first called
            pack = writer(compiler, plan)
            cls.to_bytes = pack  # type: ignore[method-assign]  # generated code takes the place of its stub
            compiler.type_writers(plan.declaration.result.name)[cls] = pack
        return pack(self, nesting)

    return to_bytes


def _first_init(self: TLObject, /, **fields: Any) -> None:
    """Compile the keyword-only constructor, put it in its own place, and call it."""
    init = _init(type(self))
    type(self).__init__ = init  # type: ignore[method-assign]  # generated code takes the place of its stub
    init(self, **fields)


def _no_init(self: TLObject, /, **_fields: Any) -> None:
    raise EncodeError("part of the language: its values are Python's own", self.NAME)


def _init(cls: type[TLObject]) -> Callable[..., None]:
    """Return `__init__` with a keyword for each field. Python itself refuses unknown ones, with a TypeError.

    Names that are not the fields' begin with an underscore, as no field does.
    """
    fields = cls.PLAN.fields
    names = [field.attribute for field in fields]
    claimed = [field for field in fields if field.attribute != field.name]
    parameters = [f"{field.attribute}={False if field.is_flag else None}" for field in fields]
    keywords = ["*", *parameters] if fields else []
    source = Source()
    source.names.update(_missing=_missing, _refuse=_refuse)
    source.open(f"def __init__({', '.join(['_self', '/', *keywords, *(['**_more'] if claimed else [])])}):")
    for field in claimed:
        source.line(f"if {field.attribute} is None: {field.attribute} = _more.pop({field.name!r}, None)")
    if claimed:
        source.line("if _more: _refuse(_more)")
    absent = [f"{field.attribute} is None" for field in fields if field.word is None]
    if absent:
        source.line(f"if {' or '.join(absent)}: raise _missing(_self, ({', '.join(names)},))")
    for name in names:
        source.line(f"_self.{name} = {name}")
    source.line("pass")
    made: Callable[..., None] = source.function("__init__")
    return made


def _refuse(unknown: dict[str, Any]) -> NoReturn:
    raise TypeError(f"unexpected keyword argument {next(iter(unknown))!r}")


def _missing(made: TLObject, values: tuple[Any, ...]) -> EncodeError:
    """Return the error for the first field that must be there and is not; None stands for nothing but absence."""
    fields = zip(made.PLAN.fields, values, strict=True)
    name = next(field.name for field, value in fields if value is None and field.word is None)
    return EncodeError("missing", type(made).__qualname__, name)
