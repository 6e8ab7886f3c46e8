"""How a client puts a packet together: what goes first, what travels together, which ids it gets.

core.telegram.org/mtproto/description#message-identifier-msg-id, #message-sequence-number-msg-seqno, and containers in
core.telegram.org/mtproto/service_messages#containers. Ids and numbers are given when a packet is sealed, and a packet
is sealed when it is pulled.
"""

from __future__ import annotations

from mtproto.errors import LocalProtocolError
from mtproto.message import Sealed, Sender, client_msg_id, seal
from mtproto.session import wire
from mtproto.session.client_handlers import ClientHandlers
from mtproto.session.client_state import CARRIERS_KEPT, QUESTIONS_KEPT
from mtproto.session.events import ClientEvent, Resent, Sent
from mtproto.session.outbox import Request, SendContext
from mtproto.session.service_messages import ANSWERED, HttpWait, Kind, Packet, ServiceMessage
from mtproto.session.wire import MESSAGE_HEADER, PACKET_OVERHEAD, Message
from tl import service

__all__ = ["ClientSending"]

QUICK_ACKS_KEPT = 1000
"""Packets whose quick acknowledgement is still understood."""

_LOW_WORD = (1 << 32) - 1

SALT_RECHECK = 60.0
"""Seconds after which the salt to send with is looked up again."""


def _wait_message(wait: HttpWait) -> ServiceMessage:
    body = service.types.HttpWait(max_delay=wait.max_delay, wait_after=wait.wait_after, max_wait=wait.max_wait)
    return ServiceMessage(Kind.HTTP_WAIT, body.to_bytes())


