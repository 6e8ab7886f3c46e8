"""The documents of a network of local DCs, and a count of what was asked for. Data only; no TL objects."""

from __future__ import annotations

from mtproto.localdc.files.asked import PARTS_NOTED, AskedPart, FilesAsked
from mtproto.localdc.files.contents import DiskContent, FileContent, GivenContent, StreamedContent
from mtproto.localdc.files.documents import Documents, LocalDocument
from mtproto.localdc.files.hashes import HASHED, HASHES, hashes_from

__all__ = [
    "HASHED",
    "HASHES",
    "PARTS_NOTED",
    "AskedPart",
    "DiskContent",
    "Documents",
    "FileContent",
    "FilesAsked",
    "GivenContent",
    "LocalDocument",
    "StreamedContent",
    "hashes_from",
]
