"""One download, without I/O: which parts are asked for, and what their answers bring (core.telegram.org/api/files).

A driver calls `next(now)` for orders until it gives None, makes the calls, and hands their answers to `answered` and
their errors to `failed`. `take_pieces` gives what may be written: where hashes are known, nothing that was not checked.
All times are seconds of one clock that never goes back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mtproto._options import named_fields
from mtproto.errors import BadRequest, DeadlineExceeded, FloodWait, InternalServerError, OptionError, RpcError
from mtproto.flows.cdn import CdnFile
from mtproto.flows.errors import (
    FileChanged,
    FlowFailed,
    HashesMissing,
    HashMismatch,
    NoFreshReference,
    UnexpectedAnswer,
)
from mtproto.flows.file_calls import CallsInFlight, FileCall
from mtproto.flows.file_checks import CheckedBytes
from mtproto.flows.file_parts import ENDLESS, PRECISE_UNIT, UNIT, ByteRanges, part_size, range_to_ask
from mtproto.flows.layers import expect, make, name_of
from mtproto.flows.questions import Telling
from mtproto.flows.refusals import dc_of_this_call
from mtproto.flows.setbacks import Setbacks, is_passing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtproto.flows.file_calls import FilePart
    from mtproto.flows.file_checks import HashedRange
    from mtproto.flows.file_source import FileSource
    from mtproto.flows.questions import Notice
    from mtproto.flows.steps import Flow
    from tl import Schema

__all__ = ["DOWNLOAD_WINDOW", "DOWNLOAD_WINDOW_OF_PREMIUM", "Download", "DownloadLimits", "FreshReference"]

DOWNLOAD_WINDOW = 2 << 20
"""Bytes of one download that are asked for, or held until they are checked, at once."""

DOWNLOAD_WINDOW_OF_PREMIUM = 16 << 20
"""The same for premium accounts, which the server gives more."""

_AHEAD = 2
"""Windows for which hashes are asked ahead of the bytes."""

_UPLOADS = 3
"""How often a file is brought to the CDN again without a byte that comes."""

_CDN_TRIES = 2
"""How often a part may fail, or stall, at a CDN: the data centre has the file as well."""

_SHORTS = 2
"""How often a part that came empty, or almost, is asked for again before the file is said to be shorter."""


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
        limits = limits or DownloadLimits()
        if min(offset, size or 0, length or 0) < 0:
            raise OptionError(f"offset, length and size are 0 or more: {offset}, {length}, {size}", "offset")
        end = ENDLESS if length is None else offset + length
        wanted = ByteRanges(offset, end if size is None else min(end, size))
        there = 0
        for each in have:
            wanted.remove(*each)
            there = max(there, each[1])
        self._source = source
        self._schema = schema
        self._size = size
        self._verify = verify
        self._limits = limits
        self._part = part_size(size)
        self._checked = CheckedBytes(wanted)
        self._calls = CallsInFlight(limits.stall)
        self._setbacks = Setbacks(limits.wait, limits.tries)
        self._error: Exception | None = None
        self._location = source.location
        self._dc = source.dc
        self._moves = 0
        self._reference = 0  # the generation of the file reference
        self._refreshes = 0  # without progress since
        self._stale: Exception | None = None  # the error of the reference that is to be made fresh
        self._is_refreshing = False
        self._cdn: CdnFile | None = None
        self._may_redirect = limits.cdn and size is not None
        self._upload = 0  # the generation of the file on the CDN
        self._lost: bytes | None = None  # the request token of a file that the CDN has lost
        self._uploads = 0  # without progress since
        self._wrong: set[int] = set()  # where bytes of the data centre were wrong once
        self._hashes_end: int | None = None  # where the hashes of a file of unknown size end
        self._there = there  # the end of the bytes that are there already
        self._came = there > 0
        self._shorts: dict[int, int] = {}  # how often an answer brought nothing, by the offset of the part
        self._probes = bool(size and size % self._part == 0 and wanted.within(size - 1, size))

    @property
    def size(self) -> int | None:
        """The size of the file in bytes; None while nobody knows."""
        return self._size

    @property
    def is_done(self) -> bool:
        """Whether every byte that was wanted has been given to `take_pieces`."""
        return self._error is None and not self._checked.wanted and not self._probes

    @property
    def error(self) -> Exception | None:
        """What ended the download before its end; None: nothing did."""
        return self._error

    @property
    def bytes_in_flight(self) -> int:
        """Bytes that are asked for, and bytes that came and are not checked yet."""
        return sum(call.limit for call in self._calls) + self._checked.held

    def next(self, now: float, before: int | None = None) -> FilePart | FreshReference | None:
        """Return the next order that may begin now; None: nothing until an answer comes, or until `deadline()`.

        Args:
            now: the time.
            before: no part that begins here or later is asked for, for who takes the bytes in order; None: any.

        """
        if self._is_over:
            return None
        if self._stale is not None and not self._is_refreshing and self._source.refresh is not None:
            self._is_refreshing = True
            return FreshReference(self._source.refresh())
        if call := self._calls.stalled(now):
            return self._stalled(call, now, before)
        if self._stale is not None or not self._setbacks.is_over(now):
            return None
        fresh = self._next_bookkeeping() or self._next_part(before) or self._next_probe()
        return self._calls.begin(fresh, now) if fresh else None

    def answered(self, number: int, answer: Any, now: float) -> None:
        """Take the answer of a call. A late or double one is ignored."""
        call = self._calls.answered(number, now)
        if call is None or self._is_over:
            return
        try:
            self._came_of(call, answer)
        except FlowFailed as error:
            self._trouble(call, error)

    def failed(self, number: int, error: Exception, now: float) -> None:
        """Take the error of a call. A late or double one is ignored."""
        passing = is_passing(error)
        call = self._calls.failed(number, passing=passing)
        if call is None or self._is_over:
            return
        if isinstance(error, FloodWait):
            if not self._setbacks.flood(error, now):
                self._trouble(call, error)
        elif passing:
            at_once = isinstance(error, InternalServerError)
            if not self._setbacks.failed(call.key, now, tries=self._tries(call), pause_at_once=at_once):
                self._trouble(call, error)
        elif call.cdn is None and isinstance(error, RpcError) and (dc := dc_of_this_call(error, call.request)):
            self._move(call, dc, error)
        elif call.cdn is None and isinstance(error, RpcError) and error.name.startswith("FILE_REFERENCE_"):
            self._outdated(call, error)
        elif call.purpose == "probe" and isinstance(error, BadRequest):
            self._probes = False  # a server may refuse an offset at the end of a file
        else:
            self._trouble(call, error)

    def refreshed(self, location: Any, now: float) -> None:
        """Take the location with a fresh file reference."""
        self._location = location
        self._reference += 1
        self._stale = None
        self._is_refreshing = False

    def not_refreshed(self, error: Exception, now: float) -> None:
        """Take the error that kept the file reference from being made fresh; the download ends with it."""
        self._end(_no_reference(str(error), error))

    def deadline(self) -> float | None:
        """Return when `next` may have an order though nothing came; None: never."""
        if self._is_over:
            return None
        return min((time for time in (self._calls.deadline(), self._setbacks.resume) if time is not None), default=None)

    def take_pieces(self) -> list[tuple[int, bytes]]:
        """Return what may be written since the last call: offsets in the file, and bytes. No byte comes twice."""
        return self._checked.take_pieces()

    def take_told(self) -> list[Notice]:
        """Return what a person should know since the last call: floods, stalls, and turns away from a CDN."""
        return self._setbacks.take_told()

    @property
    def _is_over(self) -> bool:
        return self._error is not None or self.is_done

    # what is asked for

    def _stalled(self, call: FileCall, now: float, before: int | None) -> FilePart | FreshReference | None:
        if call.stalls + 1 < self._tries(call):
            self._setbacks.tell(Telling(f"A part has stalled, and is asked for again: {_named(call)}"))
            return self._calls.begin(call, now)
        self._calls.forget(lambda other: other is call)
        self._trouble(call, DeadlineExceeded(f"{_named(call)} was not answered, {call.stalls + 1} times"))
        return self.next(now, before)

    def _tries(self, call: FileCall) -> int:
        return min(self._limits.tries, _CDN_TRIES) if call.is_cdn else self._limits.tries

    def _next_bookkeeping(self) -> FileCall | None:
        """Return the call for a new upload to the CDN, or for hashes, if one is due."""
        cdn = self._cdn
        if cdn is not None and self._lost is not None:
            if self._waits_for("reupload"):
                return None
            return FileCall("reupload", cdn.reupload(self._schema, self._lost), cdn.master, cdn=cdn)
        position = self._checked.first_without_hash() if self._verify or cdn is not None else None
        if position is None or position == self._hashes_end or self._waits_for("hashes"):
            return None
        first, _ = next(iter(self._checked.wanted))
        if position > first + _AHEAD * self._limits.window or not self._checked.has_room_for_hash(position):
            return None
        if cdn is not None:
            return FileCall("hashes", cdn.hashes(self._schema, position), cdn.master, position, cdn=cdn)
        request = make(self._schema, "upload.getFileHashes", location=self._location, offset=position)
        return FileCall("hashes", request, self._dc, position, generation=self._reference)

    def _next_part(self, before: int | None) -> FileCall | None:
        gap = self._gap()
        if gap is None or self._lost is not None or (self._size is None and self._waits_for("part")):
            return None  # in a file whose end nobody knows, one part comes after the other
        start, end = gap
        if before is not None and start >= before:
            return None
        if self._size is not None and end >= self._size:
            end = ENDLESS  # so that a file that has grown is noticed
        offset, limit, precise = range_to_ask(start, end, self._part, may_be_precise=self._cdn is None)
        if self._calls and self.bytes_in_flight + limit > self._limits.window:
            return None
        length = limit if self._size is None else min(limit, self._size - offset)
        if self._cdn is not None:
            request = self._cdn.part(self._schema, offset, limit)
            cdn = self._cdn
            return FileCall("cdn", request, cdn.dc, offset, limit, length, cdn, is_cdn=True, generation=self._upload)
        request = self._get_file(offset, limit, precise=precise, cdn_supported=self._may_redirect)
        return FileCall("part", request, self._dc, offset, limit, length, generation=self._reference)

    def _next_probe(self) -> FileCall | None:
        """Return the call for what is behind the end of a file whose last part is a whole one."""
        if not self._probes or self._waits_for("probe") or self._gap() is not None:
            return None
        request = self._get_file(self._size or 0, UNIT, precise=False, cdn_supported=False)
        return FileCall("probe", request, self._dc, self._size or 0, generation=self._reference)

    def _gap(self) -> tuple[int, int] | None:
        """Return the first bytes that are to be asked for."""
        return self._checked.first_gap((call.offset, call.offset + call.limit) for call in self._calls if call.limit)

    def _get_file(self, offset: int, limit: int, *, precise: bool, cdn_supported: bool) -> Any:
        flags = {"precise": precise, "cdn_supported": cdn_supported}
        return make(self._schema, "upload.getFile", flags, location=self._location, offset=offset, limit=limit)

    def _waits_for(self, purpose: str) -> bool:
        return any(call.purpose == purpose for call in self._calls)

    # what came

    def _came_of(self, call: FileCall, answer: Any) -> None:
        match call.purpose:
            case "part":
                self._part_came(call, answer)
            case "cdn":
                self._cdn_part_came(call, answer)
            case "hashes":
                self._hashes_came(call, answer)
            case "reupload":
                self._reuploaded(call, answer)
            case _:
                self._probed(call, answer)

    def _part_came(self, call: FileCall, answer: Any) -> None:
        if name_of(answer) == "upload.fileCdnRedirect" and getattr(call.request, "cdn_supported", False):
            self._redirected(answer, call.dc)
        else:
            self._take(call, answer, expect(answer, call.request.NAME, "upload.file").bytes)

    def _cdn_part_came(self, call: FileCall, answer: Any) -> None:
        cdn = call.cdn
        if name_of(answer) != "upload.cdnFileReuploadNeeded":
            data = expect(answer, call.request.NAME, "upload.cdnFile").bytes
            self._take(call, answer, data if cdn is None else cdn.decrypt(call.offset, data))
        elif call.generation == self._upload and self._lost is None:
            self._uploads += 1
            self._lost = bytes(answer.request_token)
            if self._uploads > _UPLOADS:
                self._leave_cdn("the CDN loses the file again and again")

    def _hashes_came(self, call: FileCall, answer: Any) -> None:
        self._learn(call.request.NAME, answer)
        if self._checked.first_without_hash() == call.offset and call.cdn is self._cdn:
            if self._size is not None:
                raise HashesMissing(call.offset)
            self._hashes_end = call.offset
            self._check_hashes_end()

    def _reuploaded(self, call: FileCall, answer: Any) -> None:
        self._lost = None
        self._upload += 1
        self._learn(call.request.NAME, answer)

    def _probed(self, call: FileCall, answer: Any) -> None:
        data = expect(answer, call.request.NAME, "upload.file").bytes
        if data:
            raise FileChanged(call.offset, call.offset + len(data))
        self._probes = False

    def _take(self, call: FileCall, answer: Any, data: bytes) -> None:
        """Take the bytes of a part, whether as many as asked for, fewer, or more."""
        end = call.offset + len(data)
        if len(data) > call.limit:
            raise UnexpectedAnswer(call.request.NAME, answer, f"{len(data)} bytes, and asked for were {call.limit}")
        if self._size is not None and len(data) > call.length:
            raise FileChanged(self._size, end)
        if self._size is not None and len(data) < call.length:
            data = data[: -(len(data) % PRECISE_UNIT) or None] if call.cdn is None else b""
            if not data:
                self._shorts[call.offset] = shorts = self._shorts.get(call.offset, 0) + 1
                if shorts > _SHORTS:
                    raise FileChanged(self._size, end)
                return
        self._setbacks.progress()
        self._refreshes = self._uploads = 0
        self._judge(
            self._checked.put(call.offset, data, is_checked_only=self._verify or call.cdn is not None) if data else []
        )
        self._came = self._came or bool(data)
        self._check_hashes_end()
        if self._size is None and len(data) < call.length:
            if end < self._there:
                raise FileChanged(self._there, end)
            self._size = end if self._came or not call.offset else None
            if wrong := self._checked.end_at(end):
                raise HashMismatch(wrong[0].start, wrong[0].end)

    def _learn(self, method: str, hashes: Any) -> None:
        if not isinstance(hashes, list):
            raise UnexpectedAnswer(method, hashes, "expected was a list of fileHash")
        self._judge(self._checked.learn(hashes, method, self._size))

    def _judge(self, wrong: list[HashedRange]) -> None:
        """Ask again for bytes that were wrong, elsewhere if a CDN sent them. Raises HashMismatch for a second time."""
        if wrong and self._cdn is not None:
            self._leave_cdn(f"bytes {wrong[0].start} to {wrong[0].end} do not have the SHA-256 that they should have")
            return
        for each in wrong:
            if each.start in self._wrong:
                raise HashMismatch(each.start, each.end)
            self._wrong.add(each.start)
            self._setbacks.tell(Telling(f"Bytes {each.start} to {each.end} were wrong, and are asked for again"))

    def _check_hashes_end(self) -> None:
        if self._hashes_end is not None and self._checked.holds_behind(self._hashes_end):
            raise HashesMissing(self._hashes_end)

    # what went wrong

    def _redirected(self, answer: Any, master: int | None) -> None:
        if self._cdn is not None or not self._may_redirect:
            return  # of a call that was made before the first redirect was known, or before the CDN was left
        try:
            self._cdn = CdnFile.of(answer, self._dc if master is None else master)
            self._learn("upload.getFile", answer.file_hashes)
        except FlowFailed as error:
            self._leave_cdn(str(error))

    def _leave_cdn(self, reason: str) -> None:
        self._cdn = self._lost = None
        self._may_redirect = False
        self._calls.forget(lambda call: call.cdn is not None)
        self._checked.drop_unchecked()
        self._setbacks.tell(Telling(f"The file comes from data centre {self._dc} now, not from the CDN: {reason}"))

    def _move(self, call: FileCall, dc: int, error: Exception) -> None:
        if call.dc != self._dc:
            return
        self._moves += 1
        if self._moves > self._limits.moves:
            self._end(error)
        self._dc = dc

    def _outdated(self, call: FileCall, error: Exception) -> None:
        if call.generation != self._reference or self._stale is not None:
            return
        self._stale = error
        self._refreshes += 1
        if self._source.refresh is None:
            self._end(_no_reference(f"nobody knows where the file came from: {error}", error))
        elif self._refreshes > self._limits.refreshes:
            self._end(_no_reference(f"fresh ones are not valid either: {error}", error))

    def _trouble(self, call: FileCall, error: Exception) -> None:
        if call.cdn is not None:
            self._leave_cdn(str(error))
        else:
            self._end(error)

    def _end(self, error: Exception) -> None:
        self._error = error
        self._calls.forget(lambda call: True)
        self._checked.drop()


def _no_reference(reason: str, cause: Exception) -> NoFreshReference:
    error = NoFreshReference(f"the reference of the file is not valid any more: {reason}")
    error.__cause__ = cause
    return error


def _named(call: FileCall) -> str:
    return f"{call.request.NAME} from byte {call.offset} on"
