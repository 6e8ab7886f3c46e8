"""What a client does with each message: one small function for each constructor, under its declaration.

Here stand those of core.telegram.org/mtproto/service_messages, in its order; those about messages are in
`client_message_handlers`. The table at the end leads from constructor ids to all of them. A body that is no service
message is an update.

Each handler takes the parts of the session, the id of the message, the message, and the local time; what follows from
the message goes to the events. A handler that can't read its message raises `TLError` or `RemoteProtocolError`; the
message is then told as `Undecodable`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from mtproto.errors import RemoteProtocolError
from mtproto.message import MAX_SALTS, Salt
from mtproto.session import client_message_handlers as about_messages
from mtproto.session import constructors as ids
from mtproto.session import wire
from mtproto.session.client_parts import ClientParts
from mtproto.session.client_refusals import question_refused
from mtproto.session.client_unpacking import answers_open_call, is_unpacked
from mtproto.session.events import (
    Anomaly,
    AnswerDropped,
    AuthKeyDestroyed,
    NewSession,
    Pong,
    Result,
    RpcFailed,
    SaltChanged,
    SessionDestroyed,
    Stale,
    Undecodable,
    Update,
    UpdatesGap,
)
from mtproto.session.inbox import Seen
from mtproto.session.request import Request, RequestState
from mtproto.session.service_messages import MessageKind, ServiceMessage
from tl import TLError, service

if TYPE_CHECKING:
    from mtproto.session.declared import (
        DestroyAuthKeyResFields,
        DestroySessionResFields,
        FutureSaltsFields,
        NewSessionCreatedFields,
        PingDelayDisconnectFields,
        PingFields,
        PongFields,
        RpcDropAnswerResFields,
        RpcErrorFields,
    )

__all__ = ["HANDLERS", "Handler", "dispatch", "handle_unread"]

Handler: TypeAlias = Callable[[ClientParts, int, bytes, float], None]
"""Takes the parts of the session, the id of the message, its serialized body and the local time."""

Message = TypeVar("Message")

RPC_ERROR_AT_MOST = 4096
"""Bytes of an `rpc_error`: many times the longest name of an error."""

WAIT_ERRORS = ("MSG_WAIT_FAILED", "MSG_WAIT_TIMEOUT")
"""Answers to a call sent with `after`; the numeric code differs between the lists of errors."""

_DROP_ANSWERS = frozenset({ids.RPC_ANSWER_UNKNOWN, ids.RPC_ANSWER_DROPPED_RUNNING, ids.RPC_ANSWER_DROPPED})
# The answers to rpc_drop_answer.

_WRAPPED_ANSWERS = frozenset(
    {
        ids.MSG_CONTAINER,  # with the two below for the reader to judge
        ids.MSG_COPY,
        ids.RPC_RESULT,
        ids.PONG,
        ids.FUTURE_SALTS,
        ids.MSGS_STATE_INFO,
        ids.DESTROY_SESSION_OK,
        ids.DESTROY_SESSION_NONE,
        ids.DESTROY_AUTH_KEY_OK,
        ids.DESTROY_AUTH_KEY_NONE,
        ids.DESTROY_AUTH_KEY_FAIL,
    }
)
# The answers to the other service questions, which may come inside an rpc_result.


def dispatch(parts: ClientParts, msg_id: int, body: bytes, now: float) -> None:
    """Hand a message to its handler, or tell it as an update.

    A message that can't be read is told as `Undecodable`. A service message without a handler is told as an `Anomaly`:
    only a client may send it, or it has a meaning inside `rpc_result` only.
    """
    constructor = wire.constructor_id(body)
    handler = HANDLERS.get(constructor)
    try:
        if handler is not None:
            handler(parts, msg_id, body, now)
        elif constructor in ids.SERVICE_MESSAGES:
            parts.events.tell(Anomaly(msg_id, f"a server does not send {constructor:#010x}"))
        elif len(body) < 4:
            raise RemoteProtocolError("body", "there is none")
        else:
            parts.events.tell(Update(msg_id, body))
    except (TLError, RemoteProtocolError) as error:
        parts.events.tell(Undecodable(msg_id, body, error))


def _decoded(handler: Callable[[ClientParts, int, Message, float], None]) -> Handler:
    """Return a handler of serialized messages that reads each by its declaration and hands it to this one."""

    @wraps(handler)
    def read(parts: ClientParts, msg_id: int, body: bytes, now: float) -> None:
        handler(parts, msg_id, service.decode(body), now)

    return read


# Answers: core.telegram.org/mtproto/service_messages#response-to-an-rpc-query


# rpc_result#f35c6d01 req_msg_id:long result:Object = RpcResult;
def _rpc_result(parts: ClientParts, msg_id: int, body: bytes, now: float) -> None:
    """End the call that is answered. The answer to a service question, or to a cancelled call, comes in it as well."""
    req_msg_id, result = parts.reader.result(body)
    request = parts.outbox.find(req_msg_id)
    if request is None:
        _stray_result(parts, msg_id, req_msg_id, result, now)
        return
    if msg_id < req_msg_id:
        parts.time.check_answer(msg_id, req_msg_id, now)
    try:
        constructor = wire.constructor_id(result)
        if constructor == ids.GZIP_PACKED:
            result = parts.reader.inflate(result)
            constructor = wire.constructor_id(result)
        error = _read_error(result) if constructor == ids.RPC_ERROR else None
    except (TLError, RemoteProtocolError) as unreadable:
        parts.sent.accepted(request.packet_id)
        parts.calls.lose(request, unreadable)
        raise
    if error is None:
        parts.calls.settle(request)
        parts.events.tell(Result(request, result))
    else:
        _rpc_error(parts, request, error)


def _read_error(body: bytes) -> RpcErrorFields:
    """Return an `rpc_error` as an object; one that is far too long is not looked at."""
    if len(body) > RPC_ERROR_AT_MOST:
        raise RemoteProtocolError("rpc_error", f"{len(body)} bytes, at most {RPC_ERROR_AT_MOST} are accepted")
    error: RpcErrorFields = service.decode(body)
    return error


# rpc_error#2144ca19 error_code:int error_message:string = RpcError;
def _rpc_error(parts: ClientParts, request: Request, error: RpcErrorFields) -> None:
    """End a call with the server's error; one that came too early in its order is sent again instead."""
    if request.after and error.error_message.startswith(WAIT_ERRORS):
        unfinished = [before for before in request.after if not before.failed]
        if len(unfinished) == len(request.after) and not request.patient:
            request.wait_patiently()
            if request.state is not RequestState.QUEUED:
                parts.calls.requeue([request])
            return
    parts.events.tell(RpcFailed(request, error.error_code, error.error_message))
    parts.calls.settle(request, failed=True)


