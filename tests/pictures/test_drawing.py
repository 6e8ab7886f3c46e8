"""Drawing a world, and making one from a folder of pictures; both need Pillow."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from mtproto.localdc.world import WorldError, load_pictures, world_from_folder
from tests.pictures import __main__ as draw

image_module = pytest.importorskip("PIL.Image")


def test_what_is_drawn_can_be_loaded(tmp_path: Path) -> None:
    total = draw.write_world(tmp_path, count=3)
    assert total == sum(path.stat().st_size for path in tmp_path.iterdir())
    pictures = load_pictures(tmp_path)
    assert [len(picture.videos) for picture in pictures] == [2, 0, 0]
    assert pictures[1] == draw.draw_picture(1)


def test_a_world_too_large_for_a_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "SIZE_LIMIT", 1000)
    with pytest.raises(WorldError, match="1000 are the limit"):
        draw.write_world(tmp_path, count=1)


def test_a_folder_gives_one_user_for_each_folder_inside_and_the_last_picture_is_the_newest(tmp_path: Path) -> None:
    for name, colours in {"alice_b": ["red", "blue"], "empty": [], ".hidden": ["red"]}.items():
        (tmp_path / name).mkdir()
        for number, colour in enumerate(colours):
            image_module.new("RGBA", (70, 30), colour).save(tmp_path / name / f"{number}.png")
        (tmp_path / name / "notes.txt").write_text("not a picture")
    world = world_from_folder(tmp_path)
    assert [(user.username, len(user.photos)) for user in world.users] == [
        ("localdc_bot", 0),
        ("alice_b", 2),
        ("empty", 0),
    ]
    alice = world.users[1]
    assert alice.first_name == "Alice B"
    blue = alice.photos[0].file("a")
    assert blue is not None
    with image_module.open(io.BytesIO(blue)) as image:
        assert image.size == (160, 160)
        red_share, _, blue_share = image.convert("RGB").getpixel((80, 80))
        assert blue_share > 200 > red_share


def test_a_comment_in_a_users_picture_stays_behind(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    image_module.new("RGB", (50, 50), "red").save(tmp_path / "ada" / "me.jpg", comment=b"private words")
    photo = world_from_folder(tmp_path).users[1].photos[0]
    files = [photo.file(letter) for letter in photo.types]
    assert all(file is not None and b"private words" not in file for file in files)


def test_a_picture_that_a_camera_took_sideways_is_put_upright(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    image = image_module.new("RGB", (60, 60), "red")
    image.paste("blue", (0, 0, 60, 30))
    exif = image_module.Exif()
    exif[0x0112] = 3  # the top is at the bottom
    image.save(tmp_path / "ada" / "me.jpg", exif=exif)
    data = world_from_folder(tmp_path).users[1].photos[0].file("a")
    assert data is not None
    with image_module.open(io.BytesIO(data)) as upright:
        red, _, blue = upright.getpixel((80, 20))
        assert red > 200 > blue


def test_a_picture_far_too_large_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ada").mkdir()
    image_module.new("RGB", (60, 60)).save(tmp_path / "ada" / "huge.png")
    monkeypatch.setattr(image_module, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(WorldError, match=r"huge\.png"):
        world_from_folder(tmp_path)


def test_the_bot_gets_the_pictures_of_a_folder_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "localdc_bot").mkdir()
    image_module.new("RGB", (200, 200), "green").save(tmp_path / "localdc_bot" / "me.jpg")
    world = world_from_folder(tmp_path)
    assert [len(user.photos) for user in world.users] == [1]


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "alice").mkdir()
    (tmp_path / "alice" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.raises(WorldError, match=r"broken\.png"):
        world_from_folder(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="nowhere"):
        world_from_folder(tmp_path / "nowhere")


def test_without_pillow_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(WorldError, match=r"mtproto-raw\[world\]"):
        world_from_folder(tmp_path)
