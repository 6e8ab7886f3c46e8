"""Session strings of other clients (the layouts are big-endian but for mtcute's).

- Telethon: `1`, then URL-safe base64 of dc:u8, the IP address (4 or 16 bytes), port:u16, key.
- GramJS: `1`, then base64 of dc:u8, length:i16, the address as text, port:i16, key. A port above 32767 stands there as
  a negative number, at which GramJS itself can't connect.
- Pyrogram and Kurigram: URL-safe base64 of dc:u8, application:u32, test:bool, key, user:u64, bot:bool. Two older
  layouts lack the application; the oldest one has 32 bits for the user.
- mtcute: URL-safe base64 of the version 3, flags:i32 (1 a user follows, 2 test servers, 4 a second address follows),
  the address as TL bytes (`_read_place`), user:i64 and a boxed Bool, the key as TL bytes, all of it little-endian.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING

from mtproto.errors import OptionError
from mtproto.message import AUTH_KEY_LENGTH
from mtproto.store.errors import StoreDamaged
from mtproto.store.foreign.session import checked, ip_of
from tl.wire import (
    BOOL_FALSE,
    BOOL_TRUE,
    WireError,
    pack_bytes,
    read_bytes,
    read_int,
    read_long,
    read_string,
    read_uint,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.store.foreign.session import ForeignLogin

__all__ = ["FOREIGN_CLIENTS", "LONGEST_FOREIGN_STRING", "export_foreign_string", "import_foreign_string"]

LONGEST_FOREIGN_STRING = 4096
"""Characters of a session string of another client: the longest layout needs some 900."""

_NAME = Path("the session string")
_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")
_BOTH_ALPHABETS = str.maketrans("+/", "-_")

_KEY = f"{AUTH_KEY_LENGTH}s"
_TELETHON = {struct.size: struct for struct in (Struct(f">B4sH{_KEY}"), Struct(f">B16sH{_KEY}"))}
_PYROGRAM = Struct(f">BI?{_KEY}Q?")
_OLDER_PYROGRAM = {struct.size: struct for struct in (Struct(f">B?{_KEY}I?"), Struct(f">B?{_KEY}Q?"))}
_GRAMJS_HEAD = Struct(">BH")
_GRAMJS_TAIL = Struct(f">H{_KEY}")
_GRAMJS_SHORTEST = 4
"""Characters of an address: GramJS takes a string with a shorter one for Telethon's."""
_GRAMJS_LONGEST = 100

_INT = Struct("<i")
_USER = Struct("<qI")
_MTCUTE = 3
_SELF, _TEST, _MEDIA = 1, 2, 4
_PLACE_VERSIONS = (1, 2)
_PLACE_IPV6, _PLACE_TEST = 1, 4


def import_foreign_string(text: str) -> ForeignLogin:
    """Read a session string of Telethon, GramJS, Pyrogram, Kurigram or mtcute; the string itself tells whose it is.

    Blanks and line breaks around it do not matter, nor does padding.

    Raises:
        StoreDamaged: the text is none of these strings, or damaged. The error quotes nothing.

    """
    text = text.strip()
    if len(text) > LONGEST_FOREIGN_STRING:
        raise StoreDamaged(_NAME, f"longer than {LONGEST_FOREIGN_STRING} characters")
    plain = text.translate(_BOTH_ALPHABETS).rstrip("=")
    if not _ALPHABET.fullmatch(plain):
        raise StoreDamaged(_NAME, "no session string: it has other characters than those of base64")
    if plain.startswith("1"):
        data = _decoded(plain[1:])
        is_telethon = len(data) in _TELETHON and not _is_gramjs(data)
        return _read_telethon(data) if is_telethon else _read_gramjs(data)
    data = _decoded(plain)
    if len(data) == _PYROGRAM.size:
        return _read_pyrogram(data)
    if len(data) in _OLDER_PYROGRAM:
        return _read_older_pyrogram(data)
    if data[:1] == bytes([_MTCUTE]):
        return _read_mtcute(data)
    raise StoreDamaged(_NAME, "no session string of a known client, or cut short")


def export_foreign_string(session: ForeignLogin, client: str) -> str:
    """Return the session string that another client reads. Who has the string is logged in.

    Args:
        session: the login. Pyrogram and Kurigram need `user_id` and `api_id`; mtcute works without a user id, and asks
            the server then. Telethon, GramJS and mtcute need an address (`ForeignLogin.place`).
        client: one of `FOREIGN_CLIENTS`.

    Raises:
        OptionError: there is no such client, or something that its layout needs is missing.

    """
    writer = _WRITERS.get(client)
    if writer is None:
        raise OptionError(f"session strings are known of {', '.join(FOREIGN_CLIENTS)} alone", "client")
    return writer(session)


def needed(session: ForeignLogin, name: str, client: str) -> int:
    """Return `user_id` or `api_id` of a session for a layout that can't do without.

    Raises:
        OptionError: the session lacks it.

    """
    value: int | None = getattr(session, name)
    if value is None:
        raise OptionError(f"{client} needs {name}, which this session does not hold", name)
    return value


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise StoreDamaged(_NAME, "damaged, or cut short") from None


def _read_telethon(data: bytes) -> ForeignLogin:
    dc_id, packed, port, key = _TELETHON[len(data)].unpack(data)
    host = ipaddress.ip_address(packed).compressed
    return checked(_NAME, "a session string of Telethon", auth_key=key, dc_id=dc_id, address=(host, port))


def _write_telethon(session: ForeignLogin) -> str:
    host, port = session.place()
    packed = ipaddress.ip_address(host).packed
    struct = next(struct for size, struct in _TELETHON.items() if size == len(packed) + _GRAMJS_TAIL.size + 1)
    data = struct.pack(session.dc_id, packed, port, session.auth_key)
    return "1" + base64.urlsafe_b64encode(data).decode("ascii")


