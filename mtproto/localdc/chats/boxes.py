"""The boxes of all accounts of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.chats.box import MessageBox
from mtproto.localdc.chats.messages import KeptMessage

if TYPE_CHECKING:
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
        sent = mine.add(KeptMessage(out_id, receiver_id, True, in_id, text, entities, date, random_id, document_id))
        came = sent
        if mine is not theirs:
            received = KeptMessage(in_id, sender_id, False, out_id, text, entities, date, document_id=document_id)
            came = theirs.add(received)
        self._make_room()
        return sent, came

    def read(self, reader_id: int, peer_id: int, max_id: int) -> tuple[HistoryRead | None, HistoryRead | None]:
        """Note that somebody read a chat; return what happened in the reader's box, and in that of the other."""
        mine = self.of(reader_id)
        read = mine.read(peer_id, max_id, out=False)
        last = None if read is None else mine.message(read.max_id)
        if last is None:
            return read, None
        seen = self.of(peer_id).read(reader_id, last.twin_id, out=True)
        self._make_room()
        return read, seen

    def _make_room(self) -> None:
        kept = sum(map(len, self._boxes.values()))
        while kept > KEPT_IN_ALL:
            kept -= max(self._boxes.values(), key=len).forget_part()
