"""The basic groups of a world (core.telegram.org/api/channel): small ones, whose messages each member has a copy of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MEMBERS", "LocalChat", "chats_of"]

CHAT_ID = 400_000_001
"""The id of the first group: within 31 bits, and no user's."""

MEMBERS = 200
"""Members of a basic group at most, as Telegram has it: each message is copied for each of them."""

CHATS = (("The kitchen", slice(0, None)), ("The workshop", slice(1, -1)), ("The attic", slice(1, 3)))
"""What the groups are called, and which of the users are in each: all, the people but the last one, and two of them."""


@dataclass(frozen=True, slots=True)
class LocalChat:
    """A basic group. `members` are the ids of users, that of its creator first."""

    id: int
    display_name: str
    members: tuple[int, ...]

    @property
    def peer_id(self) -> int:
        """The id with a minus in front, which tells it from a user's, as in the Bot API."""
        return -self.id


def chats_of(user_ids: Sequence[int]) -> tuple[LocalChat, ...]:
    """Return the groups of users; a group that nobody would be in is left out."""
    made = (LocalChat(CHAT_ID + n, title, tuple(user_ids[part][:MEMBERS])) for n, (title, part) in enumerate(CHATS))
    return tuple(chat for chat in made if chat.members)
