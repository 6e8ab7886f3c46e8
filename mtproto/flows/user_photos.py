"""All profile photos of a user, page by page (core.telegram.org/method/photos.getUserPhotos)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.flows.layers import expect, make
from mtproto.flows.resolving import resolve
from mtproto.flows.steps import Call

if TYPE_CHECKING:
    from mtproto.flows.peer_book import PeerBook
    from mtproto.flows.resolving import PeerAsker
    from mtproto.flows.steps import Flow

__all__ = ["PhotoPages"]

PAGE = 100
"""Photos that a server gives at most."""

MOST_PAGES = 10_000
"""Pages of one list: a server whose list has no end is left."""


class PhotoPages:
    """The pages of a user's photos, newest first; each photo once.

    Each page asks for what is older than the oldest photo so far, so that photos which are added or deleted meanwhile
    move nothing. Where fewer came than the server counted at first, since some are gone or their ids don't follow their
    order, the list is read once more by places. Photos that were added meanwhile are not in the pages.

    Args:
        asker: who asks.
        book: what is known of peers.
        user: whose photos: whatever `meant_by` takes.

    """

    def __init__(self, asker: PeerAsker, book: PeerBook, user: object) -> None:
        self._asker = asker
        self._book = book
        self._reference = user
        self._user: Any = None
        self._seen: set[int] = set()
        self._oldest = 0  # the lowest id of all; 0 before the first page
        self._is_inside = True  # of what was there at first; a second reading begins in front of it
        self._first_total = 0
        self._offset: int | None = None  # of the second reading
        self._over = False
        self._pages = 0
        self.total: int | None = None

    def next_page(self) -> Flow[list[Any]]:
        """Return the next photos, one at least; an empty list once there are no more.

        `total` is how many photos there are, by the server's latest count; None before the first page.

        Raises whatever `resolve` raises for the user, and `RpcError` where the server refuses.
        """
        if self._user is None:
            self._user = yield from resolve(self._asker, self._book, self._reference, "InputUser")
        while not self._over and self._pages < MOST_PAGES:
            self._pages += 1
            answer = yield from self._ask()
            is_whole = answer.NAME == "photos.photos"
            fresh = self._take(answer.photos)
            self.total = max(len(self._seen), len(answer.photos)) if is_whole else answer.count
            self._first_total = self._first_total or self.total or 0
            self._go_on(len(answer.photos), is_whole=is_whole)
            if fresh:
                return fresh
        return []

    def _ask(self) -> Flow[Any]:
        request = make(
            self._asker.schema,
            "photos.getUserPhotos",
            user_id=self._user,
            offset=self._offset or 0,
            max_id=self._oldest if self._offset is None else 0,
            limit=PAGE,
        )
        return expect((yield Call(request)), request.NAME, "photos.photos", "photos.photosSlice")

    def _take(self, photos: list[Any]) -> list[Any]:
        ids = [photo.id for photo in photos]
        fresh = []
        for photo in photos:
            if photo.id in self._seen:
                self._is_inside = True
            elif self._is_inside:
                self._seen.add(photo.id)
                fresh.append(photo)
        self._oldest = min((*ids, self._oldest) if self._oldest else ids, default=0)
        return fresh

    def _go_on(self, came: int, *, is_whole: bool) -> None:
        """Decide what the next page is, or that there is none."""
        if is_whole or len(self._seen) >= self._first_total:  # nothing newer is counted among the seen ones
            self._over = True
        elif self._offset is not None:
            self._offset += came
            self._over = not came or self._offset >= (self.total or 0)
        elif not came:
            self._offset = 0
            self._is_inside = False
