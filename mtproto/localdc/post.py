"""Messages on their way: from an account into the boxes, and to the sessions of both accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.localdc.answers import Refused
from mtproto.localdc.chats import NewMessage
from mtproto.localdc.objects import (
    box_peer,
    chat_object,
    document_object,
    introduce,
    peer_object,
    relation,
    user_objects,
)
from mtproto.localdc.pushes import CountedPush
from tl import api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.localdc.chats import Event, HistoryRead, KeptMessage
    from mtproto.localdc.dc_state import DCState
    from mtproto.localdc.files import LocalDocument
    from mtproto.localdc.pushes import SendingSession
    from mtproto.localdc.world import LocalChat, User
    from tl import TLObject

__all__ = [
    "ENTITIES_BYTES",
    "LONGEST_TEXT",
    "chats_of",
    "check_text",
    "entity_objects",
    "message_object",
    "post",
    "post_to_chat",
    "read_history",
    "sent_to_chat",
    "update_object",
    "users_of",
]

LONGEST_TEXT = 4096
"""Characters of a message; a longer one is refused with `MESSAGE_TOO_LONG`."""

ENTITIES_BYTES = 8192
"""Bytes of all entities of a message; more are refused with `ENTITIES_TOO_LONG`."""


def check_text(text: str, entities: Sequence[bytes] = (), *, may_be_empty: bool = False) -> None:
    """Refuse a text that can't be sent: `MESSAGE_EMPTY`, `MESSAGE_TOO_LONG`, `ENTITIES_TOO_LONG`."""
    if not may_be_empty and not text.strip():
        raise Refused(400, "MESSAGE_EMPTY")
    if len(text) > LONGEST_TEXT:
        raise Refused(400, "MESSAGE_TOO_LONG")
    if sum(map(len, entities)) > ENTITIES_BYTES:
        raise Refused(400, "ENTITIES_TOO_LONG")


def post(
    sender: User,
    receiver: User,
    text: str,
    dc: DCState,
    *,
    entities: tuple[bytes, ...] = (),
    random_id: int = 0,
    origin: SendingSession | None = None,
    document: LocalDocument | None = None,
) -> tuple[NewMessage, NewMessage]:
    """Send a message, and tell the sessions of both accounts; return what happened in the box of each.

    Two who have exchanged messages know one another. A person who knows the sender is told in the short form, which
    names the sender by the id alone; others and bots get the users as well. Refuses as `check_text` does.

    Args:
        sender: who sends.
        receiver: to whom; may be the sender.
        text: the text.
        dc: the DC that the message was sent at.
        entities: serialized entities of the text.
        random_id: what the sender's client chose; the caller has looked whether it was sent already.
        origin: the session that sends; None for none.
        document: what the message carries, whose text may be empty then; None for nothing.

    """
    check_text(text, entities, may_be_empty=document is not None)
    whole = receiver.bot or not relation(sender, receiver, dc).is_known
    document_id = 0 if document is None else document.id
    dc.shared.kept_files.was_sent(document_id)
    sent, came = dc.shared.boxes.send(sender.id, receiver.id, text, int(dc.clock()), entities, random_id, document_id)
    introduce(sender, receiver, dc)
    introduce(receiver, sender, dc)
    _tell(sender, sent, dc, origin=origin)
    if receiver is not sender:
        _tell(receiver, came, dc, whole=whole)
    return sent, came


def post_to_chat(
    sender: User,
    chat: LocalChat,
    text: str,
    dc: DCState,
    *,
    entities: tuple[bytes, ...] = (),
    random_id: int = 0,
    origin: SendingSession | None = None,
) -> NewMessage:
    """Send a message to a basic group, and tell the sessions of all members; return what happened in the sender's box.

    The sender is a member. All members know the sender from then on, and are shown the group with its first message.
    The rest is as in `post`.
    """
    check_text(text, entities)
    happened = dc.shared.boxes.send_to_all(
        sender.id, chat.peer_id, chat.members, text, int(dc.clock()), entities, random_id
    )
    for member_id, event in happened.items():
        member = dc.accounts.user(member_id)
        if member is not None:
            known = member is sender or relation(sender, member, dc).is_known
            whole = member.bot or not known or dc.shared.boxes.of(member_id).history(chat.peer_id)[1:] == []
            introduce(sender, member, dc)
            _tell(member, event, dc, origin=origin if member is sender else None, whole=whole)
    return happened[sender.id]


