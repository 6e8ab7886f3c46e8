"""Messages (core.telegram.org/method/messages.sendMessage): sent to anybody, listed; those of boxes are read here.

The `random_id` of a message names the call, whatever connection, session or msg_id it came by: counted, it tells
whether a client executed a call twice. A message that was sent already is not sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.localdc.answers import Refused
from mtproto.localdc.handlers.pages import found_messages, origin_of, page
from mtproto.localdc.objects import box_peer, find_channel, find_peer, person
from mtproto.localdc.post import (
    chats_of,
    entity_objects,
    message_object,
    post,
    post_to_chat,
    read_history,
    sent_to_chat,
    users_of,
)
from mtproto.localdc.post_channel import authors, channel_message, channel_object, post_to_channel, sent_to_channel
from mtproto.localdc.world import LocalChat
from tl import api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.chats import KeptMessage, LocalChannel, MessageBox
    from mtproto.localdc.world import User
    from tl import TLObject

__all__ = ["entities_of", "get_history", "get_messages", "peer_of", "read_messages", "send_message"]

INPUT_ENTITIES = "inputMessageEntity"
"""Entities of this kind name a user as a client does: no message holds them, and they are left out."""


def send_message(call: IncomingCall) -> api.types.UpdateShortSentMessage | api.types.Updates:
    """Send a message to anybody, once for each `random_id` of an account, and tell its number and `pts`.

    Refuses with `PEER_ID_INVALID`, `MESSAGE_EMPTY`, `MESSAGE_TOO_LONG`, `ENTITIES_TOO_LONG`.
    """
    request, me = call.request, call.me
    channel = find_channel(request.peer, call)
    if channel is not None:
        return _send_to_channel(channel, call)
    peer = peer_of(call)
    event = _box(call).sent(request.random_id)
    if event is None:
        given: dict[str, Any] = {
            "entities": entities_of(call),
            "random_id": request.random_id,
            "origin": origin_of(call),
        }
        if isinstance(peer, LocalChat):
            event = post_to_chat(me, peer, request.message, call.dc, **given)
        else:
            event, _ = post(me, peer, request.message, call.dc, **given)
    call.dc.executions.note(call.key.account.auth_key.id, request.random_id)
    if event.message.peer_id < 0:
        return sent_to_chat(event, me, call.dc)
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
        messages = _box(call).history(box_peer(peer_of(call)))
        return _messages(page(messages, call), len(messages), call)
    written = channel.history()
    part = page(written, call)
    answer: TLObject = api.types.messages.ChannelMessages(
        pts=channel.pts,
        count=len(written),
        messages=[channel_message(message, channel, call.me) for message in part],
        topics=[],
        chats=[channel_object(channel)],
        users=authors(part, call.me, call.dc),
    )
    return answer


def get_messages(call: IncomingCall) -> TLObject:
    """Answer with the messages of some numbers; `messageEmpty` for one that is not there."""
    there, objects = found_messages(call, _box(call).message, lambda each: message_object(each, call.dc))
    answer: TLObject = api.types.messages.Messages(messages=objects, topics=[], **_shown(there, call))
    return answer


def read_messages(call: IncomingCall) -> TLObject:
    """Note that a chat was read up to a message; all of it where that is 0 (`messages.readHistory`).

    Refuses with `PEER_ID_INVALID`, and a bot with `BOT_METHOD_INVALID`.
    """
    person(call)
    peer = peer_of(call)
    max_id = call.request.max_id or _box(call).next_id
    count = read_history(call.me, peer, max_id, call.dc, origin_of(call))
    answer: TLObject = api.types.messages.AffectedMessages(pts=_box(call).pts, pts_count=count)
    return answer


def _shown(messages: Sequence[KeptMessage], call: IncomingCall) -> dict[str, Any]:
    """Return the users and the groups that messages show, as fields of an answer."""
    if not messages:
        return {"chats": [], "users": []}
    return {"chats": chats_of(messages, call.me, call.dc), "users": users_of(messages, call.me, call.dc)}


def _messages(part: Sequence[KeptMessage], count: int, call: IncomingCall) -> TLObject:
    fields: dict[str, Any] = {
        "messages": [message_object(message, call.dc) for message in part],
        "topics": [],
        **_shown(part, call),
    }
    answer: TLObject = (
        api.types.messages.Messages(**fields)
        if len(part) == count
        else api.types.messages.MessagesSlice(**fields, count=count)
    )
    return answer


def _box(call: IncomingCall) -> MessageBox:
    return call.dc.shared.boxes.of(call.me.id)


def peer_of(call: IncomingCall) -> User | LocalChat:
    """Return the user or the basic group that a call names; refuses with `PEER_ID_INVALID`."""
    peer = find_peer(call.request.peer, call)
    if peer is None:
        raise Refused(400, "PEER_ID_INVALID")
    return peer
