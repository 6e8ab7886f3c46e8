"""What becomes of the calls of a client: the three-way rule, and what follows from the end of a call.

core.telegram.org/mtproto/service_messages_about_messages. A call that was not sent is sent. The server is asked about a
call that was sent and not acknowledged. A call that was acknowledged waits for its answer. No call is sent again on a
guess: where its outcome can't be known, only a call that may be executed twice is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mtproto.errors import ConnectionLost, LocalProtocolError, MTProtoError, OutcomeUnknown
from mtproto.session.connection_state import ConnectionState
from mtproto.session.event_queue import EventQueue
from mtproto.session.events import (
    Acked,
    Anomaly,
    ClientEvent,
    RequestLost,
    Result,
    RpcFailed,
    SessionBroken,
)
from mtproto.session.inbox import MessageStatus
from mtproto.session.outbox import Outbox
from mtproto.session.questions import Questions
from mtproto.session.request import ASK_AFTER, Request, RequestState
from mtproto.session.sent_packets import SentPackets
from mtproto.session.server_time import ServerTime
from mtproto.session.service_messages import MessageKind
from tl import TLError, service

__all__ = ["SILENCES", "Calls"]

SILENCES = 3
"""How often an idempotent call is sent again because the server does not say what became of it."""

_ENDS = (Result, RpcFailed, RequestLost)

_NOT_TAKEN = (MessageStatus.NOT_RECEIVED, MessageStatus.NOT_RECEIVED_YET)


class Calls:
    """The rules for the calls of one session. Owned by the session; the calls themselves stand in the `Outbox`."""

    __slots__ = ("_connection", "_events", "_outbox", "_questions", "_sent", "_time")

    def __init__(
        self,
        outbox: Outbox,
        questions: Questions,
        sent: SentPackets,
        connection: ConnectionState,
        time: ServerTime,
        events: EventQueue[ClientEvent],
    ) -> None:
        """Work on these parts of the same session."""
        self._outbox = outbox
        self._questions = questions
        self._sent = sent
        self._connection = connection
        self._time = time
        self._events = events

    # What the caller wants.

    def add(self, request: Request) -> None:
        """Queue a call; one that was to follow a call that has failed fails at once.

        Raises:
            LocalProtocolError: `after` names calls of another session, or there is no room.

        """
        for before in request.after:
            if before.outbox is not self._outbox and before.state is not RequestState.SETTLED:
                raise LocalProtocolError("a call can follow only calls of its own session")
        self._outbox.add(request)
        if any(before.failed for before in request.after):
            self._outbox.settle(request, failed=True)
            self._events.tell(RpcFailed(request, 400, "MSG_WAIT_FAILED"))

    def cancel(self, request: Request, now: float) -> None:
        """Give a call up, as `ClientSession.cancel` describes."""
        if request.outbox is not self._outbox:
            return
        if request.state is RequestState.SETTLED:
            self._events.withdraw(lambda event: isinstance(event, _ENDS) and event.request is request)
            return
        if request.state is RequestState.QUEUED:
            self._outbox.settle(request, failed=True)
        else:
            self._outbox.drop(request, now)
            body = service.functions.RpcDropAnswer(req_msg_id=request.msg_id).to_bytes()
            self._questions.add(MessageKind.DROP, body, [request.msg_id], request)
        self._fail_followers(request)

    def give_up(self, reason: str) -> list[Request]:
        """Return the calls that another session may take; the others end with `OutcomeUnknown(request, reason)`."""
        free: list[Request] = []
        for request in self._outbox:
            if request.state is RequestState.QUEUED or request.idempotent:
                self._outbox.release(request)
                free.append(request)
        for request in self._outbox:
            self.lose(request, OutcomeUnknown(request, reason))
        return free

    def fail_all(self, error: MTProtoError) -> None:
        """End every call with this error."""
        for request in self._outbox:
            self._outbox.settle(request, failed=True)
            self._events.tell(RequestLost(request, error))

    # The end of a call.

    def settle(self, request: Request, *, failed: bool = False) -> None:
        """End a call that was answered."""
        self._sent.accepted(request.packet_id)
        self._outbox.settle(request, failed=failed)
        if failed:
            self._fail_followers(request)

    def lose(self, request: Request, error: MTProtoError | TLError) -> None:
        """End a call without an answer."""
        self._outbox.settle(request, failed=True)
        self._events.tell(RequestLost(request, error))
        self._fail_followers(request)

    def _fail_followers(self, request: Request) -> None:
        """End the queued calls that were to follow a call that has failed, as the server would: MSG_WAIT_FAILED."""
        failed = [request]
        while failed:
            before = failed.pop()
            for follower in before.followers:
                if follower.state is RequestState.QUEUED and follower.outbox is self._outbox:
                    self._outbox.settle(follower, failed=True)
                    self._events.tell(RpcFailed(follower, 400, "MSG_WAIT_FAILED"))
                    failed.append(follower)

    # Another attempt.

    def requeue(self, requests: Sequence[Request]) -> None:
        """Queue sealed calls again; a call that was to follow one that has failed meanwhile fails as well."""
        open_calls = [request for request in requests if request.state is not RequestState.SETTLED]
        self._outbox.requeue(open_calls)
        for request in open_calls:
            for before in request.after:
                if before.failed:
                    self._fail_followers(before)

    def forgotten(self, request: Request, reason: str) -> None:
        """Deal with a call of which the server knows nothing any more."""
        if request.state is RequestState.SETTLED:
            return  # it failed a moment ago, with a call that it was to follow
        if request.idempotent:
            self.requeue([request])
        else:
            self.lose(request, OutcomeUnknown(request, reason))

    def _decide(self, request: Request, reason: str) -> None:
        """End a call of which the server gives no news, or send it again where that does no harm and may help."""
        if request.idempotent and request.silences >= SILENCES:
            self.lose(request, OutcomeUnknown(request, reason))
            return
        request.silent()
        self.forgotten(request, reason)

    def sessions_lost(self, first_msg_id: int, now: float) -> None:
        """Deal with the calls whose carrying packets are older than the session that the server has now.

        This looks at every call, so that it is called once for each packet, however many new sessions the packet names.
        The ids in a container lie between the id of the packet before it and the id of the container. So a packet is
        older if its id is lower than `first_msg_id`, whichever of its messages `first_msg_id` names.

        The server is asked about these calls, so that only those fail of which it knows nothing. A later packet may
        have overtaken an earlier one, and this notice, too.
        """
        for request in self._outbox.sealed_calls():
            if request.packet_id >= first_msg_id or request.state is RequestState.QUEUED:
                continue
            if request.idempotent:
                self.requeue([request])
            else:
                self._outbox.session_lost(request, now)

    # Questions about calls (msgs_state_req), and their answers.

    def ask_states(self, now: float, count: int) -> None:
        """Queue the question about the calls whose fate is unknown, at most `count`; it goes before everything else.

        A call that was asked about often enough is decided now: a connection that stays up is no reason to wait for
        ever.
        """
        requests, undecided = self._outbox.to_ask(now, count, self._time.heard, self._time.newest(now))
        for request in undecided:
            self._decide(request, "the server does not say what became of it")
        if requests:
            self._questions.ask_states(requests)

    def acked(self, request: Request, now: float) -> bool:
        """Note that the server has a call, and tell it where that is news; return whether it is."""
        self._sent.accepted(request.packet_id)
        if not self._outbox.acked(request, now):
            return False
        self._events.tell(Acked(request))
        return True

    def told_state(self, request: Request, state: int, msg_id: int, now: float) -> None:
        """Apply the three-way rule to a call.

        Args:
            request: the call.
            state: the byte in which the server has told the state of the call.
            msg_id: the message that told it.
            now: local time.

        """
        kind = state & 7
        was_acked = request.state is RequestState.ACKED
        if kind == MessageStatus.RECEIVED:
            # After a lost connection the answer comes by itself; where that did not happen, it is asked for.
            missing = state & MessageStatus.ANSWERED and request.state is not RequestState.UNKNOWN
            if not self.acked(request, now):
                self._outbox.running(request, now)
            if missing:
                self._recover(request, now)
        elif kind == MessageStatus.UNKNOWN or (was_acked and kind in _NOT_TAKEN):
            self.forgotten(request, "the server knows nothing of it any more")
        elif kind in _NOT_TAKEN:
            self.requeue([request])
        else:
            self._events.tell(Anomaly(msg_id, f"a state of {state} for {request.msg_id}"))

    def still_sent(self, msg_ids: Iterable[int]) -> list[Request]:
        """Return the open calls that have these ids."""
        calls = [self._outbox.current(msg_id) for msg_id in msg_ids]
        return [request for request in calls if request is not None]

    def _recover(self, request: Request, now: float) -> None:
        """Get an answer that the server has and that did not come: ask for it, connect anew, then do without it."""
        step = request.recovering()
        if step == 1:
            body = service.types.MsgResendAnsReq(msg_ids=[request.msg_id]).to_bytes()
            self._questions.add(MessageKind.RESEND_ANSWER, body, [request.msg_id])
            self._outbox.ask(request, now + ASK_AFTER)
        elif step > 2:
            self._decide(request, "the server has an answer that does not come")
        elif not self._connection.broken:
            # A server sends what was not acknowledged over a new connection by itself.
            self._connection.breaks()
            self._events.tell(SessionBroken(ConnectionLost("an answer that the server has does not come")))
