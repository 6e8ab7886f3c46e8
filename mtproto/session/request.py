"""The handle of one call of a client, and the states that a call goes through.

core.telegram.org/mtproto/service_messages_about_messages says what a client may know of a message that it has sent.
A `Request` records what is known of one call; each change of that record is a method here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple, TypeAlias

from mtproto.session.time_window import NEVER

__all__ = ["ASK_ABOUT_ACKED", "ASK_ABOUT_LOST", "ASK_AFTER", "Body", "Request", "RequestState", "SendContext"]

ASK_AFTER = 10.0
"""Seconds without news of a call after which the server is asked about it (`msgs_state_req`)."""

ASK_ABOUT_ACKED = 60.0
"""The same for a call that was acknowledged on this connection: it may simply take long."""

ASK_ABOUT_LOST = 5.0
"""The same for a call that was sent into a connection that is gone, or in a session that the server has lost."""

TRIES = 6
"""Questions in a row about a call, without any news of it, before its outcome is decided without the server's word."""

TRIES_ABOUT_LOST = 2
"""The same for a call that `ASK_ABOUT_LOST` speaks of: while the server is there, ten seconds are enough."""

OLD_IDS = 8
"""How many earlier ids of a call are kept, so that an answer to one of them still finds the call."""

INVALID_CONTAINER = 64
"""The code of a `bad_msg_notification` after which a call is sent outside of any container."""


class SendContext(NamedTuple):
    """The values that are known only when a call is sealed, and on which its body may depend.

    Attributes:
        msg_id: the id that the message is about to get, signed 64 bits.
        session_id: the session that the message is sent in, signed 64 bits.
        server_time: Unix seconds by the server's clock.

    """

    msg_id: int
    session_id: int
    server_time: float


Body: TypeAlias = bytes | Callable[[SendContext], bytes]
"""One serialized boxed function call; or a function that makes one, called at each sealing."""


class RequestState(Enum):
    """How far a call has come."""

    QUEUED = "waits to be sealed"
    SENT = "sealed into a packet of this connection"
    UNKNOWN = "sealed into a packet of a lost connection"
    ACKED = "the server has it"
    SETTLED = "answered, lost or cancelled"


