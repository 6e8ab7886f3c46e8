"""The login of the home DC taken to another one (core.telegram.org/api/datacenter#authorization-on-other-dcs).

Each DC has a key of its own, and learns of the login by an export at home and an import there. An export too many is
refused for most of an hour, so that it happens once a DC, and once more only after the DC has said that it knows of no
login. Data centres of a CDN are given no authorization.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.errors import LocalProtocolError, RpcError
from mtproto.flows.changes import Authorized, KeyDestroyed, NotAuthorized
from mtproto.flows.errors import UnexpectedAnswer
from mtproto.flows.layers import expect, make, name_of
from mtproto.flows.refusals import KEY_DIES, authorization_lost
from mtproto.flows.steps import Call, Save

if TYPE_CHECKING:
    from mtproto.flows.steps import Flow
    from tl import Schema

__all__ = ["authorize", "authorize_again", "call_elsewhere"]


def authorize(schema: Schema, dc: int, user_id: int | None = None) -> Flow[None]:
    """Export the authorization at home, import it on another DC, and let the store know.

    Two callers that want the same DC at the same time share one run of this flow: that is the driver's business.

    Args:
        schema: the account's.
        dc: a data centre that is not home.
        user_id: the user who is logged in; None: whoever the DC names.

    Raises:
        RpcError: one of the two refuses: `DC_ID_INVALID`, `FLOOD_WAIT_X`, `AUTH_BYTES_INVALID` …
        UnexpectedAnswer: an answer is none of the documented ones, or names another user.

    """
    export = make(schema, "auth.exportAuthorization", dc_id=dc)
    exported = expect((yield Call(export)), export.NAME, "auth.exportedAuthorization")
    request = make(schema, "auth.importAuthorization", id=exported.id, bytes=exported.bytes)
    answer = expect((yield Call(request, dc=dc)), request.NAME, "auth.authorization")
    if name_of(answer.user) != "user" or user_id not in {None, answer.user.id}:
        raise UnexpectedAnswer(request.NAME, answer.user, f"DC {dc} took the login for somebody else's")
    yield Save(Authorized(dc))


def authorize_again(schema: Schema, dc: int, error: RpcError, user_id: int | None = None) -> Flow[None]:
    """Do what is to be done after a DC that is not home has said that it knows of no login. Home stays logged in.

    Args:
        schema: the account's.
        dc: the data centre.
        error: its refusal, for which `authorization_lost` is true.
        user_id: as for `authorize`.

    """
    yield Save(NotAuthorized(dc))
    if KEY_DIES.get(error.name, False):
        yield Save(KeyDestroyed(dc))
    yield from authorize(schema, dc, user_id)


def call_elsewhere(schema: Schema, call: Call, *, authorized: bool, user_id: int | None = None) -> Flow[Any]:
    """Make a call at a DC that is not home; return its answer.

    The authorization is taken there before, if it was not yet, and once again after a 401. A second 401 is raised.

    Args:
        schema: the account's.
        call: with its `dc`.
        authorized: whether the authorization was taken there before.
        user_id: as for `authorize`.

    Raises:
        LocalProtocolError: the call names no DC.
        RpcError: as `authorize`, and as the call.

    """
    if call.dc is None:
        raise LocalProtocolError("a call elsewhere names its data centre")
    if not authorized:
        yield from authorize(schema, call.dc, user_id)
    try:
        return (yield call)
    except RpcError as error:
        if not authorization_lost(error):
            raise
        yield from authorize_again(schema, call.dc, error, user_id)
    return (yield call)
