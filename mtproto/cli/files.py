"""Files that are written whole or not at all, in the way in which the room `store` writes key files."""

from __future__ import annotations

from mtproto.store import PRIVATE, PUBLIC, write_whole

__all__ = ["PRIVATE", "PUBLIC", "write_whole"]
