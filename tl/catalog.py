"""The declarations of one text, each read and resolved at the first request.

A `Catalog` answers every question about declarations: by name, by id, by type. It resolves the types of fields to the
`Plan` and the `Kind` that everything else follows, and knows nothing of the classes that are made from them.
"""

from __future__ import annotations

from keyword import iskeyword

from tl.declaration import Repetition, is_type_name
from tl.errors import SchemaError
from tl.grammar import parse_type
from tl.index import Index
from tl.plan import BUILTIN, CLASSLESS, LANGUAGE, SMALLEST, Field, Kind, Plan, Word

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from tl.declaration import Declaration, Dialect, Type

    Part = Literal["types", "functions", "boxed"]
    """The names of constructors, of functions, or of the boxed types that have a class."""

__all__ = ["Catalog"]

_DEEPEST_VECTOR = 8
"""Vectors inside vectors: generated code has a loop for each, and Python's blocks nest 20 deep."""

_DEEPEST_BARE = 32
"""Bare objects inside bare objects."""

_RESERVED = frozenset({"ID", "NAME", "SCHEMA", "DECLARATION", "PLAN", "replace", "to_bytes", "to_dict", "to_json"})
"""Names of TLObject's own attributes; functions have `result` as well."""


class Catalog:
    """The declarations of one `.tl` text, and what they mean. It may be shared between threads.

    Attributes:
        name: the name of the text in error messages.
        layer: the API layer, or None where the text is none.

    """

    def __init__(self, text: str, name: str, dialect: Dialect | None, layer: int | None = None) -> None:
        self.name = name
        self.layer = layer
        self._index = Index(text, name, dialect)
        self._declarations: dict[str, Declaration] = {}
        self._plans: dict[str, Plan] = {}
        self._kinds: dict[str | None, Kind] = {None: Kind("object")}

    def read_all(self) -> None:
        """Read every declaration at once. Raises SchemaError with the place of the first mistake."""
        self._declarations.update(self._index.read_all())

    @property
    def dialect(self) -> Dialect:
        """The rules for ids that the text does not write; see `Schema.parse`."""
        return self._index.dialect

    def __iter__(self) -> Iterator[str]:
        return iter(self._index.statements)

    def __len__(self) -> int:
        return len(self._index.statements)

    def __contains__(self, name: object) -> bool:
        return name in self._index.statements

    def declaration(self, name: str) -> Declaration | None:
        """Return the declaration of a TL name, or None."""
        found = self._declarations.get(name)
        if found is None and name in self._index.statements:
            parsed = self._index.read(self._index.statements[name])
            if parsed is not None:
                found = self._declarations.setdefault(name, parsed)
        return found

    def plan(self, name: str) -> Plan:
        """Return the plan of a declaration. Raises SchemaError."""
        found = self._plans.get(name)
        if found is None:
            declaration = self.declaration(name)
            if declaration is None:
                raise SchemaError(f"no declaration is called {name}", self.name)
            made = Plan(declaration, [] if name in CLASSLESS else _steps(declaration, self))
            found = self._plans.setdefault(name, made)
        return found

    def kind(self, expression: str | None) -> Kind:
        """Return the kind of a type expression; None is any boxed object. Raises SchemaError."""
        found = self._kinds.get(expression)
        if found is None:
            made = _kind_of(parse_type(expression or ""), self)
            found = self._kinds.setdefault(expression, made)
        return found

    def smallest(self, kind: Kind) -> int:
        """Return the fewest bytes that a value of a kind takes. Raises SchemaError if a bare object holds itself."""
        return _smallest(kind, self, {}, _DEEPEST_BARE)

    def constructors(self, type_name: str) -> list[str]:
        """Return the names of the constructors of a boxed type; none if there is no such type."""
        return self._index.by_type.get(type_name, [])

    def primitive(self, name: str) -> str | None:
        """Return the code of a primitive that the text declares, as `primitives.primitive` does; None if not one."""
        return self._index.primitives.get(name)

    def has_type(self, type_name: str) -> bool:
        """Tell whether there is such a boxed type."""
        return self._index.has_type(type_name)

    def id_of(self, name: str) -> int:
        """Return the constructor id of a TL name, 32 bits, unsigned. Raises SchemaError."""
        return self.plan(name).declaration.id

    def name_of(self, key: int) -> str | None:
        """Return the TL name of a constructor id (unsigned), or None."""
        return self._index.by_id.get(key)

    def is_function(self, name: str) -> bool | None:
        """Return True for a function, False for a constructor, None for an unknown name."""
        statement = self._index.statements.get(name)
        return None if statement is None else statement[2]

    def has_class(self, type_name: str) -> bool:
        """Tell whether a class stands for a boxed type: the type is none of the language's, and objects are made of it.

        The arguments of a polymorphic type do not count: one class stands for every `Maybe t`.
        """
        return type_name not in LANGUAGE and not CLASSLESS.issuperset(self.constructors(type_name))

    def is_member(self, part: Part, name: str) -> bool:
        """Tell whether a part has a TL name."""
        return self.has_class(name) if part == "boxed" else self.is_function(name) is (part == "functions")

    def members(self, part: Part) -> Iterator[str]:
        """Return the TL names of a part."""
        if part == "boxed":
            return filter(self.has_class, self._index.by_type)
        function = part == "functions"
        return (name for name, at in self._index.statements.items() if at[2] is function)

    def has_namespace(self, part: Part, space: str) -> bool:
        """Tell whether a name of a part stands in a namespace, or in a namespace inside of that one."""
        start = f"{space}."
        return any(name.startswith(start) for name in self.members(part))

    def namespaces(self, part: Part) -> set[str]:
        """Return the namespaces of a part; an inner namespace has its dotted name."""
        found: set[str] = set()
        for name in self.members(part):
            space = name.rpartition(".")[0]
            while space and space not in found:
                found.add(space)
                space = space.rpartition(".")[0]
        return found


