"""`.tl` text to declarations, and their CRC32 (core.telegram.org/mtproto/TL-formal, core.telegram.org/mtproto/TL).

`statements` cuts a text at its semicolons and section headers; `parse` reads one statement. Nothing here knows what
a name means: that is `plan`'s matter.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, NoReturn

from tl.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Blame = Callable[[str, int], SchemaError]
    Statement = tuple[str, int, bool]
    """A piece of a text up to its semicolon, not read further; its offset; whether it stands among the functions."""

__all__ = [
    "Declaration",
    "Parameter",
    "Repetition",
    "Type",
    "class_name",
    "parse",
    "parse_type",
    "statements",
]

_HEAD = re.compile(r"((?:[A-Za-z][A-Za-z0-9_]*\.)?[A-Za-z][A-Za-z0-9_]*|_)(?:#([0-9A-Fa-f]{1,8}))?(?![A-Za-z0-9_.#])")
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)?|[0-9]+|\S")
_LAYER = re.compile(r"//[ \t]*LAYER[ \t]+([0-9]+)")


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

    def normal(self) -> str:
        """Return the spelling whose CRC32 counts."""
        count = f"{self.count.normal()}*" if self.count else ""
        return f"{count}[ {' '.join(field.normal() for field in self.fields)} ]"


class Parameter:
    """A field of a declaration, in its place.

    Attributes:
        name: its name; empty for an anonymous field.
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

    def normal(self) -> str:
        """Return the spelling whose CRC32 counts; empty for `flags.N?true`, which does not."""
        text = self.type.normal()
        if self.word and self.bit is not None and text == "true":
            return ""
        return self._spell("string" if text == "bytes" and self.name else text)

    def _spell(self, text: str) -> str:
        condition = "" if self.word is None else f"{self.word}?" if self.bit is None else f"{self.word}.{self.bit}?"
        name = f"{self.name}:" if self.name else ""
        return f"{name}{condition}{'!' * self.bang}{text}"


class Declaration:
    """One constructor or function.

    Attributes:
        name: its TL name with the namespace, for example `"photos.photosSlice"`.
        id: 32 bits, unsigned: the one that is written, or else the CRC32 of the line.
        generics: the parameters in braces, in order: name and `"Type"` or `"#"`.
        parameters: the fields, in the order of the wire.
        result: the type that it makes (constructor) or answers (function).
        function: True behind `---functions---`, or if the result begins with `!`.
        builtin: True for `int ? = Int`, which names a primitive.

    """

    __slots__ = ("builtin", "function", "generics", "id", "name", "parameters", "result")

    def __init__(
        self,
        name: str,
        explicit: int | None,
        generics: tuple[tuple[str, str], ...],
        parameters: tuple[Parameter, ...],
        result: Type,
        function: bool,
        builtin: bool = False,
    ) -> None:
        self.name = name
        self.generics = generics
        self.parameters = parameters
        self.result = result
        self.function = function
        self.builtin = builtin
        self.id = self.crc32() if explicit is None else explicit

    def __str__(self) -> str:
        braces = [f"{{{name}:{kind}}}" for name, kind in self.generics]
        return self._line(
            f"{self.name}#{self.id:08x}", braces, [str(field) for field in self.parameters], str(self.result)
        )

    def normal(self) -> str:
        """Return the line whose CRC32 is the id of a declaration that names none."""
        braces = [f"{name}:{kind}" for name, kind in self.generics]
        return self._line(self.name, braces, [field.normal() for field in self.parameters], self.result.normal())

    def crc32(self) -> int:
        """Return the CRC32 of the normal line, unsigned."""
        return zlib.crc32(self.normal().encode())

    def _line(self, head: str, braces: list[str], fields: list[str], result: str) -> str:
        return " ".join([head, *braces, *(["?"] if self.builtin else filter(None, fields)), "=", result])


def class_name(name: str) -> str:
    """Return the class name of a TL name without namespace: each part between underscores gets a capital."""
    return "".join([part[:1].upper() + part[1:] for part in name.split("_")])


def layer_of(text: str) -> int | None:
    """Return the N of a comment `// LAYER N`, or None."""
    match = _LAYER.search(text)
    return int(match[1]) if match else None


