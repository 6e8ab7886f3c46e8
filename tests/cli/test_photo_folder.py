"""`mtproto photos --out`: what a folder of photos holds, after one run and after several."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtproto.cli.exits import Exit
from mtproto.cli.photo_folder import PhotoFolder, Wanted
from mtproto.cli.photo_records import read_records
from mtproto.cli.photo_window import Window, moment_of
from mtproto.localdc import LocalDCThread, LocalNetworkThread, Refused, User
from mtproto.localdc.calls import IncomingCall
from mtproto.localdc.handlers.photos import get_user_photos
from mtproto.localdc.handlers.upload import get_file
from tests.cli.conftest import Run
from tests.cli.test_contact_sheet import Page
from tl import api

t = api.types


def user(dc: LocalDCThread, name: str) -> User:
    found = dc.world.by_username(name)
    assert found is not None
    return found


@pytest.fixture
def save(run: Run, reach: list[str], bot: dict[str, str], tmp_path: Path) -> Callable[..., Any]:
    """Save photos of users into `tmp_path/out`; give the result of the command."""

    def saved(*arguments: str) -> Any:
        return run("photos", *arguments, "--out", str(tmp_path / "out"), "--quiet", *reach, env=bot)

    return saved


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def fetched(dc: LocalDCThread) -> list[str]:
    """The letters of the files that are asked for."""
    letters: list[str] = []

    @dc.handler(api.functions.upload.GetFile)
    def count(call: IncomingCall) -> Any:
        letters.append(call.request.location.thumb_size)
        return get_file(call)

    return letters


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_each_user_has_a_folder_and_each_file_the_name_and_the_time_of_its_photo(
    save: Callable[..., Any], dc: LocalDCThread, out: Path
) -> None:
    result = save("triple", f"{user(dc, 'single').id}", "nobody", "--all")
    assert result.exit_code == 0, result.stderr
    assert names(out) == ["photos.json", "single", "triple"]
    stamps = ["20200913-122640", "20200914-122640", "20200915-122640"]
    photos = user(dc, "triple").photos[::-1]
    assert names(out / "triple") == [f"{stamp}_{photo.id}.jpg" for stamp, photo in zip(stamps, photos, strict=True)]
    for path, photo in zip(sorted((out / "triple").iterdir()), photos, strict=True):
        assert path.read_bytes() == photo.file("c")
        assert path.stat().st_mtime == photo.date


def test_the_records_say_all_and_their_ids_are_strings(save: Callable[..., Any], dc: LocalDCThread, out: Path) -> None:
    assert save("triple", "single", "--sizes", "all", "--videos").exit_code == 0
    content = json.loads((out / "photos.json").read_text())
    assert [owner["id"] for owner in content["users"]] == [str(user(dc, name).id) for name in ("triple", "single")]
    photos = content["users"][0]["photos"]
    assert [photo["id"] for photo in photos] == [str(photo.id) for photo in user(dc, "triple").photos]
    assert [file["type"] for file in photos[-1]["files"]] == ["c", "a", "b", "u", "v"]
    for file in photos[-1]["files"]:
        assert (out / file["path"]).stat().st_size == file["size"]
    assert photos[-1]["moves"] == ["animated profile picture 320x320"]


def test_a_second_run_fetches_nothing_and_a_file_that_is_not_whole_is_fetched_again(
    save: Callable[..., Any], out: Path, fetched: list[str]
) -> None:
    first = json.loads(save("triple", "--json").stdout)
    again = json.loads(save("triple", "--json").stdout)
    assert fetched == ["c"] * 3
    assert [file["new"] for file in first["files"] + again["files"]] == [True] * 3 + [False] * 3
    broken = next((out / "triple").iterdir())
    whole = broken.read_bytes()
    broken.write_bytes(whole[:-1])
    assert "files of triple: 1 new, 2 there already" in save("triple").stdout
    assert broken.read_bytes() == whole
    assert len(fetched) == 4


def test_a_run_that_is_stopped_leaves_whole_files_and_records_and_the_next_one_goes_on(
    save: Callable[..., Any], dc: LocalDCThread, out: Path
) -> None:
    asked = []

    @dc.handler(api.functions.upload.GetFile)
    def fail_at_the_fifth(call: IncomingCall) -> Any:
        asked.append(call.request.location.id)
        if len(asked) == 5:
            raise Refused(400, "LOCATION_INVALID")
        return get_file(call)

    assert save("dozen", "--all").exit_code == Exit.REFUSED
    (owner,) = read_records(out)
    assert sum(len(photo.files) for photo in owner.photos) == len(names(out / "dozen")) == 4
    assert save("dozen", "--all").exit_code == 0
    assert len(asked) == 5 + 8
    assert len(names(out / "dozen")) == 12


def test_what_earlier_runs_saved_stays_recorded_and_what_is_deleted_from_disk_does_not(
    save: Callable[..., Any], dc: LocalDCThread, out: Path
) -> None:
    assert save("triple").exit_code == save("single").exit_code == 0
    newest = user(dc, "triple").photos[0]

    @dc.handler(api.functions.photos.GetUserPhotos)
    def without_the_oldest(call: IncomingCall) -> Any:
        answer: Any = get_user_photos(call)
        answer.photos = answer.photos[:-1]
        return answer

    next((out / "triple").glob(f"*{newest.id}.jpg")).unlink()
    assert save("triple", "--max-id", str(newest.id)).exit_code == 0
    triple, single = read_records(out)
    assert [photo.id for photo in triple.photos] == [str(photo.id) for photo in user(dc, "triple").photos[1:]]
    assert len(single.photos) == 1


@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(os.name == "nt", reason="pthread_kill is POSIX")
def test_what_ctrl_c_stops_stays_and_the_same_command_goes_on(
    save: Callable[..., Any], dc: LocalDCThread, out: Path
) -> None:
    asked = iter(range(100))
    stopped_for_good = threading.Event()

    @dc.handler(api.functions.upload.GetFile)
    async def stop(call: IncomingCall) -> Any:
        number = next(asked)
        if number == 1:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        if number in (1, 2):
            await asyncio.to_thread(stopped_for_good.wait)  # these two files do not come in the first run
        return get_file(call)

    stopped = save("triple")
    stopped_for_good.set()
    assert stopped.exit_code == Exit.CANCELLED
    assert stopped.stderr.splitlines()[-2:] == [
        f"what has come stays in {out}; the same command goes on from there",
        "cancelled",
    ]
    there = len(list(out.rglob("*.jpg")))
    assert there <= 1
    counts = "2 new, 1 there already" if there else "3 new"
    assert f"files of triple: {counts}" in save("triple").stdout


def test_since_and_until_choose_photos(run: Run, reach: list[str], bot: dict[str, str]) -> None:
    bounds = ("--since", "2020-09-14", "--until", "2020-09-15")
    photos = json.loads(run("photos", "dozen", "--json", *bounds, *reach, env=bot).stdout)["photos"]
    assert [photo["date"] for photo in photos] == [1_600_000_000 + days * 86_400 for days in (2, 1)]


def test_all_photos_are_more_than_one_page(run: Run, reach: list[str], bot: dict[str, str]) -> None:
    photos = json.loads(run("photos", "plenty", "--json", "--until", "2020-09-13", *reach, env=bot).stdout)["photos"]
    assert len(photos) == 1  # the oldest of 250


def test_a_list_without_an_end_is_cut(
    run: Run, reach: list[str], bot: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtproto.cli.photos.ALL_PHOTOS", 120)
    photos = json.loads(run("photos", "plenty", "--json", "--all", *reach, env=bot).stdout)["photos"]
    assert len(photos) == 120


def test_one_user_of_several_who_is_not_there_ends_no_run(
    save: Callable[..., Any], out: Path, run: Run, reach: list[str], bot: dict[str, str]
) -> None:
    result = save("nosuchuser", "single", "the_square")
    assert result.exit_code == Exit.FAILED
    assert "nosuchuser: 400 USERNAME_NOT_OCCUPIED" in result.stderr
    assert "the_square is not a user" in result.stderr
    assert "2 of 3 users failed" in result.stderr
    assert names(out) == ["photos.json", "single"]
    answers = json.loads(run("photos", "nosuchuser", "single", "--json", *reach, env=bot).stdout)
    assert [next(iter(answer)) for answer in answers] == ["user", "count"]


def test_the_contact_sheet_shows_what_the_folder_holds(save: Callable[..., Any], out: Path) -> None:
    assert save("triple").exit_code == 0
    assert save("single", "--contact-sheet").exit_code == 0
    page = Page((out / "index.html").read_bytes())
    assert "4 photos" in page.texts
    links = [href for href in page.all("a", "href") if not href.startswith("#")]
    assert len({*links}) == 4
    assert all((out / link).is_file() for link in links)
    assert len([source for source in page.all("img", "src") if source.startswith("data:image/jpeg")]) == 4


def test_a_name_that_is_a_program_stays_a_name_on_the_page(
    save: Callable[..., Any], dc: LocalDCThread, out: Path
) -> None:
    evil = "../../<script>alert(1)</script>"

    @dc.handler(api.functions.photos.GetUserPhotos)
    def named(call: IncomingCall) -> Any:
        answer: Any = get_user_photos(call)
        answer.users[0].username = answer.users[0].first_name = evil
        return answer

    assert save("single", "--contact-sheet").exit_code == 0
    assert names(out) == [str(user(dc, "single").id), "index.html", "photos.json"]
    page = Page((out / "index.html").read_bytes())
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 1
    assert any(evil in text for text in page.texts)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--contact-sheet",), "need --out"),
        (("--sizes", "all"), "need --out"),
        (("--videos",), "need --out"),
        (("--sizes", "../x", "--out", "x"), "neither best, nor all"),
        (("--sizes", "", "--out", "x"), "neither best, nor all"),
        (("--since", "yesterday"), "is no date"),
        (("--all", "--limit", "5"), "exclude each other"),
    ],
)
def test_options_that_make_no_sense_are_refused(run: Run, options: tuple[str, ...], said: str) -> None:
    result = run("photos", "me", *options)
    assert result.exit_code == Exit.USAGE
    assert said in result.stderr


def test_a_damaged_file_of_records_is_an_error_before_anything_is_sent(
    save: Callable[..., Any], out: Path, fetched: list[str]
) -> None:
    out.mkdir()
    (out / "photos.json").write_text("{")
    result = save("single")
    assert result.exit_code == Exit.FAILED
    assert "photos.json is no list of photos" in result.stderr
    assert not fetched
    assert (out / "photos.json").read_text() == "{"


# Without a data centre ------------------------------------------------------------------------------------------------


def photo() -> Any:
    sizes = [
        t.PhotoStrippedSize(type="i", bytes=b"\1\2\3"),
        t.PhotoSize(type="a", w=160, h=160, size=1),
        t.PhotoSizeProgressive(type="c", w=640, h=640, sizes=[1, 3]),
        t.PhotoSize(type="b", w=320, h=320, size=2),
        t.PhotoSize(type="../x", w=9999, h=9999, size=2),
    ]
    videos = [t.VideoSize(type="v", w=160, h=160, size=4), t.VideoSize(type="u", w=320, h=320, size=5)]
    markup = t.VideoSizeEmojiMarkup(emoji_id=5, background_colors=[1])
    return t.Photo(id=7, access_hash=2, file_reference=b"", date=0, sizes=sizes, video_sizes=[*videos, markup], dc_id=2)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2020-09-13", 1_599_955_200, 1_600_041_599),
        (" 20200913 ", 1_599_955_200, 1_600_041_599),
        ("2020-09-13T12:26:40", 1_600_000_000, 1_600_000_000),
        ("2020-09-13T12:26:40Z", 1_600_000_000, 1_600_000_000),
        ("2020-09-13T14:26:40+02:00", 1_600_000_000, 1_600_000_000),
    ],
)
def test_a_day_lasts_from_its_first_second_to_its_last_and_is_in_utc(text: str, first: int, last: int) -> None:
    assert (moment_of(text, is_end=False), moment_of(text, is_end=True)) == (first, last)


@pytest.mark.parametrize("text", ["", "yesterday", "2020-13-01", "2020-09-13T25:00"])
def test_a_text_that_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no date"):
        moment_of(text, is_end=True)


def test_bounds_hold_their_own_seconds_and_no_photo_without_a_date() -> None:
    dates = [t.Photo(id=1, access_hash=1, file_reference=b"", date=date, sizes=[], dc_id=1) for date in range(5)]
    window = Window(since=1, until=3)
    assert [photo.date for photo in filter(window.holds, dates)] == [1, 2, 3]
    assert len(list(filter(Window().holds, [*dates, t.PhotoEmpty(id=1)]))) == 6
    assert not Window(since=0).holds(t.PhotoEmpty(id=1))


@pytest.mark.parametrize(
    ("letters", "videos", "expected"),
    [
        ("", False, "c"),
        ("", True, "cu"),
        (None, False, "cab"),
        (None, True, "cabuv"),
        ("ab", False, "ab"),
        ("ca", True, "cau"),
        ("v", True, "vu"),
        ("xyz", False, ""),
    ],
)
def test_which_files_of_a_photo_are_wanted(letters: str | None, videos: bool, expected: str) -> None:
    assert "".join(size.type for size in Wanted(letters, videos).of(photo())) == expected


def test_the_best_picture_has_no_letter_in_its_name(tmp_path: Path) -> None:
    folder = PhotoFolder.open(tmp_path)
    owner = folder.add_owner(5, t.User(id=5, username="ada"))
    files = folder.plan(owner, photo(), Wanted(None, videos=True))
    assert [file.path.relative_to(tmp_path).as_posix() for file in files] == [
        "ada/19700101-000000_7.jpg",
        "ada/19700101-000000_7_a.jpg",
        "ada/19700101-000000_7_b.jpg",
        "ada/19700101-000000_7_u.mp4",
        "ada/19700101-000000_7_v.mp4",
    ]


@pytest.mark.parametrize(
    "username", ["", "..", "a/b", "a\\b", "/etc", "con", "COM1", "nul", "é", "photos.json", "x" * 65, "a\x00", "-rf"]
)
def test_a_username_that_is_no_good_name_of_a_folder_gives_way_to_the_id(tmp_path: Path, username: str) -> None:
    assert PhotoFolder.open(tmp_path).add_owner(5, t.User(id=5, username=username)).folder == "5"


def test_a_folder_stays_with_its_user_whoever_has_the_name_now(tmp_path: Path) -> None:
    folder = PhotoFolder.open(tmp_path)
    folder.add_owner(5, t.User(id=5, username="ada", first_name="Ada", last_name="L"))
    renamed = folder.add_owner(5, t.User(id=5, username="countess"))
    assert (renamed.folder, renamed.username, renamed.name) == ("ada", "countess", "Ada L")
    assert folder.add_owner(6, t.User(id=6, username="Ada")).folder == "6"
    several = [t.Username(username="old"), t.Username(username="shown", active=True)]
    assert folder.add_owner(7, t.User(id=7, usernames=several)).folder == "shown"
    assert folder.add_owner(8, None).folder == "8"


def test_records_that_name_a_folder_elsewhere_lead_nowhere(tmp_path: Path) -> None:
    folder = PhotoFolder.open(tmp_path)
    owner = {"id": "5", "username": "x", "name": "", "folder": "../..", "photos": []}
    (tmp_path / "photos.json").write_text(json.dumps({"format": 1, "users": [owner]}))
    folder = PhotoFolder.open(tmp_path)
    assert folder.add_owner(5, t.User(id=5, username="../..")).folder == "5"


def test_a_letter_that_comes_twice_is_one_file(tmp_path: Path) -> None:
    folder = PhotoFolder.open(tmp_path)
    owner = folder.add_owner(5, None)
    twice = photo()
    twice = twice.replace(sizes=[*twice.sizes, *twice.sizes], video_sizes=[*twice.video_sizes, *twice.video_sizes])
    files = folder.plan(owner, twice, Wanted(None, videos=True))
    assert len({file.path for file in files}) == len(files) == 5


def test_two_runs_at_once_lose_no_record_of_each_other(tmp_path: Path) -> None:
    def saved(folder: PhotoFolder, user_id: int, number: int) -> None:
        owner = folder.add_owner(user_id, None)
        picture = photo().replace(id=number)
        files = folder.plan(owner, picture, Wanted())
        files[0].path.parent.mkdir(exist_ok=True)
        files[0].path.write_bytes(b"x")
        folder.note(owner, [(picture, files)])

    one, other = PhotoFolder.open(tmp_path), PhotoFolder.open(tmp_path)
    saved(one, 5, 1)
    saved(one, 6, 2)
    saved(other, 6, 3)
    saved(other, 7, 4)
    one.save()
    other.save()
    found = {owner.id: [each.id for each in owner.photos] for owner in read_records(tmp_path)}
    assert found == {"5": ["1"], "6": ["3", "2"], "7": ["4"]}


# By an account --------------------------------------------------------------------------------------------------------


def answer_files(network: LocalNetworkThread, answer: Callable[[IncomingCall], Any]) -> None:
    for centre in network.dcs.values():
        centre.handler(api.functions.upload.GetFile)(answer)


def test_an_account_fetches_several_files_at_once_and_goes_on_where_a_run_was_stopped(
    run: Run, network: LocalNetworkThread, there: list[str], out: Path
) -> None:
    asked: list[int] = []

    def fail_at_the_fifth(call: IncomingCall) -> Any:
        asked.append(call.request.location.id)
        if len(asked) == 5:
            raise Refused(400, "LOCATION_INVALID")
        return get_file(call)

    answer_files(network, fail_at_the_fifth)
    assert run("login", "--bot", *there).exit_code == 0
    save = ("photos", "@dozen", "--all", "--out", str(out), *there)
    assert run(*save).exit_code == Exit.REFUSED
    (owner,) = read_records(out)
    saved = {int(photo.id) for photo in owner.photos if photo.files}
    assert saved == {int(path.stem.split("_")[1]) for path in (out / "dozen").glob("*.jpg")}
    asked.clear()
    asked += [0] * 5
    result = run(*save, "--json")
    assert result.exit_code == 0, result.stderr
    dozen = network.world.by_username("dozen")
    assert dozen is not None
    assert {*asked[5:]} == {photo.id for photo in dozen.photos} - saved
    for photo, file in zip(dozen.photos, json.loads(result.stdout)["files"], strict=True):
        path = Path(file["path"])
        assert (path.read_bytes(), path.stat().st_mtime) == (photo.file("c"), photo.date)
    assert not [path for path in out.rglob("*") if ".part" in path.name]


def test_a_flood_that_lasts_longer_than_the_user_waits_ends_the_run(
    run: Run, network: LocalNetworkThread, there: list[str], out: Path
) -> None:
    def flood(_: IncomingCall) -> Any:
        raise Refused(420, "FLOOD_WAIT_31")

    answer_files(network, flood)
    assert run("login", "--bot", *there).exit_code == 0
    result = run("photos", "@single", "--wait", "30", "--out", str(out), *there)
    assert result.exit_code == Exit.REFUSED
    assert "31 seconds" in result.stderr
