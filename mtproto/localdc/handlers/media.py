"""Documents that clients send (core.telegram.org/method/messages.sendMedia)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mtproto.localdc.answers import Refused
from mtproto.localdc.files import GivenContent
from mtproto.localdc.handlers.messages import entities_of, peer_of
from mtproto.localdc.handlers.pages import origin_of
from mtproto.localdc.handlers.upload_parts import uploaded
from mtproto.localdc.objects import document_object, find_channel
from mtproto.localdc.post import post, update_object, users_of
from mtproto.localdc.world import User
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.files import LocalDocument

__all__ = ["send_media", "upload_media"]

LONGEST_NAME = 255
"""Characters of a file name, and of a MIME type; the rest is dropped."""

ATTRIBUTES_BYTES = 4096
"""Bytes of all attributes of a document; more are refused with `MEDIA_INVALID`."""

FILE_NAME = "documentAttributeFilename"


def send_media(call: IncomingCall) -> api.types.Updates:
    """Send a document to a user, once for each `random_id` of an account.

    The media is `inputMediaUploadedDocument` or `inputMediaDocument`; others are refused with `MEDIA_INVALID`, and a
    group or a channel with `CHAT_SEND_DOCS_FORBIDDEN`. Refuses as `messages.sendMessage` does for peer and text, too.
    """
    request, me, dc = call.request, call.me, call.dc
    peer = _private_peer(call)
    event = dc.shared.boxes.of(me.id).sent(request.random_id)
    if event is None:
        event, _ = post(
            me,
            peer,
            request.message,
            dc,
            entities=entities_of(call),
            random_id=request.random_id,
            origin=origin_of(call),
            document=_document(call),
        )
    dc.executions.note(call.key.account.auth_key.id, request.random_id)
    return api.types.Updates(
        updates=[
            api.types.UpdateMessageID(id=event.message.id, random_id=request.random_id),
            update_object(event, dc),
        ],
        users=users_of([event], me, dc),
        chats=[],
        date=int(dc.clock()),
        seq=0,
    )


def upload_media(call: IncomingCall) -> api.types.MessageMediaDocument:
    """Answer with a document as a message would carry it, for messages to come; refuses as `send_media` does."""
    _private_peer(call)
    return api.types.MessageMediaDocument(document=document_object(_document(call), call.dc.references))


def _private_peer(call: IncomingCall) -> User:
    peer = None if find_channel(call.request.peer, call) is not None else peer_of(call)
    if not isinstance(peer, User):
        raise Refused(403, "CHAT_SEND_DOCS_FORBIDDEN")
    return peer


def _document(call: IncomingCall) -> LocalDocument:
    media = call.request.media
    if media.NAME == "inputMediaUploadedDocument":
        return _new_document(media, call)
    if media.NAME != "inputMediaDocument":
        raise Refused(400, "MEDIA_INVALID")
    named = media.id
    document = call.dc.shared.documents.find(named.id) if named.NAME == "inputDocument" else None
    if document is None or document.access_hash != named.access_hash:
        raise Refused(400, "MEDIA_EMPTY")
    call.dc.references.check(named.file_reference, named.id)
    return document


def _new_document(media: Any, call: IncomingCall) -> LocalDocument:
    data = uploaded(media.file, call)
    given = [each.file_name for each in media.attributes if each.NAME == FILE_NAME]
    attributes = tuple(each.to_bytes() for each in media.attributes if each.NAME != FILE_NAME)
    if sum(map(len, attributes)) > ATTRIBUTES_BYTES:
        raise Refused(400, "MEDIA_INVALID")
    shared = call.dc.shared
    if not shared.kept_files.make_room(call.me.id, len(data)):
        raise Refused(400, "FILE_PARTS_INVALID")
    document = shared.documents.add(
        GivenContent(data),
        (given[0] if given else media.file.name)[:LONGEST_NAME],
        media.mime_type[:LONGEST_NAME],
        int(call.dc.clock()),
        call.dc.dc_id,
        attributes=attributes,
    )
    forget = partial(shared.documents.forget, document.id)
    shared.kept_files.add(call.me.id, document.id, len(data), forget, is_used=False)
    return document
