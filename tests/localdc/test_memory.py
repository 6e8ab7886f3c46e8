"""What the DC keeps is bounded."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest

from mtproto.localdc import executions, outcomes
from mtproto.localdc.answers import Refused
from mtproto.localdc.cache import Remembered
from mtproto.localdc.dc_state import BYTES_OF_FILES, BYTES_OF_PAGES, FILES, PAGES
from mtproto.localdc.executions import EXECUTION_AGE, Executions
from mtproto.localdc.outcomes import IDS_IN_ALL, IDS_OF_A_CALL, IDS_OF_A_SESSION, WAITING_BYTES, Outcomes
from mtproto.session.wire import write_invoke_after
from tests.localdc.conftest import RpcFailure
from tl import api

if TYPE_CHECKING:
    from collections.abc import Hashable

    from tests.localdc.conftest import Caller

GET_CONFIG = api.functions.help.GetConfig()


def made_for(kept: Remembered[bytes], names: str) -> list[str]:
    """Ask for values one after the other; return for which of them one was made. A capital letter is of ten bytes."""
    made: list[str] = []

    def make(name: str) -> bytes:
        made.append(name)
        return name.encode() * (10 if name.isupper() else 1)

    for name in names:
        assert name.encode() in kept.get(name, partial(make, name))
    return made


def test_what_was_asked_for_last_is_kept() -> None:
    assert made_for(Remembered(2, 100), "abacab") == ["a", "b", "c", "b"]


def test_what_is_kept_is_bounded_in_bytes() -> None:
    kept: Remembered[bytes] = Remembered(100, 12)
    assert made_for(kept, "abAab") == ["a", "b", "A"]
    assert made_for(kept, "cabA") == ["c", "A"]
    assert made_for(kept, "BBAA") == ["B", "A"]
    assert kept._bytes == 10


def test_one_value_is_kept_however_large_it_is() -> None:
    assert made_for(Remembered(100, 5), "AABBa") == ["A", "B", "a"]


def test_a_dc_keeps_few_pages_and_files(caller: Caller) -> None:
    for number in range(100):
        caller.dc.pages.get(number, lambda: b"a page")
        caller.dc.files.get(number, lambda: b"a file")
    assert (len(caller.dc.pages._kept), len(caller.dc.files._kept)) == (PAGES, FILES)


def test_a_dc_keeps_few_bytes_of_pages_and_files(caller: Caller) -> None:
    for number in range(20):
        caller.dc.pages.get(number, lambda: bytes(1 << 20))
        caller.dc.files.get(number, lambda: bytes(1 << 20))
    kept = (len(caller.dc.pages._kept), len(caller.dc.files._kept))
    assert kept == (BYTES_OF_PAGES >> 20, BYTES_OF_FILES >> 20)


def test_outcomes_of_old_calls_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "REMEMBERED", 3)
    kept = Outcomes()
    for msg_id in range(10):
        kept.settle(1, msg_id, True)
    assert list(kept._settled) == [(1, 7), (1, 8), (1, 9)]


# Calls that wait for others


def waits_for_nothing(kept: Outcomes) -> bool:
    """Whether nothing remains of calls that waited."""
    return not (kept._awaited or kept._waiting or kept._ids or kept._all_ids or kept._size)


@pytest.mark.parametrize("ends", ["in time", "with a failure", "too late", "cancelled"])
def test_of_a_call_that_waited_nothing_remains(ends: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if ends == "too late":
        monkeypatch.setattr(outcomes, "PATIENCE", 0.0)
    kept = Outcomes()

    async def main() -> None:
        waiting = kept.begin(1, range(100), 10)
        assert waiting is not None
        assert not waits_for_nothing(kept)
        task = asyncio.create_task(waiting.wait())
        await asyncio.sleep(0)
        if ends == "cancelled":
            task.cancel()
        elif ends != "too late":
            for msg_id in range(100):
                kept.settle(1, msg_id, ends == "in time" or msg_id != 50)
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert waits_for_nothing(kept)


def begun(kept: Outcomes, session: Hashable, first: int, count: int, size: int = 0) -> bool:
    """Let a call wait for so many others; return whether it may."""
    try:
        waiting = kept.begin(session, range(first, first + count), size)
    except Refused as refused:
        return str(refused) != "420 FLOOD_WAIT_1"
    return waiting is not None


def test_calls_of_a_session_wait_for_no_more_than_so_many_others() -> None:
    kept = Outcomes()
    assert begun(kept, "one", 0, IDS_OF_A_SESSION)
    assert not begun(kept, "one", 0, 1)
    assert begun(kept, "another", 0, 1)


def test_calls_of_all_sessions_wait_for_no_more_than_so_many_others() -> None:
    kept = Outcomes()
    for session in range(IDS_IN_ALL // IDS_OF_A_SESSION):
        assert begun(kept, session, 0, IDS_OF_A_SESSION)
    assert not begun(kept, "another", 0, 1)


def test_calls_that_wait_are_bounded_in_bytes() -> None:
    kept = Outcomes()
    assert begun(kept, "one", 0, 1, WAITING_BYTES - 1)
    assert not begun(kept, "another", 0, 1, 2)
    assert begun(kept, "another", 0, 1, 1)


def test_a_call_that_is_named_twice_is_waited_for_once() -> None:
    kept = Outcomes()
    for _ in range(IDS_OF_A_SESSION):
        assert kept.begin(1, [4] * 10, 0) is not None


@pytest.mark.parametrize("packed", [False, True], ids=["by its length", "behind another wrapper"])
def test_a_call_waits_for_no_more_than_so_many_others(caller: Caller, packed: bool) -> None:
    query = GET_CONFIG.to_bytes()
    for count, error in ((IDS_OF_A_CALL, "400 MSG_WAIT_FAILED"), (IDS_OF_A_CALL + 1, "400 LIMIT_INVALID")):
        ids = range(caller.msg_id, caller.msg_id + 4 * count, 4)
        caller.dispatcher._outcomes.settle((caller.key.auth_key.id, 77), caller.msg_id, False)
        body = write_invoke_after(ids, query)
        if packed:
            body = write_invoke_after(ids[:1], write_invoke_after(ids[1:], query))
        with pytest.raises(RpcFailure, match=error):
            caller.read(caller.raw_now(body), GET_CONFIG)


def test_sessions_of_two_keys_that_have_the_same_id_wait_for_their_own_calls() -> None:
    kept = Outcomes()
    kept.settle((1, 77), 4, True)
    assert kept.begin((1, 77), [4], 0) is None
    assert kept.begin((2, 77), [4], 0) is not None


# Executions by random id


class Now:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def __call__(self) -> float:
        return self.time


def test_executions_are_counted_by_key_and_over_all_keys() -> None:
    executed = Executions(Now())
    assert [executed.note(*call) for call in ((1, 10), (1, 11), (1, 10), (2, 10))] == [1, 2, 2, 1]
    assert [executed.of(random_id) for random_id in (10, 11, 12)] == [3, 1, 0]
    executed.forget(1)
    assert executed.of(10) == 1


def test_executions_of_a_key_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executions, "EXECUTIONS_OF_A_KEY", 3)
    executed = Executions(Now())
    numbers = [executed.note(1, random_id) for random_id in (10, 11, 12, 10, 13)]
    assert numbers == [1, 2, 3, 3, 4]  # a message has the number after the one before it, whatever is forgotten
    assert [executed.of(random_id) for random_id in (10, 11, 12, 13)] == [2, 0, 1, 1]


def test_executions_of_all_keys_are_bounded_and_the_key_with_most_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executions, "EXECUTIONS_IN_ALL", 40)
    executed = Executions(Now())
    executed.note(1, 7)
    for random_id in range(1000):
        executed.note(2, random_id)
        assert executed._size <= 40
    assert executed.of(7) == 1
    assert executed.of(999) == 1
    assert executed.of(0) == 0


def test_executions_are_forgotten_with_age() -> None:
    now = Now()
    executed = Executions(now)
    executed.note(1, 10)
    now.time += EXECUTION_AGE - 1
    executed.note(1, 11)
    executed.forget_old()
    assert (executed.of(10), executed.of(11)) == (1, 1)
    now.time += 1
    executed.forget_old()
    assert (executed.of(10), executed.of(11)) == (0, 1)
    now.time += EXECUTION_AGE
    executed.forget_old()
    assert (executed.of(11), executed._size, executed._executed) == (0, 0, {})
