"""The events that a session has to tell its owner and has not told yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["EventQueue"]

Event = TypeVar("Event")


class EventQueue(Generic[Event]):
    """Events in the order in which things happened. Owned by one session, whose parts all tell their events here."""

    __slots__ = ("_events",)

    def __init__(self) -> None:
        self._events: list[Event] = []

    def __len__(self) -> int:
        return len(self._events)

    def tell(self, event: Event) -> None:
        """Put an event behind all others."""
        self._events.append(event)

    def take(self) -> list[Event]:
        """Take all events out, first ones first."""
        events = self._events
        self._events = []
        return events

    def withdraw(self, unwanted: Callable[[Event], bool]) -> None:
        """Take back the events for which the function returns true."""
        self._events = [event for event in self._events if not unwanted(event)]
