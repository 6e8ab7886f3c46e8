"""`Schema`: declarations by name and by id, and the classes made of them.

A text is only cut into statements and indexed when a schema is made; a declaration is read when it is named, a class
made when it is asked for. Schemas share nothing: the same id may mean different things in different layers.
"""

from __future__ import annotations

from tl._source import LONGEST_GUESS, PACK_FAILURES, UNPACK_FAILURES
from tl.compiler import Compiler, class_path
from tl.declaration import class_name
from tl.errors import DecodeError, EncodeError, SchemaError
from tl.grammar import parse_type
from tl.index import Index, layer_of
from tl.objects import NESTING, TLObject
from tl.plan import CLASSLESS, Kind, Plan, kind_of, plan

TYPE_CHECKING = False  # as type checkers know it; importing `typing` would cost more than all of `tl`

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from tl.compiler import Reader, Writer
    from tl.declaration import Declaration, Dialect
    from tl.dissect import Node

    Buffer = bytes | bytearray | memoryview

__all__ = ["Namespace", "Schema"]

_ZEROS = bytes(LONGEST_GUESS)
"""Put behind the data, so that generated code may read ahead at its end."""

_LARGE = 1 << 20
"""From this size on, data is not copied for that; a part of a file ends in no vector that is read ahead."""


class Namespace:
    """The classes of a schema by name: `types.User`, `types.photos.Photo`, `functions.photos.GetUserPhotos`."""

    def __init__(self, schema: Schema, function: bool, prefix: str = "") -> None:
        self._schema = schema
        self._function = function
        self._prefix = prefix
        self._names: dict[str, str] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self._quickly(name) or self._index().get(name)
        if found is not None:
            return self.__dict__.setdefault(name, self._schema[found])
        if self._prefix + name in self._schema.namespaces(self._function):
            return self.__dict__.setdefault(name, Namespace(self._schema, self._function, f"{self._prefix}{name}."))
        what = "function" if self._function else "constructor"
        raise AttributeError(f"{self._schema.name} has no {what} for {self._prefix}{name}")

    def __dir__(self) -> list[str]:
        spaces = [
            name.removeprefix(self._prefix)
            for name in self._schema.namespaces(self._function)
            if name.startswith(self._prefix)
        ]
        return sorted({*self._index(), *[name for name in spaces if "." not in name]})

    def __repr__(self) -> str:
        return f"<{'functions' if self._function else 'types'} {self._prefix}* of {self._schema.name}>"

    def _quickly(self, name: str) -> str | None:
        """Find a TL name without underscores, which says its class name by its first letter alone."""
        guess = self._prefix + name[:1].lower() + name[1:]
        if guess == self._prefix + name or self._schema.is_function(guess) is not self._function:
            return None
        return guess if class_name(guess[len(self._prefix) :]) == name else None

    def _index(self) -> dict[str, str]:
        if self._names is None:
            names: dict[str, str] = {}
            for full in self._schema:
                prefix, _, _ = full.rpartition(".")
                if self._schema.is_function(full) is self._function and prefix == self._prefix[:-1]:
                    names.setdefault(self._schema.class_path(full).rpartition(".")[2], full)
            self._names = names
        return self._names


