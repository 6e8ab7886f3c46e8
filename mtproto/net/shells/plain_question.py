"""One plain message out, one plain message back: the way to ask a server whether it speaks MTProto."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.errors import ConnectionLost, DeadlineExceeded, MTProtoError, TransportError
from mtproto.link import OtherEnd
from mtproto.net.carriers import CARRIERS
from mtproto.net.clock import Clock
from mtproto.net.route_options import route_to
from mtproto.net.shells.async_loop import AsyncLoop
from mtproto.net.shells.guard import Guard
from mtproto.transport import Payload, client_transport

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from mtproto.net.carriers import Carrier
    from mtproto.net.route_options import Destination, Proxy
    from mtproto.transport import ClientTransport

__all__ = ["ask_plain"]


@named_options()
async def ask_plain(
    address: Destination,
    payload: bytes,
    *,
    dc_id: int = 2,
    transport: str | None = None,
    proxy: str | Proxy | None = None,
    tls: ssl.SSLContext | None = None,
    timeout: float | None = 10.0,
    clock: Callable[[], float] | None = None,
    random: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """Connect, send one payload, return the next one that comes, and close.

    Args:
        address: where to connect, as `Connection` takes it.
        payload: a plain message, envelope included, such as the first query of a `ClientExchange`.
        dc_id: the data centre that a proxy is to lead to.
        transport: a name of `mtproto.net.TRANSPORT_NAMES`, as `Connection` takes it.
        proxy: the way there, as `Connection` takes it.
        tls: what to trust where the transport has TLS; None trusts what the system trusts.
        timeout: seconds for all of it; None for no limit.
        clock: gives Unix seconds; never steps.
        random: source of random bytes.

    Raises:
        ConnectionLost: the address can't be reached, or the server closed the connection without an answer.
        TransportError: the server answered with an error code.
        RemoteProtocolError: the answer is not of this transport.
        OptionError: no such transport, or two of the options exclude one another.
        LocalProtocolError: no such proxy, or a library is missing.
        DeadlineExceeded: the time was over.

    """
    route = route_to(address, transport, proxy, tls=tls)
    loop = AsyncLoop(clock if clock is not None else Clock())
    framing = client_transport(route.framing, random, dc_id=dc_id, secret=route.secret, now=loop.now())
    question = _Question(framing, payload, OtherEnd(dc_id, route.secret))
    carrier = CARRIERS[route.carrier](Guard(loop, question.failed), route, question)
    try:
        async with asyncio.timeout(timeout):
            return await question.answer
    except TimeoutError:
        raise DeadlineExceeded(f"{route} did not answer in time") from None
    except OSError as error:
        raise ConnectionLost(f"could not talk to {route}: {error}") from error
    finally:
        carrier.abort()
        await loop.idle()


class _Question:
    """A payload on its way: the `Owner` of its carrier.

    Attributes:
        answer: the payload that comes back, or the error.

    """

    def __init__(self, framing: ClientTransport, payload: bytes, other_end: OtherEnd) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._framing = framing
        self._payload: bytes | None = payload
        self._carrier: Carrier
        self._other_end = other_end

    def opened(self, carrier: Carrier) -> None:
        """Ask, after a greeting where the framing begins with one."""
        self._carrier = carrier
        self._send(self._framing.opening())

    def received(self, data: bytes) -> None:
        """Take what came in; only the first answer counts."""
        if self.answer.done():
            return
        foreign = None if self._framing.packets else self._other_end.received(data)
        if foreign is not None:
            self.answer.set_exception(foreign)
            return
        try:
            events = self._framing.receive(data)
        except MTProtoError as error:
            self.answer.set_exception(error)
            return
        for event in events:
            if isinstance(event, Payload):
                self.answer.set_result(event.data)
                return
            if isinstance(event, TransportError):
                self.answer.set_exception(event)
                return
        self._send()

    def drained(self) -> None:
        """Do nothing: there is no more to send."""

    def lost(self, error: Exception | None) -> None:
        """End the question without an answer, with the reason."""
        if not self.answer.done():
            self.answer.set_exception(error or self._other_end.closed(greeting=not self._framing.ready))

    def failed(self, error: Exception) -> None:
        """End the question with an unexpected exception."""
        if not self.answer.done():
            self.answer.set_exception(error)

    def _send(self, opening: bytes = b"") -> None:
        """Send the opening, and the payload once the framing allows that."""
        if self._framing.ready and self._payload is not None:
            opening, self._payload = opening + self._framing.pack(self._payload), None
        if opening:
            self._carrier.write(opening)
