"""The keys of a client's link: they are made, used, bound and dropped as the link's policy decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import ConnectionLost, ExchangeFailed
from mtproto.link.events import KeyBound, KeyCreated, LinkStatus
from mtproto.link.key_policy import Action
from mtproto.link.live_session import LiveSession
from mtproto.session import RequestLost, Result, RpcFailed

if TYPE_CHECKING:
    from mtproto.errors import MTProtoError
    from mtproto.link.calls import LinkCalls
    from mtproto.link.events import LinkEvent
    from mtproto.link.exchanging import Exchanging
    from mtproto.link.key_maker import Work
    from mtproto.link.key_policy import Decision, KeyPolicy
    from mtproto.link.reconnection import Reconnection
    from mtproto.link.standing import Standing
    from mtproto.message.key_state import KeyState
    from mtproto.session import ClientSession

__all__ = ["LinkKeys"]

_BINDING_ENDS = (Result, RpcFailed, RequestLost)


class LinkKeys:
    """Does what the policy of a link decides about keys. One owner: that link, whose other parts it uses.

    Args:
        policy: decides.
        calls: of the link.
        exchange: of the link.
        standing: of the link.
        reconnection: of the link.

    Attributes:
        live: the session and the present connection; None while the session has no connection.
        made_here: whether the exchange of the key went over the present connection.

    """

    __slots__ = ("_calls", "_exchange", "_policy", "_reconnection", "_standing", "live", "made_here")

    def __init__(
        self,
        policy: KeyPolicy,
        calls: LinkCalls,
        exchange: Exchanging,
        standing: Standing,
        reconnection: Reconnection,
    ) -> None:
        self._policy = policy
        self._calls = calls
        self._exchange = exchange
        self._standing = standing
        self._reconnection = reconnection
        self.live: LiveSession | None = None
        self.made_here = False

    # The connection ----------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """Take notice of a new connection."""
        self.live = None
        self.made_here = False

    def disconnected(self) -> None:
        """Take notice that the connection has ended."""
        self._policy.disconnected()
        self._exchange.abandon()
        self.live = None

    def begin(self, now: float) -> None:
        """Say what has to be said first, now that the carrier takes it: go on with the session, or make a key."""
        if self._calls.key_has_ended(now):
            self.drop("its temporary key has ended")
        if self._calls.session is None:
            self._standing.enter(LinkStatus.EXCHANGING)
            self._exchange.start(now)
            self._standing.tell_all(self._exchange.take_events())
        else:
            self._begin_session(self._calls.session, now)

    def _begin_session(self, session: ClientSession, now: float) -> None:
        self.live = LiveSession(session, now)
        self._reconnection.begun(now)
        self._standing.enter(LinkStatus.READY)

    # The exchange ------------------------------------------------------------------------------------------------

    def run(self, now: float) -> None:
        """Run the slow steps that there are."""
        while self._standing.status is LinkStatus.EXCHANGING and (work := self._exchange.take_work(now)) is not None:
            work.run()
            self.finish(work, now)

    def finish(self, work: Work, now: float) -> None:
        """Take back a slow step that was run."""
        outcome = self._exchange.finish(work, now)
        self._standing.tell_all(self._exchange.take_events())
        if isinstance(outcome, ExchangeFailed):
            self.obey(self._policy.exchange_failed(outcome))
        elif outcome is not None:
            self.made_here = True
            self._reconnection.key_made()
            self.use(outcome, now)

    def use(self, state: KeyState, now: float) -> None:
        """Go on with a key that was just made."""
        usable = self._policy.key_made(state, now)
        if state.expires_at is None:
            self._standing.tell(KeyCreated(state))
        if usable:
            session, lost = self._calls.new_session(state)
            self._standing.tell_all(lost)
            self._begin_session(session, now)
        elif self._exchange.repeated:
            self._standing.break_off(ConnectionLost("late answers may come over it"))
        else:
            self.begin(now)

    # The life of a key -------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Drop the key if its time is over, and bind it once more if that is due."""
        binding_due = self._policy.tick(now)
        if self._calls.key_has_ended(now):
            self.drop("its temporary key has ended")
            self._standing.break_off(ConnectionLost("the temporary key has ended"))
        elif binding_due:
            self._calls.bind()

    def drop(self, reason: str) -> None:
        """Forget the key. Calls that may be sent under another key are given back, the others end for `reason`."""
        self._standing.tell_all(self._calls.drop_key(reason))
        self.live = None

    def take_events(self, now: float) -> list[LinkEvent]:
        """Take out what the shell is to be told; the end of the call that binds a key is dealt with here instead."""
        events = self._standing.take_events()
        if self._policy.binding is None:
            return events
        seen = []
        for event in events:
            if isinstance(event, _BINDING_ENDS) and event.request is self._policy.binding:
                self._settle_binding(event, now)
            else:
                seen.append(event)
        return seen + self._standing.take_events()

    def _settle_binding(self, event: LinkEvent, now: float) -> None:
        decision = self._policy.settle_binding(event, now)
        if decision is not None:
            self.obey(decision)
        elif self._calls.state is not None:
            self._standing.key_bound()
            self._standing.tell(KeyBound(self._calls.state), *self._calls.send_waiting())

    # Errors ------------------------------------------------------------------------------------------------------

    def obey(self, decision: Decision) -> None:
        """Do what the policy has decided about an error."""
        error = decision.error
        self._standing.tell_all(decision.events)
        if decision.at_once:
            self._reconnection.answered()
        if decision.drop_key:
            self._reconnection.key_dropped()
            self._standing.stumble(error)
            self.drop(f"its temporary key is gone: {error}")
        if decision.action is Action.GIVE_UP:
            self.give_up(error)
        elif decision.action is Action.BREAK:
            self._standing.break_off(error)
        else:
            self._standing.stumble(error)

    def give_up(self, error: MTProtoError) -> None:
        """End the link for good."""
        self._exchange.abandon()
        self._standing.give_up(error)
