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
        layer: the layer of the schema that does not know the id; None where the schema is no layer or knows the id.

    The text of the error names the layers of Telegram's API that know such an id: an object of another layer inside an
    answer is a known fault of servers. The packed history is asked when the text is made, not before.

    """

    def __init__(
        self,
        reason: str,
        path: str,
        offset: int,
        left: int,
        id: int | None = None,  # noqa: A002 - the specification's own word
        raw: bytes = b"",
        layer: int | None = None,
    ) -> None:
        where = f"at byte {offset}, {left} bytes left"
        super().__init__(f"{path}: {reason} {where}" if path else f"{reason} {where}")
        self.reason = reason
        self.path = path
        self.offset = offset
        self.left = left
        self.id = id
        self.raw = raw
        self.layer = layer

    def __str__(self) -> str:
        text = super().__str__()
        found = self._declared()
        if not found:
            return text
        where, name = ",".join([where for where, _ in found]), found[0][1]
        return f"{text}; layer {self.layer} does not know this id, layers {where} do: {name}"

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers of Telegram's API that know the id, in ascending order; none where `layer` is None.

        The first question of a program about such an id reads the packed history, which takes some milliseconds.
        """
        from tl import history  # at the first use

        known = {number for where, _ in self._declared() for number in history.numbers(where)}
        return tuple([number for number in history.all_layers() if number in known])

    def _declared(self) -> list[tuple[str, str]]:
        from tl import history

        return [] if self.layer is None or self.id is None else history.declared_under(self.id)


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
