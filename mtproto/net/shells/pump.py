"""One link, and the carriers under it, one after the other. Both shells use this pump.

nothing ──connect_at──▶ opening ──opened──▶ open ──lost──▶ nothing        until the link wants no connection more
"""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING

from mtproto.errors import ConnectionLost, DeadlineExceeded
from mtproto.link import LinkStatus
from mtproto.net.carriers import CARRIERS
from mtproto.net.shells.guard import Guard
from mtproto.net.shells.portions import SLICE, STEP, TURN, WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mtproto.link import LinkEvent, PumpedLink, Work
    from mtproto.net.carriers import Carrier, Loop, Route, Timer

__all__ = ["Pump"]

logger = logging.getLogger(__name__)

CONNECT_TIME = 10.0
"""Seconds for a carrier to open: after that, a new attempt is more likely to succeed."""

PAUSE = 0.005
"""Seconds between two modular powers of an exchange, each of which holds the interpreter: a call of another connection
changes threads several times, and is through in that time."""

CLOSE_TIME = 1.0
"""Seconds that the other end may take to answer when a carrier is closed in good order."""


_WAITING: Mapping[LinkStatus, str] = MappingProxyType(
    {
        LinkStatus.GREETING: "the proxy does not answer the greeting",
        LinkStatus.EXCHANGING: "the server does not answer the key exchange",
    }
)
"""What an open connection waits for, by the status of its link, in words for an error."""


