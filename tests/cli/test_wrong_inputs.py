"""What people type wrongly: each command says so in one line, with the person's own words, and sends nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtproto.cli.exits import Exit
from tests.cli.conftest import Run

SECRET = "52" * 16


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("photo",), "No such command 'photo'; did you mean 'photos'?"),
        (("xyzzy",), "No such command 'xyzzy'"),
        (("photos", "https://example.org/dozen"), "'https://example.org/dozen' can't mean a user: "),
        (("photos", ""), "'' can't mean a user: "),
        (("photos", "99999999999999999999"), "'99999999999999999999' can't mean a user: "),
        (("photos", "dozen", "--dc-id", "4"), "--dc-id needs"),
        (("photos", "dozen", "--max-id", "99999999999999999999"), "--max-id"),
        (("photos", "dozen", "--limit", "99999999999"), "--limit"),
        (("photos", "dozen", "--transport", "ful"), "'full'"),
        (("photos", "dozen", "--timeout", "nan"), "nan"),
        (("call", "help.getConfi"), "did you mean 'help.getConfig'?"),
        (("proxy", "--secret", SECRET, "--dc", "2=h:1", "--dc", "2=h:2"), "each data centre is named once"),
        (("proxy", "--secret", SECRET, "--dc", "0=h:1"), "no data centre has the number 0"),
        (("proxy", "--secret", SECRET, "--dc", "2=h:1", "--host", "nohost.invalid"), "nohost.invalid"),
        (("probe", "nohost.invalid:443"), "nohost.invalid:443"),
    ],
)
def test_a_wrong_input_is_named(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code in (Exit.FAILED, Exit.USAGE, Exit.CONNECTION)
    assert result.stdout == ""
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [("photos", "dozen"), ("call", "help.getConfig")])
def test_a_host_that_is_not_there_is_named(run: Run, pem: Path, command: tuple[str, ...]) -> None:
    result = run(*command, "--dc", "nohost.invalid:443", "--key", str(pem), "--api-id", "1")
    assert result.exit_code == Exit.CONNECTION
    assert "nohost.invalid" in result.stderr


def test_a_link_to_a_user_is_as_good_as_the_name(run: Run) -> None:
    result = run("photos", "https://t.me/single", "--json")
    assert result.exit_code == 0, result.stderr
