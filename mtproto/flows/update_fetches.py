"""The calls that ask for what is missing, and what their answers bring (core.telegram.org/api/updates)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.flows.layers import make

if TYPE_CHECKING:
    from mtproto.flows.update_boxes import UpdateSource
    from tl import Schema

__all__ = ["account_request", "channel_request", "new_updates", "numbers"]

_CHANNEL_LIMIT = 100
"""Updates in one difference of a channel: documented."""


def account_request(schema: Schema, source: UpdateSource, date: int) -> Any:
    """Return the call that brings the account up to date: the state if no numbers are known, else the difference."""
    if source.annulled or not source.known:
        return make(schema, "updates.getState")
    pts, qts = source.boxes["pts"].value, source.boxes["qts"].value
    return make(schema, "updates.getDifference", pts=pts, date=date, qts=qts)


def channel_request(schema: Schema, source: UpdateSource) -> Any:
    """Return the call that brings a channel up to date."""
    return make(
        schema,
        "updates.getChannelDifference",
        channel=make(schema, "inputChannel", channel_id=source.key, access_hash=source.access_hash),
        filter=make(schema, "channelMessagesFilterEmpty"),
        pts=source.boxes["pts"].value,
        limit=_CHANNEL_LIMIT,
    )


def new_updates(schema: Schema, answer: Any, pts: int, qts: int) -> list[Any]:
    """Return the messages of a difference as updates, as they come unasked.

    Args:
        schema: makes the objects.
        answer: the difference.
        pts: the number behind the difference.
        qts: the same, for encrypted messages.

    """
    account = hasattr(answer, "new_encrypted_messages")
    kind = "updateNewMessage" if account else "updateNewChannelMessage"
    new = [make(schema, kind, message=message, pts=pts, pts_count=0) for message in answer.new_messages]
    encrypted = answer.new_encrypted_messages if account else ()
    return [*new, *(make(schema, "updateNewEncryptedMessage", message=message, qts=qts) for message in encrypted)]


def numbers(state: Any) -> dict[str, int]:
    """Return the numbers of an `updates.State`."""
    return {"pts": state.pts, "qts": state.qts, "seq": state.seq}
