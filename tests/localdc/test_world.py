"""The packaged world: real files, as declared, small enough to ship."""

from __future__ import annotations

import hashlib
import io
from importlib.resources import files
from pathlib import Path

import pytest

from mtproto.flows import thumbnail_of
from mtproto.localdc.world.errors import WorldError
from mtproto.localdc.world.jpeg import insert_comment, scan_borders, segments
from mtproto.localdc.world.load import load_pictures, load_world
from mtproto.localdc.world.model import World
from tl import api

HEADER_SHA256 = "c2d6c960e35c3d94de4a0d85a39e0d9def693ee107fa374354960f2df47d82d4"


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def test_users_have_from_none_to_more_than_two_pages_of_photos(world: World) -> None:
    assert {user.username: len(user.photos) for user in world.users} == {
        "localdc_bot": 6,
        "nobody": 0,
        "single": 1,
        "triple": 3,
        "dozen": 12,
        "hundred": 100,
        "plenty": 250,
    }
    assert world.bot is world.users[0]
    assert world.bot.bot
    assert world.bot_token.startswith(f"{world.bot.id}:")


def test_photos_are_newest_first_and_their_ids_fall(world: World) -> None:
    for user in world.users:
        assert [p.id for p in user.photos] == sorted((p.id for p in user.photos), reverse=True)
        assert [p.date for p in user.photos] == sorted((p.date for p in user.photos), reverse=True)


def test_ids_are_unique_and_the_same_in_every_run(world: World) -> None:
    photos = [photo.id for user in world.users for photo in user.photos]
    assert len(set(photos)) == len(photos)
    again = load_world()
    assert [(u.id, u.access_hash) for u in again.users] == [(u.id, u.access_hash) for u in world.users]


def test_every_file_is_as_long_as_declared_and_like_no_other(world: World) -> None:
    seen: set[bytes] = set()
    for user in world.users:
        for photo in user.photos:
            for size in photo.sizes + photo.videos:
                data = photo.file(size.type)
                assert data is not None
                assert len(data) == size.size
                digest = hashlib.sha256(data).digest()
                assert digest not in seen
                seen.add(digest)


def test_the_sizes_are_a_b_and_a_progressive_c(world: World) -> None:
    for photo in world.users[-1].photos:
        assert [(s.type, s.w, s.h) for s in photo.sizes] == [("a", 160, 160), ("b", 320, 320), ("c", 640, 640)]
        assert [bool(s.prefixes) for s in photo.sizes] == [False, False, True]


def test_progressive_sizes_are_prefixes_that_end_where_a_scan_ends(world: World) -> None:
    photo = world.users[-1].photos[0]
    data = photo.file("c")
    assert data is not None
    *prefixes, whole = photo.sizes[-1].prefixes
    assert whole == len(data)
    assert len(prefixes) >= 3
    assert prefixes == sorted(set(prefixes))
    assert set(prefixes) < set(scan_borders(data))


def test_a_third_of_the_photos_have_two_videos(world: World) -> None:
    plenty = world.users[-1]
    assert sum(len(photo.videos) == 2 for photo in plenty.photos[:99]) == 33
    photo = next(photo for photo in plenty.photos if photo.videos)
    assert [video.type for video in photo.videos] == ["v", "u"]
    data = photo.file("u")
    assert data is not None
    assert data[4:8] == b"ftyp"


def test_a_size_that_a_photo_lacks_has_no_file(world: World) -> None:
    assert world.bot.photos[0].file("x") is None


def test_the_package_data_is_below_one_mebibyte() -> None:
    folder = Path(str(files("mtproto.localdc.world") / "pictures"))
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1 << 20


def test_every_picture_decodes_whole_and_by_its_prefixes(world: World) -> None:
    image_module = pytest.importorskip("PIL.Image")
    for photo in world.users[-1].photos[:9]:
        for size in photo.sizes:
            data = photo.file(size.type)
            assert data is not None
            with image_module.open(io.BytesIO(data)) as image:
                image.load()
                assert image.size == (size.w, size.h)
            for end in size.prefixes:
                with image_module.open(io.BytesIO(data[:end] + b"\xff\xd9")) as image:
                    image.load()


def test_a_stripped_thumbnail_becomes_a_picture_behind_the_fixed_header(world: World) -> None:
    image_module = pytest.importorskip("PIL.Image")
    out = io.BytesIO()
    image_module.new("RGB", (40, 40)).save(out, "JPEG", quality=20, subsampling="4:2:0")
    header = bytearray(out.getvalue()[:623])
    header[163:167] = bytes(4)
    assert hashlib.sha256(header).hexdigest() == HEADER_SHA256
    for photo in world.users[-1].photos[:9]:
        kind, height, width = photo.stripped[:3]
        assert kind == 1
        header[164], header[166] = height, width
        with image_module.open(io.BytesIO(bytes(header) + photo.stripped[3:] + b"\xff\xd9")) as image:
            image.load()
            assert image.size == (width, height) == (40, 40)


def test_a_comment_goes_behind_app0_and_moves_nothing_else(world: World) -> None:
    plain = world.bot.photos[0].picture.images[0].data
    marked = insert_comment(plain, "here")
    assert marked == plain[:20] + b"\xff\xfe\x00\x06here" + plain[20:]
    assert [marker for marker, _, _ in segments(marked)][:3] == [0xD8, 0xE0, 0xFE]


@pytest.mark.parametrize("end", [0, 1, 3, 19, 400, -1])
def test_a_cut_jpeg_is_reported(world: World, end: int) -> None:
    with pytest.raises(WorldError):
        list(segments(world.bot.photos[0].picture.images[0].data[:end]))


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"manifest\.json"):
        load_pictures(tmp_path)


def test_a_file_that_was_changed_is_named(tmp_path: Path) -> None:
    packaged = Path(str(files("mtproto.localdc.world") / "pictures"))
    for path in packaged.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    damaged = bytearray((tmp_path / "07b.jpg").read_bytes())
    damaged[1000] ^= 1
    (tmp_path / "07b.jpg").write_bytes(damaged)
    with pytest.raises(WorldError, match=r"07b\.jpg"):
        load_pictures(tmp_path)


def test_a_thumbnail_shows_the_file_that_is_fetched_for_it(world: World) -> None:
    """Made as a client makes it, it is nearer to that file than to those of all other pictures."""
    image_module = pytest.importorskip("PIL.Image")

    def pixels(data: bytes | None) -> bytes:
        assert data is not None
        with image_module.open(io.BytesIO(data)) as image:
            small: bytes = image.resize((40, 40)).tobytes()
            return small

    photos = world.users[-1].photos[:9]
    files = [pixels(photo.file("a")) for photo in photos]
    for place, photo in enumerate(photos):
        shown = api.types.UserProfilePhoto(photo_id=photo.id, stripped_thumb=photo.stripped, dc_id=2)
        thumbnail = thumbnail_of(shown)
        assert thumbnail is not None
        drawn = pixels(thumbnail.data)
        distances = [sum(abs(one - other) for one, other in zip(drawn, file, strict=True)) for file in files]
        assert distances.index(min(distances)) == place
