"""Who is meant: what a caller writes for a user, a group or a channel, read without any call.

A text is a username, a link (core.telegram.org/api/links), a phone number with `+` in front, or an id; a number is an
id, also in the Bot API's style; an object is a user, a chat, a message, an update, or whatever holds one of these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mtproto.flows.errors import WrongReference
from mtproto.flows.links import in_link
from mtproto.flows.marked import FIRST_CHANNEL, LAST_CHAT, LAST_ID, marked, of_peer, plain

if TYPE_CHECKING:
    from mtproto.flows.marked import PeerKind
    from tl import TLObject

__all__ = ["ById", "ByMessage", "ByPhone", "ByUsername", "Meant", "Myself", "Wanted", "meant_by", "shown"]

Wanted: TypeAlias = Literal["InputPeer", "InputUser", "InputChannel"]
"""The TL type that a reference is to become."""

USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,31}")
"""Usernames of people have five characters or more; some bots have three (core.telegram.org/api/mentions)."""

PHONE = re.compile(r"\+[\d\s().-]*")
PHONE_DIGITS = range(5, 16)
"""Digits of a phone number (ITU-T E.164)."""

_SHOWN = 80
_DEEPEST = 6
"""Objects inside objects that are looked at: `contacts.…`, `updates`, `updateNewMessage`, `message`, `peerUser`."""


@dataclass(frozen=True, slots=True)
class Myself:
    """Who is logged in."""


@dataclass(frozen=True, slots=True)
class ByUsername:
    """Whoever has a username; the name in lower case, without `@`."""

    name: str


@dataclass(frozen=True, slots=True)
class ByPhone:
    """Whoever has a phone number: digits alone."""

    phone: str


@dataclass(frozen=True, slots=True)
class ById:
    """A user, a group or a channel by its id.

    Attributes:
        kind: which of the three; None where the caller gave a bare number, which may be any.
        id: as the API has it, always positive.
        access_hash: the one that the caller's object holds; None if it holds none that is good for calls.
        met: where the account met it: the chat (`marked`) and the number of a message there; None: unknown.

    """

    kind: PeerKind | None
    id: int
    access_hash: int | None = field(default=None, repr=False)
    met: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ByMessage:
    """A user or a channel by a message, as the caller wrote it (core.telegram.org/api/min)."""

    kind: PeerKind
    peer: TLObject
    msg_id: int
    id: int


Meant: TypeAlias = Myself | ByUsername | ByPhone | ById | ByMessage


def meant_by(reference: object, wanted: Wanted = "InputPeer") -> Meant:
    """Return who is meant.

    A message means the chat that it stands in. Where a user is wanted, it means the other person of a private chat, and
    the sender in a group.

    Args:
        reference: a text, a number or an object; see the module.
        wanted: what it is to become.

    Raises:
        WrongReference: it can mean nobody, or nobody of that kind.

    """
    found: Meant | None
    if isinstance(reference, str):
        found = _text(reference)
    elif isinstance(reference, int):
        found = None if isinstance(reference, bool) else _number(reference)
    else:
        found = _object(reference, wanted, _DEEPEST)
    if found is None:
        raise WrongReference(shown(reference), f"can't mean a {_KINDS[wanted]}: {_reason(reference)}")
    _check_kind(found, reference, wanted)
    return found


def shown(reference: object) -> str:
    """Return what the caller wrote, for an error: a text is quoted and cut, an object is its TL name alone."""
    name = getattr(reference, "NAME", None)
    if isinstance(name, str):
        return name
    text = repr(reference) if isinstance(reference, str | int | float | None) else type(reference).__name__
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_KINDS = {"InputPeer": "user, group or channel", "InputUser": "user", "InputChannel": "channel"}
_LINKED: dict[str, PeerKind] = {"user": "user", "chat": "chat", "channel": "channel"}
_KIND_OF = {"user": "InputUser", "channel": "InputChannel"}
_WORDS = {"user": "a user", "chat": "a basic group", "channel": "a channel or supergroup"}


def _check_kind(found: Meant, reference: object, wanted: Wanted) -> None:
    kind = "user" if isinstance(found, Myself | ByPhone) else getattr(found, "kind", None)
    if wanted != "InputPeer" and kind is not None and _KIND_OF.get(kind) != wanted:
        raise WrongReference(shown(reference), f"is {_WORDS[kind]}, and the method wants a {_KINDS[wanted]}")


def _reason(reference: object) -> str:
    if isinstance(reference, str):
        return (
            "it is no username (a letter, then 2 to 31 letters, digits or underscores), no link to one, "
            "no phone number with + in front, and no id"
        )
    if isinstance(reference, int) and not isinstance(reference, bool):
        return "no id is like this"
    return "the object holds none" if hasattr(reference, "NAME") else "it is no text, id or object of the API"


def _number(number: int) -> Meant | None:
    """Return whom an id means. The Bot API marks groups with a minus, channels with -100 in front."""
    if 0 < number <= LAST_ID:
        return ById(None, number)
    if -LAST_CHAT <= number < 0 or FIRST_CHANNEL - LAST_ID <= number < FIRST_CHANNEL:
        return ById(*plain(number))
    return None


def _text(text: str) -> Meant | None:
    text = text.strip()
    if text.lower() in {"me", "self"}:
        return Myself()
    if re.fullmatch(r"-?[0-9]{1,19}", text):
        return _number(int(text))
    if PHONE.fullmatch(text):
        return _phone(text)
    link = in_link(text)
    if link is None:
        return _name(text.removeprefix("@"))
    kind, value = link
    if kind == "name":
        return _name(value)
    if kind == "phone":
        return _phone(value)
    known = _LINKED.get(kind)
    if known is not None and re.fullmatch(r"[0-9]{1,19}", value) and 0 < int(value) <= LAST_ID:
        return ById(known, int(value))
    return None


def _name(text: str) -> ByUsername | None:
    return ByUsername(text.lower()) if USERNAME.fullmatch(text) else None


def _phone(text: str) -> ByPhone | None:
    digits = re.sub(r"[^0-9]", "", text)
    return ByPhone(digits) if len(digits) in PHONE_DIGITS else None


# Objects -------------------------------------------------------------------------------------------------------------

_SELF = frozenset({"inputUserSelf", "inputPeerSelf"})
_THEMSELVES: dict[str, PeerKind] = {
    **dict.fromkeys(("user", "userEmpty", "userFull"), "user"),
    **dict.fromkeys(("chat", "chatEmpty", "chatForbidden", "chatFull"), "chat"),
    **dict.fromkeys(("channel", "channelForbidden", "channelFull"), "channel"),
}
_MESSAGES = frozenset({"message", "messageService", "messageEmpty"})
_WHOLE: dict[str, tuple[PeerKind, str]] = {
    "inputUser": ("user", "user_id"),
    "inputPeerUser": ("user", "user_id"),
    "inputPeerChat": ("chat", "chat_id"),
    "inputChannel": ("channel", "channel_id"),
    "inputPeerChannel": ("channel", "channel_id"),
}
_FROM_MESSAGE: dict[str, tuple[PeerKind, str]] = {
    "inputUserFromMessage": ("user", "user_id"),
    "inputPeerUserFromMessage": ("user", "user_id"),
    "inputChannelFromMessage": ("channel", "channel_id"),
    "inputPeerChannelFromMessage": ("channel", "channel_id"),
}
_HOLDERS = ("message", "update", "user", "full_user", "chat", "channel", "full_chat")
_PEOPLE = ("from_id", "user_id", "peer", "peer_id", "saved_peer_id", "participant", "participant_id")
_PLACES = ("peer", "peer_id", "chat_id", "channel_id", "saved_peer_id", "from_id", "user_id", "participant")
_LISTS = ("updates", "new_messages", "messages", "users", "chats")


def _object(value: Any, wanted: Wanted, depth: int) -> Meant | None:
    """Return whom an object means; None for nobody."""
    name = getattr(value, "NAME", "")
    if name in _SELF:
        return Myself()
    if name in _WHOLE:
        kind, field_name = _WHOLE[name]
        return ById(kind, getattr(value, field_name), getattr(value, "access_hash", None) or None)
    if name in _FROM_MESSAGE:
        kind, field_name = _FROM_MESSAGE[name]
        return ByMessage(kind, value.peer, value.msg_id, getattr(value, field_name))
    if name in _THEMSELVES:
        whole = None if getattr(value, "min", False) else getattr(value, "access_hash", None)
        return ById(_THEMSELVES[name], value.id, whole or None)
    peer = of_peer(value)
    if peer is not None:
        return ById(*peer)
    if name in _MESSAGES:
        return _message(value, wanted)
    return _inside(value, wanted, depth - 1) if depth else None


def _message(value: Any, wanted: Wanted) -> Meant | None:
    chat = of_peer(getattr(value, "peer_id", None))
    if chat is None:
        return None
    if wanted != "InputUser" or chat[0] == "user":
        return ById(*chat)
    sender = of_peer(getattr(value, "from_id", None))  # none: the group or the channel itself
    return None if sender is None or sender[0] != "user" else ById(*sender, met=(marked(*chat), value.id))


def _inside(value: Any, wanted: Wanted, depth: int) -> Meant | None:
    """Return whom an object means that holds a user or a message: the first field that means somebody counts."""
    if not hasattr(value, "NAME") and not any(hasattr(value, name) for name in _HOLDERS):
        return None
    for name in (*_HOLDERS, *(_PEOPLE if wanted == "InputUser" else _PLACES)):
        inner = getattr(value, name, None)
        found: Meant | None = None
        if isinstance(inner, int) and not isinstance(inner, bool) and inner > 0:
            found = ById("chat" if name == "chat_id" else "channel" if name == "channel_id" else "user", inner)
        elif inner is not None and not isinstance(inner, str | bytes | list):
            found = _object(inner, wanted, depth)
        if found is not None and _fits(found, wanted):
            return found
    for name in _LISTS:
        inner = getattr(value, name, None)
        several = [_object(each, wanted, depth) for each in inner] if isinstance(inner, list) else []
        fitting = [each for each in several if each is not None and _fits(each, wanted)]
        if fitting and all(each == fitting[0] for each in fitting):
            return fitting[0]
    return None


def _fits(found: Meant, wanted: Wanted) -> bool:
    kind = getattr(found, "kind", "user")
    return wanted == "InputPeer" or _KIND_OF.get(kind) == wanted
