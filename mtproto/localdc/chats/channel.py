"""A channel: its members, its messages and their count (core.telegram.org/api/channel)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtproto.localdc.world import derived_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = ["MESSAGES_OF_CHANNEL", "ChannelMessage", "LocalChannel"]

MESSAGES_OF_CHANNEL = 1_000
"""Messages of a channel that are kept; one more, and the oldest is forgotten: a difference with it is too long."""

CHANNEL_ID = 1_500_000_000
"""The id of the channel: within 31 bits, and no user's."""


@dataclass(frozen=True, slots=True)
class ChannelMessage:
    """A message in a channel; `pts` is the state of the channel after it."""

    id: int
    from_id: int
    text: str
    entities: tuple[bytes, ...]
    date: int
    pts: int
    random_id: int = 0


class LocalChannel:
    """A group whose messages are counted for all members together (a `megagroup`).

    Args:
        display_name: how the channel is called.
        username: the name by which it is found.
        members: the ids of the users who read and write there.
        channel_id: the id.

    Attributes:
        id: the id.
        access_hash: what a client has to know to name the channel; the same in every run.
        display_name: as above.
        username: as above.
        members: as above.
        pts: the state of the channel now.

    """

    def __init__(
        self, display_name: str, username: str, members: Collection[int], channel_id: int = CHANNEL_ID
    ) -> None:
        self.id = channel_id
        self.access_hash = derived_hash(f"channel {channel_id}")
        self.display_name = display_name
        self.username = username
        self.members = frozenset(members)
        self.pts = 1
        self._first = 1
        self._known_from = 1
        self._last_id = 0
        self._messages: dict[int, ChannelMessage] = {}
        self._by_random: dict[tuple[int, int], ChannelMessage] = {}
        self._read: dict[int, int] = {}

    def begin_at(self, first: int) -> None:
        """Let the state be this one, before the first message."""
        self._first = first
        if not self._last_id:
            self.pts = self._known_from = first

    def restore(
        self, pts: int, last_id: int, messages: Sequence[ChannelMessage], read: Mapping[int, int], *, ended: bool
    ) -> None:
        """Take over what an earlier run had, in place of all that is here.

        Args:
            pts: the state.
            last_id: the number of the last message.
            messages: those that are kept, the oldest first.
            read: up to which message each member has read.
            ended: whether that run ended well; if not, the state is one beyond that run.

        """
        self.pts, self._last_id = pts, last_id
        self._messages = {message.id: message for message in messages}
        self._by_random = {(each.from_id, each.random_id): each for each in messages if each.random_id}
        self._read = dict(read)
        self._known_from = messages[0].pts - 1 if messages else pts
        if not ended and pts < self._first:
            self.pts = self._known_from = self._first

    @property
    def top_id(self) -> int:
        """The number of the newest message; 0 for none."""
        return self._last_id

    def message(self, message_id: int) -> ChannelMessage | None:
        """Return the message of a number, or None."""
        return self._messages.get(message_id)

    def history(self) -> list[ChannelMessage]:
        """Return the messages that are kept, the newest first."""
        return list(reversed(self._messages.values()))

    def sent(self, from_id: int, random_id: int) -> ChannelMessage | None:
        """Return the message that a user sent under a `random_id`, as long as the message is kept."""
        return self._by_random.get((from_id, random_id))

    def send(self, from_id: int, text: str, date: int, entities: tuple[bytes, ...], random_id: int) -> ChannelMessage:
        """Take a message in, and count it."""
        self._last_id += 1
        self.pts += 1
        message = ChannelMessage(self._last_id, from_id, text, entities, date, self.pts, random_id)
        self._messages[message.id] = message
        if random_id:
            self._by_random[from_id, random_id] = message
        if len(self._messages) > MESSAGES_OF_CHANNEL:
            oldest = self._messages.pop(next(iter(self._messages)))
            self._by_random.pop((oldest.from_id, oldest.random_id), None)
            self._known_from = oldest.pts
        return message

    @property
    def read_by(self) -> Mapping[int, int]:
        """Up to which message each member has read."""
        return self._read

    def read_inbox(self, user_id: int) -> int:
        """Return the last message that a member has read; 0 for none."""
        return self._read.get(user_id, 0)

    def read_outbox(self, user_id: int) -> int:
        """Return the last message of a member that another member has read; 0 for none."""
        others = max((last for reader, last in self._read.items() if reader != user_id), default=0)
        return next((each.id for each in self.history() if each.id <= others and each.from_id == user_id), 0)

    def unread(self, user_id: int) -> int:
        """Return how many messages of others a member has still to read."""
        last = self.read_inbox(user_id)
        return sum(1 for each in self._messages.values() if each.id > last and each.from_id != user_id)

    def read(self, user_id: int, max_id: int) -> dict[int, int] | None:
        """Note that a member has read the messages up to one, or up to the newest; return None if that was known.

        Returns, for each other member whose messages nobody else had read that far, the last one of them.
        """
        last = min(max_id, self._last_id)
        if last <= self.read_inbox(user_id):
            return None
        writers = {each.from_id for each in self._messages.values()} - {user_id}
        before = {writer: self.read_outbox(writer) for writer in writers}
        self._read[user_id] = last
        after = {writer: self.read_outbox(writer) for writer in writers}
        return {writer: seen for writer, seen in after.items() if seen > before[writer]}

    def since(self, pts: int) -> list[ChannelMessage] | None:
        """Return the messages after a state, the oldest first; None where that is not known, or no such state was."""
        if not self._known_from <= pts <= self.pts:
            return None
        return [message for message in self._messages.values() if message.pts > pts]
