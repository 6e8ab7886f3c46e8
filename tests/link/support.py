"""Two links face to face in memory, with a clock that the test moves."""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.link import Broken, ClientLink, Failed, Hangup, LinkStatus, ServerLink, ServerQuery, ServerSessions
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mtproto.exchange import ExchangeFaults
    from mtproto.link import LinkEvent, LinkFaults, ServerKey, ServerLinkEvent, SessionSlot

NOW = 1_750_000_000.25
DC = 2
QUERY = bytes.fromhex("2e9a8e1b") + b"what"
ANSWER = bytes.fromhex("b5757299")

MOMENTS = 2000
"""More moments than anything here takes in one go."""

E = TypeVar("E")


@cache
def rsa_key() -> RSAPrivateKey:
    """Return the server's RSA key, made once."""
    return RSAPrivateKey.generate()


def seeded(seed: int = 5) -> Callable[[int], bytes]:
    """Return a source of random bytes that is the same in every run."""
    return random.Random(seed).randbytes


def known_state() -> KeyState:
    """Return the client's part of a key that was made long ago."""
    return KeyState(auth_key=AuthKey(seeded(9)(256)), dc_id=DC)


def of_type(events: Iterable[object], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def kept_session(state: ServerSessions, key: ServerKey, session_id: int, now: float) -> SessionSlot:
    """Return a session of a server, as one from which something was accepted."""
    slot = state.find_session(key, session_id, now)
    assert state.keep_session(slot, now)
    return slot


class Pair:
    """A client's link and a DC, and the wire between them.

    Bytes travel in `settle`, until nobody has anything to say; time passes in `advance`. The DC answers every call
    with `answer(query)`; a None is an answer that does not come. The client's clock is `skew` seconds ahead.
    """

    skew = 0.0

    def __init__(self, *, known_key: bool = True, offload: bool = False, **options: Any) -> None:
        self.now = NOW
        self.random = seeded()
        self.state = ServerSessions(self.random)
        key_state = known_state() if known_key else None
        if key_state is not None:
            self.state.add_key(key_state.auth_key)
        options.setdefault("state", key_state)
        self.client = ClientLink([rsa_key().public], dc_id=DC, random=self.random, offload=offload, **options)
        self.server: ServerLink | None = None
        self.answer: Callable[[ServerQuery], bytes | None] = lambda query: ANSWER + query.body
        self.events: list[LinkEvent] = []
        self.server_events: list[ServerLinkEvent] = []
        self.queries: list[ServerQuery] = []
        self.attempts: list[float] = []
        self.reachable = True
        self.dc_ids: set[int] | None = {DC}
        self.exchange_faults: ExchangeFaults | None = None
        self.faults: LinkFaults | None = None

    @property
    def client_now(self) -> float:
        """What the client's clock shows."""
        return self.now + self.skew

    # The wire

    def connect(self) -> None:
        """Connect now."""
        self.attempts.append(self.now)
        self.server = ServerLink(
            self.state,
            [rsa_key()],
            self.now,
            self.random,
            dc_ids=self.dc_ids,
            exchange_faults=self.exchange_faults,
            faults=self.faults,
        )
        self._tell(self.client.connected(self.client_now))
        self.settle()

    def cut(self) -> None:
        """Lose the connection."""
        if self.server is not None:
            self.server.disconnected(self.now)
            self.server = None
        self._tell(self.client.disconnected(self.client_now))

    def settle(self) -> None:
        """Carry bytes until all is said, closing the connection when either end wants it."""
        while self.server is not None:
            up = self.client.data_to_send(self.client_now)
            if up:
                self._tell_server(self.server.received(up, self.now))
            down = self.server.data_to_send(self.now)
            if down:
                self._tell(self.client.received(down, self.client_now))
            if self.client_broken() or (self.server.closing and not down):
                self.cut()
            elif not up and not down:
                return

    def client_broken(self) -> bool:
        last = next((e for e in reversed(self.events) if isinstance(e, Broken | Failed)), None)
        broken = last is not None and last is not self._seen_end
        if broken:
            self._seen_end = last
        return broken

    _seen_end: object = None

    def advance(self, seconds: float) -> None:
        """Let time pass; both ends tick when they want to, and the client connects when it wants to."""
        end = self.now + seconds
        for _ in range(MOMENTS):
            moment = self._next_moment()
            if moment is None or moment > end:
                break
            self.now = max(self.now, moment)
            if self.server is None and self.client.connect_at is not None and self.client.connect_at <= self.client_now:
                self._connect_if_reachable()
            self._tick()
        else:
            raise AssertionError("somebody wants to be ticked over and over")
        self.now = end
        self._tick()

    def _connect_if_reachable(self) -> None:
        if self.reachable:
            self.connect()
        else:
            self.attempts.append(self.now)
            self._tell(self.client.disconnected(self.client_now))

    def _next_moment(self) -> float | None:
        times = [self.client.next_deadline(), self.client.connect_at if self.server is None else None]
        moments = [time - self.skew for time in times if time is not None]
        if self.server is not None and (deadline := self.server.next_deadline()) is not None:
            moments.append(deadline)
        return min(moments, default=None)

    def _tick(self) -> None:
        self._tell(self.client.tick(self.client_now))
        if self.server is not None:
            self._tell_server(self.server.tick(self.now))
        self.settle()

    def _tell(self, events: list[LinkEvent]) -> None:
        self.events += events

    def _tell_server(self, events: list[ServerLinkEvent]) -> None:
        self.server_events += events
        for query in of_type(events, ServerQuery):
            self.queries.append(query)
            answer = self.answer(query)
            if answer is not None:
                query.slot.session.answer(query.msg_id, answer)

    # What tests ask

    def of(self, kind: type[E]) -> list[E]:
        return of_type(self.events, kind)

    def hangups(self) -> list[str]:
        return [event.reason for event in of_type(self.server_events, Hangup)]

    @property
    def ready(self) -> bool:
        return self.client.status is LinkStatus.READY
