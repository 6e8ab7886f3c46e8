"""Basic groups (core.telegram.org/api/channel): which there are, and who is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused
from mtproto.localdc.handlers.pages import PAGE
from mtproto.localdc.objects import CREATED, chat_object, find_chat, introduce, user_objects
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.world import LocalChat
    from tl import TLObject

__all__ = ["get_chats", "get_full_chat"]


def get_chats(call: IncomingCall) -> TLObject:
    """Answer with the groups of some ids; refuses with `CHAT_ID_INVALID` where the caller is not in one."""
    found = [_chat(chat_id, call) for chat_id in dict.fromkeys(call.request.id[:PAGE])]
    answer: TLObject = api.types.messages.Chats(chats=[chat_object(chat, call.me) for chat in found])
    return answer


def get_full_chat(call: IncomingCall) -> TLObject:
    """Answer with a group and its members, whom the caller knows from then on; refuses with `CHAT_ID_INVALID`."""
    chat = _chat(call.request.chat_id, call)
    first, *others = chat.members
    for user_id in chat.members:
        member = call.dc.accounts.user(user_id)
        if member is not None:
            introduce(member, call.me, call.dc)
    members: list[api.boxed.ChatParticipant] = [
        api.types.ChatParticipantCreator(user_id=first),
        *(api.types.ChatParticipant(user_id=other, inviter_id=first, date=CREATED) for other in others),
    ]
    full = api.types.ChatFull(
        id=chat.id,
        about="",
        participants=api.types.ChatParticipants(chat_id=chat.id, participants=members, version=1),
        notify_settings=api.types.PeerNotifySettings(),
    )
    answer: TLObject = api.types.messages.ChatFull(
        full_chat=full, chats=[chat_object(chat, call.me)], users=user_objects(chat.members, call.me, call.dc)
    )
    return answer


def _chat(chat_id: int, call: IncomingCall) -> LocalChat:
    chat = find_chat(api.types.InputPeerChat(chat_id=chat_id), call)
    if chat is None:
        raise Refused(400, "CHAT_ID_INVALID")
    return chat
