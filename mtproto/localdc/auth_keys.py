"""The auth keys of a local DC: what is remembered with each, and when that is written to the state file."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mtproto.crypto import RSAPrivateKey
from mtproto.localdc.keys import KeyFile, KeyRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mtproto.link import ServerSessions
    from mtproto.message import AuthKey

__all__ = ["AuthKeys"]

TIMES_KEPT = 3600.0
"""Seconds between two notes of when keys were last used: no age needs to be known more exactly."""


class AuthKeys:
    """All auth keys of one DC, and its RSA key. It is the only writer of the state file.

    Args:
        key: the RSA key; None makes one, or takes the one in the state file.
        path: the state file; None for none. The file is locked until `close`.
        clock: gives the Unix time in seconds.
        bindings: how many temporary keys may stand for a permanent one at a time.

    Attributes:
        private_key: the RSA key.
        records: what is remembered with each auth key, by the id of the key; to be read only.

    Raises:
        StoreError: the file is damaged, can't be written, or is used by another process.

    """

    def __init__(
        self, key: RSAPrivateKey | None, path: str | Path | None, clock: Callable[[], float], bindings: int = 1
    ) -> None:
        self._clock = clock
        self._bindings = bindings
        self._kept_at = clock()
        self._changed = False  # whether the state file has keys that are forgotten
        self._sessions: ServerSessions | None = None
        self._file = None if path is None else KeyFile(path)
        records: list[KeyRecord] = []
        if self._file is not None:
            key, records = self._file.load(key)
        self.private_key = key if key is not None else RSAPrivateKey.generate()
        self._records = {record.auth_key.id: record for record in records}
        self.records: Mapping[int, KeyRecord] = MappingProxyType(self._records)

    def serve(self, sessions: ServerSessions) -> None:
        """Give the keys that are known to the server whose sessions they have, and follow these from now on."""
        self._sessions = sessions
        for record in self._records.values():
            sessions.add_key(record.auth_key, expires_at=record.expires_at, used_at=record.used_at or 0.0)

    def add(self, record: KeyRecord) -> None:
        """Remember a key and what belongs to it."""
        self._records[record.auth_key.id] = record

    def is_logged_in(self, key_id: int) -> bool:
        """Tell whether somebody is logged in with the key of this id."""
        record = self._records.get(key_id)
        return record is not None and record.account.user_id is not None

    def bound(self) -> dict[int, list[KeyRecord]]:
        """Return by the id of each permanent key the temporary keys that stand for it."""
        bound: dict[int, list[KeyRecord]] = {}
        for record in self._records.values():
            if record.permanent is not None:
                bound.setdefault(record.permanent.auth_key.id, []).append(record)
        return bound

    def made(self, key: AuthKey, expires_at: float | None) -> None:
        """Remember a key that was just made. Temporary keys that have ended are forgotten."""
        now = self._clock()
        for record in list(self._records.values()):
            if record.expires_at is not None and record.expires_at <= now:
                self.drop(record)
        self.add(KeyRecord(key, expires_at=expires_at))
        if expires_at is None:  # a temporary key never stands in the state file
            self.keep()

    def forget(self, key_id: int) -> None:
        """Forget what was remembered with a key that the server has forgotten; `keep_changes` writes the state file."""
        record = self._records.pop(key_id, None)
        if record is not None and record.expires_at is None:
            self._changed = True

    def destroy(self, key_id: int) -> None:
        """Forget a permanent key that its client has destroyed, and the temporary keys that stand for it."""
        for record in [each for each in self._records.values() if each.permanent is not None]:
            if record.account.auth_key.id == key_id:
                self.drop(record)
        self.forget(key_id)

    def drop(self, record: KeyRecord) -> None:
        """Forget a key, at the server as well."""
        if self._sessions is not None:
            self._sessions.forget_key(record.auth_key.id)
        self._records.pop(record.auth_key.id, None)

    def bind(self, temporary: KeyRecord, permanent: KeyRecord, session_id: int = 0) -> None:
        """Let a temporary key stand for a permanent one: in place of the key that stood for it before, or beside it.

        Where several keys may stand for a permanent one, each does so in one session, that of the binding.
        """
        others = [each for each in self._records.values() if each.permanent is permanent and each is not temporary]
        for record in others[: max(len(others) + 1 - self._bindings, 0)]:
            record.unbind()
        temporary.bind(permanent, session_id if self._bindings > 1 else None)
        if self._sessions is None:
            return
        now = self._clock()
        keys = [self._sessions.find_key(record.auth_key.id, now) for record in (temporary, permanent)]
        if keys[0] is not None and keys[1] is not None:
            self._sessions.bind(keys[0], keys[1], self._bindings)

    def keep(self) -> None:
        """Write all permanent keys to the state file, if there is one."""
        if self._file is None:
            return
        self._kept_at = self._clock()
        self._changed = False
        for key in self._sessions or ():
            record = self._records.get(key.auth_key.id)
            if record is not None:
                record.was_used(key.last_used())
        self._file.keep(self.private_key.to_pem(), list(self._records.values()))

    def keep_changes(self) -> None:
        """Write the state file once for all keys that were forgotten since the file was written.

        Also write the file once an hour, to note when keys were last used, so that their age counts over restarts.
        """
        if self._changed or self._clock() - self._kept_at > TIMES_KEPT:
            self.keep()

    def save_rest(self) -> None:
        """Write what could not be written so far, and when keys were last used.

        Raises:
            StoreError: the file still can't be written.

        """
        if self._file is not None and self._file.is_open:
            if self._changed or any(record.expires_at is None for record in self._records.values()):
                self.keep()
            self._file.save_rest(self.private_key.to_pem(), list(self._records.values()))

    def reopen(self) -> None:
        """Lock the state file again after `close`; does nothing before. Raises as `KeyFile.reopen` does."""
        if self._file is not None:
            self._file.reopen()

    def close(self) -> None:
        """Let others use the state file. May be called twice."""
        if self._file is not None:
            self._file.close()
