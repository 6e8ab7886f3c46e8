"""The list of chats (core.telegram.org/method/messages.getDialogs): with users, basic groups and the channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mtproto.localdc.handlers.pages import page_size
from mtproto.localdc.objects import box_peer, find_channel, find_peer, peer_object, person
from mtproto.localdc.post import chats_of, message_object, users_of
from mtproto.localdc.post_channel import authors, channel_dialog, channel_message, channel_object
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.chats import Dialog, KeptMessage
    from tl import TLObject

__all__ = ["get_dialogs"]

OF_CHANNEL = -(1 << 62)
"""Where the channel stands among chats whose newest messages have the same date and number: behind the others."""


class Position(NamedTuple):
    """Where a chat stands in the list, which falls: by the newest message, then by who it is with."""

    date: int
    top_id: int
    peer_id: int


class Listed(NamedTuple):
    """A chat of the list; `dialog` is None for the channel."""

    position: Position
    dialog: Dialog | None


def get_dialogs(call: IncomingCall) -> TLObject:
    """Answer with a part of the chats, that with the newest message first; refuses a bot with `BOT_METHOD_INVALID`.

    A chat is there once something was written to it.
    """
    me = person(call)
    channel = call.dc.shared.channel
    listed = [] if call.request.folder_id else _all(call)  # nobody puts a chat into the archive
    part = [each for each in listed if _is_behind(each.position, call)][: page_size(call.request.limit)]
    tops = [each.dialog.top for each in part if each.dialog is not None]
    newest = channel.history()[:1] if any(each.dialog is None for each in part) else []
    users = [*users_of(tops, me, call.dc), *authors(newest, me, call.dc)]
    fields: dict[str, Any] = {
        "dialogs": [
            channel_dialog(channel, me) if each.dialog is None else _dialog_object(each.dialog) for each in part
        ],
        "messages": [
            *(message_object(each, call.dc) for each in tops),
            *(channel_message(message, channel, me) for message in newest),
        ],
        "chats": [*chats_of(tops, me, call.dc), *(channel_object(channel) for _ in newest)],
        "users": list({user.id: user for user in users}.values()),
    }
    answer: TLObject = (
        api.types.messages.Dialogs(**fields)
        if len(part) == len(listed)
        else api.types.messages.DialogsSlice(**fields, count=len(listed))
    )
    return answer


def _all(call: IncomingCall) -> list[Listed]:
    listed = [Listed(_position(dialog.top), dialog) for dialog in call.dc.shared.boxes.of(call.me.id).dialogs]
    channel = call.dc.shared.channel
    newest = channel.history()[:1] if call.me.id in channel.members else []
    listed += [Listed(Position(message.date, message.id, OF_CHANNEL), None) for message in newest]
    return sorted(listed, key=lambda each: each.position, reverse=True)


def _position(top: KeptMessage) -> Position:
    return Position(top.date, top.id, top.peer_id)


def _is_behind(position: Position, call: IncomingCall) -> bool:
    """Whether a chat stands behind the one that a client names as the last that it has (core.telegram.org/api/offsets).

    A client gives the date and the number of that chat's newest message, and the chat; or only one of the three.
    """
    request = call.request
    if not request.offset_date:
        return not request.offset_id or position.top_id < request.offset_id
    peer = find_peer(request.offset_peer, call)
    last = OF_CHANNEL if find_channel(request.offset_peer, call) else None if peer is None else box_peer(peer)
    if last is not None:
        return position < Position(request.offset_date, request.offset_id, last)
    return bool(position.date < request.offset_date)


def _dialog_object(dialog: Dialog) -> api.boxed.Dialog:
    return api.types.Dialog(
        peer=peer_object(dialog.peer_id),
        top_message=dialog.top.id,
        read_inbox_max_id=dialog.read_inbox,
        read_outbox_max_id=dialog.read_outbox,
        unread_count=dialog.unread,
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=api.types.PeerNotifySettings(),
    )
