"""Updates for flows that wait for one: a copy of what the home DC sends, beside the reader of `incoming`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from mtproto.flows import each_update
from mtproto.session import Update, UpdatesGap
from tl import TLError, TLObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.link import LinkEvent
    from tl import Schema

__all__ = ["Hearing", "Mailbox"]


class Mailbox(Protocol):
    """Where the updates for one flow wait."""

    def put(self, item: object, /) -> None:
        """Take an update."""

    def end(self) -> None:
        """Let nobody wait any more."""


M = TypeVar("M", bound=Mailbox)


class Hearing(Generic[M]):
    """The mailboxes of the flows that run now. Any thread may call it.

    Args:
        schema: reads the updates.
        counts: tells whether the updates of a lane (DC and name) are the account's.

    """

    def __init__(self, schema: Schema, counts: Callable[[int, str], bool]) -> None:
        self._schema = schema
        self._counts = counts
        self._lock = threading.Lock()
        self._mailboxes: tuple[M, ...] = ()
        self._ended = False

    def add(self, mailbox: M) -> None:
        """Let a mailbox get every update from now on."""
        with self._lock:
            self._mailboxes = (*self._mailboxes, mailbox)
            ended = self._ended
        if ended:
            mailbox.end()

    def remove(self, mailbox: M) -> None:
        """Let a mailbox get no more."""
        with self._lock:
            self._mailboxes = tuple(other for other in self._mailboxes if other is not mailbox)

    def end(self) -> None:
        """Let no flow wait for updates any more: the account is closed."""
        with self._lock:
            mailboxes, self._ended = self._mailboxes, True
        for mailbox in mailboxes:
            mailbox.end()

    def hear(self, dc: int, lane: str, event: LinkEvent) -> None:
        """Take an event of a lane, in the thread that carries the lane; what can't be read is left out."""
        mailboxes = self._mailboxes
        if not mailboxes or not isinstance(event, Update | UpdatesGap) or not self._counts(dc, lane):
            return
        for update in self._read(event):
            for mailbox in mailboxes:
                mailbox.put(update)

    def _read(self, event: Update | UpdatesGap) -> tuple[Any, ...]:
        """Return the updates of an event; for a gap the one by which a server says that too many were missed."""
        if isinstance(event, UpdatesGap):
            return (self._schema.types.UpdatesTooLong(),)
        try:
            received = self._schema.decode(event.body)
        except TLError:
            return ()
        return each_update(received) if isinstance(received, TLObject) else ()
