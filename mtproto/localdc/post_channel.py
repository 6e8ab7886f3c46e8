"""Channels as objects of the API, and messages on their way to all members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused
from mtproto.localdc.objects import user_objects
from mtproto.localdc.post import check_text, entity_objects, post, post_to_chat
from mtproto.localdc.pushes import CountedPush
from tl import api

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtproto.localdc.chats import ChannelMessage, LocalChannel
    from mtproto.localdc.dc_state import DCState
    from mtproto.localdc.files import LocalDocument
    from mtproto.localdc.pushes import SendingSession
    from mtproto.localdc.world import User

__all__ = [
    "authors",
    "channel_dialog",
    "channel_message",
    "channel_object",
    "post_to_channel",
    "read_channel",
    "send_by_name",
    "sent_to_channel",
]

CREATED = 1_600_000_000
"""When the channel was made (Unix seconds)."""


def channel_object(channel: LocalChannel) -> api.types.Channel:
    """Return the `channel` as its members see it."""
    return api.types.Channel(
        id=channel.id,
        access_hash=channel.access_hash,
        title=channel.display_name,
        username=channel.username,
        photo=api.types.ChatPhotoEmpty(),
        date=CREATED,
        megagroup=True,
        participants_count=len(channel.members),
    )


def channel_message(message: ChannelMessage, channel: LocalChannel, viewer: User) -> api.types.Message:
    """Return a message of a channel as a member sees it."""
    return api.types.Message(
        id=message.id,
        out=message.from_id == viewer.id,
        from_id=api.types.PeerUser(user_id=message.from_id),
        peer_id=api.types.PeerChannel(channel_id=channel.id),
        date=message.date,
        message=message.text,
        entities=entity_objects(message.entities) or None,
    )


def channel_dialog(channel: LocalChannel, viewer: User) -> api.types.Dialog:
    """Return the channel among the chats of a member."""
    return api.types.Dialog(
        peer=api.types.PeerChannel(channel_id=channel.id),
        top_message=channel.top_id,
        read_inbox_max_id=channel.read_inbox(viewer.id),
        read_outbox_max_id=channel.read_outbox(viewer.id),
        unread_count=channel.unread(viewer.id),
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=api.types.PeerNotifySettings(),
        pts=channel.pts,
    )


def authors(messages: Iterable[ChannelMessage], viewer: User, dc: DCState) -> list[api.boxed.User]:
    """Return who wrote messages, as a member sees them: those whom the member does not know are `min`."""
    return user_objects((message.from_id for message in messages), viewer, dc)


def sent_to_channel(message: ChannelMessage, channel: LocalChannel, viewer: User, dc: DCState) -> api.types.Updates:
    """Return what tells a member of a message; whoever sent it also learns which `random_id` it had."""
    updates: list[api.boxed.Update] = []
    if message.from_id == viewer.id and message.random_id:
        updates.append(api.types.UpdateMessageID(id=message.id, random_id=message.random_id))
    shown = channel_message(message, channel, viewer)
    updates.append(api.types.UpdateNewChannelMessage(message=shown, pts=message.pts, pts_count=1))
    return api.types.Updates(
        updates=updates,
        users=authors([message], viewer, dc),
        chats=[channel_object(channel)],
        date=int(dc.clock()),
        seq=0,
    )


def post_to_channel(
    sender: User,
    channel: LocalChannel,
    text: str,
    dc: DCState,
    *,
    entities: tuple[bytes, ...] = (),
    random_id: int = 0,
    origin: SendingSession | None = None,
) -> ChannelMessage:
    """Send a message to a channel, and tell the sessions of all members; refuses as `check_text` does."""
    check_text(text, entities)
    message = channel.send(sender.id, text, int(dc.clock()), entities, random_id)
    online = {record.user_id for at in dc.shared.dcs.values() for record in list(at.keys.records.values())}
    for user_id in sorted(channel.members & online):
        member = dc.accounts.user(user_id)
        if member is not None:
            dc.shared.tell(CountedPush(user_id, sent_to_channel(message, channel, member, dc), origin))
    return message


def read_channel(reader: User, channel: LocalChannel, max_id: int, dc: DCState, origin: SendingSession) -> None:
    """Let a member have read a channel; tell the member's other sessions, and those whose messages are read now."""
    seen = channel.read(reader.id, max_id)
    if seen is None:
        return
    inbox = api.types.UpdateReadChannelInbox(
        channel_id=channel.id,
        max_id=channel.read_inbox(reader.id),
        still_unread_count=channel.unread(reader.id),
        pts=channel.pts,
    )
    dc.shared.tell(CountedPush(reader.id, _about(channel, inbox, dc), origin))
    for writer_id, last in seen.items():
        outbox = api.types.UpdateReadChannelOutbox(channel_id=channel.id, max_id=last)
        dc.shared.tell(CountedPush(writer_id, _about(channel, outbox, dc)))


def _about(channel: LocalChannel, update: api.boxed.Update, dc: DCState) -> api.types.Updates:
    return api.types.Updates(updates=[update], users=[], chats=[channel_object(channel)], date=int(dc.clock()), seq=0)


def send_by_name(sender: str, receiver: str, text: str, dc: DCState, document: LocalDocument | None = None) -> int:
    """Send a message as a program orders it.

    Returns its number in the box of the receiver, in that of the sender for a basic group, or in the channel.

    Raises:
        KeyError: there is no user of that name.
        ValueError: the text can't be sent, the sender is not in the group, or others than users are to get a
            document.

    """
    by = dc.accounts.named(sender).user
    channel = dc.shared.channel
    chat = dc.world.chat_named(receiver)
    if chat is not None and by.id not in chat.members:
        raise ValueError(f"{sender} is not in {chat.display_name!r}")
    if document is not None and (chat is not None or receiver.lower() == channel.username):
        raise ValueError(f"{receiver} takes no documents: they go from one user to another")
    try:
        if chat is not None:
            return post_to_chat(by, chat, text, dc).message.id
        if receiver.lower() == channel.username:
            return post_to_channel(by, channel, text, dc).id
        _, came = post(by, dc.accounts.named(receiver).user, text, dc, document=document)
    except Refused as refused:
        raise ValueError(f"the message can't be sent: {refused.name}") from None
    return came.message.id
