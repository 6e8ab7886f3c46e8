"""The program without its libraries, and around its commands."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

import mtproto
from mtproto.cli import main
from mtproto.cli.app import commands
from mtproto.cli.terminal import Secrets, Terminal, printable

NAMES = commands.list_commands(click.Context(commands))

WITHOUT = """
import sys
sys.modules[{missing!r}] = None
from mtproto.cli import main
sys.exit(main(["--version"]))
"""


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_its_libraries_it_says_what_to_install(missing: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(missing=missing)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert run.stdout == ""
    assert 'pip install "mtproto-raw[cli]"' in run.stderr
    assert run.stderr.count("\n") == 1


def test_importing_the_package_loads_neither_library() -> None:
    code = "import sys, mtproto.cli; sys.exit('click' in sys.modules or 'rich' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_python_m_runs_the_same_program() -> None:
    run = subprocess.run([sys.executable, "-m", "mtproto", "--version"], capture_output=True, text=True, check=True)
    assert mtproto.__version__ in run.stdout


def test_main_returns_the_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert main(["no-such-command"]) == 2
    assert main(["decode", "not hex, no file"]) == 2


def test_help_names_every_command() -> None:
    result = CliRunner().invoke(commands, ["--help"])
    assert result.exit_code == 0
    for name in NAMES:
        assert f"  {name} " in result.output


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(commands, [name, "--help"])
    assert result.exit_code == 0
    assert f"Usage: commands {name}" in result.output


def test_an_expected_error_is_one_line_and_status_1() -> None:
    result = CliRunner().invoke(commands, ["decode", "ffffffff"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--debug", "decode", "ffffffff"], ["decode", "--debug", "ffffffff"]])
def test_debug_adds_the_traceback(arguments: list[str]) -> None:
    result = CliRunner().invoke(commands, arguments)
    assert result.exit_code == 1
    assert "Traceback" in result.stderr


def test_a_mistake_of_ours_comes_with_its_traceback_but_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("the token was hunter2-hunter2")

    terminal = Terminal()
    terminal.secrets.add("hunter2-hunter2")
    monkeypatch.setattr("mtproto.cli.decode.read_input", broken)
    result = CliRunner().invoke(commands, ["decode", "ffffffff"], obj=terminal)
    assert result.exit_code == 1
    assert "ValueError" in result.stderr
    assert "hunter2" not in result.stderr


def test_secrets_are_hidden_wherever_they_stand() -> None:
    secrets = Secrets()
    secrets.add("abc")
    secrets.add("abcdef")
    secrets.add("")
    secrets.add(None)
    assert secrets.hide("x abcdef y abc z") == "x [hidden] y [hidden] z"


def test_whatever_looks_like_a_bot_token_is_hidden() -> None:
    token = "123456:" + "A" * 35
    assert token not in Secrets().hide(f"got {token} instead")


def test_what_a_terminal_would_obey_is_escaped() -> None:
    assert printable("a\x1b[31mb\r\x07ü\u202e") == "a\\x1b[31mb\\r\\x07ü\\u202e"
