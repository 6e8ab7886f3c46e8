"""The parts that all transfers share: the budget, the lanes, the order of bytes, and the meter. Nothing waits here."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.account.download_options import InOrder
from mtproto.account.file_origins import FileOrigins
from mtproto.account.transfer_budget import LANES_FOR_SMALL, LANES_OF_UPLOADS, ByteBudget, FileLanes, LaneKind
from mtproto.account.transfer_progress import Meter, TransferTotal
from mtproto.flows import RemoteFile
from tl import api


class Taker:
    """A transfer that asks a budget for parts."""

    def __init__(self, budget: ByteBudget, part: int) -> None:
        self.budget, self.part = budget, part
        self.under_way = 0
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1

    def ask(self) -> bool:
        if not self.budget.may(self, self.part, self.wake, is_idle=not self.under_way):
            return False
        self.under_way += 1
        self.budget.use(self, self.under_way * self.part)
        return True

    def end(self) -> None:
        self.under_way -= 1
        self.budget.use(self, self.under_way * self.part)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=60), st.integers(1, 30))
def test_the_budget_is_never_exceeded_but_by_one_part_that_is_larger(steps: list[tuple[int, bool]], limit: int) -> None:
    budget = ByteBudget(limit)
    takers = [Taker(budget, part) for part in (1, 3, 5, 8, 40)]
    for number, begins in steps:
        taker = takers[number]
        if begins:
            taker.ask()
        elif taker.under_way:
            taker.end()
        used = sum(each.under_way * each.part for each in takers)
        assert budget.used == used
        assert used <= limit or sum(each.under_way for each in takers) == 1
    for taker in takers:
        budget.leave(taker)
    assert budget.used == 0


def test_transfers_that_wait_are_served_in_turn() -> None:
    budget = ByteBudget(2)
    first, second, third = (Taker(budget, 1) for _ in range(3))
    assert [first.ask(), first.ask(), second.ask(), third.ask(), first.ask()] == [True, True, False, False, False]
    first.end()
    assert (second.woken, third.woken) == (1, 0)
    assert (third.ask(), first.ask(), second.ask()) == (False, False, True)
    assert third.woken == 0
    first.end()
    assert third.woken == 1
    budget.leave(third)
    assert first.woken == 1
    assert first.ask()


def test_a_transfer_that_does_not_look_at_its_turn_holds_up_nobody() -> None:
    budget = ByteBudget(1)
    first, second, third = (Taker(budget, 1) for _ in range(3))
    assert [first.ask(), second.ask(), third.ask()] == [True, False, False]
    budget.stop_waiting(second)
    first.end()
    assert third.ask()


def test_a_transfer_that_holds_bytes_may_always_go_on() -> None:
    budget = ByteBudget(2)
    first, second = Taker(budget, 1), Taker(budget, 1)
    assert [first.ask(), second.ask()] == [True, True]
    assert budget.may(first, 1, first.wake, is_idle=True)  # what it holds can't be given out alone
    assert not budget.may(second, 1, second.wake, is_idle=False)


@pytest.mark.parametrize(("kind", "count"), [("small", LANES_FOR_SMALL), ("file", 3), ("upload", LANES_OF_UPLOADS)])
def test_parts_are_spread_over_the_lanes_of_their_kind(kind: LaneKind, count: int) -> None:
    lanes = FileLanes()
    lanes.spread("file", 3)
    tickets = [lanes.take(1, 10, kind) for _ in range(2 * count)]
    assert {ticket.name for ticket in tickets} == {f"{kind}-{number}" for number in range(1, count + 1)}
    lanes.give(tickets[0])
    lanes.give(tickets[0])  # a second end counts for nothing
    assert lanes.take(1, 10, kind).name == tickets[0].name
    assert lanes.take(2, 10, kind).name == f"{kind}-1"


def test_a_part_that_has_stalled_goes_over_another_lane() -> None:
    lanes = FileLanes()
    lanes.take(1, 100, "file", avoid="file-1")
    assert lanes.take(1, 1, "file", avoid="file-1").name == "file-2"
    lanes.spread("file", 1)
    assert lanes.take(1, 1, "file", avoid="file-1").name == "file-1"


@settings(max_examples=50)
@given(st.data())
def test_bytes_come_out_in_order(data: st.DataObject) -> None:
    truth = bytes(range(100))
    edges = sorted({10, 100, *data.draw(st.lists(st.integers(10, 100)))})
    pieces = data.draw(st.permutations([(start, truth[start:stop]) for start, stop in pairwise(edges)]))
    order = InOrder(10)
    out = b"".join(part for piece in pieces for part in order.take([piece]))
    assert (out, order.at) == (truth[10:], 100)


def test_a_rate_is_the_average_of_the_last_seconds() -> None:
    meter = Meter(0.0)
    assert (meter.rate(0.0), meter.left(5, 0.0)) == (0.0, None)
    for second in range(1, 11):
        meter.add(100, float(second))
    assert meter.rate(10.0) == 100.0
    assert (meter.left(250, 10.0), meter.left(None, 10.0)) == (2.5, None)
    for second in range(11, 30):
        meter.add(10, float(second))
    assert meter.rate(29.0) == 10.0
    assert len(meter._marks) < 10


def test_the_total_begins_anew_when_nothing_is_under_way() -> None:
    total = TransferTotal(lambda: 0.0)
    total.begin(100, 40)
    total.begin(None, 0)
    total.add(10)
    assert (total.progress().done, total.progress().size) == (50, None)
    total.end()
    total.end()
    total.begin(7, 0)
    assert (total.progress().done, total.progress().size) == (0, 7)


def test_origins_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtproto.account.file_origins.PHOTOS_REMEMBERED", 3)
    origins = FileOrigins()
    call = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=5)
    photos = [
        api.types.Photo(id=number, access_hash=1, file_reference=b"", date=0, sizes=[], dc_id=1) for number in range(5)
    ]
    origins.learn(call, api.types.photos.Photos(photos=photos, users=[]))
    known = [origins.of(photo, remote_file_of(photo)) is not None for photo in photos]
    assert known == [False, False, True, True, True]
    origins.learn(api.functions.help.GetConfig(), object())


def remote_file_of(photo: Any) -> RemoteFile:
    location = api.types.InputPhotoFileLocation(id=photo.id, access_hash=1, file_reference=b"", thumb_size="a")
    return RemoteFile(location, 1, None, "name")
