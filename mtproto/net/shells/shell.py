"""What both shells do alike: own a link and its pump, settle calls, queue updates, tell who listens.

This module knows neither asyncio nor threads.
"""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from mtproto._options import named_options
from mtproto.errors import ConnectionLost, DeadlineExceeded, LocalProtocolError, OutcomeUnknown, own_copy
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
    PfsLink,
    Status,
    StatusChanged,
)
from mtproto.net.clock import Clock
from mtproto.net.options import ConnectionKeywords, ConnectionOptions, connection_options, dc_id_of
from mtproto.net.route_options import route_to
from mtproto.net.shells.pump import Pump
from mtproto.net.shells.saved_state import read_state
from mtproto.net.shells.update_queue import UpdateQueue
from mtproto.session import RequestLost, Result, RpcFailed, Undecodable, Update, UpdatesGap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Unpack

    from mtproto.crypto.rsa import RSAPublicKey
    from mtproto.errors import MTProtoError
    from mtproto.link import KeyUse, LinkEvent
    from mtproto.message.key_state import KeyState
    from mtproto.net.carriers.interfaces import Loop
    from mtproto.net.route_options import Destination
    from mtproto.session import Request
    from tl import TLError

__all__ = ["Future", "Outcome", "Shell"]

logger = logging.getLogger(__name__)

Outcome: TypeAlias = Result | RpcFailed
"""What a call comes to when it is answered."""


class Future(Protocol):
    """What asyncio's futures and those of threads have in common."""

    def done(self) -> bool:
        """Tell whether it has an outcome, or was cancelled."""

    def set_result(self, result: Outcome, /) -> None:
        """Give it its outcome."""

    def set_exception(self, exception: BaseException, /) -> None:
        """Give it the reason why there is none."""

    def exception(self) -> BaseException | None:
        """Return that reason."""


class Opening(Protocol):
    """The same for the future that `open` waits for."""

    def done(self) -> bool:
        """Tell whether it has an outcome, or was cancelled."""

    def set_result(self, result: None, /) -> None:
        """Say that the connection is open."""

    def set_exception(self, exception: BaseException, /) -> None:
        """Say why it is not."""


F = TypeVar("F", bound=Future)