def _smallest(kind: Kind, catalog: Catalog, known: dict[str, int], nesting: int) -> int:
    """Return the fewest bytes of a value. `known` keeps the sizes of bare types; `nesting` bounds their depth."""
    if kind.code == "vector":
        return 8 if kind.boxed else 4
    if kind.code != "bare":
        return SMALLEST[kind.code]
    if kind.name in known:
        return known[kind.name]
    if not nesting:
        raise SchemaError(f"{kind.name} holds itself, bare, or is nested too deep")
    total = 0
    for step in catalog.plan(kind.name).steps:
        if step.word is None:
            total += 4 if isinstance(step, Word) else _smallest(step.kind, catalog, known, nesting - 1)
    known[kind.name] = total
    return total


def _steps(declaration: Declaration, catalog: Catalog) -> list[Word | Field]:
    """Resolve the fields of a declaration. Raises SchemaError naming the field."""
    referred = {parameter.word for parameter in declaration.parameters}
    variables = {name for name, kind in declaration.generics if kind == "Type"}
    steps: list[Word | Field] = []
    seen: set[str] = set()
    for index, parameter in enumerate(declaration.parameters):
        name = parameter.name.lstrip("_") or f"_{index}"
        try:
            if isinstance(parameter.type, Repetition):
                raise SchemaError("a repetition other than vector's is not compiled")
            word, bit = _condition(parameter.word, parameter.bit, steps)
            if str(parameter.type) == "#" and (name in referred or _is_flags(name, catalog)):
                steps.append(Word(name, word, bit))
            else:
                kind = _kind_of(parameter.type, catalog, variables, parameter.bang)
                steps.append(Field(name, _attribute(name, declaration.function), kind, word, bit))
            if _attribute(name, declaration.function) in seen:
                raise SchemaError("a second field of this name")
        except SchemaError as error:
            raise SchemaError(f"{declaration.name}, field {name}: {error.reason}") from None
        seen.add(_attribute(name, declaration.function))
    return steps


def _is_flags(name: str, catalog: Catalog) -> bool:
    """Tell whether a `#` to which no field refers holds flags: Telegram's API declares such words for later layers."""
    return name.rstrip("0123456789") == "flags" and catalog.dialect == "telegram"


def _condition(word: str | None, bit: int | None, steps: list[Word | Field]) -> tuple[str | None, int]:
    if word is None:
        return None, 0
    if not any(isinstance(step, Word) and step.name == word for step in steps):
        raise SchemaError(f"no flags word {word} stands before it")
    if bit is None:
        raise SchemaError(f"a condition without a bit ({word}?) is not compiled")
    return word, bit


def _attribute(name: str, function: bool) -> str:
    taken = iskeyword(name) or name in _RESERVED or (function and name == "result")
    return f"{name}_" if taken else name


def _kind_of(type_: Type, catalog: Catalog, variables: set[str] | None = None, bang: bool = False) -> Kind:
    """Resolve a type expression; `variables` are the type variables of its declaration. Raises SchemaError."""
    name, args = type_.name, type_.args
    if bang:
        return Kind("function", f"!{type_}")
    if name == "#":
        return Kind("nat")
    if name in ("vector", "Vector"):
        return _vector(type_, catalog, variables)
    if args:
        raise SchemaError(f"{type_}: type arguments other than a vector's are not compiled")
    known = catalog.primitive(name)
    if known is not None:
        return _primitive(name, known)
    if name in BUILTIN:
        if name in catalog and name != "true":
            raise SchemaError(f"{name} is a type of the language, which the schema declares as something else")
        return Kind(name)
    if name == "Function" and catalog.primitive("function"):
        return Kind("function", name)
    if name == "Bool" and not type_.bare:
        return Kind("bool")
    if name == "Object" or (variables and name in variables):
        return Kind("object")
    return _named(type_, catalog)


def _vector(type_: Type, catalog: Catalog, variables: set[str] | None) -> Kind:
    depth, inner = 0, type_
    while inner.name in ("vector", "Vector"):
        if len(inner.args) != 1:
            raise SchemaError(f"{inner}: a vector has one type argument")
        depth, inner = depth + 1, inner.args[0]
    if depth > _DEEPEST_VECTOR:
        raise SchemaError("vectors are nested too deep")
    boxed = type_.name == "Vector" and not type_.bare
    return Kind("vector", "", _kind_of(type_.args[0], catalog, variables), boxed)


def _primitive(name: str, code: str) -> Kind:
    if not code:
        raise SchemaError(f"{name} is a primitive of an unknown size")
    return Kind(code, "" if name == code else name)


def _named(type_: Type, catalog: Catalog) -> Kind:
    name = type_.name
    if is_type_name(name):
        namespace, dot, last = name.rpartition(".")
        bare = f"{namespace}{dot}{last[:1].lower()}{last[1:]}"
        known = catalog.primitive(bare) if not catalog.has_type(name) else None
        if known is not None and type_.bare:
            return _primitive(bare, known)
        if known is not None:
            raise SchemaError(f"{name} is the boxed form of a primitive, which is not compiled")
        if not catalog.has_type(name):
            raise SchemaError(f"no constructor makes a {name}")
        if not type_.bare:
            return Kind("boxed", name)
        constructors = catalog.constructors(name)
        if len(constructors) > 1:
            raise SchemaError(f"{type_}: {name} has several constructors")
        name = constructors[0]
    if name in BUILTIN:
        return Kind(name)
    declaration = catalog.declaration(name)
    if declaration is None or declaration.function:
        raise SchemaError(f"no constructor is called {name}")
    return Kind("bare", name)