def _stray_result(parts: ClientParts, msg_id: int, req_msg_id: int, result: bytes, now: float) -> None:
    """Handle the answer to a service question, or to a call that nobody waits for any more."""
    question = parts.questions.find(req_msg_id)
    if question is not None:
        with parts.reader.within(ids.RPC_RESULT):
            _question_answered(parts, question, msg_id, result, now)
    elif not parts.outbox.forget_dropped(req_msg_id):
        parts.events.tell(Anomaly(msg_id, f"an answer to {req_msg_id}, which is not open"))


def _question_answered(parts: ClientParts, question: ServiceMessage, msg_id: int, result: bytes, now: float) -> None:
    """Handle the result of a service question: its answer, an error, or a message that is neither."""
    constructor = wire.constructor_id(result)
    if constructor == ids.GZIP_PACKED:
        unpacked = parts.reader.inflate(result)
        with parts.reader.within(ids.GZIP_PACKED):
            _question_answered(parts, question, msg_id, unpacked, now)
        return
    answers = _DROP_ANSWERS if question.kind is MessageKind.DROP else _WRAPPED_ANSWERS
    if constructor not in answers:
        parts.questions.close(question)
        error = _read_error(result) if constructor == ids.RPC_ERROR else None
        code, message = (error.error_code, error.error_message) if error else (0, f"{constructor:#010x} came")
        question_refused(parts, question, code, message, now)
    elif question.kind is MessageKind.DROP:
        parts.questions.close(question)
        _drop_answered(parts, question, service.decode(result))
    else:
        # Wrapped although it need not be: core.telegram.org/mtproto/service_messages leaves that open for some.
        dispatch(parts, msg_id, result, now)


# Cancelling a query: core.telegram.org/mtproto/service_messages#cancellation-of-an-rpc-query


# rpc_answer_unknown#5e2ad36e = RpcDropAnswer;
# rpc_answer_dropped_running#cd78e586 = RpcDropAnswer;
# rpc_answer_dropped#a43ad8b7 msg_id:long seq_no:int bytes:int = RpcDropAnswer;
def _drop_answered(parts: ClientParts, question: ServiceMessage, answer: RpcDropAnswerResFields) -> None:
    """Tell what became of a cancelled call. An answer is still to come of a call that was running."""
    request = question.request
    if request is None:
        return
    if answer.NAME != "rpc_answer_dropped_running":
        parts.outbox.forget_dropped(request.msg_id)
    parts.events.tell(AnswerDropped(request, answer.NAME))


# Salts: core.telegram.org/mtproto/service_messages#request-for-several-future-salts


