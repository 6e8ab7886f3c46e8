"""Where a file reference is made fresh: the object that holds the file is asked for again, where it came from.

core.telegram.org/api/file-references. Each flow returns the fresh object, of which `remote_file` makes a location.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.flows.errors import NoFreshReference
from mtproto.flows.layers import expect, make, name_of
from mtproto.flows.resolving import resolve
from mtproto.flows.steps import Call

if TYPE_CHECKING:
    from mtproto.flows.peer_book import PeerBook
    from mtproto.flows.resolving import PeerAsker
    from mtproto.flows.steps import Flow

__all__ = ["fresh_from_message", "fresh_user_photo"]


def fresh_user_photo(asker: PeerAsker, book: PeerBook, user: object, photo_id: int) -> Flow[Any]:
    """Return a profile photo of a user anew: `photos.getUserPhotos` with offset −1, and the photo's id as `max_id`.

    Args:
        asker: who asks.
        book: what is known of peers.
        user: whose photo: whatever `resolve` takes.
        photo_id: of the photo.

    Raises:
        NoFreshReference: the user has no such photo any more.
        RpcError: the server refuses.

    """
    owner = yield from resolve(asker, book, user, "InputUser")
    request = make(asker.schema, "photos.getUserPhotos", user_id=owner, offset=-1, max_id=photo_id, limit=1)
    answer = expect((yield Call(request)), request.NAME, "photos.photos", "photos.photosSlice")
    for photo in answer.photos:
        if name_of(photo) == "photo" and photo.id == photo_id:
            return photo
    raise NoFreshReference(f"the user does not have photo {photo_id} any more")


def fresh_from_message(asker: PeerAsker, book: PeerBook, message: Any) -> Flow[Any]:
    """Return a message anew: `channels.getMessages` in a channel or supergroup, `messages.getMessages` elsewhere.

    Args:
        asker: who asks.
        book: what is known of peers.
        message: an object of the type `Message`.

    Raises:
        NoFreshReference: the message is gone.
        PeerNotKnown: nothing that is known leads to the channel.
        RpcError: the server refuses.

    """
    wanted = [make(asker.schema, "inputMessageID", id=message.id)]
    if name_of(message.peer_id) == "peerChannel":
        channel = yield from resolve(asker, book, message, "InputChannel")
        request = make(asker.schema, "channels.getMessages", channel=channel, id=wanted)
    else:
        request = make(asker.schema, "messages.getMessages", id=wanted)
    answer = yield Call(request)
    for found in getattr(answer, "messages", ()):
        if name_of(found) == name_of(message) and found.id == message.id:
            return found
    raise NoFreshReference(f"message {message.id} is gone")
