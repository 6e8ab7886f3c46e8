"""The run of kills: its rules find each kind of failure, and a short run breaks none of them."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from benchmarks.command import main
from benchmarks.kills import DEADLINE, CallRecord, Kill, Ledger

KILL = Kill(before=10.0, after=10.5)
SEEN = 10.7
"""When the client saw the end of the connection."""

Row = tuple[bool, float | None, float | None, str, int, str | None]

RULES: dict[str, Row] = {  # idempotent, sent, settled, outcome, executions, what is broken
    "answered": (False, 9.0, 9.5, "answered", 1, None),
    "unknown and executed": (False, 9.0, 12.0, "OutcomeUnknown", 1, None),
    "unknown and not executed": (False, 9.0, 12.0, "OutcomeUnknown", 0, None),
    "idempotent, executed twice": (True, 9.0, 12.0, "answered", 2, None),
    "executed twice": (False, 9.0, 12.0, "answered", 2, "it was executed twice"),
    "unknown, and executed twice": (False, 9.0, 12.0, "OutcomeUnknown", 2, "it was executed twice"),
    "idempotent, unknown": (True, 9.0, 12.0, "OutcomeUnknown", 1, "an idempotent call has no answer"),
    "an answer to nothing": (False, 9.0, 9.5, "answered", 0, "it was answered, but not executed"),
    "never sent": (False, None, 12.0, "OutcomeUnknown", 0, "no kill met it sent and unanswered"),
    "sent before the kill was seen": (False, 10.6, 12.0, "OutcomeUnknown", 0, None),
    "sent after the kill": (False, 10.8, 12.0, "OutcomeUnknown", 0, "no kill met it sent and unanswered"),
    "settled before the kill": (False, 9.0, 9.9, "OutcomeUnknown", 0, "no kill met it sent and unanswered"),
    "another end": (False, 9.0, 12.0, "ConnectionLost", 0, "it ended with neither an answer nor OutcomeUnknown"),
    "no end": (False, 9.0, None, "", 0, "it did not settle in time"),
    "its deadline": (False, 9.0, 9.0 + DEADLINE, "DeadlineExceeded", 0, "it did not settle in time"),
    "too late": (False, 9.0, 11.1 + DEADLINE, "answered", 1, "it did not settle in time"),
}


@pytest.mark.parametrize("row", RULES.values(), ids=RULES)
def test_each_way_to_break_a_rule_is_found(row: Row) -> None:
    idempotent, sent, settled, outcome, executions, broken = row
    call = CallRecord(7, idempotent, 9.0, sent, settled, outcome)
    found = Ledger(Random(1), {7: call}, [KILL], [3.0, SEEN, 20.0]).broken(Counter({7: executions}))
    assert (broken in found[0].partition(": ")[2]) if broken else not found


def test_a_kill_counts_what_it_met() -> None:
    ledger = Ledger(Random(1))
    for number, (sent, settled) in enumerate([(None, None), (9.0, None), (9.0, None), (9.0, 9.5), (9.0, 10.2)]):
        ledger.calls[number] = CallRecord(number, False, 8.0, sent, settled)
    ledger.killed(10.0, 10.5, Counter([2, 3]))
    assert ledger.kills == [Kill(10.0, 10.5, in_flight=4, sent=3, executed=1)]


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "options"), [(2, ["--face", "asyncio"]), (1, ["--face", "blocking", "--pfs"])])
def test_no_call_is_lost_or_executed_twice_when_the_server_is_killed(
    kills: int, options: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.kills.AWAY", 0.2)
    monkeypatch.setattr("benchmarks.kills.ANSWERS", (10, 40))
    status = main(["kills", "--kills", str(kills), "--seed", "1", *options])
    report = capsys.readouterr().out
    assert status == 0, report
    assert f"{kills} kills," in report
    assert "rules broken 0" in report
