"""Private messages (core.telegram.org/method/messages.sendMessage): sent, listed, read.

The `random_id` of a message names the call, whatever connection, session or msg_id it came by: counted, it tells
whether a client executed a call twice. A message that was sent already is not sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mtproto.localdc.answers import Refused
from mtproto.localdc.objects import find_channel, find_user, person
from mtproto.localdc.post import entity_objects, message_object, post, read_history, users_of
from mtproto.localdc.post_channel import authors, channel_message, channel_object, post_to_channel, sent_to_channel
from mtproto.localdc.pushes import SendingSession
from tl import api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.chats import ChannelMessage, Dialog, KeptMessage, LocalChannel, MessageBox
    from mtproto.localdc.world import User
    from tl import TLObject

__all__ = [
    "entities_of",
    "get_dialogs",
    "get_history",
    "get_messages",
    "origin_of",
    "private_peer",
    "read_messages",
    "send_message",
]

M = TypeVar("M", bound="KeptMessage | ChannelMessage")

PAGE = 100
"""Messages or dialogs of one answer, at most."""

INPUT_ENTITIES = "inputMessageEntity"
"""Entities of this kind name a user as a client does: no message holds them, and they are left out."""


def send_message(call: IncomingCall) -> api.types.UpdateShortSentMessage | api.types.Updates:
    """Send a message to a user or a channel, once for each `random_id` of an account, and tell its number and `pts`.

    Refuses with `PEER_ID_INVALID`, `MESSAGE_EMPTY`, `MESSAGE_TOO_LONG`, `ENTITIES_TOO_LONG`.
    """
    request, me = call.request, call.me
    channel = find_channel(request.peer, call)
    if channel is not None:
        return _send_to_channel(channel, call)
    peer = private_peer(call)
    event = _box(call).sent(request.random_id)
    if event is None:
        event, _ = post(
            me,
            peer,
            request.message,
            call.dc,
            entities=entities_of(call),
            random_id=request.random_id,
            origin=origin_of(call),
        )
    call.dc.executions.note(call.key.account.auth_key.id, request.random_id)
    return api.types.UpdateShortSentMessage(
        out=True,
        id=event.message.id,
        pts=event.pts,
        pts_count=1,
        date=event.message.date,
        entities=entity_objects(event.message.entities) or None,
    )


def _send_to_channel(channel: LocalChannel, call: IncomingCall) -> api.types.Updates:
    request, me = call.request, call.me
    message = channel.sent(me.id, request.random_id)
    if message is None:
        message = post_to_channel(
            me,
            channel,
            request.message,
            call.dc,
            entities=entities_of(call),
            random_id=request.random_id,
            origin=origin_of(call),
        )
    call.dc.executions.note(call.key.account.auth_key.id, request.random_id)
    return sent_to_channel(message, channel, me, call.dc)


def entities_of(call: IncomingCall) -> tuple[bytes, ...]:
    """Return the entities of a message that is sent, each serialized."""
    given = call.request.entities or ()
    return tuple(each.to_bytes() for each in given if not each.NAME.startswith(INPUT_ENTITIES))


def get_history(call: IncomingCall) -> TLObject:
    """Answer with a part of the messages of a chat, the newest first (core.telegram.org/api/offsets).

    Refuses with `PEER_ID_INVALID`, and a bot with `BOT_METHOD_INVALID`.
    """
    person(call)
    channel = find_channel(call.request.peer, call)
    if channel is None:
        messages = _box(call).history(private_peer(call).id)
        return _messages(_page(messages, call), len(messages), call)
    written = channel.history()
    page = _page(written, call)
    answer: TLObject = api.types.messages.ChannelMessages(
        pts=channel.pts,
        count=len(written),
        messages=[channel_message(message, channel, call.me) for message in page],
        topics=[],
        chats=[channel_object(channel)],
        users=authors(page, call.me, call.dc),
    )
    return answer


def _page(messages: Sequence[M], call: IncomingCall) -> list[M]:
    """Return the part of a history, newest first, that a call asks for."""
    request = call.request
    after = sum(
        1
        for message in messages
        if (request.offset_id and message.id >= request.offset_id)
        or (request.offset_date and message.date >= request.offset_date)
    )
    start = max(after + request.add_offset, 0)
    end = after + request.add_offset + min(max(request.limit, 0), PAGE)
    return [
        message
        for message in messages[start : max(end, 0)]
        if (not request.max_id or message.id < request.max_id) and message.id > request.min_id
    ]


def get_messages(call: IncomingCall) -> TLObject:
    """Answer with the messages of some numbers; `messageEmpty` for one that is not there."""
    box = _box(call)
    numbers = [each.id for each in call.request.id[:PAGE] if each.NAME == "inputMessageID"]
    found = {number: box.message(number) for number in numbers}
    there = [message for message in found.values() if message is not None]
    answer: TLObject = api.types.messages.Messages(
        messages=[_message_or_empty(number, message, call) for number, message in found.items()],
        topics=[],
        chats=[],
        users=users_of(there, call.me, call.dc) if there else [],
    )
    return answer


def read_messages(call: IncomingCall) -> TLObject:
    """Note that a chat was read up to a message; all of it where that is 0 (`messages.readHistory`).

    Refuses with `PEER_ID_INVALID`, and a bot with `BOT_METHOD_INVALID`.
    """
    person(call)
    peer = private_peer(call)
    max_id = call.request.max_id or _box(call).next_id
    count = read_history(call.me, peer, max_id, call.dc, origin_of(call))
    answer: TLObject = api.types.messages.AffectedMessages(pts=_box(call).pts, pts_count=count)
    return answer


def get_dialogs(call: IncomingCall) -> TLObject:
    """Answer with a part of the chats, that with the newest message first; refuses a bot with `BOT_METHOD_INVALID`."""
    person(call)
    request = call.request
    dialogs = _box(call).dialogs
    older = [dialog for dialog in dialogs if not request.offset_id or dialog.top.id < request.offset_id]
    if request.folder_id:  # the archive, which nobody puts a chat into
        dialogs, older = [], []
    page = older[: min(max(request.limit, 0), PAGE)]
    tops = [dialog.top for dialog in page]
    fields: dict[str, Any] = {
        "dialogs": [_dialog_object(dialog) for dialog in page],
        "messages": [message_object(message, call.me, call.dc) for message in tops],
        "chats": [],
        "users": users_of(tops, call.me, call.dc),
    }
    answer: TLObject = (
        api.types.messages.Dialogs(**fields)
        if len(page) == len(dialogs)
        else api.types.messages.DialogsSlice(**fields, count=len(dialogs))
    )
    return answer


def _dialog_object(dialog: Dialog) -> api.boxed.Dialog:
    return api.types.Dialog(
        peer=api.types.PeerUser(user_id=dialog.peer_id),
        top_message=dialog.top.id,
        read_inbox_max_id=dialog.read_inbox,
        read_outbox_max_id=dialog.read_outbox,
        unread_count=dialog.unread,
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=api.types.PeerNotifySettings(),
    )


def _messages(page: Sequence[KeptMessage], count: int, call: IncomingCall) -> TLObject:
    fields: dict[str, Any] = {
        "messages": [message_object(message, call.me, call.dc) for message in page],
        "topics": [],
        "chats": [],
        "users": users_of(page, call.me, call.dc),
    }
    answer: TLObject = (
        api.types.messages.Messages(**fields)
        if len(page) == count
        else api.types.messages.MessagesSlice(**fields, count=count)
    )
    return answer


def _message_or_empty(number: int, message: KeptMessage | None, call: IncomingCall) -> api.boxed.Message:
    return api.types.MessageEmpty(id=number) if message is None else message_object(message, call.me, call.dc)


def _box(call: IncomingCall) -> MessageBox:
    return call.dc.shared.boxes.of(call.me.id)


def private_peer(call: IncomingCall) -> User:
    """Return whom a call means by `peer`; refuses with `PEER_ID_INVALID`."""
    user = find_user(call.request.peer, call)
    if user is None:
        raise Refused(400, "PEER_ID_INVALID")
    return user


def origin_of(call: IncomingCall) -> SendingSession:
    """Return the session that a call came from."""
    return SendingSession(call.key.account.auth_key.id, call.session_id)
