"""The packets of hostile peers, built from the library's own halves."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from mtproto.exchange import ClientExchange
from mtproto.message.envelope import Sender, Unsealed, pack_plain, seal, unseal
from mtproto.session import wire
from mtproto.session.constructors import GZIP_PACKED, MSG_CONTAINER, RPC_RESULT
from mtproto.session.wire import Message
from tl import api

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from mtproto.crypto.rsa import RSAPublicKey
    from mtproto.exchange.common import Step
    from mtproto.message.auth_key import AuthKey
    from mtproto.message.key_state import ExchangeResult

__all__ = [
    "INTERMEDIATE",
    "HostileClient",
    "SealingServer",
    "exchange",
    "frame",
    "gzipped",
    "initialized",
    "plain",
    "read_frame",
    "sealed",
    "split_frames",
    "state_request",
]

INTERMEDIATE = b"\xee" * 4
"""The tag that begins an intermediate connection."""

LARGEST_FRAME = 1 << 25


def frame(payload: bytes) -> bytes:
    """Return a payload in the intermediate framing."""
    return len(payload).to_bytes(4, "little") + payload


def split_frames(stream: bytes) -> list[bytes]:
    """Return the whole payloads in what a client sent over an intermediate connection, its tag included."""
    payloads, offset = [], len(INTERMEDIATE)
    while offset + 4 <= len(stream):
        size = int.from_bytes(stream[offset : offset + 4], "little")
        if offset + 4 + size > len(stream):
            break
        payloads.append(stream[offset + 4 : offset + 4 + size])
        offset += 4 + size
    return payloads


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """Read one payload of an intermediate connection."""
    size = int.from_bytes(await reader.readexactly(4), "little") & 0x7FFFFFFF
    if size > LARGEST_FRAME:
        raise ConnectionError("the peer announces too much")
    return await reader.readexactly(size)


def plain(body: bytes) -> bytes:
    """Return a plain payload."""
    return pack_plain(int(time.time()) << 32, body)


def sealed(key: AuthKey, sender: Sender, message: Message, *, salt: int, session_id: int) -> bytes:
    """Return a packet with one message."""
    return seal(
        key,
        sender,
        salt=salt,
        session_id=session_id,
        msg_id=message.msg_id,
        seqno=message.seqno,
        body=message.body,
        random=os.urandom,
    ).payload


def gzipped(body: bytes) -> bytes:
    """Return a body as `gzip_packed`, whatever comes of its size."""
    return wire.write_gzip(body)


def state_request(count: int, msg_id: int = 5) -> bytes:
    """Return a `msgs_state_req` about `count` messages."""
    head = bytes.fromhex("52fb69da15c4b51c")
    return head + count.to_bytes(4, "little") + msg_id.to_bytes(8, "little") * count


def initialized(query: Any) -> bytes:
    """Return a query in `invokeWithLayer` and `initConnection`."""
    wrapped = api.functions.InvokeWithLayer(
        layer=api.layer,
        query=api.functions.InitConnection(
            api_id=1,
            device_model="hostile",
            system_version="1",
            app_version="1",
            system_lang_code="en",
            lang_pack="",
            lang_code="en",
            query=query,
        ),
    )
    return bytes(wrapped.to_bytes())


async def exchange(
    address: tuple[str, int],
    keys: Sequence[RSAPublicKey],
    *,
    steps: list[Step] | None = None,
) -> ExchangeResult:
    """Make an auth key with a data centre."""
    client = ClientExchange(keys, dc_id=2, random=os.urandom)
    reader, writer = await asyncio.open_connection(*address)
    try:
        payload: bytes | None = client.start(time.time())
        writer.write(INTERMEDIATE)
        while payload is not None:
            writer.write(frame(payload))
            payload = client.receive(await read_frame(reader), time.time())
    finally:
        writer.transport.abort()
    if client.result is None:
        raise ConnectionError("no key was made")
    return client.result


class HostileClient:
    """Seals whatever it is told to, under a key and in a session of its own.

    Args:
        key: an auth key that the server knows.
        salt: a salt of the key that is valid now.

    """

    def __init__(self, key: AuthKey, salt: int) -> None:
        self.key = key
        self.salt = salt
        self.session_id = int.from_bytes(os.urandom(8), "little", signed=True) or 1
        self._last_id = 0
        self._content = 0

    def msg_id(self, ahead: float = 0.0) -> int:
        """Return a fresh id."""
        self._last_id = max(int((time.time() + ahead) * (1 << 32)) & -4, self._last_id + 4)
        return self._last_id

    def seqno(self, content: bool) -> int:
        """Return the next sequence number."""
        seqno = 2 * self._content + content
        self._content += content
        return seqno

    def message(self, body: bytes, *, content: bool = True) -> Message:
        """Return a message for a container."""
        return Message(self.msg_id(), self.seqno(content), body)

    def packet(self, body: bytes, *, content: bool = True) -> bytes:
        """Return a packet with one message."""
        return self.seal(self.message(body, content=content))

    def container(self, messages: Iterable[Message]) -> bytes:
        """Return a packet with several messages."""
        return self.packet(wire.write_container(list(messages)), content=False)

    def seal(self, message: Message) -> bytes:
        """Return a packet."""
        return sealed(self.key, Sender.CLIENT, message, salt=self.salt, session_id=self.session_id)

    async def call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> bytes:
        """Make one call and return its result; the tag has been sent."""
        message = self.message(body)
        writer.write(frame(self.seal(message)))
        while True:
            payload = await read_frame(reader)
            for answer in flattened(unseal(self.key, Sender.SERVER, payload)):
                if wire.constructor_id(answer.body) == RPC_RESULT:
                    query, result = wire.read_rpc_result(answer.body)
                    if query == message.msg_id:
                        return result


class SealingServer:
    """Seals whatever it is told to as the server of one session.

    Args:
        key: the auth key of the client.
        session_id: of the client's packets.

    """

    def __init__(self, key: AuthKey, session_id: int) -> None:
        self.key = key
        self.session_id = session_id
        self._last_id = 0
        self._content = 0

    def msg_id(self, *, answer: bool = False) -> int:
        """Return a fresh id."""
        self._last_id = max(int(time.time() * (1 << 32)) & -4, self._last_id + 4)
        return self._last_id + (1 if answer else 3)

    def message(self, body: bytes, *, content: bool = False, answer: bool = False) -> Message:
        """Return a message for a container."""
        msg_id = self.msg_id(answer=answer)
        seqno = 2 * self._content + content
        self._content += content
        return Message(msg_id, seqno, body)

    def packet(self, body: bytes, *, content: bool = False, answer: bool = False) -> bytes:
        """Return a packet with one message."""
        message = self.message(body, content=content, answer=answer)
        return sealed(self.key, Sender.SERVER, message, salt=1, session_id=self.session_id)


def flattened(message: Unsealed) -> list[Message]:
    """Return the messages of a packet, those of a container one by one, and undo `gzip_packed`."""
    found = [Message(message.msg_id, message.seqno, message.body)]
    if wire.constructor_id(message.body) == MSG_CONTAINER:
        found = wire.read_container(message.body, 1 << 20)
    return [inner._replace(body=_inflated(inner.body)) for inner in found]


def _inflated(body: bytes) -> bytes:
    from mtproto.limits import DEFAULT_LIMITS

    return wire.read_gzip(body, DEFAULT_LIMITS.inflated) if wire.constructor_id(body) == GZIP_PACKED else body