class Pump:
    """Moves bytes between a link and its carrier, and opens carriers when the link wants them. An `Owner`.

    Exceptions of the link, of a carrier and of the shell end in `fail`.

    Args:
        link: the link to pump; nobody else gives it bytes or time.
        loop: of the shell.
        route: where carriers lead to.
        dispatch: takes the link's events; returns whether one of them ends the carrier.
        unreachable: called with the reason when no carrier could be opened.
        settle: called with the reason when events may be lost; ends the calls that the link does not know any more.
        collapse: called with the reason when the link itself can't go on; ends everything.

    """

    __slots__ = (
        "_carrier",
        "_carriers_loop",
        "_closing",
        "_collapse",
        "_dispatch",
        "_flush_planned",
        "_late",
        "_loop",
        "_open",
        "_patience",
        "_route",
        "_settle",
        "_tenure",
        "_timer",
        "_timer_at",
        "_unreachable",
        "link",
    )

    def __init__(
        self,
        link: PumpedLink,
        loop: Loop,
        route: Route,
        dispatch: Callable[[Sequence[LinkEvent]], bool],
        unreachable: Callable[[ConnectionLost], None],
        settle: Callable[[ConnectionLost], None],
        collapse: Callable[[ConnectionLost], None],
    ) -> None:
        self.link = link
        self._carriers_loop = loop
        self._loop = Guard(loop, self.fail)
        self._tenure = Guard(loop, self.fail)  # of the present carrier: callbacks of an earlier carrier are dropped
        self._route = route
        self._dispatch = dispatch
        self._unreachable = unreachable
        self._settle = settle
        self._collapse = collapse
        self._carrier: Carrier | None = None
        self._open = False
        self._closing = False
        self._flush_planned = False
        self._late: str | None = None  # what the carrier that is being opened waited for, for too long
        self._patience: Timer | None = None  # for the carrier that is being opened
        self._timer: Timer | None = None
        self._timer_at = 0.0

    # Carriers come and go ----------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Open a carrier when the link wants one: the first, and a new one whenever a carrier was lost."""
        self._loop.call(self._connect)

    def _connect(self) -> None:
        now, connect_at = self._loop.now(), self.link.connect_at
        if connect_at is not None and connect_at <= now:
            self._tenure = Guard(self._carriers_loop, self.fail)
            self._late = None
            self._carrier = CARRIERS[self._route.carrier](self._tenure, self._route, self)
            self._patience = self._loop.call_at(now + CONNECT_TIME, self._give_up)
        self._plan_tick()

    def opened(self, carrier: Carrier) -> None:
        """Take a new carrier into use."""
        self._loop.call(lambda: self._opened(carrier))

    def _opened(self, carrier: Carrier) -> None:
        self._be_patient_no_more()
        self._carrier = carrier
        if self.link.status is LinkStatus.CLOSED:
            carrier.abort()
            return
        self._open = True
        self._handle(self.link.connected(self._loop.now()))

    def _give_up(self) -> None:
        """Stop waiting for a carrier."""
        if self._carrier is not None:
            self._late = self._carrier.stage
            self._carrier.abort()

    @property
    def stage(self) -> str:
        """What the pump waits for now, in words for an error; empty while the link waits for an answer to a call."""
        if self._carrier is None:
            return ""
        return _WAITING.get(self.link.status, "") if self._open else self._carrier.stage

    def lost(self, error: Exception | None) -> None:
        """Let go of a carrier, and look for another."""
        self._loop.call(lambda: self._lost(error))

    def _lost(self, error: Exception | None) -> None:
        self._be_patient_no_more()
        was_open, self._open = self._open, False
        self._carrier = None
        if self.link.status is LinkStatus.CLOSED:
            return
        if was_open:
            logger.info("the connection ended: %s", error or "closed")
        else:
            if self._late is not None:
                error = DeadlineExceeded(f"no answer in time: {self._late}")
            why = error or ConnectionLost("the connection was closed")
            reason = ConnectionLost(f"could not connect to {self._route.words}: {why}")
            reason.__cause__ = why
            error = reason
            logger.info("%s", reason)
            self._unreachable(reason)
        self._handle(self.link.disconnected(self._loop.now(), error))
        self._connect()

    def close(self) -> None:
        """Close the carrier in good order, or at once when called again. The link was closed before."""
        self._loop.call(self._close)

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        closing, self._closing = self._closing, True
        self._be_patient_no_more()
        carrier = self._carrier
        if carrier is None:
            return
        if closing or not self._open:
            carrier.abort()
        else:
            self._patience = self._loop.call_at(self._loop.now() + CLOSE_TIME, carrier.abort)
            carrier.close()

    def _be_patient_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    # What nobody expected ----------------------------------------------------------------------------------------

    def fail(self, cause: Exception) -> None:
        """Give the connection up after an unexpected exception; the link says when to connect again.

        All unexpected exceptions end here. This method raises none.
        """
        logger.error("an unexpected error ended the connection to %s", self._route.words, exc_info=cause)
        error = ConnectionLost(f"an unexpected error: {type(cause).__name__}: {cause}")
        error.__cause__ = cause.with_traceback(None)  # the frames hold what came in, and keys
        try:
            self._start_over(error)
        except Exception:  # the link itself can't go on
            logger.exception("the connection to %s can't go on", self._route.words)
            self._collapse(error)

    def _start_over(self, error: ConnectionLost) -> None:
        self._be_patient_no_more()
        tenure, was_open = self._tenure, self._open
        self._carrier, self._open, self._flush_planned = None, False, False
        tenure.end()
        if self._is_over:
            return
        now = self._loop.now()
        self._dispatch(self.link.fault(error, now))
        if not self._is_over:
            self._dispatch(self.link.disconnected(now, error))
        self._settle(error)
        if not was_open:
            self._unreachable(error)
        self._plan_tick()  # not now: the link waits longer after each failure

    @property
    def _is_over(self) -> bool:
        return self.link.status is LinkStatus.CLOSED

    # Bytes -------------------------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """Take what the carrier read, in slices: timers and other callbacks come between them."""
        if len(data) > WHOLE and not self._route.packets:
            self._tenure.spread(self._slices(data))
            return
        self._take(data)
        if self.link.unread:
            self._tenure.spread(self._steps())

    def _slices(self, data: bytes) -> Iterator[None]:
        begin = 0
        while begin < len(data):
            end = begin + max(SLICE, self.link.missing)  # up to the end of a packet there is nothing to do
            self._take(data[begin:end])
            begin = end
            yield
            yield from self._steps()

    def _steps(self) -> Iterator[None]:
        """Go on with what the link has not handled yet."""
        while self.link.unread:
            self._take(None)
            yield

    def _take(self, data: bytes | None) -> None:
        """Give the link what came in, or let it go on with that; where that is much, it keeps the rest."""
        link, now = self.link, self._loop.now()
        try:
            self._handle(link.read_on(now, STEP) if data is None else link.received(data, now, STEP))
            if link.status is LinkStatus.EXCHANGING:
                self._work()
        except Exception as error:
            self.fail(error)

    def drained(self) -> None:
        """Go on sending."""
        self._loop.call(self.flush)

    def plan_flush(self) -> None:
        """Flush at the end of this turn of the loop: calls made meanwhile travel in the same packet."""
        if not self._flush_planned and self._open:
            self._flush_planned = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Hand to the carrier what is to be sent, as far as it takes it in this turn of the loop."""
        self._flush_planned = False
        carrier = self._carrier
        if carrier is None or not self._open:
            return
        link, now = self.link, self._loop.now()
        while carrier.writable:
            if data := link.data_to_send(now, carrier.idle):
                carrier.write(data)
            if not link.has_more:
                break
            if self._loop.now() >= now + TURN:
                self.plan_flush()
                break
        self._plan_tick()

    def _handle(self, events: Sequence[LinkEvent]) -> None:
        if events and self._dispatch(events):
            if self._carrier is not None:
                self._carrier.abort()
        elif not self._flush_planned and self._open:
            self.plan_flush()

    # Time --------------------------------------------------------------------------------------------------------

    def _plan_tick(self) -> None:
        """See to it that `_tick` is called when the link wants it, or wants to connect."""
        when = self.link.next_deadline()
        if self._carrier is None and (connect_at := self.link.connect_at) is not None:
            when = connect_at if when is None else min(when, connect_at)
        if when is None:
            return
        if self._timer is not None:
            if self._timer_at <= when:
                return  # it comes early, does nothing and sets the next one: cheaper than a new one for each packet
            self._timer.cancel()
        self._timer_at = when
        self._timer = self._loop.call_at(when, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._handle(self.link.tick(self._loop.now()))
        if self._carrier is None:
            self._connect()
        else:
            self._plan_tick()

    # The slow steps of an exchange -------------------------------------------------------------------------------

    def _work(self) -> None:
        work = self.link.take_work(self._loop.now())
        if work is not None:
            self._loop.run_slow(lambda: work.run(self._pause), lambda: self._finish(work))

    def _pause(self) -> None:
        self._loop.sleep(PAUSE)

    def _finish(self, work: Work) -> None:
        if self.link.status is not LinkStatus.CLOSED:
            self._handle(self.link.finish_work(work, self._loop.now()))
            self._work()
