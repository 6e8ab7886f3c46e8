"""The box of one account: its messages, by chat, and a log of what happened (core.telegram.org/api/updates)."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from mtproto.localdc.chats.messages import HistoryRead, KeptMessage, NewMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.localdc.chats.messages import Event

__all__ = ["EVENTS_OF_BOX", "MESSAGES_OF_BOX", "Dialog", "MessageBox"]

MESSAGES_OF_BOX = 1_000
"""Messages of one account that are kept; one more, and the oldest is forgotten."""

EVENTS_OF_BOX = 1_000
"""Events of one account that a difference can tell; whoever missed more is told that the difference is too long."""


class Dialog:
    """A chat with one user, or a basic group, as one account sees it.

    Attributes:
        peer_id: the other user, or the negative id of the group.
        messages: the messages that are kept, by number, the oldest first.
        read_inbox: the last message that came in and was read.
        read_outbox: the last message that was sent and read.

    """

    def __init__(self, peer_id: int, read_inbox: int = 0, read_outbox: int = 0) -> None:
        self.peer_id = peer_id
        self.messages: dict[int, KeptMessage] = {}
        self.read_inbox = read_inbox
        self.read_outbox = read_outbox

    @property
    def unread(self) -> int:
        """How many messages that came in were not read yet."""
        return sum(1 for message in self.messages.values() if not message.out and message.id > self.read_inbox)

    @property
    def top(self) -> KeptMessage:
        """The newest message; a dialog without messages is forgotten."""
        return next(reversed(self.messages.values()))

    def keep(self, message: KeptMessage) -> None:
        """Take the newest message in."""
        self.messages[message.id] = message

    def forget(self, message_id: int) -> None:
        """Forget a message."""
        del self.messages[message_id]

    def was_read(self, max_id: int, *, out: bool) -> bool:
        """Note up to which message the chat was read; return False if that was known."""
        if max_id <= (self.read_outbox if out else self.read_inbox):
            return False
        if out:
            self.read_outbox = max_id
        else:
            self.read_inbox = max_id
        return True


class MessageBox:
    """The messages of one account, and what happened to them. Only the latest of both are kept.

    Args:
        first: the state in which nothing has happened yet.

    Attributes:
        pts: the state now.

    """

    def __init__(self, first: int = 1) -> None:
        self.pts = first
        self._last_id = 0
        self._messages: dict[int, KeptMessage] = {}
        self._dialogs: dict[int, Dialog] = {}
        self._by_random: dict[int, NewMessage] = {}
        self._events: deque[Event] = deque()

    def __len__(self) -> int:
        """Return how many messages and events are kept."""
        return len(self._messages) + len(self._events)

    @property
    def next_id(self) -> int:
        """The number that the next message gets."""
        return self._last_id + 1

    @property
    def messages(self) -> list[KeptMessage]:
        """All messages that are kept, the oldest first."""
        return list(self._messages.values())

    @property
    def events(self) -> list[Event]:
        """What a difference can tell, the oldest first."""
        return list(self._events)

    @property
    def dialogs(self) -> list[Dialog]:
        """The chats, that with the newest message first."""
        return sorted(self._dialogs.values(), key=lambda dialog: dialog.top.id, reverse=True)

    def dialog(self, peer_id: int) -> Dialog | None:
        """Return the chat with a user or a group, or None."""
        return self._dialogs.get(peer_id)

    def message(self, message_id: int) -> KeptMessage | None:
        """Return the message of a number, or None."""
        return self._messages.get(message_id)

    def history(self, peer_id: int) -> list[KeptMessage]:
        """Return the messages of the chat with a user or a group, the newest first."""
        dialog = self._dialogs.get(peer_id)
        return [] if dialog is None else list(reversed(dialog.messages.values()))

    def sent(self, random_id: int) -> NewMessage | None:
        """Return the message that the account sent under a `random_id`, as long as the message is kept."""
        return self._by_random.get(random_id)

    def add(self, message: KeptMessage) -> NewMessage:
        """Take a message in, whose number is `next_id`."""
        self._last_id = message.id
        self._messages[message.id] = message
        self._dialogs.setdefault(message.peer_id, Dialog(message.peer_id)).keep(message)
        self.pts += 1
        event = NewMessage(self.pts, message)
        if message.random_id:
            self._by_random[message.random_id] = event
        self._note(event)
        if len(self._messages) > MESSAGES_OF_BOX:
            self._forget_messages(1)
        return event

    def read(self, peer_id: int, max_id: int, *, out: bool) -> HistoryRead | None:
        """Note that a chat was read; return None if that changes nothing.

        Args:
            peer_id: the other user, or the negative id of a basic group.
            max_id: the last message that was read, in the numbers of this box; one that is not there means those
                before it.
            out: whether somebody else read what the account sent.

        """
        dialog = self._dialogs.get(peer_id)
        if dialog is None:
            return None
        last = next((each for each in self.history(peer_id) if each.id <= max_id and each.out is out), None)
        if last is None or not dialog.was_read(last.id, out=out):
            return None
        self.pts += 1
        event = HistoryRead(self.pts, peer_id, last.id, out, dialog.unread)
        self._note(event)
        return event

    def since(self, pts: int) -> Sequence[Event] | None:
        """Return what happened after a state, the oldest first; None where that is not known, or no such state was."""
        first = self.pts - len(self._events)
        return None if not first <= pts <= self.pts else list(islice(self._events, pts - first, None))

    def restore(
        self,
        pts: int,
        last_id: int,
        messages: Sequence[KeptMessage],
        events: Sequence[Event],
        dialogs: Sequence[Dialog],
    ) -> None:
        """Take over what an earlier run had, in place of all that is here.

        Args:
            pts: the state.
            last_id: the number of the last message.
            messages: those that are kept, the oldest first.
            events: what a difference can tell, the oldest first.
            dialogs: how far chats were read, without their messages.

        """
        self.pts, self._last_id = pts, last_id
        self._messages = {message.id: message for message in messages}
        self._dialogs = {message.peer_id: Dialog(message.peer_id) for message in messages}
        self._dialogs.update({dialog.peer_id: dialog for dialog in dialogs if dialog.peer_id in self._dialogs})
        for message in messages:
            self._dialogs[message.peer_id].keep(message)
        self._events = deque(events)
        self._by_random = {
            event.message.random_id: event
            for event in events
            if isinstance(event, NewMessage) and event.message.random_id
        }

    def begin_anew_at(self, pts: int) -> None:
        """Go on at a higher state, as if much had happened that nobody can tell."""
        if pts > self.pts:
            self.pts = pts
            self.forget_events()

    def forget_events(self) -> None:
        """Forget what happened so far: whoever missed some of it is told that the difference is too long."""
        self._events.clear()

    def forget_part(self) -> int:
        """Forget the oldest eighth of messages and events; return how many that were."""
        before = len(self)
        self._forget_messages(len(self._messages) // 8 + 1)
        for _ in range(len(self._events) // 8 + 1):
            if self._events:
                self._events.popleft()
        return before - len(self)

    def _note(self, event: Event) -> None:
        self._events.append(event)
        if len(self._events) > EVENTS_OF_BOX:
            self._events.popleft()

    def _forget_messages(self, count: int) -> None:
        for message in list(islice(self._messages.values(), count)):
            del self._messages[message.id]
            self._by_random.pop(message.random_id, None)
            dialog = self._dialogs[message.peer_id]
            dialog.forget(message.id)
            if not dialog.messages:
                del self._dialogs[message.peer_id]
