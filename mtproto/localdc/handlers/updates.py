"""The state of updates (core.telegram.org/api/updates): clients ask for it at start-up. Nothing ever happens here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from tl import TLObject

__all__ = ["get_difference", "get_state"]


def get_state(call: IncomingCall) -> TLObject:
    """Answer with the state in which no update was ever sent."""
    answer: TLObject = api.types.updates.State(pts=1, qts=0, date=int(call.dc.clock()), seq=1, unread_count=0)
    return answer


def get_difference(call: IncomingCall) -> TLObject:
    """Answer that there is no difference."""
    answer: TLObject = api.types.updates.DifferenceEmpty(date=int(call.dc.clock()), seq=1)
    return answer
