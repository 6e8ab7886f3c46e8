"""The place of each declaration in a `.tl` text: by name at once, by id and by type at the first request.

An index reads no declaration whose place its first words tell; it takes about two milliseconds for a packaged layer.
"""

from __future__ import annotations

from tl.errors import SchemaError
from tl.grammar import parse
from tl.primitives import PRIMITIVES, primitive

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tl.declaration import Declaration, Dialect

    Statement = tuple[str, int, bool]
    """The text of a statement up to its semicolon; its offset; whether the statement declares a function."""

__all__ = ["Index", "layer_of", "place"]

DIALECTS = ("plain", "telegram")
"""The values of `Dialect`."""

_LONGEST_LAYER = 9
"""Digits of a layer: nine digits always fit an `int`."""


def layer_of(text: str) -> int | None:
    """Return the N of a comment `// LAYER N`, or None."""
    words = text.partition("// LAYER ")[2].split(None, 1)
    return int(words[0]) if words and words[0].isdecimal() and len(words[0]) <= _LONGEST_LAYER else None


def place(text: str, offset: int) -> tuple[int, int]:
    """Return the line and the column of an offset in a text, both counted from 1."""
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - start + 1


def without_comments(text: str, file: str) -> str:
    """Return the text with every comment replaced by as many spaces, so that no offset and no line changes."""
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
    """Cut a text without comments into statements; section headers say which of them declare functions."""
    function = False
    offset = 0
    for chunk in text.split(";"):
        body = chunk.lstrip()
        while body[:3] == "---":
            header, _, body = body[3:].partition("---")
            header, body = header.strip(), body.lstrip()
            if header not in ("functions", "types"):
                raise SchemaError(
                    "a section is called functions or types", file, *place(text, text.find("---", offset))
                )
            function = header == "functions"
        if body[:1] == "@":
            body = _without_annotations(body)
        if body:
            end = offset + len(chunk)
            if end == len(text):
                raise SchemaError("the last declaration lacks its ';'", file, *place(text, end - len(body)))
            # A declaration whose result begins with `!` is a function in any section.
            yield body, end - len(body), function or ("!" in body and body.rpartition("=")[2].lstrip()[:1] == "!")
        offset += len(chunk) + 1


def _without_annotations(body: str) -> str:
    """Return a statement without its first words that begin with `@`: VK's `@read`, `@readwrite`."""
    while body.startswith("@") and len(parts := body.split(None, 1)) > 1:
        body = parts[1]
    return body


