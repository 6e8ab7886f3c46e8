"""One temporary key: made, bound to the permanent one, used until it ends (core.telegram.org/api/pfs).

    no permanent key ──exchange──▶ no temporary key ──exchange──▶ unbound ──auth.bindTempAuthKey──▶ bound
                                         ▲                                                            │
                                         └──────────── refused, unknown to the server, ended ─────────┘

Nothing is sealed under the permanent key but what binds. Temporary keys live in memory only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import (
    FloodWait,
    InternalServerError,
    RemoteProtocolError,
    TransportError,
    own_copy,
    rpc_error,
)
from mtproto.link.backoff import Backoff
from mtproto.link.binding import bind_request
from mtproto.link.events import KeyDropped
from mtproto.link.key_policy import Action, Decision
from mtproto.session import RequestLost, Result, RpcFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.errors import ExchangeFailed, MTProtoError
    from mtproto.link.events import LinkEvent
    from mtproto.link.key_maker import KeyMaker
    from mtproto.message import KeyState
    from mtproto.session import ClientSession, Request

__all__ = ["PermanentKey", "TemporaryKeyPolicy"]

SETTLED_IN = 60.0
"""Seconds after which the servers must know a permanent key; a binding that fails earlier is only tried again."""

LASTING = 300.0
"""Seconds after which a binding has proven that the failures before it are over, even if no call was made."""

ATTEMPTS = 5
"""Bindings that fail, or keys that are lost, one after the other without a success."""

_METHOD = "auth.bindTempAuthKey"
_TRUE = bytes.fromhex("b5757299")
_KEY_REFUSED = frozenset({"EXPIRES_AT_INVALID", "TEMP_AUTH_KEY_ALREADY_BOUND", "TEMP_AUTH_KEY_EMPTY"})
_BINDING_REFUSED = "ENCRYPTED_MESSAGE_INVALID"
_FLOOD = 420


class PermanentKey:
    """The key that temporary ones are bound to; shared by the policies of links that follow each other.

    Args:
        state: from a store; None where the key is still to be made.
        replaceable: whether another key may take its place where the servers bind nothing to it. It may not at an
            address for file queries only: the key is that of the whole data centre.

    Attributes:
        replaceable: the argument.
        state: what a store keeps; None until the key is made.
        proven: whether a temporary key was bound since. From then on nothing that is not authenticated ends the client
            for good: packets of an exchange and transport errors may come from anybody in the middle.

    """

    __slots__ = ("_made_at", "proven", "replaceable", "state")

    def __init__(self, state: KeyState | None, *, replaceable: bool = True) -> None:
        self.state = state
        self.replaceable = replaceable
        self.proven = False
        self._made_at = float("-inf")  # a key from a store is older than anything that matters

    def made(self, state: KeyState, now: float) -> None:
        """Take a key that an exchange gave at `now`, Unix seconds by the local clock."""
        self.state, self._made_at = state, now

    def dropped(self) -> None:
        """Forget the key, since the server binds nothing to it."""
        self.state = None

    def took_a_binding(self) -> None:
        """Note that the server has bound a temporary key to this one."""
        self.proven = True

    def is_settled(self, now: float) -> bool:
        """Tell whether all servers must know the key by now."""
        return now - self._made_at > SETTLED_IN


class TemporaryKeyPolicy:
    """Makes temporary keys, one after the other, and binds each to the permanent one. Calls wait until it is bound.

    Args:
        permanent: the key to bind to, perhaps one that is still to be made.
        permanent_maker: makes that key.
        temporary_maker: makes temporary keys.
        random: source of random bytes.

    Attributes:
        bound: whether the server has taken the binding.
        binding: the call that binds, while it is under way.

    """

    def __init__(
        self,
        permanent: PermanentKey,
        permanent_maker: KeyMaker,
        temporary_maker: KeyMaker,
        random: Callable[[int], bytes],
    ) -> None:
        self._permanent = permanent
        self._permanent_maker = permanent_maker
        self._temporary_maker = temporary_maker
        self._random = random
        self._backoff = Backoff(random)  # between bindings
        self._bind_at: float | None = None  # when to try again
        self._failures = 0
        self._bound_at = 0.0
        self._bindings = 0  # that took effect
        self._known_here = False  # whether the server of this connection has shown that it knows the key
        self.bound = False
        self.binding: Request | None = None

    # The key -----------------------------------------------------------------------------------------------------

    @property
    def takes_calls(self) -> bool:
        """Whether the key is bound, and the server of this connection knows the key still.

        A server that was started again does not, and a call that it refused for that could not be told from one that
        it executed: -404 is not authenticated.
        """
        return self.bound and self._known_here

    @property
    def permanent_state(self) -> KeyState | None:
        """The state of the permanent key; None until the key is made."""
        return self._permanent.state

    @property
    def use(self) -> int:
        """The number of the binding that calls made now go out under: the next one while the key is not bound."""
        return self._bindings + (not self.bound)

    def check(self) -> None:
        """See `KeyPolicy`."""
        self._permanent_maker.check()
        self._temporary_maker.check()

    def maker(self) -> KeyMaker:
        """Return what makes the key that is missing: the permanent one first."""
        return self._permanent_maker if self._permanent.state is None else self._temporary_maker

    def key_made(self, state: KeyState, now: float) -> bool:
        """Keep a permanent key; return whether the key is a temporary one."""
        if state.expires_at is not None:
            return True
        self._permanent.made(state, now)
        return False

    def key_dropped(self) -> None:
        """Take notice that the link has dropped its temporary key."""
        self.bound = False
        self.binding = self._bind_at = None

    def ends_at(self, state: KeyState) -> float | None:
        """Return when a key ends, Unix seconds by the local clock."""
        return None if state.expires_at is None else state.expires_at - state.time_offset

    # The connection ----------------------------------------------------------------------------------------------

    def heard(self) -> bool:
        """Take notice that a packet came under the key; return whether calls that waited for that may be sealed."""
        if self._known_here:
            return False
        self._known_here = True
        return self.bound

    def disconnected(self) -> None:
        """Take notice that the connection has ended."""
        self._known_here = False

    def refused(self, error: TransportError, *, has_key: bool, credible: bool, again: bool) -> Decision:
        """See `KeyPolicy`.

        A server that was started again forgets temporary keys. Another key helps, waiting does not; how often a key is
        lost has a bound (`ATTEMPTS`). A temporary key that is given up too early costs little: one exchange.
        """
        if not has_key:
            final = credible and not self._permanent.proven
            return Decision(Action.GIVE_UP if final else Action.BREAK, error)
        unknown = error.code == TransportError.NOT_FOUND
        if credible or (unknown and again):
            return self._without_key(error, at_once=unknown)
        return Decision(Action.BREAK, error, at_once=unknown)

    def exchange_failed(self, error: ExchangeFailed) -> Decision:
        """See `KeyPolicy`; a client that has never worked is told so at once."""
        return Decision(Action.BREAK if self._permanent.proven else Action.GIVE_UP, error)

    def _without_key(
        self, error: MTProtoError, *, at_once: bool = False, events: tuple[LinkEvent, ...] = ()
    ) -> Decision:
        """Have the key dropped and another one made on the next connection, unless that was tried too often."""
        action = Action.GIVE_UP if self._has_failed_too_often() else Action.BREAK
        return Decision(action, error, drop_key=True, at_once=at_once, events=events)

    # The binding -------------------------------------------------------------------------------------------------

    @property
    def is_unbound(self) -> bool:
        """Whether nothing was done yet to bind the key."""
        return not self.bound and self.binding is None and self._bind_at is None

    def bind(self, session: ClientSession) -> None:
        """Send what binds the key of a session, unless the key is bound, or soon will be."""
        permanent = self._permanent.state
        if permanent is None or not self.is_unbound:
            return
        state = session.key_state
        body = bind_request(permanent.auth_key, state.auth_key.id, int(state.expires_at or 0), self._random)
        self.binding = session.send(body, idempotent=True)

    def unbind(self) -> bool:
        """Take notice that the server says that the key is not bound; return whether to bind the key at once."""
        if not self.bound:
            return False
        self.bound = False
        return not self._has_failed_too_often()

    @property
    def has_attempts_left(self) -> bool:
        """Whether another binding is worth an attempt."""
        return self._failures <= ATTEMPTS

    def succeeded(self) -> None:
        """Take notice that a call was answered under this key."""
        self._failures = 0
        self._backoff.succeeded()

    def deadline(self, state: KeyState | None) -> float | None:
        """Return when the key of this state ends, or is to be bound once more, Unix seconds; None for neither."""
        times = (self._bind_at, self.ends_at(state) if state is not None else None)
        return min((time for time in times if time is not None), default=None)

    def tick(self, now: float) -> bool:
        """Let time pass; return whether to bind once more now, which is then taken as done."""
        if self.bound and now - self._bound_at > LASTING:
            self._failures = 0
        if self._bind_at is None or now < self._bind_at:
            return False
        self._bind_at = None
        return True

    def settle_binding(self, event: LinkEvent, now: float) -> Decision | None:
        """Take the end of the call that binds; return what the link is to do, None if the key is bound."""
        self.binding = None
        if isinstance(event, Result) and event.body == _TRUE:
            self.bound = True
            self._bindings += 1
            self._bound_at = now
            self._permanent.took_a_binding()
            return None
        if isinstance(event, RpcFailed):
            return self._binding_refused(event, now)
        lost = event.error if isinstance(event, RequestLost) else "the answer is not true"
        return self._bind_later(now, RemoteProtocolError("binding", str(lost)))

    def _binding_refused(self, failure: RpcFailed, now: float) -> Decision:
        error = rpc_error(failure.code, failure.message, _METHOD)
        if failure.message in _KEY_REFUSED:
            return self._without_key(error)
        if failure.message == _BINDING_REFUSED and self._permanent.is_settled(now):
            if not self._permanent.replaceable:
                return Decision(Action.GIVE_UP, own_copy(error, "the server does not know the permanent key"), True)
            self._permanent.dropped()
            return self._without_key(error, events=(KeyDropped(error),))
        if failure.message == _BINDING_REFUSED or error.code == _FLOOD or isinstance(error, InternalServerError):
            return self._bind_later(now, error)
        # The same call would be refused again, under this key and any other.
        return Decision(Action.GIVE_UP, own_copy(error, "the server does not bind the temporary key"))

    def _bind_later(self, now: float, error: MTProtoError) -> Decision:
        if self._has_failed_too_often():
            return Decision(Action.GIVE_UP, error)
        wait = error.seconds if isinstance(error, FloodWait) else 0
        self._bind_at = now + wait + self._backoff.next_delay(at_once=False)
        return Decision(Action.GO_ON, error)

    def _has_failed_too_often(self) -> bool:
        """Count a failure, and return whether there were too many."""
        self._failures += 1
        return self._failures > ATTEMPTS
