"""What the README and the pages beside it show is run as it stands there, twice where it keeps something."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mtproto.crypto import RSAPrivateKey
from mtproto.flows import UNSUPPORTED_LOGINS
from mtproto.localdc import LocalDCThread, LocalNetworkThread
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, seal
from mtproto.message.key_state import KeyState
from tests.net.support import SOON
from tl import service

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("language.md", "sessions.md"))

BLOCKS = re.findall(r"```python\n(.*?)```", TEXT + PAGES, flags=re.DOTALL)
SCRIPTS = [block for block in BLOCKS if "def test_" not in block]
TESTS = [block for block in BLOCKS if "def test_" in block]
FOREIGN = {"telethon": "the extra `interop`"}
"""Libraries that scripts of the README use and the package does not need."""
COMMANDS = re.findall(r"^\$ mtproto (.*?)\s*(?:#.*)?$", TEXT + PAGES, flags=re.MULTILINE)


def test_it_shows_four_depths_the_language_a_ready_file_and_a_test() -> None:
    assert len(SCRIPTS) == 13
    assert len(TESTS) == 1
    assert len(COMMANDS) >= 6


def test_it_names_the_ways_to_log_in_that_there_are_not() -> None:
    text = " ".join(TEXT.split())
    ways = [re.findall(r"\((auth\.\w+)\)", way) for way in UNSUPPORTED_LOGINS.values()]
    assert len(ways) == 4
    assert [method for [method] in ways if f"(`{method}`)" not in text] == []


@pytest.mark.parametrize("number", range(len(SCRIPTS)))
def test_each_script_runs(number: int, tmp_path: Path, local_dc: LocalDCThread, local_dc_key: RSAPrivateKey) -> None:
    for library, where in FOREIGN.items():
        if re.search(rf"^(?:from|import) {library}\b", SCRIPTS[number], flags=re.MULTILINE):
            pytest.importorskip(library, reason=f"comes with {where}")
    (tmp_path / "dc.json").write_text(json.dumps(local_dc.client_info()))  # some scripts read one
    if "network.json" not in SCRIPTS[number]:
        check_that_it_runs(SCRIPTS[number], tmp_path)
        return
    with LocalNetworkThread(dcs=(1, 2), key=local_dc_key) as network:
        (tmp_path / "network.json").write_text(json.dumps(network.client_info()))
        check_that_it_runs(SCRIPTS[number], tmp_path)


def check_that_it_runs(script: str, folder: Path) -> None:
    """Run a script in a folder, and once more if it has left something there."""
    before = set(folder.iterdir())
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            capture_output=True,
            text=True,
            check=False,
            timeout=SOON,
            cwd=folder,
        )
        assert run.returncode == 0, run.stderr
        assert run.stderr == ""
        if set(folder.iterdir()) == before:
            return


@pytest.mark.parametrize("number", range(len(TESTS)))
def test_each_test_passes(number: int) -> None:
    names: dict[str, Any] = {}
    exec(compile(TESTS[number], "README.md", "exec"), names)
    found = [value for name, value in names.items() if name.startswith("test_")]
    assert found
    for function in found:
        with LocalDCThread() as dc:
            function(dc)


def keep_a_packet_and_its_key() -> None:
    """Write the files that the README's line about `decode` names into the current folder."""
    key = AuthKey(bytes(range(256)))
    Path("my.state").write_bytes(KeyState(auth_key=key, dc_id=2).to_bytes())
    ping = service.functions.Ping(ping_id=7).to_bytes()
    packet = seal(key, Sender.CLIENT, salt=1, session_id=2, msg_id=4, seqno=0, body=ping, random=os.urandom)
    Path("packet.xxd").write_text(packet.payload.hex())


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_has_the_options_that_are_shown(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    click = pytest.importorskip("click", reason="the command line is an extra")
    from mtproto.cli.app import commands, run

    name, *arguments = line.split()
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    command.make_parser(click.Context(command)).parse_args(list(arguments))
    if name == "decode":
        monkeypatch.chdir(tmp_path)
        keep_a_packet_and_its_key()
        assert run([name, *arguments]) == 0
