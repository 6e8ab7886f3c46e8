"""The form of each field of a declaration on the wire: the one reading of a declaration that all other files share.

The code generator, the exact walk of `dissect`, the dict and JSON forms, and the checks behind an `EncodeError` all
follow a `Plan`; `catalog` makes the plans. A `Kind` says how one value is read and written. The `code` of a kind is
one of

    int long double nat                 fixed size; nat is an unsigned word that is a value, not a flags word
    int128 int256 int512                raw bytes of fixed size
    bytes string bool                   bool is the boxed Bool
    true                                no bytes at all
    vector                              of `element`, `boxed` or bare
    boxed bare                          an object of type `name`; an object of constructor `name`, without its id
    object function                     any boxed object (`Object`, a type variable); any function (`!X`)
"""

from __future__ import annotations

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from tl.declaration import Declaration

__all__ = ["BUILTIN", "CLASSLESS", "FIXED", "LANGUAGE", "MOST_EMPTY", "SMALLEST", "Field", "Kind", "Plan", "Word"]

FIXED = {"int": 4, "long": 8, "double": 8, "nat": 4, "int128": 16, "int256": 32, "int512": 64}
"""Sizes in bytes, by code, of the values that have a fixed size."""

SMALLEST = {**FIXED, "bytes": 4, "string": 4, "bool": 4, "true": 0, "boxed": 4, "object": 4, "function": 4}
"""The fewest bytes of a value, by code; `Catalog.smallest` says the same of vectors and bare objects."""

MOST_EMPTY = 65536
"""The most elements of a vector whose elements take no bytes: a count of any size costs the sender four bytes."""

BUILTIN = frozenset({"int", "long", "double", "int128", "int256", "bytes", "string", "true", "vector"})
"""Bare types that are part of the language."""

CLASSLESS = BUILTIN - {"true"}
"""Declarations whose values are Python's own; a boxed `true` is an object of type `True`."""

LANGUAGE = frozenset({"Bool", "Null", "Object", "True", "Vector"})
"""Boxed types that are part of the language: no class stands for one of these types."""


class Kind:
    """The form of one value on the wire; see the module's docstring.

    Attributes:
        holds_objects: True if a value is an object with fields of its own, or a vector of such objects.

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
    """A `#` that holds flags. A class has no field for a flags word: writers compute the word from the other fields.

    Attributes:
        name: the TL name.
        word: the flags word further left whose bit says whether this word is present; None if it is always present.
        bit: the bit of `word` that says so.

    """

    __slots__ = ("bit", "name", "word")

    def __init__(self, name: str, word: str | None = None, bit: int = 0) -> None:
        self.name = name
        self.word = word
        self.bit = bit


class Field:
    """A field that the class has.

    Attributes:
        name: the TL name, also the key in a dict.
        attribute: the attribute: the TL name, with an underscore behind it if Python or TLObject claims that name.
        word: the flags word whose bit says whether the field is present; None if the field is always present.
        bit: the bit of `word` that says so.

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
    """A declaration whose types are resolved.

    Attributes:
        steps: flags words and fields, in the order of the wire.
        fields: the fields alone.
        words: for each flags word, bit -> the fields that depend on that bit; a flags word that depends on another one
            comes after the other one.
        inner: for each flags word, bit -> the names of the flags words that depend on that bit.
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
