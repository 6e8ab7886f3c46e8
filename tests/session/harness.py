"""A client session and a server session face to face in memory, on one clock, with a carrier that can misbehave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from mtproto.limits import DEFAULT_LIMITS, SERVER_LIMITS, Limits
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, Unsealed, seal, unseal
from mtproto.message.key_state import KeyState, Salt
from mtproto.session import Request, wire
from mtproto.session.client import ClientSession
from mtproto.session.constructors import RPC_RESULT
from mtproto.session.events import ClientEvent, Query, ServerEvent
from mtproto.session.salts import ServerSalts
from mtproto.session.server import ServerSession
from mtproto.session.wire import Message
from tl import TLObject, service

START = 1_700_000_000.0
MAX_BYTES = 1 << 20
FORGED = 1 << 24  # by how much ids made by hand differ from those that the two give out at the same time: 4 ms

Event = TypeVar("Event")


def make_random(seed: int) -> Callable[[int], bytes]:
    """Return a reproducible source of bytes."""
    return Random(seed).randbytes


def make_key(seed: int = 1) -> AuthKey:
    return AuthKey(make_random(seed)(256))


def api_body(number: int = 0, size: int = 8) -> bytes:
    """Return a body that no service schema knows: an id of the API's, a number, and padding that does not compress."""
    return (0x0A0B0C0D).to_bytes(4, "little") + number.to_bytes(4, "little") + Random(number).randbytes(size - 8)


def of(events: list[Any], kind: type[Event]) -> list[Event]:
    """Return the events of one kind."""
    return [event for event in events if isinstance(event, kind)]


@dataclass
class Carried:
    """One packet on its way."""

    to_server: bool
    payload: bytes


