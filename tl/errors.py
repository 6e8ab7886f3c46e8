"""The errors of the TL language: one base, three kinds.

`DecodeError` names the place in the bytes, `EncodeError` the class and field, `SchemaError` the place in the text. No
message shows a value that was read or written, only its type, size or place: a value may be secret.
"""

from __future__ import annotations

__all__ = ["DecodeError", "EncodeError", "SchemaError", "TLError"]


class TLError(Exception):
    """The base of all errors that `tl` raises on purpose."""


class DecodeError(TLError):
    """Bytes do not follow the schema (core.telegram.org/mtproto/serialize).

    Attributes:
        reason: the fault, for example `"unknown constructor 0x1f0c2b3a"`.
        path: the way from the outermost value to the wrong one, `"Updates.updates[3].message.action"`; empty if the
            caller named no type and the first id is unknown.
        offset: the byte, counted from the start of the data, at which the wrong value starts.
        left: bytes from `offset` to the end of the data.
        id: the constructor id that was not expected there, or None where the fault is not in the id.
        raw: all the bytes of the data, so that nothing is lost; no text of the error shows them.

    """

    def __init__(
        self,
        reason: str,
        path: str,
        offset: int,
        left: int,
        id: int | None = None,  # noqa: A002 - the specification's own word
        raw: bytes = b"",
    ) -> None:
        where = f"at byte {offset}, {left} bytes left"
        super().__init__(f"{path}: {reason} {where}" if path else f"{reason} {where}")
        self.reason = reason
        self.path = path
        self.offset = offset
        self.left = left
        self.id = id
        self.raw = raw


class EncodeError(TLError):
    """An object cannot be made or written: a field is missing, unknown, of the wrong type, or out of range.

    Attributes:
        reason: the fault, for example `"a str where an int is declared"`.
        constructor: the class that declares the field, as `types` or `functions` name it: `"photos.GetUserPhotos"`.
        field: the TL name of the field, with an index inside a vector: `"sizes[2]"`; empty if the whole object is
            wrong.

    """

    def __init__(self, reason: str, constructor: str, field: str = "") -> None:
        super().__init__(f"{constructor}.{field}: {reason}" if field else f"{constructor}: {reason}")
        self.reason = reason
        self.constructor = constructor
        self.field = field


class SchemaError(TLError):
    """A `.tl` text breaks the grammar, or a name is not in the schema (core.telegram.org/mtproto/TL-formal).

    Attributes:
        reason: the fault.
        file: the name given to `Schema.parse`.
        line: the line, counted from 1; 0 if the error has no place in the text.
        column: the column, counted from 1; 0 if the error has no place in the text.

    """

    def __init__(self, reason: str, file: str = "", line: int = 0, column: int = 0) -> None:
        place = f"{file}:{line}:{column}: " if line else f"{file}: " if file else ""
        super().__init__(place + reason)
        self.reason = reason
        self.file = file
        self.line = line
        self.column = column
