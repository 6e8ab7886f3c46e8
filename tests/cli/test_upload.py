"""`mtproto upload` to a local data centre."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtproto.cli.exits import Exit
from mtproto.cli.upload import LARGEST_STDIN
from tests.cli.conftest import Logged, Run, run_command


@pytest.fixture
def send(logged: Logged) -> Callable[..., Any]:
    """Upload a file as the bot; give the result of the command."""

    def sent(path: Path, *options: str) -> Any:
        return run_command("upload", str(path), *options, *logged.options)

    return sent


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A file of several parts whose name needs care."""
    path = tmp_path / "repört 1.pdf"
    path.write_bytes(bytes(range(256)) * 5000)
    return path


def test_a_document_arrives_and_comes_back_byte_for_byte(
    send: Callable[..., Any], logged: Logged, report: Path, tmp_path: Path
) -> None:
    result = send(report, "--as", "document", "--to", "@triple", "--caption", "The report", "--json")
    assert result.exit_code == 0, result.stderr
    assert re.fullmatch(r"repört 1\.pdf: 1\.3 MB of 1\.3 MB(, [\d.]+ \w+/s)?\n", result.stderr)
    message = json.loads(result.stdout)
    assert message["message"] == "The report"
    document = message["media"]["document"]
    assert document["mime_type"] == "application/pdf"
    assert [found["file_name"] for found in document["attributes"]] == ["repört 1.pdf"]
    back = tmp_path / "back.pdf"
    fetched = run_command("download", "-", "--out", str(back), *logged.options, stdin=result.stdout)
    assert fetched.exit_code == 0, fetched.stderr
    assert back.read_bytes() == report.read_bytes()


def test_a_profile_photo_is_the_newest_of_the_account(send: Callable[..., Any], logged: Logged, tmp_path: Path) -> None:
    single = logged.network.world.by_username("single")
    assert single is not None
    picture = single.photos[0].file("c")
    assert picture is not None
    path = tmp_path / "me.jpg"
    path.write_bytes(picture)
    result = send(path, "--as", "profile-photo", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    newest = json.loads(run_command("photos", "me", "--json", "--limit", "1", *logged.options).stdout)["photos"][0]
    assert result.stdout == f"profile photo {newest['id']}\n"


def test_without_json_the_message_is_named(send: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_bytes(b"short")
    result = send(path, "--as", "document", "--to", "@triple", "--quiet")
    assert result.exit_code == 0, result.stderr
    assert re.fullmatch(r"message \d+ to @triple\n", result.stdout)


def test_what_is_sent_on_a_local_network_of_this_run_is_told_to_end_with_it(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_bytes(b"short")
    sentence = "sent on a local network that ends with this command; --session FILE keeps one\n"
    send = ("upload", str(path), "--as", "document", "--to", "@triple", "--quiet", "--local")
    passing = run(*send)
    assert (passing.exit_code, passing.stderr) == (0, sentence)
    kept = ["--session", str(tmp_path / "me.session")]
    assert run("login", "--bot", "--local", *kept).exit_code == 0
    lasting = run(*send, *kept)
    assert lasting.exit_code == 0, lasting.stderr
    assert sentence not in lasting.stderr


@pytest.mark.parametrize(("options", "name"), [((), "stdin"), (("--name", "notes.txt"), "notes.txt")])
def test_a_dash_sends_stdin_under_the_name_that_is_given(logged: Logged, options: tuple[str, ...], name: str) -> None:
    send = ("upload", "-", "--as", "document", "--to", "@triple", "--json", "--quiet", *options)
    result = run_command(*send, *logged.options, stdin=b"\x00\xff" * 700_000)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)["media"]["document"]
    assert (document["size"], document["attributes"][0]["file_name"]) == ("1400000", name)


@pytest.mark.parametrize(("size", "words"), [(0, "stdin is empty"), (LARGEST_STDIN + 1, "file on disk")])
def test_stdin_that_is_empty_or_too_long_is_refused_before_anything_is_sent(run: Run, size: int, words: str) -> None:
    result = run("upload", "-", "--as", "profile-photo", stdin=bytes(size))
    assert result.exit_code == Exit.FAILED
    assert words in result.stderr


# Ends.


def test_what_the_server_refuses_is_told(send: Callable[..., Any], logged: Logged, report: Path) -> None:
    refused = send(report, "--as", "profile-photo")
    assert refused.exit_code == Exit.REFUSED
    assert "IMAGE_PROCESS_FAILED" in refused.stderr
    logged.home.flood_wait("upload.saveFilePart", 31)
    flooded = send(report, "--as", "document", "--to", "@triple", "--wait", "30")
    assert flooded.exit_code == Exit.REFUSED
    assert "FLOOD_WAIT_31" in flooded.stderr


def test_a_name_that_is_nobodys_costs_no_upload(send: Callable[..., Any], report: Path) -> None:
    result = send(report, "--as", "document", "--to", "@nosuchuser")
    assert result.exit_code == Exit.REFUSED
    assert "nosuchuser" in result.stderr
    assert report.name not in result.stderr  # no progress of an upload


def test_a_file_that_cannot_be_read_or_is_empty_is_told(
    send: Callable[..., Any], report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = os.open

    def refuse(path: Any, *rest: Any, **named: Any) -> Any:
        if str(path) != str(report):
            return real_open(path, *rest, **named)
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        result = send(report, "--as", "profile-photo")
    assert result.exit_code == Exit.FAILED
    assert os.strerror(errno.EACCES) in result.stderr
    assert report.name in result.stderr

    empty = tmp_path / "empty"
    empty.touch()
    result = send(empty, "--as", "profile-photo")
    assert result.exit_code == Exit.FAILED
    assert "empty" in result.stderr


def test_without_a_login_it_says_how_to_log_in(run: Run, there: list[str], report: Path) -> None:
    result = run("upload", str(report), "--as", "profile-photo", *there)
    assert result.exit_code == Exit.NOT_LOGGED_IN
    assert "mtproto login --session" in result.stderr


# Wrong input, before anything is sent.


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--as"),
        (("--as", "sticker"), "sticker"),
        (("--as", "document"), "--as document needs --to PEER"),
        (("--as", "document", "--to", "!?"), "!?"),
        (("--as", "profile-photo", "--to", "me"), "--to and --caption are for --as document"),
        (("--as", "profile-photo", "--caption", "text"), "--to and --caption are for --as document"),
        (("--as", "profile-photo", "--state", "key"), "--session FILE"),
    ],
)
def test_wrong_input_is_named(run: Run, report: Path, options: tuple[str, ...], words: str) -> None:
    result = run("upload", str(report), *options)
    assert result.exit_code == Exit.USAGE
    assert words in " ".join(result.stderr.split())


def test_a_file_that_is_not_there_is_named(run: Run) -> None:
    result = run("upload", "nowhere.pdf", "--as", "profile-photo")
    assert result.exit_code == Exit.USAGE
    assert "nowhere.pdf" in result.stderr
