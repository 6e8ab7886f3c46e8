"""What a transfer of a file waits for, and how often it tries again: floods, lost connections, servers that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import ConnectionLost, DeadlineExceeded, FloodWait, InternalServerError, OutcomeUnknown
from mtproto.flows.questions import WaitNotice

if TYPE_CHECKING:
    from collections.abc import Hashable

    from mtproto.flows.questions import Notice

__all__ = ["Setbacks", "is_passing"]

_PREMIUM = "FLOOD_PREMIUM_WAIT_X"
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_NOTICES_KEPT = 64

_PASSING = (ConnectionLost, DeadlineExceeded, OutcomeUnknown, InternalServerError)


def is_passing(error: Exception) -> bool:
    """Tell whether a call may be made again after an error as if nothing had happened."""
    return isinstance(error, _PASSING)


class Setbacks:
    """The setbacks of one transfer.

    Args:
        wait: seconds that FLOOD_WAIT may ask for, all waits together, without progress between them.
        tries: how often one call may fail without progress.

    """

    def __init__(self, wait: float, tries: int) -> None:
        self._wait = wait
        self._tries = tries
        self._failures: dict[Hashable, int] = {}
        self._waited = 0.0
        self._told: list[Notice] = []
        self.resume: float | None = None
        """When calls may be made again; None: at once."""

    def take_told(self) -> list[Notice]:
        """Return what was told since the last call."""
        told, self._told = self._told, []
        return told

    def tell(self, notice: Notice) -> None:
        """Keep a notice for a person; the oldest one is dropped where nobody takes them."""
        self._told.append(notice)
        del self._told[:-_NOTICES_KEPT]

    def is_over(self, now: float) -> bool:
        """Tell whether calls may be made now."""
        if self.resume is not None and now >= self.resume:
            self.resume = None
        return self.resume is None

    def progress(self) -> None:
        """Take note that a call has brought something."""
        self._waited = 0.0
        self._failures = {}

    def flood(self, error: FloodWait, now: float) -> bool:
        """Wait for a flood, and return True; False where the wait is longer than is waited for."""
        until = now + error.seconds
        added = until - max(now, self.resume or now)
        if added <= 0:
            return True  # of a call that was made before the same flood was known
        if error.name != _PREMIUM:
            if self._waited + added > self._wait:
                return False
            self._waited += added
        self.resume = until
        text = f"the server answered {error.message} to {error.method or 'a call'}"
        self.tell(WaitNotice(float(error.seconds), text))
        return True

    def failed(self, call: Hashable, now: float, *, tries: int | None = None, pause_at_once: bool = False) -> bool:
        """Count a failure, and return True; False where the call has failed too often: `tries` times, if given.

        There is a pause before the next call from the second failure on, or from the first one with `pause_at_once`.
        """
        failures = self._failures[call] = self._failures.get(call, 0) + 1
        if failures >= (self._tries if tries is None else tries):
            return False
        if failures > 1 or pause_at_once:
            pause = min(_FIRST_PAUSE * 2.0 ** (failures - 1), _LONGEST_PAUSE)
            self.resume = max(self.resume or 0.0, now + pause)
        return True
