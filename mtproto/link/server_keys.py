"""The keys of a server, and the sessions of each key, with the connections that carry them.

One owner for everything here: `mtproto.link.server_sessions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from mtproto.session import Kept, ServerSalts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mtproto.message import AuthKey
    from mtproto.session import ServerEvent, ServerSession

__all__ = ["PollingCarrier", "ServerKey", "SessionCarrier", "SessionSlot", "make_room"]

FORGOTTEN_SESSIONS = 1024
"""Forgotten sessions of one key whose highest msg_id is remembered."""

DENIED_KEPT = 64
"""Messages that are remembered of those that one forgotten session refused for good: the latest, of a packet or two."""

KEPT_OF_A_KEY = 16 * 1024 * 1024
"""Bytes of answers and updates that are kept for all sessions of a key; one session has `KEPT_BYTES` of its own."""

MSG_ID_SECOND = 1 << 32
"""What one second adds to a msg_id (core.telegram.org/mtproto/description#message-identifier-msg-id)."""


class SessionCarrier(Protocol):
    """A link as the sessions see it that are carried by it."""

    @property
    def by_polls(self) -> bool:
        """Whether what a session has to say goes out as answers to polls, as over HTTP."""

    def detach(self, slot: SessionSlot) -> None:
        """Carry a session no more."""

    def leave(self, slot: SessionSlot, event: ServerEvent) -> None:
        """Keep what a packet of the session asks of this connection, over which it came, until the link goes on."""


class PollingCarrier(SessionCarrier, Protocol):
    """A link over HTTP as the sessions see it whose answers it may carry."""

    def take_over(self, slot: SessionSlot) -> None:
        """Carry a session that another link carried, without anything being sent again."""


class SessionSlot:
    """A session, and the link that carries it.

    Attributes:
        key: its key.
        session_id: signed 64 bits.
        session: the machine.
        link: where its messages go; None while it is not connected.
        polls: over HTTP, the links with a request of this session that waits for an answer, the latest last.
        used_at: when the client was last heard of in it, or its connection ended, Unix seconds.
        weight: bytes that it took when it was last weighed.

    """

    __slots__ = ("key", "link", "polls", "session", "session_id", "used_at", "weight")

    def __init__(self, key: ServerKey, session_id: int, session: ServerSession) -> None:
        self.key = key
        self.session_id = session_id
        self.session = session
        self.link: SessionCarrier | None = None
        self.polls: list[PollingCarrier] = []
        self.used_at = 0.0
        self.weight = 0

    @property
    def connected(self) -> bool:
        """Whether a connection carries it."""
        return self.link is not None or bool(self.polls)

    def carry(self, link: SessionCarrier | None) -> None:
        """Note the link that carries the session from now on; None if none does."""
        self.link = link

    def begin_poll(self, link: PollingCarrier) -> None:
        """Note that a request over this link waits for an answer."""
        if link not in self.polls:
            self.polls.append(link)

    def end_poll(self, link: PollingCarrier) -> bool:
        """Note that no request over this link waits any more; return whether one did."""
        if link not in self.polls:
            return False
        self.polls.remove(link)
        return True

    def heard(self, now: float) -> None:
        """Note that the client was heard of in the session, or that its connection ended, at `now` (Unix seconds)."""
        self.used_at = now

    def weigh(self, weight: int) -> int:
        """Note how many bytes the session takes; return how many it took when it was last weighed."""
        before, self.weight = self.weight, weight
        return before


def make_room(slots: Iterable[SessionSlot], size: int) -> None:
    """Let sessions forget so many bytes of what they keep, the largest first.

    Sessions forget first what was sent; then, where they have no connection, what was not sent; then all the rest.
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
        temporaries: for a permanent key, the temporary keys that stand for it, the latest last.
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
        "temporaries",
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
        self.temporaries: tuple[ServerKey, ...] = ()
        self.sessions: dict[int, SessionSlot] = {}
        self.used_at = 0.0
        self.last_notice = 0
        self.kept = Kept(KEPT_OF_A_KEY, lambda size: make_room(self.sessions.values(), size), kept_in)
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

    def hold(self, slot: SessionSlot, now: float) -> None:
        """Keep a session that was heard of at `now` (Unix seconds), behind the others: it is the latest."""
        self.sessions[slot.session_id] = slot
        self.used_at = now
        slot.heard(now)

    def let_go(self, session_id: int) -> SessionSlot | None:
        """Keep a session no more, and return it; None if there is none."""
        return self.sessions.pop(session_id, None)

    def use(self, now: float) -> None:
        """Note that the key was used, Unix seconds."""
        self.used_at = now

    @property
    def temporary(self) -> ServerKey | None:
        """The temporary key that stands for this permanent one; of several the latest; None for none."""
        return self.temporaries[-1] if self.temporaries else None

    def bind(self, temporary: ServerKey, at_most: int = 1) -> None:
        """Let a temporary key stand for this permanent one, with at most so many in all: the oldest bindings end."""
        others = [key for key in self.temporaries if key is not temporary]
        stay = others[max(len(others) + 1 - at_most, 0) :]
        for key in others:
            if key not in stay:
                self.unbind(key)
                key.stand_for(None)
        self.temporaries = (*stay, temporary)
        temporary.stand_for(self.auth_key.id)

    def unbind(self, temporary: ServerKey) -> None:
        """Let a temporary key stand for this permanent one no more."""
        self.used_at = self.last_used()
        self.temporaries = tuple(key for key in self.temporaries if key is not temporary)

    def stand_for(self, key_id: int | None) -> None:
        """Note the id of the permanent key that this temporary one stands for; None if it stands for none."""
        self.bound_to = key_id

    @property
    def connected(self) -> bool:
        """Whether it is in use now, or a temporary key that stands for it is."""
        own = any(slot.connected for slot in self.sessions.values())
        return own or any(key.connected for key in self.temporaries)

    def last_used(self) -> float:
        """Return when it was last used, itself or by a temporary key that stands for it, Unix seconds."""
        times = [self.used_at, *(slot.used_at for slot in self.sessions.values())]
        return max(*times, 0.0, *(key.last_used() for key in self.temporaries))

    def forget_before(self, now: float) -> None:
        """Note that sessions up to `now` (Unix seconds) may be forgotten: those of an earlier run of the server."""
        self._floor = max(self._floor, int(now * MSG_ID_SECOND))

    def forget(self, slot: SessionSlot) -> None:
        """Note that a session is forgotten; what it executed, or refused for good, is not executed later."""
        session = slot.session
        self.used_at = max(self.used_at, slot.used_at)
        before = self._forgotten.pop(slot.session_id, None)  # the session that was forgotten last comes last
        remains = self._forgotten[slot.session_id] = _Remains(session.high_water, session.denied[-DENIED_KEPT:])
        self._weigh(remains.weight - (before.weight if before is not None else 0))
        if len(self._forgotten) > FORGOTTEN_SESSIONS:
            oldest = self._forgotten.pop(next(iter(self._forgotten)))
            self._floor = max(self._floor, oldest.end)
            self._weigh(-oldest.weight)

    def forget_remains(self) -> int:
        """Remember one msg_id for all forgotten sessions together; return how many bytes that frees.

        A new session of the key then accepts nothing that is older than the latest message of any of them.
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
        """Note what is left of a session that is not kept, since its first packet was refused."""
        self.last_notice = max(self.last_notice, slot.session.last_msg_id)
        if slot.session.denied != self.denied(slot.session_id):
            self.forget(slot)
