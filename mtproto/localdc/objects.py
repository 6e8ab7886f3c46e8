"""The world's users and photos as objects of the API, and who is meant where the API names somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mtproto.localdc.answers import Refused
from mtproto.localdc.world import User, derived_hash
from tl import api

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtproto.localdc.accounts import Contact
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.chats import LocalChannel
    from mtproto.localdc.dc_state import DCState
    from mtproto.localdc.files import LocalDocument
    from mtproto.localdc.references import FileReferences
    from mtproto.localdc.world import FileSize, LocalChat, Photo
    from tl import TLObject

__all__ = [
    "Relation",
    "box_peer",
    "chat_object",
    "document_object",
    "find_channel",
    "find_chat",
    "find_peer",
    "find_user",
    "introduce",
    "min_hash",
    "peer_object",
    "photo_object",
    "relation",
    "user_object",
    "user_objects",
]

SELF = frozenset({"inputUserSelf", "inputPeerSelf"})
NAMED = frozenset({"inputUser", "inputPeerUser"})
FROM_MESSAGE = frozenset({"inputUserFromMessage", "inputPeerUserFromMessage"})
CHANNELS = frozenset({"inputChannel", "inputPeerChannel"})
CREATED = 1_600_000_000
"""When the basic groups were made (Unix seconds)."""


class Relation(NamedTuple):
    """How a user stands to an account: all that the user's object depends on, beside the user.

    Attributes:
        is_self: whether the account is the user's own.
        is_known: whether the account knows the user; a bot knows everybody.
        contact: the user among the account's contacts; None for a user who is none.
        is_mutual: whether the account is a contact of that contact.

    """

    is_self: bool
    is_known: bool
    contact: Contact | None
    is_mutual: bool


def relation(user: User, viewer: User, dc: DCState) -> Relation:
    """Return how a user stands to the account that is to see the user."""
    acquaintances = dc.accounts.acquaintances
    contact = acquaintances.contact(viewer.id, user.id)
    return Relation(
        is_self=user is viewer,
        is_known=viewer.bot or acquaintances.knows(viewer.id, user.id),
        contact=contact,
        is_mutual=contact is not None and acquaintances.contact(user.id, viewer.id) is not None,
    )


def introduce(user: User, viewer: User, dc: DCState) -> None:
    """Let an account know a user from now on: the account sees the user with all fields, and not as `min`."""
    if not viewer.bot and user is not viewer:
        dc.accounts.acquaintances.meet(viewer.id, user.id)


def min_hash(user: User, viewer: User) -> int:
    """Return the access hash of a user for an account that does not know the user: good for fetching pictures alone.

    It follows from both ids. As a file reference, it guards nothing.
    """
    return derived_hash(f"min user {user.id} for {viewer.id}")


def person(call: IncomingCall) -> User:
    """Return who calls; refuses a bot with `BOT_METHOD_INVALID`."""
    if call.me.bot:
        raise Refused(400, "BOT_METHOD_INVALID")
    return call.me


def find_user(named: TLObject, call: IncomingCall, *, by_min: bool = False) -> User | None:
    """Return whom an `InputUser` or an `InputPeer` means, or None for nobody that the caller may see.

    Clients in the field put an `InputPeer` where an `InputUser` is declared; Telegram takes it, and so does this.
    A bot may leave the access hash 0. Whoever names a user rightly knows the user from then on.

    Args:
        named: the user as the caller names the user.
        call: the call.
        by_min: whether the access hash of a `min` user is good, too (core.telegram.org/constructor/user).

    """
    if named.NAME in SELF:
        return call.me
    if named.NAME in FROM_MESSAGE:
        return _find_by_message(named, call)
    if named.NAME not in NAMED:
        return None
    user_id, access_hash = named.user_id, named.access_hash  # type: ignore[attr-defined]  # as `NAMED` says
    user = call.dc.accounts.user(user_id)
    if user is None:
        return None
    if access_hash == user.access_hash or (access_hash == 0 and call.me.bot):
        introduce(user, call.me, call.dc)
        return user
    return user if by_min and access_hash == min_hash(user, call.me) else None


def find_channel(named: TLObject, call: IncomingCall) -> LocalChannel | None:
    """Return which channel an `InputChannel` or an `InputPeer` means, or None for none that the caller is in.

    A bot may leave the access hash 0.
    """
    channel = call.dc.shared.channel
    if named.NAME not in CHANNELS or named.channel_id != channel.id or call.me.id not in channel.members:  # type: ignore[attr-defined]  # as `CHANNELS` says
        return None
    access_hash = named.access_hash  # type: ignore[attr-defined]
    return channel if access_hash == channel.access_hash or (access_hash == 0 and call.me.bot) else None


def find_chat(named: TLObject, call: IncomingCall) -> LocalChat | None:
    """Return which basic group an `InputPeer` means, or None for none that the caller is in."""
    chat = call.dc.world.chat(named.chat_id) if named.NAME == "inputPeerChat" else None  # type: ignore[attr-defined]
    return chat if chat is not None and call.me.id in chat.members else None


def _find_by_message(named: Any, call: IncomingCall) -> User | None:
    """Return whom a message shows, if it does: its author, or the other user of a private chat."""
    if named.peer.NAME in CHANNELS:
        channel = find_channel(named.peer, call)
        written = None if channel is None else channel.message(named.msg_id)
        shown = None if written is None else written.from_id
    else:
        peer = None if named.peer.NAME in FROM_MESSAGE else find_peer(named.peer, call)
        message = call.dc.shared.boxes.of(call.me.id).message(named.msg_id)
        shown = None
        if peer is not None and message is not None and message.peer_id == box_peer(peer):
            shown = message.from_id if message.peer_id < 0 else message.peer_id
    user = call.dc.accounts.user(named.user_id) if shown == named.user_id else None
    if user is not None:
        introduce(user, call.me, call.dc)
    return user


def find_peer(named: TLObject, call: IncomingCall) -> User | LocalChat | None:
    """Return whom an `InputPeer` means as `find_user` does, or which basic group as `find_chat` does."""
    return find_user(named, call) or find_chat(named, call)


def box_peer(peer: User | LocalChat) -> int:
    """Return under which id the boxes have a chat: a user's own, or the negative one of a basic group."""
    return peer.id if isinstance(peer, User) else peer.peer_id


