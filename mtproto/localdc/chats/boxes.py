"""The boxes of all accounts of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.chats.box import MessageBox
from mtproto.localdc.chats.messages import KeptMessage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mtproto.localdc.chats.messages import HistoryRead, NewMessage

__all__ = ["KEPT_IN_ALL", "Boxes"]

KEPT_IN_ALL = 10_000
"""Messages and events of all accounts together, some 80 MB if each text is as long as can be; one more, and the account
that has most forgets an eighth of them."""


class Boxes:
    """A box for each account, made when it is first asked for.

    Args:
        first: the `pts` at which each box begins.

    """

    def __init__(self, first: int = 1) -> None:
        self._first = first
        self._boxes: dict[int, MessageBox] = {}

    def of(self, user_id: int) -> MessageBox:
        """Return the box of a user, whom nobody checks here."""
        if user_id not in self._boxes:
            self._boxes[user_id] = MessageBox(self._first)
        return self._boxes[user_id]

    def __iter__(self) -> Iterator[MessageBox]:
        return iter(list(self._boxes.values()))

    def __len__(self) -> int:
        """Return how many boxes there are."""
        return len(self._boxes)

    def items(self) -> list[tuple[int, MessageBox]]:
        """Return the boxes with the ids of their users."""
        return list(self._boxes.items())

    def count_on(self, box: MessageBox) -> None:
        """Let a box of a run that ended in the middle of something go on beyond that run."""
        box.begin_anew_at(self._first)

    def begin_at(self, first: int) -> None:
        """Let the boxes that are made from now on begin at this `pts`."""
        self._first = first

    def send(
        self,
        sender_id: int,
        receiver_id: int,
        text: str,
        date: int,
        entities: tuple[bytes, ...] = (),
        random_id: int = 0,
        document_id: int = 0,
    ) -> tuple[NewMessage, NewMessage]:
        """Put a message into the boxes of both accounts.

        Returns what happened in each: the same for a message to oneself, of which there is one.
        """
        mine, theirs = self.of(sender_id), self.of(receiver_id)
        out_id, in_id = mine.next_id, theirs.next_id
        sent = mine.add(
            KeptMessage(
                out_id, receiver_id, sender_id, True, in_id, text, entities, date, random_id, document_id=document_id
            )
        )
        came = sent
        if mine is not theirs:
            came = theirs.add(
                KeptMessage(in_id, sender_id, sender_id, False, out_id, text, entities, date, document_id=document_id)
            )
        self._make_room()
        return sent, came

    def send_to_all(
        self,
        sender_id: int,
        peer_id: int,
        members: Collection[int],
        text: str,
        date: int,
        entities: tuple[bytes, ...] = (),
        random_id: int = 0,
    ) -> Mapping[int, NewMessage]:
        """Put a message to a basic group, which a negative `peer_id` names, into the boxes of its members.

        Returns what happened in the box of each, the sender first, who is a member.
        """
        mine = self.of(sender_id)
        out_id = mine.next_id
        happened = {
            sender_id: mine.add(KeptMessage(out_id, peer_id, sender_id, True, 0, text, entities, date, random_id))
        }
        for member_id in members:
            if member_id != sender_id:
                box = self.of(member_id)
                came = KeptMessage(box.next_id, peer_id, sender_id, False, out_id, text, entities, date)
                happened[member_id] = box.add(came)
        self._make_room()
        return happened

    def read(self, reader_id: int, peer_id: int, max_id: int) -> tuple[HistoryRead | None, Mapping[int, HistoryRead]]:
        """Note that somebody read a chat.

        Returns what happened in the reader's box, and in those of the users whose messages were read.
        """
        mine = self.of(reader_id)
        read = mine.read(peer_id, max_id, out=False)
        if read is None:
            return None, {}
        latest: dict[int, int] = {}  # of each sender: the last message that is read, in the sender's numbers
        for message in mine.history(peer_id):
            if message.id <= read.max_id and not message.out:
                latest.setdefault(message.from_id, message.twin_id)
        there = peer_id if peer_id < 0 else reader_id
        seen = {sender: self.of(sender).read(there, last, out=True) for sender, last in latest.items()}
        self._make_room()
        return read, {sender: event for sender, event in seen.items() if event is not None}

    def _make_room(self) -> None:
        kept = sum(map(len, self._boxes.values()))
        while kept > KEPT_IN_ALL:
            kept -= max(self._boxes.values(), key=len).forget_part()
