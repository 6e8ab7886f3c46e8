"""Uploads of an account, for asyncio: of files, of open files, of bytes.

`mtproto.account.uploads_threads` is made of this file (see `tests.structure.faces`): what differs is how to wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from mtproto.account.transfer_budget import SMALL_FILE, lanes_of_uploads
from mtproto.account.upload_options import CutUploads, UploadKeywords, UploadOptions
from mtproto.account.upload_run import UploadRun
from mtproto.account.upload_source import UploadSource
from mtproto.account.waiting_async import beside, whole
from mtproto.errors import FloodWait, InternalServerError, OptionError, RpcError
from mtproto.flows import PARTS_OF_UPLOAD, UPLOAD_PART, FileChanged, Upload, UploadLimits

if TYPE_CHECKING:
    from mtproto.account.calls import AccountCalls
    from mtproto.account.known_peers import KnownPeers
    from mtproto.account.options import AccountOptions
    from mtproto.account.transfers import Transfers
    from mtproto.account.upload_source import Uploadable

__all__ = ["AccountUploads"]


class AccountUploads:
    """What an account does for uploads.

    Args:
        options: of the account.
        calls: make the calls.
        known: who is logged in.
        transfers: what all transfers share.

    """

    def __init__(self, options: AccountOptions, calls: AccountCalls, known: KnownPeers, transfers: Transfers) -> None:
        self._options = options
        self._calls = calls
        self._known = known
        self._transfers = transfers
        self._cut = CutUploads()

    async def upload(self, source: Uploadable, **named: Unpack[UploadKeywords]) -> Any:
        """Upload a file, as `Account.upload` says."""
        options = UploadOptions(**named)
        opened = UploadSource(source, options.name)
        try:
            await whole(beside, opened.open)
            return await self._send(opened, options)
        finally:
            await whole(beside, opened.close)

    async def _send(self, source: UploadSource, options: UploadOptions) -> Any:
        await self._transfers.prepare()
        machine, mark = self._machine(source, options)
        calls = self._transfers.begin(
            min(UPLOAD_PART, source.size), "small" if source.size < SMALL_FILE else "upload", options.tell
        )
        run = UploadRun(machine, calls, source.read)
        report = self._transfers.report(calls, source.name, source.size, machine.bytes_sent, options.progress)
        try:
            await report.tell()
            while not machine.is_done:
                report.came(await run.arrived())
                await report.tell()
        except BaseException as error:
            if mark is not None and not _is_final(error):
                self._cut.keep(mark, machine, self._options.clock())
            raise
        finally:
            report.end()
            await run.close()
        return machine.result

    def _machine(self, source: UploadSource, options: UploadOptions) -> tuple[Upload, Any]:
        """Return the machine of an upload, which goes on where it was cut, and what the upload is known by.

        Raises OptionError for a file that is too large.
        """
        premium, home = self._transfers.is_premium, self._calls.home_dc
        self._transfers.lanes.spread("upload", lanes_of_uploads(home, premium=premium))
        limits = UploadLimits(
            window=self._transfers.window(options.window),
            wait=options.wait,
            parts=PARTS_OF_UPLOAD * 2 if premium else PARTS_OF_UPLOAD,
        )
        most = limits.parts * UPLOAD_PART
        if source.size > most:
            raise OptionError(f"{source.name} has {source.size} bytes, and this account may send {most}", "source")
        mark = source.mark and (source.mark, source.name, home, self._known.asker.user_id)
        machine = self._cut.take(mark, self._options.clock())
        if machine is not None:
            machine.resume(limits)
            return machine, mark
        file_id = int.from_bytes(self._options.random(8), "little", signed=True)
        schema = self._options.schema
        return Upload(schema=schema, size=source.size, file_id=file_id, name=source.name, limits=limits), mark


def _is_final(error: BaseException) -> bool:
    """Tell whether an upload that ended so would not go on: the file is another one, or the server refuses parts."""
    return isinstance(error, FileChanged) or (
        isinstance(error, RpcError) and not isinstance(error, FloodWait | InternalServerError)
    )
