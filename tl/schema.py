"""`Schema`: declarations by name and by id, their classes, and the way between objects and bytes.

A new schema only cuts its text into statements and notes their places. It reads a declaration when something names the
declaration, and makes a class when something asks for the class. Schemas share nothing: the same id may mean different
things in different layers.
"""

from __future__ import annotations

from tl.catalog import Catalog
from tl.codegen import LONGEST_GUESS, PACK_FAILURES, UNPACK_FAILURES, Compiler, Crowded
from tl.declaration import class_path
from tl.elements import Elements
from tl.errors import DecodeError, EncodeError, SchemaError
from tl.index import layer_of
from tl.objects import NESTING

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from tl.catalog import Part
    from tl.declaration import Declaration, Dialect
    from tl.dissect import Node
    from tl.objects import TLObject
    from tl.pickling import Restore
    from tl.plan import Kind, Plan

    Buffer = bytes | bytearray | memoryview

__all__ = ["Namespace", "Schema"]

_ZEROS = bytes(LONGEST_GUESS)
"""The zeros that follow a copy of the data, so that generated code may read ahead at its end."""

_LARGE = 1 << 20
"""Data of this size, in bytes, is not copied, and is read by counting readers: these can do without the zeros."""

_BOUNDED = 1 << 60
_UNBOUNDED = 1 << 62

_ELEMENT = 4
"""The fewest bytes of an element; `MOST_EMPTY` bounds the elements that take none."""

_WALKED = 16
"""The exact place of an error is looked for within the first 1/16 of the elements that may be made."""

_NEAR = 256
"""The exact place of an error is looked for within at least so many elements."""


class Namespace:
    """The classes of a schema by name: `types.User`, `functions.photos.GetUserPhotos`, `boxed.photos.Photos`."""

    def __init__(
        self, catalog: Catalog, class_of: Callable[[str], type[TLObject]], part: Part, prefix: str = ""
    ) -> None:
        self._catalog = catalog
        self._class_of = class_of
        self._part = part
        self._prefix = prefix
        self._names: dict[str, str] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        # A class name begins with a capital: a name that does not is looked for among the namespaces alone.
        found = None if name[:1].islower() else self._quickly(name) or self._index().get(name)
        if found is not None:
            return self.__dict__.setdefault(name, self._class_of(found))
        path = self._prefix + name
        if self._catalog.has_namespace(self._part, path):
            inner = Namespace(self._catalog, self._class_of, self._part, f"{path}.")
            return self.__dict__.setdefault(name, inner)
        if self._part == "boxed":
            from tl.boxed_names import unknown

            raise AttributeError(unknown(self._catalog, path, dir(self)))
        what = "function" if self._part == "functions" else "constructor"
        from tl.nearest_name import nearest

        raise AttributeError(f"{self._catalog.name} has no {what} for {path}{nearest(name, dir(self))}")

    def __dir__(self) -> list[str]:
        spaces = [
            name.removeprefix(self._prefix)
            for name in self._catalog.namespaces(self._part)
            if name.startswith(self._prefix)
        ]
        return sorted({*self._index(), *[name for name in spaces if "." not in name]})

    def __repr__(self) -> str:
        return f"<{self._part} {self._prefix}* of {self._catalog.name}>"

    def _quickly(self, name: str) -> str | None:
        """Find a TL name without underscores: a constructor's or a function's differs in its first letter only."""
        last = name if self._part == "boxed" else name[:1].lower() + name[1:]
        guess = self._prefix + last
        return guess if class_path(last) == name and self._catalog.is_member(self._part, guess) else None

    def _index(self) -> dict[str, str]:
        if self._names is None:
            names: dict[str, str] = {}
            for full in self._catalog.members(self._part):
                prefix, _, _ = full.rpartition(".")
                if prefix == self._prefix[:-1]:
                    names.setdefault(class_path(full).rpartition(".")[2], full)
            self._names = names
        return self._names