class ClientSending(ClientHandlers):
    """The sealing half of a client session. A base of `ClientSession`, of no use alone."""

    _salts_seen: object = None
    _salt = 0
    _salt_until = 0.0

    def next_packet(
        self, now: float, *, max_bytes: int, http_wait: HttpWait | None = None, poll: bool = True
    ) -> Packet | None:
        """Seal what waits into one packet, or return None if nothing has to be sent now.

        Ids and numbers are given here, so that nothing waits with an old id. Call it until it returns None.

        Args:
            now: local time.
            max_bytes: the most bytes of the payload; a call that alone is larger stays queued.
            http_wait: over HTTP: how long its answer may wait, which the packet says.
            poll: with `http_wait` a packet is made in any case, to be answered once there is something to say.

        """
        if not self._connected or self._broken:
            return None
        if self._outbox.next_ask <= now:
            self._ask_states(now)
        budget = min(max_bytes - PACKET_OVERHEAD, self._limits.frame_sent)
        if self._renewal is not None:
            return self._seal_questions(now)
        if self._again:
            return self._seal_again(now, budget)
        wait_alone = http_wait if poll else None
        services = self._take_services(budget, wait_alone) if self._services or wait_alone else []
        requests = self._take_requests(services, budget)
        if self._inbox.acks and not (requests and requests[0].alone):
            self._add_acks(services, bool(services or requests), now)
        if not services and not requests:
            return None
        if http_wait is not None and not poll and not (requests and requests[0].alone):
            services.append(_wait_message(http_wait))
        return self._seal(services, requests, now)

    # What goes into it.

    def _take_services(self, budget: int, http_wait: HttpWait | None) -> list[ServiceMessage]:
        taken: list[ServiceMessage] = []
        size = 0
        while self._services and len(taken) < self._limits.container_messages_sent // 2:
            size += MESSAGE_HEADER + len(self._services[0].body)
            if size > budget:
                break
            taken.append(self._services.pop(0))
        if http_wait is not None:
            taken.append(_wait_message(http_wait))
        return taken

    def _take_requests(self, services: list[ServiceMessage], budget: int) -> list[Request]:
        outbox = self._outbox
        if not outbox.waiting or (services and outbox.head_alone):
            return []
        if services:
            budget -= sum(MESSAGE_HEADER + len(item.body) for item in services)
        soft = min(budget, self._limits.frame_sent_soft)
        return outbox.take(budget, soft, self._limits.container_messages_sent - len(services))

    def _add_acks(self, services: list[ServiceMessage], travelling: bool, now: float) -> None:
        """Add the acknowledgements that wait, if a packet goes anyway or if they are due by themselves."""
        if travelling or self._inbox.acks_due(now):
            acks = self._inbox.take_acks(self._limits.acks_sent)
            services.append(ServiceMessage(Kind.ACKS, wire.write_acks(acks), acks))

    # Sealing.

    def _seal(self, services: list[ServiceMessage], requests: list[Request], now: float) -> Packet | None:
        """Give ids and numbers to these messages and seal them, in a container if there are several."""
        server_time = self.key_state.server_time(now)
        messages: list[Message] = []
        for item in services:
            item.msg_id = self._next_msg_id(server_time)
            item.sent_at = now
            item.sends += 1
            messages.append(Message(item.msg_id, 2 * self._content_count, item.body))
        sealed: list[Request] = []
        numbered: list[Message] = []
        for request in requests:
            msg_id = self._next_msg_id(server_time)
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
            self._note_services(services)
        if len(messages) > 1 or services:
            self._note_carrier(packet_id, (*services, *sealed))
        events: list[ClientEvent] = []
        for request, message in zip(sealed, numbered, strict=True):
            old, new = request.msg_id, message.msg_id
            self._outbox.sealed(request, new, message.seqno, packet_id, now)
            request.timed = self.key_state.time_known
            events.append(Resent(request, old, new) if old else Sent(request, new))
        hurried = [request for request in sealed if request.want_quick_ack]
        if hurried:
            self._note_quick_ack(packet.quick_ack_token, tuple([request.msg_id for request in hurried]))
        token = packet.quick_ack_token if hurried else None
        return Packet(packet.payload, token, tuple(sealed), tuple(events))

    def _seal_questions(self, now: float) -> Packet | None:
        """Seal nothing but the questions about calls: the session is being given up, and these decide their fate."""
        questions = [item for item in self._services if item.kind is Kind.STATE]
        self._services = [item for item in self._services if item.kind is not Kind.STATE]
        for item in questions:
            item.final = True
        return self._seal(questions, [], now)

    def _seal_again(self, now: float, budget: int) -> Packet | None:
        """Send calls once more under the ids that they have, inside a container with a new id (`msg_resend_req`)."""
        server_time = self.key_state.server_time(now)
        messages: list[Message] = []
        size = 0
        while self._again:
            request = self._again[0]
            body = None
            if self._outbox.current(request.msg_id) is request:
                body = self._wire_body(request, request.msg_id, server_time)
            if body is not None:
                size += MESSAGE_HEADER + len(body)
                if messages and size > budget:
                    break
                messages.append(Message(request.msg_id, request.seqno, body))
            del self._again[0]
        if not messages:
            return None
        _, packet = self._pack(messages, server_time, container=True)
        return Packet(packet.payload)

    def _pack(self, messages: list[Message], server_time: float, *, container: bool = False) -> tuple[int, Sealed]:
        """Seal one message, or a container of several, whose id is higher than theirs; return the packet's id too."""
        if len(messages) == 1 and not container:
            msg_id, seqno, body = messages[0]
        else:
            msg_id, seqno = self._next_msg_id(server_time), 2 * self._content_count
            body = wire.write_container(messages)
        return msg_id, seal(
            self.key_state.auth_key,
            Sender.CLIENT,
            salt=self._current_salt(server_time),
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
                self._check_body(body)
            except Exception as error:  # whatever the caller's function raises ends its call, not the session
                lost = LocalProtocolError("the function that makes its body failed")
                lost.__cause__ = error
                self._lose(request, lost)
                return None
        if request.after:
            waits_for = request.waits_for()
            body = wire.write_invoke_after(waits_for, body) if waits_for else body
        return wire.gzip_if_shorter(body) if self._compress else body

    def _check_body(self, body: bytes) -> None:
        if not isinstance(body, bytes):
            raise LocalProtocolError(f"a body is bytes, not {type(body).__name__}")
        if len(body) < 4 or len(body) % 4 or len(body) > self._limits.frame_sent:
            allowed = f"a multiple of 4 up to {self._limits.frame_sent} is needed"
            raise LocalProtocolError(f"a body of {len(body)} bytes; {allowed}")

    def _next_msg_id(self, server_time: float) -> int:
        """Return an id above all that this session and its key have given out."""
        state, last = self.key_state, self._last_msg_id
        if server_time == self._numbered_at and last == state.last_msg_id and (last + 4) & _LOW_WORD:
            msg_id = last + 4  # of one packet; the random bits of its first id serve them all
        else:
            msg_id = client_msg_id(server_time, max(last, state.last_msg_id), self._random)
            self._numbered_at = server_time
        self._last_msg_id = state.last_msg_id = msg_id
        return msg_id

    def _current_salt(self, server_time: float) -> int:
        # The list is replaced whenever it changes, so that its identity tells whether the choice still stands.
        salts = self.key_state.salts
        if salts is not self._salts_seen or not 0 <= self._salt_until - server_time <= SALT_RECHECK:
            self._salts_seen = salts
            self._salt = self.key_state.salt_at(server_time)
            self._salt_until = server_time + SALT_RECHECK
        return self._salt

    # What is remembered of it.

    def _note_services(self, services: list[ServiceMessage]) -> None:
        for item in services:
            if item.kind in ANSWERED:
                self._asked[item.msg_id] = item
        while len(self._asked) > QUESTIONS_KEPT:
            del self._asked[next(iter(self._asked))]

    def _note_carrier(self, packet_id: int, items: tuple[ServiceMessage | Request, ...]) -> None:
        self._carriers[packet_id] = items
        if len(self._carriers) > CARRIERS_KEPT:
            del self._carriers[next(iter(self._carriers))]

    def _note_quick_ack(self, token: int, msg_ids: tuple[int, ...]) -> None:
        self._quick_acks[token] = msg_ids
        if len(self._quick_acks) > QUICK_ACKS_KEPT:
            del self._quick_acks[next(iter(self._quick_acks))]