def _is_gramjs(data: bytes) -> bool:
    """Tell whether data of one of Telethon's lengths is GramJS's: an address of 14 letters makes it as long as IPv6."""
    _, length = _GRAMJS_HEAD.unpack_from(data)
    host = data[_GRAMJS_HEAD.size : -_GRAMJS_TAIL.size]
    return length == len(host) and length >= _GRAMJS_SHORTEST and host.isascii() and ip_of(host.decode()) is not None


def _read_gramjs(data: bytes) -> ForeignLogin:
    if len(data) < _GRAMJS_HEAD.size + _GRAMJS_TAIL.size:
        raise StoreDamaged(_NAME, "no session string of a known client, or cut short")
    dc_id, length = _GRAMJS_HEAD.unpack_from(data)
    host = data[_GRAMJS_HEAD.size : -_GRAMJS_TAIL.size]
    if length != len(host) or length > _GRAMJS_LONGEST or not host.isascii():
        raise StoreDamaged(_NAME, "damaged, or cut short")
    port, key = _GRAMJS_TAIL.unpack(data[-_GRAMJS_TAIL.size :])
    address = (host.decode("ascii"), port)
    return checked(_NAME, "a session string of GramJS", auth_key=key, dc_id=dc_id, address=address)


def _write_gramjs(session: ForeignLogin) -> str:
    host, port = session.place()
    if len(host) < _GRAMJS_SHORTEST:
        host = ipaddress.ip_address(host).exploded
    head = _GRAMJS_HEAD.pack(session.dc_id, len(host)) + host.encode("ascii")
    return "1" + base64.b64encode(head + _GRAMJS_TAIL.pack(port, session.auth_key)).decode("ascii")


def _read_pyrogram(data: bytes) -> ForeignLogin:
    dc_id, api_id, test, key, user_id, is_bot = _PYROGRAM.unpack(data)
    return checked(
        _NAME,
        "a session string of Pyrogram or Kurigram",
        auth_key=key,
        dc_id=dc_id,
        test=test,
        api_id=api_id,
        user_id=user_id,
        is_bot=is_bot,
    )


def _read_older_pyrogram(data: bytes) -> ForeignLogin:
    dc_id, test, key, user_id, is_bot = _OLDER_PYROGRAM[len(data)].unpack(data)
    layout = "an older session string of Pyrogram"
    return checked(_NAME, layout, auth_key=key, dc_id=dc_id, test=test, user_id=user_id, is_bot=is_bot)


def _write_pyrogram(session: ForeignLogin) -> str:
    data = _PYROGRAM.pack(
        session.dc_id,
        needed(session, "api_id", "Pyrogram"),
        bool(session.test),
        session.auth_key,
        needed(session, "user_id", "Pyrogram"),
        bool(session.is_bot),
    )
    return _unpadded(data)


def _read_mtcute(data: bytes) -> ForeignLogin:
    try:
        return _read_tl(data)
    except WireError:
        raise StoreDamaged(_NAME, "taken for a session string of mtcute, but damaged, or cut short") from None


def _read_tl(data: bytes) -> ForeignLogin:
    flags, offset = read_int(data, 1)
    packed, offset = read_bytes(data, offset)
    dc_id, address, test = _read_place(packed)
    if flags & _MEDIA:
        packed, offset = read_bytes(data, offset)
        _read_place(packed)
    user_id = is_bot = None
    if flags & _SELF:
        user_id, offset = read_long(data, offset)
        word, offset = read_uint(data, offset)
        is_bot = word == BOOL_TRUE
        if word not in (BOOL_TRUE, BOOL_FALSE):
            raise WireError("no Bool")
    key, offset = read_bytes(data, offset)
    if offset != len(data) or flags & ~(_SELF | _TEST | _MEDIA):
        raise WireError("more than a session")
    return checked(
        _NAME,
        "a session string of mtcute",
        auth_key=key,
        dc_id=dc_id,
        address=address,
        test=test or bool(flags & _TEST),
        user_id=user_id,
        is_bot=is_bot,
    )


def _read_place(data: bytes) -> tuple[int, tuple[str, int], bool]:
    """Read the address of a data centre: version, number and flags in a byte each, the host as TL string, the port."""
    if len(data) < 3 or data[0] not in _PLACE_VERSIONS:
        raise WireError("no address")
    host, offset = read_string(data, 3)
    port, offset = read_int(data, offset)
    return data[1], (host, port), bool(data[2] & _PLACE_TEST)


def _write_mtcute(session: ForeignLogin) -> str:
    host, port = session.place()
    is_ipv6 = ":" in host
    flags = is_ipv6 * _PLACE_IPV6 | bool(session.test) * _PLACE_TEST
    place = bytes([_PLACE_VERSIONS[-1], session.dc_id, flags]) + pack_bytes(host.encode()) + _INT.pack(port)
    user = b""
    if session.user_id is not None:
        user = _USER.pack(session.user_id, BOOL_TRUE if session.is_bot else BOOL_FALSE)
    head = bytes([_MTCUTE]) + _INT.pack(_SELF if user else 0)
    return _unpadded(head + pack_bytes(place) + user + pack_bytes(session.auth_key))


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


_WRITERS: dict[str, Callable[[ForeignLogin], str]] = {
    "telethon": _write_telethon,
    "pyrogram": _write_pyrogram,
    "kurigram": _write_pyrogram,
    "gramjs": _write_gramjs,
    "mtcute": _write_mtcute,
}

FOREIGN_CLIENTS = tuple(_WRITERS)
"""The clients whose session strings are written. Kurigram's are Pyrogram's."""
