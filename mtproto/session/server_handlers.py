"""What a server does with each service message: one function for each, in the order of the documentation.

The table `HANDLERS` at the end leads from constructor ids to functions. A body whose constructor id is no service
message's is a call of the API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from mtproto.errors import RemoteProtocolError
from mtproto.session import constructors as ids
from mtproto.session import wire
from mtproto.session.events import (
    Anomaly,
    AnswersAcked,
    CloseAfter,
    DestroyAuthKey,
    DestroySession,
    Flooded,
    HttpWaited,
    Pong,
    Query,
    QueryDropped,
    Undecodable,
)
from mtproto.session.inbox import MessageStatus, Seen
from mtproto.session.packet_reader import Cost
from mtproto.session.salts import MAX_FUTURE_SALTS
from mtproto.session.server_checks import is_counted
from mtproto.session.server_parts import ServerParts
from mtproto.session.server_records import Received
from tl import TLError, service

if TYPE_CHECKING:
    from mtproto.session.declared import (
        DestroySessionFields,
        GetFutureSaltsFields,
        HttpWaitFields,
        MsgDetailedInfoFields,
        MsgNewDetailedInfoFields,
        MsgsAllInfoFields,
        MsgsStateInfoFields,
        PingDelayDisconnectFields,
        PingFields,
        PongFields,
        RpcDropAnswerFields,
    )

__all__ = ["HANDLERS", "Handler", "handle", "handle_inner"]

Handler: TypeAlias = Callable[[ServerParts, Received, bytes, float], None]
"""Takes the parts of the session, the record of the message, its serialized body and the server's time.

A handler that can't read its message raises `TLError` or `RemoteProtocolError`, which `handle` tells as `Undecodable`.
"""

F = TypeVar("F")

IDS_OF_A_SALT = 16
"""As many ids of a packet's budget one salt costs: writing the longest answer takes half a millisecond."""

UNREADABLE = (400, "INPUT_FETCH_ERROR")
"""The answer to a query that can't even be unpacked."""


def handle(parts: ServerParts, message: wire.Message, now: float) -> None:
    """Handle a message that is new and well numbered."""
    msg_id, seqno, body = message
    counted = parts.strict or is_counted(wire.constructor_id(body), seqno)
    record = Received(msg_id, seqno, counted=counted)
    parts.register.remember(record)
    if seqno & 1:
        parts.acks.queue(msg_id, now)
    try:
        _dispatch(parts, record, body, now)
    except wire.TooMany as error:
        parts.tell(Flooded(str(error)))
    except (TLError, RemoteProtocolError) as error:
        parts.tell(Undecodable(msg_id, body, error))


def handle_inner(parts: ServerParts, message: wire.Message, now: float) -> None:
    """Handle a message that came inside another one; unlike an outer one, it may have come before."""
    register = parts.register
    if register.denied(message.msg_id):
        parts.outbox.reply(parts.denial(message.msg_id))
        return
    match register.look_up(message.msg_id):
        case Seen.NEW:
            handle(parts, message, now)
        case Seen.BEFORE:
            record = register.find(message.msg_id)
            if record is not None:
                parts.repeat(record, now)
        case Seen.TOO_OLD:
            parts.outbox.reply(parts.refusal(message.msg_id, message.seqno, 20, now))


def _dispatch(parts: ServerParts, record: Received, body: bytes, now: float) -> None:
    constructor = wire.constructor_id(body)
    if constructor in ids.SERVICE_MESSAGES:
        HANDLERS.get(constructor, _unexpected)(parts, record, body, now)
    elif len(body) < 4:
        raise RemoteProtocolError("body", "there is none")
    elif parts.begin_query(record):
        parts.tell(Query(record.msg_id, body, parts.reader.budget))


def _decoded(handler: Callable[[ServerParts, Received, F, float], None]) -> Handler:
    """Return a handler that decodes the message and hands its fields over."""

    @wraps(handler)
    def read(parts: ServerParts, record: Received, body: bytes, now: float) -> None:
        handler(parts, record, service.decode(body), now)

    return read


