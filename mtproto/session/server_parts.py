"""The parts of a server session that its handlers work on, and the steps that several handlers share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mtproto.limits import Limits
from mtproto.session.events import Flooded, NotAccepted, ServerEvent
from mtproto.session.inbox import MessageStatus
from mtproto.session.packet_reader import PacketReader
from mtproto.session.salts import ServerSalts
from mtproto.session.server_acks import ServerAcks
from mtproto.session.server_outbox import ServerOutbox
from mtproto.session.server_questions import ServerQuestions
from mtproto.session.server_records import Outgoing, Received, Register
from tl import service

__all__ = ["ServerParts"]

SALT_CODE = 48
"""The code of `bad_server_salt`."""

NOT_TO_COME_BACK = frozenset({17, 32, 33})
"""Codes of messages that might pass the checks if a copy of them came later. By then the client has sent the same
content under another id, so that the server must not accept the copy."""


@dataclass(frozen=True, slots=True)
class ServerParts:
    """The parts of one server session. Each part changes its own state; the methods here combine several parts.

    Attributes:
        limits: what is sent and accepted at most.
        salts: the salts of the key, shared by all its sessions.
        strict: refuse service messages whose numbers the documentation calls wrong, which real servers let pass.
        tell: takes an event.
        reader: takes packets apart.
        register: the client's messages.
        acks: which of them have to be acknowledged.
        outbox: the messages to the client.
        questions: those of them that ask something.

    """

    limits: Limits
    salts: ServerSalts
    strict: bool
    tell: Callable[[ServerEvent], None]
    reader: PacketReader
    register: Register
    acks: ServerAcks
    outbox: ServerOutbox
    questions: ServerQuestions

    # Answers.

    def begin_query(self, record: Received) -> bool:
        """Count a query that will be answered; too many at once are a flood. Return whether it was counted."""
        if self.register.running >= self.limits.unanswered_requests:
            self.tell(Flooded(f"{self.register.running} queries are unanswered"))
            self.register.discard(record)
            self.acks.withdraw(record.msg_id)
            return False
        self.register.begin_query(record)
        return True

    def send_result(self, record: Received, result: bytes, *, announced: bool = False) -> None:
        """Queue the answer to a query, which acknowledges the query, too. See `ServerOutbox.answer`."""
        self.outbox.answer(record, result, announced=announced)
        self.acks.withdraw(record.msg_id)

    def reply(self, msg_id: int, body: bytes) -> None:
        """Queue the service message that answers another one, and so acknowledges it."""
        self.acks.withdraw(msg_id)
        self.outbox.reply(body)

    def repeat(self, record: Received, now: float) -> None:
        """Deal with a message that came before: send its answer again, or acknowledge it again."""
        if record.answer is not None:
            self.outbox.send_again(record.answer)
        elif record.seqno & 1:
            self.acks.queue(record.msg_id, now)

    def send_states(self, record: Received, msg_ids: Sequence[int]) -> None:
        """Tell the states of the client's messages.

        A message that is called not received is not accepted later, since the client sends its content again.

        msgs_state_info#04deb57d req_msg_id:long info:bytes = MsgsStateInfo;
        """
        info = bytearray()
        for msg_id in msg_ids:
            status = self.status(msg_id)
            if status is MessageStatus.NOT_RECEIVED or status is MessageStatus.NOT_RECEIVED_YET:
                self.register.deny(msg_id)
            info.append(status)
        answer = service.types.MsgsStateInfo(req_msg_id=record.msg_id, info=bytes(info))
        self.reply(record.msg_id, answer.to_bytes())

    def status(self, msg_id: int) -> MessageStatus:
        """Return the status byte of a message of the client."""
        if msg_id & 3:
            return MessageStatus.UNKNOWN
        return self.register.status(msg_id, ack_waits=msg_id in self.acks)

    def send_again(self, record: Received, msg_ids: Sequence[int], messages: Sequence[Outgoing | None]) -> None:
        """Send the messages that a request names as they were, ids included; if any is not kept, tell the states."""
        found = [message for message in messages if message is not None]
        if len(found) < len(messages):
            self.send_states(record, msg_ids)
            return
        self.acks.withdraw(record.msg_id)
        for message in found:
            self.outbox.send_again(message)

    # Refusals.

    def refusal(self, msg_id: int, seqno: int, code: int, now: float) -> bytes:
        """Report a message that is not accepted, and return the service message that tells the client.

        bad_msg_notification#a7eff811 bad_msg_id:long bad_msg_seqno:int error_code:int = BadMsgNotification;
        bad_server_salt#edab447b bad_msg_id:long bad_msg_seqno:int error_code:int new_server_salt:long
            = BadMsgNotification;
        """
        notice: service.boxed.BadMsgNotification
        if code == SALT_CODE:
            notice = service.types.BadServerSalt(
                bad_msg_id=msg_id, bad_msg_seqno=seqno, error_code=code, new_server_salt=self.salts.current(now)
            )
        else:
            notice = service.types.BadMsgNotification(bad_msg_id=msg_id, bad_msg_seqno=seqno, error_code=code)
        if code in NOT_TO_COME_BACK:
            self.register.deny(msg_id)
        self.tell(NotAccepted(msg_id, code))
        return notice.to_bytes()

    def denial(self, msg_id: int) -> bytes:
        """Report a late message that the client was told was not received; return the notice that tells it again.

        msgs_all_info#8cc0d131 msg_ids:Vector long info:bytes = MsgsAllInfo;
        """
        self.tell(NotAccepted(msg_id, 0))
        state = bytes((MessageStatus.NOT_RECEIVED,))
        body: bytes = service.types.MsgsAllInfo(msg_ids=[msg_id], info=state).to_bytes()
        return body
