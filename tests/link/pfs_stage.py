"""A client's link with temporary keys and a DC that binds them, joined in memory, on a clock that the test moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mtproto.errors import RemoteProtocolError
from mtproto.link import (
    Broken,
    ClientLink,
    ExchangeStep,
    Failed,
    LinkAdded,
    LinkRemoved,
    PfsLink,
    ServerLink,
    ServerQuery,
    Status,
)
from mtproto.link.binding import read_bind_request
from mtproto.link.server_state import ServerState
from mtproto.message.envelope import payload_key_id
from mtproto.session import Result
from mtproto.session.wire import write_rpc_error
from tests.link.support import ANSWER, DC, NOW, QUERY, known_state, of_type, rsa_key, seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from mtproto.link import IncomingPacket, LinkEvent, OutgoingPacket
    from mtproto.link.server_state import ServerKey
    from mtproto.transport import Payload

TRUE = bytes.fromhex("b5757299")
LIFE = 1000
"""Seconds that temporary keys live here; they are replaced 100 seconds before their end."""

RENEWAL = 0.9 * LIFE

MOMENTS = 2000
"""More moments than anything here takes in one go."""

E = TypeVar("E")


class Stage:
    """Bytes travel in `settle` until nobody has anything to say; time passes in `advance`.

    Attributes:
        answer: answers a call; None is an answer that does not come (yet).
        answer_binding: answers a binding that was found to be genuine.
        executed: the bodies of the calls that the DC executed, in order.
        key_ids: the auth key id of each packet that a client sent, 0 for those of exchanges.
        refuse: codes of `bad_msg_notification` with which the next packets are refused.
        spoil: how many of the next plain packets of the DC are spoiled on their way.

    """

    skew = 0.0
    """Seconds by which the client's clock is ahead."""

    def __init__(self, *, known_key: bool = True, **options: Any) -> None:
        self.now = NOW
        self.random = seeded()
        self.state = ServerState(self.random)
        key_state = known_state() if known_key else None
        if key_state is not None:
            self.state.add_key(key_state.auth_key)
        options.setdefault("state", key_state)
        self.client = PfsLink([rsa_key().public], dc_id=DC, random=self.random, expires_in=LIFE, **options)
        self.wires: dict[ClientLink, ServerLink] = {}
        self.answer: Callable[[ServerQuery], bytes | None] = lambda query: ANSWER + query.body
        self.answer_binding: Callable[[ServerKey], bytes | None] = lambda key: TRUE
        self.events: list[LinkEvent] = []
        self.executed: list[bytes] = []
        self.bindings: list[ServerQuery] = []
        self.key_ids: list[int] = []
        self.refuse: list[int] = []
        self.spoil = 0
        self.reachable = True

    @classmethod
    def with_a_key(cls) -> tuple[Self, ServerKey, ClientLink]:
        """Return a stage at rest, the DC's side of its one temporary key, and the link that uses the key."""
        stage = cls()
        stage.settle()
        [key] = stage.temporary_keys()
        [link] = stage.client.links
        return stage, key, link

    @property
    def client_now(self) -> float:
        """What the client's clock shows."""
        return self.now + self.skew

    # The wires

    def connect(self, link: ClientLink) -> None:
        """Give a link a connection now."""
        self.wires[link] = _WatchedLink(
            self, self.state, [rsa_key()], self.now, self.random, dc_ids={DC}, faults=_Refusals(self.refuse)
        )
        self._tell(link.connected(self.client_now))

    def cut(self, link: ClientLink) -> None:
        """Take the connection of a link away."""
        server = self.wires.pop(link, None)
        if server is not None:
            server.disconnected(self.now)
        self._tell(link.disconnected(self.client_now))

    def settle(self) -> None:
        """Carry bytes until all is said; links connect when they want to."""
        for _ in range(MOMENTS):
            if not self._connect_all() | self._carry_all():
                return
        raise AssertionError("they never come to rest")

    def _connect_all(self) -> bool:
        busy = False
        for link in self.client.links:
            if link not in self.wires and link.connect_at is not None and link.connect_at <= self.client_now:
                if self.reachable:
                    self.connect(link)
                    busy = True
                else:
                    self._tell(link.disconnected(self.client_now))
        return busy

    def _carry_all(self) -> bool:
        busy = False
        for link, server in list(self.wires.items()):
            up = link.data_to_send(self.client_now)
            if up:
                self.hand_up(server, up)
            down = server.data_to_send(self.now)
            if self.spoil and down[4:12] == bytes(8):  # behind the length
                self.spoil -= 1
                down = down[:30] + bytes([down[30] ^ 1]) + down[31:]  # in the nonce
            if down:
                self._tell(link.received(down, self.client_now), link)
            if link in self.wires and server.closing and not down:
                self.cut(link)
            busy = busy or bool(up or down)
        return busy

    def hand_up(self, server: ServerLink, data: bytes) -> None:
        """Let the DC have bytes of a client, and deal with what they ask."""
        for query in of_type(server.received(data, self.now), ServerQuery):
            reply = self._reply(query)
            if reply is not None:
                query.slot.session.answer(query.msg_id, reply)

    def advance(self, seconds: float) -> None:
        """Let time pass; everybody ticks when they want to."""
        end = self.now + seconds
        self.settle()
        for _ in range(MOMENTS):
            moment = self._next_moment()
            if moment is None or moment > end:
                break
            self.now = max(self.now, moment)
            self.tick()
        else:
            raise AssertionError("somebody wants to be ticked over and over")
        self.now = end
        self.tick()

    def tick(self) -> None:
        for link in list(self.client.links):
            self._tell(link.tick(self.client_now), link)
        for server in list(self.wires.values()):
            server.tick(self.now)
        self.settle()

    def _next_moment(self) -> float | None:
        times = [link.next_deadline() for link in self.client.links]
        times += [link.connect_at for link in self.client.links if link not in self.wires]
        moments = [time - self.skew for time in times if time is not None]
        moments += [time for server in self.wires.values() if (time := server.next_deadline()) is not None]
        return min(moments, default=None)

    def _tell(self, events: list[LinkEvent], link: ClientLink | None = None) -> None:
        self.events += events
        broken = any(isinstance(event, Broken | Failed) for event in events)
        for event in events:
            if isinstance(event, LinkRemoved):
                self.wires.pop(event.link, None)
        if broken and link is not None and link in self.wires:
            self.cut(link)

    # The DC

    def _reply(self, query: ServerQuery) -> bytes | None:
        key = query.slot.key
        request = read_bind_request(query.body)
        if request is not None:
            self.bindings.append(query)
            permanent = self.state.find_key(request.perm_auth_key_id, self.now)
            if permanent is None or permanent.expires_at is not None:
                return write_rpc_error(400, "ENCRYPTED_MESSAGE_INVALID")
            try:
                request.verify(
                    permanent.auth_key,
                    temp_auth_key_id=key.auth_key.id,
                    temp_session_id=query.session_id,
                    msg_id=query.msg_id,
                )
            except RemoteProtocolError:
                return write_rpc_error(400, "ENCRYPTED_MESSAGE_INVALID")
            reply = self.answer_binding(key)
            if reply == TRUE:
                self.state.bind(key, permanent)
            return reply
        if key.expires_at is not None and key.bound_to is None:
            return write_rpc_error(401, "AUTH_KEY_PERM_EMPTY")
        self.executed.append(query.body)
        return self.answer(query)

    def lose_key(self, link: ClientLink) -> None:
        """Let the DC forget the key of a link, and say so over one connection after the other until it is believed."""
        assert link.state is not None
        self.state.forget_key(link.state.auth_key.id)
        self.cut(link)
        for _ in range(2):
            self.connect(link)
            self._carry_all()

    def answer_with_error(self, link: ClientLink, code: int) -> None:
        """Connect a link, and answer the first thing that it says with a transport error."""
        self.connect(link)
        server = self.wires[link]
        self.hand_up(server, link.data_to_send(self.client_now))
        assert server._transport is not None
        self._tell(link.received(server._transport.pack_error(code), self.client_now), link)

    # What tests ask

    def of(self, kind: type[E]) -> list[E]:
        return of_type(self.events, kind)

    def temporary_keys(self) -> list[ServerKey]:
        return [key for key in self.state if key.expires_at is not None]

    @property
    def ready(self) -> bool:
        return self.client.status is Status.READY

    def succession_begins(self) -> ClientLink:
        """Let the time of the renewal come, and stop before the new link does anything; return that one."""
        self.reachable = False
        self.advance(RENEWAL + NOW - self.now)
        [added] = self.of(LinkAdded)
        self.reachable = True
        return added.link