# future_salts#ae500895 req_msg_id:long now:int salts:vector<future_salt> = FutureSalts;
def _future_salts(parts: ClientParts, msg_id: int, body: bytes, now: float) -> None:
    """Keep the salts that we asked for. The question and the number of salts are checked before they are read."""
    question = parts.questions.find(wire.read_req_msg_id(body))
    if question is None or question.kind is not MessageKind.SALTS:
        parts.events.tell(Anomaly(msg_id, f"an answer to a {MessageKind.SALTS.value} that is not open"))
        return
    parts.questions.close(question)
    wire.check_future_salts(body, MAX_SALTS)
    answer: FutureSaltsFields = service.decode(body)
    parts.salts.told([Salt(salt.valid_since, salt.valid_until, salt.salt) for salt in answer.salts], now)
    parts.events.tell(SaltChanged())


# Ping: core.telegram.org/mtproto/service_messages#ping-messages-pingpong


# ping#7abe77ec ping_id:long = Pong;
# ping_delay_disconnect#f3427b8c ping_id:long disconnect_delay:int = Pong;
def _ping(parts: ClientParts, msg_id: int, ping: PingFields | PingDelayDisconnectFields, _now: float) -> None:
    """Answer with a pong."""
    parts.questions.add(MessageKind.REPLY, service.types.Pong(msg_id=msg_id, ping_id=ping.ping_id).to_bytes())


# pong#347773c5 msg_id:long ping_id:long = Pong;
def _pong(parts: ClientParts, msg_id: int, pong: PongFields, now: float) -> None:
    """Tell how long our ping took."""
    question = parts.questions.find(pong.msg_id)
    if question is None or question.ids != (pong.ping_id,):
        parts.events.tell(Anomaly(msg_id, "a pong to a ping that is not open"))
        return
    parts.questions.close(question)
    parts.events.tell(Pong(pong.ping_id, now - question.sent_at))


# Sessions: core.telegram.org/mtproto/service_messages#request-to-destroy-session


# destroy_session_ok#e22045fc session_id:long = DestroySessionRes;
# destroy_session_none#62d350c9 session_id:long = DestroySessionRes;
def _destroy_session_res(parts: ClientParts, msg_id: int, answer: DestroySessionResFields, _now: float) -> None:
    """Tell whether the server knew the session that we asked it to forget."""
    for question in parts.questions.open_of(MessageKind.DESTROY_SESSION):
        if question.ids == (answer.session_id,):
            parts.questions.close(question)
            parts.events.tell(SessionDestroyed(answer.session_id, answer.NAME == "destroy_session_ok"))
            return
    parts.events.tell(Anomaly(msg_id, "an answer to a destroy_session that is not open"))


# New sessions: core.telegram.org/mtproto/service_messages#new-session-creation-notification


# new_session_created#9ec20908 first_msg_id:long unique_id:long server_salt:long = NewSession;
def _new_session_created(parts: ClientParts, _msg_id: int, news: NewSessionCreatedFields, now: float) -> None:
    """Take the salt, and note which calls were lost with the session before; the end of the packet settles them."""
    gap = parts.notices.any_known
    if not parts.notices.note(news.unique_id, news.first_msg_id):
        return
    parts.salts.named(news.server_salt, now)
    parts.events.tell(SaltChanged())
    parts.events.tell(NewSession(news.first_msg_id, news.unique_id))
    if gap:
        parts.events.tell(UpdatesGap(news.unique_id))


# Containers: core.telegram.org/mtproto/service_messages#containers


# msg_container#73f1f8dc messages:vector<%Message> = MessageContainer;
def _msg_container(parts: ClientParts, _msg_id: int, body: bytes, now: float) -> None:
    """Handle the messages of a container one after the other."""
    parts.unread.keep(parts.reader.each_in_container(body))
    handle_unread(parts, now)


def handle_unread(parts: ClientParts, now: float) -> None:
    """Handle the messages of the packet's container, as many as the present step allows."""
    unread, reader = parts.unread, parts.reader
    packet_id = parts.time.packet_id
    in_steps = unread.budget is not None
    end = reader.work + (unread.budget or 0)
    with reader.within(ids.MSG_CONTAINER):
        while (inner := unread.first) is not None:
            if in_steps and (reader.work >= end or not is_unpacked(parts, inner)):
                return
            unread.take()
            if inner.msg_id > packet_id:
                parts.events.tell(Anomaly(inner.msg_id, "its container has a lower msg_id"))
            _inner(parts, inner, now)
            if in_steps:
                reader.handled()


