"""One plain message out, one back: what it takes to ask a server whether it speaks MTProto at all."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from mtproto.errors import ConnectionLost, DeadlineExceeded, TransportError
from mtproto.transport import Payload, client_transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.transport import ClientTransport

__all__ = ["ask_plain"]

READ_SIZE = 64 * 1024


async def ask_plain(
    address: tuple[str, int],
    payload: bytes,
    *,
    transport: str = "intermediate",
    timeout: float | None = 10.0,
    random: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """Connect, send one payload, return the next one that comes, and close.

    Args:
        address: host and port.
        payload: a plain message, envelope included, such as the first query of a `ClientExchange`.
        transport: a name of `mtproto.transport.TRANSPORTS`.
        timeout: seconds for all of it; None for no limit.
        random: source of random bytes.

    Raises:
        ConnectionLost: the address can't be reached, or the server closed the connection without an answer.
        TransportError: the server answered with an error code.
        RemoteProtocolError: what came is not this transport.
        DeadlineExceeded: the time was over.

    """
    framing = client_transport(transport, random)
    try:
        async with asyncio.timeout(timeout):
            return await _ask(address, framing, payload)
    except TimeoutError:
        raise DeadlineExceeded(f"{address[0]}:{address[1]} did not answer in time") from None
    except OSError as error:
        raise ConnectionLost(f"could not talk to {address[0]}:{address[1]}: {error}") from error


async def _ask(address: tuple[str, int], framing: ClientTransport, payload: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(framing.opening() + framing.pack(payload))
        await writer.drain()
        while data := await reader.read(READ_SIZE):
            for event in framing.receive(data):
                if isinstance(event, Payload):
                    return event.data
                if isinstance(event, TransportError):
                    raise event
        raise ConnectionLost(f"{address[0]}:{address[1]} closed the connection without an answer")
    finally:
        writer.close()
