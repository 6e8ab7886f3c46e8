"""The server's half of an encrypted session: opened packets and a time go in, events and sealed packets come out.

core.telegram.org/mtproto/description. There is one `ServerSession` for each pair of auth key and session id. The class
holds the parts of a session: `ServerChecks` looks at a packet, and `ServerReceiver` handles the packet with the
functions of `server_handlers`. `Register` remembers the client's messages, `ServerOutbox` remembers the messages to the
client, `ServerAcks` and `ServerQuestions` remember what is open, and `ServerSealer` seals packets. No I/O, no clock, no
randomness of its own; one owner, no locks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mtproto._options import named_options
from mtproto.errors import LocalProtocolError
from mtproto.limits import SERVER_LIMITS, Limits
from mtproto.message import AuthKey, Unsealed
from mtproto.session import wire
from mtproto.session.event_queue import EventQueue
from mtproto.session.events import ServerEvent
from mtproto.session.kept import Kept
from mtproto.session.packet_reader import PacketReader
from mtproto.session.salts import ServerSalts
from mtproto.session.server_acks import ServerAcks
from mtproto.session.server_checks import ServerChecks
from mtproto.session.server_outbox import ServerOutbox
from mtproto.session.server_parts import ServerParts
from mtproto.session.server_questions import ServerQuestions
from mtproto.session.server_receiver import ServerReceiver
from mtproto.session.server_records import Outgoing, Register
from mtproto.session.server_sealer import ServerSealer
from mtproto.session.service_messages import Packet
from mtproto.session.time_window import NEVER
from mtproto.session.verdicts import Verdict
from tl import service

__all__ = ["ServerSession"]

ACK = 8
"""Bytes of one id in a list of acknowledgements."""

WEIGHT = 3072
"""Bytes that a session takes when it remembers nothing; as measured."""

SHRUNK = 32
"""Messages of the client, and promises about messages, that a session remembers after `shrink`."""


class ServerSession:
    """One session of one client, as the server sees it. `now` is the server's own time, Unix seconds.

    Attributes:
        key: the auth key.
        session_id: signed 64 bits, chosen by the client.

    """

    __slots__ = (
        "_acks",
        "_checks",
        "_connected",
        "_events",
        "_limits",
        "_outbox",
        "_parts",
        "_questions",
        "_receiver",
        "_register",
        "_sealer",
        "key",
        "session_id",
    )

    @named_options()
    def __init__(
        self,
        key: AuthKey,
        session_id: int,
        *,
        salts: ServerSalts,
        random: Callable[[int], bytes],
        limits: Limits = SERVER_LIMITS,
        forgotten_below: int = 0,
        denied: Iterable[int] = (),
        last_msg_id: int = 0,
        compress: bool = True,
        strict: bool = False,
        kept_in: Kept | None = None,
    ) -> None:
        """Begin a session, because a message with an unknown session id came.

        Args:
            key: the auth key.
            session_id: signed 64 bits, chosen by the client.
            salts: the salts of the key, shared by all its sessions.
            random: gives that many bytes from a cryptographically secure source.
            limits: what is sent and accepted at most.
            forgotten_below: a msg_id. An earlier session of the same id may have received and forgotten messages with
                lower ids, so that the new session does not accept such messages (code 20) and calls their state
                unknown. 0 says that no session of the key was ever forgotten. See `high_water`.
            denied: msg_ids that an earlier session of the same id promised never to accept; see `denied` there.
            last_msg_id: the highest id that an earlier session gave to a message of its own; new ids lie above it.
            compress: whether answers above 256 bytes go as `gzip_packed` where that is shorter.
            strict: refuse service messages whose numbers the documentation calls wrong, which real servers let pass.
            kept_in: counts the bytes that all sessions of the key keep; None where nobody asks.

        """
        self.key = key
        self.session_id = session_id
        self._limits = limits
        self._connected = False
        self._events: EventQueue[ServerEvent] = EventQueue()
        self._register = Register(limits, forgotten_below)
        self._acks = ServerAcks(limits)
        self._outbox = ServerOutbox(limits, self._register, compress=compress, kept_in=kept_in)
        self._questions = ServerQuestions(random)
        self._sealer = ServerSealer(key, session_id, salts, random, last_msg_id)
        self._parts = ServerParts(
            limits=limits,
            salts=salts,
            strict=strict,
            tell=self._events.tell,
            reader=PacketReader(limits),
            register=self._register,
            acks=self._acks,
            outbox=self._outbox,
            questions=self._questions,
        )
        self._checks = ServerChecks(self._parts)
        self._receiver = ServerReceiver(self._parts, self._checks, random)
        for msg_id in denied:
            self._register.deny(msg_id)

    # What the next session of this id has to know.

    @property
    def high_water(self) -> int:
        """A msg_id above all that this session has accepted. The owner hands it to the next session of this id."""
        return max(self._register.newest + 1, self._register.floor)

    @property
    def denied(self) -> tuple[int, ...]:
        """The msg_ids from `high_water` on that this session has promised never to accept, for the next session.

        Their messages came with an id that was too high, or the client was told that they had not come. The client has
        sent their content under other ids, so that late copies of them must not be executed either.
        """
        return self._register.denied_from(self.high_water)

    @property
    def last_msg_id(self) -> int:
        """The highest id of a message of its own, 0 before the first."""
        return self._sealer.last_msg_id

    # What the data centre wants.

    def answer(self, query_msg_id: int, body: bytes, *, announced: bool = False) -> None:
        """Answer a `Query`; the answer is kept and sent again until the client has it.

        Args:
            query_msg_id: the query.
            body: the serialized result, boxed, or a serialized `rpc_error`.
            announced: send only a `msg_detailed_info`, as servers do with answers that are large or late.

        Raises:
            LocalProtocolError: no such query waits for an answer, or the answer is larger than packets may be
                (`frame_accepted`); then the query still waits.

        """
        record = self._register.find(query_msg_id)
        if record is None or not record.runs:
            raise LocalProtocolError(f"no query {query_msg_id} waits for an answer")
        if record.dropped:
            body = service.types.RpcAnswerDroppedRunning().to_bytes()
        self._parts.send_result(record, body, announced=announced)

    def push(self, body: bytes, *, announced: bool = False) -> None:
        """Send a message that nobody asked for, an update; it is kept and sent again until the client has it.

        Where `limits.queued_updates` wait already, or 4 MiB of updates (`UPDATES_BYTES`), the oldest goes, and the
        client is told that updates have a gap. See `has_room`.

        Args:
            body: one serialized boxed object.
            announced: send only a `msg_new_detailed_info`.

        Raises:
            LocalProtocolError: the update is larger than packets may be (`frame_accepted`).

        """
        self._outbox.push(body, announced=announced)

    @property
    def has_room(self) -> bool:
        """Whether another update can be pushed without one being dropped.

        There is no room while `limits.queued_updates` wait to be sent, or 4 MiB of updates, or as many messages wait to
        be acknowledged as are kept.
        """
        return self._outbox.has_room

    def lose_update(self) -> None:
        """Tell the client that updates have a gap: the owner of the session gives an update up."""
        self._outbox.lose_update()

    def reply(self, body: bytes) -> None:
        """Send a service message that needs no acknowledgement, whatever it is. A door for faults in tests."""
        self._outbox.reply(body)

    def refuse_next(self, code: int) -> None:
        """Refuse the next packet with this code, whatever it holds; 0 takes that back. A fault for tests of clients."""
        self._checks.force(code)

    def ping(self) -> int:
        """Ping the client; return the ping_id. A `Pong` answers it."""
        ping_id, ping = self._questions.new_ping()
        self._outbox.ask(ping)
        return ping_id

    def ask_states(self) -> None:
        """Ask the client which unacknowledged messages it has (`msgs_state_req`); the others are sent again."""
        msg_ids = self._outbox.unacknowledged(self._limits.message_ids_accepted)
        if msg_ids:
            self._outbox.ask(self._questions.new_state_request(msg_ids))

    def session_destroyed(self, msg_id: int, session_id: int, existed: bool) -> None:
        """Answer a `DestroySession`."""
        answer = service.types.DestroySessionOk if existed else service.types.DestroySessionNone
        self._parts.reply(msg_id, answer(session_id=session_id).to_bytes())

    def auth_key_destroyed(self, msg_id: int, existed: bool | None) -> None:
        """Answer a `DestroyAuthKey`: the key is gone (True), there was none (False), or the key stays (None)."""
        answers = {
            True: service.types.DestroyAuthKeyOk,
            False: service.types.DestroyAuthKeyNone,
            None: service.types.DestroyAuthKeyFail,
        }
        self._parts.reply(msg_id, answers[existed]().to_bytes())

    # The connection.

    def connected(self, now: float) -> None:
        """Begin to send: a connection of this client is there. What the client did not acknowledge is sent again."""
        self._connected = True
        self._outbox.send_all_again(now)

    def disconnected(self, now: float) -> None:
        """Stop sending. Queries go on; their answers wait.

        The rest of a packet that is `unread` is dropped. No message of the rest was acknowledged, so that the client
        sends these messages again.
        """
        self._connected = False
        self._receiver.drop_rest()
        self._questions.clear()
        self._outbox.forget_old(now)

    def tick(self, now: float) -> list[ServerEvent]:
        """Do what is due at `now`; afterwards `next_packet` may have something. Call it at `next_deadline`."""
        self._acks.tick(now)
        self._outbox.forget_old(now)
        return self._events.take()

    def next_deadline(self) -> float | None:
        """Return the time at which `tick` has something to do, or None."""
        if not self._connected or self._acks.deadline == NEVER:
            return None
        return self._acks.deadline

    # Packets in.

    @property
    def work(self) -> int:
        """Units of work, of about 10 µs each, that the client's packets have made so far."""
        return self._parts.reader.work

    def check(self, message: Unsealed, now: float) -> Verdict:
        """Check ids, time, salt and numbers of an opened packet of this session. Nothing changes by it.

        Args:
            message: what `unseal` returned for this key and session id.
            now: the server's time.

        """
        return self._checks.check(message, now)

    @property
    def unread(self) -> bool:
        """Whether a part of the last packet is still to be handled, by `read_on`."""
        return self._receiver.unread

    def receive(
        self, message: Unsealed, now: float, verdict: Verdict | None = None, budget: int | None = None
    ) -> list[ServerEvent]:
        """Handle what is in an opened packet of this session that came over the connection which carries it.

        A packet that is refused gives a `NotAccepted` with its own msg_id, and no other event.

        Args:
            message: what `unseal` returned for this key and session id.
            now: the server's time.
            verdict: what `check` said about the packet just before; None lets the packet be checked here.
            budget: units of work, of about 10 µs each, after which the session keeps the rest of an accepted packet.
                The session is `unread` then, and `read_on` must go on before the next packet is checked. No message of
                the rest is acknowledged before it is handled. With None everything is handled at once.

        """
        if verdict is None:
            verdict = self._checks.check(message, now)
        self._receiver.receive(message, verdict, now, budget)
        return self._events.take()

    def read_on(self, now: float, budget: int | None = None) -> list[ServerEvent]:
        """Handle the rest of a packet, or a part of it; see `receive`."""
        self._receiver.read_on(now, budget)
        return self._events.take()

    def turn_away(self, message: Unsealed, verdict: Verdict, now: float) -> tuple[list[ServerEvent], bytes | None]:
        """Deal with a packet that is not new and came over a connection which does not carry this session.

        Anybody who has recorded the packet may have sent it. A repetition is acknowledged again, over the connection
        that carries the session, and has no other effect.

        Args:
            message: what `unseal` returned for this key and session id.
            verdict: what `check` said about the packet.
            now: the server's time.

        Returns:
            the events, and the payload of a packet for the connection over which this one came, if it gets any.

        """
        notice = self._receiver.turn_away(message, verdict, now)
        return self._events.take(), None if notice is None else self.craft(notice, now)

    # Packets out.

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent at once; acknowledgements count as one when they are due."""
        return len(self._outbox) + self._acks.due + self._gap_due

    @property
    def unsent(self) -> int:
        """Bytes of acknowledgements, answers and replies to service messages that wait: all but updates."""
        return ACK * len(self._acks) + self._outbox.reply_bytes + self._outbox.answer_bytes

    @property
    def unsent_answers(self) -> int:
        """Bytes of answers to calls that wait to be sent."""
        return self._outbox.answer_bytes

    def next_packet(self, now: float, *, max_bytes: int) -> Packet | None:
        """Seal what waits into one packet, or return None if nothing has to be sent now.

        Args:
            now: the server's time.
            max_bytes: the most bytes of the payload; a message that alone is larger stays queued.

        """
        if not self._connected:
            return None
        if self._gap_due:
            self._receiver.notify_of_session(now)
        taken = self._outbox.take(max_bytes - wire.PACKET_OVERHEAD)
        acks = self._acks.take(travelling=bool(taken))
        if acks:
            taken.append(Outgoing(wire.write_acks(acks), content=False, reply=True))
        if not taken:
            return None
        payload, fresh = self._sealer.seal(taken, now)
        for message in fresh:
            if message.content:
                self._outbox.sent(message)
            else:
                self._questions.sent(message)
        return Packet(payload)

    @property
    def _gap_due(self) -> bool:
        """Whether a gap is to be told; before its first message a client is told of the session anyway."""
        return self._outbox.gap and self._receiver.first_msg_id != 0

    def craft(
        self,
        body: bytes,
        now: float,
        *,
        msg_id: int | None = None,
        seqno: int | None = None,
        session_id: int | None = None,
        reply: bool = True,
    ) -> bytes:
        """Seal any message with the key and the current salt, and remember nothing of it; return the payload.

        Nothing is checked. Faults in tests of clients seal through this method.

        Args:
            body: one serialized boxed object, a multiple of 4 bytes.
            now: the server's time.
            msg_id: the id of the packet; by default the next one.
            seqno: its number; by default that of a message that is not content-related.
            session_id: by default that of this session.
            reply: whether the next id is that of an answer (modulo 4 it is 1) or not (3).

        """
        return self._sealer.craft(body, now, msg_id=msg_id, seqno=seqno, session_id=session_id, reply=reply)

    # What the session takes up.

    def forget_old(self, now: float) -> None:
        """Forget messages that nobody has taken for ten minutes, with a connection or without. Call it now and then.

        The time of a message that was never sent counts from the first such call. Updates that were never sent stay:
        they wait for the client as long as its session lives.
        """
        self._outbox.forget_old(now)
        self._outbox.forget_unsent(now)

    @property
    def kept(self) -> int:
        """Bytes of answers and updates that are kept until the client has them, and of what belongs to them."""
        return self._outbox.kept

    def release(self, size: int, *, unsent: bool) -> int:
        """Forget the oldest of what is kept, until so many bytes are free or nothing is left.

        The client is told as it is of everything that is forgotten: of answers by their state, when the client asks
        for that, of updates by a notice of a gap.

        Args:
            size: how many bytes.
            unsent: forget messages that were never sent, not those that were sent and are not acknowledged.

        Returns:
            how many bytes were freed.

        """
        return self._outbox.release(size, unsent=unsent)

    @property
    def weight(self) -> int:
        """How many bytes the session takes, about, without what is kept for the client."""
        return WEIGHT + self._register.weight

    def shrink(self) -> None:
        """Remember less of what the client sent; a late message of that is refused (code 20), not executed again."""
        self._register.shrink(SHRUNK)

    def given_up(self) -> None:
        """Count for nothing any more among what the key and the server keep: the owner forgets this session."""
        self._outbox.given_up()
