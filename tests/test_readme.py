"""What the README shows is run as it stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mtproto.flows import UNSUPPORTED_LOGINS
from mtproto.localdc import LocalDCThread
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, seal
from mtproto.message.key_state import KeyState
from tests.net.support import SOON
from tl import service

README = Path(__file__).resolve().parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")

BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
SCRIPTS = [block for block in BLOCKS if "def test_" not in block]
TESTS = [block for block in BLOCKS if "def test_" in block]
FOREIGN = {"telethon": "the extra `interop`"}
"""Libraries that scripts of the README use and the package does not need."""
COMMANDS = re.findall(r"^\$ mtproto (.*?)\s*(?:#.*)?$", TEXT, flags=re.MULTILINE)


def test_it_shows_four_depths_the_language_a_ready_file_and_a_test() -> None:
    assert len(SCRIPTS) == 11
    assert len(TESTS) == 1
    assert len(COMMANDS) >= 6


def test_it_names_the_ways_to_log_in_that_there_are_not() -> None:
    text = " ".join(TEXT.split())
    ways = [re.findall(r"\((auth\.\w+)\)", way) for way in UNSUPPORTED_LOGINS.values()]
    assert len(ways) == 4
    assert [method for [method] in ways if f"(`{method}`)" not in text] == []


@pytest.mark.parametrize("number", range(len(SCRIPTS)))
def test_each_script_runs(number: int, tmp_path: Path, local_dc: LocalDCThread) -> None:
    for library, where in FOREIGN.items():
        if library in SCRIPTS[number]:
            pytest.importorskip(library, reason=f"comes with {where}")
    (tmp_path / "dc.json").write_text(json.dumps(local_dc.client_info()))  # some scripts read one
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPTS[number]],
        capture_output=True,
        text=True,
        check=False,
        timeout=SOON,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""


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
