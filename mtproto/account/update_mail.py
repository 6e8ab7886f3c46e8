"""What comes for the reader of `incoming`: updates of the home DC, and answers of own calls that are counted."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from mtproto.account.lane import MAIN
from mtproto.link import LinkStatus, StatusChanged
from mtproto.net import UpdateQueue, UpdatesDropped
from mtproto.session import Undecodable, Update, UpdatesGap

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.limits import Limits
    from mtproto.link import LinkEvent
    from mtproto.net import Item

__all__ = ["ANSWERS_KEPT", "Answered", "Mail", "News", "UpdateMail"]

ANSWERS_KEPT = 1000
"""Answers of the account's own calls that wait for a slow reader; of more than that a difference tells."""

_COUNTED = frozenset(
    {
        "updates",
        "updatesCombined",
        "updateShort",
        "updateShortMessage",
        "updateShortChatMessage",
        "updateShortSentMessage",
        "updatesTooLong",
        "messages.affectedMessages",
        "messages.affectedHistory",
        "messages.affectedFoundMessages",
    }
)
"""The constructors of answers that are updates, or tell the numbers behind what a call did."""


class News(Protocol):
    """What wakes the reader."""

    def set(self) -> None:
        """Wake the reader, or whoever waits next."""


N = TypeVar("N", bound=News)


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer of a call of the account's own.

    Attributes:
        answer: an object of the type `Updates`, or one that tells numbers.
        request: the call.

    """

    answer: Any
    request: Any


Mail: TypeAlias = "Item | UpdatesDropped | Answered"
"""What the reader takes."""


class UpdateMail(Generic[N]):
    """What waits for the reader. It is bounded, and never holds up who puts something in. Any thread may call it.

    Updates are kept from the opening of the account on; answers only while somebody reads.

    Args:
        limits: `queued_updates` and `queued_update_bytes` bound the updates.
        counts: tells whether the updates of a lane (DC and name) are the account's.
        news: wakes the reader.

    Attributes:
        news: likewise.
        is_read: whether somebody reads.
        is_over: whether the account is closed.

    """

    def __init__(self, limits: Limits, counts: Callable[[int, str], bool], news: N) -> None:
        self._limits = limits
        self._counts = counts
        self._lock = threading.Lock()
        self._queue = UpdateQueue(limits)
        self._answers: deque[Answered] = deque()
        self._missed = False
        self.news = news
        self.is_read = False
        self.is_over = False

    def hear(self, dc: int, lane: str, event: LinkEvent) -> None:
        """Take an event of a lane, in the thread that carries the lane."""
        if isinstance(event, Update | UpdatesGap | Undecodable):
            if self._counts(dc, lane):
                with self._lock:
                    self._queue.put(event)
                self.news.set()
        elif isinstance(event, StatusChanged) and lane == MAIN:
            if event.status is LinkStatus.READY and self._counts(dc, lane):
                self._missed = True  # the network was away
            self.news.set()

    def answered(self, answer: Any, request: Any) -> None:
        """Take the answer of a call of the account's own, if it tells anything of updates. Called while `is_read`."""
        if getattr(answer, "NAME", "") not in _COUNTED:
            answer = getattr(answer, "updates", None)  # as in `messages.invitedUsers`
            if getattr(answer, "NAME", "") not in _COUNTED:
                return
        with self._lock:
            if len(self._answers) < ANSWERS_KEPT:
                self._answers.append(Answered(answer, request))
            else:
                self._missed = True
        self.news.set()

    def take(self) -> Mail | None:
        """Return the oldest answer or update; None if none waits."""
        with self._lock:
            return self._answers.popleft() if self._answers else self._queue.take()

    def take_missed(self) -> bool:
        """Tell, once, whether anything may have been missed since the last time."""
        missed, self._missed = self._missed, False
        return missed

    def begin(self, *, empty: bool) -> None:
        """Let a reader begin.

        Args:
            empty: whether what came before is dropped.

        """
        with self._lock:
            self._missed = False
            self._answers.clear()
            if empty:
                self._queue = UpdateQueue(self._limits)
            self.is_read = True

    def end(self) -> None:
        """Note that nobody reads any more."""
        with self._lock:
            self.is_read = False
            self._answers.clear()

    def forget(self) -> None:
        """Drop everything that waits: the login that it belongs to has ended."""
        with self._lock:
            self._queue = UpdateQueue(self._limits)
            self._answers.clear()
            self._missed = False

    def close(self) -> None:
        """Let the reader go: the account is closed."""
        self.is_over = True
        self.news.set()