def place(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, both from 1, of a place in a text."""
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - start + 1


def without_comments(text: str, file: str) -> str:
    """Return the text with every comment replaced by as many spaces, so that places stay what they are."""
    pieces, start = [], 0
    while (at := text.find("/", start)) >= 0:
        if text.startswith("//", at):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
        elif text.startswith("/*", at):
            end = text.find("*/", at + 2) + 2
            if end < 2:
                raise SchemaError("a comment has no end", file, *place(text, at))
        else:
            raise SchemaError("'/' starts no token", file, *place(text, at))
        pieces.append(text[start:at])
        pieces.append("".join(["\n" if sign == "\n" else " " for sign in text[at:end]]))
        start = end
    pieces.append(text[start:])
    return "".join(pieces)


def statements(text: str, file: str) -> Iterator[Statement]:
    """Cut a text without comments into statements; section headers are followed, not returned."""
    function = False
    offset = 0
    for chunk in text.split(";"):
        body = chunk.lstrip()
        while body.startswith("---"):
            header, _, body = body[3:].partition("---")
            header, body = header.strip(), body.lstrip()
            if header not in ("functions", "types"):
                raise SchemaError(
                    "a section is called functions or types", file, *place(text, text.find("---", offset))
                )
            function = header == "functions"
        if body:
            end = offset + len(chunk)
            if end == len(text):
                raise SchemaError("the last declaration lacks its ';'", file, *place(text, end - len(body)))
            # A result that begins with `!` makes a function of a declaration in any section.
            yield body, end - len(body), function or ("!" in body and body.rpartition("=")[2].lstrip()[:1] == "!")
        offset += len(chunk) + 1


def parse(text: str, function: bool = False, error: Blame | None = None) -> Declaration | None:
    """Read one statement without its semicolon.

    Returns None for what declares no combinator: `New T`, `Final T`, `Empty T`, a partial application. Raises
    SchemaError; `error` makes it from a reason and an offset in this text, for those who know where the text stands.
    """
    return _Parser(text, error).declaration(function)


def parse_type(text: str) -> Type:
    """Read one type expression, such as `Vector<long>`. Raises SchemaError."""
    parser = _Parser(text)
    result = parser.expression()
    if parser.ahead:
        parser.fail("a type ends here")
    return result


class _Parser:
    """A recursive descent over the tokens of one statement; `ahead` is the next one, empty at the end."""

    def __init__(self, text: str, error: Blame | None = None) -> None:
        self._text = text
        self._error = error
        self._start = 0
        self._tokens: list[str] = []
        self._index = 0
        self.ahead = ""
        self._begin(0)

    def _begin(self, start: int) -> None:
        self._start = start
        self._tokens = _TOKEN.findall(self._text, start)
        self._tokens.append("")
        self._index = 0
        self.ahead = self._tokens[0]

    def fail(self, reason: str) -> NoReturn:
        """Raise SchemaError at the next token."""
        offset = len(self._text)
        for index, match in enumerate(_TOKEN.finditer(self._text, self._start)):
            if index == self._index:
                offset = match.start()
                break
        if self._error is not None:
            raise self._error(reason, offset)
        raise SchemaError(reason, "", *place(self._text, offset))

    def _next(self) -> str:
        token = self.ahead
        self._index += 1
        self.ahead = self._tokens[self._index]
        return token

    def _peek(self, distance: int) -> str:
        at = self._index + distance
        return self._tokens[at] if at < len(self._tokens) else ""

    def _take(self, token: str) -> bool:
        if self.ahead != token:
            return False
        self._next()
        return True

    def _expect(self, token: str) -> None:
        if not self._take(token):
            self.fail(f"{token!r} expected, not {self.ahead or 'the end'!r}")

    def _identifier(self) -> str:
        if not self.ahead[:1].isalpha():
            self.fail(f"a name expected, not {self.ahead or 'the end'!r}")
        return self._next()

    def _variable(self) -> str:
        if self._take("_"):
            return ""
        if "." in self.ahead:
            self.fail(f"a field has no namespace: {self.ahead!r}")
        return self._identifier()

    def declaration(self, function: bool) -> Declaration | None:
        head = _HEAD.match(self._text)
        if not head:
            self.fail("a declaration starts with a name, and its id has 1 to 8 hexadecimal digits")
        name, digits = head[1], head[2]
        if name[name.find(".") + 1].isupper():
            self._no_combinator(name)
            return None
        self._begin(head.end())
        explicit = int(digits, 16) if digits else None
        if self.ahead == "?" and self._peek(1) == "=":
            self._next()
            return Declaration(name, explicit, (), (), self._result(), function, builtin=True)
        generics: list[tuple[str, str]] = []
        while self._take("{"):
            generics += self._braces()
        parameters = self._arguments("=")
        if self.ahead != "=":
            self._partial(parameters)
            return None
        function = function or self._peek(1) == "!"
        result = self._result()
        return Declaration(name, explicit, tuple(generics), tuple(parameters), result, function)

    def _no_combinator(self, name: str) -> None:
        if name not in ("New", "Final", "Empty"):  # a partial application: the name is a type's
            self.expression()
        else:
            self._next()
            self._identifier()
        if self.ahead:
            self.fail(f"';' expected, not {self.ahead!r}")

    def _partial(self, parameters: list[Parameter]) -> None:
        if not parameters or any(parameter.name for parameter in parameters):
            self.fail("'=' expected")

    def _braces(self) -> list[tuple[str, str]]:
        names = [self._variable()]
        while self.ahead != ":":
            names.append(self._variable())
        self._next()
        self._take("!")
        kind = self.expression().normal()
        if kind not in ("Type", "#"):
            self.fail("an optional parameter is of type Type or #")
        self._expect("}")
        return [(name, kind) for name in names]

    def _result(self) -> Type:
        self._expect("=")
        self._take("!")
        result = self.expression()
        if self.ahead:
            self.fail(f"';' expected, not {self.ahead!r}")
        if result.bare or not result.name[result.name.find(".") + 1].isupper():
            self.fail(f"a result is a boxed type, not {str(result)!r}")
        return result

    def _arguments(self, end: str) -> list[Parameter]:
        parameters: list[Parameter] = []
        while self.ahead and self.ahead != end:
            parameters += self._argument()
        return parameters

    def _argument(self) -> list[Parameter]:
        if self.ahead == "(" and (names := self._grouped_names()):
            bang = self._take("!")
            type_ = self.term()
            self._expect(")")
            return [Parameter(name, type_, bang=bang) for name in names]
        name, word, bit = "", None, None
        if self._peek(1) == ":":
            name = self._variable()
            self._next()
            if self._peek(1) == "?" or (self._peek(1) == "." and self._peek(3) == "?"):
                word, bit = self._condition()
        bang = self._take("!")
        return [Parameter(name, self._repetition() or self.term(), word, bit, bang)]

    def _grouped_names(self) -> list[str]:
        """Step over `( a b :` and return the names; stay where it is if this is a type in parentheses."""
        distance = 1
        while self._peek(distance)[:1].isalpha() or self._peek(distance) == "_":
            distance += 1
        if distance == 1 or self._peek(distance) != ":":
            return []
        self._next()
        names = [self._variable() for _ in range(distance - 1)]
        self._next()
        return names

    def _condition(self) -> tuple[str, int | None]:
        word = self._identifier()
        bit = None
        if self._take("."):
            if not self.ahead.isdigit() or int(self.ahead) > 31:
                self.fail("a bit is a number from 0 to 31")
            bit = int(self._next())
        self._expect("?")
        return word, bit

    def _repetition(self) -> Repetition | None:
        count = None
        if self.ahead != "[":
            distance = 1
            if self.ahead == "(":
                while self._peek(distance) not in (")", ""):
                    distance += 1
                distance += 1
            if self._peek(distance) != "*":
                return None
            count = self.term()
            self._expect("*")
        self._expect("[")
        fields = self._arguments("]")
        self._expect("]")
        return Repetition(count, tuple(fields))

    def expression(self) -> Type:
        """Read `E1 E2 E3`, which applies from the left, up to something that starts no term."""
        head = self.term()
        args = list(head.args)
        while self.ahead == "+" or self.ahead[:1].isalnum() or self.ahead in ("(", "%", "#"):
            if self._take("+"):
                right = self.term()
                if args:
                    args[-1] = Type("+", (args[-1], right))
                else:
                    head = Type("+", (head, right))
                    args = list(head.args)
            else:
                args.append(self.term())
        return Type(head.name, tuple(args), head.bare)

    def term(self) -> Type:
        """Read one term: a name, perhaps with `<…>`, a number, `#`, `%term`, or an expression in parentheses."""
        if self._take("%"):
            inner = self.term()
            return Type(inner.name, inner.args, bare=True)
        if self._take("("):
            inner = self.expression()
            self._expect(")")
            return inner
        if self.ahead == "#" or self.ahead.isdigit():
            return Type(self._next())
        name = self._identifier()
        args: list[Type] = []
        if self._take("<"):
            args.append(self.expression())
            while self._take(","):
                args.append(self.expression())
            self._expect(">")
        return Type(name, tuple(args))
