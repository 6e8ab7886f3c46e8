"""File references: opaque bytes that are good for a while (core.telegram.org/api/file-references)."""

from __future__ import annotations

import hashlib
import hmac

from mtproto.localdc.answers import Refused

__all__ = ["FileReferences"]

VERSION = b"\x01"


class FileReferences:
    """Gives out references and checks them. All references of one generation expire together.

    A reference is a version byte, the generation (4 bytes, little-endian), and 20 bytes that follow from the file
    and the generation. References guard nothing: everybody can make one. Clients have to renew them as they renew real
    ones.
    """

    def __init__(self) -> None:
        self.generation = 1

    def expire(self) -> None:
        """Let every reference that was given out so far expire."""
        self.generation += 1

    def reference(self, file_id: int) -> bytes:
        """Return a reference to this photo or document that is good now (25 bytes)."""
        return self._reference(file_id, self.generation)

    def check(self, reference: bytes, file_id: int) -> None:
        """Refuse a reference that is not good now: `FILE_REFERENCE_EMPTY`, `_INVALID` or `_EXPIRED`."""
        if not reference:
            raise Refused(400, "FILE_REFERENCE_EMPTY")
        generation = int.from_bytes(reference[1:5], "little")
        if not hmac.compare_digest(reference, self._reference(file_id, generation)) or generation > self.generation:
            raise Refused(400, "FILE_REFERENCE_INVALID")
        if generation < self.generation:
            raise Refused(400, "FILE_REFERENCE_EXPIRED")

    @staticmethod
    def _reference(file_id: int, generation: int) -> bytes:
        proof = hashlib.sha256(f"file reference {generation} of {file_id}".encode()).digest()[:20]
        return VERSION + generation.to_bytes(4, "little") + proof
