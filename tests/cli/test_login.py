"""`mtproto login` where nobody can be asked: each way, its answers from the environment, and what is said without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mtproto.cli import login as login_command
from mtproto.cli.exits import Exit
from mtproto.cli.qr_drawing import write_picture
from mtproto.flows import QRCode
from mtproto.store import FileStore
from tests.cli.conftest import Run

if TYPE_CHECKING:
    from click.testing import Result

    from mtproto.localdc import LocalAccount, LocalNetworkThread

PASSWORD = "correct horse battery"


@pytest.fixture
def user(network: LocalNetworkThread) -> LocalAccount:
    """Return a user who is at home at the data centre where no login begins."""
    return next(each for each in network.accounts if each.dc_id == 1)


def said(result: Result) -> str:
    """Return all that a command wrote, on one line."""
    return " ".join(result.output.split())


def user_of(result: Result) -> str:
    """Return the id of the user whom `--json` names."""
    assert result.exit_code == Exit.DONE, result.stderr
    found: str = json.loads(result.stdout)["user"]["id"]
    return found


def test_a_user_by_phone_code_and_password(
    run: Run, user: LocalAccount, network: LocalNetworkThread, there: list[str], tmp_path: Path
) -> None:
    user.set_password(PASSWORD, hint="a horse")
    (tmp_path / "password").write_text(f"{PASSWORD}\nanother line\n")
    env = {"MTPROTO_CODE": user.code, "MTPROTO_PASSWORD_FILE": str(tmp_path / "password")}
    result = run("login", "--phone", user.phone, "--json", *there, env=env)
    assert user_of(result) == str(user.user.id)
    assert json.loads(result.stdout)["home_dc"] == user.dc_id
    assert json.loads(result.stdout)["session"] == there[-1]
    for secret in (PASSWORD, user.code):
        assert secret not in result.stderr
        assert secret not in Path(there[-1]).read_text()
    calls = len(network.dcs[1].calls)
    again = run("login", "--phone", f"+{user.phone[:3]} {user.phone[3:]}", *there)
    assert again.exit_code == Exit.DONE
    assert "is logged in already" in again.stderr
    assert [call.method for call in list(network.dcs[1].calls)[calls:]] == ["users.getUsers"]


@pytest.mark.parametrize("way", [["--phone", "{other}"], ["--bot"]])
def test_a_session_in_which_another_account_is_logged_in_is_refused(
    run: Run, user: LocalAccount, network: LocalNetworkThread, there: list[str], way: list[str]
) -> None:
    other = next(each for each in network.accounts if each is not user)
    assert run("login", "--phone", user.phone, *there, env={"MTPROTO_CODE": user.code}).exit_code == Exit.DONE
    before = Path(there[-1]).read_text()
    result = run("login", *(part.format(other=other.phone) for part in way), *there)
    assert result.exit_code == Exit.FAILED
    assert f"{there[-1]} holds the login of another account" in said(result)
    assert str(user.user.id) in said(result)
    assert json.loads(Path(there[-1]).read_text())["user_id"] == json.loads(before)["user_id"]


def test_a_phone_is_refused_where_a_bot_is_logged_in(run: Run, user: LocalAccount, there: list[str]) -> None:
    assert run("login", "--bot", *there).exit_code == Exit.DONE
    assert run("login", "--phone", user.phone, *there).exit_code == Exit.FAILED
    assert run("login", "--bot", *there).exit_code == Exit.DONE


@pytest.mark.parametrize("way", [["--bot"], []])
def test_a_bot_by_its_token(run: Run, network: LocalNetworkThread, there: list[str], way: list[str]) -> None:
    assert user_of(run("login", *way, "--json", *there)) == str(network.bot.id)  # its token is in the ready file
    kept = run("whoami", "--json", *there)
    assert user_of(kept) == str(network.bot.id)


def test_a_token_in_a_file(run: Run, network: LocalNetworkThread, there: list[str], tmp_path: Path) -> None:
    ready, token = Path(there[1]), tmp_path / "token"
    told = json.loads(ready.read_text())
    token.write_text(told.pop("bot_token") + "\n")
    ready.write_text(json.dumps(told))
    assert run("login", "--bot", *there).exit_code == Exit.USAGE
    result = run("login", "--bot", "--json", *there, env={"MTPROTO_BOT_TOKEN_FILE": str(token)})
    assert user_of(result) == str(network.bot.id)
    assert network.bot_token not in result.output


def test_someone_new_signs_up(run: Run, network: LocalNetworkThread, there: list[str]) -> None:
    env = {"MTPROTO_CODE": "22222", "MTPROTO_NAME": "Ada Lovelace King"}
    result = run("login", "--phone", "+99966 2 1234", "--json", *there, env=env)
    user = json.loads(result.stdout)["user"]
    assert (user["first_name"], user["last_name"]) == ("Ada", "Lovelace King")
    assert network.accounts["9996621234"].user.id == int(user["id"])


@pytest.mark.parametrize(
    ("arguments", "env", "wanted"),
    [
        (["--phone"], {}, "MTPROTO_PHONE or MTPROTO_PHONE_FILE"),
        (["--phone", "{phone}"], {}, "MTPROTO_CODE or MTPROTO_CODE_FILE"),
        (["--phone", "{phone}"], {"MTPROTO_CODE": "{code}"}, "MTPROTO_PASSWORD or MTPROTO_PASSWORD_FILE"),
        (["--phone", "9996621234"], {"MTPROTO_CODE": "22222"}, "MTPROTO_NAME or MTPROTO_NAME_FILE"),
        (["--phone", "{phone}"], {"MTPROTO_CODE_FILE": "/no/such/file"}, "MTPROTO_CODE_FILE: /no/such/file: No such"),
        (["--qr"], {}, "--qr-file"),
    ],
)
def test_without_a_terminal_the_variable_is_named(
    run: Run, user: LocalAccount, there: list[str], arguments: list[str], env: dict[str, str], wanted: str
) -> None:
    if "MTPROTO_CODE" in env:
        user.set_password(PASSWORD)

    def filled(text: str) -> str:
        return text.format(phone=user.phone, code=user.code)

    result = run("login", *map(filled, arguments), *there, env={name: filled(value) for name, value in env.items()})
    assert result.exit_code == Exit.USAGE
    assert wanted in said(result)
    assert result.stdout == ""


def test_without_a_terminal_and_a_token_the_ways_are_named(run: Run, there: list[str]) -> None:
    ready = Path(there[1])
    ready.write_text(json.dumps({**json.loads(ready.read_text()), "bot_token": None}))
    result = run("login", *there)
    assert result.exit_code == Exit.USAGE
    assert "--bot, --phone or --qr" in said(result)


def test_a_wrong_answer_of_a_variable_ends_the_login(run: Run, user: LocalAccount, there: list[str]) -> None:
    result = run("login", "--phone", user.phone, *there, env={"MTPROTO_CODE": "00000"})
    assert result.exit_code == Exit.REFUSED
    assert "login code of MTPROTO_CODE" in said(result)
    assert "00000" not in result.output
    assert not FileStore(there[-1]).load().is_logged_in


def test_a_qr_code_in_a_file(
    run: Run,
    network: LocalNetworkThread,
    user: LocalAccount,
    there: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture, drawn = tmp_path / "code.png", []

    def scanned(text: str, path: Path) -> None:
        write_picture(text, path)
        drawn.append((path.read_bytes(), path.stat().st_mode & 0o777))
        network.accept_login_token(text, user)

    monkeypatch.setattr("mtproto.cli.login.write_picture", scanned)
    result = run("login", "--qr-file", str(picture), "--json", *there)
    assert user_of(result) == str(user.user.id)
    ((data, mode),) = drawn
    assert data.startswith(b"\x89PNG")
    assert mode == 0o600
    assert not picture.exists()
    assert "tg://" not in result.output


def test_a_new_qr_code_takes_the_place_of_the_old_one(
    run: Run, there: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, seen = tmp_path / "code.svg", []

    def two_codes(login: login_command._Login, _way: object) -> object:
        for text in ("tg://login?token=one", "tg://login?token=two"):
            login._tell(QRCode(text, 30.0))
            seen.append(picture.read_bytes())
        raise KeyboardInterrupt

    monkeypatch.setattr("mtproto.cli.login._Login.run", two_codes)
    result = run("login", "--qr-file", str(picture), *there)
    assert result.exit_code == Exit.CANCELLED
    first, second = seen
    assert first != second
    assert b"<svg" in second


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--bot", "--qr"], "exclude one another"),
        (["--phone", "1", "--qr-file", "code.png"], "exclude one another"),
        (["--qr-file", "code.jpg"], "ends in none of .png, .svg"),
        (["--test"], "--session FILE"),
    ],
)
def test_what_a_login_cannot_be_is_refused(run: Run, arguments: list[str], wanted: str) -> None:
    result = run("login", *arguments)
    assert result.exit_code == Exit.USAGE
    assert wanted in said(result)


def test_a_login_that_the_server_has_ended_begins_anew(
    run: Run, network: LocalNetworkThread, user: LocalAccount, there: list[str]
) -> None:
    def revoke() -> None:
        for dc in network.dcs.values():
            for record in list(dc._centre.keys.records.values()):
                record.revoke()

    env = {"MTPROTO_PHONE": user.phone, "MTPROTO_CODE": user.code}  # though the ready file has a bot's token
    assert run("login", *there, env=env).exit_code == Exit.DONE
    revoke()  # the file does not know of it
    again = run("login", "--json", *there, env=env)
    assert user_of(again) == str(user.user.id)
    assert "SESSION_REVOKED" in again.stderr
    revoke()
    lost = run("whoami", *there)
    assert lost.exit_code == Exit.NOT_LOGGED_IN
    assert "SESSION_REVOKED" in lost.stderr
    assert user_of(run("login", "--json", *there, env=env)) == str(user.user.id)  # the file knows of it


def test_segno_is_asked_for_where_it_is_missing(
    run: Run, there: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "segno", None)
    result = run("login", "--qr-file", str(tmp_path / "code.png"), *there)
    assert result.exit_code == Exit.FAILED
    assert 'pip install "mtproto-raw[cli]"' in result.stderr
