"""What a target is, and how one input is judged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from mtproto.errors import MTProtoError
from tl import TLError

__all__ = ["Target", "Verdict", "Violation", "judge", "never_refuses", "outline"]

_OWN_ERRORS = (TLError, MTProtoError)
_CHANGING = re.compile(r"0x[0-9a-f]+|\d+|'[^']*'")
_TRACE_LENGTH = 200


class Verdict(NamedTuple):
    """What became of one input.

    Attributes:
        parsed: it was understood; otherwise it was refused.
        trace: what happened, in few words. An input whose trace is new is worth changing further.

    """

    parsed: bool
    trace: str


@dataclass(frozen=True, slots=True)
class Target:
    """A parser, and what an engine has to know of it.

    Attributes:
        name: also the name of its folder in `corpus/` and `cases/`.
        group: what shares its time in CI.
        run: takes one input.
        refuses: the errors of ours with which the parser refuses an input, as its docstring says.
        words: byte strings that mean something to the parser, for mutations to put in.
        longest: the most bytes that mutations make.
        patience: how many times as long as a single packet an input may take: more where it is a script of many.

    """

    name: str
    group: str
    run: Callable[[bytes], Verdict]
    refuses: tuple[type[TLError | MTProtoError], ...] = ()
    words: Callable[[], Sequence[bytes]] = tuple
    longest: int = 4096
    patience: float = 1.0


class Violation(Exception):
    """A promise was broken without any exception: two ways of reading differ, a call ended twice, there is no rest."""


def judge(target: Target, data: bytes) -> Verdict:
    """Run one input. Whatever is no refusal passes through, and is a finding."""
    try:
        return target.run(data)
    except target.refuses as error:
        return Verdict(False, outline(f"{type(error).__name__}: {error}"))


def outline(text: str) -> str:
    """Return a text without what differs from input to input: numbers and names in quotes."""
    return _CHANGING.sub("#", text)[:_TRACE_LENGTH]


@contextmanager
def never_refuses(what: str) -> Iterator[None]:
    """Mark a step in which not even our own errors may be raised: nothing of the peer is read in it."""
    try:
        yield
    except _OWN_ERRORS as error:
        raise Violation(f"{what} raised {error!r}") from error
