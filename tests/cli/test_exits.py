"""The exit status of each kind of end."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from mtproto.cli.app import commands
from mtproto.cli.errors import CommandFailed, NotLoggedIn, WrongAnswer
from mtproto.cli.exits import MEANINGS, Exit, exit_of
from mtproto.errors import (
    ConnectionLost,
    DeadlineExceeded,
    LocalProtocolError,
    LoggedOut,
    LoginCancelled,
    TransportError,
    rpc_error,
)
from mtproto.flows import FlowFailed
from mtproto.store import StoreError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CommandFailed("a reason"), Exit.FAILED),
        (LocalProtocolError("a mistake"), Exit.FAILED),
        (StoreError(Path("file"), "in use"), Exit.FAILED),
        (ValueError("a mistake of this program"), Exit.FAILED),
        (rpc_error(400, "USER_ID_INVALID"), Exit.REFUSED),
        (rpc_error(420, "FLOOD_WAIT_3"), Exit.REFUSED),
        (FlowFailed("nobody has scanned it"), Exit.REFUSED),
        (WrongAnswer("the code"), Exit.REFUSED),
        (rpc_error(401, "AUTH_KEY_UNREGISTERED"), Exit.NOT_LOGGED_IN),
        (LoggedOut("SESSION_REVOKED"), Exit.NOT_LOGGED_IN),
        (NotLoggedIn("log in"), Exit.NOT_LOGGED_IN),
        (ConnectionLost("gone"), Exit.CONNECTION),
        (DeadlineExceeded("late"), Exit.CONNECTION),
        (TransportError(-404), Exit.CONNECTION),
        (LoginCancelled(), Exit.CANCELLED),
    ],
)
def test_each_family_has_its_status(error: Exception, status: Exit) -> None:
    assert exit_of(error) is status
    explained = CommandFailed("in other words")
    explained.__cause__ = error
    assert exit_of(explained) is status


def test_the_help_says_what_each_status_means() -> None:
    shown = CliRunner().invoke(commands, ["--help"]).output
    assert set(MEANINGS) == set(Exit)
    for status, meaning in MEANINGS.items():
        assert f" {status:d}  {meaning}" in shown


def test_the_readme_names_each_status() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    told = text[text.index("The exit status is ") :].partition("`mtproto --help`")[0]
    for status in Exit:
        assert f" {status:d} " in told


def test_the_extra_all_holds_each_extra_that_a_program_needs_at_run_time() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    assert everything == f"mtproto-raw[{','.join(name for name in extras if name not in DEVELOPERS)}]"


DEVELOPERS = {"interop", "bench", "all", "dev"}
