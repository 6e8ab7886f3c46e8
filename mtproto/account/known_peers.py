"""What an account knows of users and chats: the book of its record, fed by answers and updates, saved softly."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mtproto.account.kept import nobody_is_logged_in
from mtproto.errors import LocalProtocolError, RequestCancelled
from mtproto.flows import PeerAsker, PeerBook
from mtproto.limits import DEFAULT_LIMITS
from mtproto.store import StoreError
from tl import TLError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.account.kept import KeptAccount
    from mtproto.errors import RpcError
    from mtproto.session import Update
    from tl import Schema

__all__ = ["SAVE_EVERY", "KnownPeers"]

SAVE_EVERY = 5.0
"""Seconds between two looks at whether the book has changed; what was learnt since may be lost with the process."""

_WITH_PEERS = ("updates", "updatesCombined")
"""The constructors of `Updates` that show users and chats."""


_NOT_KNOWN = frozenset({"CHANNEL_INVALID", "PEER_ID_INVALID", "USER_ID_INVALID"})
"""Refusals of an access hash, or of an id that is gone."""


class KnownPeers:
    """The book of peers of an account. Any thread may call it.

    Args:
        schema: the account's.
        kept: the record, whose `peers` hold the book.
        now: tells Unix seconds.

    """

    def __init__(self, schema: Schema, kept: KeptAccount, now: Callable[[], float]) -> None:
        self._schema = schema
        self._kept = kept
        self._now = now
        self._with_peers = frozenset(schema.id_of(name) for name in _WITH_PEERS if name in schema)
        self._book = PeerBook(schema)
        self._saved = 0
        self._saving = threading.Lock()

    def begin(self) -> None:
        """Read the book of the record, which is loaded."""
        record = self._kept.record
        self._book = PeerBook(self._schema, record.user_id, record.peers, threading.Lock())
        self._saved = self._book.changes

    @property
    def book(self) -> PeerBook:
        """The book of who is logged in. Raises LocalProtocolError before the account is open."""
        self._book.belong_to(self._kept.record.user_id)
        return self._book

    @property
    def asker(self) -> PeerAsker:
        """Who asks. Raises LocalProtocolError where nobody is logged in."""
        record = self._kept.record
        if record.user_id is None:
            raise LocalProtocolError(nobody_is_logged_in(record, "nobody can be asked for"))
        return PeerAsker(self._schema, record.user_id, record.is_bot)

    def learn(self, answer: object) -> None:
        """Take the users and chats that an answer shows, while somebody is logged in."""
        if self._book.can_learn(answer) and self._kept.is_loaded and self._kept.record.user_id is not None:
            self.book.learn(answer, self._now())

    def refused(self, request: object, error: RpcError) -> None:
        """Take that a call was refused: whom the server does not know is asked for again next time."""
        if error.name in _NOT_KNOWN and self._kept.is_loaded:
            self.book.doubt(request)

    def hear(self, update: Update) -> None:
        """Take the users and chats that an update shows; what can't be read is left out."""
        if int.from_bytes(update.body[:4], "little") not in self._with_peers:
            return
        try:
            self.learn(self._schema.decode(update.body, elements=DEFAULT_LIMITS.elements))
        except (TLError, LocalProtocolError, RequestCancelled):  # or the account was closed meanwhile
            return

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return self._kept.is_loaded and self.book.changes != self._saved

    def save(self) -> None:
        """Let the store keep the book, if it has changed. A store that fails is asked again: the book may be lost."""
        with self._saving:
            try:
                book = self.book
                changes = book.changes
                if changes != self._saved:
                    self._kept.keep_peers(book.saved())
                    self._saved = changes
            except (StoreError, LocalProtocolError, RequestCancelled):
                return
