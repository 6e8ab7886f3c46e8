"""`mtproto serve`, as a process of its own."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest

from mtproto.cli import serve
from mtproto.cli.logs import show_warnings
from mtproto.cli.terminal import Terminal
from mtproto.crypto.rsa import RSAPrivateKey, RSAPublicKey
from mtproto.errors import LocalProtocolError
from mtproto.localdc import FAULTS, LocalDC, LocalDCThread, load_world
from tests.cli.conftest import Run
from tests.loopback import NEEDS_IPV6
from tests.net.streams import lasting_address
from tests.net.support import SOON
from tl import api


@contextmanager
def serving(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `serve` until its first line is there, which it writes once the port listens."""
    command = [sys.executable, "-m", "mtproto", "serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("local data centre"), process.communicate()
            yield process
        finally:
            process.kill()


@pytest.fixture
def private_pem(tmp_path: Path, rsa_key: RSAPrivateKey) -> Path:
    path = tmp_path / "private.pem"
    path.write_text(rsa_key.to_pem())
    return path


def credentials(ready: dict[str, str]) -> dict[str, str]:
    return {
        "MTPROTO_API_ID": str(ready["api_id"]),
        "MTPROTO_API_HASH": ready["api_hash"],
        "MTPROTO_BOT_TOKEN": ready["bot_token"],
    }


def test_the_ready_file_tells_all_that_a_client_needs(run: Run, tmp_path: Path) -> None:
    path, pem = tmp_path / "ready.json", tmp_path / "public.pem"
    with serving("--ready-file", str(path)) as process:
        ready = json.loads(path.read_text())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        key = RSAPublicKey.from_pem(ready["public_key_pem"])
        assert ready["public_key_pem"].startswith("-----BEGIN RSA PUBLIC KEY-----")
        assert int(ready["fingerprint"], 16) == key.fingerprint & (1 << 64) - 1
        pem.write_text(ready["public_key_pem"])
        place = f"{ready['host']}:{ready['port']}"
        result = run(
            "photos",
            *("single", "--json", "--out", str(tmp_path)),
            *("--dc", place, "--key", str(pem), "--dc-id", str(ready["dc_id"])),
            env=credentials(ready),
        )
        assert result.exit_code == 0, result.stderr
        saved = json.loads(result.stdout)["files"][0]
        single = next(user for user in ready["users"] if user["username"] == "single")
        described = {size["type"]: size["sha256"] for size in single["photos"][0]["sizes"]}
        assert saved["sha256"] == described[saved["type"]]
        assert hashlib.sha256(Path(saved["path"]).read_bytes()).hexdigest() == saved["sha256"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON) == 0


@NEEDS_IPV6
def test_it_listens_on_ipv6(run: Run, tmp_path: Path) -> None:
    path, pem = tmp_path / "ready.json", tmp_path / "public.pem"
    with serving("--host", "::1", "--ready-file", str(path)):
        ready = json.loads(path.read_text())
        assert ready["host"] == "::1"
        pem.write_text(ready["public_key_pem"])
        place = f"[::1]:{ready['port']}"
        result = run("call", "help.getConfig", "--dc", place, "--key", str(pem), env=credentials(ready))
        assert result.exit_code == 0, result.stderr
        assert json.loads(result.stdout)["dc_options"][0]["ip_address"] == "::1"


def test_the_ready_file_describes_every_user_and_file(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with serving("--ready-file", str(path)):
        ready = json.loads(path.read_text())
    world = load_world()
    assert [user["id"] for user in ready["users"]] == [str(user.id) for user in world.users]
    for described, user in zip(ready["users"], world.users, strict=True):
        assert described["access_hash"] == str(user.access_hash)
        assert [photo["id"] for photo in described["photos"]] == [str(photo.id) for photo in user.photos]
        for photo in described["photos"]:
            assert all(size.keys() >= {"type", "sha256"} for size in photo["sizes"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_when_told_to(private_pem: Path, number: signal.Signals) -> None:
    with serving("--key", str(private_pem)) as process:
        process.send_signal(number)
        assert process.wait(SOON) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read() == "stopped\n"
        assert process.stderr.read() == ""


def test_a_key_of_the_users_own_is_used(private_pem: Path, rsa_key: RSAPrivateKey, tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with serving("--key", str(private_pem), "--ready-file", str(path), "--public-host", "dc.example"):
        ready = json.loads(path.read_text())
    assert RSAPublicKey.from_pem(ready["public_key_pem"]) == rsa_key.public
    assert ready["host"] == "dc.example"


def test_with_a_state_the_keys_of_clients_outlive_a_restart(run: Run, tmp_path: Path) -> None:
    server, client, path, pem = (tmp_path / name for name in ("server", "client", "ready.json", "public.pem"))
    port = lasting_address()[1]
    options = ("--state", str(server), "--ready-file", str(path), "--port", str(port))
    with serving(*options) as process:
        ready = json.loads(path.read_text())
        pem.write_text(ready["public_key_pem"])
        place = ["--dc", f"{ready['host']}:{ready['port']}", "--key", str(pem)]
        result = run("photos", "me", "--state", str(client), *place, env=credentials(ready))
        assert result.exit_code == 0, result.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON) == 0
    with serving(*options):
        # No token: the login stands with the key.
        again = run("photos", "me", "--state", str(client), env={"MTPROTO_API_ID": str(ready["api_id"])})
        assert again.exit_code == 0, again.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--port", "70000"], ["--key", "absent.pem"], ["--schema", "x"], ["--schema", "a=b"], ["--world", "absent"]],
)
def test_what_cannot_be_meant_is_refused(run: Run, arguments: list[str]) -> None:
    assert run("serve", *arguments).exit_code == 2


def test_a_public_key_is_no_private_key(run: Run, pem: Path) -> None:
    result = run("serve", "--key", str(pem))
    assert result.exit_code == 2
    assert "not a private key" in result.stderr


def test_a_schema_that_cannot_be_read_is_named_with_its_place(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "layer.tl"
    path.write_text("user#1 id:int = User;\nthis is no declaration\n")
    result = run("serve", "--schema", f"1={path}")
    assert result.exit_code == 1
    assert f"{path}:2:" in result.stderr


def test_a_folder_of_the_users_own_pictures_becomes_the_world(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="own pictures need the extra `world`")
    folder, path = tmp_path / "world", tmp_path / "ready.json"
    (folder / "ada").mkdir(parents=True)
    image.new("RGB", (300, 200), "red").save(folder / "ada" / "one.png")
    with serving("--world", str(folder), "--ready-file", str(path)):
        ready = json.loads(path.read_text())
    assert [(user["username"], len(user["photos"])) for user in ready["users"]][-1] == ("ada", 1)


def test_a_picture_that_cannot_be_read_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image", reason="own pictures need the extra `world`")
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "one.png").write_bytes(b"no picture")
    result = run("serve", "--world", str(tmp_path))
    assert result.exit_code == 1
    assert "one.png" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_one_clear_line(run: Run, dc: LocalDCThread) -> None:
    result = run("serve", "--port", str(dc.address[1]))
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_the_faults_are_listed(run: Run) -> None:
    result = run("serve", "--list-faults")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[::2] == [fault.usage for fault in FAULTS.values()]
    assert result.stdout.splitlines()[1::2] == [f"    {fault.description}" for fault in FAULTS.values()]


@pytest.mark.parametrize(("named", "says"), [("nonsense", "there is no fault 'nonsense'"), ("cut", "cut=byte[,packet")])
def test_a_fault_that_is_named_wrongly_is_refused(run: Run, named: str, says: str) -> None:
    result = run("serve", "--fault", named)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_fault_that_is_named_happens_to_the_first_client(run: Run, tmp_path: Path, private_pem: Path) -> None:
    path, pem = tmp_path / "ready.json", tmp_path / "public.pem"
    with serving("--ready-file", str(path), "--key", str(private_pem), "--fault", "bad_prime"):
        ready = json.loads(path.read_text())
        pem.write_text(ready["public_key_pem"])
        arguments = ("photos", "single", "--dc", f"{ready['host']}:{ready['port']}", "--key", str(pem))
        options = ("--out", str(tmp_path), "--dc-id", str(ready["dc_id"]))
        first, second = (run(*arguments, *options, env=credentials(ready)) for _ in range(2))
        assert "dh_prime is not a safe prime" in first.stderr
        assert second.exit_code == 0


# What is accepted and could not work ---------------------------------------------------------------------------------


def test_a_world_without_pictures_is_refused(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image", reason="own pictures need the extra `world`")
    (tmp_path / "ada").mkdir()
    (tmp_path / "one.png").write_bytes(b"beside the folders of the users")
    result = run("serve", "--world", str(tmp_path))
    assert result.exit_code == 1
    assert f"{tmp_path}: there are no pictures" in result.stderr


@pytest.mark.parametrize(("names", "says"), [(["my pictures"], "is the username"), (["Ada", "ada"], "more than case")])
def test_a_folder_whose_name_nobody_could_ask_for_is_refused(
    run: Run, tmp_path: Path, names: list[str], says: str
) -> None:
    pytest.importorskip("PIL.Image", reason="own pictures need the extra `world`")
    for name in names:
        (tmp_path / name).mkdir(exist_ok=True)
    if len(os.listdir(tmp_path)) < len(names):
        pytest.skip("this file system does not tell the names apart")
    result = run("serve", "--world", str(tmp_path))
    assert result.exit_code == 1
    assert says in result.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("user#1 id:int status:Status = User;", "user, field status: no constructor makes a Status"),
        ("user#1 ids:Vector<Status> = User;", "user, field ids: no constructor makes a Status"),
        ("user#1 id:int = User;\n---functions---\nask#2 id:int = Answer;", "ask: no constructor makes a Answer"),
    ],
)
def test_a_schema_with_types_that_nobody_declares_is_refused(run: Run, tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "layer.tl"
    path.write_text(text)
    result = run("serve", "--schema", f"1={path}")
    assert result.exit_code == 1
    assert f"{path}: {says}" in result.stderr


def test_a_schema_in_a_place_that_is_taken_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "layer.tl"
    path.write_text("user#1 id:int = User;")
    for arguments, says in (
        ((f"{api.layer}={path}",), "is packaged"),
        ((f"1={path}", f"1={path}"), "layer 1 is given twice"),
        ((f"0={path}",), "is not LAYER=FILE"),
        ((f"{2**31}={path}",), "is not LAYER=FILE"),
        ((f"1={path}.absent",), f"there is no file {path}.absent"),
    ):
        result = run("serve", *(part for argument in arguments for part in ("--schema", argument)))
        assert result.exit_code == 2
        assert says in result.stderr


@pytest.mark.parametrize(
    "named",
    ["bad_msg=99", "bad_msg=0", "transport_error=404", "stale_packet=9999999999", "garbage=999999999999", "bad_msg=x"],
)
def test_a_fault_with_an_argument_that_means_nothing_is_refused(run: Run, named: str) -> None:
    result = run("serve", "--fault", named)
    assert result.exit_code == 2
    assert named.partition("=")[0] in result.stderr


@pytest.mark.parametrize("command", ["serve", "proxy"])
@pytest.mark.parametrize("option", ["--host", "--public-host"])
def test_an_empty_host_is_refused(run: Run, command: str, option: str) -> None:
    others = ("--secret", "52a493bdfb90eea55739eabff2d92a14", "--dc", "2=127.0.0.1:443") if command == "proxy" else ()
    result = run(command, *others, option, "")
    assert result.exit_code == 2
    assert option in result.stderr


@pytest.mark.parametrize("command", ["serve", "proxy"])
def test_a_host_that_can_not_be_listened_on_is_named(run: Run, command: str) -> None:
    others = ("--secret", "52a493bdfb90eea55739eabff2d92a14", "--dc", "2=127.0.0.1:443") if command == "proxy" else ()
    for host in ("nohost.invalid", "192.0.2.1"):
        result = run(command, *others, "--host", host, "--port", "4430")
        assert result.exit_code == 1
        assert f"can't listen on '{host}', port 4430" in result.stderr
        assert result.stderr.count("\n") == 1


def test_a_state_file_in_a_folder_that_is_not_there_is_refused(run: Run, tmp_path: Path) -> None:
    result = run("serve", "--state", str(tmp_path / "absent" / "state"))
    assert result.exit_code == 2
    assert f"there is no folder {tmp_path / 'absent'}" in result.stderr


def test_warnings_and_failures_are_shown_without_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    terminal.secrets.add("a secret")
    logger = logging.getLogger("mtproto.localdc.dispatch")
    for _ in range(2):
        with click.Context(click.Command("serve")):
            show_warnings(terminal)
            logger.info("not shown")
            try:
                raise ZeroDivisionError("with a secret")
            except ZeroDivisionError as error:
                logger.error("the handler of %s failed", "help.getConfig", exc_info=error)
        logger.error("not shown, since no command runs")
    shown = capsys.readouterr().err
    assert shown.count("the handler of help.getConfig failed") == 2  # once for each command
    assert shown.startswith("error: ")
    assert "ZeroDivisionError: with [hidden]" in shown
    assert "not shown" not in shown


def test_strict_reaches_the_data_centre(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    def made(*_: Any, **options: Any) -> LocalDC:
        given.append(options["strict"])
        raise LocalProtocolError("not made")

    monkeypatch.setattr(serve, "LocalDC", made)
    run("serve")
    run("serve", "--strict")
    assert given == [False, True]
