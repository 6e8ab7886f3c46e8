"""Documents that a program adds to a local DC, without any client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mtproto.errors import OptionError
from mtproto.localdc.files import DiskContent, GivenContent, StreamedContent

if TYPE_CHECKING:
    from mtproto.localdc.dc_state import DCState
    from mtproto.localdc.files import FileContent, LocalDocument

__all__ = ["added_document"]


def added_document(
    dc: DCState,
    name: str,
    size: int | None,
    data: bytes | None,
    path: str | Path | None,
    *,
    mime_type: str,
    dc_id: int | None,
    on_cdn: bool,
) -> LocalDocument:
    """Add a document to the network of a DC; see `LocalDC.add_document`."""
    documents = dc.shared.documents
    content = _content(size, data, path, seed=documents.next_number)
    at = dc.dc_id if dc_id is None else dc_id
    if at not in dc.shared.dcs:
        raise OptionError(f"there is no DC {at} that could have the file", "dc_id")
    return documents.add(content, name, mime_type, int(dc.clock()), at, on_cdn=on_cdn)


def _content(size: int | None, data: bytes | None, path: str | Path | None, *, seed: int) -> FileContent:
    match size, data, path:
        case int(), None, None if size >= 0:
            return StreamedContent(size, seed)
        case None, bytes(), None:
            return GivenContent(data)
        case None, None, str() | Path():
            return DiskContent(Path(path))
    raise OptionError("a document has a size (from 0), or data, or a path: one of the three", "size")
