"""The classes of one schema, each made at the first request, and their writers by class.

A writer is `to_bytes(object, nesting) -> bytes`; the bytes begin with the constructor id.
"""

from __future__ import annotations

from keyword import iskeyword

from tl.codegen.source import Shared, Source
from tl.declaration import class_path
from tl.errors import EncodeError
from tl.objects import NESTING, TLFunction, TLObject
from tl.plan import CLASSLESS, LANGUAGE, Plan

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from tl.catalog import Catalog
    from tl.objects import SchemaOfObject

    Writer = Callable[..., bytes]

__all__ = ["Classes"]


class Classes:
    """The classes of one schema. It may be shared between threads: `dict.setdefault` decides which class is kept.

    Attributes:
        catalog: the declarations.
        schema: the schema that the classes name as theirs.
        shared: the objects that all generated code of the schema shares.
        write: generates the writer of a constructor or function; `pack.writer`.

    """

    def __init__(self, catalog: Catalog, schema: SchemaOfObject, write: Callable[[Classes, Plan], Writer]) -> None:
        self.catalog = catalog
        self.schema = schema
        self.shared = Shared()
        self.write = write
        self._classes: dict[str, type[TLObject]] = {}
        self._boxed: dict[str, type[TLObject]] = {}
        self._type_writers: dict[str, dict[type, Writer]] = {}

    def class_of(self, name: str) -> type[TLObject]:
        """Return the class of a declared constructor or function. Raises SchemaError."""
        found = self._classes.get(name)
        if found is not None:
            return found
        plan = self.catalog.plan(name)
        made = _make_class(self, plan)
        # The writer comes first: another thread that finds the class must be able to write its objects.
        self.type_writers(plan.declaration.result.name)[made] = made.to_bytes
        return self._classes.setdefault(name, made)

    def boxed(self, type_name: str) -> type[TLObject]:
        """Return the class of a boxed type, which its constructors share; TLObject for a type of the language."""
        found = self._boxed.get(type_name)
        if found is None:
            made = TLObject if type_name in LANGUAGE else _make_boxed(self, type_name)
            found = self._boxed.setdefault(type_name, made)
        return found

    def get(self, name: object) -> type[TLObject] | None:
        """Return the class of a TL name, or None if nothing has that name. Raises SchemaError."""
        return self.class_of(name) if isinstance(name, str) and name in self.catalog else None

    def type_writers(self, type_name: str) -> dict[type, Writer]:
        """Return the writers of a boxed type, by class; `class_of` adds the classes that it makes."""
        return self._type_writers.setdefault(type_name, {})


def _make_class(classes: Classes, plan: Plan) -> type[TLObject]:
    """Return a new class with slots for its fields; `__init__` and `to_bytes` are stubs that compile themselves."""
    declaration = plan.declaration
    qualified = class_path(declaration.name)
    line = str(declaration)
    base: type[TLObject] = TLFunction if declaration.function else TLObject
    if not declaration.function and declaration.name not in CLASSLESS:
        base = classes.boxed(declaration.result.name)
    members: dict[str, Any] = {
        "__slots__": tuple(field.attribute for field in plan.fields),
        "__module__": f"tl.{classes.catalog.name}",
        "__qualname__": qualified,
        "__doc__": line,
        "ID": declaration.id,
        "NAME": declaration.name,
        "SCHEMA": classes.schema,
        "DECLARATION": line,
        "PLAN": plan,
        "__init__": _first_init,
        "to_bytes": _first_to_bytes(classes, plan),
    }
    if declaration.name in CLASSLESS:
        members["__init__"] = _no_init
    for field in plan.fields:
        if iskeyword(field.name):
            members[field.name] = _Keyword(field.attribute)
    return type(qualified.rpartition(".")[2], (base,), members)


def _make_boxed(classes: Classes, type_name: str) -> type[TLObject]:
    """Return a new class for a boxed type: without slots, so that a subclass costs no more than one of TLObject."""
    qualified = class_path(type_name)
    members = {
        "__slots__": (),
        "__module__": f"tl.{classes.catalog.name}",
        "__qualname__": f"boxed.{qualified}",
        "__doc__": _BOXED_DOC,
        "NAME": type_name,
        "SCHEMA": classes.schema,
        "__init__": _no_object,
    }
    return type(qualified.rpartition(".")[2], (TLObject,), members)


