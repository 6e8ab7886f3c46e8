"""Parts of files on their way to a client: which may be asked for, what faults do to them, and their hashes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused
from mtproto.localdc.faults import PartAnswer
from mtproto.localdc.files import AskedPart, hashes_from
from tl import api

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.dc_state import DCState
    from mtproto.localdc.handlers.locations import FoundFile
    from tl import TLObject

__all__ = ["check_range", "file_hashes", "send_part"]

MIB = 1 << 20
"""A request stays inside one mebibyte of the file, counted from the file's start."""

BLOCK = 4096
PRECISE_BLOCK = 1024


def check_range(offset: int, limit: int, *, precise: bool) -> None:
    """Refuse with `LIMIT_INVALID` or `OFFSET_INVALID` what the documentation does not allow."""
    block = PRECISE_BLOCK if precise else BLOCK
    if limit <= 0 or limit % block or (not precise and MIB % limit):
        raise Refused(400, "LIMIT_INVALID")
    if offset < 0 or offset % block:
        raise Refused(400, "OFFSET_INVALID")
    if offset // MIB != (offset + limit - 1) // MIB:
        raise Refused(400, "LIMIT_INVALID")


def send_part(file: FoundFile, call: IncomingCall, make: Callable[[bytes], TLObject]) -> TLObject | Awaitable[TLObject]:
    """Return the answer with a part of a file, as a fault changes it; an awaitable for an answer that is kept back."""
    request = call.request
    offset, limit = request.offset, request.limit
    whole = PartAnswer(
        call.request.NAME, file.read(offset, limit), offset, file.size, may_be_resized=file.document is not None
    )
    part = call.dc.file_faults.answered(whole)
    if part.refusal is not None:
        raise Refused(*part.refusal)
    data = part.data
    if file.document is not None and part.size != whole.size:
        file.document.resize(part.size)
        data = file.read(offset, limit)
    call.dc.shared.files_asked.note_part(
        AskedPart(file.id, file.type, offset, limit, len(data), request.NAME, call.dc.dc_id, call.session_id)
    )
    answer = make(data)
    return _kept_back(answer, part.seconds) if part.seconds else answer


async def _kept_back(answer: TLObject, seconds: float) -> TLObject:
    await asyncio.sleep(seconds)
    return answer


def file_hashes(file: FoundFile, offset: int, dc: DCState, what: str) -> list[api.types.FileHash]:
    """Return hashes of a file as objects; a fault of `what` (see `faults.files`) changes the first of them."""
    hashes: list[api.types.FileHash] = []
    for number, found in enumerate(hashes_from(offset, file.size, file.read)):
        sha256 = found.sha256 if number else dc.file_faults.answered(PartAnswer(what, found.sha256)).data
        hashes.append(api.types.FileHash(offset=found.offset, limit=found.limit, hash=sha256))
    return hashes
