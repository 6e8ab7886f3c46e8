"""Messages on their way: from an account into the boxes, and to the sessions of both accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused
from mtproto.localdc.chats import NewMessage
from mtproto.localdc.objects import document_object, introduce, relation, user_objects
from mtproto.localdc.pushes import CountedPush
from tl import api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.localdc.chats import Event, KeptMessage
    from mtproto.localdc.dc_state import DCState
    from mtproto.localdc.files import LocalDocument
    from mtproto.localdc.pushes import SendingSession
    from mtproto.localdc.world import User
    from tl import TLObject

__all__ = [
    "ENTITIES_BYTES",
    "LONGEST_TEXT",
    "check_text",
    "entity_objects",
    "message_object",
    "post",
    "read_history",
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
    sent, came = dc.shared.boxes.send(sender.id, receiver.id, text, int(dc.clock()), entities, random_id, document_id)
    introduce(sender, receiver, dc)
    introduce(receiver, sender, dc)
    _tell(sender, sent, dc, origin=origin)
    if receiver is not sender:
        _tell(receiver, came, dc, whole=whole)
    return sent, came


def read_history(reader: User, peer: User, max_id: int, dc: DCState, origin: SendingSession) -> int:
    """Let somebody have read a chat, and tell the sessions of both; return how many events of the reader that is."""
    read, seen = dc.shared.boxes.read(reader.id, peer.id, max_id)
    if read is not None:
        _tell(reader, read, dc, origin=origin)
    if seen is not None:
        _tell(peer, seen, dc)
    return int(read is not None)


def _tell(user: User, event: Event, dc: DCState, *, origin: SendingSession | None = None, whole: bool = False) -> None:
    """Push what happened in a box to all sessions of its account that want updates, but for the one that did it."""
    dc.shared.tell(CountedPush(user.id, _pushed(user, event, dc, whole=whole), origin))


def _pushed(user: User, event: Event, dc: DCState, *, whole: bool) -> TLObject:
    """Return how Telegram tells an event: in the short form where it says all that the client has to know."""
    if isinstance(event, NewMessage) and not (whole or event.message.entities or event.message.document_id):
        message = event.message
        short: TLObject = api.types.UpdateShortMessage(
            id=message.id,
            user_id=message.peer_id,
            message=message.text,
            out=message.out,
            date=message.date,
            pts=event.pts,
            pts_count=1,
        )
        return short
    update: TLObject = api.types.Updates(
        updates=[update_object(event, user, dc)],
        users=users_of([event], user, dc),
        chats=[],
        date=int(dc.clock()),
        seq=0,
    )
    return update


def update_object(event: Event, owner: User, dc: DCState) -> api.boxed.Update:
    """Return the `Update` that tells an event in the box of an account."""
    if isinstance(event, NewMessage):
        shown = message_object(event.message, owner, dc)
        return api.types.UpdateNewMessage(message=shown, pts=event.pts, pts_count=1)
    peer = api.types.PeerUser(user_id=event.peer_id)
    if event.out:
        return api.types.UpdateReadHistoryOutbox(peer=peer, max_id=event.max_id, pts=event.pts, pts_count=1)
    return api.types.UpdateReadHistoryInbox(
        peer=peer, max_id=event.max_id, still_unread_count=event.unread, pts=event.pts, pts_count=1
    )


def message_object(message: KeptMessage, owner: User, dc: DCState) -> api.types.Message:
    """Return a message as the account sees it in whose box it is; a file reference in it is a fresh one."""
    document = dc.shared.documents.find(message.document_id) if message.document_id else None
    shown = None if document is None else document_object(document, dc.references)
    return api.types.Message(
        id=message.id,
        out=message.out,
        from_id=api.types.PeerUser(user_id=owner.id) if message.out else None,
        peer_id=api.types.PeerUser(user_id=message.peer_id),
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
    others = (each.message.peer_id if isinstance(each, NewMessage) else each.peer_id for each in happened)
    return user_objects((owner.id, *others), owner, dc)
