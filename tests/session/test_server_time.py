"""The server's clock as a client knows it: the offset, the window for ids that come, the ids that are given out."""

from __future__ import annotations

import pytest

from mtproto.errors import RemoteProtocolError
from mtproto.session.events import Stale, TimeLearned
from mtproto.session.server_time import CLOCK_TOLERANCE, NOTICEABLE, STALE_IN_A_ROW
from mtproto.session.time_window import NEVER, NEWEST, OLDEST
from tests.session.parts import NOW, make_parts, told

SECOND = 1 << 32


def msg_id(seconds: float) -> int:
    """Return a server's id of so many seconds after `NOW`."""
    return int((NOW + seconds) * SECOND) | 1


@pytest.mark.parametrize("offset", [-1000.0, 0.0, 1000.0])
def test_the_first_id_sets_the_offset_whatever_was_believed_before(offset: float) -> None:
    parts = make_parts()
    parts.key.doubt_time()
    assert parts.time.accepts(msg_id(offset), NOW)
    assert parts.key.time_offset == pytest.approx(offset, abs=1e-6)
    assert len(told(parts, TimeLearned)) == 1


def test_a_later_id_raises_the_offset_and_none_lowers_it() -> None:
    parts = make_parts()
    assert parts.time.accepts(msg_id(5), NOW)
    assert parts.time.accepts(msg_id(3), NOW)
    assert parts.key.time_offset == pytest.approx(5, abs=1e-6)


@pytest.mark.parametrize(("age", "accepted"), [(OLDEST - 1, True), (OLDEST + 1, False)])
def test_an_id_is_accepted_until_it_is_300_seconds_old(age: float, accepted: bool) -> None:
    parts = make_parts()
    assert parts.time.accepts(msg_id(-age), NOW) is accepted
    assert len(told(parts, Stale)) == (not accepted)


def test_senseless_ids_end_in_an_error_and_the_next_connection_learns_the_time_anew() -> None:
    parts = make_parts()
    parts.time.accepts(msg_id(0), NOW)
    for _ in range(STALE_IN_A_ROW - 1):
        assert not parts.time.accepts(msg_id(-OLDEST - 1), NOW)
    parts.time.connection_made()
    for _ in range(STALE_IN_A_ROW - 1):
        assert not parts.time.accepts(msg_id(-OLDEST - 1), NOW)
    with pytest.raises(RemoteProtocolError, match="the peer's ids say"):
        parts.time.accepts(msg_id(-OLDEST - 1), NOW)
    assert not parts.key.time_known


def test_a_time_that_no_clock_shows_is_an_error() -> None:
    with pytest.raises(RemoteProtocolError, match="the peer's id says"):
        make_parts().time.accepts(-1, NOW)


@pytest.mark.parametrize(("moved", "events"), [(NOTICEABLE / 2, 0), (NOTICEABLE, 1)])
def test_a_move_of_the_clock_is_told_if_it_can_be_noticed(moved: float, events: int) -> None:
    parts = make_parts()
    parts.time.learn(moved, NOW)
    assert len(told(parts, TimeLearned)) == events
    assert parts.key.time_offset == moved
    assert (parts.salts.due < NEVER) == bool(events)  # the ends of salts are times of the server


@pytest.mark.parametrize(("older", "lowered"), [(CLOCK_TOLERANCE - 1, False), (CLOCK_TOLERANCE + 1, True)])
def test_an_answer_that_is_older_than_its_question_lowers_the_clock(older: float, lowered: bool) -> None:
    parts = make_parts()
    parts.time.accepts(msg_id(50), NOW)
    parts.time.accepts(msg_id(-older), NOW)
    parts.time.check_answer(msg_id(-older), msg_id(0) & -4, NOW)
    assert parts.key.time_offset == pytest.approx(-older if lowered else 50, abs=1e-6)


def test_a_refusal_of_an_id_that_was_made_before_the_clock_was_lowered_is_no_news_of_it() -> None:
    parts = make_parts()
    made = msg_id(NEWEST + 1) & -4
    assert parts.time.lowered_since(made, NOW)
    parts.time.learn(2.0, NOW)
    assert not parts.time.lowered_since(made, NOW)


def test_ids_grow_whatever_the_clock_does_and_whichever_session_of_the_key_gave_the_last_one() -> None:
    parts = make_parts()
    ids = [parts.time.next_msg_id(NOW + seconds) for seconds in (0, 0, 5, -5, -5)]
    parts.key.note_msg_id(ids[-1] + 4000)
    ids.append(parts.time.next_msg_id(NOW - 5))
    assert ids == sorted(set(ids))
    assert ids[-1] > ids[-2] + 4000 - 4
    assert not any(one & 3 for one in ids)
    assert parts.key.last_msg_id == ids[-1]


def test_ids_that_are_too_high_are_lowered_as_far_as_the_server_accepts_them() -> None:
    parts = make_parts()
    parts.time.next_msg_id(NOW + 1000)
    parts.time.lower_ids(NOW)
    lowered = parts.time.next_msg_id(NOW)
    assert NOW + NEWEST - 1 < lowered / SECOND < NOW + NEWEST
    parts.time.lower_ids(NOW)
    assert parts.time.next_msg_id(NOW) > lowered
    parts.time.restart_ids()
    assert abs(parts.time.next_msg_id(NOW) / SECOND - NOW) < 1
