"""A server with one file, a CDN, and a driver of downloads: each step of the driver is one turn of a test."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from random import Random
from typing import Any, TypeAlias

from mtproto.crypto import CTR
from mtproto.errors import rpc_error
from mtproto.flows import Download, DownloadLimits, FilePart, FileSource, Flow, FreshReference, Notice
from tl import api

t = api.types
MIB = 1 << 20
KIB = 1 << 10
HOME = 2
FILES_DC = 4
CDN = 203
TOKEN = b"token of the file"
REQUEST_TOKEN = b"token of the request"
KEY = bytes(range(32))
IV = bytes(range(16, 32))

Outcome: TypeAlias = "Any | Exception | None"
"""An answer, an error, or None for an order that is never answered."""


@cache
def content(size: int) -> bytes:
    """Return the bytes of a file: no two blocks of it are alike."""
    return Random(size).randbytes(size)


def location(reference: bytes = b"fresh 0") -> Any:
    return t.InputPhotoFileLocation(id=1, access_hash=2, file_reference=reference, thumb_size="y")


def refusal(code: int, message: str) -> Exception:
    return rpc_error(code, message, "upload.getFile")


@dataclass
class FileServer:
    """The server. Attributes tell how it is to behave, and what it was asked for."""

    data: bytes
    dc: int = FILES_DC
    hash_limit: int = 128 * KIB
    hashes_per_answer: int = 8
    redirects: bool = False
    redirect_hashes: int = 1
    reference: bytes = b"fresh 0"
    flaw: Callable[[bytes], bytes] = bytes
    cdn_flaw: Callable[[bytes], bytes] = bytes
    asked: list[FilePart] = field(default_factory=list)
    refreshes: int = 0

    @property
    def methods(self) -> list[str]:
        return [order.request.NAME for order in self.asked]

    @property
    def parts(self) -> list[tuple[int, int]]:
        """Offset and limit of the parts that were asked for."""
        return [(order.offset, order.limit) for order in self.asked if order.limit]

    def hashes(self, offset: int, count: int | None = None) -> list[Any]:
        first = offset - offset % self.hash_limit
        starts = range(first, len(self.data), self.hash_limit)[: self.hashes_per_answer if count is None else count]
        return [self.hash_of(start, self.hash_limit) for start in starts]

    def hash_of(self, start: int, limit: int) -> Any:
        return t.FileHash(offset=start, limit=limit, hash=sha256(self.data[start : start + limit]).digest())

    def answer(self, order: FilePart) -> Outcome:
        """Answer an order as the documentation says."""
        request: Any = order.request
        request.to_bytes()
        match request.NAME:
            case "upload.getFile":
                return self._file(order, request)
            case "upload.getFileHashes":
                if request.location != location(self.reference):
                    return refusal(400, "FILE_REFERENCE_EXPIRED")
                return self.hashes(request.offset)
            case "upload.getCdnFile":
                assert (order.dc, order.is_cdn, request.file_token) == (CDN, True, TOKEN)
                check_range(request.offset, request.limit, 4096, divides=True)
                return t.upload.CdnFile(bytes=self.cdn_flaw(encrypt(request.offset, self._cut(request))))
            case "upload.getCdnFileHashes":
                assert (order.is_cdn, request.file_token) == (False, TOKEN)
                return self.hashes(request.offset)
            case "upload.reuploadCdnFile":
                assert (order.is_cdn, request.file_token, request.request_token) == (False, TOKEN, REQUEST_TOKEN)
                return self.hashes(0, 1)
        raise AssertionError(f"unexpected call: {request.NAME}")

    def refresh(self) -> Flow[Any]:
        """Return a flow as `FileSource.refresh` does."""
        yield from ()
        self.refreshes += 1
        self.reference = f"fresh {self.refreshes}".encode()
        return location(self.reference)

    def _file(self, order: FilePart, request: Any) -> Outcome:
        assert not order.is_cdn
        check_range(request.offset, request.limit, 1024 if request.precise else 4096, divides=not request.precise)
        if order.dc != self.dc:
            return refusal(303, f"FILE_MIGRATE_{self.dc}")
        if request.location.file_reference != self.reference:
            return refusal(400, "FILE_REFERENCE_EXPIRED")
        if self.redirects and request.cdn_supported:
            return self.redirect()
        return self.file(self.flaw(self._cut(request)))

    def file(self, data: bytes) -> Any:
        return t.upload.File(type=t.storage.FileJpeg(), mtime=0, bytes=data)

    def redirect(self) -> Any:
        hashes = self.hashes(0, self.redirect_hashes)
        return t.upload.FileCdnRedirect(
            dc_id=CDN, file_token=TOKEN, encryption_key=KEY, encryption_iv=IV, file_hashes=hashes
        )

    def _cut(self, request: Any) -> bytes:
        return self.data[request.offset : request.offset + request.limit]


def check_range(offset: int, limit: int, unit: int, *, divides: bool) -> None:
    """Fail for what core.telegram.org/api/files does not allow."""
    assert offset >= 0
    assert limit > 0
    assert offset % unit == limit % unit == 0
    assert MIB % limit == 0 or not divides
    assert offset // MIB == (offset + limit - 1) // MIB


def encrypt(offset: int, data: bytes) -> bytes:
    return CTR(KEY, IV[:12] + (offset // 16).to_bytes(4, "big")).update(data)


@dataclass
class Player:
    """Plays one download: `ready` gives the orders that can be answered; `run` answers all of them in their order."""

    server: FileServer
    download: Download
    now: float = 1000.0
    pending: list[FilePart] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)
    got: dict[int, bytes] = field(default_factory=dict)
    most: int = 0
    refresh_error: Exception | None = None

    @classmethod
    def of(cls, server: FileServer, size: int | None = -1, *, dc: int = FILES_DC, **options: Any) -> Player:
        """Play a download from a server; the size is the file's unless one is given."""
        known = options.pop("refresh", True)
        limits = DownloadLimits(**options.pop("limits", {"cdn": server.redirects}))
        source = FileSource(location(server.reference), dc, server.refresh if known else None)
        size = len(server.data) if size == -1 else size
        return cls(server, Download(source, schema=api.schema, size=size, limits=limits, **options))

    @property
    def is_over(self) -> bool:
        return self.download.is_done or self.download.error is not None

    def collect(self) -> list[FilePart]:
        """Take every order that may begin now; references are made fresh at once."""
        while (order := self.download.next(self.now)) is not None:
            if isinstance(order, FreshReference):
                self._refresh(order)
            else:
                self.server.asked.append(order)
                self.pending.append(order)
        self.most = max(self.most, self.download.bytes_in_flight)
        self._take()
        return self.pending

    def settle(self, order: FilePart, outcome: Outcome, *, keep: bool = False) -> None:
        """Hand in what came of an order; `keep`: it may be answered once more."""
        if not keep and order in self.pending:
            self.pending.remove(order)
        if isinstance(outcome, Exception):
            self.download.failed(order.number, outcome, self.now)
        elif outcome is not None:
            self.download.answered(order.number, outcome, self.now)
        self._take()

    def wait(self) -> None:
        """Let the time pass up to the deadline of the download."""
        deadline = self.download.deadline()
        assert deadline is not None, "the download waits for nothing"
        self.now = max(self.now, deadline)

    def run(self, special: Callable[[FilePart], Outcome] | None = None, most: int = 10_000) -> bytes:
        """Play to the end, and return the bytes; raise what ended the download.

        Args:
            special: gives another outcome than the server's; `...` for the server's own, None for no answer.
            most: how many turns there may be.

        """
        for _ in range(most):
            if self.is_over:
                return self.result()
            if self.collect():
                order = self.pending.pop(0)
                outcome = special(order) if special else ...
                self.settle(order, self.server.answer(order) if outcome is ... else outcome)
            elif not self.is_over:
                self.wait()
        raise AssertionError("the download has no end")

    def result(self) -> bytes:
        self._take()
        if self.download.error is not None:
            raise self.download.error
        assert self.download.next(self.now) is None
        assert self.download.deadline() is None
        return b"".join(self.got[start] for start in sorted(self.got))

    def _refresh(self, order: FreshReference) -> None:
        if self.refresh_error is not None:
            self.download.not_refreshed(self.refresh_error, self.now)
            return
        self.download.refreshed(_result_of(order.flow), self.now)

    def _take(self) -> None:
        self.told += self.download.take_told()
        for start, data in self.download.take_pieces():
            assert data
            for begin, other in self.got.items():
                assert start >= begin + len(other) or start + len(data) <= begin, "a byte came twice"
            self.got[start] = data


def _result_of(flow: Generator[Any, Any, Any]) -> Any:
    try:
        flow.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("the flow asks for something")
