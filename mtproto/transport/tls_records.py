"""TLS records as a disguise for a byte stream (RFC 8446, section 5.1): not encrypted; the borders mean nothing.

    data                 17 03 03 | length (2 bytes, big-endian) | data
    change cipher spec   14 03 03 00 01 01                          once, before the client's first data

Both ends read and write the same.
"""

from __future__ import annotations

from mtproto.errors import RemoteProtocolError

__all__ = [
    "CHANGE_CIPHER_SPEC",
    "HEADER_SIZE",
    "LONGEST_CIPHERTEXT",
    "LONGEST_PLAINTEXT",
    "RecordReader",
    "cut_records",
]

HEADER_SIZE = 5

LONGEST_PLAINTEXT = 1 << 14
"""Bytes that a record of the handshake may hold, and the data that we put into a record (RFC 8446, section 5.1)."""

LONGEST_CIPHERTEXT = LONGEST_PLAINTEXT + 256
"""Bytes that an encrypted record may hold (RFC 8446, section 5.2): data, its real type, padding and a tag. A disguise
may use all of them: mtprotoproxy writes records of 16384 + 24 bytes."""

CHANGE_CIPHER_SPEC = bytes.fromhex("140303000101")

_DATA = bytes.fromhex("170303")


def cut_records(data: bytes, longest: int) -> bytes:
    """Return a piece of the stream in records of at most `longest` bytes each; no bytes for an empty piece."""
    pieces: list[bytes] = []
    for start in range(0, len(data), longest):
        piece = data[start : start + longest]
        pieces += (_DATA, len(piece).to_bytes(2, "big"), piece)
    return b"".join(pieces)


class RecordReader:
    """Takes records in and gives the stream inside them. It keeps no data: a record need not be whole to be read."""

    __slots__ = ("_begun", "_failure", "_head", "_left")

    def __init__(self) -> None:
        self._head = b""  # of the next record, while it is incomplete
        self._left = 0  # bytes of the current record that are still to come
        self._begun = False  # data came
        self._failure: RemoteProtocolError | None = None

    def receive(self, data: bytes) -> bytes:
        """Take bytes that came in, in pieces of any size, and return the part of the stream inside them.

        Raises:
            RemoteProtocolError: the bytes are no such records. `events` holds the stream before them, as one piece.

        """
        if self._failure is not None:
            raise RemoteProtocolError(self._failure.check, self._failure.detail)
        pieces: list[bytes] = []
        position = 0
        try:
            while position < len(data):
                if not self._left:
                    position = self._read_head(data, position)
                    continue
                piece = data[position : position + self._left]
                pieces.append(piece)
                position += len(piece)
                self._left -= len(piece)
        except RemoteProtocolError as failure:
            self._failure = RemoteProtocolError(failure.check, failure.detail)  # without frames
            failure.keep_events((b"".join(pieces),))
            raise
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read_head(self, data: bytes, position: int) -> int:
        """Take the bytes of the next header that are here, and return the position behind them."""
        first = self._head[:1] or data[position : position + 1]
        size = len(CHANGE_CIPHER_SPEC) if first == CHANGE_CIPHER_SPEC[:1] else HEADER_SIZE
        piece = data[position : position + size - len(self._head)]
        head = self._head + piece
        self._head = b"" if len(head) == size else head
        known = CHANGE_CIPHER_SPEC if size > HEADER_SIZE and not self._begun else _DATA
        if head[: len(known)] != known[: len(head)]:
            raise RemoteProtocolError("record", "neither data nor a change of ciphers in its place")
        if len(head) == HEADER_SIZE and known is _DATA:
            self._left = int.from_bytes(head[3:], "big")
            self._begun = True
            if self._left > LONGEST_CIPHERTEXT:
                detail = f"{self._left} bytes announced, at most {LONGEST_CIPHERTEXT} accepted"
                raise RemoteProtocolError("record", detail)
        return position + len(piece)
