"""What all sessions of an authorization key share, and the bytes that a store keeps of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from struct import Struct
from struct import error as struct_error

from mtproto.errors import MTProtoError, OptionError
from mtproto.message.auth_key import AUTH_KEY_LENGTH, AuthKey
from mtproto.message.message_ids import MAX_TIME, is_possible_time, msg_id_time, possible_time

__all__ = ["KEY_STATE_MAGIC", "MAX_SALTS", "SALT_OVERLAP", "ExchangeResult", "KeyState", "KeyStateDamaged", "Salt"]

SALT_OVERLAP = 1800
"""Seconds for which a salt is still accepted after its successor began (core.telegram.org/mtproto/description)."""

MAX_SALTS = 64
"""Salts that are kept: one `get_future_salts` may ask for this many."""


FURTHEST_OFFSET = 2.0 * MAX_TIME
"""Seconds: no local clock between 1834 and 2106 is further from any server's."""


class KeyStateDamaged(MTProtoError):
    """The bytes are not a key state that this version reads: damaged, cut short, or of a later version."""


@dataclass(frozen=True, slots=True)
class ExchangeResult:
    """The result of a key exchange, for either side (core.telegram.org/mtproto/auth_key).

    Attributes:
        auth_key: the new key.
        server_salt: the first salt, signed 64 bit.
        time_offset: the server's clock less the local one, seconds.
        expires_at: when a temporary key ends by the server's clock, Unix seconds; None for a permanent key.
        server_time: the time by the server's clock, Unix seconds; 0 where nobody recorded it.

    """

    auth_key: AuthKey
    server_salt: int = field(repr=False)
    time_offset: float
    expires_at: float | None = None
    server_time: float = 0


@dataclass(frozen=True, slots=True)
class Salt:
    """A server salt, and when the server accepts it: Unix seconds by the server's clock.

    core.telegram.org/mtproto/description#server-salt: the salt changes every 30 minutes. The server accepts each salt
    for 30 more minutes.
    """

    valid_since: int
    valid_until: int
    salt: int = field(repr=False)

    @classmethod
    def current(cls, salt: int, server_time: float) -> Salt:
        """Return a salt that the server named as its present one; the server did not say since when.

        The 30 minutes of the salt may be nearly over, so only the 30 minutes of overlap are certain.
        """
        return cls(int(server_time), int(server_time) + SALT_OVERLAP, salt)

    def margin(self, server_time: float) -> float:
        """Return how many seconds `server_time` lies inside the validity; below zero, how far outside."""
        return min(server_time - self.valid_since, self.valid_until - server_time)


