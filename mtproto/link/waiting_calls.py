"""Calls that no session has: those made before there is a session, and those that a dropped key gave back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtproto.session import Request

__all__ = ["WaitingCalls"]


class WaitingCalls:
    """The calls of one link that its session does not have. One owner: that link."""

    __slots__ = ("_given_back", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[Request] = []
        self._given_back: list[Request] = []

    def __len__(self) -> int:
        """Return how many calls wait for the session; those that were given back wait for another link."""
        return len(self._waiting)

    def __contains__(self, request: Request) -> bool:
        """Tell whether a call waits for the session."""
        return request in self._waiting

    def add(self, request: Request) -> None:
        """Keep a call until the session takes it."""
        self._waiting.append(request)

    def cancel(self, request: Request) -> bool:
        """Settle a call that waits for the session, and return whether there was one."""
        if request not in self._waiting:
            return False
        self._waiting.remove(request)
        request.end_unsent()
        return True

    def take(self) -> list[Request]:
        """Take out the calls that wait for the session, in the order in which they were added."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def take_in_order(self) -> list[Request]:
        """Take out the calls that wait for the session, each one behind those that it follows.

        A call was added before one that it follows where the latter has come back from a key that was lost.
        """
        waiting, ordered = dict.fromkeys(self.take()), []
        while waiting:
            request = next(iter(waiting))
            while first := next((before for before in request.after if before in waiting), None):
                request = first
            del waiting[request]
            ordered.append(request)
        return ordered

    def give_back(self, requests: Iterable[Request]) -> None:
        """Keep calls that a dropped key did not execute, or that may be executed twice, for another link."""
        self._given_back += requests

    def was_given_back(self, request: Request) -> bool:
        """Tell whether a call waits for another link."""
        return request in self._given_back

    def take_given_back(self) -> list[Request]:
        """Take out the calls that wait for another link."""
        given_back, self._given_back = self._given_back, []
        return given_back
