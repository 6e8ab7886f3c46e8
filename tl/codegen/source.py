"""The source text of generated code, and the functions and tables that generated code calls."""

from __future__ import annotations

import struct

from tl.wire import MAX_BYTES, escaped_bytes, unescaped

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Runs(Protocol):
        """Functions made for one layout, by a size that is known only when bytes are read or written.

        Generated code looks into `table`, which costs least, and calls `make` for a size that is not there.
        """

        table: dict[int, Callable[..., Any]]

        def make(self, size: int) -> Callable[..., Any]:
            """Return the function for a new size. Raises Reject for an impossible size."""
            ...


__all__ = [
    "FIXED_LETTERS",
    "LONGEST_GUESS",
    "NUMBERS",
    "PACK_FAILURES",
    "SCALARS",
    "SIZES",
    "UNPACK_FAILURES",
    "Crowded",
    "IntRuns",
    "PackRuns",
    "Reject",
    "Shared",
    "Source",
    "UnpackRuns",
    "creator",
    "size_of",
]

SCALARS = {"int": "i", "long": "q", "double": "d", "nat": "I"}
"""`struct` letters of numbers, by the code of their kind."""

FIXED_LETTERS = {**SCALARS, "int128": "16s", "int256": "32s", "int512": "64s"}
"""`struct` letters of all values of fixed size, by the code of their kind."""

LONGEST_GUESS = 64
"""The most bytes that generated code reads ahead before it knows whether they belong to the object."""

NUMBERS = 2
"""Bits by which a count of numbers is shifted: four numbers count as one element, since one `struct` call reads all."""

NO_UTF_8 = 5
"""Bits by which the size of a string that is no UTF-8 is shifted: 32 bytes count as one element, being slow to read."""

SIZES = {"i": 4, "I": 4, "q": 8, "d": 8, "16s": 16, "32s": 32, "64s": 64, "B": 1}


class Reject(Exception):
    """Generated code met a fault, and does not say which: `dissect` and `encode_faults` find the fault and name it."""


UNPACK_FAILURES = (Reject, struct.error, KeyError, IndexError, ValueError, OverflowError)
"""The exceptions that generated readers raise on bad bytes."""

PACK_FAILURES = (*UNPACK_FAILURES, TypeError, AttributeError)
"""The exceptions that generated writers raise on objects that cannot be written."""


class Crowded(Exception):
    """The data holds more elements than generated code may make."""


class Source:
    """Lines of Python under construction, and the objects that they name: `names`, and those that methods add."""

    def __init__(self, **names: Any) -> None:
        self._lines: list[str] = []
        self._names: dict[str, Any] = {"Reject": Reject, "Crowded": Crowded, **names}
        self._indent = 0
        self._known: dict[int, str] = {}
        self._variables = 0

    def line(self, text: str) -> None:
        """Add a line at the present indentation."""
        self._lines.append(" " * self._indent + text)

    def open(self, text: str) -> None:
        """Add a line that opens a block."""
        self.line(text)
        self._indent += 1

    def close(self) -> None:
        """End the innermost block."""
        self._indent -= 1

    def count(self, made: str) -> None:
        """Add lines that count so many elements (an expression) before they are made; `c` is the bound."""
        self.line(f"c.left -= {made}")
        self.line("if c.left < 0: raise Crowded")

    def constant(self, value: Any, prefix: str) -> str:
        """Return a global name for an object, the same for the same object."""
        name = self._known.get(id(value))
        if name is None:
            name = self._known[id(value)] = f"{prefix}{len(self._known)}"
            self._names[name] = value
        return name

    def choose(self, runs: Runs, size: str) -> str:
        """Add lines that find the function of `runs` for a size; return its variable."""
        table, function = self.constant(runs.table, "R"), self.variable()
        self.line(f"try: {function} = {table}[{size}]")
        self.line(f"except KeyError: {function} = {self.constant(runs, 'runs')}.make({size})")
        return function

    def text_of(self, target: str, raw: str, *, counting: bool) -> list[str]:
        """Return lines that decode a string. Bytes that are no UTF-8 are decoded once more, so that nothing is lost.

        A `try` block costs nothing unless something is raised; the name of an error handler, as an argument of
        `decode`, costs half as much as the decoding.
        """
        escaped = self.constant(unescaped, "unescaped")
        if not counting:
            return [f"try: {target} = {raw}.decode()", f"except UnicodeDecodeError: {target} = {escaped}({raw})"]
        return [
            f"try: {target} = {raw}.decode()",
            "except UnicodeDecodeError:",
            f" c.left -= len({raw}) >> {NO_UTF_8}",
            " if c.left < 0: raise Crowded",
            f" {target} = {escaped}({raw})",
        ]

    def raw_of(self, target: str, text: str) -> list[str]:
        """Return lines that encode a string; the inverse of `text_of`."""
        escaped = self.constant(escaped_bytes, "escaped")
        return [f"try: {target} = {text}.encode()", f"except UnicodeEncodeError: {target} = {escaped}({text})"]

    def variable(self) -> str:
        """Return a local name not used before."""
        self._variables += 1
        return f"t{self._variables}"

    def function(self, name: str) -> Any:
        """Compile the lines and return the function that they define; the objects that they name are its globals."""
        code = compile("\n".join(self._lines), f"<tl {name}>", "exec")
        exec(code, self._names)  # noqa: S102 - only identifiers and numbers of a schema enter the source
        return self._names[name]


