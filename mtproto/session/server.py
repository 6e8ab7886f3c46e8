"""The server's half of an encrypted session: opened packets and a time go in, events and sealed packets come out.

core.telegram.org/mtproto/description. One `ServerSession` for each pair of auth key and session id. How a packet is
checked stands here, how one is put together in `server_sending`, what a message means in `server_handlers`, what is
remembered in `server_state` and `server_records`. No I/O, no clock, no randomness of its own; one owner, no locks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from struct import Struct

from mtproto._options import named_options
from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.limits import SERVER_LIMITS, Limits
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Unsealed
from mtproto.message.message_ids import msg_id_time
from mtproto.session import constructors as ids
from mtproto.session import wire
from mtproto.session.events import Flooded, Repeated, ServerEvent, SessionCreated, Tolerated
from mtproto.session.inbox import NEVER, Seen
from mtproto.session.kept import Kept
from mtproto.session.salts import ServerSalts
from mtproto.session.server_records import Outgoing, Received, follows
from mtproto.session.server_sending import ServerSending
from mtproto.session.server_state import STORED_AT_MOST
from mtproto.session.verdicts import Finding, Verdict
from mtproto.session.wire import Message
from tl import service

__all__ = ["ServerSession"]

OLDEST = 300.0
"""Seconds: a message whose id is older than that is refused with code 16."""

NEWEST = 30.0
"""Seconds: a message whose id is further ahead of the server's clock is refused with code 17."""

QUEUED_AT_MOST = 16384
"""Messages that wait to be sent before no more is accepted of a client that provokes them and takes none."""

UPDATES_BYTES = 4 * 1024 * 1024
"""Bytes of updates that may wait to be sent before the oldest goes: half of what is kept for a session."""

NEVER_CONTENT = frozenset({ids.MSGS_ACK, ids.MSG_CONTAINER, ids.MSG_COPY})
"""What a client must not mark as content-related."""

_LONG = Struct("<q")


class _Highest:
    """The highest numbers in one packet so far: of all its messages, and of those whose numbers count."""

    __slots__ = ("counted", "of_all")

    def __init__(self) -> None:
        self.of_all = -1
        self.counted = -1

    def add(self, seqno: int, counted: bool) -> None:
        """Take notice of a message."""
        self.of_all = max(self.of_all, seqno)
        if counted:
            self.counted = max(self.counted, seqno)


def _refused(code: int) -> Verdict:
    return Verdict(Finding.REFUSED, code)


