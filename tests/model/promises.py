"""What has to hold in a world, whatever happens in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import OutcomeUnknown
from mtproto.session import MessageRefused
from tests.model.calls import NOT_BOUND

if TYPE_CHECKING:
    from collections import Counter

    from mtproto.link import ServerKey, ServerSessions
    from tests.model.calls import Call, Desk

__all__ = ["Promises"]

ANSWER_LIFETIME = 600.0
"""Seconds after which a server may forget an answer that was not acknowledged: documented as ten minutes."""

KEY_ENDS_EARLY = 1.0
"""Seconds by which a temporary key may end earlier by the client's count: it is told whole seconds."""

ATTEMPTS = 5
"""Keys and bindings that are lost one after the other before a caller may be told of it."""

WAIT_ERRORS = {"MSG_WAIT_FAILED", "MSG_WAIT_TIMEOUT"}
"""The errors of calls that follow others."""

CLOCK_CODES = {16, 17}
"""Refusals that end a call when the clock is found wrong twice while it waits; it was not executed then."""


class Promises:
    """What is promised of calls and updates. A base of `World`, of no use alone.

    Attributes:
        now: the server's clock, Unix seconds.
        state: what the server knows.
        forgot_at: when it last forgot anything.
        calls: every call that was ever made.
        updates: how often each update came.
        desk: what executes and answers calls.
        keys_lost: how often the server forgot temporary keys.

    """

    now: float
    state: ServerSessions
    forgot_at: float
    calls: list[Call]
    updates: Counter[int]
    desk: Desk
    keys_lost = 0

    def check(self) -> None:
        for call in self.calls:
            assert len(call.ends) <= 1, f"call {call.number} was settled {len(call.ends)} times"
            assert call.executed <= 1 or call.idempotent, f"call {call.number} was executed {call.executed} times"
            assert not (call.refused and call.executed), f"call {call.number} was refused, and executed"
        for number, count in self.updates.items():
            assert count == 1, f"update {number} came {count} times"

    def _check_answer(self, call: Call, error: str) -> None:
        if error in WAIT_ERRORS:
            assert any(before.failed for before in call.after), f"{error}, but none of those that it follows has failed"
        elif error == NOT_BOUND:
            assert self.desk.refusals + self.keys_lost >= ATTEMPTS, "a caller is told that a key is not bound"
        else:
            assert error in call.errors, f"the server has never answered {error}"

    def _check_lost(self, call: Call, error: Exception) -> None:
        if isinstance(error, MessageRefused) and error.code in CLOCK_CODES:
            call.refused = True
            return
        assert isinstance(error, OutcomeUnknown), f"a call was lost: {error!r}"
        assert call.sealed_at is not None, "the outcome of a call that was never sent is known"
        assert not call.idempotent, "a call that may be executed twice needs no known outcome"
        forgotten = self.forgot_at >= call.sealed_at or self.now - call.sealed_at >= ANSWER_LIFETIME
        forgotten |= not call.keys <= {key.auth_key.id for key in self.state if not self._ends(key)}
        assert forgotten, f"the server forgot nothing: {error}"

    def _ends(self, key: ServerKey) -> bool:
        return key.expires_at is not None and key.expires_at - self.now <= KEY_ENDS_EARLY
