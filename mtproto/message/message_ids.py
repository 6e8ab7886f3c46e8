"""Message ids: the sender's clock in units of 2^-32 s, and in the last two bits who speaks.

core.telegram.org/mtproto/description#message-identifier-msg-id. A client's ids are multiples of 4; a server's leave
1 when they answer a message of the client, else 3. Ids of one sender grow.
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
"""Seconds: with a later clock an id would not fit into a signed long."""

LATEST_TIME = MAX_TIME - 86400.0
"""Unix seconds: the last time of a server that is believed. A day later ids are used up."""

LATEST_SERVER_TIME = LATEST_TIME - 2 * 86400.0
"""Unix seconds: the last time at which a server works: the salts that it promises end up to two days later."""

PAST = 1_700_000_000.0
"""Unix seconds of November 2023, which have passed on every server: a time for who knows nothing better."""

RANDOM_BITS = (1 << 22) - 4
"""The low 22 bits less the last two: about 1 ms, less than what any clock of a client is right to."""


def client_msg_id(server_time: float, last: int, random: Callable[[int], bytes]) -> int:
    """Return the next id of a client: a multiple of 4, greater than `last`.

    The low 22 bits are random, so that a clock of whole seconds does not give ids whose low 32 bits are zero, which
    servers refuse.

    Args:
        server_time: what the server's clock shows, Unix seconds.
        last: the highest id given out before, 0 if there is none.
        random: gives that many random bytes.

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
    """Return the time in an id, Unix seconds by the clock of the server."""
    return msg_id / SECOND


def is_possible_time(server_time: float) -> bool:
    """Tell whether a server's clock may show this (Unix seconds): an id holds 1970 to 2038. No NaN is possible."""
    return 0 <= server_time <= LATEST_TIME


def possible_time(now: float) -> float:
    """Return what to take for the server's time where nothing but a local clock is known, right or wrong."""
    return now if is_possible_time(now) else PAST


def check_server_clock(now: float) -> None:
    """See that a server can work with this clock.

    Raises:
        LocalProtocolError: it shows a time (`now`, Unix seconds) that message ids and salts can't hold, or none.

    """
    if not 1 <= now <= LATEST_SERVER_TIME:
        raise LocalProtocolError(
            f"the clock of this server shows {now:.0f} s since 1970; message ids end in 2038, and nothing works without"
        )


def _checked(msg_id: int) -> int:
    if msg_id >= MAX_TIME * SECOND:
        raise LocalProtocolError("message ids are used up")
    return msg_id
