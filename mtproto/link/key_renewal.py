"""When a temporary key is replaced, and when the next key is bound: the one place that decides on that."""

from __future__ import annotations

__all__ = ["EXPIRES_IN", "KeyRenewal"]

EXPIRES_IN = 86400
"""Seconds that a temporary key lives: what the documentation proposes."""

RENEW_EARLY = 900.0
"""Seconds before its end at which a key is replaced: time for many attempts. Never more than a tenth of its life."""

SETTLE_TIME = 5.0
"""Seconds that the calls under the old key may take before the new one is bound all the same."""

RENEW_AGAIN = 60.0
"""Seconds after a new key could not be had before the next attempt, while the old one is still good."""


class KeyRenewal:
    """The times of one succession of temporary keys after the other. All are Unix seconds by the local clock.

    Args:
        expires_in: seconds that a temporary key lives.

    """

    __slots__ = ("_early", "_not_before", "_settle_until")

    def __init__(self, expires_in: int) -> None:
        self._early = min(RENEW_EARLY, expires_in / 10)
        self._not_before = 0.0
        self._settle_until: float | None = None

    @property
    def settle_until(self) -> float | None:
        """When the new key is bound whatever calls are open under the old one; None before that was asked."""
        return self._settle_until

    def renew_at(self, ends_at: float) -> float:
        """Return when a bound key that ends at `ends_at` is to be replaced."""
        return max(ends_at - self._early, self._not_before)

    def has_settled(self, open_calls: int, now: float) -> bool:
        """Return whether the new key may be bound: no call is open under the old one, or there was time enough.

        The time begins with the first question.
        """
        if self._settle_until is None:
            self._settle_until = now + SETTLE_TIME
        return not open_calls or now >= self._settle_until

    def done(self) -> None:
        """Take notice that the new key has taken the place of the old one."""
        self._settle_until = None

    def failed(self, now: float) -> None:
        """Take notice that the new key could not be had: the old one is used on, and another attempt is made later."""
        self._settle_until = None
        self._not_before = now + RENEW_AGAIN