def query(number: int) -> bytes:
    """Return one of several calls."""
    return QUERY + number.to_bytes(4, "little")


def results(stage: Stage) -> dict[object, bytes]:
    """Return the calls that were answered, in that order, and their answers."""
    return {event.request: event.body for event in stage.of(Result)}


def exchanges(stage: Stage) -> int:
    """Return how many exchanges of keys were begun."""
    return len([step for step in stage.of(ExchangeStep) if step.step.message.NAME == "req_pq_multi"])


class _WatchedLink(ServerLink):
    """A server's link whose packets are noted."""

    def __init__(self, stage: Stage, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._stage = stage

    def _handle_payload(self, item: Payload, now: float, budget: int | None) -> bool:
        self._stage.key_ids.append(payload_key_id(item.data))
        return super()._handle_payload(item, now, budget)


class _Refusals:
    """Faults of a link: packets that are refused as a stage says."""

    def __init__(self, codes: list[int]) -> None:
        self._codes = codes

    @property
    def armed(self) -> bool:
        return bool(self._codes)

    def reading(self, data: bytes) -> tuple[bytes, bool]:
        return data, False

    def incoming(self, packet: IncomingPacket) -> int | None:
        if packet.key is not None and packet.message is not None:
            slot = packet.state.find_session(packet.key, packet.message.session_id, packet.now)
            packet.state.keep_session(slot, packet.now)
            slot.session.refuse_next(self._codes.pop(0))
        return None

    def outgoing(self, packet: OutgoingPacket) -> Sequence[bytes]:
        return (packet.payload,)

    def writing(self, data: bytes) -> tuple[bytes, bool]:
        return data, False
