"""The server's side of salts: one provider for each auth key, shared by all its sessions.

core.telegram.org/mtproto/description#server-salt: a salt is current for 30 minutes and is accepted for 30 more, so that
two are valid at a time; `get_future_salts` tells the next ones (core.telegram.org/mtproto/service_messages).
The client's side is `KeyState`, which belongs to the key as well.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

from mtproto.message import SALT_OVERLAP, Salt

__all__ = ["MAX_FUTURE_SALTS", "SALT_PERIOD", "ServerSalts"]

SALT_PERIOD = 1800
"""Seconds for which a salt is the current one."""

MAX_FUTURE_SALTS = 64
"""Salts in one answer to `get_future_salts`: documented."""

_LONG = Struct("<q")


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
        return [self._described(number + step) for step in range(min(max(count, 1), MAX_FUTURE_SALTS))]

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
        return int(_LONG.unpack(self._random(_LONG.size))[0])
