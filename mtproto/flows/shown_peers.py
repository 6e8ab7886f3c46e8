"""Which users and chats an answer or an update shows: a walk by the schema that looks only where they can be.

The walk goes into a field only if its type, or a constructor of its type, holds a `User` or a `Chat` itself: users and
chats stand beside what mentions them, in lists at the top of an answer. How a class is walked is worked out once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.flows.field_kinds import boxed_type
from mtproto.flows.marked import marked, of_peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtproto.flows.field_kinds import FieldKind
    from mtproto.flows.marked import PeerKind
    from tl import Schema, TLObject

__all__ = ["ShownPeers", "named_in"]

_HASHED: dict[str, PeerKind] = {"user": "user", "channel": "channel", "channelForbidden": "channel"}
"""The constructors that have access hashes."""

_NAMED: dict[str, tuple[PeerKind, str]] = {
    "inputUser": ("user", "user_id"),
    "inputPeerUser": ("user", "user_id"),
    "inputChannel": ("channel", "channel_id"),
    "inputPeerChannel": ("channel", "channel_id"),
}
_REQUEST_DEPTH = 16

_PEOPLE = frozenset({"User", "Chat"})
_DEEPEST = 4
_HOLD_MESSAGES = ("messages", "new_messages", "updates", "other_updates", "update", "message")
_MESSAGES = frozenset({"message", "messageService"})


class ShownPeers:
    """Finds peers in answers.

    Args:
        schema: that of the answers.

    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._ways: dict[type[object], tuple[str, ...]] = {}
        self._holding: dict[str, bool] = {}

    def can_show(self, answer: object) -> bool:
        """Tell whether answers of this class can show anybody; true until the first of the class was read."""
        return self._ways.get(type(answer)) != ()

    def peers_in(self, answer: object) -> list[tuple[PeerKind, Any]]:
        """Return the users and channels that an answer shows, each with its kind."""
        found: list[tuple[PeerKind, Any]] = []
        self._walk(answer, found, _DEEPEST)
        return found

    def senders_in(self, answer: object) -> Iterator[tuple[int, int, int]]:
        """Return whom the messages of an answer are from: the marked ids of sender and chat, and the number there."""
        for message in _messages(answer, _DEEPEST):
            chat = of_peer(message.peer_id)
            if chat is None:
                continue
            forwarded = getattr(message, "fwd_from", None)
            for peer in (message.from_id, getattr(forwarded, "from_id", None)):
                sender = of_peer(peer)
                if sender is not None:
                    yield marked(*sender), marked(*chat), message.id

    def _walk(self, value: Any, found: list[tuple[PeerKind, Any]], depth: int) -> None:
        if isinstance(value, list):
            if value and hasattr(value[0], "PLAN"):
                for each in value:
                    self._walk(each, found, depth)
            return
        kind = _HASHED.get(getattr(value, "NAME", ""))
        if kind is not None:
            found.append((kind, value))
            return
        if depth and hasattr(value, "PLAN"):
            for attribute in self._way(type(value)):
                self._walk(getattr(value, attribute), found, depth - 1)

    def _way(self, cls: type[TLObject]) -> tuple[str, ...]:
        """Return the attributes of a class that can hold users or chats."""
        way = self._ways.get(cls)
        if way is None:
            way = tuple(field.attribute for field in cls.PLAN.fields if self._leads_there(field.kind))
            self._ways[cls] = way
        return way

    def _leads_there(self, kind: FieldKind) -> bool:
        name = boxed_type(kind)
        return name in _PEOPLE or (name is not None and self._holds(name))

    def _holds(self, type_name: str) -> bool:
        """Tell whether a constructor of a type holds a user or a chat itself."""
        holds = self._holding.get(type_name)
        if holds is None:
            holds = any(
                boxed_type(field.kind) in _PEOPLE
                for name in self._schema.constructors(type_name)
                for field in self._schema.plan(name).fields
            )
            self._holding[type_name] = holds
        return holds


def named_in(value: Any, depth: int = _REQUEST_DEPTH) -> Iterator[tuple[int, int]]:
    """Return whom a request names by an access hash: marked ids and the hashes."""
    if isinstance(value, list | tuple):
        for each in value:
            yield from named_in(each, depth)
    elif hasattr(value, "PLAN"):
        known = _NAMED.get(value.NAME)
        if known is not None:
            yield marked(known[0], getattr(value, known[1])), value.access_hash
        for field in value.PLAN.fields if depth else ():
            if field.kind.holds_objects:
                yield from named_in(getattr(value, field.attribute, None), depth - 1)


def _messages(value: Any, depth: int) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _messages(each, depth)
    elif getattr(value, "NAME", "") in _MESSAGES:
        yield value
    elif depth and hasattr(value, "PLAN"):
        for attribute in _HOLD_MESSAGES:
            yield from _messages(getattr(value, attribute, None), depth - 1)
