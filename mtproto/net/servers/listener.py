"""The server's shell: a TCP listener, a link for each connection, and one function that answers all calls.

HTTP and WebSockets are served on the same port, told by their first bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from itertools import count
from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.errors import OptionError
from mtproto.limits import SERVER_LIMITS, Limits
from mtproto.link import (
    KEY_AGE,
    SESSION_AGE,
    Hangup,
    HttpLink,
    InSession,
    KeyForgotten,
    KeyMade,
    ServerLink,
    ServerLinkOptions,
    ServerQuery,
    ServerSessions,
)
from mtproto.net.clock import Clock
from mtproto.net.servers.answering import Answering
from mtproto.net.servers.delivery import Delivery
from mtproto.net.servers.inputs import Inputs
from mtproto.net.servers.server_pump import LITTLE, MUCH, READ, Origin, ServerPump
from mtproto.net.servers.slow_steps import OneAtATime
from mtproto.net.servers.strangers import STRANGERS_MEMORY, StrangersBudget
from mtproto.net.servers.tcp_port import TCPPort
from mtproto.session import Repeated

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection, Container, Iterable, Sequence
    from types import TracebackType
    from typing import Self

    from mtproto.crypto import RSAPrivateKey
    from mtproto.exchange import ExchangeFaults
    from mtproto.link import LinkFaults, ServerLinkEvent, SessionCarrier, SessionSlot
    from mtproto.message import AuthKey
    from mtproto.net.servers.answering import Handler
    from mtproto.net.servers.web_server import WebServer

__all__ = ["Listener"]

logger = logging.getLogger(__name__)

CLOSE_TIME = 1.0
"""Seconds that clients may take to answer a WebSocket's Close when the server shuts down."""

MAX_CONNECTIONS = 4096
"""Connections at a time; more are closed as they come. Each may make us keep one packet of the largest size."""

SWEEP = 60.0
"""Seconds between two looks for sessions and keys that are too old: far less than any sensible age."""


