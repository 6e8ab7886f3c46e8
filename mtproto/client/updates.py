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
    """An update that can't be read, mostly since the client's layer does not have its constructor.

    Attributes:
        raw: its bytes, as they came (`gzip_packed` undone where that was possible).
        error: why it can't be read, and where.

    """

    raw: bytes = field(repr=False)
    error: TLError | MTProtoError

    def __post_init__(self) -> None:
        without_frames(self.error)


ReceivedUpdate: TypeAlias = TLObject | UndecodableUpdate | UpdatesGap | UpdatesDropped
"""An object of the type `Updates`; an update that can't be read; or the news that updates may be missing, or that the
connection dropped some."""


def read_update(item: Item | UpdatesDropped, schema: Schema, elements: int = DEFAULT_LIMITS.elements) -> ReceivedUpdate:
    """Return an item of a connection's queue as the client's users see it. Nothing is raised for a wrong item.

    Args:
        item: from the queue.
        schema: reads the updates.
        elements: TL objects and elements of an update; an update of more can't be read.

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
