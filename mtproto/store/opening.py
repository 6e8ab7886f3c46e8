"""What may stand where a store is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mtproto.errors import OptionError
from mtproto.store.account_file import FileStore
from mtproto.store.memory import MemoryStore
from mtproto.store.session_string import import_string, looks_like_string

if TYPE_CHECKING:
    from mtproto.store.record import Store

__all__ = ["store_of"]


def store_of(place: Store | Path | str, *, passphrase: str | None = None) -> Store:
    """Return the store that somebody means.

    Args:
        place: a store, which is returned as it is; the path of a file (`FileStore`); or a session string, whose account
            is kept in memory (`MemoryStore`). A text that looks like a session string of any program is never taken
            for a path.
        passphrase: of the file.

    Raises:
        StoreDamaged: a session string that is damaged, or another program's. The error quotes nothing.
        StoreError: as `FileStore`.
        OptionError: a passphrase for something else than a path.

    """
    if isinstance(place, str) and looks_like_string(place):
        _no(passphrase)
        return MemoryStore(import_string(place))
    if isinstance(place, str | Path):
        return FileStore(place, passphrase=passphrase)
    _no(passphrase)
    return place


def _no(passphrase: str | None) -> None:
    if passphrase is not None:
        raise OptionError("a passphrase is for a file: a store has its own, a session string has none", "passphrase")
