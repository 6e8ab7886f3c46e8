"""What a caller may say about an upload, and the uploads that were cut."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from mtproto._options import named_fields
from mtproto.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from mtproto.account.transfer_progress import TransferProgress
    from mtproto.flows import Upload

__all__ = ["CUT_SECONDS", "CutUploads", "UploadKeywords", "UploadOptions"]

CUT_SECONDS = 3600.0
"""Seconds for which an upload that was cut may go on: the server keeps the parts for some hours."""

CUT_UPLOADS = 64
"""Uploads that were cut, and may go on, at most; the oldest is forgotten. Each takes some bytes a part, and no part."""


class UploadKeywords(TypedDict, total=False):
    """The options of `Account.upload`."""

    name: str | None
    wait: float
    window: int | None
    progress: Callable[[TransferProgress], Any] | None
    tell: Callable[[Any], Any] | None


@named_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOptions:
    """What a caller has said about an upload.

    Attributes:
        name: of the file, for who gets it; None: its own.
        wait: seconds that a flood may ask for.
        window: bytes that may be under way; None: as much as the server gives such an account.
        progress: called with a `TransferProgress` at the beginning, and each time that parts have arrived.
        tell: called with notices: floods that are waited for, parts that stall.

    """

    name: str | None = None
    wait: float = 60.0
    window: int | None = None
    progress: Callable[[TransferProgress], Any] | None = None
    tell: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not self.wait >= 0:
            raise OptionError(f"wait is 0 or more, not {self.wait!r}", "wait")
        if self.window is not None and self.window <= 0:
            raise OptionError(f"window is above 0, not {self.window!r}", "window")


class CutUploads:
    """The uploads that were cut and may go on: by what the file is known by. Any thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cut: dict[Hashable, tuple[float, Upload]] = {}  # the oldest first

    def keep(self, mark: Hashable, upload: Upload, now: float) -> None:
        """Take an upload that was cut, without the bytes that it holds."""
        upload.resume()
        with self._lock:
            self._cut.pop(mark, None)
            self._cut[mark] = (now, upload)
            while len(self._cut) > CUT_UPLOADS:
                del self._cut[next(iter(self._cut))]

    def take(self, mark: Hashable, now: float) -> Upload | None:
        """Return the upload of a file that was cut before; None where there is none, or the server may have lost it."""
        with self._lock:
            cut_at, upload = self._cut.pop(mark, (now, None))
        return upload if now - cut_at <= CUT_SECONDS else None
