"""What a self-test tells of its run: names, sizes, times and numbers.

Nothing of it is a key, a credential, a phone number, an address, or a text that a peer chose: events are told by a
table of what is harmless in them, errors by their names.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from mtproto.errors import ExchangeFailed, FloodWait, RpcError, TransportError
from mtproto.link import Broken, ExchangeStep, Failed, KeyDropped, StatusChanged
from mtproto.session import BadMessage, RequestLost, Result, RpcFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mtproto.link import LinkEvent

__all__ = ["Fact", "Outcome", "Recorder", "error_name"]

Fact: TypeAlias = str | int | float | bool

_NAME = re.compile(r"[A-Za-z0-9_.]{1,80}")
_DIGITS = re.compile(r"\d{4,}")
_MOST_ENTRIES = 1000


def error_name(error: BaseException) -> str:
    """Return the name of an error, with its code, without its text: `RpcError` 400 PHONE_CODE_INVALID, and such."""
    name = type(error).__name__
    if isinstance(error, RpcError):
        waits = f" of {error.seconds} s" if isinstance(error, FloodWait) else ""
        return f"{error.code} {_name(error.name)}{waits}"
    if isinstance(error, TransportError):
        return f"{name} {error.code}"
    if isinstance(error, ExchangeFailed):
        return f"{name} at {error.step}: {error.check}"
    return name


def _name(text: str) -> str:
    """Return a name that a peer chose, if it has the form of one. Long numbers are left out: they may name somebody."""
    return _DIGITS.sub("X", text) if _NAME.fullmatch(text) else "(no name)"


def _step(event: ExchangeStep) -> dict[str, Fact]:
    step = event.step
    return {"message": step.message.NAME, "sent": step.sent, "bytes": step.size}


# What is told of an event beside its name, by its class. Of all others the name alone is told.
_FACTS: Mapping[type, Callable[[Any], dict[str, Fact]]] = {
    ExchangeStep: _step,
    StatusChanged: lambda event: {"status": event.status.value},
    Broken: lambda event: {"error": error_name(event.error)},
    Failed: lambda event: {"error": error_name(event.error)},
    KeyDropped: lambda event: {"error": error_name(event.error)},
    RequestLost: lambda event: {"error": error_name(event.error)},
    RpcFailed: lambda event: {"error": f"{event.code} {_name(event.message)}"},
    BadMessage: lambda event: {"code": event.code},
    Result: lambda event: {"bytes": len(event.body)},
}


@dataclass(slots=True)
class Recorder:
    """The transcript of one check.

    Attributes:
        entries: what happened, in order: `at` (seconds since the check began), `what`, and facts.
        counts: how often each `what` happened, also of those that are past the 1,000 entries that are kept.

    """

    entries: list[dict[str, Fact]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    _began: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """How long ago the check began."""
        return time.perf_counter() - self._began

    def note(self, what: str, **facts: Fact) -> None:
        """Add an entry."""
        self.counts[what] = self.counts.get(what, 0) + 1
        if len(self.entries) < _MOST_ENTRIES:
            self.entries.append({"at": round(self.seconds, 6), "what": what, **facts})

    def event(self, event: LinkEvent) -> None:
        """Add an event of a connection."""
        facts = _FACTS.get(type(event))
        self.note(type(event).__name__, **({} if facts is None else facts(event)))

    def count(self, what: str) -> int:
        """Return how often something happened."""
        return self.counts.get(what, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one check.

    Attributes:
        name: the name of the check.
        outcome: "passed", "failed" or "skipped".
        reason: why, where the check is not passed; the text is ours.
        seconds: how long the check took.
        facts: what was measured.
        transcript: what happened.

    """

    name: str
    outcome: str
    reason: str
    seconds: float
    facts: Mapping[str, Fact]
    transcript: list[dict[str, Fact]] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain data for JSON."""
        return {
            "name": self.name,
            "outcome": self.outcome,
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            "facts": dict(self.facts),
            "transcript": self.transcript,
        }
