"""What a server does with a packet once its checks are made: accept it, answer a repetition, or refuse it.

A packet that is accepted may be handled in steps: `ServerReceiver` keeps the messages that are still to be handled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from mtproto.message import Unsealed, random_long
from mtproto.session import constructors as ids
from mtproto.session.events import Flooded, Repeated, SessionCreated
from mtproto.session.server_checks import ServerChecks
from mtproto.session.server_handlers import handle, handle_inner
from mtproto.session.server_parts import ServerParts
from mtproto.session.server_records import Received
from mtproto.session.verdicts import Finding, Verdict
from mtproto.session.wire import Message
from tl import service

__all__ = ["ServerReceiver"]


class ServerReceiver:
    """Handles the packets of one session. Owned by the session.

    Attributes:
        first_msg_id: the lowest msg_id of the client so far, which `new_session_created` names; 0 before the first.

    """

    __slots__ = ("_checks", "_parts", "_random", "_rest", "first_msg_id")

    def __init__(self, parts: ServerParts, checks: ServerChecks, random: Callable[[int], bytes]) -> None:
        self._parts = parts
        self._checks = checks
        self._random = random
        self._rest: deque[Message] = deque()  # messages of a container that are still to be handled
        self.first_msg_id = 0

    @property
    def unread(self) -> bool:
        """Whether messages of the last packet are still to be handled."""
        return bool(self._rest)

    def receive(self, message: Unsealed, verdict: Verdict, now: float, budget: int | None) -> None:
        """Handle a packet that came over the connection which carries the session; see `ServerSession.receive`."""
        match verdict.finding:
            case Finding.NEW:
                self._accept(message, verdict, now, budget)
            case Finding.REPEATED:
                for record in self._repeated_records(message, verdict):
                    self._parts.repeat(record, now)
            case _:
                notice = self._notice(message, verdict, now)
                if notice is not None:
                    self._parts.outbox.reply(notice)

    def turn_away(self, message: Unsealed, verdict: Verdict, now: float) -> bytes | None:
        """Deal with a packet that is not new and came over another connection; see `ServerSession.turn_away`.

        Returns the service message that tells the client, if there is one.
        """
        if verdict.finding is not Finding.REPEATED:
            return self._notice(message, verdict, now)
        for record in self._repeated_records(message, verdict):
            if record.seqno & 1:
                self._parts.acks.queue(record.msg_id, now)
        self._parts.tell(Repeated(message.msg_id))
        return None

    def notify_of_session(self, now: float) -> int:
        """Queue `new_session_created` in front of all others; return its unique_id.

        With the session's own first_msg_id no call is lost by the notice, whenever it comes; updates have a gap.

        new_session_created#9ec20908 first_msg_id:long unique_id:long server_salt:long = NewSession;
        """
        parts = self._parts
        unique_id = random_long(self._random)
        notice = service.types.NewSessionCreated(
            first_msg_id=self.first_msg_id, unique_id=unique_id, server_salt=parts.salts.current(now)
        )
        parts.outbox.notify_of_session(notice.to_bytes())
        return unique_id

    def _accept(self, message: Unsealed, verdict: Verdict, now: float, budget: int | None) -> None:
        """Handle a new packet."""
        parts = self._parts
        for tolerated in verdict.tolerated:
            parts.tell(tolerated)
        if verdict.messages is None:
            self._create(message.msg_id, now)
            handle(parts, Message(message.msg_id, message.seqno, message.body), now)
            return
        parts.register.remember(Received(message.msg_id, message.seqno, container=True, counted=parts.strict))
        self._create(min((inner.msg_id for inner in verdict.messages), default=message.msg_id), now)
        self._rest.extend(verdict.messages)
        self.read_on(now, budget)

    def read_on(self, now: float, budget: int | None) -> None:
        """Handle the messages of a container that are still to be handled, as many as the budget allows."""
        parts, rest = self._parts, self._rest
        reader = parts.reader
        end = reader.work + (budget or 0)
        with reader.within(ids.MSG_CONTAINER):
            while rest and (budget is None or reader.work < end):
                handle_inner(parts, rest.popleft(), now)
                if budget is not None:
                    reader.handled()

    def drop_rest(self) -> None:
        """Forget the messages that are still to be handled: as far as the client is told, they were not received."""
        self._rest.clear()

    def _create(self, first_msg_id: int, now: float) -> None:
        """Tell the client that a session was made for it, and again if an older message comes later."""
        if self.first_msg_id and first_msg_id >= self.first_msg_id:
            return
        self.first_msg_id = first_msg_id
        self._parts.tell(SessionCreated(first_msg_id, self.notify_of_session(now)))

    def _repeated_records(self, message: Unsealed, verdict: Verdict) -> list[Received]:
        msg_ids = [message.msg_id] if verdict.messages is None else [inner.msg_id for inner in verdict.messages]
        records = [self._parts.register.find(msg_id) for msg_id in msg_ids]
        return [record for record in records if record is not None]

    def _notice(self, message: Unsealed, verdict: Verdict, now: float) -> bytes | None:
        """Report a packet that is not accepted, and return the service message that tells the client."""
        match verdict.finding:
            case Finding.FLOOD:
                self._parts.tell(Flooded(verdict.reason))
                return None
            case Finding.DENIED:
                return self._parts.denial(message.msg_id)
        if verdict.forced:
            self._checks.force(0)
            self._parts.register.deny(message.msg_id)  # as no copy of what is refused for a reason would be accepted
        return self._parts.refusal(message.msg_id, message.seqno, verdict.code, now)
