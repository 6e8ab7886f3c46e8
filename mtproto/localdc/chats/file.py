"""The file that keeps the messages of a network over restarts: boxes, histories, what a difference tells, the channel.

A run that ended well left all of it there. One that was killed left what its last minute began with: the next run tells
its clients that their differences are too long, and counts on from where the clock says that no earlier run has been.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from mtproto.localdc.chats.box import Dialog
from mtproto.localdc.chats.channel import ChannelMessage
from mtproto.localdc.chats.messages import HistoryRead, KeptMessage, NewMessage
from mtproto.localdc.kept_file import KeptFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mtproto.localdc.chats.box import MessageBox
    from mtproto.localdc.chats.boxes import Boxes
    from mtproto.localdc.chats.channel import LocalChannel
    from mtproto.localdc.chats.messages import Event
    from mtproto.store import Fields

__all__ = ["BYTES_ON_DISK", "MessagesFile"]

BYTES_ON_DISK = 8 * 1024 * 1024
"""Bytes of texts and entities that are written, of all messages; those of the oldest dates are left out."""

LAST = (1 << 31) - 1
LAST_ID = (1 << 52) - 1
LAST_RANDOM = (1 << 63) - 1


class MessagesFile:
    """The messages of one network on disk. The file is locked from `open` to `close`.

    Args:
        path: the file.
        boxes: the boxes that are kept.
        channel: the channel that is kept.

    """

    def __init__(self, path: Path, boxes: Boxes, channel: LocalChannel) -> None:
        self._file = KeptFile(path, "messages")
        self._boxes = boxes
        self._channel = channel
        self._mark: tuple[int, ...] = ()

    def open(self) -> None:
        """Lock the file, and take over what it has; does nothing while it is open.

        Raises:
            StoreDamaged: the file is another one, or damaged.
            StoreError: the file can't be locked or read.

        """
        if self._file.is_open:
            return
        self._file.open(self._restore)
        try:
            if self._file.is_written:
                self._write(ended=False)
        except BaseException:
            self._file.close()
            raise

    def keep(self) -> None:
        """Write the messages if there are other ones, or log why that failed: a full disk refuses no message."""
        mark = (*(box.pts for box in self._boxes), self._channel.pts, *self._channel.read_by.values())
        if self._file.is_open and mark != self._mark and self._write(ended=False):
            self._mark = mark

    def close(self) -> None:
        """Write the messages as those of a run that has ended well, and give the lock back. May be called twice."""
        if self._file.is_open and (self._file.is_written or len(self._boxes) or self._channel.top_id):
            self._write(ended=True)
        self._file.close()

    def _restore(self, kept: Fields) -> None:
        ended = kept.boolean("ended")
        for fields in kept.objects("boxes"):
            _restore_box(fields, self._boxes, ended=ended)
        for fields in kept.objects("channels"):
            _restore_channel(fields, self._channel, ended=ended)

    def _write(self, *, ended: bool) -> bool:
        """Write all; return whether that was possible."""
        after = _last_date_left_out([*(each for box in self._boxes for each in box.messages), *self._channel.history()])
        return self._file.write(
            {
                "ended": ended,
                "boxes": [_written_box(user_id, box, after) for user_id, box in self._boxes.items()],
                "channels": [_written_channel(self._channel, after)],
            }
        )


def _last_date_left_out(messages: Iterable[KeptMessage | ChannelMessage]) -> int:
    """Return the newest date whose messages are too many to be written, with all that are newer; -1 for none."""
    size = 0
    for message in sorted(messages, key=lambda each: each.date, reverse=True):
        size += len(message.text.encode("utf-8", "surrogateescape")) + sum(map(len, message.entities))
        if size > BYTES_ON_DISK:
            return message.date
    return -1


# A box -----------------------------------------------------------------------------------------------------------


def _written_box(user_id: int, box: MessageBox, after: int) -> dict[str, Any]:
    messages = [message for message in box.messages if message.date > after]
    there = {message.id for message in messages}
    events: list[Event] = []
    for event in reversed(box.events):
        if isinstance(event, NewMessage) and event.message.id not in there:
            break
        events.append(event)
    return {
        "user_id": user_id,
        "pts": box.pts,
        "last_id": box.next_id - 1,
        "messages": [_written_message(message) for message in messages],
        "events": [_written_event(event) for event in reversed(events)],
        "read": [
            {"peer_id": dialog.peer_id, "inbox": dialog.read_inbox, "outbox": dialog.read_outbox}
            for dialog in box.dialogs
        ],
    }


def _written_message(message: KeptMessage | ChannelMessage) -> dict[str, Any]:
    text = message.text.encode("utf-8", "surrogateescape")
    numbers = ("id", "peer_id", "from_id", "out", "twin_id", "date", "pts", "random_id")
    return {
        **{name: getattr(message, name) for name in numbers if hasattr(message, name)},
        "text": b64encode(text).decode(),
        "entities": [b64encode(entity).decode() for entity in message.entities],
    }


def _written_event(event: Event) -> dict[str, Any]:
    if isinstance(event, NewMessage):
        return {"new": event.message.id}
    return {"peer_id": event.peer_id, "max_id": event.max_id, "out": event.out, "unread": event.unread}


def _restore_box(kept: Fields, boxes: Boxes, *, ended: bool) -> None:
    pts, last_id = kept.integer("pts", 1, LAST), kept.integer("last_id", 0, LAST)
    messages: dict[int, KeptMessage] = {}
    for fields in kept.objects("messages"):
        message = _read_message(fields, last_id)
        messages[message.id] = message
    written = kept.objects("events")
    if len(written) >= pts:
        raise kept.damaged('there are more "events" than "pts" counts')
    first = pts - len(written) + 1
    events = [_read_event(fields, first + place, messages) for place, fields in enumerate(written)]
    read = [
        Dialog(
            fields.integer("peer_id", -LAST_ID, LAST_ID),
            fields.integer("inbox", 0, last_id),
            fields.integer("outbox", 0, last_id),
        )
        for fields in kept.objects("read")
    ]
    box = boxes.of(kept.integer("user_id", 1, LAST_ID))
    box.restore(pts, last_id, list(messages.values()), events, read)
    if not ended:
        boxes.count_on(box)


def _read_message(kept: Fields, last_id: int) -> KeptMessage:
    return KeptMessage(
        id=kept.integer("id", 1, last_id),
        peer_id=kept.integer("peer_id", -LAST_ID, LAST_ID),
        from_id=kept.integer("from_id", 1, LAST_ID),
        out=kept.boolean("out"),
        twin_id=kept.integer("twin_id", 0, LAST),
        **_read_content(kept),
    )


def _read_content(kept: Fields) -> dict[str, Any]:
    return {
        "text": kept.data("text").decode("utf-8", "surrogateescape"),
        "entities": tuple(kept.data_list("entities")),
        "date": kept.integer("date", 0, LAST),
        "random_id": kept.integer("random_id", -LAST_RANDOM - 1, LAST_RANDOM),
    }


def _read_event(kept: Fields, pts: int, messages: Mapping[int, KeptMessage]) -> Event:
    if not kept.has("new"):
        return HistoryRead(
            pts,
            kept.integer("peer_id", -LAST_ID, LAST_ID),
            kept.integer("max_id", 1, LAST),
            kept.boolean("out"),
            kept.integer("unread", 0, LAST),
        )
    message = messages.get(kept.integer("new", 1, LAST))
    if message is None:
        raise kept.damaged('an event of "events" is about no message')
    return NewMessage(pts, message)


# The channel -----------------------------------------------------------------------------------------------------


def _written_channel(channel: LocalChannel, after: int) -> dict[str, Any]:
    messages: Sequence[ChannelMessage] = [each for each in reversed(channel.history()) if each.date > after]
    return {
        "id": channel.id,
        "pts": channel.pts,
        "last_id": channel.top_id,
        "messages": [_written_message(message) for message in messages],
        "read": [{"user_id": user_id, "inbox": last} for user_id, last in channel.read_by.items()],
    }


def _restore_channel(kept: Fields, channel: LocalChannel, *, ended: bool) -> None:
    if kept.integer("id", 1, LAST_ID) != channel.id:
        raise kept.damaged("there is no such channel")
    pts, last_id = kept.integer("pts", 1, LAST), kept.integer("last_id", 0, LAST)
    messages = [
        ChannelMessage(
            id=fields.integer("id", 1, last_id),
            from_id=fields.integer("from_id", 1, LAST_ID),
            pts=fields.integer("pts", 1, pts),
            **_read_content(fields),
        )
        for fields in kept.objects("messages")
    ]
    read = {
        fields.integer("user_id", 1, LAST_ID): fields.integer("inbox", 0, last_id) for fields in kept.objects("read")
    }
    channel.restore(pts, last_id, messages, read, ended=ended)
