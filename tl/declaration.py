"""What a declaration is made of, how it is spelled, and its CRC32 (core.telegram.org/mtproto/TL#combinators)."""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it; importing `typing` would cost more than all of `tl`

if TYPE_CHECKING:
    from typing import Literal

    Dialect = Literal["plain", "telegram"]
    """Whose rules hold for what a text leaves open. `plain` is the language as its pages describe the language: the
    CRC32 is that of the whole line. `telegram` is Telegram's API: `flags.N?true` and the difference between `bytes` and
    `string` do not count."""

__all__ = ["Declaration", "Parameter", "Repetition", "Type", "class_name", "is_type_name"]


class Type:
    """A type expression: a name applied to arguments.

    Attributes:
        name: an identifier, `"#"`, a natural number, or `"+"` for a sum of the two arguments.
        args: what it is applied to, in order: `Vector<int>` and `Vector int` are the same.
        bare: True behind a `%`.

    """

    __slots__ = ("args", "bare", "name")

    def __init__(self, name: str, args: tuple[Type, ...] = (), bare: bool = False) -> None:
        self.name = name
        self.args = args
        self.bare = bare

    def __str__(self) -> str:
        percent = "%" if self.bare else ""
        if self.name == "+":
            return f"({self.args[0]} + {self.args[1]})"
        if self.args:
            return f"{percent}{self.name}<{','.join(map(str, self.args))}>"
        return percent + self.name

    def normal(self) -> str:
        """Return the spelling whose CRC32 counts: arguments behind spaces, no brackets."""
        if self.name == "+":
            return f"{self.args[0].normal()}+{self.args[1].normal()}"
        return " ".join(("%" * self.bare + self.name, *(argument.normal() for argument in self.args)))


class Repetition:
    """A repetition `count*[ fields ]`; without `count`, the nearest `#` to the left is meant."""

    __slots__ = ("count", "fields")

    def __init__(self, count: Type | None, fields: tuple[Parameter, ...]) -> None:
        self.count = count
        self.fields = fields

    def __str__(self) -> str:
        count = f"{self.count}*" if self.count else ""
        return f"{count}[ {' '.join(map(str, self.fields))} ]"

    def normal(self, dialect: Dialect = "plain") -> str:
        """Return the spelling whose CRC32 counts."""
        count = f"{self.count.normal()}*" if self.count else ""
        return f"{count}[ {' '.join(field.normal(dialect) for field in self.fields)} ]"


class Parameter:
    """A field of a declaration, in its place.

    Attributes:
        name: its name; `_` where the text writes `_:T`; empty where the text writes the type alone.
        type: what it holds.
        word: the name of the `#` field that says whether it is there, or None if it always is.
        bit: the bit of `word`; None with a `word` means that any bit will do.
        bang: True for `!X`: any function whose result is X.

    """

    __slots__ = ("bang", "bit", "name", "type", "word")

    def __init__(
        self, name: str, type_: Type | Repetition, word: str | None = None, bit: int | None = None, bang: bool = False
    ) -> None:
        self.name = name
        self.type = type_
        self.word = word
        self.bit = bit
        self.bang = bang

    def __str__(self) -> str:
        return self._spell(str(self.type))

    def normal(self, dialect: Dialect = "plain") -> str:
        """Return the spelling whose CRC32 counts; empty for `flags.N?true` in Telegram's API."""
        if isinstance(self.type, Repetition):
            return self._spell(self.type.normal(dialect))
        text = self.type.normal()
        if dialect == "telegram":
            if self.word and self.bit is not None and text == "true":
                return ""
            if text == "bytes" and self.name:
                text = "string"
        return self._spell(text)

    def _spell(self, text: str) -> str:
        condition = "" if self.word is None else f"{self.word}?" if self.bit is None else f"{self.word}.{self.bit}?"
        name = f"{self.name}:" if self.name else ""
        return f"{name}{condition}{'!' * self.bang}{text}"


class Declaration:
    """One constructor or function.

    Attributes:
        name: its TL name with the namespace, for example `"photos.photosSlice"`.
        written: the id that the text gives, 32 bits, unsigned; None where the text gives none.
        dialect: whose rules say what the CRC32 is.
        generics: the parameters in braces, in order: name and `"Type"` or `"#"`.
        parameters: the fields, in the order of the wire.
        result: the type that it makes (constructor) or answers (function).
        function: True behind `---functions---`, or if the result begins with `!`.
        builtin: True for `int ? = Int`, which names a primitive.

    """

    __slots__ = ("builtin", "dialect", "function", "generics", "name", "parameters", "result", "written")

    def __init__(
        self,
        name: str,
        written: int | None,
        generics: tuple[tuple[str, str], ...],
        parameters: tuple[Parameter, ...],
        result: Type,
        function: bool,
        builtin: bool = False,
        dialect: Dialect = "plain",
    ) -> None:
        self.name = name
        self.generics = generics
        self.parameters = parameters
        self.result = result
        self.function = function
        self.builtin = builtin
        self.written = written
        self.dialect = dialect

    @property
    def id(self) -> int:
        """32 bits, unsigned: the id that is written, or else the CRC32 of the line."""
        return self.crc32() if self.written is None else self.written

    def __str__(self) -> str:
        braces = [f"{{{name}:{kind}}}" for name, kind in self.generics]
        return self._line(
            f"{self.name}#{self.id:08x}", braces, [str(field) for field in self.parameters], str(self.result)
        )

    def normal(self, dialect: Dialect | None = None) -> str:
        """Return the line whose CRC32 is the id of a declaration that names none; by default in its own dialect."""
        rule = dialect or self.dialect
        braces = [f"{name}:{kind}" for name, kind in self.generics]
        return self._line(self.name, braces, [field.normal(rule) for field in self.parameters], self.result.normal())

    def crc32(self, dialect: Dialect | None = None) -> int:
        """Return the CRC32 of the normal line, unsigned."""
        import zlib  # packaged schemas write their ids, so that most programs never need it

        return zlib.crc32(self.normal(dialect).encode())

    def _line(self, head: str, braces: list[str], fields: list[str], result: str) -> str:
        return " ".join([head, *braces, *(["?"] if self.builtin else filter(None, fields)), "=", result])


def is_type_name(name: str) -> bool:
    """Tell whether a TL name is a boxed type's: a capital behind the last dot."""
    return name[name.rfind(".") + 1 :][:1].isupper()


def class_name(name: str) -> str:
    """Return the class name of a TL name without namespace: each part between underscores gets a capital."""
    return "".join([part[:1].upper() + part[1:] for part in name.split("_")])
