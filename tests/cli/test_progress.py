"""How far a transfer is, as a bar and as lines."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from mtproto.cli.progress import LINE_EVERY, progress_bar
from mtproto.cli.render import rough_time


class Clock:
    """A clock that stands still between two calls of `go_on`."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def go_on(self, seconds: float) -> None:
        self.now += seconds


def console(*, is_terminal: bool) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, force_terminal=is_terminal, width=160), stream


def test_a_stream_that_is_no_terminal_gets_a_line_now_and_then_and_one_at_the_end() -> None:
    shown, stream = console(is_terminal=False)
    clock = Clock()
    with progress_bar(shown, "film\x1b[31m", 100_000, clock=clock) as advance:
        clock.go_on(LINE_EVERY / 2)
        advance(40_000)  # an earlier run has fetched them: they count for no rate
        for _ in range(8):
            clock.go_on(LINE_EVERY / 4)
            advance(5_000)
        assert len(stream.getvalue().splitlines()) == 2
        advance(20_000)
    assert stream.getvalue().splitlines() == [
        "film\\x1b[31m: 50.0 kB of 100.0 kB, 2.0 kB/s, 25 s left",
        "film\\x1b[31m: 70.0 kB of 100.0 kB, 2.0 kB/s, 15 s left",
        "film\\x1b[31m: 100.0 kB of 100.0 kB, 3.0 kB/s",
    ]


def test_where_nobody_knows_the_length_there_is_no_estimate() -> None:
    shown, stream = console(is_terminal=False)
    clock = Clock()
    with progress_bar(shown, "film", None, clock=clock) as advance:
        advance(0)
        clock.go_on(1)
        advance(2_000)
    assert stream.getvalue() == "film: 2.0 kB, 2.0 kB/s\n"


def test_a_transfer_that_did_not_begin_has_no_line() -> None:
    shown, stream = console(is_terminal=False)
    with pytest.raises(OSError, match="refused"), progress_bar(shown, "film", 1):
        raise OSError("refused")
    assert stream.getvalue() == ""


def test_a_terminal_gets_a_bar_with_bytes_rate_and_estimate() -> None:
    shown, stream = console(is_terminal=True)
    with progress_bar(shown, "film [b]", 3_000_000) as advance:
        advance(0)
        advance(1_500_000)
    text = stream.getvalue()
    assert "film [b]" in text
    assert "1.5/3.0 MB" in text
    assert re.search(r"[-\d]:[-\d]{2}:[-\d]{2}", text)
    assert "━" in text


@pytest.mark.parametrize("is_terminal", [False, True])
def test_what_is_not_to_be_shown_is_not_shown(is_terminal: bool) -> None:
    shown, stream = console(is_terminal=is_terminal)
    with progress_bar(shown, "film", 2, is_shown=False) as advance:
        advance(2)
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (7_800, "2 h 10 min")]
)
def test_durations_are_for_people(seconds: float, text: str) -> None:
    assert rough_time(seconds) == text
