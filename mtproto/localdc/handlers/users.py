"""Who somebody is (core.telegram.org/method/users.getUsers, core.telegram.org/method/contacts.resolveUsername)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused
from mtproto.localdc.objects import find_user, introduce, person, photo_object, user_object
from mtproto.localdc.post_channel import channel_object
from mtproto.localdc.world import USERNAME
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.world import User
    from tl import TLObject

__all__ = ["get_full_user", "get_users", "resolve_phone", "resolve_username"]


def get_users(call: IncomingCall) -> list[TLObject]:
    """Answer with one user for each that was asked for, in that order; `userEmpty` for nobody."""
    return [_user_or_empty(named, call) for named in call.request.id]


def _user_or_empty(named: TLObject, call: IncomingCall) -> TLObject:
    user = find_user(named, call)
    if user is not None:
        return user_object(user, call.me, call.dc)
    empty: TLObject = api.types.UserEmpty(id=getattr(named, "user_id", 0))
    return empty


def get_full_user(call: IncomingCall) -> TLObject:
    """Answer with a user and the newest photo whole. Refuses with `USER_ID_INVALID`."""
    user = find_user(call.request.id, call)
    if user is None:
        raise Refused(400, "USER_ID_INVALID")
    photos = call.dc.shared.albums.of(user)
    full = api.types.UserFull(
        id=user.id,
        settings=api.types.PeerSettings(),
        notify_settings=api.types.PeerNotifySettings(),
        profile_photo=photo_object(photos[0], user, call) if photos else None,
        common_chats_count=0,
    )
    answer: TLObject = api.types.users.UserFull(full_user=full, chats=[], users=[user_object(user, call.me, call.dc)])
    return answer


def resolve_username(call: IncomingCall) -> TLObject:
    """Answer with the user or the channel of that name, whatever its case.

    Refuses with `USERNAME_INVALID` what can be no name, with `USERNAME_NOT_OCCUPIED` what is nobody's.
    """
    if not USERNAME.fullmatch(call.request.username):
        raise Refused(400, "USERNAME_INVALID")
    user = call.dc.accounts.by_username(call.request.username)
    channel = call.dc.shared.channel
    if user is None and call.request.username.lower() == channel.username and call.me.id in channel.members:
        peer = api.types.PeerChannel(channel_id=channel.id)
        answer: TLObject = api.types.contacts.ResolvedPeer(peer=peer, chats=[channel_object(channel)], users=[])
        return answer
    if user is None:
        raise Refused(400, "USERNAME_NOT_OCCUPIED")
    return _resolved(user, call)


def resolve_phone(call: IncomingCall) -> TLObject:
    """Answer with the user of a phone number, digits with or without `+`.

    Refuses with `PHONE_NOT_OCCUPIED` a number of nobody, and a bot with `BOT_METHOD_INVALID`.
    """
    person(call)
    account = call.dc.accounts.find(call.request.phone.removeprefix("+"))
    if account is None:
        raise Refused(400, "PHONE_NOT_OCCUPIED")
    return _resolved(account.user, call)


def _resolved(user: User, call: IncomingCall) -> TLObject:
    introduce(user, call.me, call.dc)
    peer = api.types.PeerUser(user_id=user.id)
    answer: TLObject = api.types.contacts.ResolvedPeer(peer=peer, chats=[], users=[user_object(user, call.me, call.dc)])
    return answer
