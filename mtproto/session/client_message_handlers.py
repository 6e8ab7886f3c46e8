"""What a client does with service messages about messages: acknowledgements, refusals, states, announcements.

One small function for each constructor, under its declaration, in the order of
core.telegram.org/mtproto/service_messages_about_messages. Each takes the parts of the session, the id of the message,
the message, and the local time; what follows from it goes to the events. The table of `client_handlers` leads here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import RemoteProtocolError
from mtproto.session.bad_messages import describe
from mtproto.session.client_parts import ClientParts
from mtproto.session.client_refusals import refused_items, retry, retry_service
from mtproto.session.events import Anomaly, BadMessage, SaltChanged
from mtproto.session.inbox import MessageStatus, Seen
from mtproto.session.request import Request, RequestState
from mtproto.session.sent_packets import Carried
from mtproto.session.service_messages import MessageKind, ServiceMessage
from tl import service

if TYPE_CHECKING:
    from mtproto.session.declared import (
        BadMsgNotificationFields,
        BadServerSaltFields,
        MsgDetailedInfoFields,
        MsgNewDetailedInfoFields,
        MsgsAllInfoFields,
        MsgsStateInfoFields,
    )

# Acknowledgements: core.telegram.org/mtproto/service_messages_about_messages#acknowledgment-of-receipt


# msgs_ack#62d6b459 msg_ids:Vector<long> = MsgsAck;
def msgs_ack(parts: ClientParts, _msg_id: int, body: bytes, now: float) -> None:
    """Note that the server has these calls."""
    for acked_id in parts.reader.ids(body):
        request = parts.outbox.current(acked_id)
        if request is not None:
            parts.calls.acked(request, now)


# Refusals: core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message


# bad_msg_notification#a7eff811 bad_msg_id:long bad_msg_seqno:int error_code:int = BadMsgNotification;
def bad_msg_notification(parts: ClientParts, msg_id: int, notice: BadMsgNotificationFields, now: float) -> None:
    """Send what was refused again, or end it; where no id of this session is accepted any more, begin another one."""
    code = notice.error_code
    items = refused_items(parts, notice.bad_msg_id)
    if not items:
        parts.events.tell(Anomaly(msg_id, f"bad_msg_notification {code} for {notice.bad_msg_id}, not open"))
        return
    parts.events.tell(BadMessage(notice.bad_msg_id, code))
    if code == 17 and not parts.time.lowered_since(notice.bad_msg_id, items[0].sent_at):
        parts.time.learn_anew(now)
    if code == 20:
        for item in items:
            if isinstance(item, Request):
                parts.calls.forgotten(item, describe(code).description)
            else:
                retry_service(parts, item, code, now)
    else:
        retry(parts, items, code, now)
    if describe(code).new_session:
        _leave_session(parts, items, code, now)


def _leave_session(parts: ClientParts, items: list[Carried], code: int, now: float) -> None:
    """Go on with lower ids where that is enough; else begin to give the session up, or give it up at last."""
    if code == 17 and not parts.renewal.active and parts.outbox.unsettled():
        parts.time.lower_ids(now)
        parts.outbox.ask_about_all(now)
    elif not parts.renewal.active:
        parts.renewal.begin(code, now)
    elif any(isinstance(item, ServiceMessage) and item.final for item in items):
        parts.renewal.finish()  # not even questions are accepted any more


# bad_server_salt#edab447b bad_msg_id:long bad_msg_seqno:int error_code:int new_server_salt:long = BadMsgNotification;
def bad_server_salt(parts: ClientParts, msg_id: int, notice: BadServerSaltFields, now: float) -> None:
    """Take the new salt, and send what was refused again."""
    items = refused_items(parts, notice.bad_msg_id)
    if not items:
        parts.events.tell(Anomaly(msg_id, f"bad_server_salt for {notice.bad_msg_id}, which is not open"))
        return
    parts.events.tell(BadMessage(notice.bad_msg_id, notice.error_code))
    parts.salts.named(notice.new_server_salt, now)
    parts.events.tell(SaltChanged())
    retry(parts, items, notice.error_code, now)


# States: core.telegram.org/mtproto/service_messages_about_messages#request-for-message-status-information


# msgs_state_req#da69fb52 msg_ids:Vector<long> = MsgsStateReq;
def msgs_state_req(parts: ClientParts, msg_id: int, body: bytes, _now: float) -> None:
    """Tell the states of messages of the server."""
    _send_states(parts, msg_id, parts.reader.ids(body))


def _send_states(parts: ClientParts, req_msg_id: int, msg_ids: tuple[int, ...]) -> None:
    status = parts.inbox.status
    info = bytes(status(msg_id) if msg_id & 1 else MessageStatus.UNKNOWN for msg_id in msg_ids)
    answer = service.types.MsgsStateInfo(req_msg_id=req_msg_id, info=info)
    parts.questions.add(MessageKind.REPLY, answer.to_bytes())


# msgs_state_info#04deb57d req_msg_id:long info:bytes = MsgsStateInfo;
def msgs_state_info(parts: ClientParts, msg_id: int, answer: MsgsStateInfoFields, now: float) -> None:
    """Apply the states that we asked for, or that came instead of a message that we asked for again."""
    question = parts.questions.find(answer.req_msg_id)
    if question is None or question.kind not in (MessageKind.STATE, MessageKind.RESEND, MessageKind.RESEND_ANSWER):
        parts.events.tell(Anomaly(msg_id, "a msgs_state_info that was not asked for"))
        return
    if len(answer.info) != len(question.ids):
        raise RemoteProtocolError("msgs_state_info", f"{len(answer.info)} states for {len(question.ids)} messages")
    parts.questions.close(question)
    parts.questions.states_told()
    if question.kind is MessageKind.RESEND:
        # The server has forgotten the message that it announced. What became of the call is the next question.
        if question.request is not None and question.request.state is RequestState.ACKED:
            parts.outbox.ask(question.request, now)
        return
    for asked_id, state in zip(question.ids, answer.info, strict=True):
        request = parts.outbox.current(asked_id)
        if request is None:
            continue
        if (
            question.kind is MessageKind.RESEND_ANSWER
            and state & (MessageStatus.RUNNING | MessageStatus.ANSWERED) != MessageStatus.RUNNING
        ):
            # States came instead of the answer: the answer is gone, unless it is still being made.
            parts.calls.forgotten(request, "the server has forgotten its answer")
        else:
            parts.calls.told_state(request, state, msg_id, now)


# msgs_all_info#8cc0d131 msg_ids:Vector<long> info:bytes = MsgsAllInfo;
def msgs_all_info(parts: ClientParts, msg_id: int, body: bytes, now: float) -> None:
    """Apply the states that the server tells unasked. The budget pays for the ids before they are read."""
    parts.reader.named(body)
    news: MsgsAllInfoFields = service.decode(body)
    if len(news.info) != len(news.msg_ids):
        raise RemoteProtocolError("msgs_all_info", f"{len(news.info)} states for {len(news.msg_ids)} messages")
    for told_id, state in zip(news.msg_ids, news.info, strict=True):
        request = parts.outbox.current(told_id)
        if request is not None:
            parts.calls.told_state(request, state, msg_id, now)


# Announced answers: core.telegram.org/mtproto/service_messages_about_messages
# #extended-voluntary-communication-of-status-of-one-message


# msg_detailed_info#276d3ec6 msg_id:long answer_msg_id:long bytes:int status:int = MsgDetailedInfo;
def msg_detailed_info(parts: ClientParts, _msg_id: int, news: MsgDetailedInfoFields, now: float) -> None:
    """Ask for the answer to one of our messages, which the server holds back."""
    request = parts.outbox.find(news.msg_id)
    if request is None and parts.questions.find(news.msg_id) is None:
        parts.inbox.acknowledge(news.answer_msg_id, now)  # nobody waits for it any more
        return
    if request is not None:
        parts.calls.acked(request, now)
    _announced(parts, news.answer_msg_id, request, now)


# msg_new_detailed_info#809db6df answer_msg_id:long bytes:int status:int = MsgDetailedInfo;
def msg_new_detailed_info(parts: ClientParts, _msg_id: int, news: MsgNewDetailedInfoFields, now: float) -> None:
    """Ask for a message that answers none of ours, which the server holds back."""
    _announced(parts, news.answer_msg_id, None, now)


def _announced(parts: ClientParts, answer_msg_id: int, request: Request | None, now: float) -> None:
    """Ask for a message that the server holds back, or acknowledge the message where it was received."""
    if parts.inbox.look_up(answer_msg_id) is Seen.BEFORE:
        parts.inbox.acknowledge(answer_msg_id, now)
    else:
        parts.questions.ask_resend(answer_msg_id, request)


# Requests to send again: core.telegram.org/mtproto/service_messages_about_messages
# #explicit-request-to-re-send-messages


# msg_resend_req#7d861a08 msg_ids:Vector<long> = MsgResendReq;
def msg_resend_req(parts: ClientParts, msg_id: int, body: bytes, _now: float) -> None:
    """Send calls again as they were, ids included; if any is not there to be sent, tell the states instead."""
    msg_ids = parts.reader.ids(body)
    requests = [parts.outbox.current(wanted) for wanted in msg_ids]
    if any(request is None for request in requests):
        _send_states(parts, msg_id, msg_ids)
    else:
        parts.outbox.send_again(request for request in requests if request is not None)
