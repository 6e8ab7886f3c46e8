"""An account as one line of text, to carry a login into an environment variable or another store.

The text is `mtproto1:` and URL-safe base64 (RFC 4648, without padding) of a version byte, 8 bytes of SHA-256 and the
JSON of `record_json.py`. Who has the text is logged in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mtproto.store.errors import StoreDamaged
from mtproto.store.record_json import login_bytes, read_record

if TYPE_CHECKING:
    from mtproto.store.record import AccountRecord

__all__ = ["export_string", "import_string", "looks_like_string"]

_PREFIX = "mtproto1:"
_VERSION = 1
_CHECKSUM = 8
_NAME = Path("the session string")
_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")

LONGEST_STRING = 1024 * 1024
"""Characters of a session string: more than any account needs."""

_FOREIGN = re.compile(r"[A-Za-z0-9+/_=-]{100,}")
"""What session strings of other programs look like, whole or in part: they have 350 characters of base64 and more."""


def export_string(record: AccountRecord) -> str:
    """Return the record as one line of text, without peers and updates, which may be lost.

    Who reads the text can act as the user.
    """
    content = login_bytes(record).strip()
    data = bytes([_VERSION]) + _checksum(content) + content
    return _PREFIX + base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def import_string(text: str) -> AccountRecord:
    """Read a session string; blanks and line breaks around it do not matter.

    Raises:
        StoreDamaged: the text is no session string, one of another version, or damaged. The error quotes nothing.

    """
    text = text.strip()
    if not text.startswith(_PREFIX):
        raise StoreDamaged(
            _NAME,
            f"not a session string of this program, which begins with {_PREFIX}; another client's is read by "
            "mtproto.store.import_foreign_string, and MemoryStore(….to_record()) is a store of it",
        )
    coded = text[len(_PREFIX) :]
    if len(text) > LONGEST_STRING:
        raise StoreDamaged(_NAME, f"longer than {LONGEST_STRING} characters")
    if not _ALPHABET.fullmatch(coded):
        raise StoreDamaged(_NAME, "damaged: it has other characters than those of URL-safe base64")
    try:
        data = base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4))
    except binascii.Error:
        raise StoreDamaged(_NAME, "damaged, or cut short") from None
    if data[:1] != bytes([_VERSION]):
        raise StoreDamaged(_NAME, "one of another version, or damaged")
    content = data[1 + _CHECKSUM :]
    if not hmac.compare_digest(data[1 : 1 + _CHECKSUM], _checksum(content)):
        raise StoreDamaged(_NAME, "damaged, or cut short: its checksum is another one")
    return read_record(_NAME, content)


def looks_like_string(text: str) -> bool:
    """Tell whether a text is meant as a session string, of this program or another one, and not as a path.

    A path so long and without a dot is taken for a string unless its folder is there: an error about a path would quote
    the text.
    """
    joined = "".join(text.split())  # a string that was pasted may be broken into lines
    if joined.startswith(_PREFIX):
        return True
    return _FOREIGN.fullmatch(joined) is not None and not ("/" in text and _is_folder(Path(text).parent))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long for one
        return False


def _checksum(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()[:_CHECKSUM]