class Schema:
    """The declarations of one `.tl` text. It may be shared between threads.

    Attributes:
        name: the name of the schema in error messages.
        layer: the API layer, or None where the text names none.
        types: the classes of the constructors, by namespace and class name.
        functions: the classes of the functions, likewise.
        boxed: the classes of the boxed types, likewise: each is the base of the classes of its constructors.

    """

    def __init__(
        self,
        text: str,
        *,
        layer: int | None = None,
        name: str = "schema",
        dialect: Dialect | None = None,
        restore: Restore | None = None,
    ) -> None:
        """Index a text that is known to be right; `Schema.parse` checks the text.

        `restore` is the function of a module that a pickle calls with the name of this schema and a TL name, for an
        empty object of that class. If it is None, objects of this schema can't be pickled.
        """
        self._restore = restore
        self.name = name
        self.layer = layer if layer is not None else layer_of(text)
        self._catalog = Catalog(text, name, dialect, self.layer)
        self._compiler = Compiler(self._catalog, self)
        self._class_of = self._compiler.classes.class_of
        self.types = Namespace(self._catalog, self._class_of, "types")
        self.functions = Namespace(self._catalog, self._class_of, "functions")
        self.boxed = Namespace(self._catalog, self._compiler.classes.boxed, "boxed")
        self._readers = self._compiler.readers.of_values
        self._writers: dict[str | None, Callable[..., bytes]] = {}

    @classmethod
    def parse(
        cls, text: str, *, layer: int | None = None, name: str = "schema", dialect: Dialect | None = None
    ) -> Schema:
        """Read a whole `.tl` text (core.telegram.org/mtproto/TL-formal): any layer, any dialect.

        Every declaration is read at once. If `layer` is None, the layer is the N of a comment `// LAYER N`.

        `dialect` decides two questions that a text leaves open: the id of a declaration that writes no id, and the
        meaning of a `flags:#` to which no field refers.

            "plain"      the CRC32 of the whole line; a number
            "telegram"   the CRC32 of the line without its `flags.N?true` and with `string` for `bytes`; a flags word
                         that is 0 until a later layer uses its bits

        If `dialect` is None, the ids that the text writes decide: the dialect that more of these ids follow. Without
        such ids, or with as many for both dialects, the dialect is `"plain"`.

        Raises SchemaError with line and column; also for a dialect that does not exist.
        """
        schema = cls(text, layer=layer, name=name, dialect=dialect)
        schema._catalog.read_all()
        return schema

    @property
    def dialect(self) -> Dialect:
        """The rules for questions that the text leaves open: see `parse`."""
        return self._catalog.dialect

    def __getitem__(self, name: str) -> type[TLObject]:
        """Return the class of a TL name, for example `"photos.photosSlice"`. Raises SchemaError if there is none."""
        if name not in self._catalog:
            raise SchemaError(f"no declaration is called {name}", self.name)
        return self._class_of(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._catalog)

    def __len__(self) -> int:
        return len(self._catalog)

    def __contains__(self, name: object) -> bool:
        return name in self._catalog

    def __repr__(self) -> str:
        layer = "" if self.layer is None else f", layer {self.layer}"
        return f"<Schema {self.name}: {len(self)} declarations{layer}>"

    def by_id(self, key: int) -> type[TLObject]:
        """Return the class of a constructor id (unsigned). Raises SchemaError if there is none."""
        name = self._catalog.name_of(key)
        if name is None:
            raise SchemaError(f"no declaration has the id 0x{key:08x}", self.name)
        return self._class_of(name)

    def get(self, key: int | str) -> type[TLObject] | None:
        """Return the class of a constructor id or TL name, or None."""
        return self._compiler.classes.get(self._catalog.name_of(key) if isinstance(key, int) else key)

    def declaration(self, name: str) -> Declaration | None:
        """Return the declaration of a TL name, or None."""
        return self._catalog.declaration(name)

    def plan(self, name: str) -> Plan:
        """Return the form of the fields of a declaration on the wire. Raises SchemaError."""
        return self._catalog.plan(name)

    def constructors(self, type_name: str) -> list[str]:
        """Return the names of the constructors of a boxed type; none if there is no such type."""
        return self._catalog.constructors(type_name)

    def primitive(self, name: str) -> str | None:
        """Return the code of a primitive that the text declares, as `primitives.primitive` does; None if not one."""
        return self._catalog.primitive(name)

    def id_of(self, name: str) -> int:
        """Return the constructor id of a TL name, 32 bits, unsigned. Raises SchemaError."""
        return self._catalog.id_of(name)

    def name_of(self, key: int) -> str | None:
        """Return the TL name of a constructor id (unsigned), or None."""
        return self._catalog.name_of(key)

    def is_function(self, name: str) -> bool | None:
        """Return True for a function, False for a constructor, None for an unknown name."""
        return self._catalog.is_function(name)

    def kind(self, result: str | None) -> Kind:
        """Return the kind of a type expression; None is any boxed object. Raises SchemaError."""
        return self._catalog.kind(result)

    def decode(
        self,
        data: Buffer,
        result: str | None = None,
        *,
        nesting: int = NESTING,
        elements: Elements | int | None = None,
    ) -> Any:
        """Read one value that takes all of the data.

        `result` is None for any boxed object (a Bool gives True or False), or else a type expression, such as the
        `result` of a call: `"photos.Photos"`, `"Vector<long>"`. `nesting` bounds the depth of objects. `elements`
        bounds the number of objects, since a stranger's few bytes may stand for millions: a number bounds this value
        alone, several decodes may share an `Elements`. With a bound, an error names its place only if the place is
        near the beginning, since the search costs more than reading. Data is read without counting if it is too short
        to hold more elements than the number.

        Raises DecodeError; SchemaError if `result` is no type of this schema.
        """
        if data.__class__ is not bytes:
            data = _as_bytes(data)
        size = len(data)
        if elements is None:
            if size >= _LARGE:
                return self._decode_counting(data, result, nesting, Elements(_UNBOUNDED))
        elif isinstance(elements, Elements) or size > _ELEMENT * elements or size >= _LARGE:
            return self._decode_counting(data, result, nesting, elements)
        read = self._readers.get(result) or self._compiler.readers.of_value(result)
        try:
            value, end = read(data + _ZEROS, 0, nesting)
            if end == size:
                return value
            failure = "it has another length"
        except UNPACK_FAILURES as error:
            failure = str(error)
        within = None if elements is None else max(elements // _WALKED, _NEAR)
        raise self._explained(data, 0, result, nesting, failure, within=within)

    def decode_prefix(
        self, data: Buffer, offset: int = 0, result: str | None = None, *, nesting: int = NESTING
    ) -> tuple[Any, int]:
        """Read one value from an offset on, as `decode` does; return the value and the offset behind it."""
        if offset < 0:
            raise ValueError("an offset counts from the start of the data")
        if data.__class__ is not bytes:
            data = _as_bytes(data)
        read = self._compiler.readers.of_value(result)
        try:
            value, end = read(data + _ZEROS, offset, nesting)
            if end <= len(data):
                return value, end
            failure = "it has another length"
        except UNPACK_FAILURES as error:
            failure = str(error)
        raise self._explained(data, offset, result, nesting, failure, whole=False)

    def _decode_counting(self, data: bytes, result: str | None, nesting: int, elements: Elements | int) -> Any:
        """Read one value that takes all of the data, and count its elements."""
        if isinstance(elements, int):
            elements = Elements(elements)
        size = len(data)
        most = max(0, elements.left)
        read = self._compiler.counting.of_value(result)
        try:
            value, end = read(data if size >= _LARGE else data + _ZEROS, 0, nesting, elements)
            if end == size:
                return value
            failure = "it has another length"
        except Crowded:
            reason = f"there is more in it than the {most} elements that may be made"
            raise DecodeError(reason, str(self.kind(result)), 0, size, raw=data) from None
        except UNPACK_FAILURES as error:
            failure = str(error)
        within = None if most > _BOUNDED else max(most // _WALKED, min(most, _NEAR))
        raise self._explained(data, 0, result, nesting, failure, within=within, elements=elements)

    def _explained(
        self,
        data: bytes,
        offset: int,
        result: str | None,
        nesting: int,
        failure: str,
        *,
        whole: bool = True,
        within: int | None = None,
        elements: Elements | None = None,
    ) -> DecodeError:
        """Return the error of unreadable data, with its exact place if that is among the first `within` values.

        The values that the search walks over count against `elements`.
        """
        from tl.dissect import locate

        kind = self.kind(result)
        found, walked = locate(self._catalog, data, offset, kind, nesting, whole, within)
        if elements is not None:
            elements.take(walked)
        # An unbounded search always finds the fault, since generated code and the walk follow one plan.
        reason = f"cannot be read ({failure})" if within is None else f"behind its first {within} values it is wrong"
        return found or DecodeError(reason, str(kind), offset, len(data) - offset, raw=data)

    def encode(self, value: Any, result: str | None = None, *, nesting: int = NESTING) -> bytes:
        """Write one value as `decode` reads it with the same `result`. Raises EncodeError."""
        write = self._writers.get(result)
        if write is None:
            write = self._writers.setdefault(result, self._compiler.value_writer(self.kind(result)))
        try:
            return write(value, nesting)
        except PACK_FAILURES as error:
            from tl.encode_faults import fault

            kind = self.kind(result)
            place, reason = fault(kind, value, self) or ("", f"cannot be written: {error}")
            raise EncodeError(reason, f"{kind}{place}") from None

    def dissect(self, data: Buffer, result: str | None = None, *, nesting: int = NESTING) -> Node:
        """Return the tree of the values in the bytes of one value, with their places. Raises DecodeError."""
        root, error = self.dissect_partly(data, result, nesting=nesting)
        if error is not None:
            raise error
        return root

    def dissect_partly(
        self,
        data: Buffer,
        result: str | None = None,
        *,
        others: Sequence[Schema] = (),
        nesting: int = NESTING,
    ) -> tuple[Node, DecodeError | None]:
        """Return the tree of the values that could be read, and the error that ended the reading, or None.

        Where any object may stand, such as the body of a message or the result of a call, an object that this schema
        does not know is read by the first schema of `others` that knows its id.
        """
        from tl.dissect import dissect

        catalogs = [other._catalog for other in others]  # noqa: SLF001 - the same class
        return dissect(self._catalog, _as_bytes(data), self.kind(result), nesting, catalogs)

    def to_dict(self, value: TLObject) -> dict[str, Any]:
        """Return an object of this schema as a dict; see `TLObject.to_dict`. Raises EncodeError."""
        from tl.dict_json import to_dict

        return to_dict(value)

    def from_dict(self, form: dict[str, Any]) -> Any:
        """Return the object of a dict; the inverse of `to_dict`. Raises EncodeError."""
        from tl.dict_json import from_dict

        return from_dict(self._compiler.classes, form)

    def to_json(self, value: TLObject) -> str:
        """Return an object of this schema as JSON; see `TLObject.to_json`. Raises EncodeError."""
        from tl.dict_json import to_json

        return to_json(value)

    def from_json(self, text: str) -> Any:
        """Return the object of a JSON text; the inverse of `to_json`. Raises EncodeError."""
        from tl.dict_json import from_json

        return from_json(self._compiler.classes, text)

    def reduced(self, value: TLObject) -> tuple[Any, ...]:
        """Return an object of this schema as `__reduce_ex__` does. Raises pickle.PicklingError."""
        from tl.pickling import reduced

        return reduced(value, self, self._restore)

    def unpickled(self, value: TLObject, state: dict[str, Any]) -> dict[str, Any]:
        """Return the attributes of an object from the fields in a pickle. Raises pickle.UnpicklingError."""
        from tl.pickling import attributes

        return attributes(value, state)


def _as_bytes(data: Any) -> bytes:
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    raise TypeError(f"bytes are decoded, not {type(data).__qualname__}")
