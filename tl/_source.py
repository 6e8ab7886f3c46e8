"""Parts that the generated code is made of, and the writer of its source text."""

from __future__ import annotations

import struct

from tl.wire import MAX_BYTES, escaped_bytes, unescaped

TYPE_CHECKING = False  # as type checkers know it; importing `typing` would cost more than all of `tl`

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

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
    "Runs",
    "ShortTexts",
    "Source",
    "UnpackRuns",
    "compile_function",
    "creator",
]

SCALARS = {"int": "i", "long": "q", "double": "d", "nat": "I"}
"""`struct` letters of numbers, by the code of their kind."""

FIXED_LETTERS = {**SCALARS, "int128": "16s", "int256": "32s", "int512": "64s"}
"""The same for all that is of fixed size."""

LONGEST_GUESS = 64
"""No more bytes than this are read ahead, in the hope that they belong to the object at hand."""

NUMBERS = 2
"""Numbers of a vector are counted without so many bits, four as one element: one call of `struct` reads them all."""

NO_UTF_8 = 5
"""The bytes of a string that is no UTF-8 are counted without so many bits: reading it is slow."""

SIZES = {"i": 4, "I": 4, "q": 8, "d": 8, "16s": 16, "32s": 32, "64s": 64, "B": 1}


class Reject(Exception):
    """Generated code met something wrong; the slow way finds out what it was and says so."""


UNPACK_FAILURES = (Reject, struct.error, KeyError, IndexError, ValueError, OverflowError)
"""What generated readers raise on bad bytes."""

PACK_FAILURES = (*UNPACK_FAILURES, TypeError, AttributeError)
"""What generated writers raise on objects that cannot be written."""


class Crowded(Exception):
    """Generated code was to make more than it may."""


class Source:
    """Lines of Python under construction, and the objects that they name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"Reject": Reject, "Crowded": Crowded}
        self._indent = 0
        self._known: dict[int, str] = {}
        self._variables = 0

    def line(self, text: str) -> None:
        """Add a line at the present indentation."""
        self.lines.append(" " * self._indent + text)

    def open(self, text: str) -> None:
        """Add a line that opens a block."""
        self.line(text)
        self._indent += 1

    def close(self) -> None:
        """End the innermost block."""
        self._indent -= 1

    def count(self, made: str) -> None:
        """Add lines that take what is about to be made out of the bound `c`."""
        self.line(f"c.left -= {made}")
        self.line("if c.left < 0: raise Crowded")

    def constant(self, value: Any, prefix: str) -> str:
        """Return a global name for an object, the same for the same object."""
        name = self._known.get(id(value))
        if name is None:
            name = self._known[id(value)] = f"{prefix}{len(self._known)}"
            self.names[name] = value
        return name

    def choose(self, runs: Runs, size: str) -> str:
        """Add lines that find the function of `runs` for a size; return its variable."""
        table, function = self.constant(runs.table, "R"), self.variable()
        self.line(f"try: {function} = {table}[{size}]")
        self.line(f"except KeyError: {function} = {self.constant(runs, 'runs')}.make({size})")
        return function

    def text_of(self, target: str, raw: str, *, counting: bool) -> list[str]:
        """Return lines that decode a string. What is not UTF-8 is decoded once more, so that nothing is lost.

        A block that nothing is raised in costs nothing, while naming an error handler costs half of the decoding.
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
        """Compile the lines and return the function that they define."""
        return compile_function("\n".join(self.lines), self.names, name)


def compile_function(source: str, names: dict[str, Any], name: str) -> Any:
    """Return the function that a source text defines, with `names` as its globals."""
    code = compile(source, f"<tl {name}>", "exec")
    exec(code, names)  # noqa: S102 - the source is made here; only identifiers and numbers of a schema enter it
    return names[name]


def creator(cls: type) -> Callable[[], Any]:
    """Return what makes an empty object of a class: the quickest way that skips `__init__`."""
    from functools import partial  # what only writes never needs it

    return partial(object.__new__, cls)


def size_of(layout: list[str]) -> int:
    """Return the size in bytes of `struct` letters that stand side by side."""
    return sum([SIZES[letter] for letter in layout])


class Runs:
    """Functions made for one layout, by a size that is known only when bytes are read or written.

    `table` is a plain dict, so that a hit costs least; a miss asks `make`.
    """

    def __init__(self) -> None:
        self.table: dict[int, Callable[..., Any]] = {}

    def make(self, size: int) -> Callable[..., Any]:
        """Return the function for a size not met before. Raises Reject for a size that cannot be."""
        raise NotImplementedError


class UnpackRuns(Runs):
    """One `struct` call for fixed-size fields with one string among them, by the string's first byte.

    The functions take `(data, offset)` and return the fields in order, the string as bytes. For `n` up to 253,
    `struct`'s Pascal string (format `p`) of the right size is exactly a TL string with its padding.
    """

    def __init__(self, before: list[str], after: list[str]) -> None:
        super().__init__()
        self._before = "".join(before)
        self._after = "".join(after)
        self._string_at = size_of(before)

    def make(self, size: int) -> Callable[..., Any]:
        """Return the function for a first byte. Four sizes that are padded to the same words share one."""
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


class PackRuns(Runs):
    """The inverse of `UnpackRuns`, by the size of the string; the functions take the fields in order."""

    def __init__(self, before: list[str], after: list[str]) -> None:
        super().__init__()
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


class IntRuns(Runs):
    """One `struct` call for so many numbers; the functions take `(data, offset)` and return a tuple."""

    _MOST = 64

    def __init__(self, letter: str) -> None:
        super().__init__()
        self._letter = letter

    def make(self, size: int) -> Callable[..., Any]:
        """Return the function for a count; those for large counts are not kept."""
        if size < 0:
            raise Reject
        made = struct.Struct(f"<{size}{self._letter}").unpack_from
        return self.table.setdefault(size, made) if size <= self._MOST else made


class ShortTexts:
    """Strings of up to three bytes by their word on the wire, each decoded once.

    The word is a number, signed or not, as it was read: that costs less than four `bytes`.
    """

    _MOST = 4096

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}

    def text(self, word: int) -> str | None:
        """Return the text of a word not met before; None if it is only the beginning of a longer text."""
        size = word & 255
        if size > 3:
            return None
        text = unescaped((word & 0xFFFFFFFF).to_bytes(4, "little")[1 : size + 1])
        return self.texts.setdefault(word, text) if len(self.texts) < self._MOST else text
