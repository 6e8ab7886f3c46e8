"""`messages.sendMessage` (core.telegram.org/method/messages.sendMessage), as far as counting goes.

Nothing is sent to anybody. It is here because its `random_id` names a call whatever connection, session or msg_id it
came by: counted, it tells whether a client executed a call twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall

__all__ = ["send_message"]


def send_message(call: IncomingCall) -> api.types.UpdateShortSentMessage:
    """Count the call by its `random_id`, and answer as if a message had been sent."""
    number = call.dc.executions.note(call.key.account.auth_key.id, call.request.random_id)
    return api.types.UpdateShortSentMessage(out=True, id=number, pts=number + 1, pts_count=1, date=int(call.dc.clock()))
