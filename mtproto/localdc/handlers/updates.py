"""The state of updates, and what a client has missed (core.telegram.org/api/updates)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.localdc.answers import Refused
from mtproto.localdc.chats import NewMessage
from mtproto.localdc.handlers.pages import PAGE
from mtproto.localdc.post import chats_of, message_object, update_object, users_of
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.chats import MessageBox
    from tl import TLObject

__all__ = ["get_difference", "get_state"]

SEQ = 1
"""The `seq` of every state: no update of this DC has a number of that sequence."""


def get_state(call: IncomingCall) -> TLObject:
    """Answer with the state of the caller's box."""
    box = call.dc.shared.boxes.of(call.me.id)
    return _state(box.pts, box, call)


def get_difference(call: IncomingCall) -> TLObject:
    """Answer with what happened in the caller's box after a state: all, a slice, nothing, or that it is too long.

    A state that is not known is one that is too old, or of an earlier run of the DC. Refuses with
    `PERSISTENT_TIMESTAMP_EMPTY` the state 0 and with `PERSISTENT_TIMESTAMP_INVALID` one below.
    """
    request, me = call.request, call.me
    if request.pts <= 0:
        raise Refused(400, f"PERSISTENT_TIMESTAMP_{'INVALID' if request.pts else 'EMPTY'}")
    box = call.dc.shared.boxes.of(me.id)
    answer: TLObject
    if request.pts == box.pts:
        answer = api.types.updates.DifferenceEmpty(date=int(call.dc.clock()), seq=SEQ)
        return answer
    events = box.since(request.pts)
    limit = request.pts_total_limit or 0
    if call.dc.lengthens() or events is None or len(events) > limit > 0:
        return _too_long(box, call)
    part = events[: max(1, min(PAGE, request.pts_limit or PAGE))]
    fields: dict[str, Any] = {
        "new_messages": [message_object(event.message, call.dc) for event in part if isinstance(event, NewMessage)],
        "new_encrypted_messages": [],
        "other_updates": [update_object(event, call.dc) for event in part if not isinstance(event, NewMessage)],
        "chats": chats_of(part, me, call.dc),
        "users": users_of(part, me, call.dc),
    }
    state = _state(part[-1].pts, box, call)
    if len(part) == len(events):
        answer = api.types.updates.Difference(**fields, state=state)
    else:
        answer = api.types.updates.DifferenceSlice(**fields, intermediate_state=state)
    return answer


def _too_long(box: MessageBox, call: IncomingCall) -> TLObject:
    """Return that a difference is too long; a layer that can't say so (until 57) hears of nothing but the state now."""
    answer: TLObject
    if "updates.differenceTooLong" in call.layer.schema:
        answer = api.types.updates.DifferenceTooLong(pts=box.pts)
    else:
        state = _state(box.pts, box, call)
        lists: dict[str, Any] = {
            name: [] for name in ("new_messages", "new_encrypted_messages", "other_updates", "chats", "users")
        }
        answer = api.types.updates.Difference(**lists, state=state)
    return answer


def _state(pts: int, box: MessageBox, call: IncomingCall) -> api.types.updates.State:
    unread = sum(dialog.unread for dialog in box.dialogs)
    return api.types.updates.State(pts=pts, qts=0, date=int(call.dc.clock()), seq=SEQ, unread_count=unread)