class Schema:
    """The declarations of one `.tl` text. It may be shared between threads.

    Attributes:
        name: what error messages call it.
        layer: the API layer, or None where the text has none.
        types: the constructors' classes, by namespace and class name.
        functions: the functions' classes.

    """

    def __init__(
        self, text: str, *, layer: int | None = None, name: str = "schema", dialect: Dialect | None = None
    ) -> None:
        """Index a text that is known to be right; `Schema.parse` is for all others."""
        self.name = name
        self.layer = layer if layer is not None else layer_of(text)
        self.types = Namespace(self, function=False)
        self.functions = Namespace(self, function=True)
        self._index = Index(text, name, dialect)
        self._plans: dict[str, Plan] = {}
        self._declarations: dict[str, Declaration] = {}
        self._kinds: dict[str | None, Kind] = {None: Kind("object")}
        self._compiler = Compiler(self)
        self._readers: dict[str | None, Reader] = {}
        self._writers: dict[str | None, Writer] = {}

    @classmethod
    def parse(
        cls, text: str, *, layer: int | None = None, name: str = "schema", dialect: Dialect | None = None
    ) -> Schema:
        """Read a whole `.tl` text (core.telegram.org/mtproto/TL-formal): any layer, any dialect.

        `layer` is taken from a comment `// LAYER N` if it is not given. Every declaration is read at once.

        `dialect` says what the id of a declaration is that writes none, and what a `flags:#` is to which no field
        refers. `"plain"`: the CRC32 of the whole line, and a number. `"telegram"`: the CRC32 of the line without its
        `flags.N?true` and with `string` for `bytes`, and flags that are still to come (0). Left out, the ids that the
        text writes decide: the rule that gives more of those on which the two rules differ. Without such ids, or with
        as many for both, the rule is `"plain"`.

        Raises SchemaError with line and column, and for a dialect that does not exist.
        """
        schema = cls(text, layer=layer, name=name, dialect=dialect)
        schema._declarations.update(schema._index.read_all())
        return schema

    @property
    def dialect(self) -> Dialect:
        """Whose rules hold for what the text leaves open: see `parse`."""
        return self._index.dialect

    def __getitem__(self, name: str) -> type[TLObject]:
        """Return the class of a TL name, for example `"photos.photosSlice"`. Raises SchemaError if there is none."""
        if name not in self._index.statements:
            raise SchemaError(f"no declaration is called {name}", self.name)
        return self._compiler.class_of(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._index.statements)

    def __len__(self) -> int:
        return len(self._index.statements)

    def __contains__(self, name: object) -> bool:
        return name in self._index.statements

    def __repr__(self) -> str:
        layer = "" if self.layer is None else f", layer {self.layer}"
        return f"<Schema {self.name}: {len(self)} declarations{layer}>"

    def by_id(self, key: int) -> type[TLObject]:
        """Return the class of a constructor id (unsigned). Raises SchemaError if there is none."""
        name = self._index.by_id.get(key)
        if name is None:
            raise SchemaError(f"no declaration has the id 0x{key:08x}", self.name)
        return self._compiler.class_of(name)

    def get(self, key: int | str) -> type[TLObject] | None:
        """Return the class of a constructor id or TL name, or None."""
        name = self._index.by_id.get(key) if isinstance(key, int) else key
        return self[name] if name in self._index.statements else None

    def declaration(self, name: str) -> Declaration | None:
        """Return the declaration of a TL name, or None."""
        found = self._declarations.get(name)
        if found is None and name in self._index.statements:
            parsed = self._index.read(self._index.statements[name])
            if parsed is not None:
                found = self._declarations.setdefault(name, parsed)
        return found

    def plan(self, name: str) -> Plan:
        """Return how a declaration looks on the wire. Raises SchemaError."""
        found = self._plans.get(name)
        if found is None:
            declaration = self.declaration(name)
            if declaration is None:
                raise SchemaError(f"no declaration is called {name}", self.name)
            made = Plan(declaration, []) if name in CLASSLESS else plan(declaration, self)
            found = self._plans.setdefault(name, made)
        return found

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
        """Return the constructor id of a TL name."""
        return self.plan(name).declaration.id

    def name_of(self, key: int) -> str | None:
        """Return the TL name that a constructor id (unsigned) stands for, or None."""
        return self._index.by_id.get(key)

    def is_function(self, name: str) -> bool | None:
        """Return True for a function, False for a constructor, None for an unknown name."""
        statement = self._index.statements.get(name)
        return None if statement is None else statement[2]

    def namespaces(self, function: bool) -> set[str]:
        """Return the namespaces that hold constructors, or functions; with their dots where they stand in others."""
        found: set[str] = set()
        for name, at in self._index.statements.items():
            space = name.rpartition(".")[0] if at[2] is function else ""
            while space and space not in found:
                found.add(space)
                space = space.rpartition(".")[0]
        return found

    def class_path(self, name: str) -> str:
        """Return the class name of a TL name with its namespace: `photos.PhotosSlice`."""
        return class_path(name)

    def kind(self, result: str | None) -> Kind:
        """Return the kind of a type expression; None is any boxed object. Raises SchemaError."""
        found = self._kinds.get(result)
        if found is None:
            made = kind_of(parse_type(result or ""), self)
            found = self._kinds.setdefault(result, made)
        return found

    def decode(self, data: Buffer, result: str | None = None, *, nesting: int = NESTING) -> Any:
        """Read one value that takes all of the data.

        `result` says what to read: None for any boxed object (a Bool gives True or False), else a type expression,
        such as the `result` of a call: `"photos.Photos"`, `"Vector<long>"`. `nesting` bounds the depth of objects.
        Raises DecodeError; SchemaError if `result` is no type of this schema.
        """
        if data.__class__ is not bytes:
            data = _as_bytes(data)
        read = self._readers.get(result) or self._reader(result)
        size = len(data)
        try:
            value, end = read(data + _ZEROS if size < _LARGE else data, 0, nesting)
            if end == size:
                return value
        except UNPACK_FAILURES:  # rare, so that reading once more does not matter
            pass
        return self._read_again(data, 0, result, nesting, whole=True)[0]

    def decode_prefix(
        self, data: Buffer, offset: int = 0, result: str | None = None, *, nesting: int = NESTING
    ) -> tuple[Any, int]:
        """Read one value from an offset on; return it and the offset behind it. Otherwise like `decode`."""
        if offset < 0:
            raise ValueError("an offset counts from the start of the data")
        if data.__class__ is not bytes:
            data = _as_bytes(data)
        read = self._readers.get(result) or self._reader(result)
        try:
            value, end = read(data + _ZEROS, offset, nesting)
            if end <= len(data):
                return value, end
        except UNPACK_FAILURES:
            pass
        return self._read_again(data, offset, result, nesting, whole=False)

    def _reader(self, result: str | None) -> Reader:
        return self._readers.setdefault(result, self._compiler.value_reader(self.kind(result)))

    def _read_again(
        self, data: bytes, offset: int, result: str | None, nesting: int, *, whole: bool
    ) -> tuple[Any, int]:
        """Read with zeros behind the data, which large data was not given; raise the exact error if that fails."""
        failure = ""
        read = self._readers.get(result) or self._reader(result)
        try:
            value, end = read(data + _ZEROS, offset, nesting)
            if end == len(data) or (end < len(data) and not whole):
                return value, end
        except UNPACK_FAILURES as error:
            failure = str(error)
        from tl.dissect import locate

        kind = self.kind(result)
        # There is always a fault to be found: both walks follow one plan. No name is given to the error: it would stand
        # in a frame that the error itself holds, and both would stay, with the data, until the collector comes.
        raise locate(self, data, offset, kind, nesting, whole) or DecodeError(
            f"cannot be read ({failure})", str(kind), offset, len(data) - offset, raw=data
        )

    def encode(self, value: Any, result: str | None = None, *, nesting: int = NESTING) -> bytes:
        """Write one value as `decode` reads it with the same `result`. Raises EncodeError."""
        write = self._writers.get(result)
        if write is None:
            write = self._writers.setdefault(result, self._compiler.value_writer(self.kind(result)))
        try:
            return write(value, nesting)
        except PACK_FAILURES as error:
            from tl._check import fault

            kind = self.kind(result)
            place, reason = fault(kind, value, self) or ("", f"cannot be written: {error}")
            raise EncodeError(reason, f"{kind}{place}") from None

    def dissect(self, data: Buffer, result: str | None = None, *, nesting: int = NESTING) -> Node:
        """Return the tree of what is where in the bytes of one value. Raises DecodeError."""
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
        """Return the tree of what could be read, and the error that ended the reading, or None.

        `others` are schemas for objects that stand where any object may stand and that this schema does not know: the
        body of a message, the result of a call. The first one that knows the id counts.
        """
        from tl.dissect import dissect

        return dissect(self, _as_bytes(data), self.kind(result), nesting, others)

    def from_dict(self, form: dict[str, Any]) -> Any:
        """Return the object that `to_dict` gave. Raises EncodeError."""
        from tl.forms import from_plain

        return from_plain(self, form)

    def from_json(self, text: str) -> Any:
        """Return the object that `to_json` gave. Raises EncodeError."""
        from tl.forms import from_json

        return from_json(self, text)


def _as_bytes(data: Any) -> bytes:
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    raise TypeError(f"bytes are decoded, not {type(data).__qualname__}")