class ServerSession(ServerSending):
    """One session of one client, as the server sees it. `now` is the server's own time, Unix seconds."""

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
            forgotten_below: a msg_id: what the client sent with lower ids in an earlier session of the same id may have
                been received and forgotten, so that it is not accepted (code 20) and its state is not known. 0 says
                that no session of the key was ever forgotten. See `high_water`.
            denied: msg_ids that an earlier session of the same id promised never to accept; see `denied` there.
            last_msg_id: above which its own ids begin, since the client was sent messages up to there before.
            compress: whether answers above 256 bytes go as `gzip_packed` where that is shorter.
            strict: refuse service messages whose numbers the documentation calls wrong, which real servers let pass.
            kept_in: what is kept for all sessions of the key; None where nobody asks.

        """
        super().__init__(
            key,
            session_id,
            salts=salts,
            random=random,
            limits=limits,
            forgotten_below=forgotten_below,
            compress=compress,
            strict=strict,
            kept_in=kept_in,
        )
        self._last_msg_id = last_msg_id
        for msg_id in denied:
            self._register.deny(msg_id)

    @property
    def high_water(self) -> int:
        """A msg_id above all that this session has accepted: whoever forgets it hands that to the next one."""
        return max(self._register.newest + 1, self._register.floor)

    @property
    def denied(self) -> tuple[int, ...]:
        """The msg_ids from `high_water` on that this session has promised never to accept, to be handed on like that.

        They were too high when they came, or the client was told that they had not come: it has sent those messages
        under other ids, so that late copies of them must not be executed either.
        """
        return self._register.denied_from(self.high_water)

    @property
    def last_msg_id(self) -> int:
        """The highest id of a message of its own, 0 before the first."""
        return self._last_msg_id

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
        if record is None or not record.query or record.answered:
            raise LocalProtocolError(f"no query {query_msg_id} waits for an answer")
        if record.dropped:
            body = service.types.RpcAnswerDroppedRunning().to_bytes()
        self._send_result(record, body, announced=announced)

    def push(self, body: bytes, *, announced: bool = False) -> None:
        """Send a message that nobody asked for, an update; it is kept and sent again until the client has it.

        Where `limits.queued_updates` wait already, or `UPDATES_BYTES`, the oldest goes, and the client is told that
        updates have a gap. See `has_room`.

        Args:
            body: one serialized boxed object.
            announced: send only a `msg_new_detailed_info`.

        Raises:
            LocalProtocolError: it is larger than packets may be (`frame_accepted`).

        """
        if self._compress:
            body = wire.gzip_if_shorter(body)
        self._check_size(body)
        if self._unsent_updates_full:
            oldest = (message for message in self._queue if message.update and not message.msg_id)
            self._forget(list(islice(oldest, 1)), acknowledged=False)
        self._keep(Outgoing(body, content=True, reply=False, update=True, announced=announced))

    @property
    def has_room(self) -> bool:
        """Whether another update can be pushed without one being dropped.

        There is none while `limits.queued_updates` wait to be sent, or `UPDATES_BYTES` of them, or as many messages as
        are kept wait to be acknowledged.
        """
        return not self._unsent_updates_full and len(self._stored) + self._queue.updates < STORED_AT_MOST

    @property
    def _unsent_updates_full(self) -> bool:
        waiting = self._queue
        return waiting.updates >= self._limits.queued_updates or waiting.update_bytes >= UPDATES_BYTES

    def lose_update(self) -> None:
        """Tell the client that updates have a gap: its owner gives one up."""
        self._gap = True

    def reply(self, body: bytes) -> None:
        """Send a service message that needs no acknowledgement, whatever it is. A door for faults in tests."""
        self._reply(body)

    def ping(self) -> int:
        """Ping the client; return the ping_id. A `Pong` answers it."""
        ping_id = int(_LONG.unpack(self._random(_LONG.size))[0])
        ping = Outgoing(service.functions.Ping(ping_id=ping_id).to_bytes(), content=False, reply=False)
        ping.ping_id = ping_id
        self._queue.append(ping)
        return ping_id

    def ask_states(self) -> None:
        """Ask the client which of our unacknowledged messages it has (`msgs_state_req`); it gets the others again."""
        msg_ids = tuple(self._stored)[: self._limits.message_ids_accepted]
        if msg_ids:
            self._ask(service.types.MsgsStateReq(msg_ids=list(msg_ids)).to_bytes(), msg_ids)

    def session_destroyed(self, msg_id: int, session_id: int, existed: bool) -> None:
        """Answer a `DestroySession`."""
        self._acks.pop(msg_id, None)
        answer = service.types.DestroySessionOk if existed else service.types.DestroySessionNone
        self._reply(answer(session_id=session_id).to_bytes())

    def auth_key_destroyed(self, msg_id: int, existed: bool | None) -> None:
        """Answer a `DestroyAuthKey`: the key is gone, there was none, or (None) it stays."""
        self._acks.pop(msg_id, None)
        answers = {
            True: service.types.DestroyAuthKeyOk,
            False: service.types.DestroyAuthKeyNone,
            None: service.types.DestroyAuthKeyFail,
        }
        self._reply(answers[existed]().to_bytes())

    # The connection.

    def connected(self, now: float) -> None:
        """Begin to send: a connection of this client is there. What it did not acknowledge is sent again."""
        self._connected = True
        self._forget_old(now)
        waiting = [message for message in self._queue if not message.msg_id]
        for message in self._stored.values():
            message.queued = True
        self._queue.refill([*self._stored.values(), *waiting])

    def disconnected(self, now: float) -> None:
        """Stop sending. Queries go on; their answers wait.

        The rest of a packet that is `unread` is dropped: nothing of it was acknowledged, its messages were not received
        as far as the client is told, and the client sends them again.
        """
        self._connected = False
        self._rest.clear()
        self._pings.clear()
        self._asked.clear()
        self._forget_old(now)

    def tick(self, now: float) -> list[ServerEvent]:
        """Do what is due at `now`; afterwards `next_packet` may have something. Call it at `next_deadline`."""
        if self._ack_deadline <= now:
            self._ack_deadline = NEVER
            self._acks_due = bool(self._acks)
        self._forget_old(now)
        return self._drain()

    def next_deadline(self) -> float | None:
        """Return the time at which `tick` has something to do, or None."""
        if not self._connected or self._ack_deadline == NEVER:
            return None
        return self._ack_deadline

    # Packets in.

    def check(self, message: Unsealed, now: float) -> Verdict:
        """Check ids, time, salt and numbers of an opened packet of this session. Nothing changes by it.

        Args:
            message: what `unseal` returned for this key and session id.
            now: the server's time.

        """
        self._reader.begin()
        if len(self._queue) > QUEUED_AT_MOST:
            return Verdict(Finding.FLOOD, reason=f"{len(self._queue)} messages wait for a client that does not read")
        msg_id = message.msg_id
        if msg_id & 3 or msg_id < 0:
            return _refused(18)
        record = self._register.find(msg_id)
        if record is not None:
            return self._check_again(message, record)
        if self._register.denied(msg_id):
            return Verdict(Finding.DENIED)
        if self.refuse_next:
            return Verdict(Finding.REFUSED, self.refuse_next, forced=True)
        age = now - msg_id_time(msg_id)
        if age > OLDEST:
            return _refused(16)
        if age < -NEWEST:
            return _refused(17)
        if self._register.look_up(msg_id) is Seen.TOO_OLD:
            return _refused(20)
        if not self._salts.accepts(message.salt, now):
            return _refused(48)
        if wire.constructor_id(message.body) == ids.MSG_CONTAINER:
            return self._check_container(message)
        return self._check_numbers([Message(message.msg_id, message.seqno, message.body)], None)

    def _check_again(self, message: Unsealed, record: Received) -> Verdict:
        """Check a packet whose id was accepted before."""
        is_container = wire.constructor_id(message.body) == ids.MSG_CONTAINER
        if is_container != record.container:
            return _refused(19)
        if not is_container:
            return Verdict(Finding.REPEATED)
        try:
            return Verdict(Finding.REPEATED, messages=tuple(self._reader.container(message.body)))
        except RemoteProtocolError:
            return _refused(64)  # not the one that was accepted under this id

    def _check_container(self, message: Unsealed) -> Verdict:
        """Check a container, which is accepted as a whole (core.telegram.org/mtproto/service_messages#containers)."""
        try:
            messages = self._reader.container(message.body)
        except wire.TooMany as error:
            return Verdict(Finding.FLOOD, reason=str(error))
        except RemoteProtocolError:
            return _refused(64)
        new = sorted(inner for inner in messages if self._register.look_up(inner.msg_id) is Seen.NEW)
        if any(inner.msg_id & 3 or not 0 <= inner.msg_id < message.msg_id for inner in new):
            return _refused(64)
        return self._check_numbers([*new, Message(message.msg_id, message.seqno, message.body)], tuple(messages))

    def _check_numbers(self, new: list[Message], messages: tuple[Message, ...] | None) -> Verdict:
        """Check the numbers of new messages, in the order of their ids; `messages` is what stands in a container."""
        tolerated = []
        highest = _Highest()
        for numbered in new:
            code, refused = self._number_code(numbered, highest)
            if refused:
                return _refused(code)
            if code:
                tolerated.append(Tolerated(numbered.msg_id, code))
        return Verdict(Finding.NEW, messages=messages, tolerated=tuple(tolerated))

    @property
    def unread(self) -> bool:
        """Whether a part of the last packet is still to be handled, by `read_on`."""
        return bool(self._rest)

    def receive(
        self, message: Unsealed, now: float, verdict: Verdict | None = None, budget: int | None = None
    ) -> list[ServerEvent]:
        """Handle what is in an opened packet of this session that came over the connection which carries it.

        A packet that is refused gives a `Refused` with its own msg_id, and no other event.

        Args:
            message: what `unseal` returned for this key and session id.
            now: the server's time.
            verdict: what `check` said about it just before; None lets it be checked here.
            budget: units of work, of about 10 µs each, after which the session keeps the rest of an accepted packet: it
                is `unread`, and `read_on` goes on, before the next packet is checked. No message of the rest is
                acknowledged before it is handled. With None all is handled at once.

        """
        if verdict is None:
            verdict = self.check(message, now)
        match verdict.finding:
            case Finding.NEW:
                self._accept(message, verdict, now, budget)
            case Finding.REPEATED:
                for record in self._repeated_records(message, verdict):
                    self._repeated(record, now)
            case _:
                notice = self._notice(message, verdict, now)
                if notice is not None:
                    self._reply(notice)
        return self._drain()

    def turn_away(self, message: Unsealed, verdict: Verdict, now: float) -> tuple[list[ServerEvent], bytes | None]:
        """Deal with a packet that is not new and came over a connection which does not carry this session.

        Anybody who has recorded it may have sent it. Of a repetition no more follows than that it is acknowledged
        again, over the connection that carries the session.

        Args:
            message: what `unseal` returned for this key and session id.
            verdict: what `check` said about it.
            now: the server's time.

        Returns:
            the events, and the payload of a packet for the connection over which this one came, if it gets any.

        """
        notice = None
        if verdict.finding is Finding.REPEATED:
            for record in self._repeated_records(message, verdict):
                if record.seqno & 1:
                    self._acknowledge(record.msg_id, now)
            self._events.append(Repeated(message.msg_id))
        else:
            notice = self._notice(message, verdict, now)
        return self._drain(), None if notice is None else self.craft(notice, now)

    def _repeated_records(self, message: Unsealed, verdict: Verdict) -> list[Received]:
        msg_ids = [message.msg_id] if verdict.messages is None else [inner.msg_id for inner in verdict.messages]
        records = [self._register.find(msg_id) for msg_id in msg_ids]
        return [record for record in records if record is not None]

    def _notice(self, message: Unsealed, verdict: Verdict, now: float) -> bytes | None:
        """Report a packet that is not accepted, and return what the client is told about it."""
        match verdict.finding:
            case Finding.FLOOD:
                self._events.append(Flooded(verdict.reason))
                return None
            case Finding.DENIED:
                return self._denial(message.msg_id)
        if verdict.forced:
            self.refuse_next = 0
            self._register.deny(message.msg_id)  # as no copy of what is refused for a reason would be accepted
        return self._refusal(message.msg_id, message.seqno, verdict.code, now)

    def _accept(self, message: Unsealed, verdict: Verdict, now: float, budget: int | None) -> None:
        """Handle a new packet."""
        self._events += verdict.tolerated
        if verdict.messages is None:
            self._create(message.msg_id, now)
            self._handle(Message(message.msg_id, message.seqno, message.body), now)
            return
        self._register.remember(Received(message.msg_id, message.seqno, container=True, counted=self._strict))
        self._create(min((inner.msg_id for inner in verdict.messages), default=message.msg_id), now)
        self._rest.extend(verdict.messages)
        self._handle_rest(now, budget)

    def read_on(self, now: float, budget: int | None = None) -> list[ServerEvent]:
        """Handle the rest of a packet, or a part of it; see `receive`."""
        self._handle_rest(now, budget)
        return self._drain()

    def _handle_rest(self, now: float, budget: int | None) -> None:
        """Handle the messages of a container, as many as the budget allows."""
        rest, reader = self._rest, self._reader
        end = reader.work + (budget or 0)
        with reader.within(ids.MSG_CONTAINER):
            while rest and (budget is None or reader.work < end):
                self._handle_inner(rest.popleft(), now)
                if budget is not None:
                    reader.handled()

    def _number_code(self, message: Message, highest: _Highest) -> tuple[int, bool]:
        """Return the code that the documentation has for the number of a new message, or 0, and whether to refuse it.

        Args:
            message: a message, alone or of a container; those of a container in the order of their ids, itself last.
            highest: the numbers of those before it in the packet; this one is added.

        """
        counted = self._is_counted(message)
        among_counted = counted and not self._strict
        code = (
            self._parity(message.seqno, message.body)
            or (0 if follows(message.seqno, highest.counted if among_counted else highest.of_all) else 32)
            or self._register.check_seqno(message.msg_id, message.seqno, counted=among_counted)
        )
        highest.add(message.seqno, counted)
        return code, bool(code) and (counted or self._strict)

    def _parity(self, seqno: int, body: bytes) -> int:
        """Return 34 or 35 where the number says the wrong thing about the need of an acknowledgement, else 0."""
        constructor = wire.constructor_id(body)
        if seqno & 1:
            return 34 if constructor in NEVER_CONTENT else 0
        return 35 if self.is_call(constructor) else 0

    def _create(self, first_msg_id: int, now: float) -> None:
        """Tell the client that a session was made for it, and again if an older message comes later."""
        if self._first_msg_id and first_msg_id >= self._first_msg_id:
            return
        self._first_msg_id = first_msg_id
        self._events.append(SessionCreated(first_msg_id, self._notify_of_session(now)))
