"""The profile photos of users as they are now: those of the world, without what was deleted, and what was uploaded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mtproto.localdc.world import Photo, derived_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtproto.localdc.world import Picture, User, World

__all__ = ["Albums"]

SET_ID_BASE = 5_500_000_000_000_000_000
"""Ids of the photos that are set while the DC runs: beyond those of the world, so that the newest has the highest."""


class Albums:
    """The photos of all users of a network, the newest first; their ids fall.

    Args:
        world: users and pictures.

    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._changed: dict[int, tuple[Photo, ...]] = {}  # by user
        self._set: dict[int, tuple[User, Photo]] = {}  # by photo: those that were set while the DC runs
        self._gone: set[int] = set()  # photos of the world
        self._versions: Counter[int] = Counter()
        self._last = 0

    def of(self, user: User) -> tuple[Photo, ...]:
        """Return the photos of a user."""
        return self._changed.get(user.id, user.photos)

    def version(self, user: User) -> int:
        """Return how often the photos of a user have changed."""
        return self._versions[user.id]

    def photo(self, photo_id: int) -> tuple[User, Photo] | None:
        """Return the photo with this id and whose it is; None for one that was deleted."""
        found = self._set.get(photo_id)
        if found is not None or photo_id in self._gone:
            return found
        return self._world.photo(photo_id)

    def add(self, user: User, picture: Picture, date: int) -> Photo:
        """Let a user have a picture as the newest photo, with an id of its own; return that photo."""
        self._last += 1
        photo_id = SET_ID_BASE + self._last * 1_000_003
        photo = Photo(id=photo_id, access_hash=derived_hash(f"photo {photo_id}"), date=date, picture=picture)
        self._set[photo_id] = user, photo
        self._change(user, (photo, *self.of(user)))
        return photo

    def remove(self, user: User, photo_ids: Iterable[int]) -> list[Photo]:
        """Delete photos of a user; return those that were there."""
        wanted = frozenset(photo_ids)
        removed = [photo for photo in self.of(user) if photo.id in wanted]
        for photo in removed:
            if self._set.pop(photo.id, None) is None:
                self._gone.add(photo.id)
        if removed:
            self._change(user, tuple(photo for photo in self.of(user) if photo.id not in wanted))
        return removed

    def _change(self, user: User, photos: tuple[Photo, ...]) -> None:
        self._changed[user.id] = photos
        self._versions[user.id] += 1
