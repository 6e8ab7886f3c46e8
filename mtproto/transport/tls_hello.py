"""A TLS ClientHello that looks like a browser's (RFC 8446, section 4.1.2), for fake TLS.

    16 03 01 | length (2 bytes)                                the record
    01 | length (3) | 03 03 | random (32) | 20 | session id (32)
    cipher suites | compression | extensions                   as Chrome sends them

Nobody completes this handshake. A machine in the middle must find nothing in it that differs from a browser's hello. So
the extensions are in random order, as Chrome's are; the key shares are values that their groups allow; and the values
that RFC 8701 reserves ("GREASE") are where a browser puts them. All numbers are big-endian.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "RANDOM_END",
    "RANDOM_START",
    "SESSION_ID_END",
    "SESSION_ID_START",
    "client_hello",
    "sized",
    "x25519_share",
]

RANDOM_START, RANDOM_END = 11, 43
"""The place of the 32 random bytes in the record of a ClientHello, and of a ServerHello."""

SESSION_ID_START, SESSION_ID_END = 44, 76
"""The place of the session id in the record, behind its length."""

_X25519MLKEM768, _X25519, _P256, _P384 = 0x11EC, 0x001D, 0x0017, 0x0018

_CIPHER_SUITES = bytes.fromhex("130113021303c02bc02fc02cc030cca9cca8c013c014009c009d002f0035")
_SIGNATURES = bytes.fromhex("04030804040105030805050108060601")
_HTTP = (b"h2", b"http/1.1")

_PADDING = 0x0015
_PADDED_HANDSHAKE = 512
"""Browsers fill up a shorter handshake message to this size, because some servers fail on shorter ones."""

_ECH_SIZES = (144, 176, 208, 240)
"""Sizes that an encrypted inner hello may have: it is padded to multiples of 32."""

_MLKEM_MODULUS = 3329
_MLKEM_COEFFICIENTS = 768
_MLKEM_SEED = 32


def client_hello(domain: str, random: Callable[[int], bytes], *, compact: bool = False) -> bytes:
    """Return one record with a ClientHello whose random bytes are zero.

    Args:
        domain: the server's name, ASCII, 182 bytes at most.
        random: source of random bytes.
        compact: leave out what made this message grow since 2023: X25519MLKEM768 and the encrypted hello. The record
            then has 517 bytes, the one size that some old proxies take.

    """
    cipher, group, version, first, last = _grease(random)
    shares = [(group, b"\0"), (_X25519, x25519_share(random))]
    modern = []
    if not compact:
        shares.insert(1, (_X25519MLKEM768, _mlkem768_share(random) + x25519_share(random)))
        modern = [(0xFE0D, _ech(random))]  # encrypted_client_hello
    groups = [number for number, _ in shares] + [_P256, _P384]
    extensions = [
        *modern,
        (0x0000, sized(b"\0" + sized(domain.encode("ascii")))),  # server_name
        (0x0005, bytes.fromhex("0100000000")),  # status_request
        (0x000A, sized(_words(groups))),  # supported_groups
        (0x000B, bytes.fromhex("0100")),  # ec_point_formats
        (0x000D, sized(_SIGNATURES)),  # signature_algorithms
        (0x0010, sized(b"".join(sized(protocol, 1) for protocol in _HTTP))),  # ALPN
        (0x0012, b""),  # signed_certificate_timestamp
        (0x0017, b""),  # extended_master_secret
        (0x001B, bytes.fromhex("020002")),  # compress_certificate
        (0x0023, b""),  # session_ticket
        (0x002B, sized(_words((version, 0x0304, 0x0303)), 1)),  # supported_versions
        (0x002D, bytes.fromhex("0101")),  # psk_key_exchange_modes
        (0x0033, sized(b"".join(_word(number) + sized(share) for number, share in shares))),  # key_share
        (0x44CD, sized(sized(_HTTP[0], 1))),  # application_settings
        (0xFF01, b"\0"),  # renegotiation_info
    ]
    _shuffle(extensions, random)
    body = b"".join(
        (
            bytes.fromhex("0303") + bytes(RANDOM_END - RANDOM_START),
            sized(random(SESSION_ID_END - SESSION_ID_START), 1),
            sized(_word(cipher) + _CIPHER_SUITES),
            b"\x01\x00",  # no compression
        )
    )
    written = b"".join(_extension(*pair) for pair in ((first, b""), *extensions, (last, b"\0")))
    written += _filler(4 + len(body) + 2 + len(written))
    return b"\x16\x03\x01" + sized(b"\x01" + sized(body + sized(written), 3))


def x25519_share(random: Callable[[int], bytes]) -> bytes:
    """Return a public key of X25519, 32 bytes: half of all random values are none, which would give us away."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(random(32)).public_key().public_bytes_raw()


def _mlkem768_share(random: Callable[[int], bytes]) -> bytes:
    """Return what FIPS 203 accepts as an encapsulation key: 768 numbers below the modulus in 12 bits each, a seed."""
    drawn = random(4 * _MLKEM_COEFFICIENTS)  # 32 bits for each, so that no number is likelier than another
    packed = 0
    for place in range(_MLKEM_COEFFICIENTS):
        number = int.from_bytes(drawn[4 * place : 4 * place + 4], "little") % _MLKEM_MODULUS
        packed |= number << 12 * place
    return packed.to_bytes(_MLKEM_COEFFICIENTS * 12 // 8, "little") + random(_MLKEM_SEED)


def _ech(random: Callable[[int], bytes]) -> bytes:
    """Return what Chrome sends to servers that have no key for an encrypted hello: as if it had one."""
    suite = bytes.fromhex("0000010001")  # the outer hello; HKDF-SHA256, AES-128-GCM
    size = _ECH_SIZES[random(1)[0] % len(_ECH_SIZES)]
    return suite + random(1) + sized(x25519_share(random)) + sized(random(size))


def _grease(random: Callable[[int], bytes]) -> list[int]:
    """Draw five reserved values, neighbours different: two extensions of one type would be an error."""
    values: list[int] = []
    for byte in random(5):
        high = byte & 0xF0
        if values and values[-1] & 0xF0 == high:
            high ^= 0x10
        values.append((high | 0x0A) * 0x0101)
    return values


def _shuffle(items: list[tuple[int, bytes]], random: Callable[[int], bytes]) -> None:
    for place in range(len(items) - 1, 0, -1):
        other = int.from_bytes(random(4), "little") % (place + 1)
        items[place], items[other] = items[other], items[place]


def _filler(size: int) -> bytes:
    """Return the padding extension (RFC 7685) for a handshake message of `size` bytes; none if it is long enough."""
    missing = _PADDED_HANDSHAKE - size
    return _extension(_PADDING, bytes(max(0, missing - 4))) if missing > 0 else b""


def _extension(number: int, data: bytes) -> bytes:
    return _word(number) + sized(data)


def _words(numbers: Iterable[int]) -> bytes:
    return b"".join(map(_word, numbers))


def _word(number: int) -> bytes:
    return number.to_bytes(2, "big")


def sized(data: bytes, width: int = 2) -> bytes:
    """Return the data with its length before it, `width` bytes."""
    return len(data).to_bytes(width, "big") + data
