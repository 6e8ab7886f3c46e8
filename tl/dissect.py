"""The slow, exact walk over bytes: it makes a tree of the values and their places, and errors that name a place.

`Schema.decode` reads with generated code, which does not know the path of a value. When generated code refuses the
bytes, `locate` walks the same bytes value by value and returns the `DecodeError` to raise. `dissect` keeps the values
that it walked over in a tree, for annotated dumps.
"""

from __future__ import annotations

from tl import wire
from tl.declaration import class_path
from tl.errors import DecodeError
from tl.plan import CLASSLESS, FIXED, MOST_EMPTY, Field, Word

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from tl.catalog import Catalog
    from tl.plan import Kind, Plan

__all__ = ["Node", "dissect", "locate"]

_SCALARS: dict[str, Callable[[bytes, int], tuple[Any, int]]] = {
    "int": wire.read_int,
    "long": wire.read_long,
    "double": wire.read_double,
    "nat": wire.read_uint,
    "bytes": wire.read_bytes,
    "string": wire.read_string,
    "int128": lambda data, offset: wire.read_raw(data, offset, FIXED["int128"]),
    "int256": lambda data, offset: wire.read_raw(data, offset, FIXED["int256"]),
    "int512": lambda data, offset: wire.read_raw(data, offset, FIXED["int512"]),
    "true": lambda _data, offset: (True, offset),
}


