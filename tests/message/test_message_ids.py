"""Message ids: who speaks, when, and always later than before."""

from __future__ import annotations

import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError
from mtproto.message.message_ids import (
    check_server_clock,
    client_msg_id,
    is_possible_time,
    msg_id_time,
    possible_time,
    server_msg_id,
)

times = st.floats(0, 2**31 - 1)


@given(now=st.floats())
def test_any_clock_is_good_for_an_id(now: float) -> None:
    assert is_possible_time(possible_time(now))
    assert client_msg_id(possible_time(now), 0, os.urandom) > 0


@given(now=st.floats())
def test_a_server_s_clock_leaves_room_for_what_it_promises(now: float) -> None:
    try:
        check_server_clock(now)
    except LocalProtocolError:
        assert not 1 <= now <= 2**31 - 3 * 86400
    else:
        assert is_possible_time(now + 2 * 86400)


@given(clock=st.lists(times, min_size=1, max_size=20))
def test_ids_of_a_client_grow_whatever_the_clock_does(clock: list[float]) -> None:
    last = 0
    for time in clock:
        msg_id = client_msg_id(time, last, os.urandom)
        assert msg_id > last
        assert msg_id % 4 == 0
        assert msg_id % 2**32 != 0
        last = msg_id


@given(clock=st.lists(st.tuples(times, st.booleans()), min_size=1, max_size=20))
def test_ids_of_a_server_grow_and_say_whether_they_reply(clock: list[tuple[float, bool]]) -> None:
    last = 0
    for time, reply in clock:
        msg_id = server_msg_id(time, last, reply=reply)
        assert msg_id > last
        assert msg_id % 4 == (1 if reply else 3)
        last = msg_id


@given(time=times)
def test_an_id_tells_its_time(time: float) -> None:
    assert abs(msg_id_time(client_msg_id(time, 0, os.urandom)) - time) < 0.001
    assert abs(msg_id_time(server_msg_id(time, 0, reply=True)) - time) < 1e-6


def test_ids_within_one_clock_tick_follow_each_other() -> None:
    first = client_msg_id(1000.0, 0, lambda size: b"\xff" * size)
    assert client_msg_id(1000.0, first, bytes) == first + 4
    assert client_msg_id(1000.0, first, lambda size: b"\xff" * size) == first + 4
    reply = server_msg_id(1000.0, 0, reply=True)
    assert server_msg_id(1000.0, reply, reply=True) == reply + 4
    assert server_msg_id(1000.0, reply, reply=False) > reply


def test_the_low_22_bits_of_a_clients_id_are_random_but_for_the_last_two() -> None:
    time = 1000.25 + 2**-11 + 2**-31  # both within the low 22 bits
    zeros, ones = client_msg_id(time, 0, bytes), client_msg_id(time, 0, lambda size: b"\xff" * size)
    assert zeros == int(1000.25 * 2**32)
    assert ones - zeros == 2**22 - 4


def test_a_whole_second_without_luck_still_has_a_fraction() -> None:
    assert client_msg_id(1000.0, 0, bytes) == (1000 << 32) + 4
    assert client_msg_id(999.0, (1000 << 32) - 4, bytes) == (1000 << 32) + 4


@pytest.mark.parametrize("time", [-1.0, float(2**31), math.inf, -math.inf, math.nan])
def test_a_time_that_no_id_can_hold_is_refused(time: float) -> None:
    with pytest.raises(LocalProtocolError):
        client_msg_id(time, 0, os.urandom)
    with pytest.raises(LocalProtocolError):
        server_msg_id(time, 0, reply=True)


def test_after_the_last_id_there_is_none() -> None:
    with pytest.raises(LocalProtocolError):
        client_msg_id(0, 2**63 - 4, os.urandom)
    with pytest.raises(LocalProtocolError):
        server_msg_id(0, 2**63 - 1, reply=False)
