"""Whom a command is about: the users of a command line or of a list, by the rules of `mtproto.flows.meant_by`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mtproto.cli.errors import CommandFailed
from mtproto.flows import ById, ByPhone, ByUsername, Myself, WrongReference, meant_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mtproto.cli.listing import Call
    from tl import Schema

__all__ = ["as_input_user", "find_user", "users_of"]

MOST_USERS = 100_000
"""Users of one run."""


def users_of(arguments: Sequence[str]) -> list[str]:
    """Return the users that a command line names, each text once; `-` stands for the lines of stdin.

    In a list, empty lines and lines that begin with `#` mean nothing.

    Raises:
        CommandFailed: a text can mean no user; nothing was sent. Or there are too many, or none.

    """
    found: dict[str, None] = {}
    for argument in arguments:
        texts: Iterable[str] = _lines(sys.stdin) if argument == "-" else [argument]
        for text in texts:
            try:
                meant_by(text, "InputUser")
            except WrongReference as error:
                raise CommandFailed(str(error)) from error
            found[text] = None
            if len(found) > MOST_USERS:
                raise CommandFailed(f"more than {MOST_USERS} users: split the list")
    if not found:
        raise CommandFailed("the list names no user")
    return list(found)


def _lines(stream: Iterable[str]) -> Iterable[str]:
    stripped = (line.strip() for line in stream)
    return (line for line in stripped if line and not line.startswith("#"))


async def find_user(call: Call, reference: str, schema: Schema) -> Any:
    """Return the `InputUser` of whom a text means, in any layer, for who knows nobody yet.

    Raises:
        CommandFailed: the name or the number is nobody's, or no user's.
        RpcError: as the server answers.

    """
    types, functions = schema.types, schema.functions
    match meant_by(reference, "InputUser"):
        case Myself():
            return types.InputUserSelf()
        case ById(id=number):
            # A bot may leave the access hash out for users that it has met (core.telegram.org/api/bots).
            return types.InputUser(user_id=number, access_hash=0)
        case ByUsername(name=name):
            answer = await call(functions.contacts.ResolveUsername(username=name))
        case ByPhone(phone=phone):
            answer = await call(functions.contacts.ResolvePhone(phone=phone))
        case _:
            raise CommandFailed(f"{reference} is not a user")
    wanted = getattr(answer.peer, "user_id", None)
    for found in answer.users:
        if found.id == wanted and found.NAME == "user":
            return types.InputUser(user_id=found.id, access_hash=found.access_hash or 0)
    raise CommandFailed(f"{reference} is not a user")


_OF_PEER = {
    "inputPeerSelf": "inputUserSelf",
    "inputPeerUser": "inputUser",
    "inputPeerUserFromMessage": "inputUserFromMessage",
}


def as_input_user(peer: Any, reference: str) -> Any:
    """Return the `InputUser` of an `InputPeer`. Raises CommandFailed for a group or a channel."""
    name = _OF_PEER.get(peer.NAME)
    if name is None:
        raise CommandFailed(f"{reference} is not a user")
    kind = peer.SCHEMA[name]
    return kind(**{field.name: getattr(peer, field.name) for field in kind.PLAN.fields})