@dataclass
class Pair:
    """Both halves, joined. Packets are carried by `run` unless a test takes them off the wire itself.

    `answer` makes the server's answer to a query, or returns None to leave it open; by default it echoes.
    """

    seed: int = 1
    limits: Limits = DEFAULT_LIMITS
    server_limits: Limits = SERVER_LIMITS
    compress: bool = True
    clock_error: float = 0.0
    salt_known: bool = True
    strict: bool = False
    answer: Callable[[Query], bytes | None] = field(default=lambda query: query.body)

    def __post_init__(self) -> None:
        self.now = START
        self.key = make_key(self.seed)
        self.random = make_random(self.seed + 1)
        self.salts = ServerSalts(self.random, self.now - 100)
        self.state = KeyState(auth_key=self.key)
        if self.salt_known:
            self.state.salts = [Salt(0, 1 << 31, self.salts.current(self.now))]
        self.client = ClientSession(self.state, random=self.random, limits=self.limits, compress=self.compress)
        self.forgotten_below = 0
        self.server = self.new_server(self.client.session_id)
        self.servers = {self.client.session_id: self.server}
        self.client_events: list[ClientEvent] = []
        self.server_events: list[ServerEvent] = []
        self.executed: list[bytes] = []
        self.lost_packets: list[bytes] = []
        self.seen_by_client: list[bytes] = []
        self.content_seqno = 1_000_001
        self.drop_id = 0
        self._forged = 0
        self.connect()

    def new_server(self, session_id: int, forgotten_below: int = 0) -> ServerSession:
        return ServerSession(
            self.key,
            session_id,
            salts=self.salts,
            random=self.random,
            limits=self.server_limits,
            forgotten_below=forgotten_below,
            compress=self.compress,
            strict=self.strict,
        )

    @property
    def client_now(self) -> float:
        """The client's clock, which may be wrong."""
        return self.now + self.clock_error

    # The connection.

    def connect(self) -> None:
        self.client.connected(self.client_now)
        self.server.connected(self.now)

    def disconnect(self) -> None:
        self.client.disconnected(self.client_now)
        self.server.disconnected(self.now)

    def reconnect(self) -> None:
        self.disconnect()
        self.connect()

    def server_forgets(self) -> None:
        """Let the server lose its session, as it may at any time."""
        self.now += 0.01  # so that the ids of the new one are not those of the old one
        self.forgotten_below = max(self.forgotten_below, self.server.high_water)
        self.server = self.new_server(self.server.session_id, self.forgotten_below)
        self.servers[self.server.session_id] = self.server
        self.server.connected(self.now)

    # Packets.

    def from_client(self) -> list[bytes]:
        """Pull all that the client has to send."""
        packets = []
        while (packet := self.client.next_packet(self.client_now, max_bytes=MAX_BYTES)) is not None:
            self.client_events += packet.events
            packets.append(packet.payload)
        return packets

    def from_server(self) -> list[bytes]:
        """Pull all that the server has to send."""
        packets = []
        while (packet := self.server.next_packet(self.now, max_bytes=1 << 24)) is not None:
            packets.append(packet.payload)
        return packets

    def to_server(self, payload: bytes) -> list[ServerEvent]:
        """Hand a packet to the server, which answers at once where `answer` says so."""
        message = self.opened_packet(payload)
        events = self.server.receive(message, self.now)
        for query in of(events, Query):
            self.executed.append(query.body)
            body = self.answer(query)
            if body is not None:
                self.server.answer(query.msg_id, body)
        self.server_events += events
        return events

    def to_client(self, payload: bytes) -> list[ClientEvent]:
        """Hand a packet to the client."""
        self.seen_by_client.append(payload)
        events = self.client.receive(payload, self.client_now)
        self.client_events += events
        return events

    def run(self, rounds: int = 20) -> list[ClientEvent]:
        """Carry packets both ways until nobody has anything to say; return what the client told meanwhile."""
        start = len(self.client_events)
        for _ in range(rounds):
            self.client_events += self.client.tick(self.client_now)
            upward = self.from_client()
            for payload in upward:
                self.to_server(payload)
            self.server_events += self.server.tick(self.now)
            downward = self.from_server()
            for payload in downward:
                self.to_client(payload)
            if not upward and not downward and self.client.next_deadline() != 0.0:
                break
        else:
            raise AssertionError("the two never come to rest")
        return self.client_events[start:]

    def wait(self, seconds: float) -> list[ClientEvent]:
        """Let time pass, stopping at each deadline on the way; return what the client told meanwhile."""
        start = len(self.client_events)
        end = self.now + seconds
        while True:
            deadlines = [self.server.next_deadline() or end]
            client = self.client.next_deadline()
            deadlines.append(end if client is None else client - self.clock_error)
            self.now = max(self.now, min(*deadlines, end))
            self.run()
            if self.now >= end:
                return self.client_events[start:]

    # Messages made by hand.

    def open_client(self, payload: bytes) -> list[Message]:
        """Return the messages in a packet of the client, without the container around them."""
        return flatten(unseal(self.key, Sender.CLIENT, payload))

    def open_server(self, payload: bytes) -> list[Message]:
        """Return the messages in a packet of the server, without the container around them."""
        return flatten(unseal(self.key, Sender.SERVER, payload))

    def forge(self, body: bytes | TLObject, msg_id: int | None = None, seqno: int = 0, **changed: int) -> bytes:
        """Seal a packet of the server by hand."""
        return seal(
            self.key,
            Sender.SERVER,
            salt=0,
            session_id=changed.get("session_id", self.client.session_id),
            msg_id=self.server_id(1) if msg_id is None else msg_id,
            seqno=seqno,
            body=body if isinstance(body, bytes) else body.to_bytes(),
            random=self.random,
        ).payload

    def forge_client(
        self, body: bytes | TLObject, msg_id: int | None = None, seqno: int | None = None, **changed: int
    ) -> bytes:
        """Seal a packet of the client by hand; by default it is not content-related."""
        return seal(
            self.key,
            Sender.CLIENT,
            salt=changed.get("salt", self.salts.current(self.now)),
            session_id=changed.get("session_id", self.client.session_id),
            msg_id=self.client_id() if msg_id is None else msg_id,
            seqno=self.content_seqno + 1 if seqno is None else seqno,
            body=body if isinstance(body, bytes) else body.to_bytes(),
            random=self.random,
        ).payload

    def server_id(self, kind: int, seconds: float = 0.0) -> int:
        """Return a msg_id of the server: `kind` is 1 for an answer, 3 for anything else. Of now, it is a fresh one."""
        return self._fresh_id(seconds) + kind

    def client_id(self, seconds: float = 0.0) -> int:
        """Return a msg_id of the client; of now, it is a fresh one."""
        return self._fresh_id(seconds)

    def next_content_seqno(self) -> int:
        """Return the number of a content-related message made by hand, above all that the client gave out."""
        self.content_seqno += 2
        return self.content_seqno

    def opened_packet(self, payload: bytes) -> Unsealed:
        """Open a packet of the client and find its session, as the server's link does."""
        message = unseal(self.key, Sender.CLIENT, payload)
        if message.session_id not in self.servers:
            self.servers[message.session_id] = self.new_server(message.session_id, self.forgotten_below)
            self.servers[message.session_id].connected(self.now)
        self.server = self.servers[message.session_id]
        return message

    def opened(self, body: bytes, seqno: int = 2_000_000) -> Unsealed:
        """Return a packet of the client as the server's link opens it, made by hand."""
        return Unsealed(self.salts.current(self.now), self.client.session_id, self.client_id(), seqno, body, 0)

    def _fresh_id(self, seconds: float) -> int:
        msg_id = int((self.now + seconds) * (1 << 32) + FORGED) & -4
        if not seconds:
            msg_id = self._forged = max(msg_id, self._forged + 4)
        return msg_id

    def from_server_now(self, body: bytes | TLObject, seqno: int = 0, kind: int = 1) -> list[ClientEvent]:
        """Hand the client a message of the server that was made by hand."""
        return self.to_client(self.forge(body, self.server_id(kind), seqno))

    def from_client_now(self, body: bytes | TLObject) -> list[ServerEvent]:
        """Hand the server a message of the client that was made by hand and is not content-related."""
        return self.to_server(self.forge_client(body))

    # Shorthands.

    def send(self, number: int = 0, size: int = 8, **options: Any) -> Request:
        return self.client.send(api_body(number, size), **options)

    def sent_request(self, number: int = 0, **options: Any) -> Request:
        """Return a call that was sealed into a packet which nobody has received yet."""
        request = self.send(number, **options)
        self.lost_packets = self.from_client()
        return request

    def said_by_client(self) -> list[TLObject]:
        """Return the service messages in all that the client has to send now."""
        return [decoded(message) for payload in self.from_client() for message in self.open_client(payload)]

    def said_by_server(self) -> list[TLObject]:
        """Return the service messages in all that the server has to send now."""
        return [decoded(message) for payload in self.from_server() for message in self.open_server(payload)]


