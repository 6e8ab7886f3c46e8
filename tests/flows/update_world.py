"""A server with chats, as the machine of updates sees one, a reader, and a bad network between them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from mtproto.errors import ConnectionLost
from mtproto.flows import Fetch, Gap, Incoming, UpdateOrder
from tl import api

t = api.types

SELF = 4711
FRIEND, GROUP, CHANNEL, OTHER_CHANNEL, SECRET = 11, 22, 33, 44, 55
CHATS = (FRIEND, GROUP, CHANNEL, OTHER_CHANNEL, SECRET)
CHANNELS = (CHANNEL, OTHER_CHANNEL)
ACCESS_HASH = 1 << 40
DATE = 1_700_000_000
NOW = 1000.0
COUNTS = ("_message", "_max_id", "_count")  # the fields of a dialog that are numbers


def peer_of(chat: int) -> Any:
    if chat in CHANNELS:
        return t.PeerChannel(channel_id=chat)
    return t.PeerChat(chat_id=chat) if chat == GROUP else t.PeerUser(user_id=chat)


def message(chat: int, number: int) -> Any:
    return t.Message(id=number, peer_id=peer_of(chat), date=DATE, message=f"message {number}")


def channel(chat: int, **fields: Any) -> Any:
    return t.Channel(id=chat, access_hash=ACCESS_HASH, title="", photo=t.ChatPhotoEmpty(), date=DATE, **fields)


def user(number: int) -> Any:
    return t.User(id=number)


def new(chat: int, number: int, pts: int, count: int = 1) -> Any:
    kind = t.UpdateNewChannelMessage if chat in CHANNELS else t.UpdateNewMessage
    return kind(message=message(chat, number), pts=pts, pts_count=count)


def container(*updates: Any, seq: int = 0, chats: tuple[Any, ...] = (), users: tuple[Any, ...] = ()) -> Any:
    return t.Updates(updates=list(updates), users=list(users), chats=list(chats), date=DATE + seq, seq=seq)


def told(item: object) -> tuple[int, int] | None:
    """Return the chat and the number of a message that was told; None: something else was told."""
    update: Any = item.update if isinstance(item, Incoming) else None
    if isinstance(update, t.UpdateNewEncryptedMessage):
        return SECRET, update.message.random_id
    if not isinstance(update, t.UpdateNewMessage | t.UpdateNewChannelMessage):
        return None
    peer: Any = update.message.peer_id
    return next(getattr(peer, name) for name in ("channel_id", "chat_id", "user_id") if hasattr(peer, name)), (
        update.message.id
    )


def kept(pts: int = 10, qts: int = 5, seq: int = 1, channels: dict[int, int] | None = None) -> dict[str, Any]:
    """Return a state."""
    known = {str(key): [value, ACCESS_HASH] for key, value in (channels or {}).items()}
    return {"pts": pts, "qts": qts, "seq": seq, "date": DATE, "channels": known}


def order_of(state: dict[str, Any] | None = None, **options: Any) -> UpdateOrder[object]:
    """Return a machine that goes on from a state and has nothing left to ask."""
    order: UpdateOrder[object] = UpdateOrder(
        api.schema, kept() if state is None else state, **{"catch_up": True, "self_id": SELF, **options}
    )
    while fetch := order.next(NOW):
        request: Any = fetch.request
        empty: Any = t.updates.DifferenceEmpty(date=DATE, seq=1)
        if fetch.source:
            empty = t.updates.ChannelDifferenceEmpty(final=True, pts=request.pts)
        order.answered(fetch, empty, NOW)
    assert order.take() is None
    return order


def taken(order: UpdateOrder[object]) -> list[object]:
    items = []
    while (item := order.take()) is not None:
        items.append(item)
    return items


def names(order: UpdateOrder[object]) -> list[str]:
    """Take all; return the kinds of the updates."""
    return [item.update.NAME if isinstance(item, Incoming) else repr(item) for item in taken(order)]


def numbers(order: UpdateOrder[object]) -> list[int]:
    """Take all; return the numbers of the messages."""
    return [place[1] for item in taken(order) if (place := told(item)) is not None]


def short(update: Any) -> Any:
    return t.UpdateShort(update=update, date=DATE)


def methods(order: UpdateOrder[object], now: float) -> list[str]:
    found = []
    while fetch := order.next(now):
        found.append(fetch.request.NAME)
    return found


@dataclass
class Server:
    """Counts, keeps what was sent, and answers the calls of the machine.

    Attributes:
        piece: events in one slice of a difference.
        sent: by chat the numbers of the messages, in order.
        forgotten: by source the number up to which nothing is kept.
        too_long: the sources of which a difference was too long.

    """

    piece: int = 3
    sent: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    forgotten: dict[int, int] = field(default_factory=dict)
    too_long: list[int] = field(default_factory=list)
    pts: dict[int, int] = field(default_factory=lambda: {0: 10, CHANNEL: 100, OTHER_CHANNEL: 7})
    qts: int = 5
    seq: int = 1
    _events: defaultdict[int, list[tuple[int, Any]]] = field(default_factory=lambda: defaultdict(list))
    _secrets: list[tuple[int, Any]] = field(default_factory=list)
    _number: int = 0

    def kept(self) -> dict[str, Any]:
        """Return the state of a reader that has read all."""
        return kept(self.pts[0], self.qts, self.seq, {key: self.pts[key] for key in CHANNELS})

    def send(self, chat: int, form: int = 0) -> Any:
        """Return what is sent of a new message: in a container with a seq, in one without, or in a short form."""
        self._number += 1
        self.sent[chat].append(self._number)
        if chat == SECRET:
            self.qts += 1
            secret = t.EncryptedMessageService(random_id=self._number, chat_id=1, date=DATE, bytes=b"")
            self._secrets.append((self.qts, secret))
            return t.UpdateShort(update=t.UpdateNewEncryptedMessage(message=secret, qts=self.qts), date=DATE)
        update = self._count(chat, new(chat, self._number, 0))
        if form == 0:
            self.seq += 1
            return container(update, seq=self.seq, chats=(channel(chat),) if chat in CHANNELS else ())
        if form == 1 or chat in CHANNELS:
            return t.UpdateShort(update=update, date=DATE)
        counted: dict[str, Any] = {"id": self._number, "message": f"message {self._number}", "date": DATE}
        counted |= {"pts": update.pts, "pts_count": 1}
        if chat == GROUP:
            return t.UpdateShortChatMessage(from_id=FRIEND, chat_id=chat, **counted)
        return t.UpdateShortMessage(user_id=chat, **counted)

    def delete(self, chat: int, count: int) -> Any:
        """Return what is sent of messages that are deleted: one update that counts several steps."""
        ids = list(range(count))
        if chat in CHANNELS:
            update: Any = t.UpdateDeleteChannelMessages(channel_id=chat, messages=ids, pts=0, pts_count=count)
        else:
            update = t.UpdateDeleteMessages(messages=ids, pts=0, pts_count=count)
        return t.UpdateShort(update=self._count(chat, update), date=DATE)

    def forget(self, source: int) -> None:
        """Keep nothing of what was."""
        self.forgotten[source] = self.pts[source]

    def answer(self, request: Any) -> Any:
        """Answer a call of the machine, as it comes over the wire."""
        answer = self._answer(request)
        return api.schema.decode(answer.to_bytes(), request.result)

    def _count(self, chat: int, update: Any) -> Any:
        source = chat if chat in CHANNELS else 0
        self.pts[source] += update.pts_count
        update = update.replace(pts=self.pts[source])
        self._events[source].append((self.pts[source], update))
        return update

    def _answer(self, request: Any) -> Any:
        if request.NAME == "updates.getState":
            return self._state(self.pts[0], self.qts)
        if request.NAME == "updates.getDifference":
            return self._difference(request.pts, request.qts)
        assert request.channel.access_hash == ACCESS_HASH
        return self._channel_difference(request.channel.channel_id, request.pts)

    def _state(self, pts: int, qts: int) -> Any:
        return t.updates.State(pts=pts, qts=qts, date=DATE + self.seq, seq=self.seq, unread_count=0)

    def _difference(self, pts: int, qts: int) -> Any:
        if pts < self.forgotten.get(0, 0):
            self.too_long.append(0)
            return t.updates.DifferenceTooLong(pts=self.pts[0])
        events = [event for event in self._events[0] if event[0] > pts]
        secrets = [event for event in self._secrets if event[0] > qts]
        if not events and not secrets:
            return t.updates.DifferenceEmpty(date=DATE + self.seq, seq=self.seq)
        part, secret_part = events[: self.piece], secrets[: self.piece]
        lists = self._lists(part, [])
        lists["new_encrypted_messages"] = [secret for _, secret in secret_part]
        if len(part) == len(events) and len(secret_part) == len(secrets):
            return t.updates.Difference(**lists, state=self._state(self.pts[0], self.qts))
        state = self._state(part[-1][0] if part else pts, secret_part[-1][0] if secret_part else qts)
        return t.updates.DifferenceSlice(**lists, intermediate_state=state)

    def _channel_difference(self, chat: int, pts: int) -> Any:
        if pts < self.forgotten.get(chat, 0):
            self.too_long.append(chat)
            lists: dict[str, Any] = {"messages": [], "chats": [], "users": []}
            return t.updates.ChannelDifferenceTooLong(**lists, final=True, dialog=self._dialog(chat))
        events = [event for event in self._events[chat] if event[0] > pts]
        part = events[: self.piece]
        if not part:
            return t.updates.ChannelDifferenceEmpty(final=True, pts=pts, timeout=30)
        return t.updates.ChannelDifference(
            **self._lists(part, [channel(chat)]), final=len(part) == len(events), pts=part[-1][0], timeout=30
        )

    def _dialog(self, chat: int) -> Any:
        counts: dict[str, Any] = {field.name: 0 for field in t.Dialog.PLAN.fields if field.name.endswith(COUNTS)}
        settings = t.PeerNotifySettings()
        return t.Dialog(**counts | {"pts": self.pts[chat]}, peer=peer_of(chat), notify_settings=settings)

    @staticmethod
    def _lists(events: list[tuple[int, Any]], chats: list[Any]) -> dict[str, Any]:
        messages = [update.message for _, update in events if hasattr(update, "message")]
        others = [update for _, update in events if not hasattr(update, "message")]
        return {"new_messages": messages, "other_updates": others, "chats": chats, "users": []}


@dataclass
class Reader:
    """A program that reads: the machine, its clock, what is under way to it, and what it was told."""

    server: Server
    room: int = 1024
    order: UpdateOrder[object] = field(init=False)
    clock: float = 1000.0
    fetches: list[Fetch] = field(default_factory=list)
    told: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    gaps: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart(self.server.kept())

    def restart(self, state: dict[str, Any] | None = None) -> None:
        """End the program and begin it again from the state that it kept."""
        state = self.order.state() if state is None else state
        self.fetches.clear()
        self.order = UpdateOrder(api.schema, state, catch_up=True, self_id=SELF, room=self.room)

    def receive(self, updates: Any) -> None:
        self.order.received(updates, self.clock)

    def ask(self) -> None:
        """Begin the calls that are due."""
        while fetch := self.order.next(self.clock):
            assert len(self.fetches) < 8
            self.fetches.append(fetch)

    def answer(self, index: int = 0) -> None:
        """Let the server answer a call."""
        fetch = self.fetches.pop(index % len(self.fetches))
        self.order.answered(fetch, self.server.answer(fetch.request), self.clock)

    def fail(self, index: int = 0) -> None:
        """Let a call fail."""
        self.order.failed(self.fetches.pop(index % len(self.fetches)), ConnectionLost("gone"), self.clock)

    def wait(self, seconds: float) -> None:
        self.clock += seconds
        self.ask()

    def take(self, most: int = 1 << 20) -> list[object]:
        """Take what is due, at most so many."""
        items: list[object] = []
        while len(items) < most and (item := self.order.take()) is not None:
            items.append(item)
            place = told(item)
            if place is not None:
                self.told[place[0]].append(place[1])
            if isinstance(item, Gap):
                chat: Any = item.chat
                self.gaps.append(chat.channel_id if chat is not None else 0)
        return items

    def settle(self) -> list[object]:
        """Go on until nothing is left to do but to wait for silence to end."""
        items = self.take()
        for _ in range(10_000):
            self.ask()
            while self.fetches:
                self.answer()
                items += self.take()
                self.ask()
            items += self.take()
            wake = self.order.wake_at()
            if wake is None or wake > self.clock + 120:
                return items
            self.clock = max(self.clock, wake)
        raise AssertionError("the machine never comes to rest")


@dataclass
class Play:
    """A server, a reader, and a network that loses, repeats and delays. Each turn of a play is a method."""

    room: int = 1024
    server: Server = field(default_factory=Server)
    reader: Reader = field(init=False)
    network: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reader = Reader(self.server, self.room)
        self.reader.settle()

    def send(self, chat: int, form: int) -> None:
        self.network.append(self.server.send(chat, form))

    def delete(self, chat: int, count: int) -> None:
        self.network.append(self.server.delete(chat, count))

    def deliver(self, index: int) -> None:
        if self.network:
            self.reader.receive(self.network.pop(index % len(self.network)))

    def repeat(self, index: int) -> None:
        if self.network:
            self.reader.receive(self.network[index % len(self.network)])

    def lose(self, index: int) -> None:
        if self.network:
            self.network.pop(index % len(self.network))

    def answer(self, index: int) -> None:
        if self.reader.fetches:
            self.reader.answer(index)

    def fail(self, index: int) -> None:
        if self.reader.fetches:
            self.reader.fail(index)

    def ask(self) -> None:
        self.reader.ask()

    def missed(self) -> None:
        self.reader.order.missed()

    def give_up(self) -> None:
        """Let another driver go on with the machine; the answers of two calls come late all the same."""
        self.reader.order.give_up()
        del self.reader.fetches[2:]

    def wait(self, seconds: float) -> None:
        self.reader.wait(seconds)

    def take(self, most: int) -> None:
        self.reader.take(most)

    def restart(self) -> None:
        self.reader.restart()

    def forget(self) -> None:
        """Let the server keep nothing of what was."""
        for source in self.server.pts:
            self.server.forget(source)

    def end(self) -> None:
        """Tell the reader that something was missed, and let it settle."""
        self.reader.settle()
        self.reader.order.missed()
        self.reader.settle()