class Node:
    """One value and its place.

    Attributes:
        offset: the first byte of the value, counted from the start of the data.
        length: the size in bytes, with id and padding.
        path: the way from the outermost value to this one, for example `photos.PhotosSlice.photos[3].id`.
        declared: the declared type, for example `Vector<Photo>`.
        value: a scalar; the TL name of the constructor of an object; the count of a vector.
        children: the parts of an object or vector, in the order of the wire.

    """

    __slots__ = ("children", "declared", "length", "offset", "path", "value")

    def __init__(self, offset: int, path: str, declared: str) -> None:
        self.offset = offset
        self.length = 0
        self.path = path
        self.declared = declared
        self.value: Any = None
        self.children: list[Node] = []

    def __repr__(self) -> str:
        return f"<{self.path}: {self.declared} at {self.offset}, {self.length} bytes>"

    def hold(self, value: Any) -> None:
        """Note the value."""
        self.value = value

    def end(self, offset: int) -> None:
        """Note the offset behind the last byte of the value."""
        self.length = offset - self.offset

    def start_path(self, name: str) -> None:
        """Begin the path of all values with the name of the outermost one, which is this value."""
        self.path = name

    def child(self, name: str, kind: Kind | None, offset: int) -> Node:
        """Add a part that begins at an offset; `name` continues the path. Without a kind, the part is a flags word."""
        made = Node(offset, self.path + name, "#" if kind is None else str(kind))
        self.children.append(made)
        return made

    def walk(self) -> Iterator[Node]:
        """Go through this node and all nodes below it, in the order of the wire."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


class _Fault(Exception):
    """A fault and its place; `path` grows from the inside to the outside."""

    def __init__(self, reason: str, offset: int, key: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset
        self.key = key
        self.path: list[str] = []

    def inside(self, part: str) -> None:
        """Note that the fault lies inside a part: a field or an element."""
        self.path.append(part)


class _FarEnough(Exception):
    """The walk has reached its bound."""


def dissect(
    catalog: Catalog, data: bytes, kind: Kind, nesting: int, others: Sequence[Catalog] = ()
) -> tuple[Node, DecodeError | None]:
    """Return the tree of the value at the start of the data; bytes behind the value are not looked at.

    `others` are the declarations of further schemas, for ids that `catalog` does not know. At a fault the tree ends,
    and the error comes with the tree.
    """
    walk = _Walk(catalog, data, others)
    root = Node(0, "", str(kind))
    try:
        root.end(walk.value(kind, 0, nesting, root))
    except _Fault as fault:
        for node in root.walk():
            if not node.length and node.offset < fault.offset:
                node.end(fault.offset)
        return root, walk.error(fault, kind)
    except RecursionError:
        return root, walk.error(_Fault("objects are nested too deep", 0), kind)
    return root, None


def locate(
    catalog: Catalog, data: bytes, start: int, kind: Kind, nesting: int, whole: bool, within: int | None = None
) -> tuple[DecodeError | None, int]:
    """Return the error of a value of a kind, or None if it can be read; also how many values the walk has read.

    With `whole`, the value must end where the data ends. With `within`, the walk ends after so many values that have no
    fixed size; the error is None if all of these can be read.
    """
    walk = _Walk(catalog, data, within=within)
    bound = walk.left
    return _fault(walk, start, kind, nesting, whole), bound - walk.left


def _fault(walk: _Walk, start: int, kind: Kind, nesting: int, whole: bool) -> DecodeError | None:
    try:
        end = walk.value(kind, start, nesting, None)
        if whole and end != walk.size:
            raise _Fault(f"{walk.size - end} bytes too many", end)
    except _Fault as fault:
        return walk.error(fault, kind)
    except RecursionError:
        return walk.error(_Fault("objects are nested too deep", start), kind)
    except _FarEnough:
        return None
    return None


class _Walk:
    """One walk over some bytes. A method that reads a value takes its offset and returns the offset behind it."""

    def __init__(
        self, catalog: Catalog, data: bytes, others: Sequence[Catalog] = (), within: int | None = None
    ) -> None:
        self.catalog = catalog
        self.others = (catalog, *others) if others else ()
        self.data = data
        self.size = len(data)
        self.root = ""
        self.left = -1 if within is None else within  # values that may still be read; never 0 without a bound

    def error(self, fault: _Fault, kind: Kind) -> DecodeError:
        """Return the `DecodeError` of a fault."""
        path = "".join([self.root or ("" if kind.code == "object" else str(kind)), *reversed(fault.path)])
        key = fault.key
        layer = None if key is None or self.catalog.name_of(key) is not None else self.catalog.layer
        return DecodeError(fault.reason, path, fault.offset, len(self.data) - fault.offset, key, self.data, layer)

    def value(self, kind: Kind, offset: int, nesting: int, node: Node | None) -> int:
        """Read one value of any kind."""
        if not self.left:
            raise _FarEnough
        self.left -= 1
        code = kind.code
        read = _SCALARS.get(code)
        if read is not None:
            try:
                value, end = read(self.data, offset)
            except wire.WireError as error:
                raise _Fault(str(error), offset) from None
            if node is not None:
                node.hold(value)
            return end
        if code == "vector":
            return self._vector(kind, offset, nesting, node)
        if code == "bool":
            return self._bool(offset, node)
        return self._object(kind, offset, nesting, node)

    def _word(self, offset: int) -> int:
        try:
            return wire.read_uint(self.data, offset)[0]
        except wire.WireError as error:
            raise _Fault(str(error), offset) from None

    def _bool(self, offset: int, node: Node | None) -> int:
        word = self._word(offset)
        if word not in (wire.BOOL_TRUE, wire.BOOL_FALSE):
            raise _Fault(f"0x{word:08x} is no Bool", offset, word)
        if node is not None:
            node.hold(word == wire.BOOL_TRUE)
        return offset + 4

    def _vector(self, kind: Kind, offset: int, nesting: int, node: Node | None) -> int:
        element = kind.element
        if element is None:
            raise _Fault("a vector of nothing", offset)
        at = offset
        if kind.boxed:
            head = self._word(at)
            if head != wire.VECTOR:
                raise _Fault(f"0x{head:08x} is no vector", at, head)
            at += 4
        count = self._word(at)
        least = self.catalog.smallest(element)
        if count * least > len(self.data) - at - 4 if least else count > MOST_EMPTY:
            raise _Fault(f"a vector of {count} does not fit", at)
        at += 4
        if node is not None:
            node.hold(count)
        elif element.code in FIXED:
            return at + count * least
        if not self.root:
            self.root = str(kind)
            if node is not None:
                node.start_path(self.root)
        for index in range(count):
            try:
                child = None if node is None else node.child(f"[{index}]", element, at)
                at = self.value(element, at, nesting, child)
            except _Fault as fault:
                fault.inside(f"[{index}]")
                raise
            if child is not None:
                child.end(at)
        return at

    def _object(self, kind: Kind, offset: int, nesting: int, node: Node | None) -> int:
        at = offset
        name: str | None = kind.name
        if kind.code != "bare":
            key = self._word(at)
            if kind.code == "object" and key in (wire.BOOL_TRUE, wire.BOOL_FALSE):
                return self._bool(at, node)
            name = self._name(kind, key)
            if name is None:
                return self._of_another(kind, key, at, nesting, node)
            at += 4
        plan = self.catalog.plan(name or "")
        if not self.root:
            self.root = class_path(plan.declaration.name)
            if node is not None:
                node.start_path(self.root)
        if plan.holds_objects:
            nesting -= 1
            if nesting < 0:
                raise _Fault("objects are nested too deep", offset)
        if node is not None:
            node.hold(plan.declaration.name)
        return self._fields(plan, at, nesting, node)

    def _of_another(self, kind: Kind, key: int, at: int, nesting: int, node: Node | None) -> int:
        """Read an object with an id that this schema does not know, by the first schema that knows the id.

        Raises _Fault if the declared type is not open to any object, and if no schema knows the id.
        """
        mine = self.catalog
        open_to_all = kind.code in ("object", "function") and mine.name_of(key) is None
        for other in self.others if open_to_all else ():
            self.catalog = other
            try:
                if self._name(kind, key) is not None:
                    return self._object(kind, at, nesting, node)
            finally:
                self.catalog = mine
        raise _Fault(self._unknown(kind, key), at, key)

    def _name(self, kind: Kind, key: int) -> str | None:
        name = self.catalog.name_of(key)
        if name is None or name in CLASSLESS:
            return None
        declaration = self.catalog.plan(name).declaration
        if kind.code == "boxed":
            return name if declaration.result.name == kind.name and not declaration.function else None
        return name if kind.code == "object" or declaration.function else None

    def _unknown(self, kind: Kind, key: int) -> str:
        name = self.catalog.name_of(key)
        if name == "vector" or key == wire.VECTOR:
            return "a vector of unknown elements: its type must be given"
        if name is None:
            return f"unknown constructor 0x{key:08x}"
        return f"unexpected constructor 0x{key:08x} ({name} is no {'function' if kind.code == 'function' else kind})"

    def _fields(self, plan: Plan, at: int, nesting: int, node: Node | None) -> int:
        words: dict[str, int] = {}
        for step in plan.steps:
            if step.word is not None and not words[step.word] >> step.bit & 1:
                if isinstance(step, Word):
                    words[step.name] = 0
                continue
            child = None
            if node is not None:
                child = node.child(f".{step.name}", step.kind if isinstance(step, Field) else None, at)
            elif isinstance(step, Field) and (end := at + FIXED.get(step.kind.code, self.size)) < self.size:
                at = end  # without a tree, a value of fixed size inside the data needs no check
                continue
            try:
                if isinstance(step, Word):
                    words[step.name] = self._word(at)
                    end = at + 4
                    if child is not None:
                        child.hold(words[step.name])
                else:
                    end = self.value(step.kind, at, nesting, child)
            except _Fault as fault:
                fault.inside(f".{step.name}")
                raise
            if child is not None:
                child.end(end)
            at = end
        return at
