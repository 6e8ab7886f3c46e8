from __future__ import annotations

import pytest

from benchmarks.rows import Row, Spec, Unit, Verdict, summarize, verdict

SPEC = Spec("a.b", "a thing", "thing", targets={"telethon": 4.0})


def test_a_ratio_is_the_peers_median_over_ours() -> None:
    row = Row(SPEC, {"ours": [1.0, 100.0, 2.0], "telethon": [9.0, 8.0, 0.1]})
    assert row.medians() == {"ours": 2.0, "telethon": 8.0}
    assert row.ratios() == {"telethon": 4.0}


def test_whole_runs_are_joined_by_the_median_of_their_ratios_not_by_pooling_samples() -> None:
    runs = [Row(SPEC, {"ours": [1.0], "telethon": [ratio]}) for ratio in (3.0, 5.0, 4.5)]
    (summary,) = summarize(runs)
    assert summary.ratios == {"telethon": 4.5}
    assert summary.verdict("telethon") is Verdict.MET
    assert len(summary.runs) == 3


def test_rows_of_several_runs_keep_the_order_of_the_first() -> None:
    other = Spec("c.d", "another", "thing")
    rows = [Row(spec, {"ours": [1.0]}) for spec in (SPEC, other, SPEC, other)]
    assert [summary.spec.key for summary in summarize(rows)] == ["a.b", "c.d"]


def test_a_library_missing_from_one_run_is_judged_by_the_others() -> None:
    rows = [Row(SPEC, {"ours": [1.0], "telethon": [3.0]}), Row(SPEC, {"ours": [1.0]})]
    (summary,) = summarize(rows)
    assert summary.ratios == {"telethon": 3.0}


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [(4.0, Verdict.MET), (3.99, Verdict.CLOSE), (3.8, Verdict.CLOSE), (3.79, Verdict.MISSED)],
)
def test_within_five_percent_below_the_target_is_close(ratio: float, expected: Verdict) -> None:
    assert verdict(ratio, 4.0) is expected


def test_without_a_target_or_a_measurement_there_is_no_verdict() -> None:
    (summary,) = summarize([Row(SPEC, {"ours": [1.0], "kurigram": [9.0]})])
    assert summary.verdict("kurigram") is None
    assert summary.verdict("telethon") is None


@pytest.mark.parametrize(
    ("unit", "sample", "text"),
    [
        (Unit.MICROSECONDS, 0.000_000_63, "0.63 us"),
        (Unit.MICROSECONDS, 0.000_278_1, "278.1 us"),
        (Unit.MICROSECONDS, 0.001_648_2, "1648 us"),
        (Unit.MILLISECONDS, 0.0312, "31.20 ms"),
        (Unit.MEBIBYTES, 2.5 * 1024 * 1024, "2.50 MiB"),
    ],
)
def test_units_show_three_digits_or_more(unit: Unit, sample: float, text: str) -> None:
    assert unit.show(sample) == text
