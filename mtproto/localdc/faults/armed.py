"""Faults that wait for their moment: they are armed in any thread, and happen in the thread of the DC."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ArmedFaults", "Effect"]

What = TypeVar("What")
Came = TypeVar("Came")


class Effect(NamedTuple, Generic[Came]):
    """What a fault does to a packet or to bytes that it was shown.

    Attributes:
        instead: what happens in place of the usual.
        over: whether the fault has happened. If not, the fault is shown the next packet, too.

    """

    instead: Came
    over: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Armed(Generic[What, Came]):
    name: str
    act: Callable[[What], Effect[Came] | None]


class ArmedFaults(Generic[What, Came]):
    """The faults of one moment.

    Each packet is shown to the faults in the order in which they were armed, until one of them acts.

    Args:
        happened: told the name of each fault that has happened.

    """

    def __init__(self, happened: Callable[[str], None]) -> None:
        self._happened = happened
        self._armed: list[_Armed[What, Came]] = []
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._armed)

    def arm(self, name: str, act: Callable[[What], Effect[Came] | None]) -> None:
        """Add a fault.

        Args:
            name: its name.
            act: returns an `Effect`, or None to let something pass untouched. It runs in the thread of the DC.

        """
        with self._lock:
            self._armed.append(_Armed(name, act))

    def clear(self) -> None:
        """Forget the faults that wait."""
        with self._lock:
            self._armed.clear()

    def show(self, what: What) -> Effect[Came] | None:
        """Return what a fault does to a packet that came; None if no fault acts."""
        for fault in list(self._armed):
            effect = fault.act(what)
            if effect is None:
                continue
            if effect.over:
                with self._lock:
                    if fault not in self._armed:
                        continue  # it was taken back meanwhile
                    self._armed.remove(fault)
                self._happened(fault.name)
            return effect
        return None
