"""The engine finds what there is to find, says it once, and does the same for the same seed."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random

import pytest

from mtproto.errors import RemoteProtocolError
from tests.fuzz import __main__ as command
from tests.fuzz.campaign import Campaign, examine, watchdog
from tests.fuzz.mutate import Mutator
from tests.fuzz.tape import Tape, pieces
from tests.fuzz.target import Target, Verdict, Violation, judge, never_refuses
from tl import DecodeError

needs_alarms = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the platform has no alarms")


def fragile(data: bytes) -> Verdict:
    """Refuse what does not begin with a word of 1; fail for a word of 0x80000000 behind it."""
    if data[:4] != b"\x01\0\0\0":
        raise RemoteProtocolError("head", "is wrong")
    if data[4:8] == b"\0\0\0\x80":
        raise KeyError(data[4:8])
    return Verdict(True, f"{len(data) // 4}")


FRAGILE = Target("fragile", "test", fragile, (RemoteProtocolError,), longest=64)


def test_own_errors_refuse_an_input() -> None:
    assert judge(FRAGILE, b"") == (False, "RemoteProtocolError: head: is wrong")
    assert judge(FRAGILE, b"\x01\0\0\0") == (True, "1")
    assert examine(FRAGILE, b"") is None


def test_an_error_of_ours_that_is_not_promised_is_a_finding() -> None:
    finding = examine(Target("strict", "test", fragile, (DecodeError,)), b"")
    assert finding is not None
    assert finding.what == "RemoteProtocolError in test_engine.fragile"


def test_any_other_error_is_a_finding() -> None:
    finding = examine(FRAGILE, b"\x01\0\0\0\0\0\0\x80")
    assert finding is not None
    assert finding.what == "KeyError in test_engine.fragile"
    assert "KeyError" in finding.detail


def test_a_campaign_finds_it_and_makes_it_small() -> None:
    tally = Campaign(FRAGILE, seed=5).run(30_000, None)
    assert [finding.what for finding in tally.findings] == ["KeyError in test_engine.fragile"]
    assert tally.findings[0].data == b"\x01\0\0\0\0\0\0\x80"
    assert tally.inputs == 30_000
    assert tally.parsed > 100
    assert tally.refused > 100


def test_the_same_seed_makes_the_same_inputs() -> None:
    def inputs(seed: int) -> list[bytes]:
        seen: list[bytes] = []

        def note(data: bytes) -> Verdict:
            seen.append(data)
            return Verdict(True, f"{len(data)}")

        Campaign(Target("notes", "test", note), seed).run(200, None)
        return seen

    assert inputs(1) == inputs(1)
    assert inputs(1) != inputs(2)


def test_slow_inputs_are_findings() -> None:
    tally = Campaign(Target("slow", "test", lambda _: Verdict(True, "")), seed=1, slow=-1.0).run(3, None)
    assert [finding.what for finding in tally.findings] == ["slow"]


@needs_alarms
def test_the_watchdog_ends_what_does_not_end() -> None:
    with watchdog(0.01) as wind_up:

        def for_ever(_data: bytes) -> Verdict:
            wind_up()  # not before it runs: the alarm may ring at once
            while True:
                pass

        finding = examine(Target("endless", "test", for_ever), b"")
    assert finding is not None
    assert finding.what == "hang"


@needs_alarms
def test_the_watchdog_is_silent_afterwards() -> None:
    with watchdog(60.0) as wind_up:
        wind_up()
        assert signal.getitimer(signal.ITIMER_PROF)[0] > 0
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0


def test_own_errors_are_findings_where_nothing_is_read() -> None:
    with pytest.raises(Violation, match="next_packet raised"), never_refuses("next_packet"):
        raise DecodeError("unknown", "", 0, 0)


@pytest.mark.parametrize("length", [0, 1, 3, 4, 7, 64, 500])
def test_mutations_stay_within_the_longest(length: int) -> None:
    random = Random(length)
    mutator = Mutator(random, [b"word", b"longword"], 200)
    data = random.randbytes(length)
    made = {mutator.mutate(data, random.randbytes(40)) for _ in range(500)}
    assert max(map(len, made)) <= 200
    assert len(made) > 200


def test_a_tape_gives_zeros_behind_its_end() -> None:
    tape = Tape(b"\x05\x02\0ab\xff")
    assert (tape.number(), tape.block(), tape.number(2, signed=True)) == (5, b"ab", 0xFF)
    assert not tape
    assert (tape.number(4), tape.block(), tape.rest()) == (0, b"", b"")


def test_pieces_are_the_whole() -> None:
    assert pieces(b"abcdef", b"\0\x01") == [b"a", b"bc", b"d", b"ef"]
    assert pieces(b"abc", b"") == [b"abc"]
    assert pieces(b"", b"\0") == []


def test_the_command_tells_what_was_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "TARGETS", {"fragile": FRAGILE})
    monkeypatch.setattr(command, "HERE", tmp_path / "tests" / "fuzz")
    monkeypatch.setattr(command, "_limit_memory", lambda: None)
    assert command.main(["--inputs", "30000", "--seed", "5"]) == 1
    told = capsys.readouterr().out
    assert "KeyError in test_engine.fragile (seed 5)" in told
    (kept,) = (path for path in (tmp_path / "tests/fuzz/findings/fragile").iterdir() if path.suffix != ".txt")
    assert kept.read_bytes() == b"\x01\0\0\0\0\0\0\x80"
    assert "--replay" in kept.with_name(f"{kept.name}.txt").read_text()
    assert command.main(["--replay", str(kept)]) == 1
    kept.write_bytes(b"")
    assert command.main(["--replay", str(kept)]) == 0
