"""Packets of a DC, opened with its own key, and changed so that they harm a client.

Each function takes an `OpenedPacket` and returns the payloads that are sent in its place. The functions seal with the
right key: these are faults of a server, not of a network.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mtproto.message import Sender, unseal
from mtproto.session import Message, wire
from mtproto.session import constructors as ids
from tl import service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto.link import OutgoingPacket, SessionSlot

__all__ = [
    "OpenedPacket",
    "announced",
    "container_in_container",
    "crowded_container",
    "duplicated",
    "gzip_bomb",
    "gzip_in_gzip",
    "other_session",
    "shifted",
    "wrong_parity",
]

TOO_MANY = 1025
"""Messages in a container: one more than documented (core.telegram.org/mtproto/service_messages#containers)."""

_SECOND = 1 << 32
"""What one second adds to a msg_id."""


class OpenedPacket:
    """A packet of a session on its way out.

    Attributes:
        payload: the packet as it was sealed.
        slot: the session of the packet.
        now: Unix seconds.
        outer: the packet as one message, with msg_id and seqno; several messages are a container.
        messages: the messages in the packet, in order.

    """

    def __init__(self, packet: OutgoingPacket, slot: SessionSlot) -> None:
        opened = unseal(slot.key.auth_key, Sender.SERVER, packet.payload)
        self.payload = packet.payload
        self.slot = slot
        self.now = packet.now
        self.outer = Message(opened.msg_id, opened.seqno, opened.body)
        self._in_container = wire.constructor_id(opened.body) == ids.MSG_CONTAINER
        self.messages = wire.read_container(opened.body, TOO_MANY) if self._in_container else [self.outer]

    def of(self, constructor: int) -> list[Message]:
        """Return the messages whose constructor has this id."""
        return [message for message in self.messages if wire.constructor_id(message.body) == constructor]

    @property
    def answers(self) -> list[Message]:
        """The answers to calls (`rpc_result`)."""
        return self.of(ids.RPC_RESULT)

    def without(self, messages: Sequence[Message]) -> list[bytes]:
        """Return the packet without some of its messages; no packet if no message is left."""
        rest = [message for message in self.messages if message not in messages]
        return [self.craft(wire.write_container(rest))] if rest else []

    def craft(self, body: bytes, *, seqno: int | None = None, reply: bool = True) -> bytes:
        """Seal one message in its session under a new msg_id."""
        return self.slot.session.craft(body, self.now, seqno=seqno, reply=reply)

    def again(self, *, msg_id: int | None = None, session_id: int | None = None, body: bytes | None = None) -> bytes:
        """Seal the packet once more with another msg_id, session id or body."""
        return self.slot.session.craft(
            self.outer.body if body is None else body,
            self.now,
            msg_id=self.outer.msg_id if msg_id is None else msg_id,
            seqno=self.outer.seqno,
            session_id=session_id,
        )

    def with_results(self, change: Callable[[bytes], bytes]) -> bytes:
        """Seal the packet once more with other results in its answers."""
        messages = [message._replace(body=_with_result(message.body, change)) for message in self.messages]
        return self.again(body=wire.write_container(messages) if self._in_container else messages[0].body)


def _with_result(body: bytes, change: Callable[[bytes], bytes]) -> bytes:
    if wire.constructor_id(body) != ids.RPC_RESULT:
        return body
    req_msg_id, result = wire.read_rpc_result(body)
    return wire.write_rpc_result(req_msg_id, change(result))


def wrong_parity(packet: OpenedPacket) -> list[bytes]:
    """Give it the msg_id of a client's message: a multiple of 4."""
    return [packet.again(msg_id=packet.outer.msg_id & -4)]


def other_session(packet: OpenedPacket) -> list[bytes]:
    """Let it belong to another session of the same key."""
    return [packet.again(session_id=packet.slot.session_id ^ 2)]


def shifted(packet: OpenedPacket, seconds: int) -> list[bytes]:
    """Give it a msg_id of another time."""
    return [packet.again(msg_id=packet.outer.msg_id + seconds * _SECOND)]


def duplicated(packet: OpenedPacket) -> list[bytes]:
    """Send its answers twice, the second time as messages of their own."""
    return [packet.payload, *(packet.craft(answer.body, seqno=answer.seqno) for answer in packet.answers)]


def announced(packet: OpenedPacket) -> list[bytes]:
    """Only announce its answers; the client has to ask for them (`msg_resend_req`)."""
    answers = packet.answers
    return [*packet.without(answers), *(packet.craft(_announcement(answer)) for answer in answers)]


def _announcement(answer: Message) -> bytes:
    req_msg_id, _ = wire.read_rpc_result(answer.body)
    news = service.types.MsgDetailedInfo(
        msg_id=req_msg_id, answer_msg_id=answer.msg_id, bytes=len(answer.body), status=0
    )
    body: bytes = news.to_bytes()
    return body


def gzip_bomb(packet: OpenedPacket, size: int) -> list[bytes]:
    """Let the results inflate to so many bytes."""
    return [packet.with_results(lambda _: _bomb(size))]


@cache
def _bomb(size: int) -> bytes:
    return wire.write_gzip(bytes(size))


def gzip_in_gzip(packet: OpenedPacket) -> list[bytes]:
    """Pack the results twice."""
    return [packet.with_results(lambda result: wire.write_gzip(wire.write_gzip(result)))]


def crowded_container(packet: OpenedPacket, count: int) -> list[bytes]:
    """Add empty acknowledgements until the container holds so many messages."""
    nothing = wire.write_acks([])
    lowest = min(message.msg_id for message in packet.messages)
    crowd = [Message(lowest - 4 * place, 0, nothing) for place in range(count - len(packet.messages), 0, -1)]
    return [packet.craft(wire.write_container([*crowd, *packet.messages]))]


def container_in_container(packet: OpenedPacket) -> list[bytes]:
    """Put its messages into a container inside a container."""
    inner = Message(packet.outer.msg_id, packet.outer.seqno & -2, wire.write_container(packet.messages))
    return [packet.craft(wire.write_container([inner]))]