def flatten(message: Unsealed) -> list[Message]:
    if wire.constructor_id(message.body) == 0x73F1F8DC:
        return wire.read_container(message.body, 1024)
    return [Message(message.msg_id, message.seqno, message.body)]


def decoded(message: Message) -> TLObject:
    """Return a service message as an object."""
    result: TLObject = service.decode(message.body)
    return result


# Pairs to begin with.


def settled(*, compress: bool = True, server_limits: Limits = SERVER_LIMITS) -> Pair:
    """Return a pair that has said hello, so that salts and time are settled."""
    pair = Pair(compress=compress, server_limits=server_limits)
    pair.send(99)
    pair.run()
    pair.wait(60)
    pair.client_events.clear()
    pair.server_events.clear()
    pair.executed.clear()
    return pair


def unanswered() -> Pair:
    """Return a pair that has said hello; queries stay open until a test answers them."""
    pair = settled(compress=False)
    pair.answer = lambda _query: None
    return pair


# What several files of tests do with a pair.


def refused(pair: Pair, code: int, **options: Any) -> tuple[Request, int]:
    """Send a call that the server refuses with this code; return it and the id that it had."""
    request = pair.sent_request(1, **options)
    pair.server.refuse_next(code)
    old = request.msg_id
    for packet in pair.lost_packets:
        pair.to_server(packet)
    return request, old


def query(pair: Pair, number: int = 1) -> int:
    """Hand the server a query made by hand; return its msg_id."""
    msg_id = pair.client_id()
    pair.to_server(pair.forge_client(api_body(number), msg_id, pair.next_content_seqno()))
    return msg_id


def results(pair: Pair) -> list[tuple[int, int, bytes]]:
    """Return (own id, id of the query, result) of all results that the server has to send now."""
    return [
        (message.msg_id, *wire.read_rpc_result(message.body))
        for payload in pair.from_server()
        for message in pair.open_server(payload)
        if wire.constructor_id(message.body) == RPC_RESULT
    ]
