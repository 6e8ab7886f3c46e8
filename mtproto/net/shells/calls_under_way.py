"""The calls of one connection that are under way, each with the future that its caller waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

from mtproto.errors import OutcomeUnknown, own_copy
from mtproto.session import Result, RpcFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.errors import ConnectionLost, MTProtoError
    from mtproto.session import Request
    from tl import TLError

__all__ = ["CallsUnderWay", "Future", "Outcome"]

Outcome: TypeAlias = Result | RpcFailed
"""The end of a call that the server has answered."""


class Future(Protocol):
    """What asyncio's futures and those of threads have in common."""

    def done(self) -> bool:
        """Tell whether it has an outcome, or was cancelled."""

    def set_result(self, result: Outcome, /) -> None:
        """Give it its outcome."""

    def set_exception(self, exception: BaseException, /) -> None:
        """Give it the reason why there is none."""

    def exception(self) -> BaseException | None:
        """Return that reason."""


F = TypeVar("F", bound=Future)


class CallsUnderWay(Generic[F]):
    """Settles the futures of calls. One owner; used in one thread.

    Each caller gets an exception object of its own, since its traceback is the caller's.
    """

    __slots__ = ("_futures",)

    def __init__(self) -> None:
        self._futures: dict[Request, F] = {}

    def __len__(self) -> int:
        """How many calls are under way."""
        return len(self._futures)

    def add(self, request: Request, future: F) -> None:
        """Settle `future` once the call ends."""
        self._futures[request] = future

    def get(self, request: Request) -> F | None:
        """Return the future of a call; None if the call has ended."""
        return self._futures.get(request)

    def take(self, request: Request) -> F | None:
        """Return the future of a call, and settle it no more; None if the call has ended."""
        return self._futures.pop(request, None)

    def answer(self, outcome: Outcome) -> None:
        """Settle the call that was answered, unless it was given up."""
        future = self._futures.pop(outcome.request, None)
        if future is not None and not future.done():
            future.set_result(outcome)

    def fail(self, request: Request, error: MTProtoError | TLError) -> None:
        """Settle a call that has no answer, unless it was given up."""
        _fail(self._futures.pop(request, None), error)

    def fail_all(self, error: MTProtoError) -> None:
        """Settle all calls: none will be answered."""
        futures, self._futures = self._futures, {}
        for future in futures.values():
            _fail(future, error)

    def fail_unknown(self, is_known: Callable[[Request], bool], error: ConnectionLost) -> None:
        """Settle the calls that the link does not know any more: the event of their end was lost with `error`."""
        for request in [request for request in self._futures if not is_known(request)]:
            unknown = OutcomeUnknown(request, str(error))
            unknown.__cause__ = error
            self.fail(request, unknown)

    def forget(self) -> None:
        """Settle nothing any more: nobody waits."""
        self._futures.clear()


def _fail(future: Future | None, error: MTProtoError | TLError) -> None:
    if future is not None and not future.done():
        future.set_exception(own_copy(error))
        future.exception()  # asyncio complains of one that nobody has looked at; a call need not be awaited
