"""One download under way, for asyncio: makes the calls that the machine orders, and gives out the bytes that came.

`mtproto.account.download_run_threads` is made of this file (see `tests.structure.faces`): what differs is how to wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from mtproto.account.waiting_async import AsyncBackground, AsyncNews, answered
from mtproto.errors import KeyUnknown, LocalProtocolError, LoggedOut, MTProtoError, RequestCancelled
from mtproto.flows import Call, FilePart
from mtproto.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mtproto.account.transfer_budget import ByteBudget, FileLanes, LaneTicket
    from mtproto.flows import Download, Flow, FreshReference
    from tl import TLFunction

__all__ = ["DownloadHands", "DownloadRun"]

_FINAL = (KeyUnknown, LocalProtocolError, LoggedOut, RequestCancelled, StoreError)
"""Errors that end a download whatever its machine could do: no other call would go better."""


@dataclass(frozen=True, slots=True)
class DownloadHands:
    """What an account does for its downloads.

    Attributes:
        call: makes a call of the API.
        fetch_from_cdn: makes a call at a CDN.
        fresh: runs the flow that makes a file reference fresh, and returns the location.
        clock: tells seconds.
        budget: the bytes that may be under way.
        lanes: which lane carries a part.
        tell: called with each notice, such as a flood; None for nobody.

    """

    call: Callable[[Call], Awaitable[Any]]
    fetch_from_cdn: Callable[[int, TLFunction[Any]], Awaitable[Any]]
    fresh: Callable[[Flow[Any]], Awaitable[Any]]
    clock: Callable[[], float]
    budget: ByteBudget
    lanes: FileLanes
    tell: Callable[[Any], Any] | None


class DownloadRun:
    """One download, from its first part to its last. One owner; `stop` may be called from any thread.

    Args:
        machine: says which parts are to be asked for.
        hands: what the account does.
        part: bytes of one part.
        small: whether the file is small.

    """

    def __init__(self, machine: Download, hands: DownloadHands, part: int, *, small: bool) -> None:
        self._machine = machine
        self._hands = hands
        self._part = part
        self._small = small
        self._news = AsyncNews()
        self._background = AsyncBackground(self._news.set)
        self._orders: dict[int, FilePart | FreshReference] = {}  # under way, by handle
        self._tickets: dict[int, LaneTicket] = {}  # likewise
        self._lane_of: dict[int, str] = {}  # by offset, the lane that carried the part last
        self._stopped = False

    @property
    def is_done(self) -> bool:
        """Whether every byte that was wanted has been given out."""
        return self._machine.is_done

    @property
    def size(self) -> int | None:
        """The size of the whole file; None while nobody knows."""
        return self._machine.size

    async def pieces(self, before: int | None = None, seconds: float | None = None) -> list[tuple[int, bytes]]:
        """Wait for bytes, and return them: offsets in the file, and bytes.

        The list is empty when the download is done, or when the seconds are over.

        Args:
            before: no part is asked for that begins here or later; None: all of them.
            seconds: how long to wait at most; None: for as long as it takes.

        Raises:
            RequestCancelled: the account was closed.
            MTProtoError: what ended the download.

        """
        hands, machine = self._hands, self._machine
        end = None if seconds is None else hands.clock() + seconds
        while True:
            self._news.clear()
            self._hear()
            found = machine.take_pieces()
            self._order(before)
            for notice in machine.take_told():
                if hands.tell is not None:
                    await answered(hands.tell, notice)
            if machine.error is not None and not found:
                raise machine.error
            now = hands.clock()
            if found or machine.is_done or (end is not None and now >= end):
                hands.budget.stop_waiting(self)
                return found
            times = [time for time in (machine.deadline(), end) if time is not None]
            await self._news.wait(max(min(times) - now, 0.0) if times else None)

    def rest(self) -> None:
        """Count nothing as under way while whoever reads the bytes does something else."""
        self._hands.budget.use(self, 0)

    def stop(self) -> None:
        """Let the download end with `RequestCancelled`: the account is closed."""
        self._stopped = True
        self._news.set()

    async def close(self) -> None:
        """Give up the calls that are under way."""
        self._hands.budget.leave(self)
        await self._background.close()
        for ticket in self._tickets.values():
            self._hands.lanes.give(ticket)

    def _hear(self) -> None:
        """Hand the machine what came of its orders."""
        if self._stopped:
            raise RequestCancelled("the account was closed")
        while (ended := self._background.take()) is not None:
            handle, outcome = ended
            order = self._orders.pop(handle)
            self._tickets.pop(handle, None)
            if isinstance(outcome, Exception) and (
                not isinstance(outcome, MTProtoError) or isinstance(outcome, _FINAL)
            ):
                raise outcome
            now = self._hands.clock()
            match order, outcome:
                case FilePart(number=number), MTProtoError():
                    self._machine.failed(number, outcome, now)
                case FilePart(number=number), _:
                    self._lane_of.pop(order.offset, None)
                    self._machine.answered(number, outcome, now)
                case _, MTProtoError():
                    self._machine.not_refreshed(outcome, now)
                case _:
                    self._machine.refreshed(outcome, now)
        self._hands.budget.use(self, self._machine.bytes_in_flight)

    def _order(self, before: int | None) -> None:
        """Begin the calls that may begin."""
        budget, machine = self._hands.budget, self._machine
        while budget.may(self, self._part, self._news.set, is_idle=not self._orders):
            order = machine.next(self._hands.clock(), before)
            if order is None:
                break
            if isinstance(order, FilePart):
                ticket = self._lane(order)
                handle = self._background.start(partial(self._fetch, order, ticket))
                self._tickets[handle] = ticket
            else:
                handle = self._background.start(partial(self._hands.fresh, order.flow))
            self._orders[handle] = order
            budget.use(self, machine.bytes_in_flight)

    def _lane(self, part: FilePart) -> LaneTicket:
        """Choose the lane of a part: one on which it has not stalled."""
        last = self._lane_of.get(part.offset, "") if part.again else ""
        ticket = self._hands.lanes.take(part.dc, part.limit, small=self._small, avoid=last)
        if part.limit:
            self._lane_of[part.offset] = ticket.name
        return ticket

    async def _fetch(self, part: FilePart, ticket: LaneTicket) -> Any:
        try:
            if part.is_cdn and part.dc is not None:
                return await self._hands.fetch_from_cdn(part.dc, part.request)
            return await self._hands.call(Call(part.request, part.dc, ticket.name, idempotent=True, patient=False))
        finally:
            self._hands.lanes.give(ticket)
