"""The readers of one schema, each compiled when it is first used.

    readers of a boxed type   id -> read(data, offset, nesting) -> (object, end); the offset is behind the id

A schema has its readers twice: without a bound, and counting the elements that they make. A counting reader takes an
`Elements` as one more argument. Data that cannot hold too much is read without the cost of counting.
"""

from __future__ import annotations

from tl.objects import TLFunction
from tl.plan import CLASSLESS
from tl.wire import BOOL_FALSE, BOOL_TRUE

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from tl.codegen.classes import Classes
    from tl.objects import TLObject
    from tl.plan import Kind, Plan

    Reader = Callable[..., tuple[Any, int]]

    class Generator(Protocol):
        """The functions of the module `unpack`, which generate readers."""

        def reader(self, readers: Readers, plan: Plan, cls: type[TLObject]) -> Reader:
            """Return the reader of the fields of a constructor or function."""
            ...

        def value_reader(self, readers: Readers, kind: Kind) -> Reader:
            """Return the reader of one value of a kind."""
            ...


__all__ = ["Readers"]


class _OnDemand(dict[int, "Reader"]):
    """Readers by id; `find` finds the reader of an id at its first use."""

    def __init__(self, find: Callable[[int], Any]) -> None:
        self._find = find

    def __missing__(self, key: int) -> Any:
        return self.setdefault(key, self._find(key))


class Readers:
    """The readers of the constructors, the functions and the types of a schema.

    Attributes:
        classes: the classes of the schema.
        counting: whether each reader takes an `Elements` and counts the elements that it makes.
        functions: readers of any function, by id.
        objects: readers of any object, by id.
        of_values: the readers that `of_value` has returned, by type expression.

    """

    def __init__(self, classes: Classes, generator: Callable[[], Generator], *, counting: bool) -> None:
        self.classes = classes
        self.counting = counting
        self._generator = generator
        self._readers: dict[str, Reader] = {}
        self._type_readers: dict[str, dict[int, Reader]] = {}
        self.of_values: dict[str | None, Reader] = {}
        self.functions = _OnDemand(lambda key: self._reader_of_id(key, functions_only=True))
        self.objects = _OnDemand(lambda key: self._reader_of_id(key, functions_only=False))
        self.objects[BOOL_TRUE] = lambda _data, offset, *_bounds: (True, offset)
        self.objects[BOOL_FALSE] = lambda _data, offset, *_bounds: (False, offset)

    def of_type(self, type_name: str) -> dict[int, Reader]:
        """Return the readers of a boxed type, one for each constructor."""
        found = self._type_readers.get(type_name)
        if found is not None:
            return found
        catalog = self.classes.catalog
        made: dict[int, Reader] = {}
        for name in catalog.constructors(type_name):
            made[catalog.id_of(name)] = self._read_stub(name, made)
        return self._type_readers.setdefault(type_name, made)

    def of_kind(self, kind: Kind) -> dict[int, Reader]:
        """Return the readers, by id, of the objects that may stand where a kind of object is declared."""
        if kind.code == "boxed":
            return self.of_type(kind.name)
        return self.functions if kind.code == "function" else self.objects

    def reader(self, name: str) -> Reader:
        """Return the reader of the fields of a constructor or function, compiled now if it was not compiled before."""
        found = self._readers.get(name)
        if found is not None:
            return found
        made = self._generator().reader(self, self.classes.catalog.plan(name), self.classes.class_of(name))
        return self._readers.setdefault(name, made)

    def lazy_reader(self, name: str) -> Reader:
        """Return the reader of the fields of a constructor, compiled at its first call."""
        return self._readers.get(name) or self._read_stub(name, {})

    def of_value(self, result: str | None) -> Reader:
        """Return the reader of one value of a type expression, such as the declared result of a call."""
        found = self.of_values.get(result)
        if found is not None:
            return found
        made = self._generator().value_reader(self, self.classes.catalog.kind(result))
        return self.of_values.setdefault(result, made)

    def _read_stub(self, name: str, table: dict[int, Reader]) -> Reader:
        def stub(data: bytes, offset: int, *bounds: Any) -> tuple[Any, int]:
            reader = self.reader(name)
            table[self.classes.catalog.id_of(name)] = reader
            return reader(data, offset, *bounds)

        return stub

    def _reader_of_id(self, key: int, functions_only: bool) -> Reader:
        name = self.classes.catalog.name_of(key)
        if name is None or name in CLASSLESS:
            raise KeyError(key)
        if functions_only and not issubclass(self.classes.class_of(name), TLFunction):
            raise KeyError(key)
        return self.reader(name)
