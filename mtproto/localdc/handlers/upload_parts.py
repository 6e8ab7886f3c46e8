"""Uploading files in parts (core.telegram.org/api/files#uploading-files)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from tl import TLObject

__all__ = ["save_big_file_part", "save_file_part", "uploaded"]


def save_file_part(call: IncomingCall) -> bool:
    """Keep a part of a file of 10 MiB at most (`upload.saveFilePart`); refuses as `Uploads.save` does."""
    request = call.request
    call.dc.uploads.save(call.me.id, request.file_id, request.file_part, request.bytes)
    return True


def save_big_file_part(call: IncomingCall) -> bool:
    """Keep a part of a big file (`upload.saveBigFilePart`); refuses as `Uploads.save` does."""
    request = call.request
    call.dc.uploads.save(call.me.id, request.file_id, request.file_part, request.bytes, request.file_total_parts)
    return True


def uploaded(file: TLObject, call: IncomingCall) -> bytes:
    """Return the bytes of an `InputFile`; refuses as `Uploads.take` does."""
    match file.NAME:
        case "inputFile":
            return call.dc.uploads.take(call.me.id, file.id, file.parts, file.md5_checksum)  # type: ignore[attr-defined]
        case "inputFileBig":
            return call.dc.uploads.take(call.me.id, file.id, file.parts)  # type: ignore[attr-defined]
    raise Refused(400, "FILE_PARTS_INVALID")