class Index:
    """The statements of a text that declare constructors and functions.

    Attributes:
        text: the text, with spaces in the place of comments.
        file: the name of the text in error messages.
        statements: by TL name, in the order of the text.
        primitives: the primitives that the text declares, by name: the code that `primitives.primitive` returns.

    """

    def __init__(self, text: str, file: str, dialect: Dialect | None = None) -> None:
        """Index a text; `dialect` is None where the ids in the text decide which dialect it is."""
        if dialect not in (None, *DIALECTS):
            raise SchemaError(f"there is no dialect {dialect!r}; there are {', '.join(DIALECTS)}", file)
        self.text = without_comments(text, file)
        self.file = file
        self.statements: dict[str, Statement] = {}
        self.primitives: dict[str, str] = {}
        self._dialect = dialect
        for statement in statements(self.text, file):
            head, *rest = statement[0].split(None, 1)
            name, mark, _ = head.partition("#")
            last = name.rfind(".") + 1
            capital = name[last : last + 1].isupper()  # `is_type_name`, without a call for each of thousands
            declares = mark and not capital and name not in PRIMITIVES and rest and rest[0][0] != "?"
            if not declares:  # no id, a primitive, or no combinator: the grammar decides
                declaration = self._plainly(statement)
                if declaration is None:
                    continue
                name = declaration.name
                code = primitive(declaration)
                if code is not None:
                    self.primitives[name] = code
                    continue
            if name in self.statements:
                raise self._twice(name, statement)
            self.statements[name] = statement
        self._tables: tuple[dict[int, str], dict[str, list[str]]] | None = None

    def _twice(self, name: str, statement: Statement) -> SchemaError:
        return self._error(f"{name} is declared twice", statement)

    @property
    def dialect(self) -> Dialect:
        """The dialect that was given, or else the one whose CRC32 equals more of the written ids."""
        found = self._dialect
        if found is None:
            found = self._dialect = _dialect_of(map(self._plainly, filter(_can_tell, self.statements.values())))
        return found

    @property
    def by_id(self) -> dict[int, str]:
        """TL names by constructor id, unsigned."""
        return (self._tables or self._make_tables())[0]

    @property
    def by_type(self) -> dict[str, list[str]]:
        """The names of the constructors of each boxed type."""
        return (self._tables or self._make_tables())[1]

    def has_type(self, name: str) -> bool:
        """Tell whether the text declares a boxed type. The usual spelling is found without making the tables."""
        return (self._tables is None and f" = {name};" in self.text) or name in self.by_type

    def read(self, statement: Statement) -> Declaration | None:
        """Read one statement in full; None if it declares no combinator. Raises SchemaError with its place."""
        declaration = self._plainly(statement)
        if declaration is not None and not self._dialect and declaration.written is None and _differs(declaration):
            declaration.follow(self.dialect)
        return declaration

    def _plainly(self, statement: Statement) -> Declaration | None:
        text, offset, function = statement
        return parse(text, function, lambda reason, at: self._error_at(reason, offset + at), self._dialect or "plain")

    def read_all(self) -> dict[str, Declaration]:
        """Read every statement. Raises SchemaError with the place of the first mistake."""
        found: dict[str, Declaration] = {}
        unread, self.statements = self.statements, {}
        for statement in unread.values():
            declaration = self._plainly(statement)
            if declaration is not None:
                if declaration.name in found:
                    raise self._twice(declaration.name, statement)
                self.statements[declaration.name] = statement
                found[declaration.name] = declaration
        if self._dialect is None:
            self._dialect = _dialect_of(found.values())
        for declaration in found.values():
            declaration.follow(self._dialect)
        self._make_tables(found)
        return found

    def _make_tables(self, read: dict[str, Declaration] | None = None) -> tuple[dict[int, str], dict[str, list[str]]]:
        names: dict[int, str] = {}
        types: dict[str, list[str]] = {}
        for name, statement in self.statements.items():
            key, type_name = _in_short(statement) if read is None else (read[name].id, read[name].result.name)
            if key is None:  # the text writes no id: the id is the CRC32
                declaration = self.read(statement)
                key = declaration.id if declaration is not None else 0
            if key in names:
                raise self._error(f"{name} has the id 0x{key:08x}, as {names[key]} has", statement)
            names[key] = name
            if not statement[2]:
                types.setdefault(type_name, []).append(name)
        self._tables = names, types
        return self._tables

    def _error(self, reason: str, statement: Statement) -> SchemaError:
        return self._error_at(reason, statement[1])

    def _error_at(self, reason: str, offset: int) -> SchemaError:
        return SchemaError(reason, self.file, *place(self.text, offset))


def _in_short(statement: Statement) -> tuple[int | None, str]:
    """Return the written id, or None, and the name of the result; the statement is known to be right."""
    text = statement[0]
    try:
        key = int(text.split(None, 1)[0].partition("#")[2], 16)
    except ValueError:
        key = None
    return key, text.rpartition("=")[2].replace("<", " ").split(None, 1)[0]


def _can_tell(statement: Statement) -> bool:
    text = statement[0]
    return "true" in text or "bytes" in text


def _differs(declaration: Declaration) -> bool:
    return declaration.normal("plain") != declaration.normal("telegram")


def _dialect_of(declarations: Iterable[Declaration | None]) -> Dialect:
    """Return the dialect that more of the written ids follow.

    An id counts where the two dialects have different CRC32s and the id is one of the two. The majority decides. The
    dialect is `plain` where both dialects have as many such ids, and where there are none.
    """
    balance = 0
    for declaration in declarations:
        if declaration is not None and declaration.written is not None and _differs(declaration):
            balance += declaration.crc32("telegram") == declaration.written
            balance -= declaration.crc32("plain") == declaration.written
    return "telegram" if balance > 0 else "plain"
