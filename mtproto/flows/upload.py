"""One upload, without I/O: which parts are read and sent, and what comes of it (core.telegram.org/api/files).

A driver calls `next(now)` until it gives None: a `PartToRead` is answered by `read`, a `FilePart` is a call: its answer
goes to `answered`, its error to `failed`. At the end `result` is what names the file in other calls. The
server keeps the parts for some hours, and takes each of them any number of times, so that an upload which failed goes
on with `resume`. All times are seconds of one clock that never goes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import md5
from typing import TYPE_CHECKING, Any

from mtproto._options import named_fields
from mtproto.errors import DeadlineExceeded, FloodWait, InternalServerError, LocalProtocolError, OptionError
from mtproto.flows.errors import FileChanged, UnexpectedAnswer
from mtproto.flows.file_calls import CallsInFlight, FileCall
from mtproto.flows.layers import make
from mtproto.flows.questions import Telling
from mtproto.flows.setbacks import Setbacks, is_passing

if TYPE_CHECKING:
    from mtproto.flows.file_calls import FilePart
    from mtproto.flows.questions import Notice
    from tl import Schema

__all__ = [
    "LARGEST_SMALL_FILE",
    "PARTS_OF_UPLOAD",
    "UPLOAD_PART",
    "UPLOAD_WINDOW",
    "PartToRead",
    "Upload",
    "UploadLimits",
]

UPLOAD_PART = 512 << 10
"""Bytes of each part but the last one: the documented largest size."""

LARGEST_SMALL_FILE = 10 << 20
"""Bytes: larger files are sent by `upload.saveBigFilePart`, and have no MD5."""

UPLOAD_WINDOW = 2 << 20
"""Bytes of one upload that are sent, and not answered yet, at once."""

PARTS_OF_UPLOAD = 4000
"""Parts of one file at most (`upload_max_fileparts_default`); a premium account may send twice as many."""


@named_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """How much one upload sends at once, and what it puts up with.

    Attributes:
        window: bytes that are sent and not answered yet.
        wait: seconds that FLOOD_WAIT may ask for without a part that arrives; FLOOD_PREMIUM_WAIT is always waited for.
        stall: seconds after which a part is sent again; twice as many each time.
        tries: how often one part may fail, or stall.
        parts: how many parts a file may have: 4,000 of ordinary accounts, 8,000 of premium ones.

    """

    window: int = UPLOAD_WINDOW
    wait: float = 60.0
    stall: float = 30.0
    tries: int = 6
    parts: int = PARTS_OF_UPLOAD


@dataclass(frozen=True, slots=True)
class PartToRead:
    """Bytes of the file that are wanted next; they go to `read`. There is one such order at a time.

    Attributes:
        offset: the first of the bytes.
        length: how many.

    """

    offset: int
    length: int


class Upload:
    """One file. One owner.

    Args:
        schema: the account's; makes the calls.
        size: of the file in bytes, from 1.
        file_id: a random number of 64 bits, signed, that no other upload of the account has.
        name: of the file, for who gets it.
        dc: where the file is sent to; None: the home DC.
        limits: what bounds the upload.

    Raises OptionError for a file that is empty or too large.

    """

    def __init__(
        self,
        *,
        schema: Schema,
        size: int,
        file_id: int,
        name: str = "",
        dc: int | None = None,
        limits: UploadLimits | None = None,
    ) -> None:
        limits = limits or UploadLimits()
        if not 0 < size <= limits.parts * UPLOAD_PART:
            raise OptionError(
                f"a file has 1 byte at least and {limits.parts * UPLOAD_PART} at most, not {size}", "size"
            )
        self._schema = schema
        self._size = size
        self._file_id = file_id
        self._name = name
        self._dc = dc
        self._limits = limits
        self._total = -(-size // UPLOAD_PART)
        self._is_big = size > LARGEST_SMALL_FILE
        self._digest = md5(usedforsecurity=False)
        self._digested = 0  # parts of which the MD5 is known
        self._left = list(range(self._total - 1, -1, -1))  # parts that were not read, or have to be once more
        self._reading: int | None = None
        self._ready: list[FileCall] = []
        self._done: set[int] = set()
        self._sent = 0
        self._error: Exception | None = None
        self._calls = CallsInFlight(limits.stall)
        self._setbacks = Setbacks(limits.wait, limits.tries)

    @property
    def is_done(self) -> bool:
        """Whether every part has arrived."""
        return len(self._done) == self._total

    @property
    def error(self) -> Exception | None:
        """What ended the upload before its end; None: nothing did. `resume` goes on."""
        return self._error

    @property
    def bytes_in_flight(self) -> int:
        """Bytes that were read, and have not arrived yet."""
        return sum(call.length for call in (*self._calls, *self._ready))

    @property
    def bytes_sent(self) -> int:
        """Bytes that have arrived."""
        return self._sent

    @property
    def result(self) -> Any:
        """What names the file in other calls: an `inputFile` or `inputFileBig`. Raises LocalProtocolError too early."""
        if not self.is_done:
            raise LocalProtocolError("the upload is not done")
        fields = {"id": self._file_id, "parts": self._total, "name": self._name}
        if self._is_big:
            return make(self._schema, "inputFileBig", **fields)
        return make(self._schema, "inputFile", md5_checksum=self._digest.hexdigest(), **fields)

    def next(self, now: float) -> FilePart | PartToRead | None:
        """Return the next order that may begin now; None: nothing until an answer comes, or until `deadline()`."""
        if self._is_over:
            return None
        if call := self._calls.stalled(now):
            if call.stalls + 1 >= self._limits.tries:
                self._error = DeadlineExceeded(f"{_named(call)} was not answered, {call.stalls + 1} times")
                return None
            self._setbacks.tell(Telling(f"A part has stalled, and is sent again: {_named(call)}"))
            return self._calls.begin(call, now)
        if not self._setbacks.is_over(now):
            return None
        if self._ready:
            return self._calls.begin(self._ready.pop(0), now)
        if self._reading is not None or not self._left:
            return None
        length = self._length(self._left[-1])
        if self._calls and self.bytes_in_flight + length > self._limits.window:
            return None
        self._reading = self._left.pop()
        return PartToRead(self._reading * UPLOAD_PART, length)

    def read(self, data: bytes) -> None:
        """Take the bytes that a `PartToRead` asked for; fewer or more end the upload with `FileChanged`."""
        part, self._reading = self._reading, None
        if part is None or self._is_over:
            return
        length, offset = self._length(part), part * UPLOAD_PART
        if len(data) != length:
            self._left.append(part)
            self._error = FileChanged(self._size, offset + len(data), "while it was sent")
            return
        if part == self._digested and not self._is_big:
            self._digest.update(data)
        self._digested = max(self._digested, part + 1)
        fields = {"file_id": self._file_id, "file_part": part, "bytes": data}
        if self._is_big:
            request = make(self._schema, "upload.saveBigFilePart", file_total_parts=self._total, **fields)
        else:
            request = make(self._schema, "upload.saveFilePart", **fields)
        self._ready.append(FileCall("save", request, self._dc, offset, length, length))

    def answered(self, number: int, answer: Any, now: float) -> None:
        """Take the answer of a call. A late or double one is ignored."""
        call = self._calls.answered(number, now)
        if call is None or self._is_over:
            return
        if answer is True:
            self._setbacks.progress()
            self._done.add(call.offset // UPLOAD_PART)
            self._sent += call.length
        else:
            self._again(call, UnexpectedAnswer(call.request.NAME, answer), now, pause_at_once=True)

    def failed(self, number: int, error: Exception, now: float) -> None:
        """Take the error of a call. A late or double one is ignored."""
        passing = is_passing(error)
        call = self._calls.failed(number, passing=passing)
        if call is None or self._is_over:
            return
        if isinstance(error, FloodWait):
            self._ready.append(call)
            if not self._setbacks.flood(error, now):
                self._error = error
        elif passing:
            self._again(call, error, now, pause_at_once=isinstance(error, InternalServerError))
        else:
            self._ready.append(call)
            self._error = error

    def lost(self, part: int) -> None:
        """Send a part again that the server says it has not (`FILE_PART_X_MISSING`)."""
        if part in self._done:
            self._done.remove(part)
            self._sent -= self._length(part)
            self._left.append(part)

    def resume(self, limits: UploadLimits | None = None) -> None:
        """Go on after an error, or where the driver was stopped: what has arrived is not sent again.

        Args:
            limits: what bounds the upload from now on, but for `stall`; None: as before.

        """
        self._limits = limits or self._limits
        waiting = [call.offset // UPLOAD_PART for call in (*self._calls, *self._ready)]
        reading = [] if self._reading is None else [self._reading]
        self._left = sorted({*self._left, *waiting, *reading}, reverse=True)
        self._reading = self._error = None
        self._ready = []
        self._calls.forget(lambda call: True)
        self._setbacks = Setbacks(self._limits.wait, self._limits.tries)

    def deadline(self) -> float | None:
        """Return when `next` may have an order though nothing came; None: never."""
        if self._is_over:
            return None
        return min((time for time in (self._calls.deadline(), self._setbacks.resume) if time is not None), default=None)

    def take_told(self) -> list[Notice]:
        """Return what a person should know since the last call: floods and stalls."""
        return self._setbacks.take_told()

    @property
    def _is_over(self) -> bool:
        return self._error is not None or self.is_done

    def _again(self, call: FileCall, error: Exception, now: float, *, pause_at_once: bool) -> None:
        self._ready.append(call)
        if not self._setbacks.failed(call.key, now, pause_at_once=pause_at_once):
            self._error = error

    def _length(self, part: int) -> int:
        return min(UPLOAD_PART, self._size - part * UPLOAD_PART)


def _named(call: FileCall) -> str:
    return f"{call.request.NAME} of part {call.offset // UPLOAD_PART}"
