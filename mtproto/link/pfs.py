"""Perfect forward secrecy: a client's link whose calls travel under temporary keys only (core.telegram.org/api/pfs).

Each `TemporaryLink` wants a connection of its own. Mostly there is one; while its key is replaced there are two:

    old link   takes calls ─────────────────────────┬─ its last calls settle ─┬─ late answers ─┬ removed
    new link            └ added ─ makes a new key ──┴─ takes calls, holds them ┴─ binds, sends them ──▶

A new binding ends the old one, so a call that the old key carried too late is answered with `AUTH_KEY_PERM_EMPTY`: it
was not executed, and goes out again under the new key.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.errors import ConnectionLost, LocalProtocolError, OptionError, own_copy
from mtproto.link.calls import end_unsent
from mtproto.link.events import Failed, LinkAdded, LinkRemoved, Status, StatusChanged
from mtproto.link.options import LinkKeywords, LinkOptions, link_options
from mtproto.link.temporary import PermanentKey, TemporaryLink
from mtproto.session import NewSession, Request, RequestLost, RequestState, Result, RpcFailed, UpdatesGap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from mtproto.crypto import RSAPublicKey
    from mtproto.errors import MTProtoError
    from mtproto.link.events import KeyUse, LinkEvent
    from mtproto.message import KeyState
    from mtproto.session import Body

__all__ = ["EXPIRES_IN", "PfsLink"]

EXPIRES_IN = 86400
"""Seconds that a temporary key lives: what the documentation proposes."""

RENEW_EARLY = 900.0
"""Seconds before its end at which a key is replaced: time for many attempts. Never more than a tenth of its life."""

SETTLE_TIME = 5.0
"""Seconds that the calls under the old key may take before the new one is bound all the same."""

RENEW_AGAIN = 60.0
"""Seconds after a new key could not be had before the next attempt, while the old one is still good."""

_NOT_BOUND = (401, "AUTH_KEY_PERM_EMPTY")
_PREDECESSOR = frozenset({"MSG_WAIT_FAILED", "MSG_WAIT_TIMEOUT"})


class PfsLink:
    """What `ClientLink` is to calls; to the shell it is one or two links, which come and go by events.

    Args:
        keys: the server's public keys that the caller trusts.
        options: as `ClientLink` takes them; their state is that of the permanent key, and without it one is made.
        expires_in: seconds that a temporary key is to live.

    Attributes:
        failure: why it has given up.

    Raises `TypeError` for an option that does not exist or is missing; `OptionError` as `LinkOptions` does, and if the
    state is that of a temporary key, or no key could live for `expires_in`.

    """

    @named_options(LinkKeywords)
    def __init__(
        self,
        keys: Sequence[RSAPublicKey],
        options: LinkOptions | None = None,
        *,
        expires_in: int = EXPIRES_IN,
        **named: Unpack[LinkKeywords],
    ) -> None:
        options = link_options(type(self).__name__, options, named)
        if options.state is not None and options.state.expires_at is not None:
            raise OptionError("the state is a temporary key, which can't be bound to a temporary key", "state")
        if expires_in <= 0:
            raise OptionError(f"a temporary key can't live for {expires_in} seconds", "expires_in")
        self._permanent = PermanentKey(options.state)
        self._keys = keys
        self._expires_in = expires_in
        self._limits = options.limits
        self._options = replace(options, state=None)
        self._early = min(RENEW_EARLY, expires_in / 10)
        self._front = self._new_link()  # the link whose key calls go out under
        self._next: TemporaryLink | None = None  # the one that is to take over
        self._past: list[TemporaryLink] = []  # what was replaced and has calls open
        self._homeless: list[Request] = []  # calls that no link can take just now
        self._moved: set[Request] = set()  # calls that a key was too old for, while it is being replaced
        self._after: dict[Request, tuple[Request, ...]] = {}  # what open calls follow; sessions forget it at their end
        self._updated_by: KeyState | None = None  # the key whose session was made last
        self._settle_until: float | None = None
        self._renew_after = 0.0
        self._status = Status.DISCONNECTED
        self.failure: MTProtoError | None = None

    def _new_link(self) -> TemporaryLink:
        return TemporaryLink(self, self._permanent, self._keys, self._options, expires_in=self._expires_in)

    # What the owner asks -----------------------------------------------------------------------------------------

    @property
    def status(self) -> Status:
        """Where the link stands; ready means that calls travel under a key that is bound."""
        return self._status

    @property
    def state(self) -> KeyState | None:
        """What belongs to the permanent key, for a store; None before it is made."""
        return self._permanent.state

    @property
    def key_state(self) -> KeyState | None:
        """What belongs to the temporary key that calls made now go out under, if there is one. Not for a store."""
        return self._taker.key_state

    @property
    def key_use(self) -> KeyUse | None:
        """The key that a call made now goes out under, and under which of its bindings; None before there is one."""
        return self._taker.key_use

    @property
    def links(self) -> Sequence[TemporaryLink]:
        """The links that want connections of their own."""
        return [self._front, *([self._next] if self._next is not None else ()), *self._past]

    @property
    def in_flight(self) -> int:
        """How many calls wait, sent or not."""
        return len(self._homeless) + sum(link.in_flight for link in self.links)

    # Calls -------------------------------------------------------------------------------------------------------

    def send(
        self,
        body: Body,
        *,
        after: Sequence[Request] = (),
        idempotent: bool = False,
        want_quick_ack: bool = False,
    ) -> Request:
        """Queue a call, as `ClientLink.send` does."""
        request = Request(body, tuple(after), idempotent, want_quick_ack)
        self.add(request)
        return request

    def add(self, request: Request) -> None:
        """Queue a call whose handle was made before. Raises what `ClientLink.send` raises."""
        if self._status is Status.CLOSED:
            raise own_copy(self.failure) if self.failure is not None else ConnectionLost("the link is closed")
        if self.in_flight >= self._limits.unanswered_requests:
            raise LocalProtocolError("too many calls wait")
        self._place(request)
        if request.after:
            self._after[request] = request.after

    def has(self, request: Request) -> bool:
        """Whether a call waits here, sent or not."""
        return request in self._homeless or any(link.has(request) or request in link.given_back for link in self.links)

    def cancel(self, request: Request, now: float) -> None:
        """Give up a call, as `ClientLink.cancel` does."""
        self._after.pop(request, None)
        if request in self._homeless:
            self._homeless.remove(request)
            end_unsent(request)
        for link in self.links:
            link.cancel(request, now)

    def close(self) -> list[LinkEvent]:
        """End the link for good. Calls that wait will not settle: that is the owner's part."""
        for link in self.links:
            link.close()
        return self._changed_status()

    # What its links ask ------------------------------------------------------------------------------------------

    def digest(self, link: TemporaryLink, events: list[LinkEvent], now: float) -> list[LinkEvent]:
        """Take the events of a link, and return those that the shell is to see."""
        seen: list[LinkEvent] = []
        for event in events:
            match event:
                case StatusChanged():
                    pass  # the shell is told how the whole stands
                case RpcFailed(request) if self._goes_again(link, event):
                    self._take_back(request)
                case Failed() if link is not self._front:
                    self._do_without(link, now)
                case Failed(error):
                    seen += [event, *self._fail(error)]
                case NewSession(unique_id=unique_id) if self._follows_another(link):
                    seen += [event, UpdatesGap(unique_id)]
                case _:
                    seen.append(event)
                    self._note_end(link, event)
        if self.failure is None and self._status is not Status.CLOSED:
            seen += self._advance(now)
        return seen + self._changed_status()

    def _goes_again(self, link: TemporaryLink, failure: RpcFailed) -> bool:
        """Whether a call was not executed for want of a binding, be it its own or that of a call before it."""
        if (failure.code, failure.message) == _NOT_BOUND:
            return link is not self._front or link.unbind()
        return failure.message in _PREDECESSOR and not self._moved.isdisjoint(self._after.get(failure.request, ()))

    def _take_back(self, request: Request) -> None:
        request.reset()
        request.after = self._after.get(request, ())
        self._moved.add(request)
        self._homeless.append(request)

    def _note_end(self, link: TemporaryLink, event: LinkEvent) -> None:
        if isinstance(event, Result):
            link.succeeded()
        if self._after and isinstance(event, Result | RpcFailed | RequestLost):
            self._after.pop(event.request, None)

    def _follows_another(self, link: TemporaryLink) -> bool:
        """Whether a session is the first of its key, but not of all: updates may be lost between the two."""
        before, self._updated_by = self._updated_by, link.state
        return before is not None and before is not link.state

    def next_deadline(self) -> float | None:
        """Return when any of the links is to be ticked: to be replaced, or to be bound at last."""
        if self._next is not None:
            return self._settle_until if self._next.is_to_be_bound else None
        ends_at = self._front.ends_at if self._front.bound else None
        return None if ends_at is None else max(ends_at - self._early, self._renew_after)

    # The succession ----------------------------------------------------------------------------------------------

    def _advance(self, now: float) -> list[LinkEvent]:
        """Do what is possible now: replace, bind, let go, send what waits."""
        events: list[LinkEvent] = []
        front, successor = self._front, self._next
        if successor is None:
            renew_at = self.next_deadline()
            if renew_at is not None and now >= renew_at:
                self._next = self._new_link()
                events.append(LinkAdded(self._next))
            front.bind()
        elif successor.bound or front.state is None:
            self._past.append(front)
            self._homeless += front.take_waiting()
            self._front, self._next, self._settle_until = successor, None, None
            successor.take_over()
            successor.bind()
        elif successor.state is not None and self._has_settled(now):
            successor.bind()
        for link in list(self._past):
            if link.status is Status.CLOSED or not link.open_calls:
                self._past.remove(link)
                events += self._dismiss(link)
        events += self._find_homes()
        if self._moved and not self._past and self._next is None and front.bound:
            self._moved.clear()
        return events

    def _has_settled(self, now: float) -> bool:
        """Whether nothing more is to be expected of the old key, or it has been waited for long enough."""
        if self._settle_until is None:
            self._settle_until = now + SETTLE_TIME
        return not self._front.bound or not self._front.open_calls or now >= self._settle_until

    def _dismiss(self, link: TemporaryLink) -> list[LinkEvent]:
        """Let go of a link; its calls end, or go elsewhere."""
        link.drop_key("its temporary key was replaced before the answer came")
        self._homeless += [*link.given_back, *link.take_waiting()]
        return [*(event for event in link.close() if not isinstance(event, StatusChanged)), LinkRemoved(link)]

    def _do_without(self, link: TemporaryLink, now: float) -> None:
        """Go on without a link that has failed, since there is another one."""
        if link is self._next:
            self._next = self._settle_until = None
            self._renew_after = now + RENEW_AGAIN
            self._past.append(link)

    def _fail(self, error: MTProtoError) -> list[LinkEvent]:
        """Give up for good."""
        self.failure = error
        others = [link for link in self.links if link is not self._front]
        for link in others:
            link.close()
        return [LinkRemoved(link) for link in others]

    # Where calls go ----------------------------------------------------------------------------------------------

    @property
    def _taker(self) -> TemporaryLink:
        """The link that takes new calls."""
        successor = self._next
        return self._front if successor is None or successor.state is None else successor

    def _place(self, request: Request) -> None:
        """Give a call to the link that takes it, unless it follows calls that another one still has."""
        link = self._taker
        if all(before.state is RequestState.SETTLED or link.has(before) for before in request.after):
            link.add(request)
        elif self._front is not link and self._front.bound and all(map(self._front.has, request.after)):
            self._front.add(request)
        else:
            self._homeless.append(request)

    def _find_homes(self) -> list[LinkEvent]:
        """Place what has no link; one call may have waited for another one of them."""
        events: list[LinkEvent] = []
        for link in self.links:
            given_back, link.given_back = link.given_back, []
            self._homeless += given_back
        before = 0
        while len(self._homeless) != before:
            homeless, self._homeless = self._homeless, []
            before = len(homeless)
            for request in homeless:
                try:
                    self._place(request)
                except LocalProtocolError as error:
                    end_unsent(request)
                    events.append(RequestLost(request, error))
        return events

    # How the whole stands ----------------------------------------------------------------------------------------

    def _changed_status(self) -> list[LinkEvent]:
        status = self._front.status
        if status is Status.READY and not self._front.bound:
            status = Status.EXCHANGING
        if status is self._status:
            return []
        self._status = status
        return [StatusChanged(status)]
