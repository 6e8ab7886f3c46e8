"""What a local DC remembers with each auth key, and the file that keeps it over restarts."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtproto.crypto import CryptoError, RSAPrivateKey
from mtproto.message import AUTH_KEY_LENGTH, AuthKey
from mtproto.store import Fields, LockedFile, StoreDamaged, StoreError, read_fields, read_file

__all__ = ["Device", "KeyFile", "KeyRecord", "read_keys"]

logger = logging.getLogger(__name__)

VERSION = 1

LIMIT = 32 * 1024 * 1024
"""Bytes that the file may have: about 75,000 keys, more than a DC for tests ever has. A larger file is not written."""

_KIND = f"a state file of a local DC, version {VERSION}"


SESSIONS_HEARD = 64
"""Sessions of one key of which is known whether they want updates; one more, and the one that has been silent longest
gets updates until its next call."""


@dataclass(frozen=True, slots=True)
class Device:
    """What an `initConnection` says of a client."""

    api_id: int = 0
    model: str = "unknown"
    system_version: str = ""
    app_version: str = ""


UNKNOWN_DEVICE = Device()


def login_number(key: AuthKey) -> int:
    """Return the number of the logins made with a key, a signed 64-bit number that is not 0."""
    digest = hashlib.sha256(b"authorization" + key.id.to_bytes(8, "little", signed=key.id < 0)).digest()
    return int.from_bytes(digest[:8], "little", signed=True) | 1


@dataclass(slots=True)
class KeyRecord:
    """An auth key and what belongs to it (core.telegram.org/api/invoking, core.telegram.org/api/auth).

    Attributes:
        auth_key: the key.
        layer: what the last `invokeWithLayer` said.
        inited: whether `initConnection` came.
        user_id: who is logged in.
        expires_at: when a temporary key ends (Unix seconds); None for a permanent key.
        used_at: when the key was last used (Unix seconds); None if the DC did not note that.
        permanent: the record of the permanent key that a bound temporary key stands for; None for other keys.
        bound_session: the session that the binding belongs to, where it belongs to one; None where it is the key's.
        password_for: the user who has yet to prove the password to be logged in.
        authorization: the number of the login (`hash` of an `authorization`), the same at all DCs it was exported to.
        imported: whether the login came from another DC.
        revoked: whether the login was ended by another one.
        is_dead: whether the key was used from two places at once, and is good for nothing any more.
        device: what the last `initConnection` said of the client.
        logged_in_at: when the login was made (Unix seconds).
        login_token: the token that was made for the client's QR code last.
        heard: whether each session wants updates, that which called last being the last.

    """

    auth_key: AuthKey = field(repr=False)
    layer: int | None = None
    inited: bool = False
    user_id: int | None = None
    expires_at: float | None = None
    used_at: float | None = None
    permanent: KeyRecord | None = field(default=None, repr=False)
    bound_session: int | None = None
    password_for: int | None = None
    authorization: int = 0
    imported: bool = False
    revoked: bool = False
    is_dead: bool = False
    device: Device = UNKNOWN_DEVICE
    logged_in_at: float = 0.0
    login_token: bytes | None = field(default=None, repr=False)
    heard: dict[int, bool] = field(default_factory=dict, repr=False)

    @property
    def account(self) -> KeyRecord:
        """The record that logins and executed calls belong to: that of the permanent key."""
        return self.permanent or self

    @property
    def is_unbound(self) -> bool:
        """Whether the key is a temporary key that is not bound yet (core.telegram.org/api/pfs)."""
        return self.expires_at is not None and self.permanent is None

    @property
    def why_nobody(self) -> str:
        """Why nobody is logged in, as the refusal of a call names it (core.telegram.org/api/errors)."""
        if self.password_for is not None:
            return "SESSION_PASSWORD_NEEDED"
        return "SESSION_REVOKED" if self.revoked else "AUTH_KEY_UNREGISTERED"

    def serves(self, session_id: int) -> bool:
        """Tell whether calls of a session may be made under the key: it is permanent, or its binding holds there."""
        return not self.is_unbound and self.bound_session in (None, session_id)

    def want_updates(self, session_id: int, wanted: bool) -> None:
        """Note a call of a session: it wants updates from its first call on that is not `invokeWithoutUpdates`."""
        self.heard[session_id] = self.heard.pop(session_id, False) or wanted
        if len(self.heard) > SESSIONS_HEARD:
            del self.heard[next(iter(self.heard))]

    @property
    def quiet(self) -> set[int]:
        """The sessions that want no updates."""
        return {session_id for session_id, wanted in self.heard.items() if not wanted}

    def speak(self, layer: int) -> None:
        """Note the layer that an `invokeWithLayer` named."""
        self.layer = layer

    def init(self, layer: int, device: Device = UNKNOWN_DEVICE) -> None:
        """Note that an `initConnection` came, in which layer, and what it said of the client."""
        self.inited, self.layer = True, layer
        self.account.describe(device)

    def describe(self, device: Device) -> None:
        """Note what the client says of itself."""
        self.device = device

    def log_in(self, user_id: int, at: float = 0.0) -> None:
        """Log a user in with this key, at this Unix time."""
        self.user_id, self.logged_in_at = user_id, at
        self.authorization = login_number(self.auth_key)
        self.password_for, self.imported, self.revoked = None, False, False

    def import_login(self, user_id: int, authorization: int, at: float) -> None:
        """Log a user in with this key, as another DC exported the login."""
        self.log_in(user_id, at)
        self.authorization, self.imported = authorization, True

    def show_login_token(self, token: bytes) -> None:
        """Note the token that was made for the client's QR code."""
        self.login_token = token

    def ask_password(self, user_id: int) -> None:
        """Log nobody in before this user's password is proven."""
        self.user_id, self.password_for = None, user_id

    def log_out(self) -> None:
        """Forget who is logged in; the key stays good."""
        self.user_id = self.password_for = None
        self.imported = False

    def revoke(self) -> None:
        """Forget who is logged in, because another login ended this one."""
        self.log_out()
        self.revoked = True

    def bind(self, permanent: KeyRecord, session_id: int | None = None) -> None:
        """Let this key, a temporary one, stand for a permanent one: in one session, or in all (None)."""
        self.permanent, self.bound_session = permanent, session_id

    def unbind(self) -> None:
        """Let this key stand for no other one."""
        self.permanent = self.bound_session = None

    def was_used(self, at: float) -> None:
        """Note when the key was last used, in Unix seconds."""
        self.used_at = at

    def kill(self) -> None:
        """Let the key be good for nothing any more, and log it out."""
        self.log_out()
        self.is_dead = True

    def to_dict(self) -> dict[str, Any]:
        """Return the part of the record that a file keeps: the key itself, with which one can act as the client."""
        return {
            "auth_key": base64.b64encode(self.auth_key.data).decode(),
            "layer": self.layer,
            "inited": self.inited,
            "user_id": self.user_id,
            "used_at": self.used_at,
            "authorization": self.authorization,
            "imported": self.imported,
            "password_for": self.password_for,
        }

    @classmethod
    def from_fields(cls, kept: Fields) -> KeyRecord:
        """Read the fields that `to_dict` returned.

        Raises:
            StoreDamaged: the fields are others.

        """
        later = ("used_at", "authorization", "imported", "password_for")  # which earlier versions lack
        kept.only("auth_key", "layer", "inited", "user_id", optional=later)
        data = kept.data("auth_key")
        if len(data) != AUTH_KEY_LENGTH:
            raise kept.damaged('"auth_key" is not as long as a key')
        return cls(
            AuthKey(data),
            layer=kept.integer_or_none("layer", -(1 << 31), (1 << 31) - 1),
            inited=kept.boolean("inited"),
            user_id=kept.integer_or_none("user_id", -(1 << 63), (1 << 63) - 1),
            used_at=kept.time_or_none("used_at") if kept.has("used_at") else None,
            authorization=(
                kept.integer("authorization", -(1 << 63), (1 << 63) - 1)
                if kept.has("authorization")
                else login_number(AuthKey(data))
            ),
            imported=kept.boolean("imported") if kept.has("imported") else False,
            password_for=(
                kept.integer_or_none("password_for", -(1 << 63), (1 << 63) - 1) if kept.has("password_for") else None
            ),
        )


