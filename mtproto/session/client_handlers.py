"""What a client does with each message: one small function for each constructor, in the order of the documentation.

Here stand those of core.telegram.org/mtproto/service_messages; those about messages are in `client_message_handlers`.
The table at the end leads from constructor ids to all of them. A body that no line of it names is an update.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from mtproto.errors import RemoteProtocolError
from mtproto.message.key_state import MAX_SALTS, Salt
from mtproto.message.message_ids import msg_id_time
from mtproto.session import constructors as ids
from mtproto.session import wire
from mtproto.session.client_message_handlers import ClientMessageHandlers, Handler
from mtproto.session.client_state import NEW_SESSIONS_KEPT
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
from mtproto.session.outbox import Request, RequestState
from mtproto.session.service_messages import Kind, ServiceMessage
from tl import TLError, service

__all__ = ["ClientHandlers"]

CLOCK_TOLERANCE = 15.0
"""Seconds by which an answer's id may be older than its question's before server time is lowered (as in TDLib)."""

RPC_ERROR_AT_MOST = 4096
"""Bytes of an `rpc_error`: many times the longest name of an error."""

WAIT_ERRORS = ("MSG_WAIT_FAILED", "MSG_WAIT_TIMEOUT")
"""Answers to a call sent with `after`; the numeric code differs between the lists of errors."""

_DROP_ANSWERS = frozenset({ids.RPC_ANSWER_UNKNOWN, ids.RPC_ANSWER_DROPPED_RUNNING, ids.RPC_ANSWER_DROPPED})
# What rpc_drop_answer is answered with.

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
# What the other service questions are answered with, be it inside an rpc_result.


class ClientHandlers(ClientMessageHandlers):
    """The handlers of the client's half. A base of `ClientSession`, of no use alone.

    Each takes the id of the message, its serialized body and the local time; what follows from it goes to the events.
    One that can't read its message raises `TLError` or `RemoteProtocolError`, which makes an `Undecodable` of it.
    """

    def _dispatch(self, msg_id: int, body: bytes, now: float) -> None:
        handler = self._HANDLERS.get(wire.constructor_id(body))
        try:
            if handler is not None:
                handler(self, msg_id, body, now)
            elif len(body) < 4:
                raise RemoteProtocolError("body", "there is none")
            else:
                self._events.append(Update(msg_id, body))
        except (TLError, RemoteProtocolError) as error:
            self._events.append(Undecodable(msg_id, body, error))

    # Containers and packing: core.telegram.org/mtproto/service_messages#containers, #packed-object

    def _msg_container(self, msg_id: int, body: bytes, now: float) -> None:
        self._rest.extend(self._reader.container(body))
        self._handle_rest(now)

    def _handle_rest(self, now: float) -> None:
        """Handle the messages of the packet's container, as many as the present step allows."""
        rest, reader = self._rest, self._reader
        in_steps = self._step is not None
        end = reader.work + (self._step or 0)
        with reader.within(ids.MSG_CONTAINER):
            while rest:
                if in_steps and (reader.work >= end or not self._is_unpacked(rest[0])):
                    return
                inner = rest.popleft()
                if inner.msg_id > self._outer_id:
                    self._events.append(Anomaly(inner.msg_id, "its container has a lower msg_id"))
                self._inner(inner, now)
                if in_steps:
                    reader.handled()

    def _is_unpacked(self, message: wire.Message) -> bool:
        """Inflate a part of the `gzip_packed` that a message holds; return whether nothing is left to be inflated."""
        if len(message.body) <= wire.SHORT_STREAM:
            return True
        packed = self._gzip_in(message)
        return packed is None or self._reader.inflate_some(packed)

    def _gzip_in(self, message: wire.Message) -> bytes | None:
        """Return the serialized `gzip_packed` that will be inflated when a message is handled; None if there is none.

        It changes nothing. What stands in an unusual place is not found: that is inflated in one step.
        """
        body = message.body
        if wire.constructor_id(body) == ids.MSG_COPY:
            try:
                message = wire.read_copy(body)
            except RemoteProtocolError:
                return None
            body = message.body
        if wire.constructor_id(body) == ids.RPC_RESULT:
            if wire.constructor_id(body[12:16]) != ids.GZIP_PACKED:
                return None
            req_msg_id, body = wire.read_rpc_result(body)
            if self._outbox.find(req_msg_id) is None and req_msg_id not in self._asked:
                return None
        if wire.constructor_id(body) != ids.GZIP_PACKED:
            return None
        if not message.seqno & 1 or message.msg_id == self._outer_id:
            return body
        seen = self._inbox.look_up(message.msg_id)
        wanted = seen is Seen.NEW or (seen is Seen.TOO_OLD and self._answers_open_call(message.body))
        return body if wanted else None

    def _inner(self, inner: wire.Message, now: float) -> None:
        """Handle a message that came inside another one; the window of time looked at the outer id only."""
        if not inner.msg_id & 1:
            self._events.append(Anomaly(inner.msg_id, "a server's msg_id is odd; dropped"))
            return
        if inner.seqno & 1:
            seen = self._inbox.look_up(inner.msg_id)
            if seen is Seen.TOO_OLD and not self._answers_open_call(inner.body):
                self._events.append(Stale(inner.msg_id, seen.value))
                return
            self._inbox.acknowledge(inner.msg_id, now)
            if seen is Seen.BEFORE:
                return
            if seen is Seen.NEW:
                self._inbox.remember(inner.msg_id)
        self._dispatch(inner.msg_id, inner.body, now)

    def _answers_open_call(self, body: bytes) -> bool:
        """Whether it is an answer that somebody still waits for: that is as good as a memory of its id."""
        if wire.constructor_id(body) != ids.RPC_RESULT or len(body) < 16:
            return False
        return self._outbox.find(wire.read_rpc_result(body)[0]) is not None

    def _msg_copy(self, _msg_id: int, body: bytes, now: float) -> None:
        """Handle an old message in a new wrapper as itself, unless it was received before."""
        copy = self._reader.copy(body)
        with self._reader.within(ids.MSG_COPY):
            self._inner(copy, now)

    def _gzip_packed(self, msg_id: int, body: bytes, now: float) -> None:
        unpacked = self._reader.inflate(body)
        with self._reader.within(ids.GZIP_PACKED):
            self._dispatch(msg_id, unpacked, now)

    # Answers: core.telegram.org/mtproto/service_messages#response-to-an-rpc-query

    def _rpc_result(self, msg_id: int, body: bytes, now: float) -> None:
        req_msg_id, result = self._reader.result(body)
        request = self._outbox.find(req_msg_id)
        if request is None:
            self._stray_result(msg_id, req_msg_id, result, now)
            return
        if msg_id < req_msg_id:
            self._check_clock(msg_id, req_msg_id, now)
        try:
            constructor = wire.constructor_id(result)
            if constructor == ids.GZIP_PACKED:
                result = self._reader.inflate(result)
                constructor = wire.constructor_id(result)
            error = self._read_error(result) if constructor == ids.RPC_ERROR else None
        except (TLError, RemoteProtocolError) as unreadable:
            self._carriers.pop(request.packet_id, None)  # it was accepted
            self._lose(request, unreadable)
            raise
        if error is None:
            self._settle(request)
            self._events.append(Result(request, result))
        else:
            self._rpc_error(request, error)

    @staticmethod
    def _read_error(body: bytes) -> Any:
        """Return an `rpc_error` as an object; one that is far too long is not looked at."""
        if len(body) > RPC_ERROR_AT_MOST:
            raise RemoteProtocolError("rpc_error", f"{len(body)} bytes, at most {RPC_ERROR_AT_MOST} are accepted")
        return service.decode(body)

    def _rpc_error(self, request: Request, error: Any) -> None:
        """End a call with the server's error; one that came too early in its order is sent again instead."""
        if request.after and error.error_message.startswith(WAIT_ERRORS):
            unfinished = [before for before in request.after if not before.failed]
            if len(unfinished) == len(request.after) and not request.patient:
                request.patient = True
                if request.state is not RequestState.QUEUED:
                    self._requeue([request])
                return
        self._events.append(RpcFailed(request, error.error_code, error.error_message))
        self._settle(request, failed=True)

    def _stray_result(self, msg_id: int, req_msg_id: int, result: bytes, now: float) -> None:
        """Handle the answer to a service question, or to a call that nobody waits for any more."""
        question = self._asked.get(req_msg_id)
        if question is not None:
            with self._reader.within(ids.RPC_RESULT):
                self._question_answered(question, msg_id, result, now)
        elif self._outbox.dropped.pop(req_msg_id, None) is None:
            self._events.append(Anomaly(msg_id, f"an answer to {req_msg_id}, which is not open"))

    def _question_answered(self, question: ServiceMessage, msg_id: int, result: bytes, now: float) -> None:
        """Handle what came as the result of a service question: its answer, an error, or what is neither."""
        constructor = wire.constructor_id(result)
        if constructor == ids.GZIP_PACKED:
            unpacked = self._reader.inflate(result)
            with self._reader.within(ids.GZIP_PACKED):
                self._question_answered(question, msg_id, unpacked, now)
            return
        answers = _DROP_ANSWERS if question.kind is Kind.DROP else _WRAPPED_ANSWERS
        if constructor not in answers:
            del self._asked[question.msg_id]
            error = self._read_error(result) if constructor == ids.RPC_ERROR else None
            code, message = (error.error_code, error.error_message) if error else (0, f"{constructor:#010x} came")
            self._question_refused(question, code, message, now)
        elif question.kind is Kind.DROP:
            del self._asked[question.msg_id]
            self._drop_answered(question, result)
        else:
            # Wrapped although it need not be: core.telegram.org/mtproto/service_messages leaves that open for some.
            self._dispatch(msg_id, result, now)

    def _check_clock(self, msg_id: int, req_msg_id: int, now: float) -> None:
        """Lower our idea of server time where an answer is older than its question: our clock was ahead."""
        if msg_id_time(req_msg_id) - msg_id_time(msg_id) > CLOCK_TOLERANCE:
            self._learn_time(msg_id_time(self._outer_id) - now, now)

    # Cancelling a query: core.telegram.org/mtproto/service_messages#cancellation-of-an-rpc-query

    def _drop_answered(self, question: ServiceMessage, result: bytes) -> None:
        answer = service.decode(result)
        request = question.request
        if request is None:
            return
        if wire.constructor_id(result) != ids.RPC_ANSWER_DROPPED_RUNNING:
            self._outbox.dropped.pop(request.msg_id, None)
        self._events.append(AnswerDropped(request, answer.NAME))

    # Salts: core.telegram.org/mtproto/service_messages#request-for-several-future-salts

    def _future_salts(self, msg_id: int, body: bytes, now: float) -> None:
        # future_salts#ae500895 req_msg_id:long now:int salts:vector<future_salt> = FutureSalts;
        if not self._answered(wire.read_req_msg_id(body), Kind.SALTS, msg_id):
            return
        wire.check_future_salts(body, MAX_SALTS)
        answer = service.decode(body)
        salts = [Salt(salt.valid_since, salt.valid_until, salt.salt) for salt in answer.salts]
        self.key_state.add_salts(salts, self.key_state.server_time(now))
        self._plan_salts(now)
        self._events.append(SaltChanged())

    def _answered(self, req_msg_id: int, kind: Kind, msg_id: int) -> ServiceMessage | None:
        """Take the question that this message answers; one that was not asked is reported."""
        question = self._asked.get(req_msg_id)
        if question is None or question.kind is not kind:
            self._events.append(Anomaly(msg_id, f"an answer to a {kind.value} that is not open"))
            return None
        return self._asked.pop(req_msg_id)

    # Ping: core.telegram.org/mtproto/service_messages#ping-messages-pingpong

    def _ping(self, msg_id: int, body: bytes, _now: float) -> None:
        ping = service.decode(body)
        self._queue_service(Kind.REPLY, service.types.Pong(msg_id=msg_id, ping_id=ping.ping_id).to_bytes())

    def _pong(self, msg_id: int, body: bytes, now: float) -> None:
        pong = service.decode(body)
        question = self._asked.get(pong.msg_id)
        if question is None or question.ids != (pong.ping_id,):
            self._events.append(Anomaly(msg_id, "a pong to a ping that is not open"))
            return
        del self._asked[pong.msg_id]
        self._events.append(Pong(pong.ping_id, now - question.sent_at))

    # Sessions: core.telegram.org/mtproto/service_messages#request-to-destroy-session

    def _destroy_session_answer(self, msg_id: int, body: bytes, _now: float) -> None:
        answer = service.decode(body)
        asked = [item for item in self._asked.values() if item.kind is Kind.DESTROY_SESSION]
        for item in asked:
            if item.ids == (answer.session_id,):
                del self._asked[item.msg_id]
                existed = wire.constructor_id(body) == ids.DESTROY_SESSION_OK
                self._events.append(SessionDestroyed(answer.session_id, existed))
                return
        self._events.append(Anomaly(msg_id, "an answer to a destroy_session that is not open"))

    def _new_session_created(self, msg_id: int, body: bytes, now: float) -> None:
        """Take the salt, and settle what was lost with the session before (#new-session-creation-notification)."""
        news = service.decode(body)
        known = (news.unique_id, news.first_msg_id)  # some servers say the session's id for each unique_id
        if known in self._new_sessions:
            return
        gap = bool(self._new_sessions)
        self._new_sessions[known] = None
        if len(self._new_sessions) > NEW_SESSIONS_KEPT:
            del self._new_sessions[next(iter(self._new_sessions))]
        self._take_salt(news.server_salt, now)
        self._events.append(NewSession(news.first_msg_id, news.unique_id))
        self._lost_below_id = max(self._lost_below_id, news.first_msg_id)
        if gap:
            self._events.append(UpdatesGap(news.unique_id))

    def _lost_with_sessions(self, now: float) -> None:
        """Deal with the calls whose carrying packets are older than the session that the server has now.

        Once for each packet, however many sessions it names, since this looks at every call. The ids in a container lie
        between those of the packet before it and its own, so that a packet is older just if its id is lower than
        `first_msg_id`, whichever of its messages that names.

        The server is asked about them, so that only those fail of which it knows nothing: a packet may have been
        overtaken by a later one, and so may this notification.
        """
        first_msg_id, self._lost_below_id = self._lost_below_id, 0
        for request in self._outbox.sealed_calls():
            if request.packet_id >= first_msg_id or request.state is RequestState.QUEUED:
                continue
            if request.idempotent:
                self._requeue([request])
            else:
                self._outbox.session_lost(request, now)

    # Keys: core.telegram.org/mtproto/auth_key (destroy_auth_key)

    def _destroy_auth_key_answer(self, msg_id: int, body: bytes, _now: float) -> None:
        answer = service.decode(body)
        asked = [item for item in self._asked.values() if item.kind is Kind.DESTROY_AUTH_KEY]
        if not asked:
            self._events.append(Anomaly(msg_id, "an answer to a destroy_auth_key that is not open"))
            return
        del self._asked[asked[0].msg_id]
        self._events.append(AuthKeyDestroyed(answer.NAME))

    def _unexpected(self, msg_id: int, body: bytes, _now: float) -> None:
        """Report what only a client may send, or what means something inside `rpc_result` only."""
        self._events.append(Anomaly(msg_id, f"a server does not send {wire.constructor_id(body):#010x}"))

    _HANDLERS: ClassVar[Mapping[int, Handler]] = MappingProxyType(
        {
            **ClientMessageHandlers.ABOUT_MESSAGES,
            ids.MSG_CONTAINER: _msg_container,
            ids.MSG_COPY: _msg_copy,
            ids.GZIP_PACKED: _gzip_packed,
            ids.RPC_RESULT: _rpc_result,
            ids.FUTURE_SALTS: _future_salts,
            ids.PING: _ping,
            ids.PING_DELAY_DISCONNECT: _ping,
            ids.PONG: _pong,
            ids.DESTROY_SESSION_OK: _destroy_session_answer,
            ids.DESTROY_SESSION_NONE: _destroy_session_answer,
            ids.NEW_SESSION_CREATED: _new_session_created,
            ids.DESTROY_AUTH_KEY_OK: _destroy_auth_key_answer,
            ids.DESTROY_AUTH_KEY_NONE: _destroy_auth_key_answer,
            ids.DESTROY_AUTH_KEY_FAIL: _destroy_auth_key_answer,
            ids.MSG_RESEND_ANS_REQ: _unexpected,
            ids.RPC_ERROR: _unexpected,
            ids.RPC_ANSWER_UNKNOWN: _unexpected,
            ids.RPC_ANSWER_DROPPED_RUNNING: _unexpected,
            ids.RPC_ANSWER_DROPPED: _unexpected,
            ids.RPC_DROP_ANSWER: _unexpected,
            ids.GET_FUTURE_SALTS: _unexpected,
            ids.DESTROY_SESSION: _unexpected,
            ids.DESTROY_AUTH_KEY: _unexpected,
            ids.HTTP_WAIT: _unexpected,
            ids.MESSAGE: _unexpected,
        }
    )
