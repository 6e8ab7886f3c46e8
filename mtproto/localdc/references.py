"""File references: opaque bytes that are good for a while (core.telegram.org/api/file-references)."""

from __future__ import annotations

import hashlib
import hmac

from mtproto.localdc.answers import Refused

__all__ = ["FileReferences"]

VERSION = b"\x01"


class FileReferences:
    """Gives references out and checks them. All of one generation expire together.

    A reference is a version byte, the generation (4 bytes, little-endian), and 20 bytes that follow from photo and
    generation. They guard nothing: whoever reads this can make one. They only have to be renewed as real ones are.
    """

    def __init__(self) -> None:
        self.generation = 1

    def expire(self) -> None:
        """Let every reference given out so far be one that has expired."""
        self.generation += 1

    def reference(self, photo_id: int) -> bytes:
        """Return a reference to this photo that is good now (25 bytes)."""
        return self._reference(photo_id, self.generation)

    def check(self, reference: bytes, photo_id: int) -> None:
        """Refuse with `FILE_REFERENCE_EMPTY`, `_INVALID` or `_EXPIRED` what is not good now."""
        if not reference:
            raise Refused(400, "FILE_REFERENCE_EMPTY")
        generation = int.from_bytes(reference[1:5], "little")
        if not hmac.compare_digest(reference, self._reference(photo_id, generation)) or generation > self.generation:
            raise Refused(400, "FILE_REFERENCE_INVALID")
        if generation < self.generation:
            raise Refused(400, "FILE_REFERENCE_EXPIRED")

    @staticmethod
    def _reference(photo_id: int, generation: int) -> bytes:
        proof = hashlib.sha256(f"file reference {generation} of photo {photo_id}".encode()).digest()[:20]
        return VERSION + generation.to_bytes(4, "little") + proof
