"""Ids of users, groups and channels in one number, as the Bot API marks them (core.telegram.org/api/bots/ids)."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["FIRST_CHANNEL", "LAST_CHAT", "LAST_ID", "PeerKind", "marked", "of_peer", "plain"]

PeerKind: TypeAlias = Literal["user", "chat", "channel"]

LAST_ID = (1 << 52) - 1
"""The highest id of a user, a group or a channel."""

LAST_CHAT = 999_999_999_999
"""The highest id of a group that the marks leave room for."""

FIRST_CHANNEL = -1_000_000_000_000
"""Marked ids of channels are below this number."""

_PEERS: dict[str, tuple[PeerKind, str]] = {
    "peerUser": ("user", "user_id"),
    "peerChat": ("chat", "chat_id"),
    "peerChannel": ("channel", "channel_id"),
}


def marked(kind: PeerKind, number: int) -> int:
    """Return the marked id: a user's is positive, a group's negative, a channel's below `FIRST_CHANNEL`."""
    if kind == "user":
        return number
    return -number if kind == "chat" else FIRST_CHANNEL - number


def plain(number: int) -> tuple[PeerKind, int]:
    """Return the kind and the id of a marked id."""
    if number > 0:
        return "user", number
    return ("channel", FIRST_CHANNEL - number) if number < FIRST_CHANNEL else ("chat", -number)


def of_peer(peer: object) -> tuple[PeerKind, int] | None:
    """Return the kind and the id of an object of the type `Peer`; None for anything else."""
    known = _PEERS.get(getattr(peer, "NAME", ""))
    return None if known is None else (known[0], getattr(peer, known[1]))
