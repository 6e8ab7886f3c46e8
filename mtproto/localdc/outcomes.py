"""Which calls succeeded, and calls that wait for others (core.telegram.org/api/invoking#invokeaftermsg)."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, TypeAlias

from mtproto.localdc.answers import Refused

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

__all__ = ["IDS_OF_A_CALL", "Outcomes", "WaitingCall"]

REMEMBERED = 8192
"""Calls whose outcome is kept, in all sessions together; a call that waits for an older call times out."""

PATIENCE = 0.5
"""Seconds that a call waits for the calls before it: documented with MSG_WAIT_TIMEOUT."""

IDS_OF_A_CALL = 1024
"""Calls that one call may wait for: as many as fit into a container."""

IDS_OF_A_SESSION = 2048
"""Calls that all waiting calls of a session may wait for together; one more is refused with `420 FLOOD_WAIT_1`."""

IDS_IN_ALL = 8192
"""Calls that the waiting calls of all sessions may wait for together; one more is refused in the same way."""

WAITING_BYTES = 4 * 1024 * 1024
"""Bytes of all calls that wait, as they came; one more is refused in the same way."""

_Call: TypeAlias = "tuple[Hashable, int]"
"""A session and a message id."""


class WaitingCall:
    """A call that waits for others. Made by `Outcomes.begin`."""

    def __init__(self, outcomes: Outcomes, session: Hashable, missing: set[_Call], size: int) -> None:
        self.session = session
        self.missing = missing
        self.size = size
        self._outcomes = outcomes
        self._over = asyncio.Event()
        self._failed = False

    def settle(self, call: _Call, succeeded: bool) -> None:
        """Note how one of the other calls ended."""
        self.missing.discard(call)
        self._failed = self._failed or not succeeded
        if self._failed or not self.missing:
            self._over.set()

    async def wait(self) -> None:
        """Return when all other calls have succeeded.

        Refuses with `MSG_WAIT_FAILED` if one of them failed, and with `MSG_WAIT_TIMEOUT` if one is not done in time. In
        every case the call waits no longer. Awaited once.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                await self._over.wait()
        except TimeoutError:
            raise Refused(400, "MSG_WAIT_TIMEOUT") from None
        finally:
            self._outcomes.end(self)
        if self._failed:
            raise Refused(400, "MSG_WAIT_FAILED")


class Outcomes:
    """How calls ended, by session and message id, and the calls that wait for that. It belongs to one event loop."""

    def __init__(self) -> None:
        self._settled: OrderedDict[_Call, bool] = OrderedDict()
        self._awaited: dict[_Call, dict[WaitingCall, None]] = {}
        self._waiting: dict[WaitingCall, int] = {}  # for how many others each waited when it began
        self._ids: Counter[Hashable] = Counter()  # the same for each session
        self._all_ids = 0
        self._size = 0

    def settle(self, session: Hashable, msg_id: int, succeeded: bool) -> None:
        """Note how a call ended."""
        call = session, msg_id
        self._settled[call] = succeeded
        if len(self._settled) > REMEMBERED:
            self._settled.popitem(last=False)
        for waiting in self._awaited.pop(call, ()):
            waiting.settle(call, succeeded)

    def begin(self, session: Hashable, msg_ids: Iterable[int], size: int) -> WaitingCall | None:
        """Begin to wait for other calls of a session; return None if all of them have succeeded.

        Args:
            session: the session.
            msg_ids: the other calls.
            size: bytes of the call that is to wait.

        Refuses with `MSG_WAIT_FAILED` if one of them has failed, and with `FLOOD_WAIT_1` if too many calls wait
        already.

        """
        calls = {(session, msg_id) for msg_id in msg_ids}
        missing = {call for call in calls if call not in self._settled}
        if not all(self._settled[call] for call in calls - missing):
            raise Refused(400, "MSG_WAIT_FAILED")
        if not missing:
            return None
        count = len(missing)
        if (
            self._ids[session] + count > IDS_OF_A_SESSION
            or self._all_ids + count > IDS_IN_ALL
            or self._size + size > WAITING_BYTES
        ):
            raise Refused(420, "FLOOD_WAIT_1")
        waiting = WaitingCall(self, session, missing, size)
        for call in missing:
            self._awaited.setdefault(call, {})[waiting] = None
        self._waiting[waiting] = count
        self._ids[session] += count
        self._all_ids += count
        self._size += size
        return waiting

    def end(self, waiting: WaitingCall) -> None:
        """Let go of a call that waits no longer."""
        count = self._waiting.pop(waiting, 0)
        if not count:
            return
        for call in waiting.missing:
            others = self._awaited[call]
            del others[waiting]
            if not others:
                del self._awaited[call]
        self._all_ids -= count
        self._size -= waiting.size
        self._ids[waiting.session] -= count
        if not self._ids[waiting.session]:
            del self._ids[waiting.session]