def _unexpected(parts: ServerParts, record: Received, body: bytes, _now: float) -> None:
    """Report a service message that only a server may send."""
    parts.tell(Anomaly(record.msg_id, f"a client does not send {wire.constructor_id(body):#010x}"))


# core.telegram.org/mtproto/service_messages


# msg_container#73f1f8dc messages:vector<%Message> = MessageContainer;
def _msg_container(parts: ServerParts, _record: Received, body: bytes, _now: float) -> None:
    """Refuse a container inside another message; a container that is the whole packet does not come here."""
    parts.reader.container(body)


# msg_copy#e06046b2 orig_message:Message = MessageCopy;
def _msg_copy(parts: ServerParts, _record: Received, body: bytes, now: float) -> None:
    """Handle the message inside the copy, unless that message was received before."""
    copy = parts.reader.copy(body)
    if copy.msg_id & 3:
        raise RemoteProtocolError("msg_copy", "it holds an impossible msg_id")
    with parts.reader.within(ids.MSG_COPY):
        handle_inner(parts, copy, now)


# gzip_packed#3072cfa1 packed_data:bytes = Object;
def _gzip_packed(parts: ServerParts, record: Received, body: bytes, now: float) -> None:
    """Handle the object inside; a query that can't be unpacked is answered with an error."""
    try:
        unpacked = parts.reader.inflate(body)
    except RemoteProtocolError:
        if record.seqno & 1 and parts.begin_query(record):
            parts.send_result(record, wire.write_rpc_error(*UNREADABLE))
        raise
    with parts.reader.within(ids.GZIP_PACKED):
        _dispatch(parts, record, unpacked, now)


# rpc_drop_answer#58e4a740 req_msg_id:long = RpcDropAnswer;
def _rpc_drop_answer(parts: ServerParts, record: Received, fields: RpcDropAnswerFields, _now: float) -> None:
    """Drop the answer to a query; this message is answered like a query itself."""
    if not parts.begin_query(record):
        return
    query = parts.register.find(fields.req_msg_id)
    answer = query.answer if query is not None else None
    outcome: service.boxed.RpcDropAnswer
    if query is not None and query.runs:
        if not query.dropped:
            query.drop()
            parts.tell(QueryDropped(query.msg_id))
        outcome = service.types.RpcAnswerDroppedRunning()
    elif answer is not None:
        outcome = service.types.RpcAnswerDropped(msg_id=answer.msg_id, seq_no=answer.seqno, bytes=len(answer.body))
        parts.outbox.drop_answer(answer)
    else:
        outcome = service.types.RpcAnswerUnknown()
    parts.send_result(record, outcome.to_bytes())


# get_future_salts#b921bd04 num:int = FutureSalts;
def _get_future_salts(parts: ServerParts, record: Received, fields: GetFutureSaltsFields, now: float) -> None:
    """Tell the salts to come."""
    wanted = min(max(fields.num, 1), MAX_FUTURE_SALTS)
    parts.reader.spend(Cost.IDS, IDS_OF_A_SALT * wanted, "get_future_salts")
    salts = [
        service.types.FutureSalt(valid_since=salt.valid_since, valid_until=salt.valid_until, salt=salt.salt)
        for salt in parts.salts.future(now, wanted)
    ]
    answer = service.types.FutureSalts(req_msg_id=record.msg_id, now=int(now), salts=salts)
    parts.reply(record.msg_id, answer.to_bytes())


# ping#7abe77ec ping_id:long = Pong;
def _ping(parts: ServerParts, record: Received, fields: PingFields, _now: float) -> None:
    """Answer with a pong."""
    _send_pong(parts, record, fields.ping_id)


def _send_pong(parts: ServerParts, record: Received, ping_id: int) -> None:
    parts.reply(record.msg_id, service.types.Pong(msg_id=record.msg_id, ping_id=ping_id).to_bytes())


