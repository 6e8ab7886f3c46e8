"""SHA-1, which MTProto prescribes in places where nothing depends on its resistance to collisions.

SHA-256 comes straight from `hashlib`.
"""

from __future__ import annotations

import hashlib

__all__ = ["sha1"]


def sha1(data: bytes) -> bytes:
    """Return the SHA-1 of `data`, 20 bytes. (The flag is for builds of OpenSSL that would refuse it otherwise.)"""
    return hashlib.sha1(data, usedforsecurity=False).digest()
