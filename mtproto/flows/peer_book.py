"""The peers that an account has met: access hashes, where strangers were met, and usernames for a day.

core.telegram.org/api/peers, core.telegram.org/api/min. An answer or an update shows users and chats; a user or channel
that is "min" has no access hash that is good for calls, so that the message which showed it is remembered instead.
"""

from __future__ import annotations

from contextlib import nullcontext
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from mtproto.flows.marked import LAST_ID, marked
from mtproto.flows.shown_peers import ShownPeers, named_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from tl import Schema

__all__ = ["NAMES_KEPT", "NAME_LIFETIME", "PEERS_KEPT", "PeerBook", "Plain"]

PEERS_KEPT = 10_000
"""Users and chats that are remembered; those that were seen longest ago are forgotten first."""

NAMES_KEPT = 2_000
"""Usernames that are remembered."""

NAME_LIFETIME = 86_400.0
"""Seconds for which a username is remembered: names change hands, and `contacts.resolveUsername` floods."""

_REFRESHED = 3_600
"""Seconds after which a name that is seen again is worth writing to the store."""

_FORGOTTEN = 8
"""One part in so many is forgotten at once where the book is full, so that making room costs little."""

_HIGHEST = (1 << 63) - 1

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
"""A value of JSON."""


class PeerBook:
    """What is known of peers. Any thread may call it, if it has a lock.

    A peer is named by its marked id (`marked`). Of groups nothing but the id is needed, and they are not kept.

    Args:
        schema: the account's; answers are objects of it.
        owner: whose book it is: the id of the user who is logged in, None for nobody. Access hashes are of no use to
            others.
        lock: held while the book changes, where several threads have the book; None for one thread.
        saved: what `saved()` gave; what is damaged, or belongs to another owner, is left out.

    """

    def __init__(
        self,
        schema: Schema,
        owner: int | None = None,
        saved: Mapping[str, Plain] | None = None,
        lock: AbstractContextManager[object] | None = None,
    ) -> None:
        self._shown = ShownPeers(schema)
        self._owner = owner
        self._peers: dict[int, int | tuple[int, int]] = {}  # an access hash, or a chat and a message in it
        self._names: dict[str, tuple[int, int]] = {}  # the peer, and when the name was seen
        self._named: dict[int, tuple[str, ...]] = {}
        self._lock: AbstractContextManager[object] = nullcontext() if lock is None else lock
        self._changes = 0
        self._take(saved or {})

    def __len__(self) -> int:
        return len(self._peers)

    @property
    def changes(self) -> int:
        """A number that grows with each change that is worth saving."""
        return self._changes

    def belong_to(self, owner: int | None) -> None:
        """Forget everything if somebody else is logged in now."""
        if owner == self._owner:
            return
        with self._lock:
            self._owner = owner
            for kept in (self._peers, self._names, self._named):
                kept.clear()
            self._changes += 1

    # Looking up --------------------------------------------------------------------------------------------------

    def access_hash(self, peer: int) -> int | None:
        """Return the access hash of a peer; None if it is not known."""
        found = self._find(peer)
        return found if isinstance(found, int) else None

    def channel_hash(self, channel: int) -> int | None:
        """Return the access hash of the channel of an id, without a mark; None if it is not known."""
        return self.access_hash(marked("channel", channel))

    def met_in(self, peer: int) -> tuple[int, int] | None:
        """Return where a peer without an access hash was met: the marked id of the chat, and the message's number."""
        found = self._find(peer)
        return found if isinstance(found, tuple) else None

    def named(self, name: str, now: float) -> int | None:
        """Return who has a username (in lower case); None if that is not known, or was seen too long ago."""
        peer, seen = self._names.get(name, (0, 0))
        return peer if peer and -_REFRESHED < now - seen < NAME_LIFETIME else None

    def _find(self, peer: int) -> int | tuple[int, int] | None:
        with self._lock:
            found = self._peers.pop(peer, None)
            if found is not None:
                self._peers[peer] = found  # the latest stand last
            return found

    # Learning ----------------------------------------------------------------------------------------------------

    def can_learn(self, answer: object) -> bool:
        """Tell whether `learn` can take anything of an answer; most answers show nobody, and this is known by class."""
        return self._shown.can_show(answer)

    def learn(self, answer: object, now: float) -> None:
        """Take the peers that an answer or an update shows. Whatever the server sent, nothing is raised.

        Args:
            answer: an object of the schema, or a list of them.
            now: Unix seconds.

        """
        strangers: set[int] = set()
        shown = self._shown.peers_in(answer)
        if not shown:
            return
        with self._lock:
            for kind, value in shown:
                self._meet(marked(kind, value.id), value, int(now), strangers)
            if strangers:
                for peer, chat, number in self._shown.senders_in(answer):
                    if peer in strangers and not isinstance(self._peers.get(peer), int):
                        self._put(peer, (chat, number))
            self._make_room()

    def note_name(self, name: str, peer: int, now: float) -> None:
        """Take who has a username, as `contacts.resolveUsername` said."""
        with self._lock:
            self._rename(peer, {*self._named.get(peer, ()), name}, int(now))
            self._make_room()

    def forget_name(self, name: str) -> None:
        """Forget a username, which leads to nobody any more."""
        with self._lock:
            self._drop_name(name)

    def doubt(self, request: object) -> None:
        """Forget the peers of a request that the server refused to know, with the names that led there.

        What the caller named by another access hash than the book's stays.
        """
        with self._lock:
            for peer, access_hash in named_in(request):
                if access_hash and self._peers.get(peer) == access_hash:
                    del self._peers[peer]
                    for name in self._named.get(peer, ()):
                        self._drop_name(name)
                    self._changes += 1

    def _meet(self, peer: int, value: Any, now: int, strangers: set[int]) -> None:
        access_hash = value.access_hash
        if getattr(value, "min", False):  # its hash is good for pictures alone, and its names may be old
            strangers.add(peer)
            return
        if access_hash and self._peers.get(peer) != access_hash:
            self._put(peer, access_hash)
        names = {value.username} if getattr(value, "username", None) else set()
        names.update(each.username for each in getattr(value, "usernames", None) or () if each.active)
        self._rename(peer, {name.lower() for name in names}, now)

    def _put(self, peer: int, value: int | tuple[int, int]) -> None:
        if self._peers.pop(peer, None) != value:
            self._changes += 1
        self._peers[peer] = value

    def _rename(self, peer: int, names: set[str], now: int) -> None:
        """Note all usernames of a peer; a name that it does not have any more leads nowhere."""
        for name in self._named.get(peer, ()):
            if name not in names:
                self._drop_name(name)
        for name in names:
            before, seen = self._names.get(name, (0, 0))
            if before == peer and 0 <= now - seen < _REFRESHED:
                continue
            self._drop_name(name)
            self._names[name] = (peer, now)
            self._named[peer] = (*self._named.get(peer, ()), name)
            self._changes += 1

    def _drop_name(self, name: str) -> None:
        peer, _ = self._names.pop(name, (0, 0))
        if peer:
            self._changes += 1
            left = tuple(other for other in self._named.pop(peer, ()) if other != name)
            if left:
                self._named[peer] = left

    def _make_room(self) -> None:
        if len(self._peers) > PEERS_KEPT:
            for peer in _oldest(self._peers, PEERS_KEPT):
                del self._peers[peer]
        if len(self._names) > NAMES_KEPT:
            for name in _oldest(self._names, NAMES_KEPT):
                self._drop_name(name)

    # Saving ------------------------------------------------------------------------------------------------------

    def saved(self) -> dict[str, Plain]:
        """Return all of the book as JSON has it; the oldest first. Lists are flat, so that they are written quickly."""
        with self._lock:
            hashes: list[Plain] = []
            met: list[Plain] = []
            for peer, value in self._peers.items():
                if isinstance(value, int):
                    hashes += (peer, value)
                else:
                    met += (peer, *value)
            names: dict[str, Plain] = {name: [peer, seen] for name, (peer, seen) in self._names.items()}
        return {"owner": self._owner, "hashes": hashes, "met": met, "names": names}

    def _take(self, saved: Mapping[str, Plain]) -> None:
        if not saved or saved.get("owner") != self._owner:
            return
        for peer, value in _groups(saved.get("hashes"), 2):
            self._peers[peer] = value
        for peer, chat, number in _groups(saved.get("met"), 3):
            self._peers.setdefault(peer, (chat, number))
        names = saved.get("names")
        for name, pair in names.items() if isinstance(names, dict) else ():
            for peer, seen in _groups(pair, 2):
                self._names[name] = (peer, seen)
                self._named[peer] = (*self._named.get(peer, ()), name)
        self._make_room()
        self._changes = 0


def _oldest(kept: dict[Any, Any], most: int) -> list[Any]:
    """Return what is to go, so that there is room for a while."""
    return list(islice(kept, len(kept) - most + most // _FORGOTTEN))


def _groups(flat: Plain, size: int) -> Iterable[list[int]]:
    """Return whole numbers in groups; none if anything else is among them."""
    if not isinstance(flat, list) or len(flat) % size or not all(_is_whole(value) for value in flat):
        return []
    numbers: list[int] = [value for value in flat if isinstance(value, int)]
    groups = [numbers[start : start + size] for start in range(0, len(numbers), size)]
    return [group for group in groups if group[0] and abs(group[0]) <= 2 * LAST_ID]


def _is_whole(value: Plain) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _HIGHEST + 1
