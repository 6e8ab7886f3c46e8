"""What all connections of a server share: the keys, and the sessions of each key.

A session outlives its connections. Its messages go out over the link that last received something of it. One owner for
everything here: the event loop of the DC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.errors import OptionError
from mtproto.limits import SERVER_LIMITS, Limits
from mtproto.link.server_keys import ServerKey, SessionSlot, make_room
from mtproto.session import NEVER, Kept, ServerSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mtproto.message import AuthKey

__all__ = ["KEY_AGE", "SESSION_AGE", "ServerSessions"]

SESSIONS_OF_A_KEY = 64
"""Sessions that are kept of one key. Beyond that, the session without a connection that was silent for longest is
forgotten, as servers may at any time (core.telegram.org/mtproto/description#session)."""

WEIGHT_OF_SESSIONS = 32 * 1024 * 1024
"""Bytes that all sessions take, forgotten sessions too, besides what they keep for clients. Beyond that, three things
happen in this order: the sessions that remember most of their clients' messages remember less; keys remember less of
their forgotten sessions; sessions without a connection are forgotten, the longest silent first. Where all sessions
have a connection, no new session is accepted."""

KEYS_IN_ALL = 16_384
"""Keys that are kept, 30 MB. Beyond that, the next look for what is old forgets the keys that were used longest ago, of
those without a connection that their owner does not call lasting."""

KEPT_IN_ALL = 32 * 1024 * 1024
"""Bytes of answers and updates kept for all keys together. Beyond that, the session that keeps most forgets first."""

SESSION_AGE = 3600.0
"""Seconds for which a session without a connection is kept. What it has to say is forgotten after ten minutes anyway;
an hour is longer than a phone sleeps between two looks at its messages."""

KEY_AGE = 30 * 86_400.0
"""Seconds for which a key is kept that nobody uses: who comes back after a month has to log in again."""


class ServerSessions:
    """Keys and sessions of a DC. The owner may keep keys over restarts; sessions end with the process.

    Args:
        random: source of random bytes.
        limits: handed to the sessions.
        strict: as `ServerSession` takes it.
        session_age: after how many seconds a session without a connection is forgotten; None for never.
        key_age: after how many seconds a key that nobody uses is forgotten; None for never.

    Raises `OptionError` for an age that is no number above 0.

    """

    @named_options()
    def __init__(
        self,
        random: Callable[[int], bytes],
        *,
        limits: Limits = SERVER_LIMITS,
        strict: bool = False,
        session_age: float | None = SESSION_AGE,
        key_age: float | None = KEY_AGE,
    ) -> None:
        self._random = random
        self._limits = limits
        self._strict = strict
        self._session_age = _age("session_age", session_age)
        self._key_age = _age("key_age", key_age)
        self._keys: dict[int, ServerKey] = {}
        self._kept = Kept(KEPT_IN_ALL, self._make_room)
        self._weight = Kept(WEIGHT_OF_SESSIONS, self._lose_weight)
        self._losing_weight = False
        self._is_lasting: Callable[[int], bool] = lambda key_id: False

    def __contains__(self, key_id: int) -> bool:
        """Tell whether a key of this id is known; may be asked in any thread."""
        return key_id in self._keys

    def __iter__(self) -> Iterator[ServerKey]:
        """Iterate over the keys."""
        return iter(list(self._keys.values()))

    def keep_lasting(self, is_lasting: Callable[[int], bool]) -> None:
        """Keep the keys for whose ids `is_lasting` says so, also where there are too many keys."""
        self._is_lasting = is_lasting

    def add_key(
        self,
        auth_key: AuthKey,
        *,
        first_salt: int | None = None,
        expires_at: float | None = None,
        used_at: float = 0.0,
    ) -> ServerKey:
        """Take a key into use, made by an exchange or kept from an earlier run.

        Args:
            auth_key: the key.
            first_salt: the salt that the exchange gave to both sides (signed).
            expires_at: for a temporary key, when it ends, Unix seconds.
            used_at: when the key was last used, Unix seconds; 0 where that is not known: the age of the key then
                counts from the next `forget_old`.

        """
        key = self._keys[auth_key.id] = ServerKey(
            auth_key, self._random, first_salt, expires_at, self._kept, self._weight
        )
        key.use(used_at)
        return key

    def find_key(self, key_id: int, now: float) -> ServerKey | None:
        """Return the key of this id; None if there is none, or it has expired: then it is forgotten."""
        key = self._keys.get(key_id)
        if key is not None and key.expires_at is not None and key.expires_at <= now:
            self.forget_key(key_id)
            return None
        return key

    def bind(self, temporary: ServerKey, permanent: ServerKey, at_most: int = 1) -> None:
        """Let a temporary key stand for a permanent one, with at most so many in all: the oldest bindings end."""
        permanent.bind(temporary, at_most)

    def forget_key(self, key_id: int) -> bool:
        """Drop a key and its sessions; return whether there was one. Their connections will be told -404."""
        key = self._keys.pop(key_id, None)
        if key is not None:
            key.kept.leave()
            key.forget_remains()
            for slot in key.sessions.values():
                self._weigh(slot, 0)
        if key is not None and key.bound_to is not None:
            permanent = self._keys.get(key.bound_to)
            if permanent is not None and key in permanent.temporaries:
                permanent.unbind(key)
        return key is not None

    def forget_old(self, now: float) -> list[ServerKey]:
        """Forget sessions and keys that nobody has used for too long, and return those keys.

        A session with a connection stays, and so does its key. Sessions that stay forget what they have kept for too
        long, whether they have a connection or not. A key remembers what its forgotten sessions executed or refused
        for good. Under a key that is forgotten, nothing is accepted any more.
        """
        gone = []
        for key in list(self._keys.values()):
            for slot in list(key.sessions.values()):
                if not slot.connected and now - slot.used_at > self._session_age:
                    self.forget_session(key, slot.session_id)
                else:
                    slot.session.forget_old(now)
            if not key.used_at:
                key.use(now)
            expired = key.expires_at is not None and key.expires_at <= now
            if expired or (not key.connected and now - key.last_used() > self._key_age):
                self.forget_key(key.auth_key.id)
                gone.append(key)
        return gone + self._forget_too_many()

    def _forget_too_many(self) -> list[ServerKey]:
        """Forget keys beyond `KEYS_IN_ALL`, those that were used longest ago first, and return them."""
        too_many = len(self._keys) - KEYS_IN_ALL
        if too_many <= 0:
            return []
        idle = [key for key in self._keys.values() if not key.connected and not self._is_lasting(key.auth_key.id)]
        gone = sorted(idle, key=ServerKey.last_used)[:too_many]
        for key in gone:
            self.forget_key(key.auth_key.id)
        return gone

    def find_session(self, key: ServerKey, session_id: int, now: float) -> SessionSlot:
        """Return a session of the key. A session that is not known is made, and not kept until `keep_session`."""
        slot = key.sessions.get(session_id)
        if slot is None:
            session = ServerSession(
                key.auth_key,
                session_id,
                salts=key.salts(now),
                random=self._random,
                limits=self._limits,
                forgotten_below=key.forgotten_below(session_id),
                denied=key.denied(session_id),
                last_msg_id=key.last_notice,
                strict=self._strict,
                kept_in=key.kept,
            )
            slot = SessionSlot(key, session_id, session)
        return slot

    def keep_session(self, slot: SessionSlot, now: float) -> bool:
        """Note that something new came of a session at `now` (Unix seconds), and keep the session from now on.

        Where the key has too many sessions, the one without a connection that was silent for longest is forgotten.

        Returns:
            whether the session is kept. It is not where all sessions of the key have a connection and are too many, or
            where all sessions of all keys have a connection and take too much memory.

        """
        key = slot.key
        new = slot.session_id not in key.sessions
        if new and len(key.sessions) >= SESSIONS_OF_A_KEY:
            idle = next((other for other in key.sessions.values() if not other.connected), None)
            if idle is None:
                return False
            self.forget_session(key, idle.session_id)
        key.let_go(slot.session_id)  # the session heard of last comes last
        self._weigh(slot, slot.session.weight)
        if new and self._weight.bytes > self._weight.limit:
            self._weigh(slot, 0)
            return False
        key.hold(slot, now)
        return True

    def _make_room(self, size: int) -> None:
        make_room((slot for key in self._keys.values() if key.kept.bytes for slot in key.sessions.values()), size)

    def _weigh(self, slot: SessionSlot, weight: int) -> int:
        """Note how many bytes a session takes now; return how many it takes less than before."""
        before = slot.weigh(weight)
        self._weight.add(weight - before)
        return before - weight

    def _lose_weight(self, size: int) -> None:
        """Let sessions take so many bytes less, as `WEIGHT_OF_SESSIONS` says."""
        if self._losing_weight:
            return
        self._losing_weight = True
        slots = [slot for key in self._keys.values() for slot in key.sessions.values()]
        for slot in sorted(slots, key=lambda slot: slot.weight, reverse=True):
            if size > 0:
                slot.session.shrink()
                size -= self._weigh(slot, slot.session.weight)
        for key in sorted(self._keys.values(), key=lambda key: key.remains, reverse=True):
            if size > 0:
                size -= key.forget_remains()
        for slot in sorted(slots, key=lambda slot: slot.used_at):
            if size > 0 and not slot.connected:
                size -= slot.weight
                self.forget_session(slot.key, slot.session_id)
        self._losing_weight = False

    def forget_session(self, key: ServerKey, session_id: int) -> bool:
        """Drop a session; return whether there was one."""
        slot = key.let_go(session_id)
        if slot is None:
            return False
        key.forget(slot)
        slot.session.given_up()
        self._weigh(slot, 0)
        if slot.link is not None:
            slot.link.detach(slot)
        return True


def _age(option: str, seconds: float | None) -> float:
    """Return an age that was given as an option, infinite where there is none."""
    if seconds is None:
        return NEVER
    if not seconds > 0:  # NaN is no age either
        raise OptionError(f"{option} is a positive number of seconds, or None for never; not {seconds!r}", option)
    return seconds
