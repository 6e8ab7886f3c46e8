"""What an account keeps: its record, and the one place that changes the record and hands it to the store."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from mtproto.errors import LocalProtocolError, RequestCancelled
from mtproto.flows import Authorized, FutureToken, KeyDestroyed, LoggedIn, LoggedOutChange, NotAuthorized, with_token
from mtproto.transport import authority

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mtproto.flows import Change
    from mtproto.message import KeyState
    from mtproto.store import AccountRecord, Json, Store

__all__ = ["KeptAccount", "changed", "nobody_is_logged_in"]


def nobody_is_logged_in(record: AccountRecord, so: str) -> str:
    """Return the text of an error for a record without a login, and what the caller can't have therefore."""
    if record.keys and record.ended is None:  # a key of another client's may be logged in all the same
        return (
            f"nobody is logged in, as far as the store says, so that {so}: call login(), or give "
            "with_known(user_id=...) where the key came from another client"
        )
    return f"nobody is logged in, so that {so}: call login() first"


def changed(record: AccountRecord, change: Change) -> AccountRecord:
    """Return a record after a change that a flow wants kept (`mtproto.flows.changes`). Nothing is written."""
    match change:
        case LoggedIn(user_id=user_id, is_bot=is_bot):
            return replace(record, user_id=user_id, is_bot=is_bot, authorized=frozenset(), ended=None)
        case LoggedOutChange(reason=reason, key_dead=key_dead):
            left = record.without_key(record.home_dc) if key_dead else record
            return replace(left, user_id=None, is_bot=False, authorized=frozenset(), ended=reason)
        case KeyDestroyed(dc=dc):
            return record.without_key(record.home_dc if dc is None else dc)
        case FutureToken(token=token):
            return replace(record, future_tokens=with_token(record.future_tokens, token))
        case Authorized(dc=dc):
            return replace(record, authorized=record.authorized | {dc})
        case NotAuthorized(dc=dc):
            return replace(record, authorized=record.authorized - {dc})


class KeptAccount:
    """The record of an account, in memory and in its store. Any thread may call it; changes come one after another.

    A change counts once the store has it: a store that fails leaves the record as it was.

    Args:
        store: keeps the record.

    Attributes:
        login: the number of the login, one more with each login and each end of one. What a call under an earlier login
            was told says nothing about the present one.

    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._record: AccountRecord | None = None
        self._claimed = False
        self._closed = False
        self._lock = threading.Lock()
        self.login = 0

    @property
    def record(self) -> AccountRecord:
        """The record as it is on disk. Raises LocalProtocolError before `load`, RequestCancelled after `close`."""
        record = self._record
        if self._closed:
            raise RequestCancelled("the account was closed")
        if record is None:
            raise LocalProtocolError(
                "the account is not open: use it in a `with` or `async with` block, or call open()"
            )
        return record

    @property
    def is_loaded(self) -> bool:
        """Whether `load` has read the record."""
        return self._record is not None

    def claim(self) -> None:
        """Begin to use the store. Raises LocalProtocolError the second time: a store that was let go is another's."""
        with self._lock:
            if self._closed:
                raise LocalProtocolError("the account was closed; make another one")
            if self._claimed:
                raise LocalProtocolError("the account was opened already")
            self._claimed = True

    def load(self) -> None:
        """Read the record. Raises `StoreError` as the store does, RequestCancelled after `close`."""
        with self._lock:
            if self._closed:
                raise RequestCancelled("the account was closed")
            self._record = self._store.load()

    def change(self, change: Change, login: int | None = None) -> bool:
        """Keep a change; it is on disk when this returns.

        Args:
            change: what is to be kept.
            login: the login that the change is about: where another one has begun meanwhile, nothing is changed. None:
                whichever there is.

        Returns:
            Whether the change was kept.

        """
        with self._lock:
            if login is not None and login != self.login:
                return False
            self._keep(changed(self.record, change))
            if isinstance(change, LoggedIn | LoggedOutChange):
                self.login += 1
            return True

    def begin(
        self,
        home_dc: int,
        api_id: int,
        *,
        test: bool,
        dcs: Mapping[int, tuple[str, int]] | None = None,
        public_keys: tuple[str, ...] = (),
    ) -> None:
        """Let an account of which nothing is known yet begin at a data centre, and note which application uses it.

        Servers that are not Telegram's are noted with each run, since their addresses change.

        Args:
            home_dc: where to begin.
            api_id: the number of the application.
            test: whether the servers are Telegram's test servers.
            dcs: where data centres are that are not Telegram's own.
            public_keys: the keys of servers that are not Telegram's, as PEM; empty for Telegram's.

        Raises:
            LocalProtocolError: the record is one of other servers, which share nothing with these.

        """

        def begun(record: AccountRecord) -> AccountRecord:
            if public_keys:
                record = replace(record, dcs=dcs or {}, public_keys=public_keys)
            return replace(record, home_dc=home_dc, api_id=api_id, test=test) if is_new else record

        is_new = self.record.is_new
        if self.record.is_elsewhere and not public_keys and (self.record.public_keys or not dcs):
            place = self.record.dcs.get(self.record.home_dc)
            at = "" if place is None else f" (DC {self.record.home_dc} at {authority(place)})"
            raise LocalProtocolError(
                f"the store holds an account of servers that are not Telegram's{at}: give dcs= and keys="
            )
        if not is_new and self.record.test != test:
            there, here = ("production", "test") if test else ("test", "production")
            raise LocalProtocolError(f"the store holds an account of the {there} servers, and these are {here} servers")
        self._save(begun)

    def move_home(self, dc: int) -> None:
        """Keep which data centre is home."""
        self._save(lambda record: replace(record, home_dc=dc))

    def keep_keys(self, states: Mapping[int, KeyState]) -> None:
        """Keep the keys of data centres beside those that are kept already. A DC with a new key knows no login."""

        def with_keys(record: AccountRecord) -> AccountRecord:
            for dc, state in states.items():
                record = record.with_key(dc, state)
            return record

        self._save(with_keys)

    def keep_peers(self, peers: Mapping[str, Json]) -> None:
        """Keep what is known of peers, which may be lost."""
        self._save_softly(lambda record: replace(record, peers=peers))

    def keep_updates(self, updates: Mapping[str, Json]) -> None:
        """Keep how far updates were read, which may be lost."""
        self._save_softly(lambda record: replace(record, updates=updates))

    def close(self) -> None:
        """Let the store go. May be called twice."""
        with self._lock:
            self._record = None
            self._closed = True
            self._store.close()

    def _save(self, change: Callable[[AccountRecord], AccountRecord]) -> None:
        with self._lock:
            self._keep(change(self.record))

    def _save_softly(self, change: Callable[[AccountRecord], AccountRecord]) -> None:
        with self._lock:
            after = change(self.record)
            self._store.save_soft(after)
            self._record = after

    def _keep(self, after: AccountRecord) -> None:
        """Hand a record to the store, unless the same one is there. The lock is held."""
        if after != self._record:
            self._store.save(after)
            self._record = after
