"""What the server sends unasked, as objects (core.telegram.org/api/updates)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from mtproto.errors import without_frames
from mtproto.limits import DEFAULT_LIMITS
from mtproto.net import UpdatesDropped
from mtproto.session import Undecodable, Update, UpdatesGap
from tl import DecodeError, TLError, TLObject

if TYPE_CHECKING:
    from mtproto.errors import MTProtoError
    from mtproto.net import Item
    from tl import Schema

__all__ = ["ReceivedUpdate", "UndecodableUpdate", "read_update"]


@dataclass(frozen=True, slots=True)
class UndecodableUpdate:
    """An update that can't be read: mostly of a constructor that the client's layer does not have.

    Attributes:
        raw: its bytes, as they came (`gzip_packed` undone where that was possible).
        error: why it can't be read, and where.

    """

    raw: bytes = field(repr=False)
    error: TLError | MTProtoError

    def __post_init__(self) -> None:
        without_frames(self.error)


ReceivedUpdate: TypeAlias = TLObject | UndecodableUpdate | UpdatesGap | UpdatesDropped
"""An object of the type `Updates`; one that can't be read; or that some may be missing, or were dropped right here."""


def read_update(item: Item | UpdatesDropped, schema: Schema, elements: int = DEFAULT_LIMITS.elements) -> ReceivedUpdate:
    """Return an item of a connection's queue as the client's callers see it; nothing is raised for what it holds.

    An update of more than so many elements can't be read.
    """
    match item:
        case Update(body=body):
            try:
                update: Any = schema.decode(body, elements=elements)
            except TLError as error:
                return UndecodableUpdate(body, error)
            if isinstance(update, TLObject):
                return update
            return UndecodableUpdate(body, DecodeError("a Bool, which is no update", "", 0, len(body), raw=body))
        case Undecodable(body=body, error=error):
            return UndecodableUpdate(body, error)
        case _:
            return item