# ping_delay_disconnect#f3427b8c ping_id:long disconnect_delay:int = Pong;
def _ping_delay_disconnect(
    parts: ServerParts, record: Received, fields: PingDelayDisconnectFields, _now: float
) -> None:
    """Answer with a pong, and let the connection end after the delay."""
    _send_pong(parts, record, fields.ping_id)
    parts.tell(CloseAfter(max(0, fields.disconnect_delay)))


# pong#347773c5 msg_id:long ping_id:long = Pong;
def _pong(parts: ServerParts, record: Received, fields: PongFields, now: float) -> None:
    """End a ping of ours."""
    sent_at = parts.questions.take_ping(fields.msg_id, fields.ping_id)
    if sent_at is None:
        parts.tell(Anomaly(record.msg_id, "a pong to a ping that is not open"))
    else:
        parts.tell(Pong(fields.ping_id, now - sent_at))


# destroy_session#e7512126 session_id:long = DestroySessionRes;
def _destroy_session(parts: ServerParts, record: Received, fields: DestroySessionFields, _now: float) -> None:
    """Let the owner of the session forget another session; `ServerSession.session_destroyed` answers."""
    parts.tell(DestroySession(record.msg_id, fields.session_id))


# destroy_auth_key#d1435160 = DestroyAuthKeyRes;
def _destroy_auth_key(parts: ServerParts, record: Received, _body: bytes, _now: float) -> None:
    """Let the owner of the session forget the key; `ServerSession.auth_key_destroyed` answers."""
    parts.tell(DestroyAuthKey(record.msg_id))


# http_wait#9299359f max_delay:int wait_after:int max_wait:int = HttpWait;
def _http_wait(parts: ServerParts, _record: Received, fields: HttpWaitFields, _now: float) -> None:
    """Tell how long the answer to this HTTP request may wait."""
    parts.tell(HttpWaited(fields.max_delay, fields.wait_after, fields.max_wait))


# core.telegram.org/mtproto/service_messages_about_messages


# msgs_ack#62d6b459 msg_ids:Vector<long> = MsgsAck;
def _msgs_ack(parts: ServerParts, _record: Received, body: bytes, _now: float) -> None:
    """Forget messages that the client has."""
    _delivered(parts, parts.reader.ids(body))


def _delivered(parts: ServerParts, msg_ids: tuple[int, ...]) -> None:
    """Forget messages that the client has, and tell which calls they answered."""
    delivered = parts.outbox.delivered(msg_ids)
    if delivered:
        queries = tuple(message.query for message in delivered if message.query)
        parts.tell(AnswersAcked(tuple(message.msg_id for message in delivered), queries))


# msgs_state_req#da69fb52 msg_ids:Vector<long> = MsgsStateReq;
def _msgs_state_req(parts: ServerParts, record: Received, body: bytes, _now: float) -> None:
    """Tell the states of the client's messages."""
    parts.send_states(record, parts.reader.ids(body))


# msgs_state_info#04deb57d req_msg_id:long info:bytes = MsgsStateInfo;
def _msgs_state_info(parts: ServerParts, record: Received, fields: MsgsStateInfoFields, _now: float) -> None:
    """Take the states that a question of ours asked for."""
    asked = parts.questions.asked(fields.req_msg_id)
    if asked is None:
        parts.tell(Anomaly(record.msg_id, "a msgs_state_info that was not asked for"))
        return
    if len(fields.info) != len(asked):
        raise RemoteProtocolError("msgs_state_info", f"{len(fields.info)} states for {len(asked)} messages")
    parts.questions.close(fields.req_msg_id)
    _told_states(parts, asked, fields.info)


# msgs_all_info#8cc0d131 msg_ids:Vector<long> info:bytes = MsgsAllInfo;
def _msgs_all_info(parts: ServerParts, _record: Received, body: bytes, _now: float) -> None:
    """Take states that the client tells without a question."""
    parts.reader.named(body)  # before so many numbers are made of it
    fields: MsgsAllInfoFields = service.decode(body)
    if len(fields.info) != len(fields.msg_ids):
        raise RemoteProtocolError("msgs_all_info", f"{len(fields.info)} states for {len(fields.msg_ids)} messages")
    _told_states(parts, tuple(fields.msg_ids), fields.info)