class Listener:
    """Serves clients over TCP. Belongs to one event loop; `async with` starts and closes it.

    Args:
        handler: answers a call with the content of its `rpc_result`: a serialized boxed object, or an `rpc_error`. It
            may return an awaitable of it. If it raises, the client gets the error 500.
        keys: the private RSA keys offered in key exchanges.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        dc_ids: the ids by which clients may call this DC; None allows any.
        clock: gives Unix seconds; never steps.
        random: source of random bytes.
        limits: what is sent and accepted at most.
        state: keys and sessions; None begins with none.
        strict: as `ServerSession` takes it, where `state` is None.
        session_age: as `ServerSessions` takes it, where `state` is None.
        key_age: likewise.
        max_connections: how many connections there may be at a time; more are closed as they come.
        exchange_faults: how exchanges misbehave.
        faults: what happens to packets on their way out.
        tls: what to speak TLS with, on all connections: for clients of wss and https.

    Attributes:
        state: keys and sessions.
        strangers: the memory of connections without an accepted packet; for its pumps.
        inputs: the input of all connections that waits, and whose turn it is; for its pumps.
        slow_steps: the slow steps of exchanges; for its pumps.

    """

    @named_options()
    def __init__(
        self,
        handler: Handler,
        keys: Sequence[RSAPrivateKey],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        dc_ids: Container[int] | None = None,
        clock: Callable[[], float] | None = None,
        random: Callable[[int], bytes] = os.urandom,
        limits: Limits = SERVER_LIMITS,
        state: ServerSessions | None = None,
        strict: bool = False,
        session_age: float | None = SESSION_AGE,
        key_age: float | None = KEY_AGE,
        max_connections: int = MAX_CONNECTIONS,
        exchange_faults: ExchangeFaults | None = None,
        faults: LinkFaults | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._port = TCPPort(host, port, tls)
        if state is None:
            state = ServerSessions(random, limits=limits, strict=strict, session_age=session_age, key_age=key_age)
        self.state = state
        if max_connections < 1:
            raise OptionError(f"{max_connections} connections are too few to serve anybody", "max_connections")
        self._max_connections = max_connections
        self._has_begun = False
        self._sweeping: asyncio.TimerHandle | None = None
        self._limits = limits
        self._clock = clock if clock is not None else Clock()
        options = ServerLinkOptions(
            limits=limits, dc_ids=dc_ids, exchange_faults=exchange_faults, faults=faults, offload=True
        )
        self._new_link: Callable[[], ServerLink] = lambda: ServerLink(self.state, keys, self._clock(), random, options)
        self._new_http_link: Callable[[], HttpLink] = lambda: HttpLink(
            self.state, keys, self._clock(), random, options, flush=self._flush_link
        )
        self._pumps: dict[SessionCarrier, ServerPump] = {}
        self._numbers = count(1)  # of connections, in the order in which they came
        self.strangers: StrangersBudget[ServerPump] = StrangersBudget(STRANGERS_MEMORY)
        self.inputs: Inputs[ServerPump] = Inputs(READ, little=LITTLE, much=MUCH)
        self.slow_steps: OneAtATime[ServerPump] = OneAtATime()
        self._answering = Answering(handler, self._flush, self.state.__contains__)
        self._delivery = Delivery(self._flush)
        self._on_key: list[Callable[[AuthKey], None]] = []
        self._on_event: list[Callable[[ServerLinkEvent], None]] = []
        self._on_sweep: list[Callable[[], None]] = []

    # Opening and closing -----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen. At the first start, keys that are known come from an earlier run, whose sessions are forgotten.

        A listener that is closed and started again has its sessions still.

        Raises:
            OSError: the address can't be had.

        """
        if not self._has_begun:
            for key in self.state:
                key.forget_before(self._clock())
        self._has_begun = True
        loop = asyncio.get_running_loop()
        await self._port.open(lambda: ServerPump(self, loop, next(self._numbers)))
        self._sweep()

    async def close(self) -> None:
        """Stop listening and close all connections, with what is still being answered. May be called twice."""
        await self._port.close(self._send_away)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on; raises `LocalProtocolError` while it does not listen."""
        return self._port.address

    async def _send_away(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._delivery.end()
        self.inputs.turns.clear()
        self.slow_steps.clear()
        answers = self._answering.end()
        pumps = list(self._pumps.values())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIME):
                await asyncio.gather(*(pump.closed.wait() for pump in pumps if pump.shut_down()))
        for pump in pumps:
            pump.abort()
        await asyncio.gather(*answers, *(pump.closed.wait() for pump in pumps), return_exceptions=True)
        self.inputs.turns.clear()
        for pump in pumps:
            pump.let_go()

    @property
    def connections(self) -> int:
        """How many connections there are."""
        return len(self._pumps)

    # For its owner -----------------------------------------------------------------------------------------------

    def on_key(self, callback: Callable[[AuthKey], None]) -> None:
        """Have a function called with each key that an exchange makes, before the client is told of its key."""
        self._on_key.append(callback)

    def on_event(self, callback: Callable[[ServerLinkEvent], None]) -> None:
        """Have a function called with every event of every link."""
        self._on_event.append(callback)

    def on_sweep(self, callback: Callable[[], None]) -> None:
        """Have a function called each time after sessions and keys that are too old were forgotten."""
        self._on_sweep.append(callback)

    def forget_old(self) -> None:
        """Forget sessions and keys that were not used for too long. The listener does so itself, once a minute."""
        self.dispatch([KeyForgotten(key) for key in self.state.forget_old(self._clock())])
        self._answering.refuse_abandoned()
        for callback in self._on_sweep:
            callback()

    def _sweep(self) -> None:
        self._sweeping = asyncio.get_running_loop().call_later(SWEEP, self._sweep)
        self.forget_old()

    def push(
        self,
        key_id: int,
        body: bytes,
        *,
        session_id: int | None = None,
        skip: Collection[int] = (),
        alone: bool = False,
    ) -> int:
        """Send an update to the sessions of a key, or to one of them; those without a connection get it later.

        It does not wait: where a session has no room, its oldest update goes, and the client is told of the gap.

        Args:
            key_id: the id of the auth key; a permanent one means the temporary ones that are bound to it, too.
            body: a serialized boxed object.
            session_id: the session; None for all of the key.
            skip: sessions that don't get it.
            alone: whether only the very key is meant, without those that are bound to it.

        Returns:
            how many sessions will get it.

        """
        slots = [slot for slot in self._slots_of(key_id, session_id, alone) if slot.session_id not in skip]
        for slot in slots:
            slot.session.push(body)
            self._flush(slot)
        return len(slots)

    def count_sessions(self, key_id: int, skip: Collection[int] = (), *, alone: bool = False) -> int:
        """Return how many sessions of a key get what is pushed to all of them but some; `alone` as for `push`."""
        return sum(slot.session_id not in skip for slot in self._slots_of(key_id, None, alone))

    async def deliver(self, updates: Iterable[tuple[int, bytes]], *, timeout: float | None, alone: bool = False) -> int:
        """Send an update as `push` does, but wait while a client that is connected has no room for it.

        Updates for one session go out in the order of the calls. A session whose time runs out does not get this one,
        and its client is told of the gap.

        Args:
            updates: ids of auth keys, and the serialized update for each.
            timeout: how many seconds to wait at most; None as long as the clients are connected.
            alone: as for `push`.

        Returns:
            how many sessions will get it.

        """
        wanted = [(slot, body) for key_id, body in updates for slot in self._slots_of(key_id, None, alone)]
        return await self._delivery.deliver(wanted, timeout)

    def _slots_of(self, key_id: int, session_id: int | None, alone: bool) -> list[SessionSlot]:
        key = self.state.find_key(key_id, self._clock())
        keys = [] if key is None else [key] if alone else [key, *key.temporaries]
        return [slot for key in keys for slot in key.sessions.values() if session_id in (None, slot.session_id)]

    def origin_of(self, slot: SessionSlot) -> Origin | None:
        """Return where the connection of a session comes from; None for a session without a connection."""
        pump = None if slot.link is None else self._pumps.get(slot.link)
        return None if pump is None else pump.origin

    def cut_connections(self) -> int:
        """Close all connections at once, as a network that fails does; return how many there were."""
        pumps = list(self._pumps.values())
        for pump in pumps:
            pump.abort()
        return len(pumps)

    # For its pumps -----------------------------------------------------------------------------------------------

    def opened(self, pump: ServerPump) -> ServerLink | None:
        """Take a new connection in, and return its link; None if there are too many."""
        if not self._port.is_open or len(self._pumps) >= self._max_connections:
            return None
        link = self._new_link()
        self._pumps[link] = pump
        return link

    def web_server(self, pump: ServerPump, link: ServerLink | HttpLink) -> WebServer:
        """Return the web server for a new connection. The web server replaces the link where HTTP needs another."""
        from mtproto.net.servers.web_server import WebServer

        def make_link(kind: type[ServerLink] | type[HttpLink]) -> ServerLink | HttpLink:
            if kind is not HttpLink:
                return link
            self._pumps.pop(link, None)
            made = self._new_http_link()
            self._pumps[made] = pump
            pump.use(made)
            return made

        return WebServer(make_link, self._limits, self._clock())

    def lost(self, link: ServerLink | HttpLink) -> None:
        """Let go of a connection that has ended."""
        self._pumps.pop(link, None)
        link.disconnected(self._clock())
        self._answering.go_on()
        self._delivery.go_on()

    def flushed(self) -> None:
        """Take notice that something was sent or acknowledged: there may be room for updates that wait."""
        self._answering.go_on()
        self._delivery.go_on()

    def dispatch(self, events: Iterable[ServerLinkEvent]) -> None:
        """Take the events of a link."""
        for event in events:
            for callback in self._on_event:
                callback(event)
            if isinstance(event, ServerQuery):
                self._answering.take(event)
            elif isinstance(event, KeyMade):
                for on_key in self._on_key:
                    on_key(event.key.auth_key)
            elif isinstance(event, InSession) and isinstance(event.event, Repeated):
                self._flush(event.slot)  # the session may be on another connection by now
            elif isinstance(event, Hangup):
                logger.info("closing a connection: %s", event.reason)

    def now(self) -> float:
        """Return Unix seconds."""
        return self._clock()

    def _flush(self, slot: SessionSlot) -> None:
        """Let the connection that carries a session send."""
        if slot.link is not None:
            self._flush_link(slot.link)

    def _flush_link(self, link: SessionCarrier) -> None:
        pump = self._pumps.get(link)
        if pump is not None:
            pump.plan_flush()
