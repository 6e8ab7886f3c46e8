"""The documents of a network: files of any kind that messages carry (core.telegram.org/constructor/document)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mtproto.localdc.world import derived_hash

if TYPE_CHECKING:
    from mtproto.localdc.files.contents import FileContent

__all__ = ["Documents", "LocalDocument"]

DOCUMENT_ID_BASE = 5_200_000_000_000_000_000
"""Ids of documents are beyond 2**53, as those of photos."""

STEP = 1 << 20
"""Bytes that are hashed at a time."""


@dataclass(slots=True, eq=False)
class LocalDocument:
    """A document of a local DC.

    Attributes:
        id: its id.
        access_hash: what a client has to name beside the id.
        name: the file name that clients are told.
        mime_type: the type that clients are told.
        date: when it was added (Unix seconds).
        dc_id: the DC that has the file.
        size: bytes of the file.
        on_cdn: whether clients that ask for it are sent to a CDN DC.
        attributes: each a serialized `DocumentAttribute`, beside the file name.
        content: where the bytes come from.

    """

    id: int
    access_hash: int
    name: str
    mime_type: str
    date: int
    dc_id: int
    size: int
    on_cdn: bool
    content: FileContent = field(repr=False)
    attributes: tuple[bytes, ...] = field(default=(), repr=False)

    def read(self, offset: int, limit: int) -> bytes:
        """Return up to `limit` bytes from `offset` on; fewer, or none, where the file ends."""
        wanted = max(min(limit, self.size - offset), 0)
        data = self.content.read(offset, wanted) if wanted else b""
        return data + bytes(wanted - len(data))  # zeros where the file has grown

    def sha256(self) -> bytes:
        """Return the SHA-256 of the whole file."""
        digest = hashlib.sha256()
        for offset in range(0, self.size, STEP):
            digest.update(self.read(offset, STEP))
        return digest.digest()

    def resize(self, size: int) -> None:
        """Let the file end elsewhere from now on, as if somebody had replaced it; what clients were told stays."""
        self.size = size


class Documents:
    """All documents of a network, by id."""

    def __init__(self) -> None:
        self._documents: dict[int, LocalDocument] = {}
        self._added = 0

    @property
    def next_number(self) -> int:
        """How many documents there were so far: the number of the one that is added next."""
        return self._added

    def add(
        self,
        content: FileContent,
        name: str,
        mime_type: str,
        date: int,
        dc_id: int,
        *,
        on_cdn: bool = False,
        attributes: tuple[bytes, ...] = (),
    ) -> LocalDocument:
        """Add a document with an id of its own; the arguments are attributes of `LocalDocument`."""
        document_id = DOCUMENT_ID_BASE + self._added * 1_000_003
        self._added += 1
        document = LocalDocument(
            id=document_id,
            access_hash=derived_hash(f"document {document_id}"),
            name=name,
            mime_type=mime_type,
            date=date,
            dc_id=dc_id,
            size=content.size,
            on_cdn=on_cdn,
            content=content,
            attributes=attributes,
        )
        self._documents[document_id] = document
        return document

    def find(self, document_id: int) -> LocalDocument | None:
        """Return the document with this id, or None."""
        return self._documents.get(document_id)

    def forget(self, document_id: int) -> None:
        """Forget a document."""
        self._documents.pop(document_id, None)
