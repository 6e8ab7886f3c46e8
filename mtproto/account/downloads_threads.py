"""Downloads of an account, for threads: into files, into memory, into what takes bytes, and piece by piece."""

# Made of mtproto/account/downloads.py by `python -m tests.structure.faces`. Change that file instead.

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from mtproto.account.download_options import DownloadKeywords, DownloadOptions, InOrder, taken
from mtproto.account.download_run_threads import DownloadRun
from mtproto.account.file_origins import origin_flow
from mtproto.account.part_file import SYNC_BYTES, SYNC_SECONDS, PartFile, PartMark, path_of
from mtproto.account.transfer_budget import SMALL_FILE
from mtproto.account.waiting_threads import ThreadBackground, answered, beside, whole
from mtproto.errors import OptionError
from mtproto.flows import (
    Download,
    DownloadLimits,
    FileChanged,
    FileSource,
    NoFreshReference,
    part_size,
    remote_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from mtproto.account.calls_threads import AccountCalls
    from mtproto.account.download_options import Writable
    from mtproto.account.known_peers import KnownPeers
    from mtproto.account.options import AccountOptions
    from mtproto.account.transfer_calls_threads import TransferCalls
    from mtproto.account.transfers_threads import TransferReport, Transfers
    from mtproto.flows import Flow, RemoteFile

__all__ = ["Downloads"]


class Downloads:
    """What an account does for downloads.

    Args:
        options: of the account.
        calls: make the calls.
        known: what is known of users and chats.
        transfers: what all transfers share.
        run: runs a flow over the account.

    """

    def __init__(
        self,
        options: AccountOptions,
        calls: AccountCalls,
        known: KnownPeers,
        transfers: Transfers,
        run: Callable[[Flow[Any]], Any],
    ) -> None:
        self._options = options
        self._calls = calls
        self._known = known
        self._transfers = transfers
        self._run = run

    def download(
        self, value: object, to: str | Path | Writable | None, **named: Unpack[DownloadKeywords]
    ) -> bytes | Path | int:
        """Download a file, as `Account.download` says; return its bytes, its path, or how many bytes were written."""
        options = DownloadOptions(**named)
        file = remote_file(value, options.size, dc=options.dc)
        if to is None:
            return self._into_memory(value, file, options)
        if isinstance(to, str | Path):
            return self._into_file(value, file, path_of(to, file.name), options)
        if not callable(getattr(to, "write", None)):
            raise OptionError(f"to is a path, has a method write, or is None, not {to!r:.100}", "to")
        return self._into_writable(value, file, to, options)

    def iterate(self, value: object, **named: Unpack[DownloadKeywords]) -> Generator[bytes, None, None]:
        """Download a file piece by piece, in order, as `Account.iter_download` says."""
        options = DownloadOptions(**named)
        file = remote_file(value, options.size, dc=options.dc)
        transfer = self._begin(value, file, options, [])
        order = InOrder(options.offset)
        try:
            transfer.tell()
            while not transfer.is_done:
                for data in order.take(transfer.pieces(order.at + self._transfers.window(options.window))):
                    transfer.rest()
                    yield data
                transfer.tell()
        finally:
            transfer.close()

    def _into_memory(self, value: object, file: RemoteFile, options: DownloadOptions) -> bytes:
        transfer = self._begin(value, file, options, [])
        found: list[tuple[int, bytes]] = []
        try:
            transfer.tell()
            while not transfer.is_done:
                found += transfer.pieces()
                transfer.tell()
        finally:
            transfer.close()
        return found[0][1] if len(found) == 1 else b"".join(data for _, data in sorted(found))

    def _into_writable(self, value: object, file: RemoteFile, to: Writable, options: DownloadOptions) -> int:
        transfer = self._begin(value, file, options, [])
        order = InOrder(options.offset)
        try:
            transfer.tell()
            while not transfer.is_done:
                for data in order.take(transfer.pieces(order.at + self._transfers.window(options.window))):
                    view = memoryview(data)
                    while view:  # a raw file may take less than all
                        count = transfer.ask(to.write, view if len(view) < len(data) else data)
                        view = view[taken(to, count, len(view)) :]
                transfer.tell()
        finally:
            transfer.close()
        return order.at - options.offset

    def _into_file(self, value: object, file: RemoteFile, path: Path, options: DownloadOptions) -> Path:
        size, offset, length = file.size, options.offset, options.length
        mark = PartMark.of(file.identity, size, offset, length, part_size(size), verified=options.verify)
        part = PartFile(path, mark)
        with self._transfers.file():
            try:
                whole(beside, partial(part.open, resume=options.resume))
                self._fill(value, file, part, options)
            except FileChanged:
                part.forget()
                raise
            finally:
                whole(beside, part.close)
        return path

    def _fill(self, value: object, file: RemoteFile, part: PartFile, options: DownloadOptions) -> None:
        """Write what is missing into a part file, and give it its name. Syncs go on beside the download."""
        transfer = self._begin(value, file, options, part.have)
        syncing, under_way = ThreadBackground(), False
        clock, synced_at = self._options.clock, self._options.clock()
        try:
            transfer.tell()
            while not transfer.is_done:
                for offset, data in transfer.pieces(seconds=SYNC_SECONDS if part.unsynced else None):
                    part.write(offset, data)
                transfer.tell()
                if (ended := syncing.take()) is not None:
                    under_way = False
                    if isinstance(ended[1], Exception):
                        raise ended[1]
                due = part.unsynced >= SYNC_BYTES or (part.unsynced and clock() - synced_at >= SYNC_SECONDS)
                if due and not under_way:
                    syncing.start(partial(beside, part.sync))
                    under_way, synced_at = True, clock()
            size = options.wanted(transfer.size)
            beside(part.finish, transfer.done if size is None else size)
        finally:
            transfer.close()
            syncing.close()

    # Beginning ---------------------------------------------------------------------------------------------------

    def _begin(
        self, value: object, file: RemoteFile, options: DownloadOptions, have: list[tuple[int, int]]
    ) -> Transfer:
        """Begin a download, of which some ranges are there already."""
        self._transfers.prepare()
        origin = options.origin if options.origin is not None else self._calls.origins.of(value, file)
        refresh: Callable[[], Flow[Any]] | None = None
        if callable(origin):
            refresh = _nothing
        elif origin is not None:
            refresh = origin_flow(origin, file, self._known.asker, self._known.book)
        dc = file.dc if file.dc is not None else self._calls.home_dc
        machine = Download(
            FileSource(file.location, dc, refresh),
            schema=self._options.schema,
            size=file.size,
            offset=options.offset,
            length=options.length,
            have=have,
            verify=options.verify,
            limits=DownloadLimits(window=self._transfers.window(options.window), wait=options.wait),
        )
        wanted = options.wanted(file.size)
        part = part_size(file.size) if wanted is None else min(part_size(file.size), max(wanted, 1))
        is_small = file.size is not None and file.size < SMALL_FILE
        calls = self._transfers.begin(part, "small" if is_small else "file", options.tell)
        run = DownloadRun(machine, calls, partial(self._fresh, file, origin))
        there = sum(stop - start for start, stop in have)
        report = self._transfers.report(calls, file.name, wanted, there, options.progress)
        return Transfer(run, calls, options, report)

    def _fresh(self, file: RemoteFile, origin: Any, flow: Flow[Any]) -> Any:
        """Return the location of a file with a fresh reference.

        Raises:
            NoFreshReference: there is another file in its place.
            MTProtoError: as the flow raises.

        """
        if callable(origin):
            flow.close()
            found = answered(origin, file)
        else:
            found = self._run(flow)
        fresh = remote_file(found, getattr(file.location, "thumb_size", None) or None)
        if fresh.identity != file.identity:
            raise NoFreshReference(f"another file has taken the place of {file.name}")
        return fresh.location


def _nothing() -> Flow[Any]:
    """Return a flow that does nothing: a function of the caller makes the reference fresh."""
    yield from ()


class Transfer:
    """One download under way, whose progress is told.

    Args:
        run: the download.
        calls: those of the download.
        options: what the caller has said.
        report: tells the progress.

    Attributes:
        ask: calls a function of the caller, as `TransferCalls.ask`.

    """

    def __init__(
        self, run: DownloadRun, calls: TransferCalls, options: DownloadOptions, report: TransferReport
    ) -> None:
        self.ask = calls.ask
        self._run = run
        self._options = options
        self._report = report

    @property
    def is_done(self) -> bool:
        """Whether every byte that was wanted has been given out."""
        return self._run.is_done

    @property
    def done(self) -> int:
        """Bytes that are there, of those that are wanted."""
        return self._report.done

    @property
    def size(self) -> int | None:
        """The size of the whole file; None while nobody knows."""
        return self._run.size

    def pieces(self, before: int | None = None, seconds: float | None = None) -> list[tuple[int, bytes]]:
        """Return the next bytes, as `DownloadRun.pieces`."""
        pieces = self._run.pieces(before, seconds)
        self._report.came(sum(len(data) for _, data in pieces))
        return pieces

    def tell(self) -> None:
        """Tell how far the download has come, once the bytes are where they go."""
        self._report.tell(self._options.wanted(self.size))

    def rest(self) -> None:
        """Count nothing as under way while whoever reads the bytes does something else."""
        self._run.rest()

    def close(self) -> None:
        """Give up what is under way."""
        self._report.end()
        self._run.close()
