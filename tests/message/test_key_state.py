"""The state of a key: what a store keeps of it, salts and their times."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import OptionError
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import (
    FURTHEST_OFFSET,
    MAX_SALTS,
    SALT_OVERLAP,
    ExchangeResult,
    KeyState,
    KeyStateDamaged,
    Salt,
)
from mtproto.message.message_ids import LATEST_TIME, client_msg_id, is_possible_time
from tests.vectors.generate import KEYS, OWN

longs = st.integers(-(2**63), 2**63 - 1)
times = st.floats(0, LATEST_TIME)
seconds = st.tuples(st.integers(0, 2**31), st.integers(0, 2**31)).filter(lambda pair: pair[0] < pair[1])
salts = st.builds(lambda ends, salt: Salt(ends[0], ends[1], salt), seconds, longs)
states = st.builds(
    KeyState,
    auth_key=st.sampled_from([AuthKey(data) for data in KEYS.values()]),
    dc_id=st.integers(-(2**31), 2**31 - 1),
    salts=st.lists(salts, max_size=5),
    time_offset=st.floats(-FURTHEST_OFFSET, FURTHEST_OFFSET),
    last_msg_id=times.map(lambda time: int(time * 2**32)),
    expires_at=st.none() | times,
)


def state(*known: Salt) -> KeyState:
    return KeyState(auth_key=AuthKey(KEYS["ordinary"]), salts=list(known))


@given(original=states)
def test_a_store_keeps_everything(original: KeyState) -> None:
    assert KeyState.from_bytes(original.to_bytes()) == original


@given(
    now=st.floats(0, 4.2e9),
    offset=st.floats(),
    last=longs,
    known=st.lists(st.builds(Salt, longs, longs, longs), max_size=3),
    end=st.floats(),
)
def test_no_stored_number_leads_outside_what_an_id_can_hold(
    now: float, offset: float, last: int, known: list[Salt], end: float
) -> None:
    kept = replace(state(*known), time_offset=offset, last_msg_id=last, expires_at=end)
    read = KeyState.from_bytes(kept.to_bytes())
    server_time = read.server_time(now)
    assert is_possible_time(server_time)
    assert read.server_time(now + 60) == pytest.approx(min(server_time + 60, read.server_time(now + 60)))
    assert client_msg_id(server_time, read.last_msg_id, bytes) > read.last_msg_id
    assert read.expires_at is not None  # a temporary key stays one
    read.set_salt(5, server_time)
    assert read.salt_at(server_time) == 5
    assert 0 < read.salts_last_until() <= 2**31
    KeyState.from_bytes(read.to_bytes())


@pytest.mark.parametrize("offset", [FURTHEST_OFFSET * 1.01, -FURTHEST_OFFSET * 1.01, math.inf, -math.inf, math.nan])
def test_a_stored_offset_that_no_clock_has_is_dropped(offset: float) -> None:
    assert KeyState.from_bytes(replace(state(), time_offset=offset).to_bytes()).time_offset == 0


def test_an_offset_that_can_not_be_is_forgotten_and_the_clock_believed() -> None:
    kept = replace(state(), time_offset=1.7e9, time_known=True)
    assert kept.server_time(1.75e9) == 1.75e9
    assert (kept.time_offset, kept.time_known) == (0.0, False)


def test_a_clock_that_can_not_be_is_not_believed_where_the_key_knows_better() -> None:
    kept = replace(state(), last_msg_id=1_750_000_000 << 32)
    assert kept.server_time(4e9) == 1_750_000_000
    assert kept.server_time(4e9 + 60) == 1_750_000_060  # and goes on from there
    assert is_possible_time(state().server_time(4e9))


def test_what_is_learned_meanwhile_does_no_harm() -> None:
    class Replaced(list[Salt]):
        def __len__(self) -> int:
            original.salts = []  # as another thread might do
            return super().__len__()

    original = state()
    original.salts = Replaced([Salt(1, 2, 3)])
    assert KeyState.from_bytes(original.to_bytes()).salts == [Salt(1, 2, 3)]


def test_that_the_clock_is_known_is_not_kept() -> None:
    original = state()
    original.time_known = True
    assert not KeyState.from_bytes(original.to_bytes()).time_known


def test_every_damage_is_noticed() -> None:
    original = state(Salt(1, 2, 3))
    data = original.to_bytes()
    for index in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[index] ^= 1 << bit
            with pytest.raises(KeyStateDamaged):
                KeyState.from_bytes(bytes(changed))
        with pytest.raises(KeyStateDamaged):
            KeyState.from_bytes(data[:index])
    with pytest.raises(KeyStateDamaged):
        KeyState.from_bytes(data + b"\0")


def with_checksum(content: bytes) -> bytes:
    return content + sha256(content).digest()[:8]


def test_a_state_of_an_earlier_version_is_read_without_what_it_says_of_init_connection() -> None:
    (full,) = [vector for vector in json.loads(OWN.read_text())["vectors"] if vector.get("name") == "full-with-layer"]
    older = bytes.fromhex(full["bytes"])
    read = KeyState.from_bytes(older)
    assert (read.dc_id, len(read.salts), read.expires_at) == (-2, 2, 1_700_086_400.25)
    assert KeyState.from_bytes(read.to_bytes()) == read
    assert len(read.to_bytes()) == len(older) - 32  # the digest


def test_a_right_checksum_does_not_excuse_wrong_content() -> None:
    content = state(Salt(1, 2, 3)).to_bytes()[:-8]
    KeyState.from_bytes(with_checksum(content))
    later_version = content[:4] + b"\x02" + content[5:]
    for bad in (later_version, content[:-1], content + b"\0", content[:20], content[:4], b""):
        with pytest.raises(KeyStateDamaged):
            KeyState.from_bytes(with_checksum(bad))


def test_a_repr_shows_neither_key_nor_salt() -> None:
    shown = state(Salt(1, 2, 123456789))
    result = ExchangeResult(shown.auth_key, 123456789, 0.0)
    for text in (repr(shown), str(shown), repr(result), repr(shown.salts)):
        assert "123456789" not in text
        assert shown.auth_key.data.hex() not in text
        assert repr(shown.auth_key.data) not in text
    assert str(shown.auth_key.id) in repr(shown)


def test_a_state_begins_with_what_the_exchange_left() -> None:
    result = ExchangeResult(AuthKey(KEYS["ordinary"]), -5, 1.5, expires_at=2000.0, server_time=1000.0)
    made = KeyState.from_exchange(result, dc_id=2)
    assert (made.auth_key, made.dc_id, made.time_offset, made.expires_at) == (result.auth_key, 2, 1.5, 2000.0)
    assert made.salts == [Salt(1000, 1000 + SALT_OVERLAP, -5)]
    assert (made.last_msg_id, made.time_known) == (0, False)
    assert made.server_time(10.0) == 11.5


@pytest.mark.parametrize(("own", "other", "good"), [(2, 2, True), (2, -2, True), (2, 4, False), (0, 4, True)])
def test_a_key_is_used_on_its_own_data_centre_only(own: int, other: int, good: bool) -> None:
    """Where it is not known which one that is (0), any is believed."""
    kept = KeyState(auth_key=AuthKey(bytes(range(256))), dc_id=own)
    if good:
        kept.check_dc(other)
    else:
        with pytest.raises(OptionError, match="belongs to DC 2, not to DC 4"):
            kept.check_dc(other)


def test_a_salt_is_used_while_it_is_valid() -> None:
    first, second, third = Salt(0, 3600, 1), Salt(1800, 5400, 2), Salt(3600, 7200, 3)
    known = state(third, first, second)
    assert known.salt_at(100) == 1
    for time in range(0, 7200, 50):
        chosen = next(salt for salt in (first, second, third) if salt.salt == known.salt_at(time))
        assert chosen.valid_since <= time <= chosen.valid_until
    assert known.salt_at(7100) == 3


def test_a_clock_that_is_a_little_wrong_still_meets_a_valid_salt() -> None:
    known = state(*(Salt(1800 * i, 1800 * i + 3600, i) for i in range(10)))
    for time in range(1800, 1800 * 9, 100):
        chosen = known.salts[known.salt_at(time)]
        assert chosen.valid_since <= time - 800
        assert time + 800 <= chosen.valid_until


def test_without_a_valid_salt_the_nearest_is_tried_and_without_any_zero() -> None:
    assert state().salt_at(1000) == 0
    known = state(Salt(0, 100, 1), Salt(900, 1000, 2))
    assert known.salt_at(200) == 1
    assert known.salt_at(850) == 2
    assert known.salt_at(5000) == 2


def test_the_salt_that_the_server_names_replaces_what_is_valid_now() -> None:
    known = state(Salt(0, 3600, 1), Salt(1800, 5400, 2), Salt(3600, 7200, 3))
    known.set_salt(9, 2000)
    assert known.salt_at(2000) == 9
    assert {salt.salt for salt in known.salts} == {9, 3}
    known.set_salt(3, 3000)
    assert known.salts == [Salt(3000, 3000 + SALT_OVERLAP, 3)]


def test_future_salts_join_those_known_and_expired_ones_go() -> None:
    known = state(Salt(0, 1000, 1), Salt(500, 2300, 2))
    known.add_salts([Salt(0, 3600, 2), Salt(1800, 5400, 3), Salt(-10, 1400, 4)], 1500)
    assert known.salts == [Salt(0, 3600, 2), Salt(1800, 5400, 3)]
    assert known.salts_last_until() == 5400
    assert state().salts_last_until() == 0


def test_no_more_salts_are_kept_than_one_answer_may_hold() -> None:
    known = state()
    known.add_salts([Salt(i, i + 3600, i) for i in range(100_000, 0, -1)], 0)
    assert [salt.salt for salt in known.salts] == list(range(1, MAX_SALTS + 1))
    assert KeyState.from_bytes(known.to_bytes()) == known
