"""The sessions of an account: listed, and ended (core.telegram.org/method/account.getAuthorizations)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.errors import LocalProtocolError
from mtproto.flows.errors import UnexpectedAnswer
from mtproto.flows.layers import expect, make
from mtproto.flows.steps import Call

if TYPE_CHECKING:
    from mtproto.flows.steps import Flow
    from tl import Schema

__all__ = ["end_authorization", "end_other_authorizations", "list_authorizations"]


def list_authorizations(schema: Schema) -> Flow[list[Any]]:
    """Return the `authorization` of every session; the one whose `current` is true is this one.

    Raises RpcError; UnexpectedAnswer.
    """
    request = make(schema, "account.getAuthorizations")
    answer = expect((yield Call(request)), request.NAME, "account.authorizations")
    return list(answer.authorizations)


def end_authorization(schema: Schema, session_hash: int) -> Flow[None]:
    """End one other session.

    Args:
        schema: the account's.
        session_hash: `authorization.hash` of it; 0 is this session, which ends by a log-out.

    Raises:
        LocalProtocolError: the hash is 0.
        RpcError: the server refuses: `HASH_INVALID`; `FRESH_RESET_AUTHORISATION_FORBIDDEN` in the first 24 hours.

    """
    if not session_hash:
        raise LocalProtocolError("0 is the session that asks: it ends by a log-out")
    yield from _confirmed(make(schema, "account.resetAuthorization", hash=session_hash))


def end_other_authorizations(schema: Schema) -> Flow[None]:
    """End every session but this one. Raises RpcError, as `end_authorization` does."""
    yield from _confirmed(make(schema, "auth.resetAuthorizations"))


def _confirmed(request: Any) -> Flow[None]:
    answer = yield Call(request)
    if answer is not True:
        raise UnexpectedAnswer(request.NAME, answer)
