"""A client's connection apart from the waiting: one link, its pumps, the calls under way, and what comes unasked.

This module knows neither asyncio nor threads: `driver_async` and `driver_threads` wait, each in its own way.
"""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from mtproto.errors import ConnectionLost, DeadlineExceeded, LocalProtocolError, own_copy
from mtproto.link import (
    EXPIRES_IN,
    BackoffPolicy,
    Broken,
    ClientLink,
    Failed,
    KeyBound,
    KeyCreated,
    KeyDropped,
    LinkAdded,
    LinkOptions,
    LinkRemoved,
    LinkStatus,
    PfsLink,
    StatusChanged,
)
from mtproto.net.clock import Clock
from mtproto.net.options import dc_id_of
from mtproto.net.route_options import route_to
from mtproto.net.shells.calls_under_way import CallsUnderWay, Future
from mtproto.net.shells.pump import Pump
from mtproto.net.shells.saved_state import read_state
from mtproto.session import RequestLost, Result, RpcFailed, Undecodable, Update, UpdatesGap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mtproto.crypto import RSAPublicKey
    from mtproto.errors import MTProtoError
    from mtproto.link import BoundKey, KeyUse, LinkEvent, PumpedLink
    from mtproto.message import KeyState
    from mtproto.net.carriers import Loop, Route
    from mtproto.net.options import ConnectionOptions
    from mtproto.net.route_options import Destination
    from mtproto.net.shells.update_queue import Item
    from mtproto.session import Request

__all__ = ["ConnectionCore", "Incoming", "Opening", "PumpOwner"]

logger = logging.getLogger(__name__)


class Opening(Protocol):
    """The future that `open` waits for."""

    def done(self) -> bool:
        """Tell whether it has an outcome, or was cancelled."""

    def set_result(self, result: None, /) -> None:
        """Say that the connection is open."""

    def set_exception(self, exception: BaseException, /) -> None:
        """Say why it is not."""


class Incoming(Protocol):
    """Where the core puts what the server sends unasked."""

    def put(self, item: Item, /) -> None:
        """Queue an item."""

    def end(self) -> None:
        """Nothing more will come. May be called twice."""


class PumpOwner(Protocol):
    """What pumps tell, as `Pump` documents its four callbacks."""

    def dispatch(self, events: Sequence[LinkEvent], /) -> bool:
        """Take the events of a link; return whether they say that its carrier is of no more use."""

    def unreachable(self, error: ConnectionLost, /) -> None:
        """Take notice that no carrier came about."""

    def settle(self, error: ConnectionLost, /) -> None:
        """End the calls whose events were lost."""

    def collapse(self, error: ConnectionLost, /) -> None:
        """Give up for good."""


F = TypeVar("F", bound=Future)


