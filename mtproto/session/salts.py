"""Salts: those that a server makes for one auth key, and those that a client knows and asks for.

core.telegram.org/mtproto/description#server-salt: a salt is current for 30 minutes and is accepted for 30 more, so that
two are valid at a time; `get_future_salts` tells the next ones (core.telegram.org/mtproto/service_messages).
What a client knows of the salts stands in the `KeyState`, which all sessions of a key share.
"""

from __future__ import annotations

from collections.abc import Callable

from mtproto.message import MAX_SALTS, SALT_OVERLAP, KeyState, Salt, random_long
from mtproto.session.time_window import NEVER

__all__ = ["SALT_PERIOD", "ClientSalts", "ServerSalts"]

SALT_PERIOD = 1800
"""Seconds for which a salt is the current one."""

SALTS_WANTED = 32
"""Salts that a client asks for at once: 16 hours."""

SALTS_RESERVE = 1800.0
"""Seconds before the end of the last known salt at which a client asks for more."""

SALTS_PAUSE = 60.0
"""Seconds between two `get_future_salts`, whatever the answers were."""

SALTS_REFUSED = 1800.0
"""Seconds for which no salts are asked for after a refusal: the server names each new one when the old one ends."""

SALT_RECHECK = 60.0
"""Seconds after which the salt to send with is looked up again."""


class ClientSalts:
    """The salt to send with, and the time to ask for more. Owned by one client session.

    Attributes:
        due: when `get_future_salts` is to be sent next, local time.

    """

    __slots__ = ("_not_before", "_salt", "_salt_until", "_salts_seen", "_state", "due")

    def __init__(self, state: KeyState) -> None:
        self._state = state
        self._not_before = 0.0
        self._salts_seen: object = None
        self._salt = 0
        self._salt_until = 0.0
        self.due = NEVER

    def current(self, server_time: float) -> int:
        """Return the salt to send with at that time of the server."""
        # The list is replaced whenever it changes, so that its identity tells whether the choice still stands.
        salts = self._state.salts
        if salts is not self._salts_seen or not 0 <= self._salt_until - server_time <= SALT_RECHECK:
            self._salts_seen = salts
            self._salt = self._state.salt_at(server_time)
            self._salt_until = server_time + SALT_RECHECK
        return self._salt

    def plan(self, now: float) -> None:
        """Set the time of the next `get_future_salts`: before the last known salt ends, and not too often."""
        last_end = self._state.salts_last_until() - self._state.time_offset
        self.due = max(last_end - SALTS_RESERVE, self._not_before, now)

    def asked(self, now: float) -> None:
        """Note that `get_future_salts` is sent, or still waits for its answer: the next one has to wait."""
        self.due = self._not_before = now + SALTS_PAUSE

    def refused(self, now: float) -> None:
        """Note that the server refuses to tell salts."""
        self._not_before = now + SALTS_REFUSED
        self.plan(now)

    def named(self, salt: int, now: float) -> None:
        """Take the salt that the server names as its present one."""
        self._state.set_salt(salt, self._state.server_time(now))
        self.plan(now)

    def told(self, salts: list[Salt], now: float) -> None:
        """Take the answer to `get_future_salts`."""
        self._state.add_salts(salts, self._state.server_time(now))
        self.plan(now)


class ServerSalts:
    """The salts of one auth key, made as time goes on.

    A salt with the number `i` is current from `start + i * SALT_PERIOD` and valid until `SALT_OVERLAP` seconds after
    its period. Times are Unix seconds. Owned by whoever owns the key's sessions.
    """

    __slots__ = ("_random", "_salts", "_start")

    def __init__(self, random: Callable[[int], bytes], now: float, *, first: int | None = None) -> None:
        """Begin at `now` with the salt `first`, which the key exchange gave to both sides, or with a random one."""
        self._random = random
        self._start = int(now)
        self._salts: dict[int, int] = {0: self._new() if first is None else first}

    def current(self, now: float) -> int:
        """Return the salt that the client should use now."""
        return self._salt(self._number(now))

    def accepts(self, salt: int, now: float) -> bool:
        """Say whether a message with this salt is accepted now."""
        number = self._number(now)
        return salt == self._salt(number) or (number > 0 and salt == self._salt(number - 1))

    def future(self, now: float, count: int) -> list[Salt]:
        """Return the current salt and those after it, `count` of them but at most 64, with their validity."""
        number = self._number(now)
        return [self._described(number + step) for step in range(min(max(count, 1), MAX_SALTS))]

    def rotate(self, now: float) -> None:
        """Make every salt given out so far invalid at once, as a server that lost them does."""
        self._salts.clear()
        self._start = int(now)

    def advance(self, now: float) -> None:
        """Let the next salt become the current one at once; the one before it is accepted for its 30 minutes more."""
        self._start -= SALT_PERIOD - (int(now) - self._start) % SALT_PERIOD

    def _number(self, now: float) -> int:
        number = max(0, int(now - self._start) // SALT_PERIOD)
        for old in [other for other in self._salts if other < number - 1]:
            del self._salts[old]
        return number

    def _salt(self, number: int) -> int:
        if number not in self._salts:
            self._salts[number] = self._new()
        return self._salts[number]

    def _described(self, number: int) -> Salt:
        since = self._start + number * SALT_PERIOD
        return Salt(since, since + SALT_PERIOD + SALT_OVERLAP, self._salt(number))

    def _new(self) -> int:
        return random_long(self._random)
