"""What both shells do alike with the events of a client's link: settle calls, queue updates, tell who listens.

A shell owns a link and the futures of the calls that wait; this module knows neither asyncio nor threads.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

from mtproto.link import Broken, Failed, KeyCreated, StatusChanged
from mtproto.net.updates import UpdateQueue
from mtproto.session import RequestLost, Result, RpcFailed, Undecodable, Update, UpdatesGap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mtproto.errors import MTProtoError
    from mtproto.link import LinkEvent
    from mtproto.session import Request
    from tl import TLError

__all__ = ["Future", "Outcome", "Shell"]

logger = logging.getLogger(__name__)

Outcome: TypeAlias = Result | RpcFailed
"""What a call comes to when it is answered."""


class Future(Protocol):
    """What asyncio's futures and those of threads have in common."""

    def done(self) -> bool:
        """Tell whether it has an outcome, or was cancelled."""

    def set_result(self, result: Outcome, /) -> None:
        """Give it its outcome."""

    def set_exception(self, exception: BaseException, /) -> None:
        """Give it the reason why there is none."""


F = TypeVar("F", bound=Future)


class Shell(Generic[F]):
    """The calls and updates of one connection.

    Args:
        queued_updates: how many updates wait for their reader at most.
        on_event: told every event of the link, first.

    Attributes:
        pending: the future of each call that is not settled.
        updates: what waits for the reader.
        broken: the carrier is of no more use and is to be closed; whoever closes it sets this back to None.
        failed: why the link has given up.

    """

    def __init__(self, queued_updates: int, on_event: Callable[[LinkEvent], None] | None) -> None:
        self.pending: dict[Request, F] = {}
        self.updates = UpdateQueue(queued_updates)
        self.broken: MTProtoError | None = None
        self.failed: MTProtoError | None = None
        self._on_event = on_event

    def dispatch(self, events: Iterable[LinkEvent]) -> None:
        """Take the events of the link."""
        for event in events:
            if self._on_event is not None:
                self._on_event(event)
            if isinstance(event, Result | RpcFailed):
                future = self.pending.pop(event.request, None)
                if future is not None and not future.done():
                    future.set_result(event)
            elif isinstance(event, RequestLost):
                self._fail(self.pending.pop(event.request, None), event.error)
            elif isinstance(event, Update | UpdatesGap | Undecodable):
                self.updates.put(event)
            else:
                self._other(event)

    def fail_all(self, error: MTProtoError) -> None:
        """Settle every call that waits with `error`."""
        pending, self.pending = self.pending, {}
        for future in pending.values():
            self._fail(future, error)

    def _other(self, event: LinkEvent) -> None:
        match event:
            case StatusChanged(status):
                logger.debug("the link is %s", status.value)
            case KeyCreated(state):
                logger.info("made an auth key for DC %d", state.dc_id)
            case Broken(error):
                logger.info("the connection is broken: %s", error)
                self.broken = error
            case Failed(error):
                logger.warning("gave up: %s", error)
                self.failed = self.broken = error
                self.fail_all(error)

    @staticmethod
    def _fail(future: F | None, error: MTProtoError | TLError) -> None:
        if future is not None and not future.done():
            future.set_exception(error)
