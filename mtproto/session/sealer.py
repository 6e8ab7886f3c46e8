"""How a client puts a packet together: what goes first, what travels together, which ids it gets.

core.telegram.org/mtproto/description#message-identifier-msg-id, #message-sequence-number-msg-seqno, and containers in
core.telegram.org/mtproto/service_messages#containers. Ids and numbers are given when a packet is sealed, and a packet
is sealed when it is pulled.
"""

from __future__ import annotations

from collections.abc import Callable

from mtproto.errors import LocalProtocolError
from mtproto.limits import Limits
from mtproto.message import KeyState, Sealed, Sender, random_long, seal
from mtproto.session import wire
from mtproto.session.calls import Calls
from mtproto.session.events import ClientEvent, Resent, Sent
from mtproto.session.inbox import Inbox
from mtproto.session.outbox import Outbox
from mtproto.session.questions import Questions
from mtproto.session.request import Request, SendContext
from mtproto.session.salts import ClientSalts
from mtproto.session.sent_packets import SentPackets
from mtproto.session.server_time import ServerTime
from mtproto.session.service_messages import HttpWait, MessageKind, Packet, ServiceMessage
from mtproto.session.wire import MESSAGE_HEADER, PACKET_OVERHEAD, Message
from tl import service

__all__ = ["Sealer", "new_session_id"]


def new_session_id(random: Callable[[int], bytes]) -> int:
    """Return a random session id, signed 64 bits, never zero (a zero is answered with -404)."""
    while True:
        session_id = random_long(random)
        if session_id:
            return session_id


def check_body(body: bytes, limits: Limits) -> None:
    """See that the body of a call can be sent.

    Raises:
        LocalProtocolError: it is no bytes, or its length is impossible.

    """
    if not isinstance(body, bytes):
        raise LocalProtocolError(f"a body is bytes, not {type(body).__name__}")
    if len(body) < 4 or len(body) % 4 or len(body) > limits.frame_sent:
        allowed = f"a multiple of 4 up to {limits.frame_sent} is needed"
        raise LocalProtocolError(f"a body of {len(body)} bytes; {allowed}")


def _wait_message(wait: HttpWait) -> ServiceMessage:
    body = service.types.HttpWait(max_delay=wait.max_delay, wait_after=wait.wait_after, max_wait=wait.max_wait)
    return ServiceMessage(MessageKind.HTTP_WAIT, body.to_bytes())


