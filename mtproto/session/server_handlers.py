"""What a server does with each message: one small function for each constructor, in the order of the documentation.

The table at the end leads from constructor ids to functions. A body that no line of it names is a call of the API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

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
    Refused,
    Undecodable,
)
from mtproto.session.inbox import Seen, Status
from mtproto.session.packet_reader import Cost
from mtproto.session.salts import MAX_FUTURE_SALTS
from mtproto.session.server_records import Outgoing, Received
from mtproto.session.server_state import ServerState
from tl import TLError, service

__all__ = ["ServerHandlers"]

ACK_DELAY = 1.0
"""Seconds that an acknowledgement waits for an answer that does its work."""

IDS_OF_A_SALT = 16
"""As many ids of a packet's budget one salt costs: writing the longest answer takes half a millisecond."""

UNREADABLE = (400, "INPUT_FETCH_ERROR")
"""The answer to a query that can't even be unpacked."""


class ServerHandlers(ServerState):
    """The handlers of the server's half. A base of `ServerSession`, of no use alone.

    Each takes the record of the message, its serialized body and the time; what follows from it goes to the events and
    to the queue. One that can't read its message raises `TLError` or `RemoteProtocolError`: it becomes `Undecodable`.
    """

    def _handle(self, message: wire.Message, now: float) -> None:
        """Handle a message that is new and well numbered."""
        record = Received(message.msg_id, message.seqno, counted=self._strict or self._is_counted(message))
        self._register.remember(record)
        if message.seqno & 1:
            self._acknowledge(message.msg_id, now)
        try:
            self._dispatch(record, message.body, now)
        except wire.TooMany as error:
            self._events.append(Flooded(str(error)))
        except (TLError, RemoteProtocolError) as error:
            self._events.append(Undecodable(message.msg_id, message.body, error))

    def _dispatch(self, record: Received, body: bytes, now: float) -> None:
        handler = self._HANDLERS.get(wire.constructor_id(body))
        if handler is not None:
            handler(self, record, body, now)
        elif len(body) < 4:
            raise RemoteProtocolError("body", "there is none")
        elif self._begin_query(record):
            self._events.append(Query(record.msg_id, body, self._reader.budget))

    def _begin_query(self, record: Received) -> bool:
        """Count a query that will be answered; too many at once are a flood."""
        if self._register.running >= self._limits.unanswered_requests:
            self._events.append(Flooded(f"{self._register.running} queries are unanswered"))
            self._register.discard(record)
            self._acks.pop(record.msg_id, None)
            return False
        record.query = True
        self._register.running += 1
        return True

    def _repeated(self, record: Received, now: float) -> None:
        """Deal with a message that was received before: acknowledge it again, send its answer again."""
        if record.answer is not None:
            self._send_again(record.answer)
        elif record.seqno & 1:
            self._acknowledge(record.msg_id, now)

    # Containers and packing: core.telegram.org/mtproto/service_messages#containers, #packed-object

    def _msg_container(self, _record: Received, body: bytes, _now: float) -> None:
        """Refuse a container that is not the whole packet; one that is does not come here."""
        self._reader.container(body)

    def _gzip_packed(self, record: Received, body: bytes, now: float) -> None:
        try:
            unpacked = self._reader.inflate(body)
        except RemoteProtocolError:
            if record.seqno & 1 and self._begin_query(record):
                self._send_result(record, wire.write_rpc_error(*UNREADABLE))
            raise
        with self._reader.within(ids.GZIP_PACKED):
            self._dispatch(record, unpacked, now)

    def _msg_copy(self, _record: Received, body: bytes, now: float) -> None:
        """Handle an old message in a new wrapper as itself, unless it was received before."""
        copy = self._reader.copy(body)
        if copy.msg_id & 3:
            raise RemoteProtocolError("msg_copy", "it holds an impossible msg_id")
        with self._reader.within(ids.MSG_COPY):
            self._handle_inner(copy, now)

    def _handle_inner(self, message: wire.Message, now: float) -> None:
        """Handle a message that came inside another one."""
        if self._register.denied(message.msg_id):
            self._deny_again(message.msg_id)
            return
        match self._register.look_up(message.msg_id):
            case Seen.NEW:
                self._handle(message, now)
            case Seen.BEFORE:
                record = self._register.find(message.msg_id)
                if record is not None:
                    self._repeated(record, now)
            case Seen.TOO_OLD:
                self._refuse(message.msg_id, message.seqno, 20, now)

    # Cancelling a query: core.telegram.org/mtproto/service_messages#cancellation-of-an-rpc-query

    def _rpc_drop_answer(self, record: Received, body: bytes, _now: float) -> None:
        dropped = service.decode(body).req_msg_id  # or nobody would answer what was counted as a query
        if not self._begin_query(record):
            return
        query = self._register.find(dropped)
        answer = query.answer if query is not None else None
        if query is not None and query.query and not query.answered:
            if not query.dropped:
                query.dropped = True
                self._events.append(QueryDropped(query.msg_id))
            outcome = service.types.RpcAnswerDroppedRunning()
        elif answer is not None:
            outcome = service.types.RpcAnswerDropped(msg_id=answer.msg_id, seq_no=answer.seqno, bytes=len(answer.body))
            self._forget([answer], acknowledged=True)
        else:
            outcome = service.types.RpcAnswerUnknown()
        self._send_result(record, outcome.to_bytes())

    # Salts: core.telegram.org/mtproto/service_messages#request-for-several-future-salts

    def _get_future_salts(self, record: Received, body: bytes, now: float) -> None:
        wanted = min(max(service.decode(body).num, 1), MAX_FUTURE_SALTS)
        self._reader.spend(Cost.IDS, IDS_OF_A_SALT * wanted, "get_future_salts")
        salts = [
            service.types.FutureSalt(valid_since=salt.valid_since, valid_until=salt.valid_until, salt=salt.salt)
            for salt in self._salts.future(now, wanted)
        ]
        self._acks.pop(record.msg_id, None)
        self._reply(service.types.FutureSalts(req_msg_id=record.msg_id, now=int(now), salts=salts).to_bytes())

    # Ping: core.telegram.org/mtproto/service_messages#ping-messages-pingpong

    def _ping(self, record: Received, body: bytes, _now: float) -> None:
        self._send_pong(record, service.decode(body).ping_id)

    def _ping_delay_disconnect(self, record: Received, body: bytes, _now: float) -> None:
        ping = service.decode(body)
        self._send_pong(record, ping.ping_id)
        self._events.append(CloseAfter(max(0, ping.disconnect_delay)))

    def _send_pong(self, record: Received, ping_id: int) -> None:
        self._acks.pop(record.msg_id, None)
        self._reply(service.types.Pong(msg_id=record.msg_id, ping_id=ping_id).to_bytes())

    def _pong(self, record: Received, body: bytes, now: float) -> None:
        pong = service.decode(body)
        ping_id, sent_at = self._pings.get(pong.msg_id, (None, 0.0))
        if ping_id != pong.ping_id:
            self._events.append(Anomaly(record.msg_id, "a pong to a ping that is not open"))
            return
        del self._pings[pong.msg_id]
        self._events.append(Pong(pong.ping_id, now - sent_at))

    # Sessions and keys: core.telegram.org/mtproto/service_messages#request-to-destroy-session

    def _destroy_session(self, record: Received, body: bytes, _now: float) -> None:
        self._events.append(DestroySession(record.msg_id, service.decode(body).session_id))

    def _destroy_auth_key(self, record: Received, _body: bytes, _now: float) -> None:
        self._events.append(DestroyAuthKey(record.msg_id))

    # Long polls: core.telegram.org/mtproto/service_messages#http-wait-long-poll

    def _http_wait(self, _record: Received, body: bytes, _now: float) -> None:
        wait = service.decode(body)
        self._events.append(HttpWaited(wait.max_delay, wait.wait_after, wait.max_wait))

    # Acknowledgements: core.telegram.org/mtproto/service_messages_about_messages#acknowledgment-of-receipt

    def _acknowledge(self, msg_id: int, now: float) -> None:
        self._acks[msg_id] = None
        self._ack_deadline = min(self._ack_deadline, now + ACK_DELAY)

    def _msgs_ack(self, _record: Received, body: bytes, _now: float) -> None:
        self._delivered(self._reader.ids(body))

    def _delivered(self, msg_ids: tuple[int, ...]) -> None:
        """Forget messages that the client has."""
        stored = [self._stored[msg_id] for msg_id in msg_ids if msg_id in self._stored]
        if stored:
            self._forget(stored, acknowledged=True)
            queries = tuple(message.query for message in stored if message.query)
            self._events.append(AnswersAcked(tuple(message.msg_id for message in stored), queries))

    # States: core.telegram.org/mtproto/service_messages_about_messages#request-for-message-status-information

    def _msgs_state_req(self, record: Received, body: bytes, _now: float) -> None:
        self._send_states(record, self._reader.ids(body))

    def _send_states(self, record: Received, msg_ids: tuple[int, ...]) -> None:
        """Tell the states; what is called not received is not accepted later, since the client sends it again."""
        info = bytearray()
        for msg_id in msg_ids:
            status = self._status(msg_id)
            if status is Status.NOT_RECEIVED or status is Status.NOT_RECEIVED_YET:
                self._register.deny(msg_id)
            info.append(status)
        self._acks.pop(record.msg_id, None)
        self._reply(service.types.MsgsStateInfo(req_msg_id=record.msg_id, info=bytes(info)).to_bytes())

    def _status(self, msg_id: int) -> Status:
        if msg_id & 3:
            return Status.UNKNOWN
        return self._register.status(msg_id, ack_waits=msg_id in self._acks)

    def _msgs_state_info(self, record: Received, body: bytes, _now: float) -> None:
        answer = service.decode(body)
        asked = self._asked.get(answer.req_msg_id)
        if asked is None:
            self._events.append(Anomaly(record.msg_id, "a msgs_state_info that was not asked for"))
            return
        if len(answer.info) != len(asked):
            raise RemoteProtocolError("msgs_state_info", f"{len(answer.info)} states for {len(asked)} messages")
        del self._asked[answer.req_msg_id]
        self._told_states(asked, answer.info)

    def _msgs_all_info(self, _record: Received, body: bytes, _now: float) -> None:
        self._reader.named(body)
        news = service.decode(body)
        if len(news.info) != len(news.msg_ids):
            raise RemoteProtocolError("msgs_all_info", f"{len(news.info)} states for {len(news.msg_ids)} messages")
        self._told_states(tuple(news.msg_ids), news.info)

    def _deny_again(self, msg_id: int) -> None:
        """Tell the state of a late message that was called not received: it is not accepted now either."""
        self._reply(self._denial(msg_id))

    def _denial(self, msg_id: int) -> bytes:
        """Report a late message that was called not received, and return what the client is told about it."""
        self._events.append(Refused(msg_id, 0))
        state = bytes((Status.NOT_RECEIVED,))
        body: bytes = service.types.MsgsAllInfo(msg_ids=[msg_id], info=state).to_bytes()
        return body

    def _told_states(self, msg_ids: tuple[int, ...], info: bytes) -> None:
        """Forget what the client says it has, and send the rest again under the old ids."""
        states = {msg_id: state & 7 for msg_id, state in zip(msg_ids, info, strict=True)}
        self._delivered(tuple(msg_id for msg_id, kind in states.items() if kind == Status.RECEIVED))
        for msg_id in states:
            if msg_id in self._stored:
                self._send_again(self._stored[msg_id])

    # Announcements: core.telegram.org/mtproto/service_messages_about_messages
    # #extended-voluntary-communication-of-status-of-one-message

    def _msg_detailed_info(self, _record: Received, body: bytes, now: float) -> None:
        """Ask for a message that the client holds back, or acknowledge it where it was received."""
        msg_id = service.decode(body).answer_msg_id
        if self._register.look_up(msg_id) is Seen.BEFORE:
            self._acknowledge(msg_id, now)
        else:
            self._ask(service.types.MsgResendReq(msg_ids=[msg_id]).to_bytes(), (msg_id,))

    # Requests to send again: core.telegram.org/mtproto/service_messages_about_messages
    # #explicit-request-to-re-send-messages

    def _msg_resend_req(self, record: Received, body: bytes, _now: float) -> None:
        msg_ids = self._reader.ids(body)
        self._resend(record, msg_ids, [self._stored.get(msg_id) for msg_id in msg_ids])

    def _msg_resend_ans_req(self, record: Received, body: bytes, _now: float) -> None:
        """Send the answers to these queries again (in the schema; gone from the documentation)."""
        msg_ids = self._reader.ids(body)
        queries = [self._register.find(msg_id) for msg_id in msg_ids]
        self._resend(record, msg_ids, [query.answer if query else None for query in queries])

    def _unexpected(self, record: Received, body: bytes, _now: float) -> None:
        """Report what only a server may send."""
        self._events.append(Anomaly(record.msg_id, f"a client does not send {wire.constructor_id(body):#010x}"))

    def _resend(self, record: Received, msg_ids: tuple[int, ...], messages: Sequence[Outgoing | None]) -> None:
        """Send messages again as they were, ids included; if any is not kept, tell the states instead."""
        found = [message for message in messages if message is not None]
        if len(found) < len(messages):
            self._send_states(record, msg_ids)
            return
        self._acks.pop(record.msg_id, None)
        for message in found:
            self._send_again(message)

    def _ask(self, body: bytes, msg_ids: tuple[int, ...]) -> None:
        """Queue a question about these messages."""
        question = Outgoing(body, content=False, reply=False)
        question.asks = msg_ids
        self._queue.append(question)

    _HANDLERS: ClassVar[Mapping[int, Callable[[Any, Received, bytes, float], None]]] = MappingProxyType(
        {
            ids.GZIP_PACKED: _gzip_packed,
            ids.MSG_COPY: _msg_copy,
            ids.RPC_DROP_ANSWER: _rpc_drop_answer,
            ids.GET_FUTURE_SALTS: _get_future_salts,
            ids.PING: _ping,
            ids.PING_DELAY_DISCONNECT: _ping_delay_disconnect,
            ids.PONG: _pong,
            ids.DESTROY_SESSION: _destroy_session,
            ids.DESTROY_AUTH_KEY: _destroy_auth_key,
            ids.HTTP_WAIT: _http_wait,
            ids.MSGS_ACK: _msgs_ack,
            ids.MSGS_STATE_REQ: _msgs_state_req,
            ids.MSGS_STATE_INFO: _msgs_state_info,
            ids.MSGS_ALL_INFO: _msgs_all_info,
            ids.MSG_DETAILED_INFO: _msg_detailed_info,
            ids.MSG_NEW_DETAILED_INFO: _msg_detailed_info,
            ids.MSG_RESEND_REQ: _msg_resend_req,
            ids.MSG_RESEND_ANS_REQ: _msg_resend_ans_req,
            ids.MSG_CONTAINER: _msg_container,
            ids.MESSAGE: _unexpected,
            ids.RPC_RESULT: _unexpected,
            ids.RPC_ERROR: _unexpected,
            ids.RPC_ANSWER_UNKNOWN: _unexpected,
            ids.RPC_ANSWER_DROPPED_RUNNING: _unexpected,
            ids.RPC_ANSWER_DROPPED: _unexpected,
            ids.FUTURE_SALTS: _unexpected,
            ids.NEW_SESSION_CREATED: _unexpected,
            ids.DESTROY_SESSION_OK: _unexpected,
            ids.DESTROY_SESSION_NONE: _unexpected,
            ids.DESTROY_AUTH_KEY_OK: _unexpected,
            ids.DESTROY_AUTH_KEY_NONE: _unexpected,
            ids.DESTROY_AUTH_KEY_FAIL: _unexpected,
            ids.BAD_SERVER_SALT: _unexpected,
            ids.BAD_MSG_NOTIFICATION: _unexpected,
        }
    )

    @classmethod
    def is_call(cls, constructor: int) -> bool:
        """Whether a message that begins with this id is a call of the API, and so has to be content-related."""
        return constructor not in cls._HANDLERS

    def _is_counted(self, message: wire.Message) -> bool:
        """Whether the number of a message is compared with others: that of a call, packed or not.

        Clients count their service messages as content, or number them anyhow, and Telegram's servers let that pass.
        """
        constructor = wire.constructor_id(message.body)
        return self.is_call(constructor) or (constructor == ids.GZIP_PACKED and bool(message.seqno & 1))
