"""A message as one account sees it, and what happens in the box of an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Event", "HistoryRead", "KeptMessage", "NewMessage"]


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message of a private chat or a basic group in the box of one of the accounts that have it.

    Attributes:
        id: the number in this box: it counts the messages of all chats of the account.
        peer_id: the other user, the account's own for a message to oneself; the negative id of a basic group.
        from_id: who sent the message.
        out: whether the account sent the message.
        twin_id: the number of the message in the box of the other account: of a message in a group, in the sender's.
        text: the text.
        entities: the entities of the text, each a serialized `MessageEntity`.
        date: when it was sent (Unix seconds).
        random_id: what the sender chose; 0 in the box of the receiver.
        document_id: the document that the message carries; 0 for none.

    """

    id: int
    peer_id: int
    from_id: int
    out: bool
    twin_id: int
    text: str
    entities: tuple[bytes, ...]
    date: int
    random_id: int = 0
    document_id: int = 0


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message came into the box, or was sent from there; `pts` is the state after that."""

    pts: int
    message: KeptMessage


@dataclass(frozen=True, slots=True)
class HistoryRead:
    """The messages of a chat up to `max_id` were read.

    Attributes:
        pts: the state after that.
        peer_id: the other user, or the negative id of a basic group.
        max_id: the last message that was read, in the numbers of this box.
        out: whether somebody else read what the account sent, and not the account what came in.
        unread: how many messages of the chat the account has still to read.

    """

    pts: int
    peer_id: int
    max_id: int
    out: bool
    unread: int


Event: TypeAlias = "NewMessage | HistoryRead"
"""What counts: `pts` grows by 1 with each (core.telegram.org/api/updates)."""
