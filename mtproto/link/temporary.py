"""One temporary key: made, bound to the permanent one, used until it ends (core.telegram.org/api/pfs).

    no permanent key ──exchange──▶ no temporary key ──exchange──▶ unbound ──auth.bindTempAuthKey──▶ bound
                                         ▲                                                            │
                                         └──────────── refused, unknown to the server, ended ─────────┘

Nothing is sealed under the permanent key but what binds. Temporary keys live in memory only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mtproto.errors import ConnectionLost, FloodWait, InternalServerError, RemoteProtocolError, own_copy, rpc_error
from mtproto.link.backoff import Backoff
from mtproto.link.binding import bind_request
from mtproto.link.calls import end_unsent
from mtproto.link.client import ClientLink
from mtproto.link.events import KeyBound, KeyCreated, KeyDropped, KeyUse, Status
from mtproto.link.key_maker import KeyMaker
from mtproto.session import Request, RequestLost, Result, RpcFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.crypto.rsa import RSAPublicKey
    from mtproto.errors import ExchangeFailed, MTProtoError, TransportError
    from mtproto.link.events import LinkEvent
    from mtproto.link.key_maker import Work
    from mtproto.link.options import LinkOptions
    from mtproto.message.key_state import KeyState
    from mtproto.session import ClientSession

__all__ = ["PermanentKey", "Superior", "TemporaryLink"]

SETTLED_IN = 60.0
"""Seconds after which the servers must know a permanent key; a binding that fails earlier is only tried again."""

LASTING = 300.0
"""Seconds after which a binding has proven that the failures before it are over, even if no call was made."""

ATTEMPTS = 5
"""Bindings that fail, or keys that are lost, one after the other without a success."""

NOT_FOUND = -404

_METHOD = "auth.bindTempAuthKey"
_TRUE = bytes.fromhex("b5757299")
_KEY_REFUSED = frozenset({"EXPIRES_AT_INVALID", "TEMP_AUTH_KEY_ALREADY_BOUND", "TEMP_AUTH_KEY_EMPTY"})
_BINDING_REFUSED = "ENCRYPTED_MESSAGE_INVALID"
_FLOOD = 420


class PermanentKey:
    """The key that temporary ones are bound to; shared by links that follow each other.

    Attributes:
        state: what a store keeps; None until it is made.
        made_at: when it was made, by the local clock; a key from a store is older than anything that matters.
        proven: whether a temporary key was bound since. From then on nothing that is not authenticated ends the client
            for good: packets of an exchange and transport errors may come from anybody in the middle.

    """

    __slots__ = ("made_at", "proven", "state")

    def __init__(self, state: KeyState | None) -> None:
        self.state = state
        self.made_at = float("-inf")
        self.proven = False


class Superior(Protocol):
    """Whoever leads several of these links, and sees their events first."""

    def digest(self, link: TemporaryLink, events: list[LinkEvent], now: float) -> list[LinkEvent]:
        """Take the events of a link and return those that the shell is to see."""

    def next_deadline(self) -> float | None:
        """Return when any of the links is to be ticked; None if it does not matter."""


class TemporaryLink(ClientLink):
    """A client's link under one temporary key after the other. Calls wait until the key is bound.

    Args:
        superior: sees all events before the shell does.
        permanent: the key to bind to, perhaps one that is still to be made.
        keys: as `ClientLink` takes them.
        options: as `ClientLink` takes them; their state is left out.
        expires_in: seconds that a temporary key is to live.

    Attributes:
        bound: whether the server has taken the binding.
        binding: the call that binds, while it is under way.
        given_back: calls that were not executed, or may be executed twice, of keys that are gone.

    """

    def __init__(
        self,
        superior: Superior,
        permanent: PermanentKey,
        keys: Sequence[RSAPublicKey],
        options: LinkOptions,
        *,
        expires_in: int,
    ) -> None:
        super().__init__(keys, options)
        self._superior = superior
        self._permanent = permanent
        self._permanent_maker = self._maker
        self._temporary_maker = KeyMaker(keys, self._dc_id, self._random, self._stepped, expires_in=expires_in)
        self._temporary_maker.check()
        self._bind_backoff = Backoff(self._random)
        self._bind_at: float | None = None  # when to try again
        self._failures = 0
        self._bound_at = 0.0
        self._bindings = 0  # that took effect
        self._proven = False  # whether the server of this connection has shown that it knows the key
        self.bound = False
        self.binding: Request | None = None
        self.given_back: list[Request] = []

    @property
    def key_use(self) -> KeyUse | None:
        """The key that a call made now goes out under, and under which of its bindings; None before there is one."""
        state = self.key_state
        return None if state is None else KeyUse(state.auth_key.id, self._bindings + (not self.bound))

    # Calls -------------------------------------------------------------------------------------------------------

    def add(self, request: Request) -> None:
        """Queue a call; it is sent once the key is bound, and after a reconnection once the server knows the key still.

        A server that was started again does not, and a call that it refused for that could not be told from one that
        it executed: -404 is not authenticated. Raises what `ClientLink.add` raises then.
        """
        if self.bound and self._proven:
            super().add(request)
        else:
            self._waiting.append(request)

    def cancel(self, request: Request, now: float) -> None:
        """Give up a call, as `ClientLink.cancel` does."""
        if request in self._waiting:
            self._waiting.remove(request)
            end_unsent(request)
        elif self._session is not None:
            self._session.cancel(request, now)

    def take_waiting(self) -> list[Request]:
        """Take out the calls that wait for the key to be bound."""
        waiting, self._waiting = self._waiting, []
        return waiting

    @property
    def open_calls(self) -> int:
        """How many calls were sent under the key, or are about to be, and have no answer yet."""
        return self._session.in_flight - (self.binding is not None) if self._session is not None else 0

    # What the pump asks ------------------------------------------------------------------------------------------

    def connected(self, now: float) -> list[LinkEvent]:
        """Begin a new connection, as `ClientLink.connected` does."""
        return self._report(super().connected(now), now)

    def disconnected(self, now: float, reason: Exception | None = None) -> list[LinkEvent]:
        """End the connection, as `ClientLink.disconnected` does."""
        self._proven = False
        return self._report(super().disconnected(now, reason), now)

    def fault(self, error: MTProtoError, now: float) -> list[LinkEvent]:
        """Take nothing more from this connection, as `ClientLink.fault` does."""
        return self._report(super().fault(error, now), now)

    def received(self, data: bytes, now: float, budget: int | None = None) -> list[LinkEvent]:
        """Take what came in, as `ClientLink.received` does."""
        return self._report(super().received(data, now, budget), now)

    def read_on(self, now: float, budget: int | None = None) -> list[LinkEvent]:
        """Handle the rest of what came in, as `ClientLink.read_on` does."""
        return self._report(super().read_on(now, budget), now)

    def finish_work(self, work: Work, now: float) -> list[LinkEvent]:
        """Take back a slow step, as `ClientLink.finish_work` does."""
        return self._report(super().finish_work(work, now), now)

    def tick(self, now: float) -> list[LinkEvent]:
        """Do what is due, as `ClientLink.tick` does."""
        if self._status is Status.CLOSED:
            return []
        if self.bound and now - self._bound_at > LASTING:
            self._failures = 0
        if self.has_ended(now):
            self.drop_key("its temporary key has ended")
            self._break(ConnectionLost("the temporary key has ended"))
        elif self._bind_at is not None and now >= self._bind_at:
            self._bind_at = None
            self.bind()
        return self._report(super().tick(now), now)

    def next_deadline(self) -> float | None:
        """Return when to call `tick`, Unix seconds; None if nothing waits for a time."""
        if self._status is Status.CLOSED:
            return None
        times = (super().next_deadline(), self._bind_at, self.ends_at, self._superior.next_deadline())
        return min((time for time in times if time is not None), default=None)

    def _report(self, events: list[LinkEvent], now: float) -> list[LinkEvent]:
        """Follow the binding, and let the superior see everything first."""
        if self.binding is not None:
            events = [event for event in events if not self._is_about_binding(event, now)]
        return self._superior.digest(self, events + self._take_events(), now)

    # Keys --------------------------------------------------------------------------------------------------------

    @property
    def ends_at(self) -> float | None:
        """When the key ends, by the local clock; None without a key."""
        state = self.state
        return None if state is None or state.expires_at is None else state.expires_at - state.time_offset

    def has_ended(self, now: float) -> bool:
        """Whether there is a key, and its time is over."""
        ends_at = self.ends_at
        return ends_at is not None and now >= ends_at

    def drop_key(self, reason: str) -> None:
        """Forget the key; calls that may be sent under another one are `given_back`, the rest end."""
        session, self._session = self._session, None
        if session is None:
            return
        free, events = session.give_up(reason)
        self.given_back += [request for request in free if request is not self.binding]
        self._events += events
        self._keep_alive = None
        self.bound = False
        self.binding = self._bind_at = None

    def _server_time(self, now: float) -> float:
        state = self.state or self._permanent.state
        return now if state is None else now + state.time_offset

    def _begin(self, now: float) -> None:
        if self.has_ended(now):
            self.drop_key("its temporary key has ended")
        self._maker = self._permanent_maker if self._permanent.state is None else self._temporary_maker
        super()._begin(now)

    def _use_key(self, state: KeyState, now: float) -> None:
        if state.expires_at is None:
            self._permanent.state, self._permanent.made_at = state, now
            self._events.append(KeyCreated(state))
            if self._maker.repeated:
                self._break(ConnectionLost("late answers may come over it"))
            else:
                self._begin(now)
        else:
            self._session = self._new_session(state)
            self._begin_session(self._session, now)

    def _heard(self, session: ClientSession) -> None:
        if not self._proven:
            self._proven = True
            if self.bound:
                self._send_waiting(session)

    def _handle_error(self, error: TransportError) -> None:
        if error.code == NOT_FOUND and self._session is not None:
            # A server that was started again forgets temporary keys. Another key helps, waiting does not; how often a
            # key is lost has a bound (`ATTEMPTS`).
            self._reconnection.answered()
        super()._handle_error(error)

    def _exchange_failed(self, error: ExchangeFailed) -> None:
        if self._permanent.proven:
            self._break(error)
        else:
            super()._exchange_failed(error)

    def _is_plausible(self, error: TransportError) -> bool:
        if self._session is None and self._permanent.proven:
            return False
        # A temporary key that is given up too early costs little: one exchange.
        unknown = error.code == NOT_FOUND and self._session is not None and self._reconnection.refusals > 1
        return unknown or super()._is_plausible(error)

    def _believe(self, error: TransportError) -> None:
        """Make another key, since the server does not know this one; for temporary keys that may happen any time."""
        if self._session is not None:
            self._reconnection.refusals = 0
            self._start_over(error)
        elif self._permanent.proven:
            self._break(error)
        else:
            self._fail(error)

    def _start_over(self, error: MTProtoError) -> None:
        """Drop the key and make another one on the next connection, unless that has been tried too often."""
        self._failures += 1
        self.trouble = error
        self.drop_key(f"its temporary key is gone: {error}")
        if self._failures > ATTEMPTS:
            self._fail(error)
        else:
            self._break(error)

    # The binding -------------------------------------------------------------------------------------------------

    @property
    def is_to_be_bound(self) -> bool:
        """Whether there is a key that nothing was done to bind yet."""
        return self._session is not None and not self.bound and self.binding is None and self._bind_at is None

    def bind(self) -> None:
        """Bind the key, unless there is none, or it is bound, or soon will be."""
        session, permanent = self._session, self._permanent.state
        if session is None or permanent is None or not self.is_to_be_bound:
            return
        state = session.key_state
        body = bind_request(permanent.auth_key, state.auth_key.id, int(state.expires_at or 0), self._random)
        self.binding = session.send(body, idempotent=True)

    def unbind(self) -> bool:
        """Bind anew, since the server says that the key is not bound; return whether that is worth an attempt."""
        if self.bound:
            self.bound = False
            self._failures += 1
            if self._failures <= ATTEMPTS:
                self.bind()
        return self._failures <= ATTEMPTS

    def take_over(self) -> None:
        """Note that there is no other link any more: this one goes on for ever, if any of them has worked."""
        self._reconnection.tireless = self._permanent.proven

    def succeeded(self) -> None:
        """Note that a call was answered under this key."""
        self._failures = 0
        self._bind_backoff.succeeded()

    def _is_about_binding(self, event: LinkEvent, now: float) -> bool:
        if not isinstance(event, Result | RpcFailed | RequestLost) or event.request is not self.binding:
            return False
        self.binding = None
        if isinstance(event, Result) and event.body == _TRUE:
            self._take_effect(now)
        elif isinstance(event, RpcFailed):
            self._binding_refused(event, now)
        else:
            lost = event.error if isinstance(event, RequestLost) else "the answer is not true"
            self._bind_later(now, RemoteProtocolError("binding", str(lost)))
        return True

    def _take_effect(self, now: float) -> None:
        if self._session is None:
            return
        self.bound = True
        self.trouble = None
        self._bindings += 1
        self._bound_at = now
        self._reconnection.tireless = True
        self._permanent.proven = True
        self._events.append(KeyBound(self._session.key_state))
        self._send_waiting(self._session)

    def _binding_refused(self, failure: RpcFailed, now: float) -> None:
        error = rpc_error(failure.code, failure.message, _METHOD)
        if failure.message in _KEY_REFUSED:
            self._start_over(error)
        elif failure.message == _BINDING_REFUSED and now - self._permanent.made_at > SETTLED_IN:
            self._permanent.state = None
            self._events.append(KeyDropped(error))
            self._start_over(error)
        elif failure.message == _BINDING_REFUSED or error.code == _FLOOD or isinstance(error, InternalServerError):
            self._bind_later(now, error)
        else:  # the same call would be refused again, under this key and any other
            self._fail(own_copy(error, "the server does not bind the temporary key"))

    def _bind_later(self, now: float, error: MTProtoError) -> None:
        self._failures += 1
        self.trouble = error
        if self._failures > ATTEMPTS:
            self._fail(error)
        else:
            wait = error.seconds if isinstance(error, FloodWait) else 0
            self._bind_at = now + wait + self._bind_backoff.next_delay(at_once=False)
