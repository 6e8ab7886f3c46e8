"""The files of a network of local DCs: documents, albums, uploads, and a count of what was asked for. Data only."""

from __future__ import annotations

from mtproto.localdc.files.albums import Albums
from mtproto.localdc.files.asked import PARTS_NOTED, AskedPart, FilesAsked
from mtproto.localdc.files.cdn import CdnFiles, CdnSecrets
from mtproto.localdc.files.contents import DiskContent, FileContent, GivenContent, StreamedContent
from mtproto.localdc.files.documents import Documents, LocalDocument
from mtproto.localdc.files.hashes import HASHED, HASHES, hashes_from
from mtproto.localdc.files.kept import KeptFiles
from mtproto.localdc.files.uploads import Uploads

__all__ = [
    "HASHED",
    "HASHES",
    "PARTS_NOTED",
    "Albums",
    "AskedPart",
    "CdnFiles",
    "CdnSecrets",
    "DiskContent",
    "Documents",
    "FileContent",
    "FilesAsked",
    "GivenContent",
    "KeptFiles",
    "LocalDocument",
    "StreamedContent",
    "Uploads",
    "hashes_from",
]
