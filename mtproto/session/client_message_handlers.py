"""What a client does with service messages about messages: acknowledgements, refusals, states, announcements.

One small function for each constructor, in the order of core.telegram.org/mtproto/service_messages_about_messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias

from mtproto.errors import RemoteProtocolError
from mtproto.message import msg_id_time
from mtproto.session import constructors as ids
from mtproto.session.bad_messages import describe
from mtproto.session.client_state import NEWEST, ClientState
from mtproto.session.events import Acked, Anomaly, BadMessage
from mtproto.session.inbox import Seen, Status
from mtproto.session.outbox import Request, RequestState
from mtproto.session.service_messages import Kind, ServiceMessage
from tl import service

__all__ = ["ClientMessageHandlers", "Handler"]

Handler: TypeAlias = Callable[[Any, int, bytes, float], None]
"""Takes the session, the id of the message, its serialized body and the local time."""


class ClientMessageHandlers(ClientState):
    """Half of the handlers of the client's half. A base of `ClientSession`, of no use alone.

    Each takes the id of the message, its serialized body and the local time; what follows from it goes to the events.
    """

    # Acknowledgements: core.telegram.org/mtproto/service_messages_about_messages#acknowledgment-of-receipt

    def _msgs_ack(self, _msg_id: int, body: bytes, now: float) -> None:
        for acked_id in self._reader.ids(body):
            request = self._outbox.current(acked_id)
            if request is not None and self._acked(request, now):
                self._events.append(Acked(request))

    # Refusals: core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message

    def _bad_server_salt(self, msg_id: int, body: bytes, now: float) -> None:
        notice = service.decode(body)
        items = self._refused(notice.bad_msg_id)
        if not items:
            self._events.append(Anomaly(msg_id, f"bad_server_salt for {notice.bad_msg_id}, which is not open"))
            return
        self._events.append(BadMessage(notice.bad_msg_id, notice.error_code))
        self._take_salt(notice.new_server_salt, now)
        self._retry(items, notice.error_code, now)

    def _bad_msg_notification(self, msg_id: int, body: bytes, now: float) -> None:
        notice = service.decode(body)
        code = notice.error_code
        items = self._refused(notice.bad_msg_id)
        if not items:
            self._events.append(Anomaly(msg_id, f"bad_msg_notification {code} for {notice.bad_msg_id}, not open"))
            return
        self._events.append(BadMessage(notice.bad_msg_id, code))
        if code == 17 and not self._lowered_since(notice.bad_msg_id, items[0].sent_at):
            self._learn_time(msg_id_time(self._outer_id) - now, now)
        if code == 20:
            for item in items:
                if isinstance(item, Request):
                    self._forgotten(item, describe(code).description)
                else:
                    self._retry_service(item, code, now)
        else:
            self._retry(items, code, now)
        if describe(code).new_session:
            if code == 17 and self._renewal is None and self._outbox.unsettled():
                self._lower_ids(now)
                self._outbox.ask_about_all(now)
            elif self._renewal is None:
                self._begin_renewal(code, now)
            elif any(isinstance(item, ServiceMessage) and item.final for item in items):
                self._renew(now)  # not even questions are accepted any more

    def _lowered_since(self, msg_id: int, sent_at: float) -> bool:
        """Whether server time was lowered after an id was made, so that its refusal is no news of our clock."""
        return msg_id_time(msg_id) - sent_at > self.key_state.time_offset + NEWEST

    # States: core.telegram.org/mtproto/service_messages_about_messages#request-for-message-status-information

    def _msgs_state_req(self, msg_id: int, body: bytes, _now: float) -> None:
        self._send_states(msg_id, self._reader.ids(body))

    def _send_states(self, req_msg_id: int, msg_ids: tuple[int, ...]) -> None:
        info = bytes(self._inbox.status(msg_id) if msg_id & 1 else Status.UNKNOWN for msg_id in msg_ids)
        answer = service.types.MsgsStateInfo(req_msg_id=req_msg_id, info=info)
        self._queue_service(Kind.REPLY, answer.to_bytes())

    def _msgs_state_info(self, msg_id: int, body: bytes, now: float) -> None:
        answer = service.decode(body)
        question = self._asked.get(answer.req_msg_id)
        if question is None or question.kind not in (Kind.STATE, Kind.RESEND, Kind.RESEND_ANSWER):
            self._events.append(Anomaly(msg_id, "a msgs_state_info that was not asked for"))
            return
        if len(answer.info) != len(question.ids):
            raise RemoteProtocolError("msgs_state_info", f"{len(answer.info)} states for {len(question.ids)} messages")
        del self._asked[answer.req_msg_id]
        self._state_refusals = 0
        if question.kind is Kind.RESEND:
            # It has forgotten the message that it announced; what became of the call is the next question.
            if question.request is not None and question.request.state is RequestState.ACKED:
                question.request.ask_at = self._outbox.next_ask = now
            return
        for asked_id, state in zip(question.ids, answer.info, strict=True):
            request = self._outbox.current(asked_id)
            if request is None:
                continue
            if question.kind is Kind.RESEND_ANSWER and state & (Status.RUNNING | Status.ANSWERED) != Status.RUNNING:
                # States instead of the answer: it is there no more, unless it is still being made.
                self._forgotten(request, "the server has forgotten its answer")
            else:
                self._told_state(request, state, msg_id, now)

    def _msgs_all_info(self, msg_id: int, body: bytes, now: float) -> None:
        self._reader.named(body)
        news = service.decode(body)
        if len(news.info) != len(news.msg_ids):
            raise RemoteProtocolError("msgs_all_info", f"{len(news.info)} states for {len(news.msg_ids)} messages")
        for told_id, state in zip(news.msg_ids, news.info, strict=True):
            request = self._outbox.current(told_id)
            if request is not None:
                self._told_state(request, state, msg_id, now)

    def _told_state(self, request: Request, state: int, msg_id: int, now: float) -> None:
        """Apply the three-way rule to a call whose state the server has told."""
        kind = state & 7
        was_acked = request.state is RequestState.ACKED
        if kind == Status.RECEIVED:
            # After a lost connection the answer comes by itself; where that did not happen, it is asked for.
            missing = state & Status.ANSWERED and request.state is not RequestState.UNKNOWN
            if self._acked(request, now):
                self._events.append(Acked(request))
            else:
                self._outbox.running(request, now)
            if missing:
                self._recover(request, now)
        elif kind == Status.UNKNOWN or (was_acked and kind in (Status.NOT_RECEIVED, Status.NOT_RECEIVED_YET)):
            self._forgotten(request, "the server knows nothing of it any more")
        elif kind in (Status.NOT_RECEIVED, Status.NOT_RECEIVED_YET):
            self._requeue([request])
        else:
            self._events.append(Anomaly(msg_id, f"a state of {state} for {request.msg_id}"))

    # Announced answers: core.telegram.org/mtproto/service_messages_about_messages
    # #extended-voluntary-communication-of-status-of-one-message

    def _msg_detailed_info(self, _msg_id: int, body: bytes, now: float) -> None:
        news = service.decode(body)
        request = self._outbox.find(news.msg_id)
        if request is None and news.msg_id not in self._asked:
            self._inbox.acknowledge(news.answer_msg_id, now)  # nobody waits for it any more
            return
        if request is not None and self._acked(request, now):
            self._events.append(Acked(request))
        self._announced(news.answer_msg_id, request, now)

    def _msg_new_detailed_info(self, _msg_id: int, body: bytes, now: float) -> None:
        self._announced(service.decode(body).answer_msg_id, None, now)

    def _announced(self, answer_msg_id: int, request: Request | None, now: float) -> None:
        """Ask for a message that the server holds back, or acknowledge it where it was received."""
        if self._inbox.look_up(answer_msg_id) is Seen.BEFORE:
            self._inbox.acknowledge(answer_msg_id, now)
            return
        if self._resends is None:
            asked = (*self._services, *self._asked.values())
            self._resends = {msg_id for item in asked if item.kind is Kind.RESEND for msg_id in item.ids}
        if answer_msg_id not in self._resends:
            self._resends.add(answer_msg_id)
            body = service.types.MsgResendReq(msg_ids=[answer_msg_id]).to_bytes()
            self._queue_service(Kind.RESEND, body, [answer_msg_id], request)

    # Requests to send again: core.telegram.org/mtproto/service_messages_about_messages
    # #explicit-request-to-re-send-messages

    def _msg_resend_req(self, msg_id: int, body: bytes, _now: float) -> None:
        """Send calls again as they were, ids included; if any is not there to be sent, tell the states instead."""
        msg_ids = self._reader.ids(body)
        requests = [self._outbox.current(wanted) for wanted in msg_ids]
        if any(request is None for request in requests):
            self._send_states(msg_id, msg_ids)
        else:
            wanted = (request for request in requests if request is not None)
            self._again = list(dict.fromkeys((*self._again, *wanted)))

    ABOUT_MESSAGES: ClassVar[Mapping[int, Handler]] = MappingProxyType(
        {
            ids.MSGS_ACK: _msgs_ack,
            ids.BAD_SERVER_SALT: _bad_server_salt,
            ids.BAD_MSG_NOTIFICATION: _bad_msg_notification,
            ids.MSGS_STATE_REQ: _msgs_state_req,
            ids.MSGS_STATE_INFO: _msgs_state_info,
            ids.MSGS_ALL_INFO: _msgs_all_info,
            ids.MSG_DETAILED_INFO: _msg_detailed_info,
            ids.MSG_NEW_DETAILED_INFO: _msg_new_detailed_info,
            ids.MSG_RESEND_REQ: _msg_resend_req,
        }
    )
    """From constructor ids to the functions above."""