def _told_states(parts: ServerParts, msg_ids: tuple[int, ...], info: bytes) -> None:
    """Forget the messages that the client says it has, and send the others again under their old ids."""
    kinds = {msg_id: state & 7 for msg_id, state in zip(msg_ids, info, strict=True)}
    _delivered(parts, tuple(msg_id for msg_id, kind in kinds.items() if kind == MessageStatus.RECEIVED))
    for msg_id in kinds:
        message = parts.outbox.find(msg_id)
        if message is not None:
            parts.outbox.send_again(message)


# msg_detailed_info#276d3ec6 msg_id:long answer_msg_id:long bytes:int status:int = MsgDetailedInfo;
# msg_new_detailed_info#809db6df answer_msg_id:long bytes:int status:int = MsgDetailedInfo;
def _msg_detailed_info(
    parts: ServerParts, _record: Received, fields: MsgDetailedInfoFields | MsgNewDetailedInfoFields, now: float
) -> None:
    """Ask for a message that the client holds back, or acknowledge the message where it was received."""
    if parts.register.look_up(fields.answer_msg_id) is Seen.BEFORE:
        parts.acks.queue(fields.answer_msg_id, now)
    else:
        parts.outbox.ask(parts.questions.new_resend_request(fields.answer_msg_id))


# msg_resend_req#7d861a08 msg_ids:Vector<long> = MsgResendReq;
def _msg_resend_req(parts: ServerParts, record: Received, body: bytes, _now: float) -> None:
    """Send these messages of ours again."""
    msg_ids = parts.reader.ids(body)
    parts.send_again(record, msg_ids, [parts.outbox.find(msg_id) for msg_id in msg_ids])


# msg_resend_ans_req#8610baeb msg_ids:Vector<long> = MsgResendReq;
def _msg_resend_ans_req(parts: ServerParts, record: Received, body: bytes, _now: float) -> None:
    """Send the answers to these queries again. The message stands in the schema, but not in the documentation."""
    msg_ids = parts.reader.ids(body)
    queries = [parts.register.find(msg_id) for msg_id in msg_ids]
    parts.send_again(record, msg_ids, [query.answer if query else None for query in queries])


HANDLERS: Mapping[int, Handler] = MappingProxyType(
    {
        ids.MSG_CONTAINER: _msg_container,
        ids.MSG_COPY: _msg_copy,
        ids.GZIP_PACKED: _gzip_packed,
        ids.RPC_DROP_ANSWER: _decoded(_rpc_drop_answer),
        ids.GET_FUTURE_SALTS: _decoded(_get_future_salts),
        ids.PING: _decoded(_ping),
        ids.PING_DELAY_DISCONNECT: _decoded(_ping_delay_disconnect),
        ids.PONG: _decoded(_pong),
        ids.DESTROY_SESSION: _decoded(_destroy_session),
        ids.DESTROY_AUTH_KEY: _destroy_auth_key,
        ids.HTTP_WAIT: _decoded(_http_wait),
        ids.MSGS_ACK: _msgs_ack,
        ids.MSGS_STATE_REQ: _msgs_state_req,
        ids.MSGS_STATE_INFO: _decoded(_msgs_state_info),
        ids.MSGS_ALL_INFO: _msgs_all_info,
        ids.MSG_DETAILED_INFO: _decoded(_msg_detailed_info),
        ids.MSG_NEW_DETAILED_INFO: _decoded(_msg_detailed_info),
        ids.MSG_RESEND_REQ: _msg_resend_req,
        ids.MSG_RESEND_ANS_REQ: _msg_resend_ans_req,
    }
)
"""From constructor ids to the functions above. A service message that has no line here comes only from a server."""
