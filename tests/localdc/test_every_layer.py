"""A client of each layer is answered in its layer, with no schema given: an answer says what the world holds."""

from __future__ import annotations

from typing import Any

import pytest

import tl
from mtproto.localdc.calls import IncomingCall
from mtproto.localdc.world.model import Photo, User, World
from tests.localdc.conftest import Caller, RpcFailure
from tests.localdc.test_layers import wrapped
from tl import Schema, api

FIRST_WITH_PROGRESSIVE, LAST_WITH_LOCATIONS, FIRST_WITH_USERS_BESIDE = 119, 126, 135


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


@pytest.mark.parametrize(
    "number",
    [pytest.param(number, marks=[pytest.mark.slow] if place % 8 else []) for place, number in enumerate(tl.layers())],
)
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


@pytest.mark.parametrize("number", [46, 51, 61, 78, 100, 102, 105, 134, 135, 160, 228])
def test_other_calls_whose_answers_changed(number: int, packaged_world: World) -> None:
    client = Client(packaged_world, number)
    client.log_in()
    triple = packaged_world.by_username("triple")
    nobody = packaged_world.by_username("nobody")
    assert triple is not None
    assert nobody is not None
    for user in (triple, nobody):
        named = client.schema["inputUser"](user_id=user.id, access_hash=user.access_hash)
        answer = client("users.getFullUser", id=named)
        if number < FIRST_WITH_USERS_BESIDE:
            full, seen = answer, answer.user
        else:
            full, (seen,) = answer.full_user, answer.users
        check_user(seen, user, client.schema)
        assert getattr(full.profile_photo, "id", 0) == (user.photos[0].id if user.photos else 0)
    assert client("updates.getState").seq == 1
    gone = client.caller(client.schema["auth.logOut"]())
    assert gone is True if number < FIRST_WITH_USERS_BESIDE else gone.NAME == "auth.loggedOut"


@pytest.mark.parametrize(("number", "told"), [(132, False), (133, True)])
def test_a_user_whose_id_a_layer_cannot_carry_is_left_out(number: int, told: bool, packaged_world: World) -> None:
    client = Client(packaged_world, number)
    client.log_in()
    user = api.types.UserEmpty(id=1 << 40)

    def handler(_call: IncomingCall) -> Any:
        return api.types.photos.Photos(photos=[], users=[user])

    client.caller.dispatcher.register(api.functions.photos.GetUserPhotos, handler)
    assert [seen.id for seen in client.photos(packaged_world.bot).users] == ([user.id] if told else [])


@pytest.mark.parametrize("number", [98, 126, 147, 227])
def test_the_photo_of_a_profile_by_its_former_location(number: int, packaged_world: World) -> None:
    client = Client(packaged_world, number)
    client.log_in()
    triple = packaged_world.by_username("triple")
    assert triple is not None
    newest = triple.photos[0]
    peer = client.schema["inputPeerUser"](user_id=triple.id, access_hash=triple.access_hash)
    name = "inputPeerPhotoFileLocation" if number <= LAST_WITH_LOCATIONS else "inputPeerPhotoFileLocationLegacy"
    for big, type_ in ((True, "c"), (False, "a")):
        location = client.schema[name](big=big, peer=peer, volume_id=newest.id, local_id=ord(type_))
        assert client("upload.getFile", location=location, offset=0, limit=1 << 20).bytes == newest.file(type_)


def test_a_location_with_another_secret_is_refused(packaged_world: World) -> None:
    client = Client(packaged_world, 75)
    client.log_in()
    photo = packaged_world.bot.photos[0]
    location = client.schema["inputFileLocation"](volume_id=photo.id, local_id=ord("c"), secret=1)
    with pytest.raises(RpcFailure, match="400 LOCATION_INVALID"):
        client("upload.getFile", location=location, offset=0, limit=1 << 20)


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
