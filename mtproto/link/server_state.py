"""What all connections of a server share: the keys, and the sessions of each key.

A session outlives its connections: whichever link last received something of it carries what it has to say. One owner
for everything here: the event loop of the DC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mtproto.limits import SERVER_LIMITS, Limits
from mtproto.session import ServerSalts, ServerSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mtproto.link.http_server import HttpLink
    from mtproto.link.server import ServerLink
    from mtproto.message.auth_key import AuthKey

__all__ = ["ServerKey", "ServerState", "SessionSlot"]

SESSIONS_OF_A_KEY = 64
"""Sessions kept of one key; beyond it the one that was silent for longest is forgotten, as servers may at any time
(core.telegram.org/mtproto/description#session)."""

FORGOTTEN_SESSIONS = 1024
"""Forgotten sessions of one key of which the highest msg_id is kept."""

DENIED_KEPT = 64
"""Messages that one of them refused for good and that are remembered: those of a packet or two, the latest."""

MSG_ID_SECOND = 1 << 32
"""What one second adds to a msg_id (core.telegram.org/mtproto/description#message-identifier-msg-id)."""


class SessionSlot:
    """A session, and the link that carries it.

    Attributes:
        key: its key.
        session_id: signed 64 bits.
        session: the machine.
        link: where its messages go; None while it is not connected.
        polls: over HTTP, the links with a request of this session that waits for an answer, the latest last.

    """

    __slots__ = ("key", "link", "polls", "session", "session_id")

    def __init__(self, key: ServerKey, session_id: int, session: ServerSession) -> None:
        self.key = key
        self.session_id = session_id
        self.session = session
        self.link: ServerLink | None = None
        self.polls: list[HttpLink] = []


class _Remains(NamedTuple):
    """What a forgotten session leaves: see `ServerSession.high_water` and `denied`."""

    high_water: int
    denied: tuple[int, ...]


class ServerKey:
    """An auth key as the server keeps it.

    Attributes:
        auth_key: the key.
        expires_at: for a temporary key, when it ends, Unix seconds.
        bound_to: for a temporary key, the id of the permanent key that it stands for, once it is bound.
        temporary: for a permanent key, the temporary key that stands for it.
        sessions: by session id; the one heard of last comes last.

    """

    __slots__ = (
        "_first_salt",
        "_floor",
        "_forgotten",
        "_random",
        "_salts",
        "auth_key",
        "bound_to",
        "expires_at",
        "sessions",
        "temporary",
    )

    def __init__(
        self, auth_key: AuthKey, random: Callable[[int], bytes], first_salt: int | None, expires_at: float | None
    ) -> None:
        self.auth_key = auth_key
        self.expires_at = expires_at
        self.bound_to: int | None = None
        self.temporary: ServerKey | None = None
        self.sessions: dict[int, SessionSlot] = {}
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

    def forget_before(self, now: float) -> None:
        """Note that sessions up to `now` (Unix seconds) may be forgotten: those of an earlier run of the server."""
        self._floor = max(self._floor, int(now * MSG_ID_SECOND))

    def forget(self, slot: SessionSlot) -> None:
        """Note that a session is forgotten, so that what it executed or refused for good is not executed later."""
        session = slot.session
        self._forgotten[slot.session_id] = _Remains(session.high_water, session.denied[-DENIED_KEPT:])
        if len(self._forgotten) > FORGOTTEN_SESSIONS:
            self._floor = max(self._floor, self._forgotten.pop(next(iter(self._forgotten))).high_water)


class ServerState:
    """Keys and sessions of a DC. Keys may be kept over restarts; sessions are not worth it.

    Args:
        random: source of random bytes.
        limits: handed to the sessions.
        strict: as `ServerSession` takes it.

    """

    def __init__(self, random: Callable[[int], bytes], *, limits: Limits = SERVER_LIMITS, strict: bool = False) -> None:
        self._random = random
        self._limits = limits
        self._strict = strict
        self._keys: dict[int, ServerKey] = {}

    def __contains__(self, key_id: int) -> bool:
        """Tell whether a key of this id is known; may be asked in any thread."""
        return key_id in self._keys

    def __iter__(self) -> Iterator[ServerKey]:
        """Iterate over the keys."""
        return iter(list(self._keys.values()))

    def add_key(
        self, auth_key: AuthKey, *, first_salt: int | None = None, expires_at: float | None = None
    ) -> ServerKey:
        """Take a key into use, made by an exchange or kept from an earlier run.

        Args:
            auth_key: the key.
            first_salt: the salt that the exchange gave to both sides (signed).
            expires_at: for a temporary key, when it ends, Unix seconds.

        """
        key = self._keys[auth_key.id] = ServerKey(auth_key, self._random, first_salt, expires_at)
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
            permanent.temporary.bound_to = None
        permanent.temporary = temporary
        temporary.bound_to = permanent.auth_key.id

    def forget_key(self, key_id: int) -> bool:
        """Drop a key and its sessions; return whether there was one. Their connections will be told -404."""
        key = self._keys.pop(key_id, None)
        return key is not None

    def find_session(self, key: ServerKey, session_id: int, now: float) -> SessionSlot:
        """Return a session of the key, made anew if it is not known."""
        slot = key.sessions.pop(session_id, None)
        if slot is None:
            session = ServerSession(
                key.auth_key,
                session_id,
                salts=key.salts(now),
                random=self._random,
                limits=self._limits,
                forgotten_below=key.forgotten_below(session_id),
                denied=key.denied(session_id),
                strict=self._strict,
            )
            slot = SessionSlot(key, session_id, session)
            if len(key.sessions) >= SESSIONS_OF_A_KEY:
                self.forget_session(key, next(iter(key.sessions)))
        key.sessions[session_id] = slot
        return slot

    def forget_session(self, key: ServerKey, session_id: int) -> bool:
        """Drop a session; return whether there was one."""
        slot = key.sessions.pop(session_id, None)
        if slot is None:
            return False
        key.forget(slot)
        if slot.link is not None:
            slot.link.detach(slot)
        return True