def _no_object(self: TLObject, /, *_values: Any, **_fields: Any) -> None:
    from tl.boxed_names import no_object  # at the first use: errors are rare

    raise TypeError(no_object(self.NAME, self.SCHEMA.constructors(self.NAME)))


class _BoxedDoc:
    """The `__doc__` of a boxed type, made when it is read: to find the constructors takes the tables of the index."""

    def __get__(self, _owner: TLObject | None, cls: type[TLObject]) -> str:
        from tl.boxed_names import described  # at the first use

        return described(cls.NAME, cls.SCHEMA.constructors(cls.NAME))


_BOXED_DOC = _BoxedDoc()


class _Keyword:
    """The attribute whose name is a word of Python; it stands for the field: `getattr(peer, "from")`."""

    def __init__(self, attribute: str) -> None:
        self._attribute = attribute

    def __get__(self, owner: TLObject | None, _cls: type[TLObject]) -> Any:
        return self if owner is None else getattr(owner, self._attribute)

    def __set__(self, owner: TLObject, value: Any) -> None:
        getattr(type(owner), self._attribute).__set__(owner, value)


def _first_to_bytes(classes: Classes, plan: Plan) -> Writer:
    """Return a `to_bytes` that compiles the real one, puts it in its own place, and calls it."""

    def to_bytes(self: TLObject, nesting: int = NESTING) -> bytes:
        cls = type(self)
        pack = cls.to_bytes
        if pack is to_bytes:  # otherwise the caller bound this method before the first call replaced it
            pack = classes.write(classes, plan)
            cls.to_bytes = pack  # type: ignore[method-assign]  # generated code takes the place of its stub
            classes.type_writers(plan.declaration.result.name)[cls] = pack
        return pack(self, nesting)

    return to_bytes


def _first_init(self: TLObject, /, **fields: Any) -> None:
    """Compile the keyword-only constructor, put it in its own place, and call it."""
    cls = type(self)
    init = _init(cls)
    cls.__init__ = init  # type: ignore[method-assign]  # generated code takes the place of its stub
    init(self, **fields)


def _no_init(self: TLObject, /, **_fields: Any) -> None:
    raise EncodeError("part of the language: its values are Python's own", self.NAME)


def _init(cls: type[TLObject]) -> Callable[..., None]:
    """Return `__init__` with a keyword for each field. Python itself refuses an unknown keyword, with a TypeError.

    Variables of the generated code begin with an underscore, since no field does.
    """
    fields = cls.PLAN.fields
    if not fields:
        return _init_nothing
    names = [field.attribute for field in fields]
    claimed = [field for field in fields if field.attribute != field.name]
    parameters = [f"{field.attribute}={False if field.is_flag else None}" for field in fields]
    source = Source(_missing=_missing, _refuse=_refuse)
    source.open(f"def __init__({', '.join(['_self', '/', '*', *parameters, *(['**_more'] if claimed else [])])}):")
    for field in claimed:
        source.line(f"if {field.attribute} is None: {field.attribute} = _more.pop({field.name!r}, None)")
    if claimed:
        source.line("if _more: _refuse(_more)")
    absent = [f"{field.attribute} is None" for field in fields if field.word is None]
    if absent:
        source.line(f"if {' or '.join(absent)}: raise _missing(_self, ({', '.join(names)},))")
    for name in names:
        source.line(f"_self.{name} = {name}")
    made: Callable[..., None] = source.function("__init__")
    made.__qualname__ = f"{cls.__qualname__}.__init__"  # what Python's own TypeError calls it
    return made


def _init_nothing(_self: TLObject, /) -> None:
    """Stand for `__init__` in all classes without fields, which need no code of their own."""


_init_nothing.__name__ = _init_nothing.__qualname__ = "__init__"


def _refuse(unknown: dict[str, Any]) -> NoReturn:
    raise TypeError(f"unexpected keyword argument {next(iter(unknown))!r}")


def _missing(made: TLObject, values: tuple[Any, ...]) -> EncodeError:
    """Return the error for the first required field that is missing. A field is missing if its value is None."""
    fields = zip(made.PLAN.fields, values, strict=True)
    name = next(field.name for field, value in fields if value is None and field.word is None)
    return EncodeError("missing", type(made).__qualname__, name)