class ConnectionCore(Generic[F]):
    """One connection, whoever waits for it. Its driver owns it; after `prepare`, the loop's thread alone writes it.

    Args:
        address: as `Connection` takes it.
        keys: the server's public keys that the caller trusts.
        options: the other options.
        incoming: gets what the server sends unasked.
        progress: called after events were taken: there may be room for calls.

    Attributes:
        calls: the calls under way.

    """

    def __init__(
        self,
        address: Destination,
        keys: Sequence[RSAPublicKey],
        options: ConnectionOptions,
        incoming: Incoming,
        progress: Callable[[], None],
    ) -> None:
        self._route = route_to(address, options.transport, options.proxy, tls=options.tls, limits=options.limits)
        self._clock = options.clock if options.clock is not None else Clock()
        self._link = _new_link(address, keys, options, self._route)
        self._on_event = options.on_event
        self._incoming = incoming
        self._progress = progress
        self._loop: Loop | None = None
        self._owner: PumpOwner | None = None
        self._pumps: list[Pump] = []
        self._opening: Opening | None = None
        self._failed: MTProtoError | None = None
        self.calls: CallsUnderWay[F] = CallsUnderWay()

    # What its owner asks -----------------------------------------------------------------------------------------

    @property
    def state(self) -> KeyState | None:
        """What belongs to the (permanent) key, for a store; None before the first exchange has ended."""
        return self._link.state

    @property
    def key_state(self) -> KeyState | None:
        """What belongs to the key that a call made now goes out under: the same, or that of a temporary key."""
        return self._link.key_state

    @property
    def key_use(self) -> KeyUse | None:
        """The key that a call made now goes out under, and under which of its bindings; None before there is one."""
        return self._link.key_use

    @property
    def bound_key(self) -> BoundKey | None:
        """The temporary key that this connection has bound, for other sessions to use; None while there is none."""
        return self._link.bound_key

    @property
    def status(self) -> LinkStatus:
        """Where the link stands."""
        return self._link.status

    @property
    def is_open(self) -> bool:
        """Whether calls are taken: opened, and neither closed nor given up. It may be connecting just now."""
        return self._loop is not None and self._link.status is not LinkStatus.CLOSED

    @property
    def clock(self) -> Callable[[], float]:
        """Give Unix seconds; never steps."""
        return self._clock

    @property
    def link(self) -> ClientLink | PfsLink:
        """The link."""
        return self._link

    @property
    def pumps(self) -> list[Pump]:
        """The pumps, one for each connection that the link wants; the core alone changes the list."""
        return self._pumps

    @property
    def route(self) -> Route:
        """The way to the server."""
        return self._route

    @property
    def failed(self) -> MTProtoError | None:
        """Why the connection has given up; None if it has not."""
        return self._failed

    # Opening and closing -----------------------------------------------------------------------------------------

    def check_unopened(self) -> None:
        """Do nothing if `open` may go on.

        Raises:
            LocalProtocolError: the connection was opened already, or is over. A working connection goes on.

        """
        if self._link.status is LinkStatus.CLOSED:
            raise LocalProtocolError("the connection is over, another one is needed") from self._failed
        if self._loop is not None:
            raise LocalProtocolError("the connection was opened already")

    def prepare(self, loop: Loop, opening: Opening, owner: PumpOwner) -> None:
        """Take the loop, the future of `open`, and what the pumps tell: the core itself, or what leads to it."""
        self._loop = loop
        self._opening = opening
        self._owner = owner

    def begin(self) -> None:
        """Connect, and go on doing so whenever the link wants it."""
        for link in self._link.links:
            self._add_pump(link)

    def end(self, error: MTProtoError) -> None:
        """Close the link; calls that wait fail with `error`."""
        try:
            self.dispatch(self._link.close())
        finally:
            self.calls.fail_all(error)
            self._incoming.end()
            if self._opening is not None and not self._opening.done():
                self._opening.set_exception(own_copy(error))
            for pump in self._pumps:
                pump.close()

    def abandon(self) -> None:
        """Close the link where its loop is over, or never began: nobody waits for a call."""
        self.calls.forget()
        self._link.close()
        self._incoming.end()

    def not_open(self) -> MTProtoError:
        """Return an error for one call that comes when the connection is not open."""
        if self._failed is not None:
            return own_copy(self._failed)
        return ConnectionLost("the connection is not open: a `with` or `async with` block opens it, and closes it")

    def too_late(self, text: str) -> DeadlineExceeded:
        """Return the error of a deadline: `text`, and what has gone wrong meanwhile, which is its cause."""
        trouble = next((link.trouble for link in self._link.links if link.trouble is not None), None)
        stage = next((pump.stage for pump in list(self._pumps) if pump.stage), "")
        why = trouble if trouble is not None or not stage else ConnectionLost(stage)
        error = DeadlineExceeded(f"{text}: {why} ({self._route.words})" if why else f"{text} ({self._route.words})")
        error.__cause__ = why
        return error

    # Calls -------------------------------------------------------------------------------------------------------

    def send(self, request: Request, future: F) -> None:
        """Send a call; `future` gets its outcome.

        Raises:
            MTProtoError: the link refuses the call.

        """
        self._link.add(request)
        self.calls.add(request, future)
        self._flush()

    def give_up(self, request: Request) -> F | None:
        """Cancel a call, and return its future if it was open."""
        future = self.calls.take(request)
        if future is not None:
            self._link.cancel(request, self._clock())
            self._flush()
        return future

    # The pumps ---------------------------------------------------------------------------------------------------

    def _add_pump(self, link: PumpedLink) -> None:
        owner = self._owner
        if self._loop is not None and owner is not None:
            told = (owner.dispatch, owner.unreachable, owner.settle, owner.collapse)
            pump = Pump(link, self._loop, self._route, *told)
            self._pumps.append(pump)
            pump.connect()

    def _remove_pump(self, link: PumpedLink) -> None:
        for pump in self._pumps:
            if pump.link is link:
                self._pumps.remove(pump)
                pump.close()
                return

    def _flush(self) -> None:
        """Have everything sent that can be, at the end of this turn of the loop."""
        for pump in self._pumps:
            pump.plan_flush()

    def unreachable(self, error: ConnectionLost) -> None:
        """Give up if not even the first carrier came about."""
        if self._opening is not None and not self._opening.done():
            self._opening.set_exception(error)
            self.dispatch(self._link.close())

    def settle(self, error: ConnectionLost) -> None:
        """End the calls of which the link knows nothing any more: the event of their end was lost with `error`."""
        self.calls.fail_unknown(self._link.has, error)

    def collapse(self, error: ConnectionLost) -> None:
        """Give up for good, since the link itself can't go on."""
        self._failed = own_copy(error, self._route.words)
        try:
            self.end(self._failed)
        except Exception:
            logger.exception("the end of the connection failed, too")

    def fault(self, error: Exception) -> None:
        """Give up the connections after an exception that came from none of their pumps."""
        for pump in list(self._pumps):
            pump.fail(error)

    # Events ------------------------------------------------------------------------------------------------------

    def dispatch(self, events: Sequence[LinkEvent]) -> bool:
        """Take the events of the link; return whether its carrier is of no more use."""
        broken = False
        for event in events:
            if self._on_event is not None:
                self._tell(self._on_event, event)
            take = self._TAKERS.get(type(event))
            if take is not None and take(self, event):
                broken = True
        if len(self._pumps) > 1:
            self._flush()  # what one link was told may let the other one send
        if self._link.status is LinkStatus.CLOSED:
            self._incoming.end()
        self._progress()
        return broken

    @staticmethod
    def _tell(listener: Callable[[LinkEvent], None], event: LinkEvent) -> None:
        """Call the listener. Its exceptions are its own: the events behind this one settle calls."""
        try:
            listener(event)
        except Exception:
            logger.exception("on_event failed for %s", type(event).__name__)

    # One for each kind of event that means something here; they return true where the carrier is of no more use.

    def _take_outcome(self, event: Result | RpcFailed) -> None:
        self.calls.answer(event)

    def _take_loss(self, event: RequestLost) -> None:
        self.calls.fail(event.request, event.error)

    def _take_update(self, event: Update | UpdatesGap | Undecodable) -> None:
        self._incoming.put(event)

    def _take_status(self, event: StatusChanged) -> None:
        logger.debug("the link is %s", event.status.value)
        if event.status is LinkStatus.READY and self._opening is not None and not self._opening.done():
            self._opening.set_result(None)

    def _take_key(self, event: KeyCreated) -> None:
        logger.info("made an auth key for DC %d", event.state.dc_id)

    def _take_binding(self, event: KeyBound) -> None:
        logger.info("bound a temporary key for DC %d", event.state.dc_id)

    def _take_key_loss(self, event: KeyDropped) -> None:
        logger.warning("the permanent key is of no more use, a new one is made: %s", event.error)

    def _take_link(self, event: LinkAdded) -> None:
        self._add_pump(event.link)

    def _take_link_back(self, event: LinkRemoved) -> None:
        self._remove_pump(event.link)

    def _take_break(self, event: Broken) -> bool:
        logger.info("the connection is broken: %s", event.error)
        return True

    def _take_failure(self, event: Failed) -> bool:
        self._failed = own_copy(event.error, self._route.words)
        opening = self._opening is not None and not self._opening.done()
        # Whoever waits gets the error itself; a log that says the same once more is for connections that nobody asks.
        logger.log(logging.INFO if opening or len(self.calls) else logging.WARNING, "gave up: %s", self._failed)
        self.calls.fail_all(self._failed)
        if self._opening is not None and not self._opening.done():
            self._opening.set_exception(own_copy(self._failed))
        return True

    _TAKERS: ClassVar[Mapping[type, Callable[[Any, Any], bool | None]]] = MappingProxyType(
        {
            Result: _take_outcome,
            RpcFailed: _take_outcome,
            RequestLost: _take_loss,
            Update: _take_update,
            UpdatesGap: _take_update,
            Undecodable: _take_update,
            StatusChanged: _take_status,
            KeyCreated: _take_key,
            KeyBound: _take_binding,
            KeyDropped: _take_key_loss,
            LinkAdded: _take_link,
            LinkRemoved: _take_link_back,
            Broken: _take_break,
            Failed: _take_failure,
        }
    )


def _new_link(
    address: Destination, keys: Sequence[RSAPublicKey], options: ConnectionOptions, route: Route
) -> ClientLink | PfsLink:
    """Return the link that the options ask for: the one place where they become the options of a link."""
    state = read_state(options.state)
    link_options = LinkOptions(
        dc_id=dc_id_of(address, options.dc_id, state),
        random=options.random,
        state=state,
        transport=route.framing,
        secret=route.secret,
        limits=options.limits,
        backoff=options.backoff if options.backoff is not None else BackoffPolicy(),
        offload=True,
    )
    if not options.pfs:
        return ClientLink(keys, link_options)
    lifetime = options.expires_in if options.expires_in is not None else EXPIRES_IN
    return PfsLink(keys, link_options, expires_in=lifetime)
