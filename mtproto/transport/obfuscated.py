"""Obfuscation, known as obfuscated2 (core.telegram.org/mtproto/mtproto-transports#transport-obfuscation).

    header   64 random-looking bytes of the client; all that follows, either way, goes through AES-256-CTR
    keys     client to server: header[8:40], iv header[40:56]; server to client: the same of the header reversed
    inside   header[56:60] the tag of the framing four times over, header[60:62] the DC id; sent encrypted

With the secret of a proxy, each key is the SHA-256 of key and secret. Obfuscation hides the form of the framing from a
machine in the middle. It protects nothing; the layer above does.
"""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from mtproto.crypto import CTR
from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.transport.framings import FRAMINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.transport.events import Event
    from mtproto.transport.framing import Framing

__all__ = ["OBFUSCATED_HEADER", "Header", "Obfuscated", "make_header", "may_be_header", "obfuscate", "read_header"]

OBFUSCATED_HEADER = 64

_PART = 1 << 16
"""Bytes that are encrypted at a time."""

_SECRET_SIZE = 16

_CARRIERS = (b"HEAD", b"POST", b"GET ", b"OPTI", b"\x16\x03\x01\x02")
"""How HTTP and TLS begin: a header that began so would be taken for one of them."""

_ATTEMPTS = 1000
"""A sound source of randomness needs a second attempt once in 250 headers. A broken source must not hang the
program."""


class Header(NamedTuple):
    """The content of a client's header.

    Attributes:
        tag: the four bytes that stand for the framing.
        dc_id: the DC that the client wants (only proxies need it), negative for media, above 10000 for test DCs.
        decrypt: the running stream from the client, past the header.
        encrypt: the running stream to the client.

    """

    tag: bytes
    dc_id: int
    decrypt: CTR
    encrypt: CTR


class Obfuscated:
    """Either end of an obfuscated connection: a framing, and one running stream for each direction.

    Args:
        framing: the framing inside. It has a tag; full has none.
        encrypt: the key stream of the bytes that this end sends.
        decrypt: the key stream of the bytes that this end receives.
        opening: the header, which the client sends first.

    """

    def __init__(self, framing: Framing, encrypt: CTR, decrypt: CTR, opening: bytes = b"") -> None:
        self._framing = framing
        self._encrypt = encrypt
        self._decrypt = decrypt
        self._opening = opening
        self.quick_acks = framing.quick_acks
        self.ready = True
        self.packets = False

    @property
    def missing(self) -> int:
        """How many bytes are still to come of the packet whose header has come; 0 if none has."""
        return self._framing.missing

    def opening(self) -> bytes:
        """Return what the client sends once, before its first packet: 64 bytes."""
        return self._opening

    def pack(self, payload: bytes, quick_ack: bool = False) -> bytes:
        """Return the bytes that carry one payload; raises `LocalProtocolError` like the framing inside."""
        if len(payload) <= _PART:
            return self._encrypt.update(self._framing.pack(payload, quick_ack))
        self._framing.check(payload, quick_ack)
        return self._hidden(self._framing.pieces(payload, quick_ack))

    def pack_quick_ack(self, token: int) -> bytes:
        """Return the bytes of a quick acknowledgement; raises `LocalProtocolError` like the framing inside."""
        return self._encrypt.update(self._framing.pack_quick_ack(token))

    def pack_error(self, code: int) -> bytes:
        """Return the bytes of a transport error; raises `LocalProtocolError` like the framing inside."""
        return self._encrypt.update(self._framing.pack_error(code))

    def frame(self, payload: bytes, marked: bool) -> bytes:
        """Put the header of the framing inside around any bytes, unchecked, and encrypt."""
        return self._encrypt.update(self._framing.frame(payload, marked))

    def receive(self, data: bytes) -> list[Event]:
        """Take what came in, return what it completes; raises `RemoteProtocolError` like the framing inside."""
        return self._framing.receive(self._decrypt.update(data))

    def _hidden(self, pieces: tuple[bytes, ...]) -> bytes:
        """Encrypt a large packet part by part, so that it is put together only once."""
        whole = BytesIO(bytes(sum(map(len, pieces))))  # room for all of it
        for piece in pieces:
            for start in range(0, len(piece), _PART):
                whole.write(self._encrypt.update(piece[start : start + _PART]))
        return whole.getvalue()


