"""The error of everything that reads or makes a world of users and pictures."""

from __future__ import annotations

__all__ = ["WorldError"]


class WorldError(Exception):
    """A world can't be loaded or drawn; the text says which file, and what to do."""
