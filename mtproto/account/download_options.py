"""What a caller may say about a download, and what is kept of bytes that come out of order."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from io import RawIOBase
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from mtproto._options import named_fields
from mtproto.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.account.transfer_progress import TransferProgress

__all__ = ["DownloadKeywords", "DownloadOptions", "InOrder", "Writable", "taken"]


class Writable(Protocol):
    """What bytes can be written to: a file object, a pipe; also one whose `write` is asynchronous."""

    def write(self, data: bytes, /) -> Any:
        """Take bytes."""


def taken(to: Writable, answer: object, count: int) -> int:
    """Return how many of `count` bytes were taken: all, unless `write` has answered with a lower number.

    Raises BlockingIOError where there was none: a raw file that does not wait answers None then.
    """
    if answer is None and isinstance(to, RawIOBase):
        answer = 0
    if not isinstance(answer, int) or answer < 0:
        return count
    if not answer:
        raise BlockingIOError(errno.EAGAIN, f"{to!r:.100} takes no bytes now, and does not wait until it does")
    return min(answer, count)


class DownloadKeywords(TypedDict, total=False):
    """The options of `Account.download` and `Account.iter_download`, which has no `resume`."""

    size: str | None
    offset: int
    length: int | None
    verify: bool
    resume: bool
    origin: object
    dc: int | None
    wait: float
    window: int | None
    progress: Callable[[TransferProgress], Any] | None
    tell: Callable[[Any], Any] | None


@named_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadOptions:
    """What a caller has said about a download.

    Attributes:
        size: the letter of a size; None: the picture with most pixels of a photo, the document itself.
        offset: the first byte that is wanted.
        length: how many bytes are wanted; None: up to the end.
        verify: whether every byte is checked against the hashes of the server.
        resume: whether to go on with what an earlier download into the same file has left.
        origin: where the file came from: a message, a user, or a function that returns the object anew; None: what the
            account knows.
        dc: the data centre of a bare location; None: the server says.
        wait: seconds that a flood may ask for.
        window: bytes that may be under way; None: as much as the server gives such an account.
        progress: called with a `TransferProgress` at the beginning, and each time that bytes have come.
        tell: called with notices: floods that are waited for, parts that stall.

    """

    size: str | None = None
    offset: int = 0
    length: int | None = None
    verify: bool = False
    resume: bool = True
    origin: object = None
    dc: int | None = None
    wait: float = 60.0
    window: int | None = None
    progress: Callable[[TransferProgress], Any] | None = None
    tell: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in ("offset", "length", "wait"):
            if (value := getattr(self, name)) is not None and not value >= 0:
                raise OptionError(f"{name} is 0 or more, not {value!r}", name)
        if self.window is not None and self.window <= 0:
            raise OptionError(f"window is above 0, not {self.window!r}", "window")

    def wanted(self, size: int | None) -> int | None:
        """Return how many bytes are wanted of a file of a size; None where nobody knows."""
        if size is None:
            return None
        end = size if self.length is None else min(size, self.offset + self.length)
        return max(end - self.offset, 0)


class InOrder:
    """Puts bytes that come in any order into theirs.

    Args:
        at: the offset of the first byte that is wanted.

    Attributes:
        at: the offset of the next byte.

    """

    def __init__(self, at: int) -> None:
        self.at = at
        self._held: dict[int, bytes] = {}

    def take(self, pieces: list[tuple[int, bytes]]) -> list[bytes]:
        """Take pieces, no byte of which came before; return those whose turn it is now."""
        self._held.update(pieces)
        ready = []
        while (data := self._held.pop(self.at, None)) is not None:
            ready.append(data)
            self.at += len(data)
        return ready
