from __future__ import annotations

import pytest

from benchmarks.compare import differences


@pytest.mark.parametrize("theirs", [{}, {"flag": None}, {"flag": False}, {"flag": []}])
@pytest.mark.parametrize("ours", [{}, {"flag": None}, {"flag": False}])
def test_what_is_absent_from_ours_may_be_absent_in_any_way_of_theirs(
    ours: dict[str, object], theirs: dict[str, object]
) -> None:
    assert differences(ours, theirs) == []


@pytest.mark.parametrize("theirs", [None, False, 0, "", [1]])
def test_an_empty_list_of_ours_is_not_absent(theirs: object) -> None:
    assert differences({"sizes": []}, {"sizes": theirs})


@pytest.mark.parametrize(("ours", "theirs"), [(1, True), (1, 1.0), (0, None), ("1", 1), (True, None), (None, 0)])
def test_values_of_different_types_differ(ours: object, theirs: object) -> None:
    assert differences({"field": ours}, {"field": theirs})


def test_a_difference_names_its_path_and_both_values() -> None:
    ours = {"_": "15051f54", "photos": [{"_": "fb197a65", "id": 1}, {"_": "fb197a65", "id": 2}]}
    theirs = {"_": "15051f54", "photos": [{"_": "fb197a65", "id": 1}, {"_": "fb197a65", "id": 3}]}
    assert differences(ours, theirs) == ["answer.photos[1].id: ours 2, theirs 3"]


def test_lists_of_different_lengths_differ() -> None:
    assert differences([1], [1, 2])


def test_a_field_that_only_theirs_has_differs() -> None:
    assert differences({}, {"date": 5}) == ["answer.date: ours None, theirs 5"]


def test_many_differences_are_cut_to_a_handful() -> None:
    assert len(differences(list(range(100)), list(range(1, 101)))) == 6
