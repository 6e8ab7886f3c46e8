"""One download under way, for threads: makes the calls that the machine orders, and gives out the bytes that came."""

# Made of mtproto/account/download_run.py by `python -m tests.structure.faces`. Change that file instead.

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mtproto.errors import MTProtoError
from mtproto.flows import FilePart

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.account.transfer_calls_threads import TransferCalls
    from mtproto.flows import Download, Flow

__all__ = ["DownloadRun"]


class DownloadRun:
    """One download, from its first part to its last. One owner.

    Args:
        machine: says which parts are to be asked for.
        calls: make the calls.
        fresh: runs the flow that makes a file reference fresh, and returns the location.

    """

    def __init__(self, machine: Download, calls: TransferCalls, fresh: Callable[[Flow[Any]], Any]) -> None:
        self._machine = machine
        self._calls = calls
        self._fresh = fresh

    @property
    def is_done(self) -> bool:
        """Whether every byte that was wanted has been given out."""
        return self._machine.is_done

    @property
    def size(self) -> int | None:
        """The size of the whole file; None while nobody knows."""
        return self._machine.size

    def pieces(self, before: int | None = None, seconds: float | None = None) -> list[tuple[int, bytes]]:
        """Wait for bytes, and return them: offsets in the file, and bytes.

        The list is empty when the download is done, or when the seconds are over.

        Args:
            before: no part is asked for that begins here or later; None: all of them.
            seconds: how long to wait at most; None: for as long as it takes.

        Raises:
            RequestCancelled: the account was closed.
            MTProtoError: what ended the download.

        """
        calls, machine = self._calls, self._machine
        end = None if seconds is None else calls.now + seconds
        while True:
            self._hear()
            found = machine.take_pieces()
            self._order(before)
            while told := machine.take_told():
                calls.tell(told)
                self._order(before)
            if machine.error is not None and not found:
                raise machine.error
            if found or machine.is_done or (end is not None and calls.now >= end):
                calls.rest()
                return found
            calls.wait(machine.deadline(), end)

    def rest(self) -> None:
        """Count nothing as under way while whoever reads the bytes does something else."""
        self._calls.use(0)

    def close(self) -> None:
        """Give up the calls that are under way."""
        self._calls.close()

    def _hear(self) -> None:
        """Hand the machine what came of its orders."""
        for order, outcome in self._calls.ended():
            now = self._calls.now
            match order, outcome:
                case FilePart(number=number), MTProtoError():
                    self._machine.failed(number, outcome, now)
                case FilePart(number=number), _:
                    self._calls.arrived(order)
                    self._machine.answered(number, outcome, now)
                case _, MTProtoError():
                    self._machine.not_refreshed(outcome, now)
                case _:
                    self._machine.refreshed(outcome, now)
        self._calls.use(self._machine.bytes_in_flight)

    def _order(self, before: int | None) -> None:
        """Begin the calls that may begin."""
        while self._calls.may():
            order = self._machine.next(self._calls.now, before)
            if order is None:
                break
            if isinstance(order, FilePart):
                self._calls.begin_part(order)
            else:
                self._calls.begin(order, partial(self._fresh, order.flow))
            self._calls.use(self._machine.bytes_in_flight)