def _inner(parts: ClientParts, inner: wire.Message, now: float) -> None:
    """Handle a message that came inside another one; the window of time looked at the outer id only."""
    inner_id = inner.msg_id
    if not inner_id & 1:
        parts.events.tell(Anomaly(inner_id, "a server's msg_id is odd; dropped"))
        return
    if inner.seqno & 1:
        inbox = parts.inbox
        seen = inbox.look_up(inner_id)
        if seen is Seen.TOO_OLD and not answers_open_call(parts, inner.body):
            parts.events.tell(Stale(inner_id, seen.value))
            return
        inbox.acknowledge(inner_id, now)
        if seen is Seen.BEFORE:
            return
        if seen is Seen.NEW:
            inbox.remember(inner_id)
    dispatch(parts, inner_id, inner.body, now)


# msg_copy#e06046b2 orig_message:Message = MessageCopy;
def _msg_copy(parts: ClientParts, _msg_id: int, body: bytes, now: float) -> None:
    """Handle an old message in a new wrapper as itself, unless it was received before."""
    copy = parts.reader.copy(body)
    with parts.reader.within(ids.MSG_COPY):
        _inner(parts, copy, now)


# Packing: core.telegram.org/mtproto/service_messages#packed-object


# gzip_packed#3072cfa1 packed_data:bytes = Object;
def _gzip_packed(parts: ClientParts, msg_id: int, body: bytes, now: float) -> None:
    """Handle the object inside."""
    unpacked = parts.reader.inflate(body)
    with parts.reader.within(ids.GZIP_PACKED):
        dispatch(parts, msg_id, unpacked, now)


# Keys: core.telegram.org/mtproto/auth_key (destroy_auth_key)


# destroy_auth_key_ok#f660e1d4 = DestroyAuthKeyRes;
# destroy_auth_key_none#0a9f2259 = DestroyAuthKeyRes;
# destroy_auth_key_fail#ea109b13 = DestroyAuthKeyRes;
def _destroy_auth_key_res(parts: ClientParts, msg_id: int, body: bytes, _now: float) -> None:
    """Tell whether the server has forgotten the key. The question may have been sent as a call, too."""
    answer: DestroyAuthKeyResFields = service.decode(body)
    asked = parts.questions.open_of(MessageKind.DESTROY_AUTH_KEY)
    called = next((call for call in parts.outbox.sealed_calls() if call.body == _DESTROY_AUTH_KEY), None)
    if asked:
        parts.questions.close(asked[0])
        parts.events.tell(AuthKeyDestroyed(answer.NAME))
    elif called is not None:
        parts.calls.settle(called)
        parts.events.tell(Result(called, body))
    else:
        parts.events.tell(Anomaly(msg_id, "an answer to a destroy_auth_key that is not open"))


_DESTROY_AUTH_KEY = ids.DESTROY_AUTH_KEY.to_bytes(4, "little")


HANDLERS: Mapping[int, Handler] = MappingProxyType(
    {
        ids.RPC_RESULT: _rpc_result,
        ids.FUTURE_SALTS: _future_salts,
        ids.PING: _decoded(_ping),
        ids.PING_DELAY_DISCONNECT: _decoded(_ping),
        ids.PONG: _decoded(_pong),
        ids.DESTROY_SESSION_OK: _decoded(_destroy_session_res),
        ids.DESTROY_SESSION_NONE: _decoded(_destroy_session_res),
        ids.NEW_SESSION_CREATED: _decoded(_new_session_created),
        ids.MSG_CONTAINER: _msg_container,
        ids.MSG_COPY: _msg_copy,
        ids.GZIP_PACKED: _gzip_packed,
        ids.MSGS_ACK: about_messages.msgs_ack,
        ids.BAD_MSG_NOTIFICATION: _decoded(about_messages.bad_msg_notification),
        ids.BAD_SERVER_SALT: _decoded(about_messages.bad_server_salt),
        ids.MSGS_STATE_REQ: about_messages.msgs_state_req,
        ids.MSGS_STATE_INFO: _decoded(about_messages.msgs_state_info),
        ids.MSGS_ALL_INFO: about_messages.msgs_all_info,
        ids.MSG_DETAILED_INFO: _decoded(about_messages.msg_detailed_info),
        ids.MSG_NEW_DETAILED_INFO: _decoded(about_messages.msg_new_detailed_info),
        ids.MSG_RESEND_REQ: about_messages.msg_resend_req,
        ids.DESTROY_AUTH_KEY_OK: _destroy_auth_key_res,
        ids.DESTROY_AUTH_KEY_NONE: _destroy_auth_key_res,
        ids.DESTROY_AUTH_KEY_FAIL: _destroy_auth_key_res,
    }
)
"""From constructor ids to the functions above and those of `client_message_handlers`, in the documentation's order.

A service message that has no line here is not one that a server sends.
"""
