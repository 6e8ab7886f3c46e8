"""Where in a `.tl` text each declaration stands: by name at once, by id and by type at the first need.

Nothing is read further than that; a packaged layer is indexed in about two milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tl import grammar
from tl.errors import SchemaError

if TYPE_CHECKING:
    from tl.grammar import Declaration, Statement

__all__ = ["Index"]


class Index:
    """The statements of a text that declare constructors and functions.

    Attributes:
        text: the text, with spaces in the place of comments.
        file: what error messages call it.
        statements: by TL name, in the order of the text.

    """

    def __init__(self, text: str, file: str) -> None:
        self.text = grammar.without_comments(text, file)
        self.file = file
        self.statements: dict[str, Statement] = {}
        for statement in grammar.statements(self.text, file):
            name, mark, _ = statement[0].split(None, 1)[0].partition("#")
            if not mark or name[name.find(".") + 1].isupper():  # no id, or no combinator: only the grammar can tell
                declaration = self.read(statement)
                if declaration is None or declaration.builtin:
                    continue
                name = declaration.name
            if name in self.statements:
                raise self._error(f"{name} is declared twice", statement)
            self.statements[name] = statement
        self._tables: tuple[dict[int, str], dict[str, list[str]]] | None = None

    @property
    def by_id(self) -> dict[int, str]:
        """TL names by constructor id, unsigned."""
        return (self._tables or self._make_tables())[0]

    @property
    def by_type(self) -> dict[str, list[str]]:
        """The names of the constructors of each boxed type."""
        return (self._tables or self._make_tables())[1]

    def read(self, statement: Statement) -> Declaration | None:
        """Read one statement in full; None if it declares no combinator. Raises SchemaError with its place."""
        text, offset, function = statement
        return grammar.parse(text, function, lambda reason, at: self._error_at(reason, offset + at))

    def read_all(self) -> dict[str, Declaration]:
        """Read every statement. Raises SchemaError with the place of the first mistake."""
        found = {}
        for name, statement in self.statements.items():
            declaration = self.read(statement)
            if declaration is not None:
                found[name] = declaration
        self._make_tables()
        return found

    def _make_tables(self) -> tuple[dict[int, str], dict[str, list[str]]]:
        names: dict[int, str] = {}
        types: dict[str, list[str]] = {}
        for name, statement in self.statements.items():
            text, _, function = statement
            try:
                key = int(text.split(None, 1)[0].partition("#")[2], 16)
            except ValueError:  # no id: the CRC32 is
                declaration = self.read(statement)
                key = declaration.id if declaration is not None else 0
            if key in names:
                raise self._error(f"{name} has the id 0x{key:08x}, as {names[key]} has", statement)
            names[key] = name
            if not function:
                types.setdefault(text.rpartition("=")[2].replace("<", " ").split(None, 1)[0], []).append(name)
        self._tables = names, types
        return self._tables

    def _error(self, reason: str, statement: Statement) -> SchemaError:
        return self._error_at(reason, statement[1])

    def _error_at(self, reason: str, offset: int) -> SchemaError:
        return SchemaError(reason, self.file, *grammar.place(self.text, offset))
