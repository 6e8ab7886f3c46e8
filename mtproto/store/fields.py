"""JSON from a file, field by field: the reader gets values of the right type, or one kind of error."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, NoReturn

from mtproto.store.errors import StoreDamaged

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Fields", "read_fields"]


_LAST_TIME = float(1 << 33)
"""The year 2242, in Unix seconds: later times are damage."""


def read_fields(path: Path, data: bytes, kind: str) -> Fields:
    """Read the JSON object that a file holds.

    Args:
        path: the file, for errors.
        data: its contents: UTF-8.
        kind: what the file should be, for errors: "a state file of this program".

    Raises:
        StoreDamaged: the contents are no JSON, too deep, or no object. The text of the file stays out of the error.

    """
    try:
        content: object = json.loads(data.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise StoreDamaged(path, f"not {kind}, or damaged: not readable as JSON") from None
    return Fields(path, kind, content)


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python takes for numbers and JSON does not know."""
    raise ValueError(name)


class Fields:
    """One JSON object of a file. Each method returns a field's value, or raises `StoreDamaged` with the field's name.

    Args:
        path: the file, for errors.
        kind: what the file should be, for errors.
        content: what should be an object.

    """

    def __init__(self, path: Path, kind: str, content: object) -> None:
        self._path = path
        self._kind = kind
        if not isinstance(content, dict):
            raise self.damaged("not an object where one should be")
        self._content: dict[str, object] = content

    def damaged(self, reason: str) -> StoreDamaged:
        """Return the error for contents that the reader of the fields finds wrong."""
        return StoreDamaged(self._path, f"not {self._kind}, or damaged: {reason}")

    def only(self, *names: str, optional: tuple[str, ...] = ()) -> None:
        """Check that the object has exactly the fields with these names; the fields of `optional` may be absent."""
        if self._content.keys() - set(optional) != set(names):
            raise self.damaged(f"the fields should be {', '.join((*names, *optional))}")

    def has(self, name: str) -> bool:
        """Tell whether the object has a field."""
        return name in self._content

    def integer(self, name: str, lowest: int, highest: int) -> int:
        """Return a whole number between two bounds, both included."""
        value = self._content.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise self._wrong(name, f"a whole number from {lowest} to {highest}")
        return value

    def integer_or_none(self, name: str, lowest: int, highest: int) -> int | None:
        """Return a whole number between two bounds, or None where the field says `null`."""
        return None if self._content.get(name, 0) is None else self.integer(name, lowest, highest)

    def time_or_none(self, name: str) -> float | None:
        """Return Unix seconds, or None where the field says `null`."""
        value = self._content.get(name, "")
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LAST_TIME:
            raise self._wrong(name, "a time in Unix seconds")
        return float(value)

    def boolean(self, name: str) -> bool:
        """Return `true` or `false`."""
        value = self._content.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def line(self, name: str) -> str:
        """Return a text of one line, not empty, without control characters."""
        value = self._content.get(name)
        if not isinstance(value, str) or not value or not value.isprintable():
            raise self._wrong(name, "a line of text")
        return value

    def text(self, name: str) -> str:
        """Return a text of printable lines."""
        return self._text(name, self._content.get(name))

    def texts(self, name: str) -> list[str]:
        """Return a list of texts of printable lines."""
        return [self._text(name, value) for value in self._list(name)]

    def objects(self, name: str) -> list[Fields]:
        """Return a list of objects."""
        return [Fields(self._path, self._kind, value) for value in self._list(name)]

    def data(self, name: str) -> bytes:
        """Return the bytes that a field holds in base64."""
        return self._data(name, self._content.get(name))

    def _data(self, name: str, value: object) -> bytes:
        if not isinstance(value, str):
            raise self._wrong(name, "base64")
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):  # ValueError: characters beyond ASCII
            raise self._wrong(name, "base64") from None

    def data_list(self, name: str) -> list[bytes]:
        """Return a list of bytes, each of which stands in base64."""
        return [self._data(name, value) for value in self._list(name)]

    def integers(self, name: str, lowest: int, highest: int) -> list[int]:
        """Return a list of whole numbers between two bounds, both included."""
        each = (Fields(self._path, self._kind, {name: value}) for value in self._list(name))
        return [one.integer(name, lowest, highest) for one in each]

    def line_or_none(self, name: str) -> str | None:
        """Return a line of text, or None where the field says `null`."""
        return None if self._content.get(name, 0) is None else self.line(name)

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an object as it stands, whatever is in it."""
        value = self._content.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return value

    def _list(self, name: str) -> list[object]:
        value = self._content.get(name)
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return value

    def _text(self, name: str, value: object) -> str:
        if not isinstance(value, str) or not value.replace("\n", "").isprintable():
            raise self._wrong(name, "text")
        return value

    def _wrong(self, name: str, wanted: str) -> StoreDamaged:
        return self.damaged(f'"{name}" is not {wanted}')
