"""What the server sends unasked, in order, for threads: the driver of `flows.UpdateOrder`."""

# Made of mtproto/account/incoming.py by `python -m tests.structure.faces`. Change that file instead.

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mtproto.account.lane import MAIN
from mtproto.account.waiting_threads import ThreadBackground, ThreadNews, beside, let_others, whole
from mtproto.errors import KeyUnknown, LocalProtocolError, LoggedOut, MTProtoError, RequestCancelled
from mtproto.flows import Call
from tl import TLError, TLObject

if TYPE_CHECKING:
    from collections.abc import Generator

    from mtproto.account.calls_threads import AccountCalls
    from mtproto.account.kept import KeptAccount
    from mtproto.account.lane import Lane
    from mtproto.account.lanes_threads import Lanes
    from mtproto.account.options import AccountOptions
    from mtproto.account.reading import IncomingItem, Readings, UpdateReading, Wanted
    from mtproto.account.update_mail import UpdateMail
    from mtproto.account.waiting_threads import LaneClient
    from mtproto.flows import Fetch

__all__ = ["IncomingUpdates"]

FED_AT_ONCE = 32
"""Updates after which others have their turn: what a program does not take wakes nobody."""


class IncomingUpdates:
    """The updates of an account, as one iteration after the other reads them.

    Args:
        options: of the account.
        kept: the record.
        lanes: carry the updates.
        calls: make the calls that ask for what is missing.
        readings: hold the machine.
        mail: holds what comes.

    """

    def __init__(
        self,
        options: AccountOptions,
        kept: KeptAccount,
        lanes: Lanes,
        calls: AccountCalls,
        readings: Readings[ThreadNews],
        mail: UpdateMail[ThreadNews],
    ) -> None:
        self._clock = options.clock
        self._kept = kept
        self._lanes = lanes
        self._calls = calls
        self._readings = readings
        self._mail = mail

    def read(self, wanted: Wanted | None, *, catch_up: bool) -> Generator[IncomingItem[TLObject], None, None]:
        """Iterate over the updates of who is logged in, as `Account.incoming` says."""
        news = ThreadNews()
        background = ThreadBackground(news.set)
        reading: UpdateReading | None = None
        try:
            lane = self._open_lane()
            reading = self._readings.begin(wanted, news, catch_up=catch_up)
            fetches: dict[int, Fetch] = {}
            fed = 0
            while True:
                news.clear()  # before all looks: whatever ends or changes the reading after one wakes the reader
                if not self._goes_on(reading):
                    break
                item = self._turn(reading, background, fetches)
                if item is not None:
                    yield item
                elif not lane.is_good:
                    self._calls.check_key(lane.client.connection.failure)
                    lane = self._open_lane()
                    reading.missed()
                elif self._feed(reading):
                    fed += 1
                    if fed % FED_AT_ONCE == 0:
                        let_others()
                else:
                    wake = reading.wake_at()
                    news.wait(None if wake is None else max(wake - self._clock(), 0.0))
        except RequestCancelled:
            if self._kept.is_loaded and not self._mail.is_over:
                raise
        finally:
            whole(self._end, reading, background)

    def _end(self, reading: UpdateReading | None, background: ThreadBackground) -> None:
        background.close()
        if reading is not None:
            beside(self._readings.end, reading)

    def _open_lane(self) -> Lane[LaneClient]:
        """Return the lane that receives updates."""
        lane = self._lanes.enter(self._kept.record.home_dc, MAIN, self._calls.check_login)
        self._lanes.leave(lane)
        self._calls.check_login()
        return lane

    def _goes_on(self, reading: UpdateReading) -> bool:
        """Tell whether there is more to come; raises what ended the login, where the program did not end it itself."""
        if self._mail.is_over or not self._kept.is_loaded:
            return False
        if self._kept.login != reading.login:
            self._calls.check_login()
            return False
        if self._readings.present is not reading:
            raise LocalProtocolError("another iteration over incoming() has begun, and an account has one at a time")
        return True

    def _turn(
        self, reading: UpdateReading, background: ThreadBackground, fetches: dict[int, Fetch]
    ) -> IncomingItem[TLObject] | None:
        """End and begin the calls that are due, and return the next item; None: there is none now.

        The state that is asked for first counts what came before it, which is told only if the machine knows of it.
        """
        now = self._clock()
        while (reading.is_settled or self._mail.is_empty) and (ended := background.take()) is not None:
            handle, outcome = ended
            if isinstance(outcome, KeyUnknown) or not isinstance(outcome, MTProtoError | TLError | TLObject):
                raise outcome
            if isinstance(outcome, LoggedOut):
                self._calls.check_login()
            reading.fetched(fetches.pop(handle), outcome, now)
        while (fetch := reading.next(now)) is not None:
            fetches[background.start(partial(self._ask, Call(fetch.request, idempotent=True)))] = fetch
        return reading.take()

    def _ask(self, call: Call) -> Any:
        self._calls.check_login()  # the call is one of this login
        return self._calls.call(call)

    def _feed(self, reading: UpdateReading) -> bool:
        """Let the machine have the next thing that came; tell whether there was any.

        The machine is fed when it has nothing more to tell: what a slow program does not take waits in the mail.
        """
        if self._mail.take_missed():
            reading.missed()
            return True
        mail = self._mail.take()
        if mail is not None:
            reading.feed(mail, self._clock())
        return mail is not None
