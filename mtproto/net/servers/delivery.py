"""Updates on their way into the sessions of a server. Without room, an update waits while its client is connected."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mtproto.link import SessionSlot

__all__ = ["Delivery"]


class Delivery:
    """Hands updates to sessions. Belongs to one event loop; `go_on` is called whenever there may be room again.

    Args:
        flush: lets the connection that carries a session send.

    """

    def __init__(self, flush: Callable[[SessionSlot], None]) -> None:
        self._flush = flush
        self._waiting: dict[SessionSlot, deque[tuple[bytes, asyncio.Future[bool]]]] = {}

    async def deliver(self, updates: Iterable[tuple[SessionSlot, bytes]], timeout: float | None) -> int:
        """Hand an update to each session; wait for those that are connected and have no room.

        Args:
            updates: sessions, and the body for each.
            timeout: how many seconds to wait at most; None for as long as it takes.

        Returns:
            how many sessions took it. The client of one that did not is told of a gap.

        """
        reached = 0
        waiting: dict[asyncio.Future[bool], SessionSlot] = {}
        for slot, body in updates:
            if slot in self._waiting or not _takes(slot):
                future = asyncio.get_running_loop().create_future()
                self._waiting.setdefault(slot, deque()).append((body, future))
                waiting[future] = slot
            else:
                slot.session.push(body)
                self._flush(slot)
                reached += 1
        if not waiting:
            return reached
        try:
            await asyncio.wait(waiting, timeout=timeout)
        finally:
            for future, slot in waiting.items():
                if not future.done():
                    future.cancel()
                    slot.session.lose_update()
                    self._flush(slot)
        return reached + sum(future.result() for future in waiting if not future.cancelled())

    def go_on(self) -> None:
        """Hand over the updates that have room now, and those whose client is gone."""
        for slot, queue in list(self._waiting.items()):
            while queue and (queue[0][1].done() or _takes(slot)):
                body, future = queue.popleft()
                if not future.done():
                    known = slot.key.sessions.get(slot.session_id) is slot
                    if known:
                        slot.session.push(body)
                    future.set_result(known)
                    self._flush(slot)
            if not queue:
                del self._waiting[slot]

    def end(self) -> None:
        """Give up the updates that wait."""
        for queue in self._waiting.values():
            for _, future in queue:
                if not future.done():
                    future.set_result(False)
        self._waiting.clear()


def _takes(slot: SessionSlot) -> bool:
    """Whether a session takes an update now. A session without a connection always does: it keeps the latest."""
    return slot.link is None or slot.session.has_room
