"""The calls of a client whose temporary keys change: which of them no link has, and which calls a call follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtproto.session import Request

__all__ = ["UnplacedCalls"]


class UnplacedCalls:
    """The calls that wait for a link, and what must be known of calls while keys change. One owner: a `PfsLink`."""

    __slots__ = ("_not_executed", "_predecessors", "_unplaced")

    def __init__(self) -> None:
        self._unplaced: list[Request] = []
        self._not_executed: set[Request] = set()  # refused since their key was not bound, while it is replaced
        self._predecessors: dict[Request, tuple[Request, ...]] = {}  # of open calls; sessions forget them at the end

    def __len__(self) -> int:
        """Return how many calls wait for a link."""
        return len(self._unplaced)

    def __contains__(self, request: Request) -> bool:
        """Tell whether a call waits for a link."""
        return request in self._unplaced

    def begin(self, request: Request) -> None:
        """Note a new call and the calls that it follows."""
        if request.after:
            self._predecessors[request] = request.after

    def end(self, request: Request) -> None:
        """Forget which calls a call follows: it has ended."""
        if self._predecessors:
            self._predecessors.pop(request, None)

    def keep(self, requests: Iterable[Request]) -> None:
        """Keep calls until a link takes them."""
        self._unplaced += requests

    def take(self) -> list[Request]:
        """Take out the calls that wait for a link."""
        unplaced, self._unplaced = self._unplaced, []
        return unplaced

    def cancel(self, request: Request) -> None:
        """Give up a call: it is forgotten, and settled if it waits here."""
        self.end(request)
        if request in self._unplaced:
            self._unplaced.remove(request)
            request.end_unsent()

    def send_again(self, request: Request) -> None:
        """Keep a call that the server refused to execute, as one that was never sent."""
        request.reset()
        request.follow(self._predecessors.get(request, ()))
        self._not_executed.add(request)
        self._unplaced.append(request)

    def follows_one_not_executed(self, request: Request) -> bool:
        """Tell whether a call follows one that is sent again, so that the server waited for the latter in vain."""
        return not self._not_executed.isdisjoint(self._predecessors.get(request, ()))

    def forget_not_executed(self) -> None:
        """Take notice that no key is being replaced any more: what was sent again stays where it is."""
        if self._not_executed:
            self._not_executed.clear()
