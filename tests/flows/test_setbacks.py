"""What transfers wait for: pauses that grow up to a bound, floods, and notices that don't pile up."""

from __future__ import annotations

from mtproto.errors import ConnectionLost, FloodWait, LoggedOut, OutcomeUnknown
from mtproto.flows.file_calls import CallsInFlight, FileCall
from mtproto.flows.questions import Telling
from mtproto.flows.setbacks import Setbacks, is_passing
from tests.flows.file_world import refusal
from tl import api

REQUEST = api.functions.upload.SaveFilePart(file_id=1, file_part=0, bytes=b"")


def test_pauses_grow_up_to_half_a_minute_and_progress_ends_them() -> None:
    setbacks = Setbacks(wait=60, tries=100)
    pauses = []
    now = 0.0
    for _ in range(10):
        assert setbacks.failed("call", now)
        resume = setbacks.resume or now
        pauses.append(resume - now)
        now = resume
        assert setbacks.is_over(now)
    assert pauses == [0, 1, 2, 4, 8, 16, 30, 30, 30, 30]
    setbacks.progress()
    assert setbacks.failed("call", now)
    assert setbacks.is_over(now)


def test_a_call_fails_so_often_and_others_don_t_count() -> None:
    setbacks = Setbacks(wait=60, tries=2)
    assert setbacks.failed("one", 0)
    assert setbacks.failed("other", 0)
    assert not setbacks.failed("one", 0)


def test_notices_that_nobody_takes_don_t_pile_up() -> None:
    setbacks = Setbacks(wait=60, tries=2)
    for number in range(1000):
        setbacks.tell(Telling(str(number)))
    assert [str(notice) for notice in setbacks.take_told()] == [str(number) for number in range(936, 1000)]
    assert setbacks.take_told() == []


def test_one_flood_that_several_calls_meet_is_one_wait() -> None:
    setbacks = Setbacks(wait=60, tries=2)
    flood = FloodWait(420, "FLOOD_WAIT_40", "upload.getFile")
    assert all(setbacks.flood(flood, 100.0) for _ in range(5))
    assert setbacks.resume == 140
    assert len(setbacks.take_told()) == 1
    assert not setbacks.flood(flood, 140.0)


def test_what_passes_by_itself() -> None:
    assert is_passing(ConnectionLost("cut"))
    assert is_passing(OutcomeUnknown(REQUEST, "cut"))
    assert is_passing(refusal(500, "INTERNAL"))
    assert not is_passing(refusal(420, "FLOOD_WAIT_3"))
    assert not is_passing(LoggedOut("AUTH_KEY_UNREGISTERED"))


def test_a_call_is_answered_under_any_of_its_numbers_and_once() -> None:
    calls = CallsInFlight(stall=10)
    call = FileCall("save", REQUEST, None)
    first, second = calls.begin(call, 0.0), calls.begin(call, 5.0)
    assert (first.again, second.again) == (False, True)
    assert calls.failed(first.number, passing=True) is None
    assert calls.failed(99, passing=True) is None
    assert calls.answered(second.number, 6.0) is call
    assert calls.answered(second.number, 6.0) is None
    assert not calls
    assert not calls.begin(call, 7.0).again


def test_a_stall_takes_twice_as_long_each_time() -> None:
    calls = CallsInFlight(stall=10)
    call = FileCall("save", REQUEST, None)
    now = 0.0
    waits = []
    for _ in range(4):
        calls.begin(call, now)
        deadline = calls.deadline()
        assert deadline is not None
        assert calls.stalled(deadline - 0.1) is None
        assert calls.stalled(deadline) is call
        waits.append(deadline - now)
        now = deadline
    assert waits == [10, 20, 40, 80]
