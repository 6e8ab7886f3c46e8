"""What a client knows of its server's clock: the offset, the window for ids that come, and the ids that it gives out.

core.telegram.org/mtproto/security_guidelines#checking-msg-id and
core.telegram.org/mtproto/description#message-identifier-msg-id. The first authentic id sets the offset, a later one
raises it. The offset is lowered only by `bad_msg_notification` 17 or by an answer that is older than its question.
"""

from __future__ import annotations

from collections.abc import Callable

from mtproto.errors import RemoteProtocolError
from mtproto.message import KeyState, client_msg_id, is_possible_time, least_msg_id, msg_id_time
from mtproto.session.event_queue import EventQueue
from mtproto.session.events import ClientEvent, Stale, TimeLearned
from mtproto.session.salts import ClientSalts
from mtproto.session.time_window import NEWEST, OLDEST, iso

__all__ = ["STALE_IN_A_ROW", "ServerTime"]

STALE_IN_A_ROW = 8
"""Packets outside the window one after the other before the peer's idea of time is called senseless."""

CLOCK_TOLERANCE = 15.0
"""Seconds by which an answer's id may be older than its question's before server time is lowered (as in TDLib)."""

NOTICEABLE = 1.0
"""Seconds by which the server's time has to move to be worth an event."""

_LOW_WORD = (1 << 32) - 1
_SECOND = 1 << 32
_MARGIN = 1 << 26  # 16 ms, or millions of ids, which are given out before the next ones would be too high again


class ServerTime:
    """The server's time as one client session knows it. Owned by the session; the offset stands in the `KeyState`.

    Attributes:
        packet_id: the id of the packet that is being read, by which the clock may be set anew.
        heard: the highest id of a packet that was accepted.

    """

    __slots__ = (
        "_events",
        "_last_msg_id",
        "_numbered_at",
        "_random",
        "_salts",
        "_stale_in_a_row",
        "_state",
        "heard",
        "packet_id",
    )

    def __init__(
        self,
        state: KeyState,
        salts: ClientSalts,
        events: EventQueue[ClientEvent],
        random: Callable[[int], bytes],
    ) -> None:
        """Begin with what the key knows.

        Args:
            state: holds the offset and the highest id given out.
            salts: are planned anew when the offset changes, since their ends are times of the server.
            events: where `TimeLearned` and `Stale` are told.
            random: gives that many random bytes, for ids.

        """
        self._state = state
        self._salts = salts
        self._events = events
        self._random = random
        self._stale_in_a_row = 0
        self._last_msg_id = 0
        self._numbered_at = -1.0  # the server time of that id
        self.packet_id = 0
        self.heard = 0

    # Ids that come.

    def accepts(self, msg_id: int, now: float) -> bool:
        """Learn server time from the id of an authentic packet, then say whether the id lies in the window.

        An id that is too old is told as `Stale`.

        Raises:
            RemoteProtocolError: no clock shows the time in the id, or too many ids in a row were too old.

        """
        state = self._state
        sent_at = msg_id_time(msg_id)
        if not is_possible_time(sent_at):
            raise RemoteProtocolError("msg_id", f"the peer's id says {iso(sent_at)}")
        if not state.time_known or sent_at - now > state.time_offset:
            self.learn(sent_at - now, now)
        # No id is ahead of server time, which was just raised to it: the other end of the window needs no check.
        if sent_at >= state.server_time(now) - OLDEST:
            self._stale_in_a_row = 0
            self.packet_id = msg_id
            if msg_id > self.heard:
                self.heard = msg_id
            return True
        theirs, ours = iso(sent_at), iso(state.server_time(now))
        self._events.tell(Stale(msg_id, f"it is of {theirs}, server time is {ours}"))
        self._stale_in_a_row += 1
        if self._stale_in_a_row >= STALE_IN_A_ROW:
            state.doubt_time()  # the next connection learns it anew
            raise RemoteProtocolError("msg_id", f"the peer's ids say {theirs}, its earlier ones said {ours}")
        return False

    def newest(self, now: float) -> int:
        """Return the highest id that the server may have given until now, as far as its clock is known."""
        return max(self.heard, least_msg_id(self._state.server_time(now)))

    def connection_made(self) -> None:
        """Count the ids that are too old from the beginning."""
        self._stale_in_a_row = 0

    # The clock.

    def learn(self, offset: float, now: float) -> None:
        """Take `offset` (seconds) for the server's clock less the local one."""
        state = self._state
        noticeable = not state.time_known or abs(offset - state.time_offset) >= NOTICEABLE
        state.learn_offset(offset)
        if noticeable:
            self._salts.plan(now)
            self._events.tell(TimeLearned(offset))

    def learn_anew(self, now: float) -> None:
        """Set the clock by the packet that is being read, even if that lowers it."""
        self.learn(msg_id_time(self.packet_id) - now, now)

    def check_answer(self, msg_id: int, req_msg_id: int, now: float) -> None:
        """Lower our idea of server time where an answer is older than its question: our clock was ahead."""
        if msg_id_time(req_msg_id) - msg_id_time(msg_id) > CLOCK_TOLERANCE:
            self.learn_anew(now)

    def lowered_since(self, msg_id: int, sent_at: float) -> bool:
        """Whether server time was lowered after an id was made, so that its refusal is no news of our clock."""
        return msg_id_time(msg_id) - sent_at > self._state.time_offset + NEWEST

    # Ids that are given out.

    def next_msg_id(self, server_time: float) -> int:
        """Return an id above all that this session and its key have given out."""
        state, last = self._state, self._last_msg_id
        if server_time == self._numbered_at and last == state.last_msg_id and (last + 4) & _LOW_WORD:
            msg_id = last + 4  # of one packet; the random bits of its first id serve them all
        else:
            msg_id = client_msg_id(server_time, max(last, state.last_msg_id), self._random)
            self._numbered_at = server_time
        self._last_msg_id = msg_id
        state.note_msg_id(msg_id)
        return msg_id

    def lower_ids(self, now: float) -> None:
        """Go on with ids that the server accepts now (bad_msg_notification 17). Those it has accepted are lower."""
        too_high = int((self._state.server_time(now) + NEWEST) * _SECOND)
        if self._last_msg_id > too_high:
            self._restart_ids((too_high - _MARGIN) & -4)

    def restart_ids(self) -> None:
        """Go on with ids of the server's present time, be they lower than those given out: a new session begins."""
        self._restart_ids(0)

    def _restart_ids(self, last: int) -> None:
        self._last_msg_id = last
        self._state.note_msg_id(last)
        self._numbered_at = -1.0
