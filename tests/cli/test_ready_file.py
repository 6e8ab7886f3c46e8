"""The ready file of `serve` and `proxy` is there as long as the port listens, and nobody else's file is touched."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mtproto.localdc import LocalDCThread, load_world
from tests.cli.test_proxy import KEY, proxying
from tests.cli.test_serve import serving
from tests.net.support import SOON

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from subprocess import Popen

    from mtproto.crypto.rsa import RSAPrivateKey
    from tests.cli.conftest import Run

PROXY = ("--secret", KEY, "--dc", "2=127.0.0.1:443")
OLD = {
    "serve": '{"host": "127.0.0.1", "port": 1, "public_key_pem": "…"}',
    "proxy": '{"host": "127.0.0.1", "port": 1, "links": []}',
    "mktemp": "",
}


def listening(command: str, path: Path) -> AbstractContextManager[Popen[str]]:
    start: Callable[..., AbstractContextManager[Popen[str]]] = serving if command == "serve" else proxying
    return start(*(() if command == "serve" else PROXY), "--ready-file", str(path))


def arguments(command: str, path: Path, port: int) -> list[str]:
    return [command, *(() if command == "serve" else PROXY), "--ready-file", str(path), "--port", str(port)]


COMMANDS = pytest.mark.parametrize("command", ["serve", "proxy"])


@COMMANDS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_gone_when_the_server_was_told_to_stop(command: str, number: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with listening(command, path) as process:
        assert json.loads(path.read_text())["port"]
        process.send_signal(number)
        assert process.wait(SOON) == 0
        assert os.listdir(tmp_path) == []


@COMMANDS
@pytest.mark.parametrize("left", sorted(OLD))
def test_one_of_an_earlier_run_is_removed_before_the_port_listens(
    command: str, left: str, run: Run, dc: LocalDCThread, tmp_path: Path
) -> None:
    path = tmp_path / "ready.json"
    path.write_text(OLD[left])
    result = run(*arguments(command, path, dc.address[1]))  # a port that is taken: it never listens
    assert result.exit_code == 1
    assert not path.exists()


def test_one_of_a_server_that_runs_stays_when_a_second_is_refused_its_state(run: Run, tmp_path: Path) -> None:
    path, state = tmp_path / "ready.json", tmp_path / "state"
    with serving("--ready-file", str(path), "--state", str(state)) as process:
        ready = path.read_bytes()
        result = run("serve", "--ready-file", str(path), "--state", str(state))
        assert result.exit_code == 1
        assert result.stderr.startswith(f"error: {state}: in use by process {process.pid} on ")
        assert result.stderr.count("\n") == 1
        assert path.read_bytes() == ready


@pytest.mark.parametrize("refused", ["--ready-file=FOLDER/absent/ready.json", "--fault=nonsense"])
def test_a_server_that_is_refused_an_option_leaves_its_state_free(run: Run, tmp_path: Path, refused: str) -> None:
    state = tmp_path / "state"
    assert run("serve", "--state", str(state), refused.replace("FOLDER", str(tmp_path))).exit_code == 2
    LocalDCThread(state=state).close()


@COMMANDS
@pytest.mark.parametrize("content", ["notes", "[]", "{}", '{"version": 1, "rsa": "…", "keys": []}', '{"host": 1}'])
def test_a_file_of_somebody_else_is_left_alone(command: str, content: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(content)
    result = run(*arguments(command, path, 0))
    assert result.exit_code == 2
    assert str(path) in result.stderr
    assert "left as it is" in result.stderr
    assert path.read_text() == content


@COMMANDS
def test_what_is_no_file_is_left_alone(command: str, run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, says in (("pipe", "is no file"), ("", "is a directory")):
        result = run(*arguments(command, tmp_path / name, 0))
        assert result.exit_code == 2
        assert says in result.stderr
    assert (tmp_path / "pipe").is_fifo()


@COMMANDS
def test_a_folder_that_is_not_there_is_named(command: str, run: Run, tmp_path: Path) -> None:
    result = run(*arguments(command, tmp_path / "absent" / "ready.json", 0))
    assert result.exit_code == 2
    assert f"there is no folder {tmp_path / 'absent'}" in result.stderr


@COMMANDS
def test_one_that_another_server_has_put_in_its_place_stays(command: str, tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with listening(command, path) as process:
        path.write_text(OLD["serve"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON) == 0
    assert path.read_text() == OLD["serve"]


def test_numbers_of_64_bits_keep_their_digits_in_every_language(tmp_path: Path, rsa_key: RSAPrivateKey) -> None:
    path, pem = tmp_path / "ready.json", tmp_path / "key.pem"
    pem.write_text(rsa_key.to_pem())
    with serving("--ready-file", str(path), "--key", str(pem)):
        ready = json.loads(path.read_text(), parse_int=float)  # as JavaScript reads them
    for described, user in zip(ready["users"], load_world().users, strict=True):
        assert (int(described["id"]), int(described["access_hash"])) == (user.id, user.access_hash)
        assert [int(photo["id"]) for photo in described["photos"]] == [photo.id for photo in user.photos]
