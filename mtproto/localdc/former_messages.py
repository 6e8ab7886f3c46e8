"""What former layers declare otherwise of messages, where names alone do not translate. The reasons:

    message           until layer 118 it says by ids who wrote it and to whom: a private one that came in, to oneself
    notify settings   until layer 78 all of their fields are there
    chatFull          until layer 122 it has a link that invites, until layer 86 all of its fields are there
    channel           until layer 132 it has a version
    dialog            until layer 52 that of a channel is a `dialogChannel`
    difference        until layer 98 a channel's that is too long has the fields of the `dialog`
    getMessages       until layer 75 messages are named by numbers alone
    getHistory        until layer 71 it has no hash; `messages.getDialogs` has none until layer 81

What stands in a list and a layer can't tell is left out: until layer 52, that others have read what was written to a
channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tl import api, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tl import Schema, TLObject

    ByHand = Mapping[str, Callable[[Any, Schema], TLObject | None]]
    Missing = Mapping[str, Callable[[Any, Schema], Any]]

__all__ = ["MESSAGE_ANSWERS", "MESSAGE_REQUESTS", "MISSING", "message_maker"]


def _always(value: object) -> Callable[[Any, Schema], Any]:
    return lambda _value, _schema: value


def _of_dialog(field: str) -> Callable[[Any, Schema], Any]:
    return lambda answer, _schema: getattr(answer.dialog, field)


def _no_invitation(_value: object, schema: Schema) -> Any:
    return schema["chatInviteEmpty"]()


MISSING: Missing = {
    "channel.version": _always(1),
    "channelFull.exported_invite": _no_invitation,
    "channelFull.unread_important_count": _always(0),
    "chatFull.bot_info": _always([]),
    "chatFull.chat_photo": lambda _value, schema: schema["photoEmpty"](id=0),
    "chatFull.exported_invite": _no_invitation,
    "messages.getDialogs.hash": _always(0),
    "messages.getHistory.hash": _always(0),
    "messages.getHistory.offset_date": _always(0),
    "peerNotifySettings.events_mask": _always(0),
    "peerNotifySettings.mute_until": _always(0),
    "peerNotifySettings.show_previews": _always(True),
    "peerNotifySettings.sound": _always("default"),
    "updateNewChannelMessage.channel_pts": lambda update, _schema: update.pts,
    "updateNewChannelMessage.channel_pts_count": lambda update, _schema: update.pts_count,
    "updates.channelDifference.channel_pts": lambda answer, _schema: answer.pts,
    "updates.channelDifferenceEmpty.channel_pts": lambda answer, _schema: answer.pts,
    "updates.channelDifferenceTooLong.channel_pts": _of_dialog("pts"),
    "updates.channelDifferenceTooLong.pts": _of_dialog("pts"),
    "updates.channelDifferenceTooLong.read_inbox_max_id": _of_dialog("read_inbox_max_id"),
    "updates.channelDifferenceTooLong.read_outbox_max_id": _of_dialog("read_outbox_max_id"),
    "updates.channelDifferenceTooLong.top_important_message": _always(0),
    "updates.channelDifferenceTooLong.top_message": _of_dialog("top_message"),
    "updates.channelDifferenceTooLong.unread_count": _of_dialog("unread_count"),
    "updates.channelDifferenceTooLong.unread_important_count": _always(0),
    "updates.channelDifferenceTooLong.unread_mentions_count": _of_dialog("unread_mentions_count"),
}
"""Fields that were required once, of answers and of requests, by TL name and field."""


def message_maker(viewer_id: int | None, by_hand: ByHand) -> Callable[[Any, Schema], TLObject | None]:
    """Return what makes a `message` of a former layer by hand.

    Args:
        viewer_id: whose box the messages are in; None for nobody's, where no private message can come in.
        by_hand: what makes other objects by hand.

    """

    def made(message: Any, schema: Schema) -> TLObject | None:
        if "message" not in schema or all(field.name != "to_id" for field in schema.plan("message").fields):
            return None
        incoming = not message.out and message.peer_id.NAME == "peerUser"
        sender = message.peer_id if incoming and message.from_id is None else message.from_id
        there = api.types.PeerUser(user_id=viewer_id or 0) if incoming else message.peer_id
        moved = translate(
            message, schema, by_hand=by_hand, missing={**MISSING, f"{message.NAME}.to_id": _always(there)}
        )
        from_id: int | None = getattr(sender, "user_id", None)
        return moved.replace(from_id=from_id)

    return made


def _dialog(dialog: Any, schema: Schema) -> TLObject | None:
    if dialog.peer.NAME != "peerChannel" or "dialogChannel" not in schema:
        return None
    return schema["dialogChannel"](
        peer=translate(dialog.peer, schema),
        top_message=dialog.top_message,
        top_important_message=0,
        read_inbox_max_id=dialog.read_inbox_max_id,
        unread_count=dialog.unread_count,
        unread_important_count=0,
        notify_settings=translate(dialog.notify_settings, schema, missing=MISSING),
        pts=dialog.pts,
    )


MESSAGE_ANSWERS: ByHand = {"dialog": _dialog}
"""Objects of the packaged layer in a former one, by TL name; a `message` depends on who is to see it."""


def _by_numbers(request: Any, schema: Schema) -> TLObject | None:
    if not any(isinstance(each, int) for each in request.id):
        return None
    fields: dict[str, Any] = {"id": [api.types.InputMessageID(id=each) for each in request.id]}
    if hasattr(request, "channel"):
        fields["channel"] = translate(request.channel, schema)
    return schema[request.NAME](**fields)


MESSAGE_REQUESTS: ByHand = {"channels.getMessages": _by_numbers, "messages.getMessages": _by_numbers}
"""Methods of former layers in the packaged one, by TL name."""
