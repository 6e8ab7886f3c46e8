"""Perfect forward secrecy: a client's link whose calls travel under temporary keys only (core.telegram.org/api/pfs).

Each temporary key has a `ClientLink` and a connection of its own. Mostly there is one; while its key is replaced there
are two:

    old link   takes calls ─────────────────────────┬─ its last calls settle ─┬─ late answers ─┬ removed
    new link            └ added ─ makes a new key ──┴─ takes calls, holds them ┴─ binds, sends them ──▶

A new binding ends the old one, so a call that the old key carried too late is answered with `AUTH_KEY_PERM_EMPTY`. The
server did not execute such a call, and it goes out again under the new key.

    shell ──▶ PfsLine ──▶ PfsLink ──▶ ClientLink ──▶ TemporaryKeyPolicy       calls go this way only
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.errors import ConnectionLost, LocalProtocolError, OptionError, own_copy
from mtproto.link.call_sender import CallSender
from mtproto.link.client import ClientLink
from mtproto.link.events import BoundKey, Failed, LinkAdded, LinkRemoved, LinkStatus, StatusChanged
from mtproto.link.key_maker import KeyMaker
from mtproto.link.key_renewal import EXPIRES_IN, KeyRenewal
from mtproto.link.options import LinkKeywords, LinkOptions, link_options
from mtproto.link.temporary_key import PermanentKey, TemporaryKeyPolicy
from mtproto.link.unplaced_calls import UnplacedCalls
from mtproto.session import NewSession, RequestLost, RequestState, Result, RpcFailed, UpdatesGap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from mtproto.crypto import RSAPublicKey
    from mtproto.errors import MTProtoError
    from mtproto.link.events import KeyUse, LinkEvent
    from mtproto.link.key_maker import Work
    from mtproto.message import KeyState
    from mtproto.session import Request

__all__ = ["PfsLine", "PfsLink"]

_NOT_BOUND = (401, "AUTH_KEY_PERM_EMPTY")
_PREDECESSOR = frozenset({"MSG_WAIT_FAILED", "MSG_WAIT_TIMEOUT"})


class PfsLine:
    """One temporary key of a `PfsLink`, with a connection of its own. To the shell's pump it is what a link is.

    The pump's calls go to the link of the key; what came of them goes through the `PfsLink`, which may act on it.

    Args:
        owner: whose line it is.
        link: makes the key and its session, and carries calls.
        policy: of that link.

    """

    def __init__(self, owner: PfsLink, link: ClientLink, policy: TemporaryKeyPolicy) -> None:
        self._owner = owner
        self.link = link
        self.policy = policy

    def __repr__(self) -> str:
        return f"PfsLine({self.link.status.name})"

    @property
    def status(self) -> LinkStatus:
        """Where the link of the key stands."""
        return self.link.status

    @property
    def state(self) -> KeyState | None:
        """What belongs to the temporary key; None before it is made."""
        return self.link.state

    @property
    def connect_at(self) -> float | None:
        """When to connect, Unix seconds; None while it is connected, or over."""
        return self.link.connect_at

    @property
    def trouble(self) -> Exception | None:
        """Why the last connection ended, or what else went wrong."""
        return self.link.trouble

    @property
    def missing(self) -> int:
        """How many bytes at least are still to come of the packet whose beginning has come."""
        return self.link.missing

    @property
    def has_more(self) -> bool:
        """Whether the last `data_to_send` left something behind."""
        return self.link.has_more

    def connected(self, now: float) -> list[LinkEvent]:
        """Begin a new connection, as `ClientLink.connected` does."""
        return self._owner.digest(self, self.link.connected(now), now)

    def disconnected(self, now: float, reason: Exception | None = None) -> list[LinkEvent]:
        """End the connection, as `ClientLink.disconnected` does."""
        return self._owner.digest(self, self.link.disconnected(now, reason), now)

    def fault(self, error: MTProtoError, now: float) -> list[LinkEvent]:
        """Take nothing more from this connection, as `ClientLink.fault` does."""
        return self._owner.digest(self, self.link.fault(error, now), now)

    def received(self, data: bytes, now: float, budget: int | None = None) -> list[LinkEvent]:
        """Take what came in, as `ClientLink.received` does."""
        return self._owner.digest(self, self.link.received(data, now, budget), now)

    @property
    def unread(self) -> bool:
        """Whether a part of what came in is still to be handled, by `read_on`."""
        return self.link.unread

    def read_on(self, now: float, budget: int | None = None) -> list[LinkEvent]:
        """Handle the rest of what came in, as `ClientLink.read_on` does."""
        return self._owner.digest(self, self.link.read_on(now, budget), now)

    def data_to_send(self, now: float, poll: bool = False) -> bytes:
        """Return what is to be sent now, as `ClientLink.data_to_send` does."""
        return self.link.data_to_send(now, poll)

    def next_deadline(self) -> float | None:
        """Return when to call `tick`, Unix seconds; None if nothing waits for a time."""
        if self.link.status is LinkStatus.CLOSED:
            return None
        times = (self.link.next_deadline(), self._owner.next_deadline())
        return min((time for time in times if time is not None), default=None)

    def tick(self, now: float) -> list[LinkEvent]:
        """Do what is due, as `ClientLink.tick` does."""
        if self.link.status is LinkStatus.CLOSED:
            return []
        return self._owner.digest(self, self.link.tick(now), now)

    def take_work(self, now: float) -> Work | None:
        """Return a slow step of an exchange, as `ClientLink.take_work` does."""
        return self.link.take_work(now)

    def finish_work(self, work: Work, now: float) -> list[LinkEvent]:
        """Take back a slow step, as `ClientLink.finish_work` does."""
        return self._owner.digest(self, self.link.finish_work(work, now), now)


class PfsLink(CallSender):
    """What `ClientLink` is to calls. To the shell it is one or two links, which come and go by events.

    Args:
        keys: the server's public keys that the caller trusts.
        options: as `ClientLink` takes them; their state is that of the permanent key, and without it one is made.
        expires_in: seconds that a temporary key is to live.

    Attributes:
        failure: why the link has given up.

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
        for_files = options.dc_id < 0 and options.state is not None
        self._permanent = PermanentKey(options.state, replaceable=not for_files)
        self._keys = keys
        self._expires_in = expires_in
        self._options = replace(options, state=None)
        self._renewal = KeyRenewal(expires_in)
        self._calls = UnplacedCalls()
        self._current = self._new_line()  # its key takes calls, or will
        self._successor: PfsLine | None = None  # is to take the place of the current line
        self._replaced: list[PfsLine] = []  # lines whose key was replaced, while calls are open under it
        self._updated_by: KeyState | None = None  # the key whose session was made last
        self._status = LinkStatus.DISCONNECTED
        self.failure: MTProtoError | None = None

    def _new_line(self) -> PfsLine:
        options = self._options
        policy = TemporaryKeyPolicy(
            self._permanent,
            KeyMaker(self._keys, options.dc_id, options.random),
            KeyMaker(self._keys, options.dc_id, options.random, expires_in=self._expires_in),
            options.random,
        )
        return PfsLine(self, ClientLink(self._keys, options, policy=policy), policy)

    # What the owner asks -----------------------------------------------------------------------------------------

    @property
    def status(self) -> LinkStatus:
        """Where the link stands; ready means that calls travel under a key that is bound."""
        return self._status

    @property
    def state(self) -> KeyState | None:
        """What belongs to the permanent key, for a store; None before it is made."""
        return self._permanent.state

    @property
    def key_state(self) -> KeyState | None:
        """What belongs to the temporary key that calls made now go out under, if there is one. Not for a store."""
        return self._line_for_new_calls.link.key_state

    @property
    def key_use(self) -> KeyUse | None:
        """The key that a call made now goes out under, and under which of its bindings; None before there is one."""
        return self._line_for_new_calls.link.key_use

    @property
    def bound_key(self) -> BoundKey | None:
        """The temporary key that is bound, for other sessions to use; None while none is."""
        link = self._current.link
        if not self._current.policy.bound or link.key_state is None or link.key_use is None:
            return None
        return BoundKey(link.key_state, link.key_use)

    @property
    def links(self) -> Sequence[PfsLine]:
        """The links that want connections of their own."""
        return [self._current, *([self._successor] if self._successor is not None else ()), *self._replaced]

    @property
    def in_flight(self) -> int:
        """How many calls wait, sent or not."""
        return len(self._calls) + sum(line.link.in_flight for line in self.links)

    # Calls -------------------------------------------------------------------------------------------------------

    def add(self, request: Request) -> None:
        """Queue a call whose handle was made before. Raises what `ClientLink.send` raises."""
        if self._status is LinkStatus.CLOSED:
            raise own_copy(self.failure) if self.failure is not None else ConnectionLost("the link is closed")
        if self.in_flight >= self._options.limits.unanswered_requests:
            raise LocalProtocolError("too many calls wait")
        self._place(request)
        self._calls.begin(request)

    def has(self, request: Request) -> bool:
        """Whether a call waits here, sent or not."""
        lines = (line.link.calls for line in self.links)
        return request in self._calls or any(
            request in calls or calls.waiting.was_given_back(request) for calls in lines
        )

    def cancel(self, request: Request, now: float) -> None:
        """Give up a call, as `ClientLink.cancel` does."""
        self._calls.cancel(request)
        for line in self.links:
            line.link.cancel(request, now)

    def close(self) -> list[LinkEvent]:
        """End the link for good. Calls that wait will not settle: that is the owner's part."""
        for line in self.links:
            line.link.close()
        return self._changed_status()

    # What came of the lines --------------------------------------------------------------------------------------

    def digest(self, line: PfsLine, events: list[LinkEvent], now: float) -> list[LinkEvent]:
        """Take the events of a line's link, do what they ask for, and return those that the shell is to see."""
        seen: list[LinkEvent] = []
        for event in events:
            match event:
                case StatusChanged():
                    pass  # the shell is told how the whole stands
                case RpcFailed(request) if self._goes_again(line, event):
                    self._calls.send_again(request)
                case Failed() if line is not self._current:
                    self._do_without(line, now)
                case Failed(error):
                    seen += [event, *self._fail(error)]
                case NewSession(unique_id=unique_id) if self._follows_another(line):
                    seen += [event, UpdatesGap(unique_id)]
                case _:
                    seen.append(event)
                    self._note_end(line, event)
        if self.failure is None and self._status is not LinkStatus.CLOSED:
            seen += self._advance(now)
        return seen + self._changed_status()

    def _goes_again(self, line: PfsLine, failure: RpcFailed) -> bool:
        """Whether a call was not executed for want of a binding: its own key's, or that of a call before it."""
        if (failure.code, failure.message) == _NOT_BOUND:
            return line is not self._current or self._bind_again(line)
        return failure.message in _PREDECESSOR and self._calls.follows_one_not_executed(failure.request)

    def _bind_again(self, line: PfsLine) -> bool:
        """Bind a key anew, since the server says that it is not bound; return whether that is worth an attempt."""
        if line.policy.unbind():
            line.link.calls.bind()
        return line.policy.has_attempts_left

    def _note_end(self, line: PfsLine, event: LinkEvent) -> None:
        if isinstance(event, Result):
            line.policy.succeeded()
        if isinstance(event, Result | RpcFailed | RequestLost):
            self._calls.end(event.request)

    def _follows_another(self, line: PfsLine) -> bool:
        """Whether a session is the first of its key, but not of all: updates may be lost between the two."""
        before, self._updated_by = self._updated_by, line.link.state
        return before is not None and before is not line.link.state

    def next_deadline(self) -> float | None:
        """Return when any of the lines is to be ticked: to be replaced, or to be bound at last."""
        if self._successor is not None:
            made = self._successor.link.state is not None
            return self._renewal.settle_until if made and self._successor.policy.is_unbound else None
        ends_at = self._current.link.calls.key_ends_at if self._current.policy.bound else None
        return None if ends_at is None else self._renewal.renew_at(ends_at)

    # The succession ----------------------------------------------------------------------------------------------

    def _advance(self, now: float) -> list[LinkEvent]:
        """Do what is possible now: replace a key, bind one, let a line go, send what waits."""
        events: list[LinkEvent] = []
        current, successor = self._current, self._successor
        if successor is None:
            renew_at = self.next_deadline()
            if renew_at is not None and now >= renew_at:
                self._successor = self._new_line()
                events.append(LinkAdded(self._successor))
            current.link.calls.bind()
        elif successor.policy.bound or current.link.state is None:
            self._succeed(current, successor)
        elif successor.link.state is not None:
            open_calls = current.link.calls.open if current.policy.bound else 0
            if self._renewal.has_settled(open_calls, now):
                successor.link.calls.bind()
        for line in list(self._replaced):
            if line.link.status is LinkStatus.CLOSED or not line.link.calls.open:
                self._replaced.remove(line)
                events += self._dismiss(line)
        events += self._place_all()
        if not self._replaced and self._successor is None and current.policy.bound:
            self._calls.forget_not_executed()
        return events

    def _succeed(self, current: PfsLine, successor: PfsLine) -> None:
        """Let a line take the place of the current one."""
        self._replaced.append(current)
        self._calls.keep(current.link.calls.waiting.take())
        self._current, self._successor = successor, None
        self._renewal.done()
        successor.link.persist(always=self._permanent.proven)
        successor.link.calls.bind()

    def _dismiss(self, line: PfsLine) -> list[LinkEvent]:
        """Let go of a line; its calls end, or go elsewhere."""
        line.link.drop_key("its temporary key was replaced before the answer came")
        waiting = line.link.calls.waiting
        self._calls.keep([*waiting.take_given_back(), *waiting.take()])
        return [*(event for event in line.link.close() if not isinstance(event, StatusChanged)), LinkRemoved(line)]

    def _do_without(self, line: PfsLine, now: float) -> None:
        """Go on without a line whose link has failed, since there is another one."""
        if line is self._successor:
            self._successor = None
            self._renewal.failed(now)
            self._replaced.append(line)

    def _fail(self, error: MTProtoError) -> list[LinkEvent]:
        """Give up for good."""
        self.failure = error
        others = [line for line in self.links if line is not self._current]
        for line in others:
            line.link.close()
        return [LinkRemoved(line) for line in others]

    # Where calls go ----------------------------------------------------------------------------------------------

    @property
    def _line_for_new_calls(self) -> PfsLine:
        successor = self._successor
        return self._current if successor is None or successor.link.state is None else successor

    def _place(self, request: Request) -> None:
        """Give a call to the link that takes it, unless it follows calls that another one still has."""
        calls, current = self._line_for_new_calls.link.calls, self._current.link.calls
        if all(before.state is RequestState.SETTLED or before in calls for before in request.after):
            calls.place(request)
        elif current is not calls and self._current.policy.bound and all(before in current for before in request.after):
            current.place(request)
        else:
            self._calls.keep([request])

    def _place_all(self) -> list[LinkEvent]:
        """Place what has no link; one call may have waited for another one of them."""
        events: list[LinkEvent] = []
        for line in self.links:
            self._calls.keep(line.link.calls.waiting.take_given_back())
        before = 0
        while len(self._calls) != before:
            requests = self._calls.take()
            before = len(requests)
            for request in requests:
                try:
                    self._place(request)
                except LocalProtocolError as error:
                    request.end_unsent()
                    events.append(RequestLost(request, error))
        return events

    # How the whole stands ----------------------------------------------------------------------------------------

    def _changed_status(self) -> list[LinkEvent]:
        status = self._current.link.status
        if status is LinkStatus.READY and not self._current.policy.bound:
            status = LinkStatus.EXCHANGING
        if status is self._status:
            return []
        self._status = status
        return [StatusChanged(status)]
