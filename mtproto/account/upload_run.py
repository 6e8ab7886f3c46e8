"""One upload under way, for asyncio: reads what the machine wants, and makes the calls that it orders.

`mtproto.account.upload_run_threads` is made of this file (see `tests.structure.faces`): what differs is how to wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.account.waiting_async import beside, whole
from mtproto.errors import MTProtoError
from mtproto.flows import FilePart, PartToRead

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.account.transfer_calls import TransferCalls
    from mtproto.flows import Upload

__all__ = ["UploadRun"]


class UploadRun:
    """One upload, from its first part to its last. One owner.

    Args:
        machine: says which parts are to be read and sent.
        calls: make the calls.
        read: returns bytes of the file, by offset and length.

    """

    def __init__(self, machine: Upload, calls: TransferCalls, read: Callable[[int, int], bytes]) -> None:
        self._machine = machine
        self._calls = calls
        self._read = read

    async def arrived(self) -> int:
        """Wait until parts have arrived, and return their bytes; 0 when the upload is done.

        Raises:
            RequestCancelled: the account was closed.
            MTProtoError: what ended the upload; or the file can't be read.

        """
        calls, machine, before = self._calls, self._machine, self._machine.bytes_sent
        while True:
            self._hear()
            await self._order()
            while told := machine.take_told():
                await calls.tell(told)
                await self._order()
            if machine.error is not None:
                raise machine.error
            if machine.is_done or machine.bytes_sent > before:
                calls.rest()
                return machine.bytes_sent - before
            await calls.wait(machine.deadline())

    async def close(self) -> None:
        """Give up the calls that are under way."""
        await self._calls.close()

    def _hear(self) -> None:
        """Hand the machine what came of its orders."""
        for order, outcome in self._calls.ended():
            if isinstance(order, FilePart):
                now = self._calls.now
                if isinstance(outcome, MTProtoError):
                    self._machine.failed(order.number, outcome, now)
                else:
                    self._calls.arrived(order)
                    self._machine.answered(order.number, outcome, now)
        self._calls.use(self._machine.bytes_in_flight)

    async def _order(self) -> None:
        """Begin the calls that may begin. What was read goes out at once: the budget has room for it already."""
        while self._calls.may():
            order = self._machine.next(self._calls.now)
            if isinstance(order, PartToRead):
                self._machine.read(await whole(beside, self._read, order.offset, order.length))
                order = self._machine.next(self._calls.now)
            if isinstance(order, FilePart):
                self._calls.begin_part(order)
            self._calls.use(self._machine.bytes_in_flight)
            if order is None:
                break
