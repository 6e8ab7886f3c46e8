"""Files that are there whole or not at all; written as the room `store` writes key files."""

from __future__ import annotations

from mtproto.store import PRIVATE, PUBLIC, write_whole

__all__ = ["PRIVATE", "PUBLIC", "write_whole"]
