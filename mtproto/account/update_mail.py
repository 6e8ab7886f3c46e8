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

__all__ = ["ANSWERS_KEPT", "ANSWER_BYTES_KEPT", "Answered", "Mail", "News", "UpdateMail"]

ANSWERS_KEPT = 1000
"""Answers of the account's own calls that wait for a slow reader; of more than that a difference tells."""

ANSWER_BYTES_KEPT = 4 << 20
"""The same in bytes."""

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
    """What wakes one reader."""

    def set(self) -> None:
        """Wake the reader, or let it not wait the next time."""


N = TypeVar("N", bound=News)


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer of a call of the account's own.

    Attributes:
        answer: an object of the type `Updates`, or one that tells numbers.
        request: the call.
        size: bytes of the answer.

    """

    answer: Any
    request: Any
    size: int


Mail: TypeAlias = "Item | UpdatesDropped | Answered"
"""What the reader takes."""


class UpdateMail(Generic[N]):
    """What waits for the reader. It is bounded, and never holds up who puts something in. Any thread may call it.

    Updates are kept from the opening of the account on; answers only while somebody reads.

    Args:
        limits: `queued_updates` and `queued_update_bytes` bound the updates.
        counts: tells whether the updates of a lane (DC and name) are the account's.

    Attributes:
        is_read: whether somebody reads.
        is_over: whether the account is closed.

    """

    def __init__(self, limits: Limits, counts: Callable[[int, str], bool]) -> None:
        self._limits = limits
        self._counts = counts
        self._lock = threading.Lock()
        self._queue = UpdateQueue(limits)
        self._answers: deque[Answered] = deque()
        self._answer_bytes = 0
        self._missed = False
        self._news: N | None = None
        self.is_read = False
        self.is_over = False

    def hear(self, dc: int, lane: str, event: LinkEvent) -> None:
        """Take an event of a lane, in the thread that carries the lane."""
        if isinstance(event, Update | UpdatesGap | Undecodable):
            if self._counts(dc, lane):
                with self._lock:
                    self._queue.put(event)
                self._wake()
        elif isinstance(event, StatusChanged) and lane == MAIN:
            if event.status is LinkStatus.READY and self._counts(dc, lane):
                with self._lock:
                    self._missed = True  # the network was away
            self._wake()

    def answered(self, answer: Any, request: Any) -> None:
        """Take the answer of a call of the account's own, if it tells anything of updates. Called while `is_read`."""
        if getattr(answer, "NAME", "") not in _COUNTED:
            answer = getattr(answer, "updates", None)  # as in `messages.invitedUsers`
            if getattr(answer, "NAME", "") not in _COUNTED:
                return
        size = len(answer.to_bytes())
        with self._lock:
            if len(self._answers) < ANSWERS_KEPT and self._answer_bytes + size <= ANSWER_BYTES_KEPT:
                self._answers.append(Answered(answer, request, size))
                self._answer_bytes += size
            else:
                self._missed = True
        self._wake()

    def _wake(self) -> None:
        news = self._news
        if news is not None:
            news.set()

    def take(self) -> Mail | None:
        """Return the oldest answer or update; None if none waits."""
        with self._lock:
            if not self._answers:
                return self._queue.take()
            answer = self._answers.popleft()
            self._answer_bytes -= answer.size
            return answer

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        with self._lock:
            return not (self._answers or self._queue)

    def take_missed(self) -> bool:
        """Tell, once, whether anything may have been missed since the last time."""
        with self._lock:
            missed, self._missed = self._missed, False
        return missed

    def begin(self, news: N, *, empty: bool) -> None:
        """Let a reader begin; one before it is woken, and gets no more news.

        Args:
            news: wakes the reader.
            empty: whether what came before is dropped.

        """
        with self._lock:
            before, self._news = self._news, news
            self._missed = False
            self._clear_answers()
            if empty:
                self._queue = UpdateQueue(self._limits)
            self.is_read = True
        if before is not None:
            before.set()

    def end(self) -> None:
        """Note that nobody reads any more."""
        with self._lock:
            self.is_read = False
            self._clear_answers()

    def forget(self) -> None:
        """Drop everything that waits: the login that it belongs to has ended."""
        with self._lock:
            self._queue = UpdateQueue(self._limits)
            self._clear_answers()
            self._missed = False

    def _clear_answers(self) -> None:
        self._answers.clear()
        self._answer_bytes = 0

    def close(self) -> None:
        """Let the reader go: the account is closed."""
        self.is_over = True
        self._wake()
