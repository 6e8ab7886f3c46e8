"""`mtproto download` against a local data centre."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mtproto.cli.exits import Exit
from mtproto.localdc.calls import IncomingCall
from mtproto.localdc.handlers.upload import get_file
from tests.cli.conftest import Logged, Run, run_command
from tl import TLObject, api

KIB, MIB = 1 << 10, 1 << 20


def location_of(document: api.types.Document) -> str:
    """Return the bare location of a document."""
    return api.types.InputDocumentFileLocation(
        id=document.id, access_hash=document.access_hash, file_reference=document.file_reference, thumb_size=""
    ).to_json()


@pytest.fixture
def fetch(logged: Logged, tmp_path: Path) -> Callable[..., Any]:
    """Download what an object means to a path of `tmp_path`; give the result of the command."""

    def fetched(found: TLObject | str, *options: str, out: str = "film") -> Any:
        text = found if isinstance(found, str) else found.to_json()
        return run_command("download", text, "--out", str(tmp_path / out), *options, *logged.options)

    return fetched


def test_a_document_is_saved_under_its_id_and_the_progress_is_told_in_lines(
    fetch: Callable[..., Any], logged: Logged, tmp_path: Path
) -> None:
    document, shown = logged.document(3 * MIB, name="holiday.mp4", mime_type="video/mp4")
    result = fetch(shown, "--verify", out="")
    assert result.exit_code == 0, result.stderr
    path = tmp_path / f"{document.id}.mp4"
    assert path.read_bytes() == document.read(0, 3 * MIB)
    assert result.stdout == f"{path}  {3 * MIB} bytes\n"
    assert re.fullmatch(rf"{document.id}\.mp4: 3\.1 MB of 3\.1 MB(, [\d.]+ \w+/s)?\n", result.stderr)
    assert "upload.getFileHashes" in [call.method for call in logged.home.calls]


def test_a_path_that_ends_with_a_separator_is_a_folder_that_is_made(logged: Logged, tmp_path: Path) -> None:
    document, shown = logged.document(10 * KIB)
    result = run_command("download", shown.to_json(), "--out", f"{tmp_path}/new/films/", "--quiet", *logged.options)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "new" / "films" / f"{document.id}.bin").read_bytes() == document.read(0, document.size)
    (tmp_path / "taken").touch()
    refused = run_command("download", shown.to_json(), "--out", f"{tmp_path}/taken/", "--quiet", *logged.options)
    assert refused.exit_code == Exit.USAGE
    assert f"the folder {tmp_path / 'taken'} can't be made: File exists" in " ".join(refused.stderr.split())


def test_a_file_that_is_there_is_replaced_and_the_help_says_it(
    fetch: Callable[..., Any], logged: Logged, tmp_path: Path
) -> None:
    document, shown = logged.document(10 * KIB)
    (tmp_path / "film").write_bytes(b"another film")
    assert fetch(shown, "--quiet").exit_code == 0
    assert (tmp_path / "film").read_bytes() == document.read(0, document.size)
    assert "A file that is there already is replaced." in " ".join(run_command("download", "--help").stdout.split())


def test_what_photos_prints_is_read_from_stdin_and_the_bytes_go_to_stdout(logged: Logged) -> None:
    owner = logged.network.world.by_username("single")
    assert owner is not None
    printed = run_command("photos", "single", "--json", *logged.options).stdout
    photo = json.dumps(json.loads(printed)["photos"][0])
    for letter, options in (("c", ["--quiet"]), ("a", ["--letter", "a", "--quiet"])):
        result = run_command("download", "-", "--out", "-", *options, *logged.options, stdin=photo)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout_bytes == owner.photos[0].file(letter)


@pytest.mark.parametrize("options", [("--size", "716800", "--file-dc", "1"), ()])
def test_a_bare_location_leads_to_its_data_centre(
    fetch: Callable[..., Any], logged: Logged, tmp_path: Path, options: tuple[str, ...]
) -> None:
    document, shown = logged.document(700 * KIB, dc_id=1)
    before = len(logged.home.calls)
    result = fetch(location_of(shown), *options)
    assert result.exit_code == 0, result.stderr
    assert result.stderr.startswith(f"{document.id}.bin: 716.8 kB{' of 716.8 kB' if options else ''}, ")
    asked_at_home = [call.refusal for call in logged.home.calls[before:] if call.method == "upload.getFile"]
    assert ("FILE_MIGRATE_1" in str(asked_at_home)) is not bool(options)
    assert (tmp_path / "film").read_bytes() == document.read(0, document.size)


def test_a_bot_logs_in_for_one_run_where_no_session_is_kept(logged: Logged, tmp_path: Path) -> None:
    document, shown = logged.document(10 * KIB)
    path, key = tmp_path / "film", logged.options[:2]
    result = run_command("download", shown.to_json(), "--out", str(path), *key)
    assert result.exit_code == 0, result.stderr
    assert path.read_bytes() == document.read(0, document.size)


def test_a_message_makes_its_file_reference_fresh(fetch: Callable[..., Any], logged: Logged, tmp_path: Path) -> None:
    document, _ = logged.document(100 * KIB)
    number = logged.network.send_message("triple", str(logged.network.bot.username), document=document)
    request = json.dumps({"id": [{"_": "inputMessageID", "id": number}]})
    answer = json.loads(run_command("call", "messages.getMessages", request, *logged.options).stdout)
    logged.home.faults.file_reference_expired()
    result = fetch(json.dumps(answer["messages"][0]))
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "film").read_bytes() == document.read(0, document.size)


def test_a_photo_makes_its_file_reference_fresh_by_its_owner(fetch: Callable[..., Any], logged: Logged) -> None:
    answer = json.loads(run_command("photos", "triple", "--json", *logged.options).stdout)
    photo = json.dumps(answer["photos"][0])
    faults = logged.network.dcs[answer["photos"][0]["dc_id"]].faults
    faults.file_reference_expired()
    refused = fetch(photo)
    assert refused.exit_code == Exit.REFUSED
    assert "reference" in refused.stderr
    faults.file_reference_expired()
    assert fetch(photo, "--owner", "triple").exit_code == 0


# Ends.


@pytest.fixture
def at_eighth(logged: Logged) -> Iterator[Callable[[Callable[[], None]], None]]:
    """Let something happen when the eighth part is asked for, once."""

    def arm(happen: Callable[[], None]) -> None:
        asked = [0]

        @logged.home.handler(api.functions.upload.GetFile)
        def count(call: IncomingCall) -> Any:
            asked[0] += 1
            if asked[0] == 8:
                happen()
            return get_file(call)

    yield arm

    @logged.home.handler(api.functions.upload.GetFile)
    def usual(call: IncomingCall) -> Any:
        return get_file(call)


STAYS = r"what has come stays in \S+/film\.part; the same command goes on from there"


@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(os.name == "nt", reason="pthread_kill is POSIX")
def test_what_ctrl_c_stops_stays_and_the_same_command_goes_on(
    fetch: Callable[..., Any], logged: Logged, at_eighth: Callable[..., None], tmp_path: Path
) -> None:
    document, shown = logged.document(8 * MIB)
    at_eighth(lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT))
    stopped = fetch(shown)
    assert stopped.exit_code == Exit.CANCELLED
    *_, told, last = stopped.stderr.splitlines()
    assert re.fullmatch(STAYS, told)
    assert last == "cancelled"
    assert not (tmp_path / "film").exists()
    result = fetch(shown)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "film").read_bytes() == document.read(0, document.size)
    assert [path.name for path in tmp_path.iterdir()] == ["film"]
    assert logged.network.files_asked.sent_twice() <= 2 * MIB  # what was in flight


def test_a_flood_beyond_the_patience_is_told_and_so_is_what_stays(
    fetch: Callable[..., Any], logged: Logged, at_eighth: Callable[..., None]
) -> None:
    at_eighth(partial(logged.home.faults.file_flood_wait, 31))
    _, shown = logged.document(8 * MIB)
    result = fetch(shown, "--wait", "30", "--quiet")
    assert result.exit_code == Exit.REFUSED
    first, second = result.stderr.splitlines()
    assert "FLOOD_WAIT_31" in first
    assert re.fullmatch(STAYS, second)


def test_a_folder_that_may_not_be_written_to_is_told(
    fetch: Callable[..., Any], logged: Logged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = os.open

    def refuse(path: Any, *rest: Any, **named: Any) -> Any:
        if str(path).endswith("film.part"):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return real_open(path, *rest, **named)

    _, shown = logged.document(10 * KIB)
    monkeypatch.setattr(os, "open", refuse)
    result = fetch(shown, "--quiet")
    assert result.exit_code == Exit.FAILED
    assert result.stderr == f"error: {tmp_path / 'film'}: can't be written: {os.strerror(errno.EACCES)}\n"


@pytest.mark.parametrize("room", [0, 3])
def test_a_full_disk_is_told_and_so_is_what_stays_once(
    fetch: Callable[..., Any], logged: Logged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    real_write, written = os.pwrite, [0]

    def fill(*arguments: Any) -> int:
        written[0] += 1
        if written[0] > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real_write(*arguments)

    _, shown = logged.document(4 * MIB)
    monkeypatch.setattr(os, "pwrite", fill)
    result = fetch(shown, "--quiet")
    assert result.exit_code == Exit.FAILED
    assert result.stderr.startswith(f"error: {tmp_path / 'film'}: can't be written: {os.strerror(errno.ENOSPC)}")
    assert result.stderr.count("film.part") == (tmp_path / "film.part").exists() == (room > 0)
    written[0] = room  # the next run writes nothing: what stays is of this one
    assert fetch(shown, "--quiet").stderr.count("film.part") == (room > 0)


@pytest.mark.parametrize("with_session", [False, True])
def test_without_a_login_it_says_how_to_log_in(
    run: Run, reach: list[str], bot: dict[str, str], tmp_path: Path, with_session: bool
) -> None:
    session = ["--session", str(tmp_path / "me")] if with_session else []
    result = run("download", DOCUMENT, *session, *reach, env={**bot, "MTPROTO_BOT_TOKEN": ""})
    assert result.exit_code == Exit.NOT_LOGGED_IN
    assert f"mtproto login --session {session[-1] if session else 'FILE'}" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]


# Wrong input, before anything is sent.

PHOTO = api.types.Photo(id=1, access_hash=2, file_reference=b"", date=3, sizes=[], dc_id=4)
LOCATION = api.types.InputPhotoFileLocation(id=1, access_hash=2, file_reference=b"", thumb_size="c").to_json()
DOCUMENT = api.types.Document(
    id=1, access_hash=2, file_reference=b"", date=3, mime_type="", size=1, dc_id=4, attributes=[]
).to_json()


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ('{"_": "photo"', (), "LOCATION-JSON: not JSON: Expecting"),
        ("[1]", (), "not a JSON object"),
        ("{}", (), 'no "_"'),
        ('{"count": 1, "photos": []}', (), 'give one of its "photos"'),
        ('{"_": "inputFoto"}', (), "inputFoto"),
        ('{"_": "inputPhotoFileLocation", "id": "x"}', (), "InputPhotoFileLocation.id: a string"),
        ("[" * 100_000, (), "LOCATION-JSON: "),
        ('{"_": "inputPeerSelf"}', (), "inputPeerSelf carries no file; a photo, a document"),
        (PHOTO.to_json(), (), "photo 1 has no picture; it has no sizes"),
        (DOCUMENT, ("--letter", "m"), "no file of size 'm'"),
        (DOCUMENT, ("--size", "3"), "the document says both itself"),
        (LOCATION, ("--letter", "a"), "a location names one size itself"),
        (LOCATION, ("--out", "nowhere/film"), "there is no folder nowhere"),
        (LOCATION, ("--file-dc", "0"), "--file-dc"),
        (LOCATION, ("--state", "key"), "--session FILE"),
    ],
)
def test_wrong_input_is_named(run: Run, text: str, options: tuple[str, ...], words: str) -> None:
    result = run("download", text, *options)
    assert result.exit_code == Exit.USAGE
    assert words in " ".join(result.stderr.split())


def test_the_name_of_a_file_in_the_place_of_its_content_is_explained(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "photo.json"
    path.write_text(PHOTO.to_json())
    assert f"write: - < {path}" in run("download", str(path)).stderr.replace("\n", "")
