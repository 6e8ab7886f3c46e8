"""The `new_session_created` notices that a client has had.

core.telegram.org/mtproto/service_messages#new-session-creation-notification
"""

from __future__ import annotations

__all__ = ["NEW_SESSIONS_KEPT", "SessionNotices"]

NEW_SESSIONS_KEPT = 64
"""Pairs of ids of `new_session_created` notices that are remembered."""


class SessionNotices:
    """The sessions that the server says it has made under our session id. Owned by one session."""

    __slots__ = ("_known", "_lost_below_id")

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], None] = {}  # unique_id and first_msg_id
        self._lost_below_id = 0

    @property
    def any_known(self) -> bool:
        """Whether a notice has come before, so that another one means a gap in the updates."""
        return bool(self._known)

    def note(self, unique_id: int, first_msg_id: int) -> bool:
        """Take the ids of a notice; return whether the notice is new. Some servers name the session as unique_id."""
        pair = (unique_id, first_msg_id)
        if pair in self._known:
            return False
        self._known[pair] = None
        if len(self._known) > NEW_SESSIONS_KEPT:
            del self._known[next(iter(self._known))]
        self._lost_below_id = max(self._lost_below_id, first_msg_id)
        return True

    def take_lost_below(self) -> int:
        """Return the highest `first_msg_id` of the notices since the last call of this method; 0 without a notice."""
        lost_below_id, self._lost_below_id = self._lost_below_id, 0
        return lost_below_id
