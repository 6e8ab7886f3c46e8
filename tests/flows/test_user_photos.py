"""All photos of a user: each once and none left out, whatever becomes of the list meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.flows import PeerAsker, PeerBook, PhotoPages
from mtproto.flows.user_photos import PAGE
from tl import api

t = api.types


class Owner:
    """A server's list of photos, newest first; `between` happens after each answer."""

    def __init__(self, ids: list[int], between: Callable[[Owner], None] = lambda _: None, page: int = PAGE) -> None:
        self.ids = list(ids)
        self.between = between
        self.page = page
        self.calls = 0

    def answer(self, request: Any) -> Any:
        assert request.user_id == t.InputUserSelf()
        assert (request.limit, request.offset >= 0) == (PAGE, True)
        self.calls += 1
        left = [number for number in self.ids if not request.max_id or number < request.max_id]
        ids = left[request.offset : request.offset + self.page]
        photos = [photo(number) for number in ids]
        whole = len(ids) == len(self.ids)
        count = len(self.ids)
        self.between(self)
        if whole:
            return t.photos.Photos(photos=photos, users=[])
        return t.photos.PhotosSlice(count=count, photos=photos, users=[])

    def read(self) -> tuple[list[int], list[int | None]]:
        """Return the ids of all photos, and the total after each page."""
        pages = PhotoPages(PeerAsker(api.schema, 1), PeerBook(api.schema), "me")
        ids: list[int] = []
        totals: list[int | None] = [pages.total]
        while page := self._run(pages):
            ids += [each.id for each in page]
            totals.append(pages.total)
        assert self._run(pages) == []
        return ids, totals

    def _run(self, pages: PhotoPages) -> list[Any]:
        flow = pages.next_page()
        outcome = None
        while True:
            try:
                step: Any = flow.send(outcome)
            except StopIteration as end:
                return list(end.value)
            outcome = self.answer(step.request)


def photo(number: int) -> Any:
    return t.Photo(id=number, access_hash=1, file_reference=b"", date=1, sizes=[], dc_id=1)


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_all_photos_come_in_as_few_calls_as_possible_with_a_total(count: int, calls: int) -> None:
    owner = Owner(list(range(count, 0, -1)))
    ids, totals = owner.read()
    assert ids == list(range(count, 0, -1))
    assert owner.calls == calls
    assert totals[0] is None
    assert set(totals[1:]) <= {count}


def test_photos_that_are_added_or_deleted_meanwhile_move_nothing() -> None:
    def change(owner: Owner) -> None:
        owner.ids.insert(0, max(owner.ids) + 1)
        del owner.ids[5:65]  # 60 that were read already

    ids, _ = Owner(list(range(400, 0, -1)), change).read()
    assert len(ids) == len(set(ids))
    assert set(range(1, 101)) <= set(ids)
    assert max(ids) == 400


def test_a_list_whose_order_is_not_that_of_its_ids_is_read_whole() -> None:
    shuffled = [*range(1, 151), *range(300, 150, -1)]
    ids, _ = Owner(shuffled).read()
    assert sorted(ids) == sorted(shuffled)


def test_a_server_that_gives_short_pages_is_read_whole() -> None:
    ids, _ = Owner(list(range(250, 0, -1)), page=30).read()
    assert ids == list(range(250, 0, -1))


def test_a_server_that_counts_wrongly_is_left() -> None:
    class Liar(Owner):
        def answer(self, request: Any) -> Any:
            answer = super().answer(request)
            return t.photos.PhotosSlice(count=1 << 30, photos=answer.photos, users=[])

    liar = Liar(list(range(250, 0, -1)))
    assert len(liar.read()[0]) == 250
    assert liar.calls < 12


@given(st.data())
def test_whatever_becomes_of_the_list_no_photo_comes_twice_and_none_that_stays_is_left_out(data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 350))
    deleted: set[int] = set()
    newest = [count]

    def change(owner: Owner) -> None:
        for _ in range(data.draw(st.integers(0, 2))):
            newest[0] += 1
            owner.ids.insert(0, newest[0])
        start = data.draw(st.integers(0, len(owner.ids)))
        gone = owner.ids[start : start + data.draw(st.integers(0, 40))]
        deleted.update(gone)
        owner.ids = [number for number in owner.ids if number not in gone]

    ids, _ = Owner(list(range(count, 0, -1)), change, page=data.draw(st.sampled_from([20, 100]))).read()
    assert len(ids) == len(set(ids))
    assert set(range(1, count + 1)) - deleted <= set(ids)
    assert ids == sorted(ids, reverse=True)
