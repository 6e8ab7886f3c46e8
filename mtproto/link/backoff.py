"""When to connect again: at once, then ever later, never in step with others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtproto._options import named_fields

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DEFAULT_BACKOFF", "Backoff", "BackoffPolicy"]

_JITTER_STEPS = 1 << 16


@named_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class BackoffPolicy:
    """How long to wait before the attempts that follow each other without success. All times are in seconds."""

    first: float = 1.0
    """Before the second attempt. The first attempt is made at once, since most lost connections come back at once."""

    factor: float = 2.0
    """Each wait is this many times the one before."""

    ceiling: float = 60.0
    """No wait is longer: a user who comes back should not wait for minutes."""

    jitter: float = 0.5
    """This share of each wait is drawn at random, so that clients cut off together don't return together."""


DEFAULT_BACKOFF = BackoffPolicy()


class Backoff:
    """Counts attempts and tells the next wait. One owner: a link."""

    def __init__(self, random: Callable[[int], bytes], policy: BackoffPolicy = DEFAULT_BACKOFF) -> None:
        self._random = random
        self._policy = policy
        self._attempts = 0

    def succeeded(self) -> None:
        """Start over: the peer has proven that it holds the key."""
        self._attempts = 0

    def next_delay(self, *, at_once: bool = True) -> float:
        """Count an attempt and return how many seconds to wait before it; `at_once` allows none before the first."""
        policy = self._policy
        attempt, self._attempts = self._attempts, self._attempts + 1
        if attempt == 0 and at_once:
            return 0.0
        whole = min(policy.ceiling, policy.first * policy.factor ** min(max(attempt - 1, 0), 64))
        drawn = int.from_bytes(self._random(2), "little") / _JITTER_STEPS
        return whole * (1 - policy.jitter + policy.jitter * drawn)