class Sealer:
    """Seals the packets of one client session. Owned by the session.

    Attributes:
        session_id: signed 64 bits, random.

    """

    __slots__ = (
        "_calls",
        "_compress",
        "_content_count",
        "_inbox",
        "_limits",
        "_outbox",
        "_questions",
        "_random",
        "_salts",
        "_sent",
        "_state",
        "_time",
        "session_id",
    )

    def __init__(
        self,
        state: KeyState,
        *,
        session_id: int,
        random: Callable[[int], bytes],
        limits: Limits,
        compress: bool,
        time: ServerTime,
        salts: ClientSalts,
        inbox: Inbox,
        outbox: Outbox,
        calls: Calls,
        questions: Questions,
        sent: SentPackets,
    ) -> None:
        """Seal under this key what these parts of a session have to send; other arguments as in `ClientSession`."""
        self.session_id = session_id
        self._state = state
        self._random = random
        self._limits = limits
        self._compress = compress
        self._time = time
        self._salts = salts
        self._inbox = inbox
        self._outbox = outbox
        self._calls = calls
        self._questions = questions
        self._sent = sent
        self._content_count = 0

    def restart(self, session_id: int) -> None:
        """Seal the next packets in another session."""
        self.session_id = session_id
        self._content_count = 0

    def next_packet(self, now: float, max_bytes: int, http_wait: HttpWait | None, poll: bool) -> Packet | None:
        """Seal what waits into one packet, as `ClientSession.next_packet` describes."""
        budget = min(max_bytes - PACKET_OVERHEAD, self._limits.frame_sent)
        if self._outbox.again:
            return self._seal_again(now, budget)
        services: list[ServiceMessage] = []
        if self._questions.waiting:
            services = self._questions.take(budget, self._limits.container_messages_sent // 2)
        if http_wait is not None and poll:
            services.append(_wait_message(http_wait))
        requests = self._take_requests(services, budget)
        if self._inbox.acks and not (requests and requests[0].uncontained):
            self._add_acks(services, bool(services or requests), now)
        if not services and not requests:
            return None
        if http_wait is not None and not poll and not (requests and requests[0].uncontained):
            services.append(_wait_message(http_wait))
        return self._seal(services, requests, now)

    def next_final_questions(self, now: float) -> Packet | None:
        """Seal nothing but the questions about calls: the session is being given up, and these decide their fate."""
        return self._seal(self._questions.take_final_states(), [], now)

    # What goes into a packet.

    def _take_requests(self, services: list[ServiceMessage], budget: int) -> list[Request]:
        outbox = self._outbox
        if not outbox.waiting or (services and outbox.head_uncontained):
            return []
        if services:
            budget -= sum(MESSAGE_HEADER + len(item.body) for item in services)
        soft = min(budget, self._limits.frame_sent_soft)
        return outbox.take(budget, soft, self._limits.container_messages_sent - len(services))

    def _add_acks(self, services: list[ServiceMessage], travelling: bool, now: float) -> None:
        """Add the acknowledgements that wait, if a packet goes anyway or if they are due by themselves."""
        if travelling or self._inbox.acks_due(now):
            acks = self._inbox.take_acks(self._limits.acks_sent)
            services.append(ServiceMessage(MessageKind.ACKS, wire.write_acks(acks), acks))

    # Sealing.

    def _seal(self, services: list[ServiceMessage], requests: list[Request], now: float) -> Packet | None:
        """Give ids and numbers to these messages and seal them, in a container if there are several."""
        server_time = self._state.server_time(now)
        messages: list[Message] = []
        for item in services:
            item.sealed(self._time.next_msg_id(server_time), now)
            messages.append(Message(item.msg_id, 2 * self._content_count, item.body))
        sealed: list[Request] = []
        numbered: list[Message] = []
        for request in requests:
            msg_id = self._time.next_msg_id(server_time)
            body = self._wire_body(request, msg_id, server_time)
            if body is not None:
                sealed.append(request)
                numbered.append(Message(msg_id, 2 * self._content_count + 1, body))
                self._content_count += 1
        messages += numbered
        if not messages:
            return None
        packet_id, packet = self._pack(messages, server_time)
        if services:
            self._questions.sent(services)
        if len(messages) > 1 or services:
            self._sent.note(packet_id, (*services, *sealed))
        events = self._note_sealed(sealed, numbered, packet_id, now)
        hurried = [request for request in sealed if request.want_quick_ack]
        if hurried:
            self._sent.note_quick_ack(packet.quick_ack_token, tuple([request.msg_id for request in hurried]))
        token = packet.quick_ack_token if hurried else None
        return Packet(packet.payload, token, tuple(sealed), tuple(events))

    def _note_sealed(
        self, requests: list[Request], messages: list[Message], packet_id: int, now: float
    ) -> list[ClientEvent]:
        """Note under which ids these calls went; return what the owner is told about that."""
        events: list[ClientEvent] = []
        timed = self._state.time_known
        for request, message in zip(requests, messages, strict=True):
            old, new = request.msg_id, message.msg_id
            self._outbox.sealed(request, new, message.seqno, packet_id, now, timed=timed)
            events.append(Resent(request, old, new) if old else Sent(request, new))
        return events

    def _seal_again(self, now: float, budget: int) -> Packet | None:
        """Send calls once more under the ids that they have, inside a container with a new id (`msg_resend_req`)."""
        server_time = self._state.server_time(now)
        messages: list[Message] = []
        size, alone = 0, False
        while self._outbox.again:
            request = self._outbox.again[0]
            body = None
            if self._outbox.current(request.msg_id) is request:
                body = self._wire_body(request, request.msg_id, server_time)
            if body is not None:
                size += MESSAGE_HEADER + len(body)
                if messages and (size > budget or (alone and request.alone)):
                    break
                alone = alone or request.alone
                messages.append(Message(request.msg_id, request.seqno, body))
            self._outbox.sent_again()
        if not messages:
            return None
        _, packet = self._pack(messages, server_time, container=True)
        return Packet(packet.payload)

    def _pack(self, messages: list[Message], server_time: float, *, container: bool = False) -> tuple[int, Sealed]:
        """Seal one message, or a container of several, whose id is higher than theirs; return the packet's id too."""
        if len(messages) == 1 and not container:
            msg_id, seqno, body = messages[0]
        else:
            msg_id, seqno = self._time.next_msg_id(server_time), 2 * self._content_count
            body = wire.write_container(messages)
        return msg_id, seal(
            self._state.auth_key,
            Sender.CLIENT,
            salt=self._salts.current(server_time),
            session_id=self.session_id,
            msg_id=msg_id,
            seqno=seqno,
            body=body,
            random=self._random,
        )

    def _wire_body(self, request: Request, msg_id: int, server_time: float) -> bytes | None:
        """Return the body as it goes out: made if a function makes it, wrapped, packed. None ends the call."""
        body = request.body
        if not isinstance(body, bytes):
            try:
                body = body(SendContext(msg_id, self.session_id, server_time))
                check_body(body, self._limits)
            except Exception as error:  # whatever the caller's function raises ends its call, not the session
                lost = LocalProtocolError("the function that makes its body failed")
                lost.__cause__ = error
                self._calls.lose(request, lost)
                return None
        if request.after:
            waits_for = request.waits_for()
            body = wire.write_invoke_after(waits_for, body) if waits_for else body
        return wire.gzip_if_shorter(body) if self._compress else body
