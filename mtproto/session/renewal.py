"""How a client gives up a session whose ids or numbers are of no more use, and begins a new one under the same key.

core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message, the codes 17, 18, 19, 32, 33.
"""

from __future__ import annotations

from collections.abc import Callable

from mtproto.session.calls import Calls
from mtproto.session.connection_state import ConnectionState
from mtproto.session.event_queue import EventQueue
from mtproto.session.events import ClientEvent, SessionRenewed
from mtproto.session.inbox import Inbox
from mtproto.session.outbox import Outbox
from mtproto.session.questions import Questions
from mtproto.session.request import RequestState
from mtproto.session.sealer import Sealer, new_session_id
from mtproto.session.sent_packets import SentPackets
from mtproto.session.server_time import ServerTime
from mtproto.session.time_window import NEVER

__all__ = ["RENEWAL_TIMEOUT", "Renewal"]

RENEWAL_TIMEOUT = 60.0
"""Seconds of a connection for which an unusable session waits for news of what was sent in it."""


class Renewal:
    """The change from one session to the next. Owned by the session's façade.

    Attributes:
        active: the session is being given up: nothing is sent but questions about what was sent.
        deadline: when it is given up without further news, local time; infinite while `active` is false.

    """

    __slots__ = (
        "_calls",
        "_code",
        "_connection",
        "_events",
        "_inbox",
        "_outbox",
        "_questions",
        "_random",
        "_sealer",
        "_sent",
        "_time",
        "active",
        "deadline",
    )

    def __init__(
        self,
        *,
        random: Callable[[int], bytes],
        events: EventQueue[ClientEvent],
        connection: ConnectionState,
        time: ServerTime,
        inbox: Inbox,
        outbox: Outbox,
        calls: Calls,
        questions: Questions,
        sent: SentPackets,
        sealer: Sealer,
    ) -> None:
        """Renew a session that has these parts; `random` gives that many random bytes, for its next id."""
        self._random = random
        self._events = events
        self._connection = connection
        self._time = time
        self._inbox = inbox
        self._outbox = outbox
        self._calls = calls
        self._questions = questions
        self._sent = sent
        self._sealer = sealer
        self._code = 0
        self.active = False
        self.deadline = NEVER

    def begin(self, code: int, now: float) -> None:
        """Give the session up because of a refusal with this code, once the fate of what was sent in it is known."""
        self._code = code
        self.active = True
        self.deadline = now + RENEWAL_TIMEOUT
        if code == 17:
            self._time.restart_ids()
        self._outbox.ask_about_all(now)

    def connection_made(self, now: float) -> None:
        """Wait anew for news, over the new connection."""
        if self.active:
            self.deadline = now + RENEWAL_TIMEOUT
            self.finish_if_ready(now)

    def finish_if_ready(self, now: float) -> None:
        """Begin the new session if nothing of the old one is open, or if a connection gave no news for long enough."""
        if not self.active:
            return
        overdue = self._connection.up and now >= self.deadline
        if overdue or not self._outbox.unsettled():
            self.finish()

    def finish(self) -> None:
        """Begin the new session now; of the calls that are still open the server is taken to know nothing."""
        self.active = False
        self.deadline = NEVER
        for request in self._outbox.sealed_calls():
            if request.state is not RequestState.QUEUED:
                reason = f"its session was given up after a bad_msg_notification {self._code}"
                self._calls.forgotten(request, reason)
        old, new = self._sealer.session_id, new_session_id(self._random)
        self._sealer.restart(new)
        self._inbox.restart()
        self._sent.clear()
        self._outbox.send_none_again()
        self._questions.session_ended(old)
        self._events.tell(SessionRenewed(old, new, self._code))
