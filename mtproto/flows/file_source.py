"""Where a file is, and how its reference is made fresh (core.telegram.org/api/file-references)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.flows.steps import Flow

__all__ = ["FileSource"]


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file on the server.

    Attributes:
        location: an object of the type `InputFileLocation`.
        dc: the data centre that has the file; a wrong one is corrected by the server.
        refresh: returns a flow whose result is the location with a fresh file reference; None: nobody knows where the
            file came from.

    """

    location: Any = field(repr=False)
    dc: int
    refresh: Callable[[], Flow[Any]] | None = None
