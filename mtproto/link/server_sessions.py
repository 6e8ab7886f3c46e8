"""What all connections of a server share: the keys, and the sessions of each key.

A session outlives its connections: whichever link last received something of it carries what it has to say. One owner
for everything here: the event loop of the DC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mtproto.errors import OptionError
from mtproto.limits import SERVER_LIMITS, Limits
from mtproto.session import ServerSalts, ServerSession
from mtproto.session.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mtproto.link.http_link import HttpLink
    from mtproto.link.server import ServerLink
    from mtproto.message.auth_key import AuthKey

__all__ = ["KEY_AGE", "SESSION_AGE", "ServerKey", "ServerSessions", "SessionSlot"]

NEVER = float("inf")

SESSIONS_OF_A_KEY = 64
"""Sessions kept of one key; beyond it the one without a connection that was silent for longest is forgotten, as servers
may at any time (core.telegram.org/mtproto/description#session)."""

FORGOTTEN_SESSIONS = 1024
"""Forgotten sessions of one key of which the highest msg_id is kept."""

DENIED_KEPT = 64
"""Messages that one of them refused for good and that are remembered: those of a packet or two, the latest."""

WEIGHT_OF_SESSIONS = 32 * 1024 * 1024
"""Bytes that all sessions take, forgotten ones too, besides what they keep for clients. Beyond it those that remember
most of their clients' messages remember less, then keys those of their forgotten sessions, then sessions without a
connection are forgotten, the longest silent first. Where all have one, no new session is accepted."""

KEYS_IN_ALL = 16_384
"""Keys that are kept, 30 MB; beyond it those go, at the next look for what is old, that were used longest ago, without
a connection, and that their owner does not call lasting."""

MSG_ID_SECOND = 1 << 32
"""What one second adds to a msg_id (core.telegram.org/mtproto/description#message-identifier-msg-id)."""


KEPT_OF_A_KEY = 16 * 1024 * 1024
"""Bytes of answers and updates kept for all sessions of a key, as `KEPT_BYTES` of `mtproto.session` are for one."""

KEPT_IN_ALL = 32 * 1024 * 1024
"""The same for all keys together. Of what is too much, the session that keeps most forgets first."""

SESSION_AGE = 3600.0
"""Seconds for which a session without a connection is kept. What it has to say is forgotten after ten minutes anyway;
an hour is longer than a phone sleeps between two looks at its messages."""

KEY_AGE = 30 * 86_400.0
"""Seconds for which a key is kept that nobody uses: who comes back after a month has to log in again."""


class SessionSlot:
    """A session, and the link that carries it.

    Attributes:
        key: its key.
        session_id: signed 64 bits.
        session: the machine.
        link: where its messages go; None while it is not connected.
        polls: over HTTP, the links with a request of this session that waits for an answer, the latest last.
        used_at: when the client was last heard of in it, or its connection ended, Unix seconds.
        weight: bytes that it took when it was last weighed; for the `ServerSessions`.

    """

    __slots__ = ("key", "link", "polls", "session", "session_id", "used_at", "weight")

    def __init__(self, key: ServerKey, session_id: int, session: ServerSession) -> None:
        self.key = key
        self.session_id = session_id
        self.session = session
        self.link: ServerLink | None = None
        self.polls: list[HttpLink] = []
        self.used_at = 0.0
        self.weight = 0

    @property
    def connected(self) -> bool:
        """Whether a connection carries it."""
        return self.link is not None or bool(self.polls)


def _make_room(slots: Iterable[SessionSlot], size: int) -> None:
    """Let sessions forget so many bytes of what they keep, the largest first.

    What was sent goes before what was not, and of the latter what waits for a connection that is not there.
    """
    largest = sorted(slots, key=lambda slot: slot.session.kept, reverse=True)
    away = [slot for slot in largest if not slot.connected]
    for unsent, chosen in ((False, largest), (True, away), (True, largest)):
        for slot in chosen:
            if size <= 0:
                return
            size -= slot.session.release(size, unsent=unsent)


class _Remains(NamedTuple):
    """What a forgotten session leaves: see `ServerSession.high_water` and `denied`."""

    high_water: int
    denied: tuple[int, ...]

    @property
    def weight(self) -> int:
        """How many bytes it takes, as measured."""
        return 104 + 40 * len(self.denied)

    @property
    def end(self) -> int:
        """A msg_id above all that must not be accepted later."""
        return max(self.high_water, *(msg_id + 1 for msg_id in self.denied), 0)


class ServerKey:
    """An auth key as the server keeps it.

    Attributes:
        auth_key: the key.
        expires_at: for a temporary key, when it ends, Unix seconds.
        bound_to: for a temporary key, the id of the permanent key that it stands for, once it is bound.
        temporary: for a permanent key, the temporary key that stands for it.
        sessions: by session id; the one heard of last comes last.
        used_at: when it was last used, Unix seconds; 0 for a key whose use nobody noted yet.
        last_notice: the highest msg_id under which a packet of a session was refused that was not kept.
        kept: bytes of answers and updates that its sessions keep.
        remains: bytes that its forgotten sessions take.

    """

    __slots__ = (
        "_first_salt",
        "_floor",
        "_forgotten",
        "_random",
        "_salts",
        "_weight",
        "auth_key",
        "bound_to",
        "expires_at",
        "kept",
        "last_notice",
        "remains",
        "sessions",
        "temporary",
        "used_at",
    )

    def __init__(
        self,
        auth_key: AuthKey,
        random: Callable[[int], bytes],
        first_salt: int | None,
        expires_at: float | None,
        kept_in: Kept,
        weight: Kept,
    ) -> None:
        self.auth_key = auth_key
        self.expires_at = expires_at
        self.bound_to: int | None = None
        self.temporary: ServerKey | None = None
        self.sessions: dict[int, SessionSlot] = {}
        self.used_at = 0.0
        self.last_notice = 0
        self.kept = Kept(KEPT_OF_A_KEY, lambda size: _make_room(self.sessions.values(), size), kept_in)
        self.remains = 0
        self._weight = weight
        self._random = random
        self._first_salt = first_salt
        self._salts: ServerSalts | None = None
        self._forgotten: dict[int, _Remains] = {}  # by session id
        self._floor = 0  # the highest of those that are not even remembered so

    def salts(self, now: float) -> ServerSalts:
        """Return the key's salts, which begin when they are first asked for."""
        if self._salts is None:
            self._salts = ServerSalts(self._random, now, first=self._first_salt)
        return self._salts

    def forgotten_below(self, session_id: int) -> int:
        """Return the msg_id below which messages of a session may have been received and forgotten, else 0."""
        remains = self._forgotten.get(session_id)
        return self._floor if remains is None else remains.high_water

    def denied(self, session_id: int) -> tuple[int, ...]:
        """Return the msg_ids that a forgotten session of this id had promised never to accept."""
        remains = self._forgotten.get(session_id)
        return () if remains is None else remains.denied

    @property
    def connected(self) -> bool:
        """Whether it is in use now, or the temporary key that stands for it is."""
        own = any(slot.connected for slot in self.sessions.values())
        return own or (self.temporary is not None and self.temporary.connected)

    def last_used(self) -> float:
        """Return when it was last used, itself or by the temporary key that stands for it, Unix seconds."""
        times = [self.used_at, *(slot.used_at for slot in self.sessions.values())]
        return max(*times, 0.0 if self.temporary is None else self.temporary.last_used())

    def forget_before(self, now: float) -> None:
        """Note that sessions up to `now` (Unix seconds) may be forgotten: those of an earlier run of the server."""
        self._floor = max(self._floor, int(now * MSG_ID_SECOND))

    def forget(self, slot: SessionSlot) -> None:
        """Note that a session is forgotten, so that what it executed or refused for good is not executed later."""
        session = slot.session
        self.used_at = max(self.used_at, slot.used_at)
        before = self._forgotten.get(slot.session_id)
        remains = self._forgotten[slot.session_id] = _Remains(session.high_water, session.denied[-DENIED_KEPT:])
        self._weigh(remains.weight - (before.weight if before is not None else 0))
        if len(self._forgotten) > FORGOTTEN_SESSIONS:
            oldest = self._forgotten.pop(next(iter(self._forgotten)))
            self._floor = max(self._floor, oldest.high_water)
            self._weigh(-oldest.weight)

    def forget_remains(self) -> int:
        """Remember of all forgotten sessions together what one may remember; return how many bytes that frees.

        A new session of the key accepts nothing that is older than any of them.
        """
        freed = self.remains
        self._floor = max(self._floor, *(remains.end for remains in self._forgotten.values()), 0)
        self._forgotten.clear()
        self._weigh(-freed)
        return freed

    def _weigh(self, size: int) -> None:
        self.remains += size
        self._weight.add(size)

    def turned_away(self, slot: SessionSlot) -> None:
        """Note what a session leaves that is not kept, since its first packet was refused."""
        self.last_notice = max(self.last_notice, slot.session.last_msg_id)
        if slot.session.denied != self.denied(slot.session_id):
            self.forget(slot)


class ServerSessions:
    """Keys and sessions of a DC. Keys may be kept over restarts; sessions are not worth it.

    Args:
        random: source of random bytes.
        limits: handed to the sessions.
        strict: as `ServerSession` takes it.
        session_age: after how many seconds a session without a connection is forgotten; None for never.
        key_age: after how many seconds a key that nobody uses is forgotten; None for never.

    Attributes:
        lasting: says of the id of a key whether it is worth keeping where there are too many; set by the owner.

    Raises `OptionError` for an age that is no number above 0.

    """

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
        self.lasting: Callable[[int], bool] = lambda key_id: False

    def __contains__(self, key_id: int) -> bool:
        """Tell whether a key of this id is known; may be asked in any thread."""
        return key_id in self._keys

    def __iter__(self) -> Iterator[ServerKey]:
        """Iterate over the keys."""
        return iter(list(self._keys.values()))

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
            used_at: when it was last used, Unix seconds; 0 where nobody knows: its age counts from the next
                `forget_old`.

        """
        key = self._keys[auth_key.id] = ServerKey(
            auth_key, self._random, first_salt, expires_at, self._kept, self._weight
        )
        key.used_at = used_at
        return key

    def find_key(self, key_id: int, now: float) -> ServerKey | None:
        """Return the key of this id; None if there is none, or it has expired: then it is forgotten."""
        key = self._keys.get(key_id)
        if key is not None and key.expires_at is not None and key.expires_at <= now:
            self.forget_key(key_id)
            return None
        return key

    def bind(self, temporary: ServerKey, permanent: ServerKey) -> None:
        """Let a temporary key stand for a permanent one, alone: a binding ends the one before it."""
        if permanent.temporary is not None:
            permanent.used_at = permanent.last_used()
            permanent.temporary.bound_to = None
        permanent.temporary = temporary
        temporary.bound_to = permanent.auth_key.id

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
            if permanent is not None and permanent.temporary is key:
                permanent.used_at = permanent.last_used()
                permanent.temporary = None
        return key is not None

    def forget_old(self, now: float) -> list[ServerKey]:
        """Forget sessions and keys that nobody has used for too long, and return those keys.

        Sessions that stay forget what they have kept for too long, whether they have a connection or not. One that has
        a connection stays, and so does its key. What a forgotten session executed or refused for good stays known with
        its key; under a key that is forgotten nothing is accepted any more.
        """
        gone = []
        for key in list(self._keys.values()):
            for slot in list(key.sessions.values()):
                if not slot.connected and now - slot.used_at > self._session_age:
                    self.forget_session(key, slot.session_id)
                else:
                    slot.session.forget_old(now)
            if not key.used_at:
                key.used_at = now
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
        idle = [key for key in self._keys.values() if not key.connected and not self.lasting(key.auth_key.id)]
        gone = sorted(idle, key=ServerKey.last_used)[:too_many]
        for key in gone:
            self.forget_key(key.auth_key.id)
        return gone

    def find_session(self, key: ServerKey, session_id: int, now: float) -> SessionSlot:
        """Return a session of the key, made anew if it is not known; a new one is not kept until `keep_session`."""
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

        Where the key has too many, the one that was silent for longest of those without a connection is forgotten.

        Returns:
            False where all of them have a connection, or all sessions of all keys have one and take too much memory:
            then this one is not kept.

        """
        key = slot.key
        new = slot.session_id not in key.sessions
        if new and len(key.sessions) >= SESSIONS_OF_A_KEY:
            idle = next((other for other in key.sessions.values() if not other.connected), None)
            if idle is None:
                return False
            self.forget_session(key, idle.session_id)
        key.sessions.pop(slot.session_id, None)  # the one heard of last comes last
        self._weigh(slot, slot.session.weight)
        if new and self._weight.bytes > self._weight.limit:
            self._weigh(slot, 0)
            return False
        key.sessions[slot.session_id] = slot
        slot.used_at = key.used_at = now
        return True

    def _make_room(self, size: int) -> None:
        _make_room((slot for key in self._keys.values() if key.kept.bytes for slot in key.sessions.values()), size)

    def _weigh(self, slot: SessionSlot, weight: int) -> int:
        """Note how many bytes a session takes now; return how many it takes less than before."""
        before, slot.weight = slot.weight, weight
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
        slot = key.sessions.pop(session_id, None)
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
    if not (isinstance(seconds, int | float) and seconds > 0):  # NaN is no age either
        raise OptionError(f"{option} is a positive number of seconds, or None for never; not {seconds!r}", option)
    return seconds
