"""The world's users and photos as objects of the API, and who is meant where the API names somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.world import FileSize, Photo, User
    from tl import TLObject

__all__ = ["find_user", "photo_object", "user_object"]

SELF = frozenset({"inputUserSelf", "inputPeerSelf"})
NAMED = frozenset({"inputUser", "inputPeerUser"})


def find_user(named: TLObject, call: IncomingCall) -> User | None:
    """Return whom an `InputUser` or an `InputPeer` means, or None for nobody that the caller may see.

    Clients in the field put an `InputPeer` where an `InputUser` is declared; Telegram takes it, and so does this.
    A bot may leave the access hash 0.
    """
    if named.NAME in SELF:
        return call.me
    if named.NAME not in NAMED:
        return None
    user_id, access_hash = named.user_id, named.access_hash  # type: ignore[attr-defined]  # as `NAMED` says
    user = call.dc.accounts.user(user_id)
    if user is None or not (access_hash == user.access_hash or (access_hash == 0 and call.me.bot)):
        return None
    return user


def user_object(user: User, call: IncomingCall) -> api.types.User:
    """Return the `user` as the caller sees it, with the newest photo."""
    photo = None
    if user.photos:
        newest = user.photos[0]
        photo = api.types.UserProfilePhoto(
            photo_id=newest.id,
            stripped_thumb=newest.stripped,
            has_video=bool(newest.videos),
            dc_id=call.dc.files_dc(user),
        )
    account = call.dc.accounts.of(user.id) if user is call.user else None
    return api.types.User(
        id=user.id,
        access_hash=user.access_hash,
        first_name=user.first_name,
        last_name=user.last_name or None,
        username=user.username,
        phone=None if account is None else account.phone or None,
        photo=photo,
        bot=user.bot,
        bot_info_version=1 if user.bot else None,
        self=user is call.user,
    )


def photo_object(photo: Photo, user: User, call: IncomingCall) -> api.types.Photo:
    """Return a `photo` of a user with a file reference that is good until the DC lets it expire."""
    sizes = [api.types.PhotoStrippedSize(type="i", bytes=photo.stripped), *map(_size_object, photo.sizes)]
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


def _size_object(size: FileSize) -> api.boxed.PhotoSize:
    if size.prefixes:
        return api.types.PhotoSizeProgressive(type=size.type, w=size.w, h=size.h, sizes=list(size.prefixes))
    return api.types.PhotoSize(type=size.type, w=size.w, h=size.h, size=size.size)
