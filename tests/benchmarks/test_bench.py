from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.bench import Bench, Settings, turns
from benchmarks.peer import ROOT, Peer, PeerError, started
from benchmarks.rows import Spec

PROGRAM = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from benchmarks.peers.serve import Statement, serve, unavailable

number = int(sys.argv[1])

def one(fixture):
    print("a library that prints")
    return Statement("value", {{"value": {{"id": number + fixture["more"]}}}}, dict)

def broken(fixture):
    raise ValueError("no such thing")

if number < 0:
    unavailable(ImportError("no library"))
else:
    serve({{"library": "one"}}, {{"one": one, "broken": broken}})
"""
TINY = Settings(rounds=4, seconds=0.0001)
SPEC = Spec("one", "a thing", "one")


@pytest.fixture
def program(tmp_path: Path) -> list[str]:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return [sys.executable, str(path)]


@pytest.fixture
def peer(program: list[str]) -> Iterator[Peer]:
    peer = Peer("ours", [*program, "1"])
    yield peer
    peer.close()


def test_what_a_library_prints_does_not_disturb_the_protocol(peer: Peer) -> None:
    assert peer.about["library"] == "one"
    assert peer.prepare("one", {"more": 1}) == {"id": 2}
    assert peer.sample("one", 0.0001)["count"] >= 1


def test_what_goes_wrong_in_a_peer_is_shown(peer: Peer) -> None:
    with pytest.raises(PeerError, match="no such thing"):
        peer.prepare("broken", {})


def test_a_program_that_ends_at_once_is_an_error() -> None:
    with pytest.raises(PeerError, match="status 3"):
        Peer("ours", [sys.executable, "-c", "raise SystemExit(3)"])


def test_a_library_that_is_not_installed_is_left_out(program: list[str]) -> None:
    with started({"ours": [*program, "1"], "telethon": [*program, "-1"]}) as peers:
        assert [peer.name for peer in peers] == ["ours"]


def test_a_row_holds_a_sample_of_each_for_every_round(program: list[str]) -> None:
    with started({"ours": [*program, "1"], "telethon": [*program, "1"]}) as peers:
        row = Bench(TINY).row(peers, SPEC, lambda: {"more": 0})
    assert {name: len(samples) for name, samples in row.samples.items()} == {"ours": 4, "telethon": 4}
    assert row.differences == []


def test_a_row_says_where_a_peer_reads_something_else(program: list[str]) -> None:
    with started({"ours": [*program, "1"], "telethon": [*program, "2"]}) as peers:
        row = Bench(TINY).row(peers, SPEC, lambda: {"more": 0})
    assert row.differences == ["telethon: answer.id: ours 1, theirs 2"]


def test_the_fixture_is_made_anew_each_round(program: list[str]) -> None:
    made: list[dict[str, object]] = []

    def fixture() -> dict[str, object]:
        made.append({"more": len(made)})
        return made[-1]

    with started({"ours": [*program, "1"]}) as peers:
        Bench(TINY).row(peers, SPEC, fixture)
    assert len(made) == TINY.rounds


def test_each_round_begins_with_another_participant() -> None:
    assert [turns("abc", turn) for turn in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]
