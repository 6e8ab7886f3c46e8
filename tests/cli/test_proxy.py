"""`mtproto proxy`, as a process of its own, and `--proxy` of the commands that connect."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mtproto.cli.exits import Exit
from mtproto.localdc import LocalDCThread
from mtproto.transport import MTProxy, Secret
from tests.loopback import NEEDS_IPV6
from tests.net.support import SOON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mtproto.crypto.rsa import RSAPrivateKey
    from tests.cli.conftest import Run

KEY = "52a493bdfb90eea55739eabff2d92a14"
SECRETS = [KEY, f"dd{KEY[::-1]}", f"ee{KEY}{b'www.example.org'.hex()}"]


@contextmanager
def proxying(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `proxy` until its first line is there, which it writes once the port listens."""
    command = [sys.executable, "-m", "mtproto", "proxy", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("proxy on"), process.communicate()
            yield process
        finally:
            process.kill()


def test_the_ready_file_tells_all_that_a_client_needs(
    run: Run, dc: LocalDCThread, pem: Path, bot: dict[str, str], tmp_path: Path
) -> None:
    path, (host, port) = tmp_path / "ready.json", dc.address
    options = [argument for secret in SECRETS for argument in ("--secret", secret)]
    with proxying(*options, "--dc", f"{dc.dc_id}={host}:{port}", "--ready-file", str(path)) as process:
        ready = json.loads(path.read_text())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [MTProxy.parse(link).secret for link in ready["links"]] == [Secret.parse(text) for text in SECRETS]
        for link in ready["links"]:
            assert MTProxy.parse(link).address == (ready["host"], ready["port"])
            # The address behind --dc is nobody's: all goes through the proxy.
            reach = ["--dc", "127.0.0.1:1", "--key", str(pem), "--dc-id", str(dc.dc_id), "--proxy", link]
            result = run("photos", "me", *reach, env=bot)
            assert result.exit_code == 0, result.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        assert (process.stdout.read(), process.stderr.read()) == ("stopped\n", "")


@NEEDS_IPV6
def test_it_listens_on_ipv6_and_leads_there(run: Run, rsa_key: RSAPrivateKey, pem: Path, tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with LocalDCThread("::1", key=rsa_key) as dc:
        place = f"{dc.dc_id}=[::1]:{dc.address[1]}"
        with proxying("--secret", KEY, "--host", "::1", "--dc", place, "--ready-file", str(path)):
            [link] = json.loads(path.read_text())["links"]
            assert MTProxy.parse(link).address[0] == "::1"
            reach = ["--dc", "127.0.0.1:1", "--key", str(pem), "--proxy", link]
            result = run("call", "help.getConfig", *reach, env={"MTPROTO_API_ID": str(dc.api_id)})
            assert result.exit_code == 0, result.stderr


def test_clients_can_be_told_another_address(dc: LocalDCThread, tmp_path: Path) -> None:
    path, (host, port) = tmp_path / "ready.json", dc.address
    options = ["--secret", KEY, "--dc", f"2={host}:{port}", "--ready-file", str(path)]
    with proxying(*options, "--public-host", "proxy.example"):
        ready = json.loads(path.read_text())
    assert ready["host"] == "proxy.example"
    assert MTProxy.parse(ready["links"][0]).address == ("proxy.example", ready["port"])


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--secret", KEY],
        ["--dc", "2=127.0.0.1:443"],
        ["--secret", KEY, "--dc", "127.0.0.1:443"],
        ["--secret", KEY, "--dc", "two=127.0.0.1:443"],
        ["--secret", KEY, "--dc", "0=127.0.0.1:443"],
        ["--secret", KEY, "--dc", "2=127.0.0.1:443", "--dc", "2=127.0.0.1:444"],
        ["--secret", KEY, "--dc", "2=127.0.0.1"],
        ["--secret", KEY[:-2], "--dc", "2=127.0.0.1:443"],
        ["--secret", KEY, "--dc", "2=127.0.0.1:443", "--fallback", "nowhere"],
        ["--secret", KEY, "--dc", "2=127.0.0.1:443", "--port", "70000"],
    ],
)
def test_what_cannot_be_meant_is_refused_without_the_secret(run: Run, arguments: list[str]) -> None:
    result = run("proxy", *arguments)
    assert result.exit_code == 2
    assert KEY[:-2] not in result.output


def test_a_port_that_is_taken_is_one_clear_line(run: Run, dc: LocalDCThread) -> None:
    result = run("proxy", "--secret", KEY, "--dc", "2=127.0.0.1:443", "--port", str(dc.address[1]))
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "link", [KEY, f"gopher://{KEY}", f"tg://proxy?server=a&port=1&secret={KEY}00", f"https://t.me/{KEY}"]
)
def test_a_proxy_that_cannot_be_read_is_refused_without_its_secret(run: Run, reach: list[str], link: str) -> None:
    result = run("photos", "me", *reach, "--proxy", link)
    assert result.exit_code == 2
    assert "--proxy" in result.stderr
    assert KEY not in result.output


def test_a_proxy_that_is_not_there_is_one_clear_line(run: Run, reach: list[str], bot: dict[str, str]) -> None:
    result = run("photos", "me", *reach, "--proxy", f"tg://proxy?server=127.0.0.1&port=1&secret={KEY}", env=bot)
    assert result.exit_code == Exit.CONNECTION
    assert "127.0.0.1:1" in result.stderr
    assert KEY not in result.output
