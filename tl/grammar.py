"""One statement of a `.tl` text to a declaration (core.telegram.org/mtproto/TL-formal).

The grammar does not know what a name means: `catalog` resolves names. Methods of `str` cut the text into tokens, since
importing `re` takes a program more time than reading all the declarations that it uses.
"""

from __future__ import annotations

from tl.declaration import Declaration, Parameter, Repetition, Type, is_type_name
from tl.errors import SchemaError

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from tl.declaration import Dialect

    Blame = Callable[[str, int], SchemaError]

__all__ = ["parse", "parse_type"]

_SPACED = {ord(sign): f" {sign} " for sign in ":;()[]{}=#?%+<>,.*!"}
"""Each sign with spaces around it: then white space separates all tokens."""

_DEEPEST = 32
"""Types inside types: more than anybody writes by hand."""

_LONGEST_BIT = 2
"""Digits of the number of a bit."""

_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def parse(
    text: str, function: bool = False, error: Blame | None = None, dialect: Dialect = "plain"
) -> Declaration | None:
    """Read one statement without its semicolon.

    Returns None for a statement that declares no combinator: `New T`, `Final T`, `Empty T`, a partial application.
    Raises SchemaError. `error` makes the error from a reason and an offset in this text, for a caller who knows the
    place of the statement in a longer text.
    """
    return _Parser(text, error, dialect).declaration(function)


def parse_type(text: str) -> Type:
    """Read one type expression, such as `Vector<long>`. Raises SchemaError."""
    parser = _Parser(text)
    result = parser.expression()
    if parser.ahead:
        parser.fail("a type ends here")
    return result


class _Parser:
    """A recursive descent over the tokens of one statement; `ahead` is the next token, empty at the end."""

    def __init__(self, text: str, error: Blame | None = None, dialect: Dialect = "plain") -> None:
        self._text = text
        self._error = error
        self._dialect = dialect
        self._start = 0
        self._tokens: list[str] = []
        self._index = 0
        self._depth = 0
        self.ahead = ""
        self._begin(0)

    def _begin(self, start: int) -> None:
        self._start = start
        self._tokens = [*self._text[start:].translate(_SPACED).split(), ""]
        self._index = 0
        self.ahead = self._tokens[0]

    def fail(self, reason: str) -> NoReturn:
        """Raise SchemaError at the next token."""
        offset = self._start
        for token in self._tokens[: self._index]:
            offset = self._text.index(token, offset) + len(token)
        offset = self._text.index(self.ahead, offset) if self.ahead else len(self._text)
        if self._error is not None:
            raise self._error(reason, offset)
        raise SchemaError(reason, "", self._text.count("\n", 0, offset) + 1, offset - self._text.rfind("\n", 0, offset))

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
        """Take a name together with its namespaces."""
        name = self._simple()
        while self.ahead == "." and _is_name(self._peek(1)):
            self._next()
            name = f"{name}.{self._next()}"
        return name

    def _simple(self) -> str:
        if not _is_name(self.ahead):
            self.fail(f"a name expected, not {self.ahead or 'the end'!r}")
        return self._next()

    def _variable(self) -> str:
        return "_" if self._take("_") else self._simple()

    def _head(self) -> tuple[str, int | None]:
        """Take the name of the combinator and its id, which follows the name without a space."""
        name = _leading(self._text, 0)
        digits = _leading(self._text, len(name) + 1) if self._text.startswith("#", len(name)) else "0"
        fine = all(map(_is_name, name.split("."))) or name == "_"
        if not fine or not 1 <= len(digits) <= 8 or not _HEXADECIMAL.issuperset(digits):
            self.fail("a declaration starts with a name, and its id has 1 to 8 hexadecimal digits")
        if not self._text.startswith("#", len(name)):
            return name, None
        self._begin(len(name) + 1 + len(digits))
        return name, int(digits, 16)

    def declaration(self, function: bool) -> Declaration | None:
        name, explicit = self._head()
        if is_type_name(name):
            if explicit is not None:
                self.fail("a constructor or a function has an id, a type has none")
            self._no_combinator(name)
            return None
        if explicit is None:
            self._begin(len(name))
        if self.ahead == "?" and self._peek(1) == "=":
            self._next()
            return Declaration(name, explicit, (), (), self._result(), function, True, self._dialect)
        generics: list[tuple[str, str]] = []
        while self._take("{"):
            generics += self._braces()
        parameters = self._arguments("=")
        if self.ahead != "=":
            self._partial(parameters)
            return None
        function = function or self._peek(1) == "!"
        result = self._result()
        return Declaration(name, explicit, tuple(generics), tuple(parameters), result, function, False, self._dialect)

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
        if result.bare or not is_type_name(result.name):
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
            if self._peek(1) == "?" or (self._peek(1) == "." and self._peek(2).isdecimal()):
                word, bit = self._condition()
        bang = self._take("!")
        return [Parameter(name, self._repetition() or self.term(), word, bit, bang)]

    def _grouped_names(self) -> list[str]:
        """Step over `( a b :` and return the names; step over nothing where a type stands in the parentheses."""
        distance = 1
        while _is_name(self._peek(distance)) or self._peek(distance) == "_":
            distance += 1
        if distance == 1 or self._peek(distance) != ":":
            return []
        self._next()
        names = [self._variable() for _ in range(distance - 1)]
        self._next()
        return names

    def _condition(self) -> tuple[str, int | None]:
        word = self._simple()
        bit = None
        if self._take("."):
            digits = self.ahead.lstrip("0") or "0"
            if not _is_number(self.ahead) or len(digits) > _LONGEST_BIT or int(digits) > 31:
                self.fail("a bit is a number from 0 to 31")
            bit = int(digits)
            self._next()
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
        self._descend()
        fields = self._arguments("]")
        self._depth -= 1
        self._expect("]")
        return Repetition(count, tuple(fields))

    def expression(self) -> Type:
        """Read `E1 E2 E3`, which applies E1 to E2 and E3, up to the first token that starts no term."""
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
        """Read one term: a name with or without `<…>`, a number, `#`, `%term`, or an expression in parentheses."""
        self._descend()
        made = self._term()
        self._depth -= 1
        return made

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            self.fail("a type is nested too deep")

    def _term(self) -> Type:
        if self._take("%"):
            inner = self.term()
            return Type(inner.name, inner.args, bare=True)
        if self._take("("):
            inner = self.expression()
            self._expect(")")
            return inner
        if self.ahead == "#" or _is_number(self.ahead):
            return Type(self._next())
        name = self._identifier()
        args: list[Type] = []
        if self._take("<"):
            args.append(self.expression())
            while self._take(","):
                args.append(self.expression())
            self._expect(">")
        return Type(name, tuple(args))


def _is_name(token: str) -> bool:
    return token.isidentifier() and token.isascii() and not token.startswith("_")


def _is_number(token: str) -> bool:
    return token.isdecimal() and token.isascii()


def _leading(text: str, start: int) -> str:
    """Return the characters of a name with which a text goes on at an offset."""
    rest = text[start:]
    return rest[: len(rest) - len(rest.lstrip(_NAME))]
