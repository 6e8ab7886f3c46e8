"""The readers of one schema, each compiled when it is first used; once as they are, and once counting what they make.

    readers of a boxed type   id -> read(data, offset, nesting) -> (object, end), the offset being behind the id

Those that count take an `Elements` as one more argument. They are for data that may hold too much, so that all other
data is read without the cost of counting.
"""

from __future__ import annotations

from tl.objects import TLFunction
from tl.plan import CLASSLESS
from tl.wire import BOOL_FALSE, BOOL_TRUE

TYPE_CHECKING = False  # as type checkers know it; importing `typing` would cost more than all of `tl`

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tl.compiler import Compiler
    from tl.plan import Kind

    Reader = Callable[..., tuple[Any, int]]

__all__ = ["Readers"]


class _OnDemand(dict[int, "Reader"]):
    """Readers of any id of a schema (or of any function's id), looked for at the first meeting."""

    def __init__(self, find: Callable[[int], Any]) -> None:
        self._find = find

    def __missing__(self, key: int) -> Any:
        return self.setdefault(key, self._find(key))


class Readers:
    """What reads the constructors, the functions and the types of a schema.

    Attributes:
        compiler: makes the classes, and what generated code shares.
        counting: whether each reader takes an `Elements` and counts what it makes.
        functions: readers of any function, by id.
        objects: readers of any object, by id.
        of_values: what `of_value` has returned, by type expression.

    """

    def __init__(self, compiler: Compiler, *, counting: bool) -> None:
        self.compiler = compiler
        self.counting = counting
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
        schema = self.compiler.schema
        made: dict[int, Reader] = {}
        for name in schema.constructors(type_name):
            made[schema.id_of(name)] = self._read_stub(name, made)
        return self._type_readers.setdefault(type_name, made)

    def of_kind(self, kind: Kind) -> dict[int, Reader]:
        """Return the readers by id for what can stand where a kind of object is declared."""
        if kind.code == "boxed":
            return self.of_type(kind.name)
        return self.functions if kind.code == "function" else self.objects

    def reader(self, name: str) -> Reader:
        """Return what reads the fields of a constructor or function, compiled now if it was not before."""
        found = self._readers.get(name)
        if found is not None:
            return found
        from tl import _unpack  # what only writes never needs it

        made = _unpack.reader(self, self.compiler.schema.plan(name), self.compiler.class_of(name))
        return self._readers.setdefault(name, made)

    def lazy_reader(self, name: str) -> Reader:
        """Return what reads the fields of a constructor, compiled at the first call."""
        return self._readers.get(name) or self._read_stub(name, {})

    def of_value(self, result: str | None) -> Reader:
        """Return what reads one value of a type expression, for the declared result of a call."""
        found = self.of_values.get(result)
        if found is not None:
            return found
        from tl import _unpack

        made = _unpack.value_reader(self, self.compiler.schema.kind(result))
        return self.of_values.setdefault(result, made)

    def _read_stub(self, name: str, table: dict[int, Reader]) -> Reader:
        def stub(data: bytes, offset: int, *bounds: Any) -> tuple[Any, int]:
            reader = self.reader(name)
            table[self.compiler.schema.id_of(name)] = reader
            return reader(data, offset, *bounds)

        return stub

    def _reader_of_id(self, key: int, functions_only: bool) -> Reader:
        name = self.compiler.schema.name_of(key)
        if name is None or name in CLASSLESS:
            raise KeyError(key)
        if functions_only and not issubclass(self.compiler.class_of(name), TLFunction):
            raise KeyError(key)
        return self.reader(name)
