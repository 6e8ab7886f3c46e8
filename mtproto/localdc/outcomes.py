"""Which calls succeeded: what `invokeAfterMsg` has to know (core.telegram.org/api/invoking#invokeaftermsg)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

from mtproto.localdc.calls import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Outcomes"]

REMEMBERED = 8192
"""Calls whose outcome is kept, over all sessions; a client that waits for an older one has to ask again."""

PATIENCE = 0.5
"""Seconds that a call waits for the calls before it: documented with MSG_WAIT_TIMEOUT."""


class Outcomes:
    """Keeps how calls ended, by session and message id, and lets others wait for that. Belongs to one event loop."""

    def __init__(self) -> None:
        self._settled: OrderedDict[tuple[int, int], bool] = OrderedDict()
        self._awaited: dict[tuple[int, int], list[asyncio.Future[bool]]] = {}

    def settle(self, session_id: int, msg_id: int, succeeded: bool) -> None:
        """Note how a call ended."""
        key = session_id, msg_id
        self._settled[key] = succeeded
        if len(self._settled) > REMEMBERED:
            self._settled.popitem(last=False)
        for waiter in self._awaited.pop(key, ()):
            if not waiter.done():
                waiter.set_result(succeeded)

    async def wait(self, session_id: int, msg_ids: Iterable[int]) -> None:
        """Return when all these calls succeeded.

        Refuses with `MSG_WAIT_FAILED` when one failed, and with `MSG_WAIT_TIMEOUT` when one is not done in time.
        """
        waiters = [self._waiter((session_id, msg_id)) for msg_id in msg_ids]
        try:
            async with asyncio.timeout(PATIENCE):
                succeeded = [await waiter for waiter in waiters]
        except TimeoutError:
            raise Refused(400, "MSG_WAIT_TIMEOUT") from None
        if not all(succeeded):
            raise Refused(400, "MSG_WAIT_FAILED")

    def _waiter(self, key: tuple[int, int]) -> asyncio.Future[bool]:
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if key in self._settled:
            waiter.set_result(self._settled[key])
        else:
            self._awaited.setdefault(key, []).append(waiter)
        return waiter
