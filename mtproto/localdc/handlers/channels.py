"""Channels (core.telegram.org/api/channel): who they are, their messages, and what a client has missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused
from mtproto.localdc.handlers.pages import PAGE, found_messages, origin_of, page_size
from mtproto.localdc.objects import find_channel, person
from mtproto.localdc.post_channel import authors, channel_dialog, channel_message, channel_object, read_channel
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.chats import LocalChannel
    from tl import TLObject

__all__ = ["get_channel_difference", "get_channels", "get_full_channel", "get_messages", "read_history"]


def get_channels(call: IncomingCall) -> TLObject:
    """Answer with the channels that were asked for; refuses with `CHANNEL_INVALID`."""
    found = {channel.id: channel for channel in (_channel(named, call) for named in call.request.id[:PAGE])}
    answer: TLObject = api.types.messages.Chats(chats=[channel_object(channel) for channel in found.values()])
    return answer


def get_full_channel(call: IncomingCall) -> TLObject:
    """Answer with a channel and the `pts` of its messages; refuses with `CHANNEL_INVALID`."""
    channel = _channel(call.request.channel, call)
    full = api.types.ChannelFull(
        id=channel.id,
        about="",
        participants_count=len(channel.members),
        read_inbox_max_id=channel.read_inbox(call.me.id),
        read_outbox_max_id=channel.read_outbox(call.me.id),
        unread_count=channel.unread(call.me.id),
        chat_photo=api.types.PhotoEmpty(id=0),
        notify_settings=api.types.PeerNotifySettings(),
        bot_info=[],
        pts=channel.pts,
    )
    answer: TLObject = api.types.messages.ChatFull(full_chat=full, chats=[channel_object(channel)], users=[])
    return answer


def get_messages(call: IncomingCall) -> TLObject:
    """Answer with the messages of some numbers; `messageEmpty` for one that is not there."""
    channel = _channel(call.request.channel, call)
    there, objects = found_messages(call, channel.message, lambda each: channel_message(each, channel, call.me))
    answer: TLObject = api.types.messages.ChannelMessages(
        pts=channel.pts,
        count=len(objects),
        messages=objects,
        topics=[],
        chats=[channel_object(channel)],
        users=authors(there, call.me, call.dc),
    )
    return answer


def read_history(call: IncomingCall) -> bool:
    """Note that a channel was read up to a message; all of it where that is 0 (`channels.readHistory`).

    Refuses with `CHANNEL_INVALID`, and a bot with `BOT_METHOD_INVALID`.
    """
    me = person(call)
    channel = _channel(call.request.channel, call)
    read_channel(me, channel, call.request.max_id or channel.top_id, call.dc, origin_of(call))
    return True


def get_channel_difference(call: IncomingCall) -> TLObject:
    """Answer with the messages of a channel after a state: all, a part, none, or that they are too many.

    Refuses with `CHANNEL_INVALID`, and with `PERSISTENT_TIMESTAMP_EMPTY` or `PERSISTENT_TIMESTAMP_INVALID` a state that
    is 0 or below.
    """
    request = call.request
    channel = _channel(request.channel, call)
    if request.pts <= 0:
        raise Refused(400, f"PERSISTENT_TIMESTAMP_{'INVALID' if request.pts else 'EMPTY'}")
    answer: TLObject
    if request.pts == channel.pts:
        answer = api.types.updates.ChannelDifferenceEmpty(final=True, pts=channel.pts)
        return answer
    missed = channel.since(request.pts)
    if call.dc.lengthens() or missed is None:
        return _too_long(channel, call)
    part = missed[: max(1, page_size(request.limit))]
    answer = api.types.updates.ChannelDifference(
        final=len(part) == len(missed),
        pts=part[-1].pts,
        new_messages=[channel_message(message, channel, call.me) for message in part],
        other_updates=[],
        chats=[channel_object(channel)],
        users=authors(part, call.me, call.dc),
    )
    return answer


def _too_long(channel: LocalChannel, call: IncomingCall) -> TLObject:
    """Return the state of a channel from which a client begins anew, with the newest message."""
    newest = channel.history()[:1]
    answer: TLObject = api.types.updates.ChannelDifferenceTooLong(
        final=True,
        dialog=channel_dialog(channel, call.me),
        messages=[channel_message(message, channel, call.me) for message in newest],
        chats=[channel_object(channel)],
        users=authors(newest, call.me, call.dc),
    )
    return answer


def _channel(named: TLObject, call: IncomingCall) -> LocalChannel:
    channel = find_channel(named, call)
    if channel is None:
        raise Refused(400, "CHANNEL_INVALID")
    return channel
