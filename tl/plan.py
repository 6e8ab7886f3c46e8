"""What each field of a declaration is on the wire: the one reading of a declaration that all others share.

The compiler, the exact walk, the dict and JSON forms and the checks behind an `EncodeError` all follow a `Plan`.
A `Kind` says how one value is read and written; its `code` is one of

    int long double nat                 fixed size; nat is an unsigned word that is a value, not a flags word
    int128 int256 int512                raw bytes of fixed size
    bytes string bool                   bool is the boxed Bool
    true                                no bytes at all
    vector                              of `element`, `boxed` or bare
    boxed bare                          an object of type `name`; an object of constructor `name`, without its id
    object function                     any boxed object (`Object`, a type variable); any function (`!X`)
"""

from __future__ import annotations

from keyword import iskeyword

from tl.declaration import Repetition, Type, is_type_name
from tl.errors import SchemaError

TYPE_CHECKING = False  # as type checkers know it; importing `typing` would cost more than all of `tl`

if TYPE_CHECKING:
    from tl.declaration import Declaration
    from tl.schema import Schema

__all__ = [
    "BUILTIN",
    "CLASSLESS",
    "FIXED",
    "MOST_EMPTY",
    "Field",
    "Kind",
    "Plan",
    "Word",
    "kind_of",
    "plan",
    "smallest",
]

FIXED = {"int": 4, "long": 8, "double": 8, "nat": 4, "int128": 16, "int256": 32, "int512": 64}
"""Sizes in bytes of what never varies."""

_SMALLEST = {**FIXED, "bytes": 4, "string": 4, "bool": 4, "true": 0, "boxed": 4, "object": 4, "function": 4}

MOST_EMPTY = 65536
"""A vector of elements that take no bytes has no more than this many: its count costs the sender nothing."""

BUILTIN = frozenset({"int", "long", "double", "int128", "int256", "bytes", "string", "true", "vector"})
"""Bare types that are part of the language."""

CLASSLESS = BUILTIN - {"true"}
"""Declarations whose values are Python's own; `true`, when it is boxed, is an object of type `True`."""

_DEEPEST_VECTOR = 8
"""Vectors inside vectors: generated code has a loop for each, and Python's blocks nest 20 deep."""

_RESERVED = frozenset({"ID", "NAME", "SCHEMA", "DECLARATION", "PLAN", "to_bytes", "to_dict", "to_json"})
"""Names that a TLObject has already; `result` is one more for functions."""


class Kind:
    """How one value looks on the wire; see the module's docstring.

    Attributes:
        holds_objects: True if a value is an object with fields of its own, or a vector of such.

    """

    __slots__ = ("boxed", "code", "element", "holds_objects", "name")

    def __init__(self, code: str, name: str = "", element: Kind | None = None, boxed: bool = False) -> None:
        self.code = code
        self.name = name
        self.element = element
        self.boxed = boxed
        self.holds_objects: bool = code in _OBJECTS if element is None else element.holds_objects

    def __str__(self) -> str:
        if self.code == "vector":
            return f"{'Vector' if self.boxed else 'vector'}<{self.element}>"
        return self.name or _SPELLING.get(self.code, self.code)


_OBJECTS = frozenset({"boxed", "bare", "object", "function"})
_SPELLING = {"nat": "#", "bool": "Bool", "object": "Object", "function": "!X"}


class Word:
    """A `#` that holds flags: computed when written, looked at when read, no field of the class.

    Attributes:
        name: the TL name.
        word: the flags word further left that says whether this one is there, or None if this one always is.
        bit: its bit there.

    """

    __slots__ = ("bit", "name", "word")

    def __init__(self, name: str, word: str | None = None, bit: int = 0) -> None:
        self.name = name
        self.word = word
        self.bit = bit


class Field:
    """A field as the class has it.

    Attributes:
        name: the TL name, also the key in a dict.
        attribute: the attribute: the TL name, with an underscore behind it if Python or TLObject claims that name.
        word: the flags word that says whether the field is there, or None.
        bit: its bit there.

    """

    __slots__ = ("attribute", "bit", "kind", "name", "word")

    def __init__(self, name: str, attribute: str, kind: Kind, word: str | None, bit: int) -> None:
        self.name = name
        self.attribute = attribute
        self.kind = kind
        self.word = word
        self.bit = bit

    @property
    def is_flag(self) -> bool:
        """True for `flags.N?true`: the bit alone, no bytes."""
        return self.word is not None and self.kind.code == "true"


class Plan:
    """A declaration, resolved.

    Attributes:
        steps: flags words and fields, in the order of the wire.
        fields: the fields alone.
        words: for each flags word, bit -> the fields behind that bit; a word that is conditional itself stands behind
            the word that it depends on.
        inner: for each flags word, bit -> the names of the flags words behind that bit.
        holds_objects: True if some field holds objects: such constructors can nest and are counted against the bound.

    """

    __slots__ = ("declaration", "fields", "holds_objects", "inner", "steps", "words")

    def __init__(self, declaration: Declaration, steps: list[Word | Field]) -> None:
        self.declaration = declaration
        self.steps = steps
        self.fields = [step for step in steps if isinstance(step, Field)]
        self.words: dict[str, dict[int, list[Field]]] = {step.name: {} for step in steps if isinstance(step, Word)}
        for field in self.fields:
            if field.word is not None:
                self.words[field.word].setdefault(field.bit, []).append(field)
        self.inner: dict[str, dict[int, list[str]]] = {name: {} for name in self.words}
        for step in steps:
            if isinstance(step, Word) and step.word is not None:
                self.inner[step.word].setdefault(step.bit, []).append(step.name)
        self.holds_objects = any(field.kind.holds_objects for field in self.fields)


