"""`mtproto photos` against a local data centre."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mtproto.cli.exits import Exit
from mtproto.cli.state_file import read_state
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.localdc import LocalDCThread, Refused, User
from mtproto.localdc.calls import IncomingCall
from mtproto.localdc.handlers.photos import get_user_photos
from mtproto.net import TRANSPORT_NAMES
from tests.cli.conftest import Run
from tests.net.streams import lasting_address
from tests.net.support import SOON
from tl import api


def user(dc: LocalDCThread, name: str) -> User:
    found = dc.world.by_username(name)
    assert found is not None
    return found


def test_without_a_place_it_starts_a_data_centre_of_its_own(run: Run) -> None:
    result = run("photos", "@triple")
    assert result.exit_code == 0, result.stderr
    assert "3 of 3 photos of triple" in result.stdout


def test_credentials_for_elsewhere_do_not_disturb_the_local_one(run: Run) -> None:
    result = run("photos", "me", env={"MTPROTO_BOT_TOKEN": "1:another", "MTPROTO_API_ID": "99"})
    assert result.exit_code == 0, result.stderr


def test_the_table_has_a_row_for_each_photo(run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str]) -> None:
    result = run("photos", "dozen", *reach, env=bot)
    assert result.exit_code == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines()]
    found = [row[0] for row in rows if row and len(row[0]) == 19]
    assert found == [str(photo.id) for photo in user(dc, "dozen").photos]


@pytest.mark.parametrize("who", ["plenty", "@plenty", "{id}"])
def test_json_stands_alone_on_stdout_and_pages_of_100_make_one_list(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], who: str
) -> None:
    plenty = user(dc, "plenty")
    result = run("photos", who.format(id=plenty.id), "--json", "--limit", "230", *reach, env=bot)
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["count"] == 250
    assert [photo["id"] for photo in answer["photos"]] == [str(photo.id) for photo in plenty.photos[:230]]
    assert answer["users"][0]["username"] == "plenty"
    assert "files" not in answer


def test_me_is_the_bot(run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str]) -> None:
    answer = json.loads(run("photos", "me", "--json", *reach, env=bot).stdout)
    assert [photo["id"] for photo in answer["photos"]] == [str(photo.id) for photo in dc.bot.photos]


def test_offset_limit_and_max_id_cut_the_list(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str]
) -> None:
    photos = user(dc, "dozen").photos
    window = ["--offset", "2", "--limit", "3", "--max-id", str(photos[1].id)]
    answer = json.loads(run("photos", "dozen", "--json", *window, *reach, env=bot).stdout)
    assert [photo["id"] for photo in answer["photos"]] == [str(photo.id) for photo in photos[4:7]]


def test_out_saves_the_largest_jpeg_of_each_photo(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "folder"
    result = run("photos", "triple", "--json", "--out", str(out), *reach, env=bot)
    assert result.exit_code == 0, result.stderr
    files = json.loads(result.stdout)["files"]
    assert len(files) == len(list((out / "triple").iterdir())) == 3
    for described, photo in zip(files, user(dc, "triple").photos, strict=True):
        data = Path(described["path"]).read_bytes()
        largest = max(photo.sizes, key=lambda size: size.w)
        assert data == photo.file(largest.type)
        assert described["type"] == largest.type
        assert described["size"] == len(data)
        assert described["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_file_of_another_size_than_declared_is_not_saved(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], tmp_path: Path
) -> None:
    @dc.handler(api.functions.upload.GetFile)
    def short(_: IncomingCall) -> Any:
        return api.types.upload.File(type=api.types.storage.FileJpeg(), mtime=0, bytes=b"short")

    result = run("photos", "single", "--out", str(tmp_path / "out"), *reach, env=bot)
    assert result.exit_code == 1
    assert "5 bytes came" in result.stderr
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["photos.json"]


@pytest.mark.parametrize("transport", [name for name in TRANSPORT_NAMES if name != "websocket-tls"])
def test_every_transport_serves(
    run: Run, reach: list[str], bot: dict[str, str], tmp_path: Path, transport: str
) -> None:
    """All but the one with TLS: nobody whom the command trusts vouches for a data centre on loopback."""
    out = tmp_path / "out"
    result = run("photos", "single", "--transport", transport, "--out", str(out), *reach, env=bot)
    assert result.exit_code == 0, result.stderr
    assert len(list((out / "single").iterdir())) == 1


def count_keys(dc: LocalDCThread) -> int:
    return len(dc._centre.keys.records)


def test_a_second_run_with_the_state_makes_no_exchange_and_no_login(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    assert run("photos", "me", "--state", str(state), *reach, env=bot).exit_code == 0
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    stored = read_state(state)
    assert stored is not None
    assert stored.address == dc.address
    assert count_keys(dc) == 1

    @dc.handler(api.functions.auth.ImportBotAuthorization)
    def refuse(_: IncomingCall) -> Any:
        raise Refused(420, "FLOOD_WAIT_86400")

    # Neither address nor key nor token: all that it takes is in the file, but for the application's id.
    again = run("photos", "me", "--state", str(state), env={"MTPROTO_API_ID": str(dc.api_id)})
    assert again.exit_code == 0, again.stderr
    assert "6 of 6 photos" in again.stdout
    assert count_keys(dc) == 1
    kept = read_state(state)
    assert kept is not None
    assert kept.key_state.auth_key.id == stored.key_state.auth_key.id
    assert kept.key_state.last_msg_id > stored.key_state.last_msg_id


def test_the_key_is_kept_even_when_the_call_fails(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    result = run("photos", "@nosuchuser", "--state", str(state), *reach, env=bot)
    assert result.exit_code == Exit.REFUSED
    assert "USERNAME_NOT_OCCUPIED" in result.stderr
    assert state.exists()


def test_a_state_of_another_data_centre_is_refused(
    run: Run, reach: list[str], bot: dict[str, str], tmp_path: Path, pem: Path
) -> None:
    state = tmp_path / "state"
    run("photos", "me", "--state", str(state), *reach, env=bot)
    result = run("photos", "me", "--state", str(state), "--dc", "127.0.0.1:1", "--key", str(pem), env=bot)
    assert result.exit_code == 1
    assert f"belongs to {reach[1]}" in result.stderr


def test_a_key_that_the_server_forgot_is_an_error_that_says_what_to_do(
    run: Run, rsa_key: RSAPrivateKey, pem: Path, bot: dict[str, str], tmp_path: Path
) -> None:
    state, (host, port) = tmp_path / "state", lasting_address()
    reach = ("--dc", f"{host}:{port}", "--key", str(pem))
    with LocalDCThread(host, port, key=rsa_key):
        run("photos", "me", "--state", str(state), *reach, env=bot)
    with LocalDCThread(host, port, key=rsa_key):
        result = run("photos", "me", "--state", str(state), "--timeout", f"{SOON:.0f}", env=bot)
    assert result.exit_code == Exit.CONNECTION
    assert "-404" in result.stderr
    assert f"delete {state}" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_ready_file_is_all_that_a_command_needs(run: Run, dc: LocalDCThread, tmp_path: Path) -> None:
    ready, state = tmp_path / "dc.json", tmp_path / "state"
    ready.write_text(json.dumps(dc.client_info()))
    first = run("photos", "me", "--key", str(ready), "--state", str(state), "--json")
    assert first.exit_code == 0, first.stderr
    again = run("photos", "me", "--state", str(state), "--json")  # the file knows the rest
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert dc.bot_token not in first.stdout + first.stderr + state.read_text()


def test_a_state_needs_a_place_the_first_time(run: Run, tmp_path: Path) -> None:
    result = run("photos", "me", "--state", str(tmp_path / "state"))
    assert result.exit_code == 2
    assert "--state needs" in result.stderr


def test_no_token_is_a_clear_error(run: Run, reach: list[str], bot: dict[str, str]) -> None:
    result = run("photos", "me", *reach, env={"MTPROTO_API_ID": bot["MTPROTO_API_ID"]})
    assert result.exit_code == Exit.NOT_LOGGED_IN
    assert "MTPROTO_BOT_TOKEN" in result.stderr


def test_no_api_id_is_a_clear_error(run: Run, reach: list[str]) -> None:
    result = run("photos", "me", *reach)
    assert result.exit_code == 2
    assert "MTPROTO_API_ID" in result.stderr


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [(303, "USER_MIGRATE_4", "--dc-id 4"), (420, "FLOOD_WAIT_31", "31 seconds"), (400, "USER_ID_INVALID", "USER_ID")],
)
def test_what_the_server_refuses_is_one_clear_line(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], code: int, name: str, expected: str
) -> None:
    @dc.handler(api.functions.photos.GetUserPhotos)
    def refuse(_: IncomingCall) -> Any:
        raise Refused(code, name)

    result = run("photos", "me", *reach, env=bot)
    assert result.exit_code == Exit.REFUSED
    assert result.stdout == ""
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_server_that_is_not_there_is_one_clear_line(run: Run, pem: Path, bot: dict[str, str]) -> None:
    result = run("photos", "me", "--dc", "127.0.0.1:1", "--key", str(pem), env=bot)
    assert result.exit_code == Exit.CONNECTION
    assert "127.0.0.1:1" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_key_that_the_server_does_not_have_is_one_clear_line(
    run: Run, reach: list[str], bot: dict[str, str], tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    other.write_text(RSAPrivateKey.generate().public.to_pem())
    # As a process: inside pytest, warnings of the library's loggers go another way.
    result = subprocess.run(
        [sys.executable, "-m", "mtproto", "photos", "me", *reach[:-1], str(other)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **bot},
    )
    assert result.returncode == Exit.CONNECTION
    assert "none of the RSA keys" in result.stderr
    assert result.stderr.count("\n") == 1


def test_credentials_stand_in_no_output_and_in_no_trace(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str]
) -> None:
    token, secret = "424242:" + "s" * 35, "0123456789abcdef0123456789abcdef"

    @dc.handler(api.functions.auth.ImportBotAuthorization)
    def echo(call: IncomingCall) -> Any:
        raise Refused(400, f"{call.request.bot_auth_token}_{call.request.api_hash}_INVALID")

    given = ["--bot-token", token, "--api-hash", secret, "--api-id", "1"]
    for debug in ([], ["--debug"]):
        result = run("photos", "me", *debug, *given, *reach)
        assert result.exit_code == Exit.REFUSED
        assert "INVALID" in result.stderr
        assert token not in result.output
        assert token.partition(":")[2] not in result.output
        assert secret not in result.output


def test_a_name_cannot_command_the_terminal(run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str]) -> None:
    @dc.handler(api.functions.photos.GetUserPhotos)
    def escape(call: IncomingCall) -> Any:
        answer: Any = get_user_photos(call)
        answer.users[0].username = "\x1b]0;owned\x07[bold]"
        return answer

    result = run("photos", "me", *reach, env=bot)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "[bold]" in result.stdout