def creator(cls: type) -> Callable[[], Any]:
    """Return a function that makes an empty object of a class: the quickest way that skips `__init__`."""
    from functools import partial  # at the first use: a program that only writes does not need it

    return partial(object.__new__, cls)


def size_of(layout: list[str]) -> int:
    """Return the size in bytes of `struct` letters that stand side by side."""
    return sum([SIZES[letter] for letter in layout])


class UnpackRuns:
    """One `struct` call for fixed-size fields with one string among them, by the string's first byte.

    The functions take `(data, offset)` and return the fields in order, the string as bytes. For `n` up to 253,
    `struct`'s Pascal string (format `p`) of the right size is exactly a TL string with its padding.
    """

    def __init__(self, before: list[str], after: list[str]) -> None:
        self.table: dict[int, Callable[..., Any]] = {}
        self._before = "".join(before)
        self._after = "".join(after)
        self._string_at = size_of(before)

    def make(self, size: int) -> Callable[..., Any]:
        """Return the function for a first byte; four sizes that have the same padded size share one function."""
        if size > 254:
            raise Reject
        if size == 254:
            return self.table.setdefault(size, self._unpack_long)
        padded = size | 3
        made = self.table.get(padded) or struct.Struct(f"<{self._before}{padded + 1}p{self._after}").unpack_from
        return self.table.setdefault(size, made if padded > 253 else self.table.setdefault(padded, made))

    def _unpack_long(self, data: bytes, offset: int) -> tuple[Any, ...]:
        at = offset + self._string_at
        size = int.from_bytes(data[at + 1 : at + 4], "little")
        if size < 254 or at + 4 + size > len(data):
            raise Reject
        return struct.unpack_from(f"<{self._before}4x{size}s{-size & 3}x{self._after}", data, offset)


class PackRuns:
    """The inverse of `UnpackRuns`, by the size of the string; the functions take the fields in order."""

    def __init__(self, before: list[str], after: list[str]) -> None:
        self.table: dict[int, Callable[..., Any]] = {}
        self._before = "".join(before)
        self._after = "".join(after)
        self._index = len(before)

    def make(self, size: int) -> Callable[..., Any]:
        """Return the function for a string of so many bytes."""
        if size > MAX_BYTES:
            raise Reject
        if size > 253:
            return lambda *values: self._pack_long(size, *values)
        padded = size | 3
        made = self.table.get(padded) or struct.Struct(f"<{self._before}{padded + 1}p{self._after}").pack
        return self.table.setdefault(size, made if padded > 253 else self.table.setdefault(padded, made))

    def _pack_long(self, size: int, *values: Any) -> bytes:
        at = self._index
        layout = f"<{self._before}I{size}s{-size & 3}x{self._after}"
        return struct.pack(layout, *values[:at], size << 8 | 254, *values[at:])


class IntRuns:
    """One `struct` call for a vector of numbers, by their count; the functions take `(data, offset)`."""

    _MOST = 64

    def __init__(self, letter: str) -> None:
        self.table: dict[int, Callable[..., Any]] = {}
        self._letter = letter

    def make(self, size: int) -> Callable[..., Any]:
        """Return the function for a count; a function for a large count is not kept."""
        if size < 0:
            raise Reject
        made = struct.Struct(f"<{size}{self._letter}").unpack_from
        return self.table.setdefault(size, made) if size <= self._MOST else made


class _ShortTexts:
    """Strings of up to three bytes, each decoded once, by the word that holds length and text on the wire.

    The word is a number, signed or unsigned as it was read: that costs less than an object of four bytes.
    """

    _MOST = 4096

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}

    def text(self, word: int) -> str | None:
        """Return the text of a new word; None if the word is only the beginning of a longer text."""
        size = word & 255
        if size > 3:
            return None
        text = unescaped((word & 0xFFFFFFFF).to_bytes(4, "little")[1 : size + 1])
        return self.texts.setdefault(word, text) if len(self.texts) < self._MOST else text


class Shared:
    """The objects that all generated code of one schema shares, each made at the first request.

    Attributes:
        short_texts: strings of up to three bytes.

    """

    def __init__(self) -> None:
        self.short_texts = _ShortTexts()
        self._made: dict[object, Any] = {}

    def once(self, key: object, make: Callable[[], Any]) -> Any:
        """Return the object of a key; `make` makes it at the first request."""
        found = self._made.get(key)
        return self._made.setdefault(key, make()) if found is None else found

    def packer(self, layout: list[str]) -> Any:
        """Return the function that packs a layout of `struct` letters, little-endian."""
        return self.once(("packer", *layout), lambda: struct.Struct("<" + "".join(layout)).pack)

    def unpacker(self, layout: list[str]) -> Any:
        """Return the function `(data, offset) -> values` that unpacks a layout of `struct` letters, little-endian."""
        return self.once(("unpacker", *layout), lambda: struct.Struct("<" + "".join(layout)).unpack_from)

    def pack_runs(self, before: list[str], after: list[str]) -> PackRuns:
        """Return the functions that write one string between fields of fixed size."""
        made: PackRuns = self.once(("pack", *before, "p", *after), lambda: PackRuns(before, after))
        return made

    def unpack_runs(self, before: list[str], after: list[str]) -> UnpackRuns:
        """Return the functions that read one string between fields of fixed size."""
        made: UnpackRuns = self.once(("unpack", *before, "p", *after), lambda: UnpackRuns(before, after))
        return made

    def int_runs(self, letter: str) -> IntRuns:
        """Return the functions that read vectors of numbers of one `struct` letter."""
        made: IntRuns = self.once(("ints", letter), lambda: IntRuns(letter))
        return made
