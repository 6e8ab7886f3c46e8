"""The calls of one transfer that wait for their answers: their numbers, and which of them have stalled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from mtproto.flows.cdn import CdnFile
    from tl import TLFunction

__all__ = ["CallsInFlight", "FileCall", "FilePart"]

_OVERTAKEN = 4
"""A call that so many later ones have overtaken is measured by its own time, not by the last answer of any."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A call to be made for a file; its answer goes to `answered`, its error to `failed`.

    Attributes:
        number: names the call.
        request: the call. Not two of them may go in one container (`alone=True`).
        dc: the data centre to call; None: the home DC.
        is_cdn: whether `dc` is a CDN: the connection needs a key of `cdn_keys`, and carries no login.
        offset: where in the file the part begins.
        limit: bytes of the part at most; 0 for calls that bring no bytes of the file.
        again: the part has stalled: another connection should be tried.

    """

    number: int
    request: TLFunction[Any] = field(repr=False)
    dc: int | None
    is_cdn: bool
    offset: int
    limit: int
    again: bool = False


@dataclass(slots=True, eq=False)
class FileCall:
    """What waits for one answer, under one number or, after a stall, under several.

    Attributes:
        purpose: what the answer is for.
        request: the call.
        dc: where it was sent; None: the home DC.
        offset: where in the file the part begins.
        limit: the bytes that it asks for; 0 for calls that bring no bytes.
        length: the bytes that the answer has to have.
        cdn: the file on the CDN to which the call belongs; None: a call of the ordinary way.
        is_cdn: whether it was sent to the CDN.
        generation: which file reference, or which upload to the CDN, the call was made under.

    """

    purpose: str
    request: TLFunction[Any]
    dc: int | None
    offset: int = 0
    limit: int = 0
    length: int = 0
    cdn: CdnFile | None = None
    is_cdn: bool = False
    generation: int = 0
    numbers: list[int] = field(default_factory=list)
    asked_at: float = 0.0
    stalls: int = 0
    overtaken: int = 0

    @property
    def key(self) -> Hashable:
        """What failures are counted by: the same for a call that is made anew."""
        return self.purpose, self.offset

    def is_made(self, number: int, now: float) -> None:
        """Take note that the call is made, under another number."""
        self.stalls += bool(self.numbers)
        self.numbers.append(number)
        self.asked_at = now
        self.overtaken = 0

    def is_lost(self, number: int) -> bool:
        """Take note that nothing comes under a number; tell whether the call waits under no other."""
        self.numbers.remove(number)
        return not self.numbers

    def is_over(self) -> None:
        """Take note that nothing is waited for any more: the call may be made anew."""
        self.numbers.clear()

    def is_overtaken(self) -> None:
        """Take note that the answer to a later call came first."""
        self.overtaken += 1


class CallsInFlight:
    """The calls that wait. Args: `stall`: seconds after which a call has stalled; twice as many each time."""

    def __init__(self, stall: float) -> None:
        self._stall = stall
        self._calls: list[FileCall] = []  # in the order in which they were made
        self._number = 0
        self._progress_at = 0.0

    def __iter__(self) -> Iterator[FileCall]:
        """Give the calls that wait."""
        return iter(self._calls)

    def __bool__(self) -> bool:
        """Tell whether a call waits."""
        return bool(self._calls)

    def begin(self, call: FileCall, now: float) -> FilePart:
        """Return the order for a call, which waits from now on; for one that has stalled, the order to make it anew."""
        self._number += 1
        again = bool(call.numbers)
        if not again:
            self._calls.append(call)
        call.is_made(self._number, now)
        return FilePart(self._number, call.request, call.dc, call.is_cdn, call.offset, call.limit, again)

    def answered(self, number: int, now: float) -> FileCall | None:
        """Return the call whose answer came; None for a late or double answer."""
        call = self._of(number)
        if call is not None:
            self._progress_at = now
            for earlier in self._calls[: self._calls.index(call)]:
                earlier.is_overtaken()
            self._drop(call)
        return call

    def failed(self, number: int, *, passing: bool) -> FileCall | None:
        """Return the call that failed; None for a late error, and where the call waits under another number still."""
        call = self._of(number)
        if call is not None:
            if not call.is_lost(number) and passing:
                return None
            self._drop(call)
        return call

    def forget(self, which: Callable[[FileCall], bool]) -> None:
        """Ignore whatever comes of some calls."""
        self._calls = [call for call in self._calls if not which(call)]

    def stalled(self, now: float) -> FileCall | None:
        """Return a call that has stalled, the one that waits longest."""
        return next((call for call in self._calls if self._late_at(call) <= now), None)

    def deadline(self) -> float | None:
        """Return when the next call will have stalled."""
        return min(map(self._late_at, self._calls), default=None)

    def _late_at(self, call: FileCall) -> float:
        overtaken = call.overtaken >= _OVERTAKEN
        since = call.asked_at if overtaken else max(call.asked_at, self._progress_at)
        return since + self._stall * 2.0**call.stalls

    def _drop(self, call: FileCall) -> None:
        call.is_over()
        self._calls.remove(call)

    def _of(self, number: int) -> FileCall | None:
        return next((call for call in self._calls if number in call.numbers), None)
