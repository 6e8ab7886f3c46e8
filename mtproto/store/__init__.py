"""Keys on disk: how a key file is locked, read, written whole, and what a damaged one leads to; and what accounts keep.

`ForeignLogin` is the login as other clients keep it, read from their strings and files and written as such.

Of an account a store keeps an `AccountRecord`: `MemoryStore`, `FileStore` (a file for one account), `SQLiteStore` (a
database for many), or a session string. `store_of` makes a store of a path or such a string.

What the bytes of other files mean the room does not know: the command line and the local data centre keep JSON of their
own. Locking a file needs the extra `store` (the library filelock); importing the room does not, and the names of
accounts are resolved on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names
from mtproto.store.drafts import PRIVATE, PUBLIC, remove_drafts, write_whole
from mtproto.store.errors import PassphraseNeeded, PassphraseWrong, StoreDamaged, StoreError, StoreLocked
from mtproto.store.fields import Fields, read_fields
from mtproto.store.files import ROOM, LockedFile
from mtproto.store.reading import read_file

if TYPE_CHECKING:
    from mtproto.store.account_file import FileStore
    from mtproto.store.foreign import (
        FOREIGN_CLIENTS,
        LARGEST_FILE,
        ForeignLogin,
        export_foreign_file,
        export_foreign_string,
        import_foreign_file,
        import_foreign_string,
    )
    from mtproto.store.memory import MemoryStore
    from mtproto.store.opening import store_of
    from mtproto.store.record import AccountRecord, Json, Store
    from mtproto.store.record_json import read_key_state
    from mtproto.store.session_string import export_string, import_string
    from mtproto.store.sqlite import SQLiteStore

__all__ = [
    "FOREIGN_CLIENTS",
    "LARGEST_FILE",
    "PRIVATE",
    "PUBLIC",
    "ROOM",
    "AccountRecord",
    "Fields",
    "FileStore",
    "ForeignLogin",
    "Json",
    "LockedFile",
    "MemoryStore",
    "PassphraseNeeded",
    "PassphraseWrong",
    "SQLiteStore",
    "Store",
    "StoreDamaged",
    "StoreError",
    "StoreLocked",
    "export_foreign_file",
    "export_foreign_string",
    "export_string",
    "import_foreign_file",
    "import_foreign_string",
    "import_string",
    "read_fields",
    "read_file",
    "read_key_state",
    "remove_drafts",
    "store_of",
    "write_whole",
]

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.store.account_file": ("FileStore",),
            "mtproto.store.foreign": (
                "FOREIGN_CLIENTS",
                "LARGEST_FILE",
                "ForeignLogin",
                "export_foreign_file",
                "export_foreign_string",
                "import_foreign_file",
                "import_foreign_string",
            ),
            "mtproto.store.memory": ("MemoryStore",),
            "mtproto.store.opening": ("store_of",),
            "mtproto.store.record": ("AccountRecord", "Json", "Store"),
            "mtproto.store.record_json": ("read_key_state",),
            "mtproto.store.session_string": ("export_string", "import_string"),
            "mtproto.store.sqlite": ("SQLiteStore",),
        },
    )
