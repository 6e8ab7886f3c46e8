"""The client's link: framing, key exchange and session joined into one machine that outlives its connections.

    shell                                   link
    ─────                                   ────
    connects when `connect_at` says so  ──▶ connected(now)
    sends  ◀───────────────────────────     data_to_send(now)
    reads  ────────────────────────────▶    received(data, now)      -> events
    goes on while it is `unread`  ─────▶    read_on(now)             -> events
    waits until `next_deadline()`  ────▶    tick(now)                -> events
    closes when an event is Broken  ───▶    disconnected(now)        -> events

The link makes a key when it has none, pings, notices a dead connection, and decides when to connect again. Its
`KeyPolicy` decides which key is made, and when calls may be sealed under it. The link does no I/O, reads no clock and
draws no randomness of its own. It has one owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.errors import (
    ConnectionLost,
    LocalProtocolError,
    RemoteProtocolError,
    TransportError,
    own_copy,
)
from mtproto.link.call_sender import CallSender
from mtproto.link.calls import LinkCalls
from mtproto.link.client_wire import ClientWire
from mtproto.link.events import LinkStatus
from mtproto.link.exchanging import Exchanging
from mtproto.link.key_maker import KeyMaker
from mtproto.link.key_policy import PermanentKeyPolicy
from mtproto.link.link_keys import LinkKeys
from mtproto.link.options import LinkKeywords, LinkOptions, link_options
from mtproto.link.reconnection import Reconnection
from mtproto.link.shared_key import SharedKeyPolicy
from mtproto.link.standing import Standing
from mtproto.link.work import packet_work
from mtproto.session import Result, RpcFailed, SessionBroken
from mtproto.transport import Payload, QuickAck

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from mtproto.crypto import RSAPublicKey
    from mtproto.errors import MTProtoError
    from mtproto.link.events import BoundKey, KeyUse, LinkEvent
    from mtproto.link.key_maker import Work
    from mtproto.link.key_policy import KeyPolicy
    from mtproto.message import KeyState
    from mtproto.session import ClientEvent, ClientSession, Request
    from mtproto.transport import Event

__all__ = ["ClientLink"]

_PLAIN_KEY_ID = bytes(8)
_DUPLICATED = (406, "AUTH_KEY_DUPLICATED")


class ClientLink(CallSender):
    """One client's end of everything between calls and bytes.

    Args:
        keys: the server's public keys that the caller trusts.
        options: everything else, see `LinkOptions`; as one object, or by name.
        policy: decides which keys are made and used; None makes and uses one permanent key, or uses the temporary key
            of the state for as long as there is that key.

    Attributes:
        calls: the calls, and the session that carries them; for owners of several links.
        has_more: whether the last `data_to_send` left something behind.
        work: units of work, of about 10 µs each, that the server has made so far.

    Raises `TypeError` for an option that does not exist or is missing, `OptionError` as `LinkOptions` does, and
    `LocalProtocolError` if there is neither a state nor a good key to begin an exchange with.

    """

    @named_options(LinkKeywords)
    def __init__(
        self,
        keys: Sequence[RSAPublicKey],
        options: LinkOptions | None = None,
        *,
        policy: KeyPolicy | None = None,
        **named: Unpack[LinkKeywords],
    ) -> None:
        options = link_options(type(self).__name__, options, named)
        self._options = options
        if policy is None:
            maker = KeyMaker(keys, options.dc_id, options.random)
            shared = options.state is not None and options.state.expires_at is not None
            policy = SharedKeyPolicy(maker) if shared else PermanentKeyPolicy(maker, options.state)
        self._wire = wire = ClientWire(options)
        policy.check()  # now rather than at the first connection
        self._policy = policy
        self._reconnection = Reconnection(options.random, options.backoff)
        self._standing = Standing(wire, self._reconnection)
        self._exchange = exchange = Exchanging(policy, wire, options.dc_id)
        self._kept: Sequence[Event | RemoteProtocolError] = ()  # what came in and is still to be handled
        self.calls = LinkCalls(options, policy)
        self._keys = LinkKeys(policy, self.calls, exchange, self._standing, self._reconnection)
        self.has_more = False
        self.work = 0

    # What the owner asks -----------------------------------------------------------------------------------------

    @property
    def links(self) -> Sequence[ClientLink]:
        """The links that want connections of their own: this one."""
        return (self,)

    @property
    def status(self) -> LinkStatus:
        """Where the link stands."""
        return self._standing.status

    @property
    def connect_at(self) -> float | None:
        """When to connect, Unix seconds; None while the link is connected, or over."""
        return self._standing.connect_at

    @property
    def failure(self) -> MTProtoError | None:
        """Why the link has given up; None if it has not."""
        return self._standing.failure

    @property
    def trouble(self) -> Exception | None:
        """Why the last connection ended, or what else went wrong; None once a call was answered after it."""
        return self._standing.trouble

    @property
    def state(self) -> KeyState | None:
        """What belongs to the key, for a store; None before the first exchange has ended."""
        return self.calls.state

    @property
    def key_state(self) -> KeyState | None:
        """What belongs to the key that calls go out under: the same as `state`."""
        return self.calls.state

    @property
    def key_use(self) -> KeyUse | None:
        """The key that a call made now goes out under, and under which of its bindings; None before there is one."""
        return self.calls.key_use

    @property
    def bound_key(self) -> BoundKey | None:
        """The temporary key that this link has bound, for other sessions to use: none."""
        return None

    @property
    def session(self) -> ClientSession | None:
        """The session; None before the first exchange has ended."""
        return self.calls.session

    @property
    def in_flight(self) -> int:
        """How many calls wait, sent or not."""
        return self.calls.in_flight

    # Calls -------------------------------------------------------------------------------------------------------

    def add(self, request: Request) -> None:
        """Queue a call whose handle was made before, in another thread perhaps. Raises what `send` raises."""
        if self._standing.status is LinkStatus.CLOSED:
            raise own_copy(self.failure) if self.failure is not None else ConnectionLost("the link is closed")
        self.calls.add(request)

    def has(self, request: Request) -> bool:
        """Whether a call waits here, sent or not."""
        return request in self.calls

    def cancel(self, request: Request, now: float) -> None:
        """Give up a call: not sent, it is forgotten; sent, the server is told. No event will settle it."""
        self.calls.cancel(request, now)

    # The connection ----------------------------------------------------------------------------------------------

    @property
    def missing(self) -> int:
        """How many bytes at least are still to come of the packet whose beginning has come; 0 if none has."""
        return self._wire.missing

    def connected(self, now: float) -> list[LinkEvent]:
        """Begin a new connection: a fresh framing, and what has to be said first.

        Raises:
            LocalProtocolError: the link is connected already, or closed.

        """
        if self._standing.status is not LinkStatus.DISCONNECTED:
            raise LocalProtocolError(f"a link that is {self._standing.status.value} can't be connected")
        self._standing.connected()
        self._keys.connected()
        if self._wire.open(now, self.calls.server_time(now)):
            self._keys.begin(now)
        else:
            self._standing.enter(LinkStatus.GREETING)
        return self._keys.take_events(now)

    def disconnected(self, now: float, reason: Exception | None = None) -> list[LinkEvent]:
        """End the connection, or an attempt that failed. `connect_at` then says when to try again.

        Args:
            now: Unix seconds.
            reason: why, where the shell knows; None where the peer closed the connection, or the link wanted it.

        """
        if self.calls.session is not None and self.calls.session.unread:
            self._read_packet_on(self.calls.session, now, None)  # it came before the end
        self._kept = ()
        self._keys.disconnected()
        if self._standing.status is LinkStatus.READY:
            self.calls.disconnected(now)
        error = self._standing.disconnected(reason)
        if error is not None:
            self._keys.give_up(error)
        self._standing.wait(now)
        return self._keys.take_events(now)

    def fault(self, error: MTProtoError, now: float) -> list[LinkEvent]:
        """Take nothing more from this connection, since it led to `error` at `now` (Unix seconds), unexpectedly.

        It counts as a breach of the protocol: a server on which that happens each time is given up in the end. What is
        `unread` is dropped.
        """
        if self.calls.session is not None:
            self.calls.session.drop_rest()
        self._standing.break_for(error)
        return self._keys.take_events(now)

    def close(self) -> list[LinkEvent]:
        """End the link for good. Calls that wait will not settle: that is the owner's part."""
        if self._standing.status is not LinkStatus.CLOSED:
            self._standing.close()
        return self._standing.take_events()

    def drop_key(self, reason: str) -> None:
        """Forget the key. Calls that may be sent under another key are given back, the others end for `reason`."""
        self._keys.drop(reason)

    def persist(self, *, always: bool) -> None:
        """Decide whether connections that bring no key end the link in the end, or never do: see `Reconnection`."""
        self._reconnection.persist(always=always)

    # What goes out -----------------------------------------------------------------------------------------------

    def data_to_send(self, now: float, poll: bool = False) -> bytes:
        """Return what is to be sent now; call again while the link `has_more`, or until it is empty.

        What is returned counts as sent; the events that say so come with the next ones.

        Args:
            now: Unix seconds.
            poll: for a carrier of packets that has nothing under way: what is returned may wait for an answer.

        """
        transport = self._wire.transport
        self.has_more = False
        if transport is None:
            return b""
        session = self.calls.session if self._standing.status is LinkStatus.READY else None
        if transport.packets:
            data, events, self.has_more = self._wire.next_packet(transport, session, now, poll=poll)
        else:
            data, events, self.has_more = self._wire.next_bytes(transport, session, now)
        if events:
            self._standing.tell_all(events)
        return data

    # What comes in -----------------------------------------------------------------------------------------------

    def received(self, data: bytes, now: float, budget: int | None = None) -> list[LinkEvent]:
        """Take what came in, in pieces of any size, and return what it means.

        Nothing is raised for what the peer did: a broken stream gives `Broken` as the last event.

        Args:
            data: the bytes.
            now: Unix seconds.
            budget: units of work, of about 10 µs each, after which the link keeps the rest: it is `unread`, and
                `read_on` goes on. The decryption of one packet and one of its messages are always done. With None all
                is handled at once.

        """
        transport = self._wire.transport
        if transport is None:
            return []
        items: Sequence[Event | RemoteProtocolError]
        try:
            items = self._wire.receive(transport, data)
        except RemoteProtocolError as error:
            items = [*error.take_events(), error]
        else:
            if self._standing.status is LinkStatus.GREETING and transport.ready:
                self._wire.other_end.answered_greeting()
                self._keys.begin(now)
        self._handle([*self._kept, *items] if self._kept else items, now, budget)
        return self._keys.take_events(now)

    @property
    def unread(self) -> bool:
        """Whether a part of what came in is still to be handled, by `read_on`."""
        return self._wire.transport is not None and (bool(self._kept) or self._is_in_a_packet)

    @property
    def _is_in_a_packet(self) -> bool:
        return self.calls.session is not None and self.calls.session.unread

    def read_on(self, now: float, budget: int | None = None) -> list[LinkEvent]:
        """Handle the rest of what came in, or a part of it; see `received`."""
        if self._wire.transport is not None:
            self._handle(self._kept, now, budget)
        return self._keys.take_events(now)

    def _handle(self, items: Sequence[Event | RemoteProtocolError], now: float, budget: int | None) -> None:
        """Handle what is left of a packet, then these; where the budget ends, keep the rest."""
        self._kept = ()
        end = None if budget is None else self.work + budget
        session = self.calls.session
        if session is not None and session.unread:
            self._read_packet_on(session, now, budget)
            if session.unread:
                self._kept = items
                return
        for number, item in enumerate(items):
            if self._wire.transport is None:
                return
            if number and end is not None and (self.work >= end or self._is_in_a_packet):
                self._kept = items[number:]
                return
            if isinstance(item, Payload):
                self._handle_payload(item.data, now, None if end is None else end - self.work)
            elif isinstance(item, QuickAck):
                if self.calls.session is not None:
                    self._standing.tell_all(self.calls.session.quick_ack(item.token))
            elif isinstance(item, RemoteProtocolError):
                if self._standing.status is LinkStatus.GREETING and not self._wire.other_end.greeted:
                    self._keys.give_up(item)  # a wrong secret: saying it again would not make it right
                else:
                    self._standing.break_for(item)
            else:
                self._handle_error(item)

    def _handle_payload(self, payload: bytes, now: float, budget: int | None) -> None:
        self.work += packet_work(payload)
        if self._standing.status is LinkStatus.EXCHANGING:
            self._exchange.receive(payload)
            if not self._options.offload:
                self._keys.run(now)
            return
        live = self._keys.live
        if live is None or (self._keys.made_here and payload[:8] == _PLAIN_KEY_ID):
            return  # or the exchange's last answer once more: its query was repeated
        before = live.session.work
        try:
            events = live.receive(payload, now, budget)
        except RemoteProtocolError as error:
            self._standing.tell_all(error.take_events())
            self._standing.break_for(error)
            return
        self.work += live.session.work - before
        self._reconnection.key_known()
        self._standing.tell_all(events)
        if self._policy.heard():
            self._standing.tell_all(self.calls.send_waiting())
        self._follow(events)

    def _read_packet_on(self, session: ClientSession, now: float, budget: int | None) -> None:
        before = session.work
        events = session.read_on(now, budget)
        self.work += session.work - before
        self._standing.tell_all(events)
        self._follow(events)

    def _follow(self, events: Sequence[ClientEvent]) -> None:
        """Do what follows from events of the session for the link."""
        for event in events:
            if isinstance(event, Result):
                self._standing.call_answered()
            elif isinstance(event, SessionBroken):
                self._standing.break_off(event.error)
            elif isinstance(event, RpcFailed):
                self._standing.call_answered()
                if (event.code, event.message) == _DUPLICATED:
                    # https://core.telegram.org/api/errors: the key is dead, and connecting again would only repeat it.
                    error = ConnectionLost("AUTH_KEY_DUPLICATED: the key was used by two connections at once")
                    self._keys.give_up(error)

    def _handle_error(self, error: TransportError) -> None:
        error = self._wire.explain(error)
        session = self.calls.session
        if session is not None:
            self._standing.tell_all(session.transport_error(error.code))
        fits = error.code == TransportError.WRONG_DC and self._standing.status is LinkStatus.EXCHANGING
        credible = self._reconnection.refused(error.code) or fits
        again = self._reconnection.refused_again
        self._keys.obey(self._policy.refused(error, has_key=session is not None, credible=credible, again=again))

    # Time --------------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """Return when to call `tick`, Unix seconds; None if nothing waits for a time."""
        status = self._standing.status
        if status is LinkStatus.CLOSED:
            return None
        if status is LinkStatus.GREETING:
            deadline: float | None = self._wire.greet_until
        elif status is LinkStatus.EXCHANGING:
            deadline = self._exchange.deadline
        else:
            deadline = self._session_deadline()
        of_the_key = self.calls.key_deadline
        return deadline if of_the_key is None else of_the_key if deadline is None else min(deadline, of_the_key)

    def _session_deadline(self) -> float | None:
        session, live = self.calls.session, self._keys.live
        deadline = session.next_deadline() if session is not None else None
        if live is None:
            return deadline
        ping_at = live.deadline(waiting=self.calls.are_waiting)
        return ping_at if deadline is None or ping_at < deadline else deadline

    def tick(self, now: float) -> list[LinkEvent]:
        """Do what is due at `now`. Calling it early or twice does no harm."""
        if self._standing.status is LinkStatus.CLOSED:
            return []
        self._keys.tick(now)
        if self._standing.status is LinkStatus.EXCHANGING and self._wire.transport is not None:
            self._standing.break_if(self._exchange.tick(now))
        if self._standing.status is LinkStatus.GREETING and now >= self._wire.greet_until:
            self._standing.break_off(self._wire.other_end.silent())
        if self.calls.session is not None:
            self._standing.tell_all(self.calls.session.tick(now))
        live = self._keys.live
        if live is not None and self._wire.transport is not None:
            self._standing.break_if(live.ping(now, waiting=self.calls.are_waiting))
        return self._keys.take_events(now)

    # The exchange ------------------------------------------------------------------------------------------------

    def take_work(self, now: float) -> Work | None:
        """Return a slow step of an exchange to be run in any thread and handed to `finish_work`; None if there is none.

        Everything else of the link may go on meanwhile. For links made with `offload`.
        """
        return self._exchange.take_work(now) if self._standing.status is LinkStatus.EXCHANGING else None

    def finish_work(self, work: Work, now: float) -> list[LinkEvent]:
        """Take back a step that was run; one of a connection that is gone does nothing."""
        if self._standing.status is LinkStatus.EXCHANGING:
            self._keys.finish(work, now)
        return self._keys.take_events(now)
