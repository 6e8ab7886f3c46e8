"""Sessions of other clients, read and written: strings of Telethon, Pyrogram, Kurigram, GramJS and mtcute, and the
SQLite files of the first three. Bytes and text in, bytes and text out; no file is touched.

A session of any of them becomes a `ForeignLogin`, which becomes an `AccountRecord`, and the other way round.
"""

from __future__ import annotations

from mtproto.store.foreign.databases import LARGEST_FILE, export_foreign_file, import_foreign_file
from mtproto.store.foreign.session import ForeignLogin
from mtproto.store.foreign.texts import FOREIGN_CLIENTS, export_foreign_string, import_foreign_string

__all__ = [
    "FOREIGN_CLIENTS",
    "LARGEST_FILE",
    "ForeignLogin",
    "export_foreign_file",
    "export_foreign_string",
    "import_foreign_file",
    "import_foreign_string",
]