def read_history(reader: User, peer: User | LocalChat, max_id: int, dc: DCState, origin: SendingSession) -> int:
    """Let somebody have read a chat, and tell the sessions of the reader and of those whose messages these are.

    Returns how many events of the reader that is.
    """
    read, seen = dc.shared.boxes.read(reader.id, box_peer(peer), max_id)
    if read is not None:
        _tell(reader, read, dc, origin=origin)
    for sender_id, event in seen.items():
        sender = dc.accounts.user(sender_id)
        if sender is not None:
            _tell(sender, event, dc)
    return int(read is not None)


def _tell(user: User, event: Event, dc: DCState, *, origin: SendingSession | None = None, whole: bool = False) -> None:
    """Push what happened in a box to all sessions of its account that want updates, but for the one that did it."""
    dc.shared.tell(CountedPush(user.id, _pushed(user, event, dc, whole=whole), origin))


def _pushed(user: User, event: Event, dc: DCState, *, whole: bool) -> TLObject:
    """Return how Telegram tells an event: in the short form where it says all that the client has to know."""
    if isinstance(event, NewMessage) and not (whole or event.message.entities or event.message.document_id):
        message = event.message
        fields: dict[str, Any] = {
            "id": message.id,
            "message": message.text,
            "out": message.out,
            "date": message.date,
            "pts": event.pts,
            "pts_count": 1,
        }
        short: TLObject
        if message.peer_id > 0:
            short = api.types.UpdateShortMessage(user_id=message.peer_id, **fields)
        else:
            short = api.types.UpdateShortChatMessage(from_id=message.from_id, chat_id=-message.peer_id, **fields)
        return short
    return _whole(event, user, dc)


def _whole(event: Event, user: User, dc: DCState, before: Sequence[api.boxed.Update] = ()) -> api.types.Updates:
    """Return an event with the users and groups that it shows, behind other updates."""
    return api.types.Updates(
        updates=[*before, update_object(event, dc)],
        users=users_of([event], user, dc),
        chats=chats_of([event], user, dc),
        date=int(dc.clock()),
        seq=0,
    )


def sent_to_chat(event: NewMessage, sender: User, dc: DCState) -> api.types.Updates:
    """Return what tells a client that its message to a basic group was sent, and which `random_id` it had."""
    number = api.types.UpdateMessageID(id=event.message.id, random_id=event.message.random_id)
    return _whole(event, sender, dc, [number])


def update_object(event: Event, dc: DCState) -> api.boxed.Update:
    """Return the `Update` that tells an event in the box of an account."""
    if isinstance(event, NewMessage):
        shown = message_object(event.message, dc)
        return api.types.UpdateNewMessage(message=shown, pts=event.pts, pts_count=1)
    peer = peer_object(event.peer_id)
    if event.out:
        return api.types.UpdateReadHistoryOutbox(peer=peer, max_id=event.max_id, pts=event.pts, pts_count=1)
    return api.types.UpdateReadHistoryInbox(
        peer=peer, max_id=event.max_id, still_unread_count=event.unread, pts=event.pts, pts_count=1
    )


def message_object(message: KeptMessage, dc: DCState) -> api.types.Message:
    """Return a message as the account sees it in whose box it is; a file reference in it is a fresh one."""
    document = dc.shared.documents.find(message.document_id) if message.document_id else None
    shown = None if document is None else document_object(document, dc.references)
    return api.types.Message(
        id=message.id,
        out=message.out,
        from_id=api.types.PeerUser(user_id=message.from_id) if message.out or message.peer_id < 0 else None,
        peer_id=peer_object(message.peer_id),
        date=message.date,
        message=message.text,
        entities=entity_objects(message.entities) or None,
        media=None if shown is None else api.types.MessageMediaDocument(document=shown),
    )


def entity_objects(entities: Sequence[bytes]) -> list[api.boxed.MessageEntity]:
    """Return the entities of a message, which are kept serialized."""
    return [api.schema.decode(entity, "MessageEntity") for entity in entities]


def users_of(happened: Sequence[Event | KeptMessage], owner: User, dc: DCState) -> list[api.boxed.User]:
    """Return the users that events or messages of a box show, and the owner, as the owner sees them."""
    others = [number for each in _of(happened) for number in (each.peer_id, getattr(each, "from_id", 0)) if number > 0]
    return user_objects((owner.id, *others), owner, dc)


def chats_of(happened: Sequence[Event | KeptMessage], owner: User, dc: DCState) -> list[api.boxed.Chat]:
    """Return the basic groups that events or messages of a box show, as the owner of the box sees them."""
    found = (dc.world.chat(-number) for number in dict.fromkeys(each.peer_id for each in _of(happened)) if number < 0)
    return [chat_object(chat, owner) for chat in found if chat is not None]


def _of(happened: Sequence[Event | KeptMessage]) -> list[KeptMessage | HistoryRead]:
    return [each.message if isinstance(each, NewMessage) else each for each in happened]
