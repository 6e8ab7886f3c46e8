"""The parts of a declaration, its spelling and its CRC32 (core.telegram.org/mtproto/TL#combinators)."""

from __future__ import annotations

from keyword import iskeyword

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from typing import Literal

    Dialect = Literal["plain", "telegram"]
    """The rules for the ids that a text does not write. `plain` is the language as its pages describe the language:
    the id is the CRC32 of the whole line. `telegram` is Telegram's API: the CRC32 leaves out `flags.N?true`, and takes
    `bytes` as `string`."""

__all__ = ["Declaration", "Parameter", "Repetition", "Type", "class_name", "class_path", "is_type_name"]


class Type:
    """A type expression: a name applied to arguments.

    Attributes:
        name: an identifier, `"#"`, a natural number, or `"+"` for a sum of the two arguments.
        args: the arguments, in order: `Vector<int>` and `Vector int` are the same.
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
        """Return the spelling that the CRC32 is taken of: spaces before arguments, no brackets."""
        if self.name == "+":
            return f"{self.args[0].normal()}+{self.args[1].normal()}"
        return " ".join(("%" * self.bare + self.name, *(argument.normal() for argument in self.args)))


class Repetition:
    """A repetition `count*[ fields ]`; where `count` is None, the nearest `#` to the left is the count."""

    __slots__ = ("count", "fields")

    def __init__(self, count: Type | None, fields: tuple[Parameter, ...]) -> None:
        self.count = count
        self.fields = fields

    def __str__(self) -> str:
        count = f"{self.count}*" if self.count else ""
        return f"{count}[ {' '.join(map(str, self.fields))} ]"

    def normal(self, dialect: Dialect = "plain") -> str:
        """Return the spelling that the CRC32 is taken of."""
        count = f"{self.count.normal()}*" if self.count else ""
        return f"{count}[ {' '.join(field.normal(dialect) for field in self.fields)} ]"


class Parameter:
    """One field of a declaration.

    Attributes:
        name: the name of the field; `_` where the text writes `_:T`; empty where the text writes the type alone.
        type: the type of the field.
        word: the name of the `#` field whose bits say whether this field is present; None if it is always present.
        bit: the bit of `word` that says so; None with a `word`: any bit of the word says so.
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
        """Return the spelling that the CRC32 is taken of; empty for `flags.N?true` in Telegram's API."""
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
        name: the TL name with its namespace, for example `"photos.photosSlice"`.
        written: the id that the text gives, 32 bits, unsigned; None where the text gives none.
        dialect: the rules of the CRC32.
        generics: the parameters in braces, in order: name and `"Type"` or `"#"`.
        parameters: the fields, in the order of the wire.
        result: the type of a constructor's value, or of a function's answer.
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
        """32 bits, unsigned: the id that the text writes; the CRC32 of the line where the text writes none."""
        return self.crc32() if self.written is None else self.written

    def follow(self, dialect: Dialect) -> None:
        """Take the rules of a dialect, for a text whose dialect is known only after its declarations were read."""
        self.dialect = dialect

    def __str__(self) -> str:
        braces = [f"{{{name}:{kind}}}" for name, kind in self.generics]
        return self._line(
            f"{self.name}#{self.id:08x}", braces, [str(field) for field in self.parameters], str(self.result)
        )

    def normal(self, dialect: Dialect | None = None) -> str:
        """Return the line that the CRC32 is taken of, by the rules of `dialect` or else of the declaration's own."""
        rule = dialect or self.dialect
        braces = [f"{name}:{kind}" for name, kind in self.generics]
        return self._line(self.name, braces, [field.normal(rule) for field in self.parameters], self.result.normal())

    def crc32(self, dialect: Dialect | None = None) -> int:
        """Return the CRC32 of the normal line, 32 bits, unsigned."""
        import zlib  # at the first use: packaged schemas write their ids

        return zlib.crc32(self.normal(dialect).encode())

    def _line(self, head: str, braces: list[str], fields: list[str], result: str) -> str:
        return " ".join([head, *braces, *(["?"] if self.builtin else filter(None, fields)), "=", result])


def is_type_name(name: str) -> bool:
    """Tell whether a TL name is the name of a boxed type: a capital letter follows the last dot."""
    return name[name.rfind(".") + 1 :][:1].isupper()


def class_name(name: str) -> str:
    """Return the class name of a TL name without namespace: each part between underscores gets a capital letter."""
    return "".join([part[:1].upper() + part[1:] for part in name.split("_")])


def class_path(name: str) -> str:
    """Return the class name of a TL name, behind its namespace; a word of Python gets an underscore (`True_`)."""
    namespace, dot, last = name.rpartition(".")
    made = class_name(last)
    return f"{namespace}{dot}{made}_" if iskeyword(made) else f"{namespace}{dot}{made}"