def smallest(kind: Kind, schema: Schema, known: dict[str, int] | None = None, nesting: int = 32) -> int:
    """Return the fewest bytes that a value of this kind takes. Raises SchemaError if it holds itself without an id.

    `known` keeps what was found of bare types, so that each is looked at once; `nesting` bounds how deep they go.
    """
    if kind.code == "vector":
        return 8 if kind.boxed else 4
    if kind.code != "bare":
        return _SMALLEST[kind.code]
    known = {} if known is None else known
    if kind.name in known:
        return known[kind.name]
    if not nesting:
        raise SchemaError(f"{kind.name} holds itself, bare, or is nested too deep")
    total = 0
    for step in schema.plan(kind.name).steps:
        if step.word is None:
            total += 4 if isinstance(step, Word) else smallest(step.kind, schema, known, nesting - 1)
    known[kind.name] = total
    return total


def plan(declaration: Declaration, schema: Schema) -> Plan:
    """Resolve a declaration against the schema it stands in. Raises SchemaError naming the field."""
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
            if str(parameter.type) == "#" and (name in referred or _is_flags(name, schema)):
                steps.append(Word(name, word, bit))
            else:
                kind = kind_of(parameter.type, schema, variables, parameter.bang)
                steps.append(Field(name, _attribute(name, declaration.function), kind, word, bit))
            if _attribute(name, declaration.function) in seen:
                raise SchemaError("a second field of this name")
        except SchemaError as error:
            raise SchemaError(f"{declaration.name}, field {name}: {error.reason}") from None
        seen.add(_attribute(name, declaration.function))
    return Plan(declaration, steps)


def _is_flags(name: str, schema: Schema) -> bool:
    """Tell whether a `#` that no field refers to holds flags all the same: Telegram's API declares such for later."""
    return name.rstrip("0123456789") == "flags" and schema.dialect == "telegram"


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


def kind_of(type_: Type, schema: Schema, variables: set[str] | None = None, bang: bool = False) -> Kind:
    """Resolve a type expression. `variables` are the names of type variables in its declaration. Raises SchemaError."""
    name, args = type_.name, type_.args
    if bang:
        return Kind("function", f"!{type_}")
    if name == "#":
        return Kind("nat")
    if name in ("vector", "Vector"):
        return _vector(type_, schema, variables)
    if args:
        raise SchemaError(f"{type_}: type arguments other than a vector's are not compiled")
    known = schema.primitive(name)
    if known is not None:
        return _primitive(name, known)
    if name in BUILTIN:
        if name in schema and name != "true":
            raise SchemaError(f"{name} is a type of the language, which the schema declares as something else")
        return Kind(name)
    if name == "Function" and schema.primitive("function"):
        return Kind("function", name)
    if name == "Bool" and not type_.bare:
        return Kind("bool")
    if name == "Object" or (variables and name in variables):
        return Kind("object")
    return _named(type_, schema)


def _vector(type_: Type, schema: Schema, variables: set[str] | None) -> Kind:
    depth, inner = 0, type_
    while inner.name in ("vector", "Vector"):
        if len(inner.args) != 1:
            raise SchemaError(f"{inner}: a vector has one type argument")
        depth, inner = depth + 1, inner.args[0]
    if depth > _DEEPEST_VECTOR:
        raise SchemaError("vectors are nested too deep")
    boxed = type_.name == "Vector" and not type_.bare
    return Kind("vector", "", kind_of(type_.args[0], schema, variables), boxed)


def _primitive(name: str, code: str) -> Kind:
    if not code:
        raise SchemaError(f"{name} is a primitive of an unknown size")
    return Kind(code, "" if name == code else name)


def _named(type_: Type, schema: Schema) -> Kind:
    name = type_.name
    if is_type_name(name):
        namespace, dot, last = name.rpartition(".")
        bare = f"{namespace}{dot}{last[:1].lower()}{last[1:]}"
        known = schema.primitive(bare) if not schema.has_type(name) else None
        if known is not None and type_.bare:
            return _primitive(bare, known)
        if known is not None:
            raise SchemaError(f"{name} is the boxed form of a primitive, which is not compiled")
        if not schema.has_type(name):
            raise SchemaError(f"no constructor makes a {name}")
        if not type_.bare:
            return Kind("boxed", name)
        constructors = schema.constructors(name)
        if len(constructors) > 1:
            raise SchemaError(f"{type_}: {name} has several constructors")
        name = constructors[0]
    if name in BUILTIN:
        return Kind(name)
    declaration = schema.declaration(name)
    if declaration is None or declaration.function:
        raise SchemaError(f"no constructor is called {name}")
    return Kind("bare", name)
