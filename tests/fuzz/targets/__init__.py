"""All targets by name."""

from __future__ import annotations

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    disguise,
    envelope,
    exchange,
    exchange_whole,
    framing,
    link,
    pfs,
    session_client,
    session_server,
    tl,
    web,
)

__all__ = ["TARGETS"]

_ROOMS = (tl, envelope, session_client, session_server, exchange, exchange_whole, framing, disguise, link, pfs, web)

TARGETS: dict[str, Target] = {target.name: target for room in _ROOMS for target in room.TARGETS}
"""Every target; the order is that of the groups."""
