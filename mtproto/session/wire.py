"""The service messages whose payload stays bytes, and those of many ids, read and written by hand.

`msg_container`, `message`, `msg_copy`, `rpc_result` and `gzip_packed` carry bodies of the API's schema, which this room
does not know, so that no TL object is made of them. Messages that hold nothing but ids are read without TL objects for
speed. Every other service message goes through its declaration. All numbers are little-endian; a msg_id is a signed
64-bit integer, as TL reads a `long`.

Pages: core.telegram.org/mtproto/service_messages (containers, gzip_packed), core.telegram.org/mtproto/TL-combinators.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Generator, Sequence
from io import BytesIO
from struct import Struct, pack, unpack_from
from typing import NamedTuple

from mtproto.errors import RemoteProtocolError
from mtproto.session.constructors import (
    GZIP_PACKED,
    INVOKE_AFTER_MSG,
    INVOKE_AFTER_MSGS,
    MESSAGE,
    MSG_CONTAINER,
    MSG_COPY,
    MSGS_ACK,
    RPC_ERROR,
    RPC_RESULT,
    VECTOR,
)
from tl.wire import WireError, escaped_bytes, pack_bytes, read_bytes

__all__ = [
    "GZIP_FROM",
    "INFLATED_MOST",
    "MESSAGE_HEADER",
    "PACKET_OVERHEAD",
    "SHORT_AT_MOST",
    "SHORT_STREAM",
    "Message",
    "TooMany",
    "check_future_salts",
    "constructor_id",
    "count_ids",
    "gzip_if_shorter",
    "inflating",
    "message_at",
    "places_in_container",
    "read_container",
    "read_copy",
    "read_gzip",
    "read_ids",
    "read_req_msg_id",
    "read_rpc_result",
    "write_acks",
    "write_container",
    "write_copy",
    "write_gzip",
    "write_invoke_after",
    "write_rpc_error",
    "write_rpc_result",
]


MESSAGE_HEADER = 16
"""Bytes in front of each body in a container: msg_id, seqno, length."""

PACKET_OVERHEAD = 24 + 32 + 8 + 1024
"""Bytes of a packet besides the bodies in its container: envelope, header, container, the most padding."""

GZIP_FROM = 256
"""Bodies up to this many bytes are never packed: the specification calls it pointless."""

_GZIP_UP_TO = 64 * 1024
# Bodies above this size are parts of files, which are compressed already: trying costs milliseconds and gains nothing.

_GZIP_WORTH = 0.9
# The share of its size to which packing must bring a body, as in TDLib: unpacking is work for the other end.

_GZIP_SAMPLE = 2048
# Bytes out of the middle of a body. Packing them tells for a twentieth of the work whether packing the whole body is
# worth while; packing a picture is not.

_WORD = Struct("<I")
_PAIR = Struct("<II")
_MESSAGE = Struct("<qii")
_RPC_RESULT = Struct("<Iq")
_FUTURE_SALTS = Struct("<IqiI")
_RPC_ERROR = Struct("<Ii")
_VECTOR_HEAD = Struct("<III")
_INVOKE_AFTER = Struct("<Iq")

INFLATED_MOST = 1032
"""Bytes that one byte of a deflate stream becomes at most."""

SHORT_AT_MOST = 128 * 1024
"""Bytes that a service message may become which carries no other: the longest that are sent name 8192 messages."""

_PIECE = 512 * 1024
# Bytes that are inflated at once: some milliseconds. What zlib makes of more lies in many pieces, which it copies.

SHORT_STREAM = 512
"""Bytes of a stream that becomes no more than is inflated at once, whatever stands in it."""

_FEED = 256 * 1024
# Bytes of a stream that are given to zlib at once, since it copies those that it does not take yet.

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
# Window size 32 KiB, header told by its first bytes: some clients send a zlib stream (78 9c) where gzip is declared.
_GZIP = zlib.MAX_WBITS | 16
_GZIP_MAGIC = b"\x1f\x8b"


class TooMany(RemoteProtocolError):
    """A documented limit on the number of messages or ids is passed; a server answers with transport error -429."""


class Message(NamedTuple):
    """One message of a session: `message msg_id:long seqno:int bytes:int body:Object`.

    Attributes:
        msg_id: its id, signed 64 bits.
        seqno: its number; odd if it is content-related and has to be acknowledged.
        body: one serialized boxed object, a multiple of four bytes.

    """

    msg_id: int
    seqno: int
    body: bytes


def constructor_id(body: bytes) -> int:
    """Return the id (unsigned 32 bits) with which `body` begins, or 0 for a body without one."""
    return int(_WORD.unpack_from(body)[0]) if len(body) >= _WORD.size else 0


def places_in_container(body: bytes, limit: int) -> list[int]:
    """Check a serialized `msg_container`, and return the offsets of its messages.

    Args:
        body: the whole container, constructor id included.
        limit: how many messages are accepted.

    Raises:
        RemoteProtocolError: the container is cut short, has bytes left over, or holds a message of impossible length or
            another container. A container is accepted or rejected as a whole.
        TooMany: more than `limit` messages; a kind of the above.

    """
    if len(body) < _PAIR.size:
        raise RemoteProtocolError("msg_container", "cut short")
    _, count = _PAIR.unpack_from(body)
    if count > limit:
        raise TooMany("msg_container", f"{count} messages, at most {limit} are allowed")
    places = []
    offset, end = _PAIR.size, len(body)
    for _ in range(count):
        places.append(offset)
        start = offset + MESSAGE_HEADER
        if start > end:
            raise RemoteProtocolError("msg_container", "cut short")
        length = _MESSAGE.unpack_from(body, offset)[2]
        offset = start + length
        if length < _WORD.size or length % 4 or offset > end:
            raise RemoteProtocolError("msg_container", f"a message of {length} bytes, {end - start} are left")
        if _WORD.unpack_from(body, start)[0] == MSG_CONTAINER:
            raise RemoteProtocolError("msg_container", "a container inside a container")
    if offset != end:
        raise RemoteProtocolError("msg_container", f"{end - offset} bytes are left over")
    return places


def message_at(body: bytes, place: int) -> Message:
    """Return the message at one of the offsets that `places_in_container` has returned."""
    msg_id, seqno, length = _MESSAGE.unpack_from(body, place)
    start = place + MESSAGE_HEADER
    return Message(msg_id, seqno, body[start : start + length])


def read_container(body: bytes, limit: int) -> list[Message]:
    """Split a serialized `msg_container` into its messages; arguments and errors as of `places_in_container`."""
    return [message_at(body, place) for place in places_in_container(body, limit)]


def write_container(messages: Sequence[Message]) -> bytes:
    """Serialize a `msg_container` with these messages, in this order."""
    parts = [_PAIR.pack(MSG_CONTAINER, len(messages))]
    for msg_id, seqno, body in messages:
        parts.append(_MESSAGE.pack(msg_id, seqno, len(body)))
        parts.append(body)
    return b"".join(parts)


def read_copy(body: bytes) -> Message:
    """Return the message inside a serialized `msg_copy`.

    Its field has the boxed type `Message`, so that the constructor id of `message` stands in front of it; senders
    that leave the id out are understood too.

    Raises:
        RemoteProtocolError: its length does not agree with its content.

    """
    offset = _WORD.size
    if len(body) >= 2 * _WORD.size and _WORD.unpack_from(body, offset)[0] == MESSAGE:
        offset += _WORD.size
    start = offset + MESSAGE_HEADER
    if len(body) < start + _WORD.size:
        raise RemoteProtocolError("msg_copy", "cut short")
    msg_id, seqno, length = _MESSAGE.unpack_from(body, offset)
    if length % 4 or start + length != len(body):
        raise RemoteProtocolError("msg_copy", f"a message of {length} bytes, {len(body) - start} are left")
    return Message(msg_id, seqno, body[start:])


def write_copy(message: Message) -> bytes:
    """Serialize a `msg_copy` of `message`."""
    head = _MESSAGE.pack(message.msg_id, message.seqno, len(message.body))
    return _PAIR.pack(MSG_COPY, MESSAGE) + head + message.body


def read_rpc_result(body: bytes) -> tuple[int, bytes]:
    """Split a serialized `rpc_result` into (req_msg_id, serialized result).

    Raises:
        RemoteProtocolError: the message is too short for a result with a constructor id.

    """
    if len(body) < _RPC_RESULT.size + _WORD.size:
        raise RemoteProtocolError("rpc_result", "cut short")
    return _RPC_RESULT.unpack_from(body)[1], body[_RPC_RESULT.size :]


def read_req_msg_id(body: bytes) -> int:
    """Return the id of the question from a serialized `future_salts`, in which the id comes first. No more is read.

    Raises:
        RemoteProtocolError: the message is too short for an id.

    """
    if len(body) < _RPC_RESULT.size:
        raise RemoteProtocolError("future_salts", "cut short")
    return int(_RPC_RESULT.unpack_from(body)[1])


def check_future_salts(body: bytes, limit: int) -> None:
    """Check how many salts a serialized `future_salts` holds, before anything is made of them.

    Raises:
        RemoteProtocolError: the message is too short for a count, or holds more than `limit` salts.

    """
    if len(body) < _FUTURE_SALTS.size:
        raise RemoteProtocolError("future_salts", "cut short")
    count = _FUTURE_SALTS.unpack_from(body)[-1]
    if count > limit:
        raise RemoteProtocolError("future_salts", f"{count} salts, at most {limit} are allowed")


def write_rpc_result(req_msg_id: int, result: bytes) -> bytes:
    """Serialize an `rpc_result` around an already serialized result."""
    return _RPC_RESULT.pack(RPC_RESULT, req_msg_id) + result


def write_rpc_error(code: int, message: str) -> bytes:
    """Serialize an `rpc_error` (core.telegram.org/api/errors), the result of a call that failed."""
    return _RPC_ERROR.pack(RPC_ERROR, code) + pack_bytes(escaped_bytes(message))


def write_acks(msg_ids: Sequence[int]) -> bytes:
    """Serialize `msgs_ack` (core.telegram.org/mtproto/service_messages_about_messages)."""
    return _VECTOR_HEAD.pack(MSGS_ACK, VECTOR, len(msg_ids)) + pack(f"<{len(msg_ids)}q", *msg_ids)


def count_ids(body: bytes) -> int:
    """Return how many ids a service message names whose first field is `msg_ids:Vector<long>`. The ids are not read.

    Raises:
        RemoteProtocolError: the message is too short for these ids, or its first field is no such vector.

    """
    if len(body) < _VECTOR_HEAD.size:
        raise RemoteProtocolError("msg_ids", "cut short")
    _, vector, count = _VECTOR_HEAD.unpack_from(body)
    if vector != VECTOR or len(body) < _VECTOR_HEAD.size + 8 * count:
        raise RemoteProtocolError("msg_ids", "not a vector of the length that it declares")
    return int(count)


def read_ids(body: bytes) -> tuple[int, ...]:
    """Return the ids of a service message whose only field is `msg_ids:Vector<long>`.

    Raises:
        RemoteProtocolError: its length does not agree with its count.

    """
    count = count_ids(body)
    if len(body) != _VECTOR_HEAD.size + 8 * count:
        raise RemoteProtocolError("msg_ids", "not a vector of the length that it declares")
    ids: tuple[int, ...] = unpack_from(f"<{count}q", body, _VECTOR_HEAD.size)
    return ids


def write_invoke_after(msg_ids: Sequence[int], query: bytes) -> bytes:
    """Wrap a serialized query in `invokeAfterMsg` or `invokeAfterMsgs` (core.telegram.org/api/invoking)."""
    if len(msg_ids) == 1:
        return _INVOKE_AFTER.pack(INVOKE_AFTER_MSG, msg_ids[0]) + query
    head = _VECTOR_HEAD.pack(INVOKE_AFTER_MSGS, VECTOR, len(msg_ids))
    return head + pack(f"<{len(msg_ids)}q", *msg_ids) + query


def read_gzip(body: bytes, limit: int, short: Collection[int] = ()) -> bytes:
    """Inflate a serialized `gzip_packed`, one level; gzip and zlib streams are accepted.

    Args:
        body: the whole object, constructor id included.
        limit: how many bytes it may become.
        short: the constructor ids of objects that may become no more than `SHORT_AT_MOST`.

    Raises:
        RemoteProtocolError: the stream is damaged, cut short or followed by something, or grows beyond `limit`.

    """
    unpacker = zlib.decompressobj(wbits=_GZIP_OR_ZLIB)
    most = min(limit, SHORT_AT_MOST)
    try:
        unpacked = unpacker.decompress(_packed_data(body), most + 1)
    except zlib.error as error:
        raise RemoteProtocolError("gzip_packed", "the stream is damaged") from error
    if unpacker.eof and len(unpacked) <= most and not unpacker.unused_data:
        return unpacked  # most objects are short
    steps = inflating(body, limit, short)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            inflated: bytes = end.value
            return inflated


def write_gzip(body: bytes) -> bytes:
    """Serialize a `gzip_packed` of an already serialized object."""
    packer = zlib.compressobj(wbits=_GZIP)
    return _WORD.pack(GZIP_PACKED) + pack_bytes(packer.compress(body) + packer.flush())


def gzip_if_shorter(body: bytes) -> bytes:
    """Return `body` as a `gzip_packed` if that saves a tenth, else `body` itself (core.telegram.org/api/invoking)."""
    if not GZIP_FROM < len(body) <= _GZIP_UP_TO or constructor_id(body) == GZIP_PACKED:
        return body
    if len(body) >= 2 * _GZIP_SAMPLE:
        middle = (len(body) - _GZIP_SAMPLE) // 2
        if len(zlib.compress(body[middle : middle + _GZIP_SAMPLE], 1)) > _GZIP_WORTH * _GZIP_SAMPLE:
            return body
    packed = write_gzip(body)
    return packed if len(packed) <= _GZIP_WORTH * len(body) else body


def inflating(body: bytes, limit: int, short: Collection[int] = ()) -> Generator[None, None, bytes]:
    """Inflate as `read_gzip` does, in steps of a few milliseconds: a generator that returns the object.

    Raises:
        RemoteProtocolError: as `read_gzip` does, at whichever step shows it.

    """
    data = _packed_data(body)
    unpacker = zlib.decompressobj(wbits=_GZIP_OR_ZLIB)
    try:
        # One byte more than allowed is asked for: getting it tells a bomb from an object of exactly that size.
        unpacked = unpacker.decompress(data[:_FEED], min(limit, SHORT_AT_MOST) + 1)
        if len(unpacked) > SHORT_AT_MOST and constructor_id(unpacked) in short:
            raise RemoteProtocolError("gzip_packed", f"a service message of more than {SHORT_AT_MOST} bytes")
        fed = min(len(data), _FEED)
        if not unpacker.eof and len(unpacked) <= limit:
            gathered = BytesIO(bytes(min(limit, INFLATED_MOST * len(data), _announced_size(data))))
            gathered.write(unpacked)
            del unpacked
            while not unpacker.eof and gathered.tell() <= limit:
                yield
                feed = unpacker.unconsumed_tail
                if not feed:
                    feed = data[fed : fed + _FEED]
                    fed += len(feed)
                piece = unpacker.decompress(feed, min(_PIECE, limit + 1 - gathered.tell()))
                gathered.write(piece)
                if not piece and not feed:
                    break  # nothing is left, and the stream has no end
            gathered.truncate()
            unpacked = gathered.getvalue()
    except zlib.error as error:
        raise RemoteProtocolError("gzip_packed", "the stream is damaged") from error
    if len(unpacked) > limit:
        raise RemoteProtocolError("gzip_packed", f"{len(data)} bytes inflate to more than {limit}")
    if not unpacker.eof:
        raise RemoteProtocolError("gzip_packed", "the stream is cut short")
    behind = len(unpacker.unused_data) + len(data) - fed
    if behind:
        raise RemoteProtocolError("gzip_packed", f"{behind} bytes follow the stream")
    return unpacked


def _announced_size(data: bytes) -> int:
    """Return how many bytes a gzip stream says that it becomes, which may be wrong; 0 for a zlib stream.

    Room for all of these bytes is made at once, since room that grows is copied each time.
    """
    if data[:2] != _GZIP_MAGIC or len(data) < _WORD.size:
        return 0
    return int(_WORD.unpack_from(data, len(data) - _WORD.size)[0])


def _packed_data(body: bytes) -> bytes:
    """Return the stream inside a serialized `gzip_packed`, whose only field is `packed_data:bytes`."""
    try:
        data, end = read_bytes(body, _WORD.size)
    except WireError as error:
        raise RemoteProtocolError("gzip_packed", str(error)) from error
    if end != len(body):
        raise RemoteProtocolError("gzip_packed", f"{len(body) - end} bytes are left over")
    return data