@dataclass(slots=True, kw_only=True)
class KeyState:
    """What all sessions of one authorization key share. One owner at a time; the repr shows no secret.

    Attributes:
        auth_key: the key.
        dc_id: the data centre that the key belongs to, 0 where that does not matter.
        salts: the known salts, in no order.
        time_offset: the server's clock less the local one, seconds.
        time_known: whether an authenticated message id has set `time_offset` in this run. `to_bytes` leaves this out,
            since the local clock may be set to another time between two runs.
        last_msg_id: the highest msg_id that was given out under this key.
        expires_at: when a temporary key ends by the server's clock, Unix seconds; None for a permanent key.

    """

    auth_key: AuthKey
    dc_id: int = 0
    salts: list[Salt] = field(default_factory=list)
    time_offset: float = 0.0
    time_known: bool = False
    last_msg_id: int = 0
    expires_at: float | None = None

    @classmethod
    def from_exchange(cls, result: ExchangeResult, *, dc_id: int = 0) -> KeyState:
        """Return the state of a key that was just made."""
        return cls(
            auth_key=result.auth_key,
            dc_id=dc_id,
            salts=[Salt.current(result.server_salt, result.server_time)],
            time_offset=result.time_offset,
            expires_at=result.expires_at,
        )

    def check_dc(self, dc_id: int) -> None:
        """Check that the key is used on its own data centre only (core.telegram.org/mtproto/security_guidelines).

        The id of a media server is the negative id of its data centre; the key is good there as well.

        Raises:
            OptionError: the key belongs to another data centre.

        """
        if self.dc_id and abs(self.dc_id) != abs(dc_id):
            reason = f"the key belongs to DC {self.dc_id}, not to DC {dc_id}"
            raise OptionError.excluding("state", "dc_id", reason)

    def server_time(self, now: float) -> float:
        """Return the time by the server's clock at `now`, as far as it is known; both are Unix seconds.

        An offset is dropped if it leads to a time that no message id can hold: a machine with another clock may have
        kept it, for example. Then the local clock counts. If the local time is impossible as well, the latest time
        counts at which the key is known to have been used. The first authentic message id sets the offset right.
        """
        server_time = now + self.time_offset
        if is_possible_time(server_time):
            return server_time
        guess = now if is_possible_time(now) else self._latest_known_time()
        self.time_offset = guess - now
        self.time_known = False
        return guess

    def learn_offset(self, offset: float) -> None:
        """Take `offset` (seconds) for the server's clock less the local one: an authenticated message id says so."""
        self.time_offset = offset
        self.time_known = True

    def doubt_time(self) -> None:
        """Let the next authenticated message id set the offset, whatever the earlier ones said."""
        self.time_known = False

    def note_msg_id(self, msg_id: int) -> None:
        """Note the highest msg_id given out; a lower one than before where the server refused those as too high."""
        self.last_msg_id = msg_id

    def _latest_known_time(self) -> float:
        known = [msg_id_time(self.last_msg_id), *(float(salt.valid_since) for salt in self.salts)]
        return max((time for time in known if is_possible_time(time) and time), default=possible_time(-1))

    def salt_at(self, server_time: float) -> int:
        """Return the salt to send with at that time: the salt that is valid then with the widest margin.

        If no salt is valid then, the nearest salt is returned; if no salt is known, 0. The server answers a wrong salt
        with the right one.
        """
        if not self.salts:
            return 0
        return max(self.salts, key=lambda salt: salt.margin(server_time)).salt

    def set_salt(self, salt: int, server_time: float) -> None:
        """Take the salt that the server names as its present one (`bad_server_salt`, `new_session_created`).

        Other salts that were taken for valid now are dropped. Salts of later times stay.
        """
        later = [other for other in self.salts if other.valid_since > server_time and other.salt != salt]
        self.salts = [Salt.current(salt, server_time), *later]

    def add_salts(self, salts: list[Salt], server_time: float) -> None:
        """Take the answer to `get_future_salts`: a known salt gets the new validity, expired salts are dropped.

        The 64 earliest salts are kept.
        """
        known = {salt.salt: salt for salt in (*self.salts, *salts)}
        ahead = [salt for salt in known.values() if salt.valid_until > server_time]
        self.salts = sorted(ahead, key=lambda salt: salt.valid_since)[:MAX_SALTS]

    def salts_last_until(self) -> int:
        """Return when the last known salt ends, Unix seconds by the server's clock; 0 if none is known."""
        return max((salt.valid_until for salt in self.salts), default=0)

    def __repr__(self) -> str:
        return f"KeyState(auth_key={self.auth_key!r}, dc_id={self.dc_id}, {len(self.salts)} salts)"

    def to_bytes(self) -> bytes:
        """Return the state as bytes for a store. The bytes contain the key: who reads them can act as the user.

        The form, little-endian: the magic `MTKS`, a version byte; the fixed part (`_FIXED`); the salts; the first 8
        bytes of the SHA-256 of all before. Earlier versions also kept a layer and a digest of `initConnection`; −1
        stands in both places now. Another thread may add salts meanwhile.
        """
        salts = self.salts  # the list is replaced, never changed
        fixed = _FIXED.pack(
            KEY_STATE_MAGIC,
            VERSION,
            self.auth_key.data,
            self.dc_id,
            self.time_offset,
            self.last_msg_id,
            _NOT_KEPT,
            self.expires_at is not None,
            self.expires_at or 0.0,
            len(salts),
            _NOT_KEPT,
        )
        packed = [_SALT.pack(salt.valid_since, salt.valid_until, salt.salt) for salt in salts]
        data = b"".join((fixed, *packed))
        return data + _checksum(data)

    @classmethod
    def from_bytes(cls, data: bytes) -> KeyState:
        """Read the bytes that `to_bytes` of this version or an earlier one returned.

        An impossible number is dropped; the session learns the number again. The layer and the digest of an earlier
        version are skipped: each process sends its own `initConnection` (core.telegram.org/api/invoking).

        Raises:
            KeyStateDamaged: the bytes are no key state, or damaged.

        """
        content = data[:-CHECKSUM]
        if data[: len(KEY_STATE_MAGIC)] != KEY_STATE_MAGIC or not compare_digest(_checksum(content), data[-CHECKSUM:]):
            raise KeyStateDamaged("not a key state, or damaged")
        if content[len(KEY_STATE_MAGIC) : len(KEY_STATE_MAGIC) + 1] != bytes([VERSION]):
            raise KeyStateDamaged("a key state of an unknown version")
        try:
            return cls._read(content)
        except struct_error:
            raise KeyStateDamaged("a key state with wrong lengths") from None

    @classmethod
    def _read(cls, content: bytes) -> KeyState:
        (_, _, key, dc_id, offset, last, _layer, has_end, end, salt_count, digest_length) = _FIXED.unpack_from(content)
        salts_end = _FIXED.size + salt_count * _SALT.size
        if len(content) != salts_end + max(0, digest_length):
            raise KeyStateDamaged("a key state with wrong lengths")
        return cls(
            auth_key=AuthKey(key),
            dc_id=dc_id,
            salts=[
                Salt(since, until, salt)
                for since, until, salt in _SALT.iter_unpack(content[_FIXED.size : salts_end])
                if 0 <= since < until <= MAX_TIME
            ],
            time_offset=offset if abs(offset) <= FURTHEST_OFFSET else 0.0,
            last_msg_id=last if is_possible_time(msg_id_time(last)) else 0,
            # A key whose end can't be read has ended. A damaged end must not make a key permanent.
            expires_at=(end if 0 <= end <= MAX_TIME else 0.0) if has_end else None,
        )


KEY_STATE_MAGIC = b"MTKS"
VERSION = 1
_NOT_KEPT = -1
CHECKSUM = 8
_FIXED = Struct(f"<4sB{AUTH_KEY_LENGTH}sidqi?dHh")
_SALT = Struct("<qqq")


def _checksum(data: bytes) -> bytes:
    return sha256(data).digest()[:CHECKSUM]
