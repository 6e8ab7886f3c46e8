"""The calls of one transfer that are under way, for threads: over which lanes, in the budget of the account."""

# Made of mtproto/account/transfer_calls.py by `python -m tests.structure.faces`. Change that file instead.

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from mtproto.account.waiting_threads import ThreadBackground, ThreadNews, answered
from mtproto.errors import KeyUnknown, LocalProtocolError, LoggedOut, MTProtoError, RequestCancelled
from mtproto.flows import Call
from mtproto.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mtproto.account.transfer_budget import ByteBudget, FileLanes, LaneKind, LaneTicket
    from mtproto.flows import FilePart, FreshReference
    from tl import TLFunction

__all__ = ["TransferCalls", "TransferHands"]

_FINAL = (KeyUnknown, LocalProtocolError, LoggedOut, RequestCancelled, StoreError)
"""Errors that end a transfer whatever its machine could do: no other call would go better."""


@dataclass(frozen=True, slots=True)
class TransferHands:
    """What an account does for a transfer.

    Attributes:
        call: makes a call of the API.
        fetch_from_cdn: makes a call at a CDN.
        clock: tells seconds.
        budget: the bytes that may be under way.
        lanes: which lane carries a part.
        tell: called with each notice, such as a flood; None for nobody.
        ended: called when the transfer is over.

    """

    call: Callable[[Call], Any]
    fetch_from_cdn: Callable[[int, TLFunction[Any]], Any]
    clock: Callable[[], float]
    budget: ByteBudget
    lanes: FileLanes
    tell: Callable[[Any], Any] | None
    ended: Callable[[TransferCalls], None]


class TransferCalls:
    """The calls of one transfer. One owner; `stop` may be called from any thread.

    Args:
        hands: what the account does.
        part: bytes of one part.
        kind: of the lanes that carry the parts.

    """

    def __init__(self, hands: TransferHands, part: int, kind: LaneKind) -> None:
        self._hands = hands
        self._part = part
        self._kind = kind
        self._news = ThreadNews()
        self._background = ThreadBackground(self._news.set)
        self._orders: dict[int, FilePart | FreshReference] = {}  # under way, by handle
        self._tickets: dict[int, LaneTicket] = {}  # likewise
        self._lane_of: dict[int, str] = {}  # by offset, the lane that carried the part last
        self._stopped = False

    @property
    def now(self) -> float:
        """The time of the account's clock."""
        return self._hands.clock()

    # What begins.

    def may(self) -> bool:
        """Tell whether the budget has room for one more part; if not, `wait` ends when that may have changed."""
        return self._hands.budget.may(self, self._part, self._news.set, is_idle=not self._orders)

    def use(self, count: int) -> None:
        """Note how many bytes are under way."""
        self._hands.budget.use(self, count)

    def rest(self) -> None:
        """Do not stand in the queue of the budget for a while."""
        self._hands.budget.stop_waiting(self)

    def begin_part(self, part: FilePart) -> None:
        """Make the call of a part, over a lane on which the part has not stalled."""
        last = self._lane_of.get(part.offset, "") if part.again else ""
        ticket = self._hands.lanes.take(part.dc, part.limit, self._kind, avoid=last)
        if part.limit:
            self._lane_of[part.offset] = ticket.name
        self._tickets[self.begin(part, partial(self._carry, part, ticket))] = ticket

    def begin(self, order: FilePart | FreshReference, call: Callable[[], Any]) -> int:
        """Begin what an order says; return the handle."""
        handle = self._background.start(call)
        self._orders[handle] = order
        return handle

    def _carry(self, part: FilePart, ticket: LaneTicket) -> Any:
        try:
            if part.is_cdn and part.dc is not None:
                return self._hands.fetch_from_cdn(part.dc, part.request)
            return self._hands.call(Call(part.request, part.dc, ticket.name, idempotent=True, patient=False))
        finally:
            self._hands.lanes.give(ticket)

    # What comes of it.

    def ended(self) -> Iterator[tuple[FilePart | FreshReference, Any]]:
        """Go through the orders that have ended, each with what came of it: an answer, or an `MTProtoError`.

        `wait` ends with what comes after this.

        Raises:
            RequestCancelled: the account was closed.
            Exception: what no machine can do anything about.

        """
        self._news.clear()
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
            yield order, outcome

    def arrived(self, part: FilePart) -> None:
        """Forget which lane carried a part."""
        self._lane_of.pop(part.offset, None)

    def tell(self, notices: Iterable[Any]) -> None:
        """Tell the caller what a person should know."""
        for notice in notices:
            if self._hands.tell is not None:
                self.ask(self._hands.tell, notice)

    def ask(self, ask: Callable[[Any], Any], question: object) -> Any:
        """Return what a function of the caller returns. Nothing counts as under way meanwhile.

        Else a function that waits for another transfer would wait for ever: nobody hears what came of this one.
        """
        with self._hands.budget.lent(self):
            return answered(ask, question)

    def wait(self, *ends: float | None) -> None:
        """Wait until there is something to do, or until the first of the times; None: no time."""
        times = [time for time in ends if time is not None]
        self._news.wait(max(min(times) - self.now, 0.0) if times else None)

    # The end.

    def stop(self) -> None:
        """Let the transfer end with `RequestCancelled`: the account is closed."""
        self._stopped = True
        self._news.set()

    def close(self) -> None:
        """Give up the calls that are under way."""
        self._hands.ended(self)
        self._hands.budget.leave(self)
        try:
            self._background.close()
        finally:  # a call that never began gives nothing back, and the task may be cancelled once more
            for ticket in self._tickets.values():
                self._hands.lanes.give(ticket)
