"""The calls of a client's link: they may be made before there is a key, and while there is no connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import ConnectionLost, LocalProtocolError, own_copy
from mtproto.link.events import KeyUse, Status
from mtproto.session import Request, RequestLost, RequestState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.errors import MTProtoError
    from mtproto.limits import Limits
    from mtproto.link.events import LinkEvent
    from mtproto.message import KeyState
    from mtproto.session import Body, ClientSession

__all__ = ["LinkCalls", "end_unsent"]


class LinkCalls:
    """What a link is to those who call. A base of `ClientLink`, of no use alone.

    Args:
        limits: what is sent and accepted at most.

    Attributes:
        failure: why the link has given up.

    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._events: list[LinkEvent] = []
        self._session: ClientSession | None = None
        self._waiting: list[Request] = []  # calls made before there is a session
        self._status = Status.DISCONNECTED
        self.failure: MTProtoError | None = None

    @property
    def status(self) -> Status:
        """Where the link stands."""
        return self._status

    @property
    def state(self) -> KeyState | None:
        """What belongs to the key, for a store; None before the first exchange has ended."""
        return self._session.key_state if self._session is not None else None

    @property
    def key_state(self) -> KeyState | None:
        """What belongs to the key that calls go out under; here the same as `state`."""
        return self.state

    @property
    def key_use(self) -> KeyUse | None:
        """The key that a call made now goes out under; None before there is one."""
        state = self.key_state
        return None if state is None else KeyUse(state.auth_key.id)

    @property
    def session(self) -> ClientSession | None:
        """The session, None before the first exchange has ended."""
        return self._session

    @property
    def in_flight(self) -> int:
        """How many calls wait, sent or not."""
        return len(self._waiting) + (self._session.in_flight if self._session is not None else 0)

    def send(
        self,
        body: Body,
        *,
        after: Sequence[Request] = (),
        idempotent: bool = False,
        want_quick_ack: bool = False,
    ) -> Request:
        """Queue a call, connected or not; arguments and handle are those of `ClientSession.send`.

        Raises:
            LocalProtocolError: too many calls wait.
            MTProtoError: the link is closed; the error says why.

        """
        request = Request(body, tuple(after), idempotent, want_quick_ack)
        self.add(request)
        return request

    def add(self, request: Request) -> None:
        """Queue a call whose handle was made before, in another thread perhaps. Raises what `send` raises."""
        if self._status is Status.CLOSED:
            raise own_copy(self.failure) if self.failure is not None else ConnectionLost("the link is closed")
        if self._session is not None:
            self._session.add(request)
        elif len(self._waiting) < self._limits.unanswered_requests:
            self._waiting.append(request)
        else:
            raise LocalProtocolError("too many calls wait")

    def has(self, request: Request) -> bool:
        """Whether a call waits here, sent or not."""
        return request in self._waiting or (self._session is not None and request in self._session.requests)

    def cancel(self, request: Request, now: float) -> None:
        """Give up a call: not sent, it is forgotten; sent, the server is told. No event will settle it."""
        if self._session is not None:
            self._session.cancel(request, now)
        elif request in self._waiting:
            self._waiting.remove(request)
            end_unsent(request)

    def _send_waiting(self, session: ClientSession) -> None:
        """Hand to the session what was queued before there was one; it may find that a call can't be sent.

        A call may stand before one that it follows, where that has come back from a key that was lost.
        """
        waiting, self._waiting = dict.fromkeys(self._waiting), []
        while waiting:
            request = next(iter(waiting))
            while first := next((before for before in request.after if before in waiting), None):
                request = first
            del waiting[request]
            try:
                session.add(request)
            except LocalProtocolError as error:
                end_unsent(request)
                self._events.append(RequestLost(request, error))


def end_unsent(request: Request) -> None:
    """Settle a call that no session has got, so that calls which were to follow it fail as they would in a session."""
    request.state = RequestState.SETTLED
    request.failed = True
