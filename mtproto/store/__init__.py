"""Keys on disk: how a key file is locked, read, written whole, and what a damaged one leads to.

The room does not know what the bytes of a file mean: the command line and the local data centre keep JSON of their own
in their files. Locking a file needs the extra `store` (the library filelock); importing the room does not.
"""

from mtproto.store.drafts import PRIVATE, PUBLIC, remove_drafts, write_whole
from mtproto.store.errors import StoreDamaged, StoreError, StoreLocked
from mtproto.store.fields import Fields, read_fields
from mtproto.store.files import LockedFile, read_file
from mtproto.store.record import AccountRecord, Store

__all__ = [
    "PRIVATE",
    "PUBLIC",
    "AccountRecord",
    "Fields",
    "LockedFile",
    "Store",
    "StoreDamaged",
    "StoreError",
    "StoreLocked",
    "read_fields",
    "read_file",
    "remove_drafts",
    "write_whole",
]
