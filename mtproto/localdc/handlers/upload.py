"""Fetching files (core.telegram.org/api/files#downloading-files, core.telegram.org/method/upload.getFile)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused
from mtproto.localdc.faults import FILE_HASH
from mtproto.localdc.handlers.cdn import redirect
from mtproto.localdc.handlers.locations import find_file
from mtproto.localdc.handlers.parts import check_range, file_hashes, send_part
from tl import api

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from mtproto.localdc.calls import IncomingCall
    from tl import TLObject

__all__ = ["get_file", "get_file_hashes"]


def get_file(call: IncomingCall) -> TLObject | Awaitable[TLObject]:
    """Answer with at most `limit` bytes from `offset` on; fewer, or none, where the file ends.

    A client that can is sent to a CDN DC for a file that is there.
    """
    request = call.request
    call.dc.shared.files_asked.note_call(call.packet)
    check_range(request.offset, request.limit, precise=request.precise)
    file = find_file(request.location, call)
    elsewhere = redirect(file, call) if request.cdn_supported else None
    if elsewhere is not None:
        return elsewhere
    return send_part(file, call, lambda data: api.types.upload.File(type=file.kind, mtime=file.date, bytes=data))


def get_file_hashes(call: IncomingCall) -> list[api.types.FileHash]:
    """Answer with the hashes of some ranges of a file, from that on which holds `offset`; none behind its end."""
    request = call.request
    if request.offset < 0:
        raise Refused(400, "OFFSET_INVALID")
    return file_hashes(find_file(request.location, call), request.offset, call.dc, FILE_HASH)
