"""What the server's half knows, and the steps that its handlers and its public face share: queue, store, refuse.

It must not know how a packet is checked or sealed, nor which constructor leads where.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from struct import Struct

from mtproto.limits import Limits
from mtproto.message.auth_key import AuthKey
from mtproto.session import wire
from mtproto.session.events import Refused, ServerEvent
from mtproto.session.inbox import NEVER
from mtproto.session.packet_reader import PacketReader
from mtproto.session.salts import ServerSalts
from mtproto.session.server_records import Outgoing, Received, Register
from tl import service

__all__ = ["ServerState"]

ANSWER_LIFETIME = 600.0
"""Seconds for which an unacknowledged message is kept: documented as ten minutes."""

STORED_AT_MOST = 4096
"""Unacknowledged messages kept at once; beyond it the oldest is forgotten."""

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
        self._queue: deque[Outgoing] = deque()
        self._skipped = 0  # messages that stand in the queue and are forgotten, so that they are not sent
        self._stored: dict[int, Outgoing] = {}  # sent, content-related, not acknowledged; in the order of ids
        self._acks: dict[int, None] = {}  # the client's messages that are to be acknowledged
        self._ack_deadline = NEVER
        self._acks_due = False
        self._asked: dict[int, tuple[int, ...]] = {}  # our msgs_state_req and msg_resend_req, and what they named
        self._pings: dict[int, tuple[int, float]] = {}  # our pings by msg_id: ping_id, sent at
        self._first_msg_id = 0
        self._unsent_updates = 0  # those that wait in the queue and were never sent
        self._gap = False  # an update was dropped, and the client was not told yet
        self._gap_notice: Outgoing | None = None
        self._connected = False
        self._reader = PacketReader(limits)
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
        self._queue.appendleft(notice)
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
        """Queue the answer to a query, which acknowledges it as well."""
        record.answered = True
        self._register.running -= 1
        self._acks.pop(record.msg_id, None)
        if self._compress:
            result = wire.gzip_if_shorter(result)
        body = wire.write_rpc_result(record.msg_id, result)
        record.answer = Outgoing(body, content=True, reply=True, query=record.msg_id, announced=announced)
        self._queue.append(record.answer)

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
            record = self._register.find(message.query)
            if record is not None and record.answer is message:
                record.answer = None
                record.forgotten = not acknowledged
            if not acknowledged and (message.update or message is self._gap_notice):
                self._gap = True
            if message.queued:
                message.queued = False
                self._skipped += 1
        if self._skipped > len(self._queue) // 2:  # so that one forgotten message after the other costs little
            self._queue = deque(message for message in self._queue if message.queued)
            self._skipped = 0

    def _forget_old(self, now: float) -> None:
        """Forget what the client did not acknowledge in time, and the oldest where there is too much."""
        old: list[Outgoing] = []
        for message in self._stored.values():  # they were stored in the order of sending
            if message.sent_at + ANSWER_LIFETIME > now and len(self._stored) - len(old) <= STORED_AT_MOST:
                break
            old.append(message)
        if old:
            self._forget(old, acknowledged=False)
