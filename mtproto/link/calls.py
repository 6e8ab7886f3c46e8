"""The calls of a client's link, and the session that carries them under the present key.

Calls may be made before there is a key, and while there is no connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import LocalProtocolError
from mtproto.link.events import KeyUse
from mtproto.link.waiting_calls import WaitingCalls
from mtproto.session import ClientSession, RequestLost

if TYPE_CHECKING:
    from mtproto.link.events import LinkEvent
    from mtproto.link.key_policy import KeyPolicy
    from mtproto.link.options import LinkOptions
    from mtproto.message import KeyState
    from mtproto.session import Request

__all__ = ["LinkCalls"]


class LinkCalls:
    """The calls of one link: those that its session has, and those that wait. One owner: that link.

    Args:
        options: of the link; the state of its key, the limits and the source of random bytes are used.
        policy: of the link; says when the session takes calls.

    Attributes:
        session: the session under the present key; None without a key.
        waiting: the calls that no session has.

    """

    __slots__ = ("_options", "_policy", "session", "waiting")

    def __init__(self, options: LinkOptions, policy: KeyPolicy) -> None:
        self._options = options
        self._policy = policy
        self.waiting = WaitingCalls()
        self.session: ClientSession | None = None
        if options.state is not None:
            self.session = self._new_session(options.state)

    @property
    def state(self) -> KeyState | None:
        """The state of the present key; None without a key."""
        return self.session.key_state if self.session is not None else None

    @property
    def key_use(self) -> KeyUse | None:
        """The key that a call made now goes out under, and under which of its bindings; None without a key."""
        return KeyUse(self.session.key_state.auth_key.id, self._policy.use) if self.session is not None else None

    @property
    def key_ends_at(self) -> float | None:
        """When the key ends, Unix seconds by the local clock; None without a key, and for one that does not end."""
        return self._policy.ends_at(self.session.key_state) if self.session is not None else None

    def server_time(self, now: float) -> float:
        """Return the time by the server's clock where that is known, else by the local one; Unix seconds."""
        state = self.state or self._policy.permanent_state
        return now if state is None else now + state.time_offset

    @property
    def key_deadline(self) -> float | None:
        """When the key ends, or is to be bound once more, Unix seconds by the local clock; None for neither."""
        return self._policy.deadline(self.session.key_state if self.session is not None else None)

    @property
    def in_flight(self) -> int:
        """How many calls wait, sent or not."""
        return len(self.waiting) + (self.session.in_flight if self.session is not None else 0)

    @property
    def are_waiting(self) -> bool:
        """Whether any call waits, sent or not."""
        return (self.session is not None and self.session.in_flight > 0) or len(self.waiting) > 0

    @property
    def open(self) -> int:
        """How many calls the session has, but for the one that binds its key."""
        return self.session.in_flight - (self._policy.binding is not None) if self.session is not None else 0

    def add(self, request: Request) -> None:
        """Queue a call.

        Raises:
            LocalProtocolError: too many calls wait.

        """
        if self.session is None and len(self.waiting) >= self._options.limits.unanswered_requests:
            raise LocalProtocolError("too many calls wait")
        self.place(request)

    def place(self, request: Request) -> None:
        """Queue a call as `add` does, for an owner of several links, who counts the calls of all."""
        if self.session is not None and self._policy.takes_calls:
            self.session.add(request)
        else:
            self.waiting.add(request)

    def __contains__(self, request: Request) -> bool:
        """Tell whether a call waits here, sent or not."""
        return request in self.waiting or (self.session is not None and request in self.session.requests)

    def cancel(self, request: Request, now: float) -> None:
        """Give up a call: not sent, it is forgotten; sent, the server is told."""
        if not self.waiting.cancel(request) and self.session is not None:
            self.session.cancel(request, now)

    def disconnected(self, now: float) -> None:
        """Take notice that the connection of the session has ended.

        Where the server of the next connection may not know the key, calls that no packet has carried wait here: under
        a key that is not known they would be lost, and their outcome could not be told.
        """
        if self.session is None:
            return
        self.session.disconnected(now)
        if self._policy.takes_calls:
            return
        for request in self.session.unsent():
            if request is self._policy.binding:
                self.session.add(request)
            else:
                self.waiting.add(request)

    def send_waiting(self) -> list[LinkEvent]:
        """Hand the waiting calls to the session; return the ends of those that it finds can't be sent."""
        lost: list[LinkEvent] = []
        if self.session is None:
            return lost
        for request in self.waiting.take_in_order():
            try:
                self.session.add(request)
            except LocalProtocolError as error:
                request.end_unsent()
                lost.append(RequestLost(request, error))
        return lost

    def new_session(self, state: KeyState) -> tuple[ClientSession, list[LinkEvent]]:
        """Make a session under a new key, and hand the waiting calls to it if the key takes calls yet.

        Returns:
            the session, and the ends of calls that can't be sent.

        """
        self.session = session = self._new_session(state)
        return session, self.send_waiting() if self._policy.takes_calls else []

    def bind(self) -> None:
        """Send what binds the key, if there is a key and its policy wants that."""
        if self.session is not None:
            self._policy.bind(self.session)

    def drop_key(self, reason: str) -> list[LinkEvent]:
        """Forget the session and its key; return the ends of calls that no other key may carry, for `reason`.

        Calls that may be sent under another key are given back: see `WaitingCalls`.
        """
        session, self.session = self.session, None
        if session is None:
            return []
        free, events = session.give_up(reason)
        binding = self._policy.binding
        self.waiting.give_back(request for request in free if request is not binding)
        self._policy.key_dropped()
        return [*events]

    def key_has_ended(self, now: float) -> bool:
        """Tell whether there is a key whose time is over."""
        ends_at = self.key_ends_at
        return ends_at is not None and now >= ends_at

    def _new_session(self, state: KeyState) -> ClientSession:
        return ClientSession(state, random=self._options.random, limits=self._options.limits)
