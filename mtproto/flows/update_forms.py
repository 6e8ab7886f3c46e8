"""Short forms of updates, expanded, and what the kinds of updates are counted by (core.telegram.org/api/updates)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

from mtproto.flows.layers import make, name_of
from mtproto.flows.update_boxes import Piece

if TYPE_CHECKING:
    from mtproto.flows.incoming import Incoming
    from tl import Schema, TLObject

__all__ = ["SHORT_MESSAGES", "Count", "count_of", "count_of_answer", "expand", "expand_sent", "mark_of"]

SHORT_MESSAGES = frozenset({"updateShortMessage", "updateShortChatMessage"})

_SHARED_FIELDS = (
    *("out", "mentioned", "media_unread", "silent"),
    *("fwd_from", "via_bot_id", "reply_to", "entities", "ttl_period"),
)
"""Fields that a short message has under the names of `message`."""

_SENT_FIELDS = ("media", "entities", "ttl_period")

_NEW = frozenset({"updateNewMessage", "updateNewChannelMessage"})
_OF_A_MESSAGE = frozenset({"updateNewChannelMessage", "updateEditChannelMessage"})
_OF_A_CHANNEL = frozenset({"updateDeleteChannelMessages", "updateChannelWebPage", "updatePinnedChannelMessages"})


_AFFECTED = frozenset({"messages.affectedMessages", "messages.affectedHistory", "messages.affectedFoundMessages"})


@dataclass(frozen=True, slots=True)
class Count:
    """Where an update is counted.

    Attributes:
        source: the id of the channel; 0: the account.
        box: `"pts"`, `"qts"` or `"seq"`.
        last: the number behind the update.
        count: by how much the update moves the number.
        date: the server's, where the account's date moves with the number.

    """

    source: int
    box: str
    last: int
    count: int
    date: int = 0

    def piece(self, items: tuple[Incoming[TLObject], ...] = (), size: int = 0) -> Piece:
        """Return the updates that are counted so as a piece of the sequence, with their size on the wire."""
        return Piece(self.last, self.count, items, self.date, size)


def count_of(update: Any) -> Count | None:
    """Return where an update is counted; None: nowhere, or the update does not tell its channel."""
    qts = getattr(update, "qts", None)
    if qts is not None:
        return Count(0, "qts", qts, 1)
    pts, count = getattr(update, "pts", None), getattr(update, "pts_count", None)
    if pts is None or count is None:
        return None
    if update.NAME in _OF_A_MESSAGE:
        channel: int | None = getattr(getattr(update.message, "peer_id", None), "channel_id", None)
        return None if channel is None else Count(channel, "pts", pts, count)
    return Count(update.channel_id if update.NAME in _OF_A_CHANNEL else 0, "pts", pts, count)


def count_of_answer(answer: Any, request: Any) -> Count | None:
    """Return where a call is counted whose answer tells numbers instead of updates, as `messages.deleteMessages` does.

    None: the answer tells none, or the call is not known.
    """
    if name_of(answer) not in _AFFECTED or request is None:
        return None
    place = getattr(request, "channel", None) or getattr(request, "peer", None)
    return Count(getattr(place, "channel_id", 0), "pts", answer.pts, answer.pts_count)


def mark_of(update: Any) -> str:
    """Return a short text by which a part of a difference is known again, whatever numbers the difference has then."""
    if update.NAME == "updateNewEncryptedMessage":
        return f"e{update.message.random_id}"
    if update.NAME in _NEW and hasattr(update.message, "id"):
        return f"m{update.message.id}"
    return f"u{crc32(update.to_bytes()):08x}"


def expand(short: Any, schema: Schema, self_id: int | None) -> TLObject:
    """Return the `updateNewMessage` of an `updateShortMessage` or `updateShortChatMessage`.

    Args:
        short: the short form.
        schema: makes the objects.
        self_id: the account's user id, the sender of a message that went out; None leaves the sender of such a one out.

    """
    user = make(schema, "peerUser", user_id=short.user_id) if short.NAME == "updateShortMessage" else None
    if user is None:
        peer = make(schema, "peerChat", chat_id=short.chat_id)
        sender = make(schema, "peerUser", user_id=short.from_id)
    elif short.out:
        peer, sender = user, None if self_id is None else make(schema, "peerUser", user_id=self_id)
    else:
        peer = sender = user
    optional = {name: getattr(short, name, None) for name in _SHARED_FIELDS}
    message = make(
        schema,
        "message",
        {**optional, "from_id": sender},
        id=short.id,
        peer_id=peer,
        date=short.date,
        message=short.message,
    )
    return _new_message(schema, message, short)


def expand_sent(short: Any, request: Any, schema: Schema, self_id: int | None) -> TLObject | None:
    """Return the `updateNewMessage` of an `updateShortSentMessage`, the answer of `messages.sendMessage`.

    None: the call does not tell the whole message, which a difference then tells.
    """
    if name_of(request) != "messages.sendMessage" or getattr(request, "reply_to", None) is not None:
        return None
    peer = _peer_of(request.peer, schema, self_id)
    if peer is None:
        return None
    optional = {name: getattr(short, name, None) for name in _SENT_FIELDS}
    optional["from_id"] = None if self_id is None else make(schema, "peerUser", user_id=self_id)
    optional["silent"] = request.silent
    message = make(
        schema,
        "message",
        {**optional, "out": True},
        id=short.id,
        peer_id=peer,
        date=short.date,
        message=request.message,
    )
    return _new_message(schema, message, short)


def _peer_of(peer: Any, schema: Schema, self_id: int | None) -> TLObject | None:
    match name_of(peer):
        case "inputPeerUser" | "inputPeerUserFromMessage":
            found: TLObject = make(schema, "peerUser", user_id=peer.user_id)
        case "inputPeerChat":
            found = make(schema, "peerChat", chat_id=peer.chat_id)
        case "inputPeerSelf" if self_id is not None:
            found = make(schema, "peerUser", user_id=self_id)
        case _:
            return None
    return found


def _new_message(schema: Schema, message: TLObject, short: Any) -> TLObject:
    update: TLObject = make(schema, "updateNewMessage", message=message, pts=short.pts, pts_count=short.pts_count)
    return update