class Request:
    """The handle of one call, given out by `send`. Two are equal only if they are the same object.

    The fields are read by everybody and written by the methods of this class only. The `Outbox` that holds the call
    calls these methods, so that its own books agree with the call's state.

    Attributes:
        body: the argument of `send`; empty once the call was cancelled after it was sent.
        after: the calls that have to succeed before the server executes this one.
        idempotent: the call may be executed twice, so that it is sent again where its outcome can't be known.
        want_quick_ack: whether the call's packet asks for a quick acknowledgement.
        alone: the call shares no packet with another call that is sent alone.
        state: how far the call has come.
        msg_id: the id that the call was last sealed under, signed 64 bits; 0 before.
        failed: the call ended without a result, so that calls that were to follow it can't succeed.
        followers: the calls of the same session that were to follow this one.
        order: the call's place in the order of `send`.
        seqno: the number that the call was last sealed under.
        packet_id: the id of the container that carried the call last; `msg_id` where it went alone.
        sent_at: when the call was last sealed, local time.
        timed: whether the server's time was known then.
        ask_at: when the server is to be asked about the call, local time.
        lost: the call's connection or session is gone, and the server has said nothing of the call since.
        tries: questions about the call since the last news of it.
        asked_after: no packet that the server made before the last of these questions has a higher msg_id.
        silences: how often the call was sent again because nobody said what became of it.
        recoveries: steps taken to get an answer that the server has.
        old_ids: earlier ids under which the call is still found.
        refusals: how often the call was refused, by code.
        outbox: the outbox that holds or held the call; None before.
        patient: the call waits here until `after` is settled, since the server would not wait so long.

    """

    __slots__ = (
        "after",
        "alone",
        "ask_at",
        "asked_after",
        "body",
        "failed",
        "followers",
        "idempotent",
        "lost",
        "msg_id",
        "old_ids",
        "order",
        "outbox",
        "packet_id",
        "patient",
        "recoveries",
        "refusals",
        "sent_at",
        "seqno",
        "silences",
        "state",
        "timed",
        "tries",
        "want_quick_ack",
    )

    def __init__(
        self,
        body: Body,
        after: Sequence[Request] = (),
        idempotent: bool = False,
        want_quick_ack: bool = False,
        alone: bool = False,
    ) -> None:
        """Make the handle of a call that is in no session yet; arguments as in `ClientSession.send`."""
        self.body = body
        self.after = tuple(after)
        self.idempotent = idempotent
        self.want_quick_ack = want_quick_ack
        self.alone = alone
        self.reset()

    def reset(self) -> None:
        """Become a call that was never sent and is in no session."""
        self.state = RequestState.QUEUED
        self.msg_id = 0
        self.failed = False
        self.followers: list[Request] = []
        self.order = 0
        self.seqno = 0
        self.packet_id = 0
        self.sent_at = 0.0
        self.timed = False
        self.ask_at = NEVER
        self.lost = False
        self.tries = 0
        self.asked_after = 0
        self.silences = 0
        self.recoveries = 0
        self.old_ids: tuple[int, ...] = ()
        self.refusals: dict[int, int] = {}
        self.outbox: object | None = None
        self.patient = False

    def __repr__(self) -> str:
        return f"Request(msg_id={self.msg_id}, {self.state.name})"

    # Questions.

    @property
    def uncontained(self) -> bool:
        """Whether the call has to go without a container around it: its last container was refused as invalid."""
        return INVALID_CONTAINER in self.refusals

    @property
    def ready(self) -> bool:
        """Whether the call may be sealed: each call before it has an id that the server knows, or has succeeded."""
        settled = (RequestState.SETTLED,)
        known = settled if self.patient else (RequestState.SENT, RequestState.ACKED, *settled)
        return all(before.state in known for before in self.after)

    @property
    def ask_pause(self) -> float:
        """Seconds after which the server is asked about the call again."""
        if self.lost:
            return ASK_ABOUT_LOST
        return ASK_ABOUT_ACKED if self.state is RequestState.ACKED else ASK_AFTER

    @property
    def tries_allowed(self) -> int:
        """How many questions about the call may stay without news of it.

        An acknowledged call that was lost has waited for its answer for ten seconds before the first question.
        """
        if not self.lost:
            return TRIES
        return 1 if self.state is RequestState.ACKED else TRIES_ABOUT_LOST

    def waits_for(self) -> list[int]:
        """Return the msg_ids of the calls that the server has to wait for before it executes this one."""
        return [before.msg_id for before in self.after if before.state is not RequestState.SETTLED]

    # Beginning and end.

    def joined(self, outbox: object, order: int) -> None:
        """Wait in this outbox, with this place in the order of `send`."""
        self.order = order
        self.outbox = outbox
        self.state = RequestState.QUEUED
        for before in self.after:
            before.followed_by(self)

    def followed_by(self, follower: Request) -> None:
        """Note a call that is to follow this one."""
        self.followers.append(follower)

    def follow(self, after: Sequence[Request]) -> None:
        """Name anew the calls that have to succeed first; only for a call that is in no session."""
        self.after = tuple(after)

    def settle(self, *, failed: bool) -> None:
        """End: the call is answered, lost or cancelled."""
        self.state = RequestState.SETTLED
        self.failed = failed
        self.after = ()  # or each call of a long chain would keep all before it alive

    def end_unsent(self) -> None:
        """End a call that no session has got. Calls that were to follow it fail as they would in a session."""
        self.state = RequestState.SETTLED
        self.failed = True

    def drop_body(self) -> None:
        """Let the body go: the call was cancelled and is never sealed again."""
        self.body = b""

    # On the way to the server.

    def sealed(self, msg_id: int, seqno: int, packet_id: int, now: float, *, timed: bool) -> int:
        """Take the numbers under which the call went into a packet; return the earlier id that is forgotten, or 0."""
        forgotten = 0
        if self.msg_id:
            self.old_ids += (self.msg_id,)
            if len(self.old_ids) > OLD_IDS:
                forgotten = self.old_ids[0]
                self.old_ids = self.old_ids[1:]
        self.msg_id = msg_id
        self.seqno = seqno
        self.packet_id = packet_id
        self.sent_at = now
        self.timed = timed
        self.state = RequestState.SENT
        self.lost = False
        self.tries = self.recoveries = 0
        self.ask_at = now + ASK_AFTER
        return forgotten

    def requeued(self) -> None:
        """Wait to be sealed again."""
        self.state = RequestState.QUEUED
        self.ask_at = NEVER

    def refused(self, code: int) -> int:
        """Count a refusal with this code; return how many there were."""
        times = self.refusals[code] = self.refusals.get(code, 0) + 1
        return times

    def wait_patiently(self) -> None:
        """Wait on this side until all calls before this one are settled."""
        self.patient = True

    # News of the connection.

    def connection_lost(self) -> None:
        """Apply the three-way rule: a call that was sent and not acknowledged is unknown from now on."""
        self.lost = True
        if self.state is RequestState.SENT:
            self.state = RequestState.UNKNOWN

    def connection_made(self, now: float) -> None:
        """Be asked about at once where the call is unknown; where it was acknowledged, if no answer comes."""
        self.tries = 0
        if self.state is RequestState.UNKNOWN:
            self.ask_at = now
        elif self.state is RequestState.ACKED:
            self.ask_at = now + ASK_AFTER

    # News of the call.

    def acked(self, now: float) -> bool:
        """Note that the server has the call; return whether that is news."""
        if self.state not in (RequestState.SENT, RequestState.UNKNOWN):
            return False
        # An answer that was sent into the lost connection comes again at once, or something is wrong.
        self.ask_at = now + (ASK_ABOUT_ACKED if self.state is RequestState.SENT else ASK_AFTER)
        self.state = RequestState.ACKED
        self.lost = False
        self.tries = 0
        self.refusals.clear()
        return True

    def running(self) -> None:
        """Note that the server has said once more that it has the call."""
        self.lost = False
        self.tries = 0

    def doubted(self) -> None:
        """Note that a late copy was refused: the server may have taken the first one."""
        self.state = RequestState.UNKNOWN

    def session_lost(self) -> None:
        """Note that the server has lost the session in which the call was sent."""
        self.lost = True

    def silent(self) -> None:
        """Note that the call is decided without the server's word."""
        self.silences += 1

    def recovering(self) -> int:
        """Count a step taken to get an answer that the server has; return how many there were."""
        self.recoveries += 1
        return self.recoveries

    # Questions about the call (msgs_state_req).

    def ask(self, at: float) -> None:
        """Be asked about at that time (local)."""
        self.ask_at = at

    def asked(self, now: float, newest: int) -> None:
        """Note a question about the call; `newest` is the highest msg_id that the server may have given until now."""
        self.ask_at = now + self.ask_pause
        self.tries += 1
        self.asked_after = newest

    def unask(self) -> None:
        """Take the last question back: the server has not taken it."""
        self.tries = max(0, self.tries - 1)

    def asked_enough(self) -> None:
        """Count as asked about as often as is allowed."""
        self.tries = self.tries_allowed
