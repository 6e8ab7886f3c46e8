"""The world of a local DC: users, their profile photos, and the files behind them. Data only; no TL objects.

A file of a photo is made when a client asks for it: the file of the picture with a mark of the photo inside (a JPEG
comment, or an MP4 `free` box). So 250 photos share a few pictures, and each file of each photo has a SHA-256 of its
own.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mtproto.localdc.world.chat import chats_of
from mtproto.localdc.world.free_box import add_free_box
from mtproto.localdc.world.jpeg import insert_comment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mtproto.localdc.world.chat import LocalChat

__all__ = ["USERNAME", "FileSize", "Photo", "Picture", "PictureFile", "User", "World", "derived_hash", "make_world"]

USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,31}")
"""What `contacts.resolveUsername` finds: a user of another name could be made, but nobody could ask for that user."""

BOT_ID = 1_000_000
"""Ids of users fit into 31 bits, so that layers from the time when they were `int` can carry them."""

PHOTO_ID_BASE = 5_400_000_000_000_000_000
"""Ids of photos are beyond 2**53, as Telegram's are: a client that reads them as doubles loses digits and fails."""

FIRST_DATE = 1_600_000_000
"""When each user's oldest photo was set (Unix seconds); each further photo is a day younger."""

API_ID = 1
API_HASH = hashlib.sha256(b"mtproto-raw: api_hash of the local DC").hexdigest()[:32]
BOT_SECRET = hashlib.sha256(b"mtproto-raw: bot token of the local DC").hexdigest()[:35]


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One size of a picture as a file: `type` is the letter of the size, `w` and `h` are pixels.

    `prefixes` is empty, or the byte counts after which a progressive file shows a whole picture, the last of them
    being its size. `is_marked` says whether each photo's file gets a mark inside; one that was uploaded gets none.
    """

    type: str
    w: int
    h: int
    data: bytes = field(repr=False)
    prefixes: tuple[int, ...] = ()
    is_marked: bool = True

    def marked(self, text: str) -> bytes:
        """Return the file with `text` inside, where no viewer shows it; or as it is, where it is not to be marked."""
        if not self.is_marked:
            return self.data
        return insert_comment(self.data, text) if self._is_jpeg() else add_free_box(self.data, text)

    def mark_size(self, text: str) -> int:
        """Return by how many bytes `marked` makes the file longer."""
        return len(text) + (4 if self._is_jpeg() else 8) if self.is_marked else 0

    def _is_jpeg(self) -> bool:
        return self.data.startswith(b"\xff\xd8")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in all its sizes: `stripped` is the thumbnail inside messages, `images` are JPEG, `videos` MP4."""

    stripped: bytes
    images: tuple[PictureFile, ...]
    videos: tuple[PictureFile, ...] = ()

    @property
    def files(self) -> tuple[PictureFile, ...]:
        """The images, then the videos."""
        return self.images + self.videos


@dataclass(frozen=True, slots=True)
class FileSize:
    """What a photo says of one of its files: `size` in bytes, and `prefixes` as in `PictureFile`."""

    type: str
    w: int
    h: int
    size: int
    prefixes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Photo:
    """A profile photo: `date` in Unix seconds."""

    id: int
    access_hash: int
    date: int
    picture: Picture = field(repr=False)

    @property
    def stripped(self) -> bytes:
        """The thumbnail in the form of `photoStrippedSize`."""
        return self.picture.stripped

    @property
    def sizes(self) -> tuple[FileSize, ...]:
        """The JPEG files, smallest first."""
        return tuple(self._describe(file) for file in self.picture.images)

    @property
    def videos(self) -> tuple[FileSize, ...]:
        """The MP4 files; none for a photo that does not move."""
        return tuple(self._describe(file) for file in self.picture.videos)

    @property
    def types(self) -> tuple[str, ...]:
        """The letters of all files that can be fetched."""
        return tuple(file.type for file in self.picture.files)

    def file(self, type_: str) -> bytes | None:
        """Return the file of this size, or None when the photo has no such size."""
        for file in self.picture.files:
            if file.type == type_:
                return file.marked(self._mark(type_))
        return None

    def _mark(self, type_: str) -> str:
        return f"photo {self.id} size {type_}"

    def _describe(self, file: PictureFile) -> FileSize:
        grown = file.mark_size(self._mark(file.type))
        return FileSize(file.type, file.w, file.h, len(file.data) + grown, tuple(end + grown for end in file.prefixes))


@dataclass(frozen=True, slots=True)
class User:
    """A user or a bot. `photos` are newest first; their ids fall."""

    id: int
    access_hash: int
    first_name: str
    last_name: str
    username: str
    bot: bool
    photos: tuple[Photo, ...] = field(repr=False)


class World:
    """All users of a local DC, and their basic groups; never changes. The first of `users` is the bot.

    A client logs in with `bot_token`, `api_id` and `api_hash`; no other server knows them.
    """

    def __init__(self, users: Sequence[User]) -> None:
        self.users = tuple(users)
        self.bot = self.users[0]
        self.bot_token = f"{self.bot.id}:{BOT_SECRET}"
        self.api_id = API_ID
        self.api_hash = API_HASH
        self.chats = chats_of([user.id for user in self.users])
        self._by_id = {user.id: user for user in self.users}
        self._by_username = {user.username.lower(): user for user in self.users}
        self._photos = {photo.id: (user, photo) for user in self.users for photo in user.photos}

    def user(self, user_id: int) -> User | None:
        """Return the user with this id."""
        return self._by_id.get(user_id)

    def by_username(self, username: str) -> User | None:
        """Return the user with this name, whatever its case; no `@` in front."""
        return self._by_username.get(username.lower())

    def chat(self, chat_id: int) -> LocalChat | None:
        """Return the basic group with this id."""
        return next((chat for chat in self.chats if chat.id == chat_id), None)

    def chat_named(self, title: str) -> LocalChat | None:
        """Return the basic group that is called so, whatever the case."""
        return next((chat for chat in self.chats if chat.display_name.lower() == title.lower()), None)

    def photo(self, photo_id: int) -> tuple[User, Photo] | None:
        """Return the photo with this id and whose it is."""
        return self._photos.get(photo_id)


@dataclass(frozen=True, slots=True)
class Person:
    """A user of a world that is to be made: names, and pictures from the oldest photo to the newest."""

    username: str
    first_name: str
    last_name: str
    pictures: Sequence[Picture]


def make_world(people: Iterable[Person]) -> World:
    """Build a world, with ids and access hashes that follow from the order of `people`; the first is the bot."""
    return World([_user(number, person) for number, person in enumerate(people)])


def _user(number: int, person: Person) -> User:
    user_id = BOT_ID + number
    photos = [_photo(number, ordinal, picture) for ordinal, picture in enumerate(person.pictures)]
    return User(
        id=user_id,
        access_hash=derived_hash(f"user {user_id}"),
        first_name=person.first_name,
        last_name=person.last_name,
        username=person.username,
        bot=number == 0,
        photos=tuple(reversed(photos)),
    )


def _photo(number: int, ordinal: int, picture: Picture) -> Photo:
    photo_id = PHOTO_ID_BASE + number * 1_000_000_000_000 + ordinal * 1_000_003
    return Photo(
        id=photo_id,
        access_hash=derived_hash(f"photo {photo_id}"),
        date=FIRST_DATE + ordinal * 86_400,
        picture=picture,
    )


def derived_hash(whose: str) -> int:
    """Derive an access hash from words that say whose it is: a signed 64-bit number that is the same in every run."""
    return int.from_bytes(hashlib.sha256(whose.encode()).digest()[:8], "little", signed=True)
