from __future__ import annotations

import json

from benchmarks import report
from benchmarks.bench import Settings
from benchmarks.rows import Row, Spec, summarize

SPEC = Spec("tl.decode", "decode", "decode", targets={"telethon": 4.0, "kurigram": 5.0})


def test_the_table_has_ratio_target_and_verdict_of_each_measured_peer() -> None:
    row = Row(SPEC, {"ours": [0.000_3], "telethon": [0.001_2], "kurigram": [0.001_2]})
    head, rule, line = report.table(summarize([row])).splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")] == [
        "what",
        "ours",
        "Telethon",
        "Telethon ÷ ours",
        "Kurigram",
        "Kurigram ÷ ours",
    ]
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        "decode [tl.decode]",
        "300.0 us",
        "1200 us",
        "4.00 (≥ 4: met)",
        "1200 us",
        "4.00 (≥ 5: missed)",
    ]
    assert len(head) == len(rule) == len(line)


def test_a_row_about_an_account_has_the_raw_client_beside_it() -> None:
    spec = Spec("calls.account", "a call", "nearest", targets={"raw": 0.87})
    head, _, line = report.table(summarize([Row(spec, {"ours": [0.000_4], "raw": [0.000_3]})])).splitlines()
    assert "raw client ÷ ours" in head
    assert "0.75 (≥ 0.87: missed)" in line


def test_without_peers_the_table_is_ours_alone() -> None:
    table = report.table(summarize([Row(SPEC, {"ours": [0.000_3]})]))
    assert "Telethon" not in table
    assert "300.0 us" in table


def test_a_peer_that_only_some_rows_have_leaves_a_dash_in_the_others() -> None:
    other = Spec("tl.encode", "encode", "encode")
    rows = [Row(SPEC, {"ours": [1.0], "telethon": [1.0]}), Row(other, {"ours": [1.0]})]
    assert report.table(summarize(rows)).splitlines()[-1].count("–") == 2


def test_differences_and_notes_stand_under_the_table_once() -> None:
    row = Row(SPEC, {"ours": [1.0]}, ["telethon: answer.id: ours 1, theirs 2"], ["a note"])
    lines = report.table(summarize([row, row])).splitlines()
    assert lines[-2:] == ["tl.decode: a note", "tl.decode: DIFFERS telethon: answer.id: ours 1, theirs 2"]


def test_the_document_holds_every_sample_and_who_was_measured() -> None:
    row = Row(SPEC, {"ours": [1.0, 2.0, 3.0], "telethon": [8.0]})
    text = report.document(summarize([row]), Settings(), {"telethon": {"version": "1.45.0"}})
    found = json.loads(text)
    assert found["libraries"] == {"telethon": {"version": "1.45.0"}}
    assert found["rows"][0]["runs"][0]["samples"] == {"ours": [1.0, 2.0, 3.0], "telethon": [8.0]}
    assert found["rows"][0]["verdicts"] == {"telethon": "met"}
    assert found["machine"]["python"]