def peer_object(peer_id: int) -> api.boxed.Peer:
    """Return the `Peer` of a user, or of a basic group whose id is negative."""
    return api.types.PeerUser(user_id=peer_id) if peer_id > 0 else api.types.PeerChat(chat_id=-peer_id)


def chat_object(chat: LocalChat, viewer: User) -> api.types.Chat:
    """Return the `chat` as a member sees it."""
    return api.types.Chat(
        id=chat.id,
        title=chat.display_name,
        creator=chat.members[0] == viewer.id,
        photo=api.types.ChatPhotoEmpty(),
        participants_count=len(chat.members),
        date=CREATED,
        version=1,
    )


def user_object(user: User, viewer: User, dc: DCState) -> api.types.User:
    """Return the `user` with the newest photo, as an account sees the user: as `min` where it does not know the user.

    Args:
        user: the user.
        viewer: the user of the account that is to see the object.
        dc: the DC that the object comes from.

    """
    stands = relation(user, viewer, dc)
    photo = None
    photos = dc.shared.albums.of(user)
    if photos:
        newest = photos[0]
        photo = api.types.UserProfilePhoto(
            photo_id=newest.id,
            stripped_thumb=newest.stripped or None,
            has_video=bool(newest.videos),
            dc_id=dc.files_dc(user),
        )
    named = stands.contact or user
    account = dc.accounts.of(user.id) if stands.is_self or stands.contact else None
    return api.types.User(
        id=user.id,
        access_hash=user.access_hash if stands.is_known else min_hash(user, viewer),
        first_name=named.first_name,
        last_name=named.last_name or None,
        username=user.username,
        phone=None if account is None else account.phone or None,
        photo=photo,
        bot=user.bot,
        bot_info_version=1 if user.bot else None,
        self=stands.is_self,
        contact=stands.contact is not None,
        mutual_contact=stands.is_mutual,
        min=not stands.is_known,
        apply_min_photo=not stands.is_known,
    )


def user_objects(user_ids: Iterable[int], viewer: User, dc: DCState) -> list[api.boxed.User]:
    """Return the users of some ids, each once, as an account sees them; ids of nobody are left out."""
    found = (dc.accounts.user(user_id) for user_id in dict.fromkeys(user_ids))
    return [user_object(user, viewer, dc) for user in found if user is not None]


def photo_object(photo: Photo, user: User, call: IncomingCall) -> api.types.Photo:
    """Return a `photo` of a user with a file reference that is good until the DC lets it expire."""
    stripped = [api.types.PhotoStrippedSize(type="i", bytes=photo.stripped)] if photo.stripped else []
    sizes = [*stripped, *map(_size_object, photo.sizes)]
    videos = [api.types.VideoSize(type=size.type, w=size.w, h=size.h, size=size.size) for size in photo.videos]
    return api.types.Photo(
        id=photo.id,
        access_hash=photo.access_hash,
        file_reference=call.dc.references.reference(photo.id),
        date=photo.date,
        sizes=sizes,
        video_sizes=videos or None,
        dc_id=call.dc.files_dc(user),
    )


def document_object(document: LocalDocument, references: FileReferences) -> api.types.Document:
    """Return a `document` with a file reference that is good until the network lets it expire."""
    attributes = [api.schema.decode(attribute, "DocumentAttribute") for attribute in document.attributes]
    return api.types.Document(
        id=document.id,
        access_hash=document.access_hash,
        file_reference=references.reference(document.id),
        date=document.date,
        mime_type=document.mime_type,
        size=document.size,
        dc_id=document.dc_id,
        attributes=[*attributes, api.types.DocumentAttributeFilename(file_name=document.name)],
    )


def _size_object(size: FileSize) -> api.boxed.PhotoSize:
    if size.prefixes:
        return api.types.PhotoSizeProgressive(type=size.type, w=size.w, h=size.h, sizes=list(size.prefixes))
    return api.types.PhotoSize(type=size.type, w=size.w, h=size.h, size=size.size)
