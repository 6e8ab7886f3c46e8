"""One login over several data centres: lanes, keys that are kept, logins, calls by a policy.

    centres     where the data centres are                kept     the record of the account, and its changes
    lanes       clients by DC and name                    running  the driver of flows
    hearing     updates for flows that wait for one       peers    who is meant by what a program writes
    known_peers the book of peers, fed and saved          incoming the driver of the order of updates
    update_mail what waits for the reader of updates      reading  one reading of updates, and what is kept of it
    lifetime    opening, saving now and then, closing     transfers what downloads and uploads share
    downloads   into files, memory and what takes bytes   download_run  the driver of one download
    uploads     of files, open files and bytes            upload_run  the driver of one upload
    cdn_lanes   connections to CDNs
    part_file   a file on disk that is not whole yet      file_origins  where file references are made fresh
    transfer_calls, transfer_budget, transfer_progress    the calls of one transfer, what bounds them, how far they are
    account     what a program uses, made of the parts

The blocking face and its parts are made of the asyncio ones (`tests.structure.faces`). The names are resolved on first
use, so that the blocking account never loads asyncio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.account.account import Account
    from mtproto.account.part_file import FileNotWritten
    from mtproto.account.transfer_progress import TransferProgress
    from mtproto.account.upload_source import FileNotRead
    from mtproto.client import UndecodableUpdate
    from mtproto.flows import Gap, Incoming

__all__ = [
    "Account",
    "FileNotRead",
    "FileNotWritten",
    "Gap",
    "Incoming",
    "TransferProgress",
    "UndecodableUpdate",
    "blocking",
]

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.account.account": ("Account",),
            "mtproto.account.part_file": ("FileNotWritten",),
            "mtproto.account.transfer_progress": ("TransferProgress",),
            "mtproto.account.upload_source": ("FileNotRead",),
            "mtproto.account.blocking": ("blocking",),
            "mtproto.client": ("UndecodableUpdate",),
            "mtproto.flows": ("Gap", "Incoming"),
        },
    )