def obfuscate(
    framing: Framing, random: Callable[[int], bytes], *, dc_id: int | None = None, secret: bytes | None = None
) -> Obfuscated:
    """Wrap the client's end of a framing.

    Args:
        framing: the client's end of abridged, intermediate or padded intermediate.
        random: source of random bytes; headers are drawn until one looks like no other transport.
        dc_id: the id to write into the header; proxies need it. None leaves random bytes there.
        secret: 16 bytes, the secret of a proxy.

    Raises:
        LocalProtocolError: the framing has no tag, the secret or the DC id does not fit, or `random` is broken.

    """
    if not framing.tag:
        raise LocalProtocolError(f"{framing.name}: a framing without a tag can't be obfuscated")
    tag = framing.tag * (4 // len(framing.tag))
    opening, encrypt, decrypt = make_header(tag, random, dc_id=dc_id, secret=secret)
    return Obfuscated(framing, encrypt, decrypt, opening)


def make_header(
    tag: bytes, random: Callable[[int], bytes], *, dc_id: int | None = None, secret: bytes | None = None
) -> tuple[bytes, CTR, CTR]:
    """Return a client's header, and the streams to the server and from it, past the header.

    Args:
        tag: the four bytes that stand for the framing; the other arguments are those of `obfuscate`.
        random: as there.
        dc_id: as there.
        secret: as there.

    Raises:
        LocalProtocolError: the secret or the DC id does not fit, or `random` is broken.

    """
    if secret is not None and len(secret) != _SECRET_SIZE:
        raise LocalProtocolError(f"the secret has {_SECRET_SIZE} bytes, not {len(secret)}")
    if dc_id is not None and not -(2**15) <= dc_id < 2**15:
        raise LocalProtocolError(f"DC id {dc_id} has more than 16 bits")
    start = _draw(random)
    number = start[60:62] if dc_id is None else dc_id.to_bytes(2, "little", signed=True)
    plain = start[:56] + tag + number + start[62:]
    encrypt, decrypt = _streams(plain, secret)
    return plain[:56] + encrypt.update(plain)[56:], encrypt, decrypt


def read_header(header: bytes, secret: bytes | None = None) -> Header:
    """Read a client's header, 64 bytes, with a secret that the client may have used. A known tag shows that it did.

    Raises:
        RemoteProtocolError: not 64 bytes.

    """
    if len(header) != OBFUSCATED_HEADER:
        raise RemoteProtocolError("transport", f"an obfuscated header has {OBFUSCATED_HEADER} bytes, not {len(header)}")
    decrypt, encrypt = _streams(header, secret)
    plain = decrypt.update(header)
    return Header(plain[56:60], int.from_bytes(plain[60:62], "little", signed=True), decrypt, encrypt)


def may_be_header(head: bytes) -> bool:
    """Tell whether a header may begin like this; true while there are too few bytes to tell."""
    return head[:4] not in _CARRIERS and all(layout.begins(head) is None for layout in FRAMINGS)


def _draw(random: Callable[[int], bytes]) -> bytes:
    for _ in range(_ATTEMPTS):
        start = random(OBFUSCATED_HEADER)
        if may_be_header(start):
            return start
    raise LocalProtocolError("the source of randomness gives no usable header")


def _streams(header: bytes, secret: bytes | None) -> tuple[CTR, CTR]:
    """Return the streams from the client and to it."""
    mirrored = header[::-1]
    return _stream(header, secret), _stream(mirrored, secret)


def _stream(header: bytes, secret: bytes | None) -> CTR:
    key = header[8:40]
    return CTR(key if secret is None else hashlib.sha256(key + secret).digest(), header[40:56])
