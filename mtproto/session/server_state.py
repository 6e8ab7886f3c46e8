"""What the server's half knows, and the steps that its handlers and its public face share: queue, store, refuse.

It must not know how a packet is checked or sealed, nor which constructor leads where.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from struct import Struct

from mtproto.errors import LocalProtocolError
from mtproto.limits import Limits
from mtproto.message.auth_key import AuthKey
from mtproto.session import wire
from mtproto.session.events import Refused, ServerEvent
from mtproto.session.inbox import NEVER
from mtproto.session.kept import Kept
from mtproto.session.packet_reader import PacketReader
from mtproto.session.salts import ServerSalts
from mtproto.session.send_queue import SendQueue
from mtproto.session.server_records import Outgoing, Received, Register
from tl import service

__all__ = ["ServerState"]

ANSWER_LIFETIME = 600.0
"""Seconds for which an unacknowledged message is kept: documented as ten minutes."""

STORED_AT_MOST = 4096
"""Unacknowledged messages kept at once; beyond it the oldest is forgotten."""

KEPT_BYTES = 8 * 1024 * 1024
"""Bytes of answers and updates kept for a client that has not acknowledged them, sent or not; beyond it the oldest are
forgotten, first of those that were sent. More than the answers that a client has under way at a time."""

KEPT_WITH_EACH = 512
"""Bytes that a message counts for besides its body: its record, that of the call, and their places."""

WEIGHT = 2560
"""Bytes that a session takes of which nothing is remembered; as measured."""

SHRUNK = 32
"""Messages of the client that a session remembers which is to take less memory, and promises never to accept some."""

SALT_CODE = 48

NOT_TO_COME_BACK = frozenset({17, 32, 33})
"""Codes of messages that might pass if a copy of them came later; by then the client has sent them under other ids."""

_LONG = Struct("<q")


class ServerState:
    """The memory of a server session, and what is done with it. A base of `ServerSession`, of no use alone.

    Attributes:
        key: the auth key.
        session_id: signed 64 bits, chosen by the client.
        refuse_next: a code with which the next packet is refused, whatever it holds; 0 for none. A fault for tests of
            clients.

    """

    def __init__(
        self,
        key: AuthKey,
        session_id: int,
        *,
        salts: ServerSalts,
        random: Callable[[int], bytes],
        limits: Limits,
        forgotten_below: int,
        compress: bool,
        strict: bool,
        kept_in: Kept | None,
    ) -> None:
        self.key = key
        self.session_id = session_id
        self.refuse_next = 0
        self._salts = salts
        self._random = random
        self._limits = limits
        self._compress = compress
        self._strict = strict
        self._register = Register(limits, forgotten_below)
        self._events: list[ServerEvent] = []
        self._queue = SendQueue()
        self._kept = Kept(KEPT_BYTES, self._make_room, kept_in)
        self._stored: dict[int, Outgoing] = {}  # sent, content-related, not acknowledged; in the order of ids
        self._acks: dict[int, None] = {}  # the client's messages that are to be acknowledged
        self._ack_deadline = NEVER
        self._acks_due = False
        self._asked: dict[int, tuple[int, ...]] = {}  # our msgs_state_req and msg_resend_req, and what they named
        self._pings: dict[int, tuple[int, float]] = {}  # our pings by msg_id: ping_id, sent at
        self._first_msg_id = 0
        self._gap = False  # an update was dropped, and the client was not told yet
        self._gap_notice: Outgoing | None = None
        self._connected = False
        self._reader = PacketReader(limits)
        self._rest: deque[wire.Message] = deque()  # messages of a container that are still to be handled
        self._content_count = 0
        self._last_msg_id = 0

    @property
    def work(self) -> int:
        """Units of work, of about 10 µs each, that the client's packets have made so far."""
        return self._reader.work

    def _drain(self) -> list[ServerEvent]:
        events, self._events = self._events, []
        return events

    def _reply(self, body: bytes) -> None:
        """Queue a service message that answers one of the client's and needs no acknowledgement."""
        self._queue.append(Outgoing(body, content=False, reply=True))

    def _notify_of_session(self, now: float) -> int:
        """Queue `new_session_created` in front of all others; return its unique_id.

        new_session_created#9ec20908 first_msg_id:long unique_id:long server_salt:long = NewSession;

        With the session's own first_msg_id no call is lost by it, whenever it comes; updates have a gap.
        """
        unique_id = int(_LONG.unpack(self._random(_LONG.size))[0])
        body = service.types.NewSessionCreated(
            first_msg_id=self._first_msg_id, unique_id=unique_id, server_salt=self._salts.current(now)
        ).to_bytes()
        notice = Outgoing(body, content=True, reply=False)
        if self._gap:
            self._gap, self._gap_notice = False, notice
        self._keep(notice, first=True)
        return unique_id

    def _refuse(self, msg_id: int, seqno: int, code: int, now: float) -> None:
        """Tell the client that a message was not accepted."""
        self._reply(self._refusal(msg_id, seqno, code, now))

    def _refusal(self, msg_id: int, seqno: int, code: int, now: float) -> bytes:
        """Report that a message was not accepted, and return what the client is told about it."""
        if code == SALT_CODE:
            notice = service.types.BadServerSalt(
                bad_msg_id=msg_id, bad_msg_seqno=seqno, error_code=code, new_server_salt=self._salts.current(now)
            )
        else:
            notice = service.types.BadMsgNotification(bad_msg_id=msg_id, bad_msg_seqno=seqno, error_code=code)
        if code in NOT_TO_COME_BACK:
            self._register.deny(msg_id)
        self._events.append(Refused(msg_id, code))
        body: bytes = notice.to_bytes()
        return body

    def _send_result(self, record: Received, result: bytes, *, announced: bool = False) -> None:
        """Queue the answer to a query, which acknowledges it as well. Raises LocalProtocolError: it is too large."""
        if self._compress:
            result = wire.gzip_if_shorter(result)
        body = wire.write_rpc_result(record.msg_id, result)
        self._check_size(body)
        record.answered = True
        self._register.running -= 1
        self._acks.pop(record.msg_id, None)
        record.answer = Outgoing(body, content=True, reply=True, query=record.msg_id, announced=announced)
        self._keep(record.answer)

    def _check_size(self, body: bytes) -> None:
        """Refuse what fits into no packet: it would wait for ever, and all else behind it."""
        most = self._limits.frame_accepted - wire.PACKET_OVERHEAD - wire.MESSAGE_HEADER
        if len(body) > most:
            raise LocalProtocolError(f"a message of {len(body)} bytes; {most} are the most (`frame_accepted`)")

    def _keep(self, message: Outgoing, *, first: bool = False) -> None:
        """Queue a message that is kept until the client has it; `first` puts it in front of all others."""
        message.kept = KEPT_WITH_EACH + len(message.body)
        if first:
            self._queue.appendleft(message)
        else:
            self._queue.append(message)
        self._kept.add(message.kept)

    def _send_again(self, message: Outgoing) -> None:
        """Queue a message once more, unless it waits already."""
        message.announced = False
        if not message.queued:
            message.queued = True
            self._queue.append(message)

    def _forget(self, messages: Sequence[Outgoing], *, acknowledged: bool) -> None:
        """Keep these messages no longer."""
        for message in messages:
            self._stored.pop(message.msg_id, None)
            self._kept.take(message.kept)
            message.kept = 0
            record = self._register.find(message.query)
            if record is not None and record.answer is message:
                record.answer = None
                record.forgotten = not acknowledged
            if not acknowledged and (message.update or message is self._gap_notice):
                self._gap = True
        self._queue.remove(messages)

    def _forget_old(self, now: float) -> None:
        """Forget what the client did not acknowledge in time, and the oldest where there is too much."""
        old: list[Outgoing] = []
        for message in self._stored.values():  # they were stored in the order of sending
            if message.sent_at + ANSWER_LIFETIME > now and len(self._stored) - len(old) <= STORED_AT_MOST:
                break
            old.append(message)
        if old:
            self._forget(old, acknowledged=False)

    def forget_old(self, now: float) -> None:
        """Forget what nobody has taken for ten minutes, whether a connection is there or not. For a look now and then.

        Of what was never sent, the time counts from the first such look. Updates that were never sent stay: they wait
        for the client, as long as its session does.
        """
        self._forget_old(now)
        old: list[Outgoing] = []
        for message in self._queue:
            if message.msg_id or message.update:
                continue
            if not message.sent_at:
                message.sent_at = now
            elif message.sent_at + ANSWER_LIFETIME <= now:
                old.append(message)
        if old:
            self._forget(old, acknowledged=False)

    # What is kept, in bytes.

    @property
    def kept(self) -> int:
        """How many bytes of answers and updates are kept until the client has them, and of what belongs to them."""
        return self._kept.bytes

    def release(self, size: int, *, unsent: bool) -> int:
        """Forget the oldest of what is kept, until so many bytes are free or nothing is left.

        The client is told of it as of everything that is forgotten: of answers by their state, when it asks for that,
        of updates by a notice of a gap.

        Args:
            size: how many bytes.
            unsent: forget what was never sent, not what was sent and is not acknowledged.

        Returns:
            how many bytes were freed.

        """
        oldest = (message for message in self._queue if not message.msg_id) if unsent else self._stored.values()
        chosen: list[Outgoing] = []
        freed = 0
        for message in oldest:
            if freed >= size:
                break
            if message.kept:
                freed += message.kept
                chosen.append(message)
        if chosen:
            self._forget(chosen, acknowledged=False)
        return freed

    def _make_room(self, size: int) -> None:
        """Free so many bytes of what is kept, first of what was sent."""
        self.release(size - self.release(size, unsent=False), unsent=True)

    @property
    def weight(self) -> int:
        """How many bytes the session takes, about, without what is kept for the client."""
        return WEIGHT + self._register.weight

    def shrink(self) -> None:
        """Remember less of what the client sent; what comes late of that is refused (code 20), not executed again."""
        self._register.shrink(SHRUNK)

    def given_up(self) -> None:
        """Count for nothing any more among what its key and the server keep: its owner forgets this session."""
        self._kept.leave()
