"""Which messages of a packet a client is going to unpack, so that the unpacking can be done in steps.

core.telegram.org/mtproto/service_messages#packed-object
"""

from __future__ import annotations

from mtproto.errors import RemoteProtocolError
from mtproto.session import constructors as ids
from mtproto.session import wire
from mtproto.session.client_parts import ClientParts
from mtproto.session.inbox import Seen

__all__ = ["answers_open_call", "is_unpacked"]


def is_unpacked(parts: ClientParts, message: wire.Message) -> bool:
    """Inflate a part of the `gzip_packed` that a message holds; return whether nothing is left to be inflated."""
    if len(message.body) <= wire.SHORT_STREAM:
        return True
    packed = _gzip_in(parts, message)
    return packed is None or parts.reader.inflate_some(packed)


def _gzip_in(parts: ClientParts, message: wire.Message) -> bytes | None:
    """Return the serialized `gzip_packed` that will be inflated when a message is handled; None if there is none.

    Nothing is changed. A `gzip_packed` in an unusual place is not found: it is inflated in one step.
    """
    body = message.body
    if wire.constructor_id(body) == ids.MSG_COPY:
        try:
            message = wire.read_copy(body)
        except RemoteProtocolError:
            return None
        body = message.body
    if wire.constructor_id(body) == ids.RPC_RESULT:
        if wire.constructor_id(body[12:16]) != ids.GZIP_PACKED:
            return None
        req_msg_id, body = wire.read_rpc_result(body)
        if parts.outbox.find(req_msg_id) is None and parts.questions.find(req_msg_id) is None:
            return None
    if wire.constructor_id(body) != ids.GZIP_PACKED:
        return None
    if not message.seqno & 1 or message.msg_id == parts.time.packet_id:
        return body
    seen = parts.inbox.look_up(message.msg_id)
    wanted = seen is Seen.NEW or (seen is Seen.TOO_OLD and answers_open_call(parts, message.body))
    return body if wanted else None


def answers_open_call(parts: ClientParts, body: bytes) -> bool:
    """Whether a message answers an open call: that is as good as a memory of the message's id."""
    if wire.constructor_id(body) != ids.RPC_RESULT or len(body) < 16:
        return False
    return parts.outbox.find(wire.read_rpc_result(body)[0]) is not None