class Shell(Generic[F]):
    """A client's connection to one DC that outlives the carriers under it. A base of the two shells, of no use alone.

    Args:
        address: host and port; several of them, any of which will do; or a `mtproto.datacenters.DataCenter`.
        keys: the server's public keys that the caller trusts.
        options: everything else, see `mtproto.net.options.ConnectionOptions`; as one object, or by name.

    Raises `TypeError` for an option that does not exist; `OptionError` for a value that is refused, and for options
    that exclude one another; `LocalProtocolError` where a library is missing for the transport or the proxy.

    """

    @named_options(ConnectionKeywords)
    def __init__(
        self,
        address: Destination,
        keys: Sequence[RSAPublicKey],
        options: ConnectionOptions | None = None,
        **named: Unpack[ConnectionKeywords],
    ) -> None:
        options = connection_options(type(self).__name__, options, named)
        limits = options.limits
        self._route = route_to(address, options.transport, options.proxy, tls=options.tls, limits=limits)
        self._clock = options.clock if options.clock is not None else Clock()
        self._link = self._new_link(address, keys, options)
        self._limits = limits
        self._on_event = options.on_event
        self._loop: Loop | None = None
        self._pumps: list[Pump] = []
        self._opening: Opening | None = None
        self._pending: dict[Request, F] = {}
        self._updates = UpdateQueue(limits)
        self._failed: MTProtoError | None = None
        self._prepare()

    def _new_link(
        self, address: Destination, keys: Sequence[RSAPublicKey], options: ConnectionOptions
    ) -> ClientLink | PfsLink:
        state = read_state(options.state)
        link_options = LinkOptions(
            dc_id=dc_id_of(address, options.dc_id, state),
            random=options.random,
            state=state,
            transport=self._route.framing,
            secret=self._route.secret,
            limits=options.limits,
            backoff=options.backoff if options.backoff is not None else BackoffPolicy(),
            offload=True,
        )
        if not options.pfs:
            return ClientLink(keys, link_options)
        lifetime = options.expires_in if options.expires_in is not None else EXPIRES_IN
        return PfsLink(keys, link_options, expires_in=lifetime)

    def _prepare(self) -> None:
        """Make what one of the two shells needs beyond this; called once, at the end of `__init__`."""

    # What the owner asks -----------------------------------------------------------------------------------------

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
    def status(self) -> Status:
        """Where the link stands."""
        return self._link.status

    @property
    def is_open(self) -> bool:
        """Whether calls are taken: opened, and neither closed nor given up. It may be connecting just now."""
        return self._loop is not None and self._link.status is not Status.CLOSED

    def _check_unopened(self) -> None:
        """Do nothing if `open` may go on.

        Raises:
            LocalProtocolError: the connection was opened already, or is over. A working connection goes on.

        """
        if self._link.status is Status.CLOSED:
            raise LocalProtocolError("the connection is over, another one is needed") from self._failed
        if self._loop is not None:
            raise LocalProtocolError("the connection was opened already")

    # The pumps ---------------------------------------------------------------------------------------------------

    def _begin(self, loop: Loop) -> None:
        """Connect, and go on doing so whenever the link wants it."""
        self._loop = loop
        for link in self._link.links:
            self._add_pump(link)

    def _add_pump(self, link: ClientLink) -> None:
        if self._loop is not None:
            pump = self._new_pump(link, self._loop)
            self._pumps.append(pump)
            pump.connect()

    def _new_pump(self, link: ClientLink, loop: Loop) -> Pump:
        return Pump(link, loop, self._route, self._dispatch, self._unreachable, self._settle, self._collapse)

    def _remove_pump(self, link: ClientLink) -> None:
        for pump in self._pumps:
            if pump.link is link:
                self._pumps.remove(pump)
                pump.close()
                return

    def _flush(self) -> None:
        """Have everything sent that can be, at the end of this turn of the loop."""
        for pump in self._pumps:
            pump.plan_flush()

    def _end(self, error: MTProtoError) -> None:
        """Close the link; calls that wait fail with `error`."""
        try:
            self._dispatch(self._link.close())
        finally:
            self._fail_all(error)
            if self._opening is not None and not self._opening.done():
                self._opening.set_exception(own_copy(error))
            for pump in self._pumps:
                pump.close()

    def _settle(self, error: ConnectionLost) -> None:
        """End the calls of which the link knows nothing any more: the event of their end was lost with `error`."""
        for request in [request for request in self._pending if not self._link.has(request)]:
            unknown = OutcomeUnknown(request, str(error))
            unknown.__cause__ = error
            self._fail(self._pending.pop(request), unknown)

    def _collapse(self, error: ConnectionLost) -> None:
        """Give up for good, since the link itself can't go on."""
        self._failed = own_copy(error, self._route.words)
        try:
            self._end(self._failed)
        except Exception:
            logger.exception("the end of the connection failed, too")

    def _unreachable(self, error: ConnectionLost) -> None:
        """Give up if not even the first carrier came about."""
        if self._opening is not None and not self._opening.done():
            self._opening.set_exception(error)
            self._dispatch(self._link.close())

    # Events ------------------------------------------------------------------------------------------------------

    def _dispatch(self, events: Sequence[LinkEvent]) -> bool:
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
        future = self._pending.pop(event.request, None)
        if future is not None and not future.done():
            future.set_result(event)

    def _take_loss(self, event: RequestLost) -> None:
        self._fail(self._pending.pop(event.request, None), event.error)

    def _take_update(self, event: Update | UpdatesGap | Undecodable) -> None:
        self._updates.put(event)

    def _take_status(self, event: StatusChanged) -> None:
        logger.debug("the link is %s", event.status.value)
        if event.status is Status.READY and self._opening is not None and not self._opening.done():
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
        logger.warning("gave up: %s", self._failed)
        self._fail_all(self._failed)
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

    # The ends of calls -------------------------------------------------------------------------------------------

    def _give_up(self, request: Request) -> F | None:
        """Cancel a call, and return its future if it was open."""
        future = self._pending.pop(request, None)
        if future is not None:
            self._link.cancel(request, self._clock())
            self._flush()
        return future

    def _fail_all(self, error: MTProtoError) -> None:
        pending, self._pending = self._pending, {}
        for future in pending.values():
            self._fail(future, error)

    @staticmethod
    def _fail(future: F | None, error: MTProtoError | TLError) -> None:
        if future is not None and not future.done():
            future.set_exception(own_copy(error))
            future.exception()  # asyncio complains of one that nobody has looked at; a call need not be awaited

    def _not_open(self) -> MTProtoError:
        """Return an error for one call that comes when the connection is not open."""
        return own_copy(self._failed) if self._failed is not None else ConnectionLost("the connection is not open")

    def _too_late(self, text: str) -> DeadlineExceeded:
        """Return the error of a deadline: `text`, and what has gone wrong meanwhile, which is its cause."""
        trouble = next((link.trouble for link in self._link.links if link.trouble is not None), None)
        stage = next((pump.stage for pump in list(self._pumps) if pump.stage), "")
        why = trouble if trouble is not None or not stage else ConnectionLost(stage)
        error = DeadlineExceeded(f"{text}: {why} ({self._route.words})" if why else f"{text} ({self._route.words})")
        error.__cause__ = why
        return error