def read_keys(path: str | Path) -> tuple[str | None, list[KeyRecord]]:
    """Return the content of a DC's state file: the RSA private key (PEM) and the records; None and none without a file.

    Raises:
        StoreDamaged: the file is no state file, or damaged.
        StoreError: the file can't be read.

    """
    path = Path(path)
    data = read_file(path, LIMIT)
    if data is None:
        return None, []
    kept = read_fields(path, data, _KIND)
    if kept.integer("version", 0, 1 << 31) != VERSION:
        raise kept.damaged("another version")
    return kept.text("rsa"), [KeyRecord.from_fields(record) for record in kept.objects("keys")]


class KeyFile:
    """The state file of a DC: the RSA key and all permanent auth keys. The file is locked until `close`.

    Args:
        path: the file, or a link to it.

    Raises:
        StoreError: the file can't be locked; `StoreLocked` if another DC uses it.

    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._file: LockedFile | None = LockedFile(path, limit=LIMIT)
        self._last: bytes | None = None
        self._unsaved: StoreError | None = None

    @property
    def is_open(self) -> bool:
        """Whether the lock is held: the file can be written."""
        return self._file is not None

    def load(self, key: RSAPrivateKey | None = None) -> tuple[RSAPrivateKey, list[KeyRecord]]:
        """Return the DC's RSA key and the records; a key that is made here is on disk before this returns.

        Args:
            key: the RSA key; None takes the one in the file.

        Raises:
            StoreDamaged: the file is no state file, or damaged.
            StoreError: the file can't be read or written. The lock is given back in both cases.

        """
        try:
            pem, records = read_keys(self._path)
            if key is None and pem is not None:
                key = _private_key(self._path, pem)
            elif key is None:
                key = RSAPrivateKey.generate()
                self.write(key.to_pem(), [])
            self._last = self._held().read()
        except BaseException:
            self.close()
            raise
        return key, records

    def write(self, pem: str, records: list[KeyRecord]) -> None:
        """Write the RSA key and all permanent keys. Temporary keys live in memory only.

        Raises:
            StoreError: the file can't be written; it stays as it was.

        """
        lasting = [record.to_dict() for record in records if record.expires_at is None]
        content = json.dumps({"version": VERSION, "rsa": pem, "keys": lasting}).encode()
        self._held().write(content)
        self._last = content

    def keep(self, pem: str, records: list[KeyRecord]) -> None:
        """Write all keys, or log why that failed: a full disk stops no exchange, and the next change writes all keys.

        The keys are on disk before this returns, unless an error was logged.
        """
        try:
            self.write(pem, records)
        except StoreError as error:
            if self._unsaved is None:  # one line for each failure, not for each change
                logger.error("keys are not saved, and are lost when this data centre ends: %s", error)
            self._unsaved = error
        else:
            if self._unsaved is not None:
                logger.warning("keys are saved again: %s", self._path)
            self._unsaved = None

    def save_rest(self, pem: str, records: list[KeyRecord]) -> None:
        """Write the keys that `keep` could not write.

        Raises:
            StoreError: they still can't be written.

        """
        if self._unsaved is not None:
            self._unsaved = None
            self.write(pem, records)

    def close(self) -> None:
        """Give the lock back. May be called twice."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def reopen(self) -> None:
        """Take the lock again after `close`; does nothing before.

        Raises:
            StoreError: the file can't be locked, or another DC has written it meanwhile: its keys would be lost.

        """
        if self._file is None:
            self._file = LockedFile(self._path, limit=LIMIT)
            if self._file.read() != self._last:
                self.close()
                raise StoreError(self._path, "was changed since this data centre ended: make a new one")

    def _held(self) -> LockedFile:
        if self._file is None:
            raise StoreError(self._path, "its lock was given back")
        return self._file


def _private_key(path: Path, pem: str) -> RSAPrivateKey:
    try:
        return RSAPrivateKey.from_pem(pem)
    except CryptoError:
        raise StoreDamaged(path, f'not {_KIND}, or damaged: "rsa" is not a private key in PEM') from None
