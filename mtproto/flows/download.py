"""One download, without I/O: which parts are asked for, and what their answers bring (core.telegram.org/api/files).

A driver calls `next(now)` for orders until it gives None, makes the calls, and hands their answers to `answered` and
their errors to `failed`. `take_pieces` gives what may be written: where hashes are known, nothing that was not checked.
All times are seconds of one clock that never goes back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mtproto._options import named_fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtproto.errors import MTProtoError
    from mtproto.flows.file_source import FileSource
    from mtproto.flows.questions import Notice
    from mtproto.flows.steps import Flow
    from tl import Schema, TLFunction

__all__ = ["DOWNLOAD_WINDOW", "DOWNLOAD_WINDOW_OF_PREMIUM", "Download", "DownloadLimits", "FilePart", "FreshReference"]

DOWNLOAD_WINDOW = 2 << 20
"""Bytes of one download that are asked for, or held until they are checked, at once."""

DOWNLOAD_WINDOW_OF_PREMIUM = 16 << 20
"""The same for premium accounts, which the server gives more."""


@named_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadLimits:
    """How much one download asks for at once, and what it puts up with.

    Attributes:
        window: bytes in flight, or held until they are checked.
        wait: seconds that FLOOD_WAIT may ask for without a byte that comes; FLOOD_PREMIUM_WAIT is always waited for.
        stall: seconds after which a part is asked for again; twice as many each time.
        tries: how often one part may fail, or stall.
        moves: how often the server may name another data centre.
        refreshes: how often the file reference may be made fresh without a byte that comes.
        cdn: whether the server may send the download to a CDN.

    """

    window: int = DOWNLOAD_WINDOW
    wait: float = 60.0
    stall: float = 15.0
    tries: int = 6
    moves: int = 3
    refreshes: int = 2
    cdn: bool = True


@dataclass(frozen=True, slots=True)
class FilePart:
    """A call to be made for a file; its answer goes to `answered`, its error to `failed`.

    Attributes:
        number: names the call.
        request: the call. Not two of them may go in one container (`alone=True`).
        dc: the data centre to call.
        is_cdn: whether `dc` is a CDN: the connection needs a key of `cdn_keys`, and carries no login.
        offset: where in the file the part begins.
        limit: bytes of the answer at most; 0 for calls that bring no bytes of the file.
        again: the part has stalled: another connection should be tried.

    """

    number: int
    request: TLFunction[Any] = field(repr=False)
    dc: int
    is_cdn: bool
    offset: int
    limit: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class FreshReference:
    """The file reference is to be made fresh: what `flow` returns goes to `refreshed`, its error to `not_refreshed`."""

    flow: Flow[Any] = field(repr=False)


class Download:
    """One file, or a range of one. One owner.

    Args:
        source: where the file is.
        schema: the account's; makes the calls.
        size: of the file in bytes; None where nobody knows: the first answer that is shorter than asked is the end.
        offset: the first byte that is wanted.
        length: how many bytes are wanted; None: up to the end.
        have: half-open ranges `(start, end)` of bytes that are there already, and are not asked for.
        verify: whether the server is asked for the hashes of the file, and no byte is given out unchecked.
        limits: what bounds the download.

    """

    def __init__(
        self,
        source: FileSource,
        *,
        schema: Schema,
        size: int | None,
        offset: int = 0,
        length: int | None = None,
        have: Iterable[tuple[int, int]] = (),
        verify: bool = False,
        limits: DownloadLimits | None = None,
    ) -> None:
        raise NotImplementedError

    @property
    def size(self) -> int | None:
        """The size of the file in bytes; None while nobody knows."""
        raise NotImplementedError

    @property
    def is_done(self) -> bool:
        """Whether every byte that was wanted has been given to `take_pieces`."""
        raise NotImplementedError

    @property
    def error(self) -> MTProtoError | None:
        """What ended the download before its end; None: nothing did."""
        raise NotImplementedError

    @property
    def bytes_in_flight(self) -> int:
        """Bytes that are asked for, and bytes that came and are not checked yet."""
        raise NotImplementedError

    def next(self, now: float) -> FilePart | FreshReference | None:
        """Return the next order that may begin now; None: nothing until an answer comes, or until `deadline()`."""
        raise NotImplementedError

    def answered(self, number: int, answer: Any, now: float) -> None:
        """Take the answer of a call. A late or double one is ignored."""
        raise NotImplementedError

    def failed(self, number: int, error: MTProtoError, now: float) -> None:
        """Take the error of a call. A late or double one is ignored."""
        raise NotImplementedError

    def refreshed(self, location: Any, now: float) -> None:
        """Take the location with a fresh file reference."""
        raise NotImplementedError

    def not_refreshed(self, error: MTProtoError, now: float) -> None:
        """Take the error that kept the file reference from being made fresh; the download ends with it."""
        raise NotImplementedError

    def deadline(self) -> float | None:
        """Return when `next` may have an order though nothing came; None: never."""
        raise NotImplementedError

    def take_pieces(self) -> list[tuple[int, bytes]]:
        """Return what may be written since the last call: offsets in the file, and bytes. No byte comes twice."""
        raise NotImplementedError

    def take_told(self) -> list[Notice]:
        """Return what a person should know since the last call: floods, stalls, and turns away from a CDN."""
        raise NotImplementedError
