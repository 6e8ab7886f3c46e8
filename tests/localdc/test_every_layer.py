"""A client of each layer is answered in its layer, with no schema given: an answer says what the world holds."""

from __future__ import annotations

from typing import Any

import pytest

import tl
from mtproto.localdc.world.model import Photo, User, World
from tests.localdc.conftest import Caller
from tests.localdc.test_layers import wrapped
from tl import Schema

FIRST_WITH_PROGRESSIVE, LAST_WITH_LOCATIONS = 119, 126
SKIPPED = {127}


class Client:
    """A client of one layer, which has sent its first call."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.schema = tl.load_layer(number)
        self.caller = Caller(world)
        self.caller.key.inited, self.caller.key.user_id = False, None
        self.config = self.caller(wrapped(self.schema, number, self.schema["help.getConfig"]()))

    def __call__(self, method: str, **fields: Any) -> Any:
        answer = self.caller(self.schema[method](**fields))
        assert all(item.SCHEMA is self.schema for item in (answer if isinstance(answer, list) else [answer]))
        return answer

    def log_in(self) -> Any:
        world = self.world
        return self(
            "auth.importBotAuthorization",
            flags=0,
            api_id=world.api_id,
            api_hash=world.api_hash,
            bot_auth_token=world.bot_token,
        )

    def photos(self, user: User, **window: int) -> Any:
        owner = self.schema["inputUser"](user_id=user.id, access_hash=user.access_hash)
        return self("photos.getUserPhotos", user_id=owner, **{"offset": 0, "max_id": 0, "limit": 100, **window})


@pytest.mark.parametrize("number", tl.layers())
def test_the_main_call_in_each_layer(number: int, packaged_world: World) -> None:
    client = Client(packaged_world, number)
    option = client.config.dc_options[0]
    assert (client.config.this_dc, option.ip_address, option.port) == (2, "127.0.0.1", 4433)
    check_user(client.log_in().user, packaged_world.bot, client.schema)
    plenty = packaged_world.by_username("plenty")
    triple = packaged_world.by_username("triple")
    assert plenty is not None
    assert triple is not None
    found = client("contacts.resolveUsername", username="triple")
    assert found.peer.user_id == triple.id
    check_user(found.users[0], triple, client.schema)
    check_page(client.photos(plenty, offset=5, limit=3), plenty, plenty.photos[5:8], client.schema)
    page = client.photos(triple)
    check_page(page, triple, triple.photos, client.schema)
    for size in page.photos[0].sizes:
        if size.NAME != "photoStrippedSize":
            check_file(client, page.photos[0], size, triple.photos[0])
    asked = [client.schema["inputUserSelf"](), client.schema["inputUser"](user_id=5, access_hash=0)]
    me, nobody = client("users.getUsers", id=asked)
    check_user(me, packaged_world.bot, client.schema)
    assert (nobody.NAME, nobody.id) == ("userEmpty", 5)


def check_page(page: Any, user: User, photos: tuple[Photo, ...], schema: Schema) -> None:
    whole = len(photos) == len(user.photos)
    assert ("photos.photos" if whole else "photos.photosSlice") == page.NAME
    assert whole or page.count == len(user.photos)
    check_user(page.users[0], user, schema)
    assert [photo.id for photo in page.photos] == [photo.id for photo in photos]
    for seen, photo in zip(page.photos, photos, strict=True):
        assert (seen.NAME, seen.access_hash, seen.date) == ("photo", photo.access_hash, photo.date)
        assert getattr(seen, "dc_id", 2) == 2
        assert len(getattr(seen, "file_reference", b"25 bytes, if it has a one")) == 25
        assert [describe(size) for size in seen.sizes] == expected_sizes(photo, schema)
        if hasattr(seen, "video_sizes"):
            videos = [(size.type, size.w, size.h, size.size) for size in seen.video_sizes or []]
            assert videos == [(size.type, size.w, size.h, size.size) for size in photo.videos]


def describe(size: Any) -> tuple[Any, ...]:
    fields = {field.name: getattr(size, field.name) for field in size.PLAN.fields}
    fields.pop("location", None)
    return size.NAME, *fields.values()


def expected_sizes(photo: Photo, schema: Schema) -> list[tuple[Any, ...]]:
    progressive = (schema.layer or 0) >= FIRST_WITH_PROGRESSIVE
    stripped = [("photoStrippedSize", "i", photo.stripped)] if "photoStrippedSize" in schema else []
    sizes = [
        ("photoSizeProgressive", size.type, size.w, size.h, list(size.prefixes))
        if size.prefixes and progressive
        else ("photoSize", size.type, size.w, size.h, size.size)
        for size in photo.sizes
    ]
    return [*stripped, *sizes]


def check_user(seen: Any, user: User, schema: Schema) -> None:
    assert (seen.NAME, seen.id, seen.access_hash) == ("user", user.id, user.access_hash)
    assert (seen.first_name, seen.last_name, seen.username) == (user.first_name, user.last_name or None, user.username)
    assert seen.bot is user.bot
    if not user.photos:
        assert seen.photo is None
        return
    newest = user.photos[0]
    assert (seen.photo.NAME, seen.photo.photo_id) == ("userProfilePhoto", newest.id)
    assert getattr(seen.photo, "dc_id", 2) == 2
    if (schema.layer or 0) <= LAST_WITH_LOCATIONS:
        assert (seen.photo.photo_small.volume_id, seen.photo.photo_big.volume_id) == (newest.id, newest.id)
    else:
        assert seen.photo.stripped_thumb == newest.stripped
    assert getattr(seen.photo, "has_video", bool(newest.videos)) is bool(newest.videos)


def check_file(client: Client, photo: Any, size: Any, original: Photo) -> None:
    schema = client.schema
    if "inputPhotoFileLocation" in schema:
        location = schema["inputPhotoFileLocation"](
            id=photo.id, access_hash=photo.access_hash, file_reference=photo.file_reference, thumb_size=size.type
        )
    else:
        taken = {field.name for field in schema["inputFileLocation"].PLAN.fields}
        given = {name: getattr(size.location, name) for name in taken}
        location = schema["inputFileLocation"](**given)
    part = client("upload.getFile", location=location, offset=0, limit=1 << 20)
    assert part.bytes == original.file(size.type)
    assert part.mtime == original.date
