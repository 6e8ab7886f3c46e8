"""Message ids: the sender's clock in units of 2^-32 s; the last two bits say who sends.

core.telegram.org/mtproto/description#message-identifier-msg-id. A client's ids are multiples of 4; a server's leave
1 when they answer a message of the client, else 3. The ids of one sender grow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "LATEST_TIME",
    "MAX_TIME",
    "check_server_clock",
    "client_msg_id",
    "is_possible_time",
    "least_msg_id",
    "msg_id_time",
    "possible_time",
    "server_msg_id",
]

SECOND = 1 << 32
"""What one second adds to an id."""

MAX_TIME = 1 << 31
"""Unix seconds: the id of a later time would not fit into a signed long."""

LATEST_TIME = MAX_TIME - 86400.0
"""Unix seconds: a later time of a server is not believed. One day later, ids are used up."""

LATEST_SERVER_TIME = LATEST_TIME - 2 * 86400.0
"""Unix seconds: a server refuses to work at a later time. The salts that a server promises end up to two days later."""

PAST = 1_700_000_000.0
"""Unix seconds of November 2023, which are past on every server: the time to use where no better one is known."""

RANDOM_BITS = (1 << 22) - 4
"""The low 22 bits without the last two: about 1 ms. No clock of a client is more exact than that."""


def client_msg_id(server_time: float, last: int, random: Callable[[int], bytes]) -> int:
    """Return the next id of a client: a multiple of 4, greater than `last`.

    The low 22 bits are random. Without them, a clock of whole seconds would give ids whose low 32 bits are zero, and
    servers refuse such ids.

    Args:
        server_time: the time by the server's clock, Unix seconds.
        last: the highest id that was given out before, 0 if there is none.
        random: returns that many random bytes.

    Raises:
        LocalProtocolError: `server_time` or `last` is outside what an id can hold (1970 to 2038).

    """
    msg_id = least_msg_id(server_time) & ~RANDOM_BITS | int.from_bytes(random(3), "little") & RANDOM_BITS
    if msg_id <= last:
        msg_id = (last & -4) + 4
    if msg_id % SECOND == 0:
        msg_id += 4
    return _checked(msg_id)


def server_msg_id(server_time: float, last: int, *, reply: bool) -> int:
    """Return the next id of a server, greater than `last`: modulo 4 it is 1 for a reply, 3 for anything else.

    Args:
        server_time: Unix seconds.
        last: the highest id given out before, 0 if there is none.
        reply: whether the message answers one of the client's.

    Raises:
        LocalProtocolError: as in `client_msg_id`.

    """
    return _checked(max(least_msg_id(server_time), (last & -4) + 4) + (1 if reply else 3))


def least_msg_id(server_time: float) -> int:
    """Return a multiple of 4 below every id that a server gives at this time (Unix seconds) or later.

    Raises:
        LocalProtocolError: the time is outside what an id can hold (1970 to 2038).

    """
    if not 0 <= server_time < MAX_TIME:
        raise LocalProtocolError("the server's time is outside what a message id can hold")
    return int(server_time * SECOND) & -4


def msg_id_time(msg_id: int) -> float:
    """Return the time in a message id: Unix seconds by the server's clock."""
    return msg_id / SECOND


def is_possible_time(server_time: float) -> bool:
    """Tell whether a message id can hold this time of a server (Unix seconds, 1970 to 2038). NaN is not possible."""
    return 0 <= server_time <= LATEST_TIME


def possible_time(now: float) -> float:
    """Return the server's time as far as a local clock tells it: `now` if that is possible, else a time in the past."""
    return now if is_possible_time(now) else PAST


def check_server_clock(now: float) -> None:
    """Check that a server can work with this clock.

    Raises:
        LocalProtocolError: `now` (Unix seconds) is a time that message ids and salts can't hold.

    """
    if not 1 <= now <= LATEST_SERVER_TIME:
        raise LocalProtocolError(
            f"the clock of this server shows {now:.0f} s since 1970; message ids end in 2038, and nothing works without"
        )


def _checked(msg_id: int) -> int:
    if msg_id >= MAX_TIME * SECOND:
        raise LocalProtocolError("message ids are used up")
    return msg_id
