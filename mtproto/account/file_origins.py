"""Where an account has files from, so that a file reference that has expired is made fresh.

core.telegram.org/api/file-references. Which user's photos an answer shows is remembered; a message is the origin of the
file that it carries; of other files the caller says where they came from.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from mtproto.flows import fresh_from_message, fresh_user_photo

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.flows import Flow, PeerAsker, PeerBook, RemoteFile

__all__ = ["PHOTOS_REMEMBERED", "FileOrigins", "origin_flow"]

PHOTOS_REMEMBERED = 10_000
"""Photos of which an account remembers whose they are; the first ones are forgotten first."""

_MESSAGES = ("message", "messageService")


class FileOrigins:
    """Whose photos an account has seen. Any thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: dict[int, Any] = {}

    def learn(self, request: Any, answer: Any) -> None:
        """Take the photos of an answer to `photos.getUserPhotos`; of other calls nothing is taken."""
        if request.NAME != "photos.getUserPhotos":
            return
        with self._lock:
            for photo in answer.photos:
                self._owners.pop(photo.id, None)
                self._owners[photo.id] = request.user_id
            while len(self._owners) > PHOTOS_REMEMBERED:
                del self._owners[next(iter(self._owners))]

    def of(self, value: Any, file: RemoteFile) -> Any:
        """Return where a file came from: a message, or the `InputUser` whose photo it is; None where nobody knows.

        Args:
            value: what the caller wants to be downloaded.
            file: the file that is meant.

        """
        if getattr(value, "NAME", "") in _MESSAGES:
            return value
        number = getattr(file.carrier, "id", None)
        if number is None and file.location.NAME == "inputPhotoFileLocation":
            number = getattr(file.location, "id", None)
        with self._lock:
            return self._owners.get(number) if number is not None else None


def origin_flow(origin: Any, file: RemoteFile, asker: PeerAsker, book: PeerBook) -> Callable[[], Flow[Any]]:
    """Return what begins the flow that asks for the object of a file again.

    Args:
        origin: a message; or the user whose photo it is, as `resolve` takes one.
        file: the file.
        asker: who asks.
        book: what is known of peers.

    """
    if getattr(origin, "NAME", "") in _MESSAGES:
        return partial(fresh_from_message, asker, book, origin)
    number = getattr(file.carrier if file.carrier is not None else file.location, "id", 0)
    return partial(fresh_user_photo, asker, book, origin, number)
