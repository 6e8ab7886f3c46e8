"""`--session` and `--local`: which account a command talks through, and what contradicts that."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mtproto.cli.exits import Exit
from mtproto.cli.session import open_blocking_account
from mtproto.datacenters import PRODUCTION, TEST
from mtproto.store import AccountRecord, FileStore
from tests.cli.conftest import Run
from tests.cli.test_options import target_of

if TYPE_CHECKING:
    from mtproto.crypto.rsa import RSAPrivateKey
    from mtproto.localdc import LocalNetworkThread


@pytest.fixture
def one_key(monkeypatch: pytest.MonkeyPatch, rsa_key: RSAPrivateKey) -> None:
    """Let networks that commands start have a key that is there already."""
    monkeypatch.setattr("mtproto.crypto.RSAPrivateKey.generate", lambda *_: rsa_key)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Return where a session file may be."""
    return tmp_path / "me.session"


@pytest.mark.usefixtures("one_key")
def test_a_newcomer_logs_in_to_a_network_of_the_machine(run: Run, session: Path) -> None:
    kept = ("--session", str(session))
    login = run("login", "--local", *kept)
    assert login.exit_code == Exit.DONE, login.stderr
    assert "Dora Zenn (@dozen), user" in login.stdout
    assert "57945 (the network knows it)" in login.stderr
    assert f"its state is kept in {session}.local/" in login.stderr
    photos = run("photos", "me", *kept)  # nothing says --local any more
    assert photos.exit_code == Exit.DONE, photos.stderr
    assert "12 of 12 photos of dozen" in photos.stdout
    assert run("logout", *kept).exit_code == Exit.DONE
    after = run("photos", "me", *kept)
    assert (after.exit_code, after.stdout) == (Exit.NOT_LOGGED_IN, "")
    assert f"mtproto login --session {session}" in after.stderr


@pytest.mark.usefixtures("one_key")
def test_without_a_file_a_network_lives_as_long_as_the_command(run: Run, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    bot, user = run("whoami", "--local", "--json"), run("login", "--qr-file", str(tmp_path / "code.png"), "--json")
    assert json.loads(bot.stdout)["user"]["username"] == "localdc_bot"
    assert (json.loads(user.stdout)["user"]["username"], json.loads(user.stdout)["session"]) == ("dozen", None)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.usefixtures("one_key")
def test_a_network_of_the_run_is_called_in_layers_that_have_no_login_flow(run: Run) -> None:
    assert run("photos", "single", "--layer", "105").exit_code == Exit.DONE


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--session", "{}", "--state", "{}.state"], "--state and --session exclude one another"),
        (["--local", "--state", "{}.state"], "--state and --local exclude one another"),
        (["--local", "--test"], "--dc, --test, --prod and --local exclude one another"),
        (["--session", "{}", "--prod", "--dc-id", "4"], "--dc-id and --session exclude one another"),
        (["--session", "{}"], "makes it, with --local, --test or --prod"),
        (["--session", "/no/such/folder/file"], "there is no folder /no/such/folder"),
    ],
)
def test_what_contradicts_itself_is_refused(run: Run, session: Path, arguments: list[str], wanted: str) -> None:
    result = run("photos", "me", *(text.format(session) for text in arguments))
    assert result.exit_code == Exit.USAGE
    assert wanted in " ".join(result.stderr.split())
    assert not session.exists()


def test_a_file_is_begun_for_an_application_alone(run: Run, session: Path) -> None:
    result = run("call", "help.getConfig", "--session", str(session), "--test")
    assert result.exit_code == Exit.USAGE
    assert "MTPROTO_API_ID" in result.stderr
    assert not session.exists()


def test_a_file_of_a_network_is_for_no_other_server(run: Run, session: Path) -> None:
    session.with_name("me.session.local").mkdir()
    result = run("whoami", "--session", str(session), "--test", "--api-id", "1")
    assert result.exit_code == Exit.USAGE
    assert "me.session.local" in result.stderr


def test_a_file_of_another_server_is_for_no_network(run: Run, session: Path) -> None:
    store = FileStore(session)
    store.save(AccountRecord(test=True, api_id=7))
    store.close()
    result = run("whoami", "--session", str(session), "--local")
    assert result.exit_code == Exit.FAILED
    assert "lives elsewhere" in result.stderr
    assert not session.with_name("me.session.local").exists()
    other = run("whoami", "--session", str(session), "--prod")  # the file knows the application, and the servers
    assert other.exit_code == Exit.FAILED
    assert "test servers" in other.stderr


def test_a_session_that_another_run_has_is_refused(run: Run, there: list[str], network: LocalNetworkThread) -> None:
    store = FileStore(there[-1])
    store.save(AccountRecord(api_id=7))
    result = run("whoami", *there)
    store.close()
    assert result.exit_code == Exit.FAILED
    assert "in use by process" in result.stderr
    assert not list(network.dcs[2].calls)


def test_a_passphrase_encrypts_the_file(run: Run, there: list[str], network: LocalNetworkThread) -> None:
    env = {"MTPROTO_PASSPHRASE": "open sesame"}
    assert run("login", "--bot", *there, env=env).exit_code == Exit.DONE
    assert str(network.bot.id) not in Path(there[-1]).read_text()
    assert run("whoami", *there, env=env).exit_code == Exit.DONE
    without = run("whoami", *there)
    assert without.exit_code == Exit.USAGE
    assert "needs its passphrase in MTPROTO_PASSPHRASE" in without.stderr
    wrong = run("whoami", *there, env={"MTPROTO_PASSPHRASE": "shut"})
    assert wrong.exit_code == Exit.FAILED
    assert "does not open with the passphrase of MTPROTO_PASSPHRASE" in wrong.stderr


def test_a_second_run_makes_no_key_and_no_login(run: Run, there: list[str], network: LocalNetworkThread) -> None:
    assert run("login", "--bot", *there).exit_code == Exit.DONE
    keys = {dc.dc_id: len(dc._centre.keys.records) for dc in network.dcs.values()}
    assert run("photos", "me", *there, "--transport", "abridged").exit_code == Exit.DONE
    assert {dc.dc_id: len(dc._centre.keys.records) for dc in network.dcs.values()} == keys
    logins = [call for dc in network.dcs.values() for call in dc.calls if "importBot" in call.method]
    assert len(logins) == 1


@pytest.mark.usefixtures("one_key")
def test_a_key_that_its_network_does_not_know_is_named(run: Run, session: Path) -> None:
    assert run("login", "--local", "--bot", "--session", str(session)).exit_code == Exit.DONE
    folder = session.with_name("me.session.local")
    shutil.rmtree(folder)
    folder.mkdir()
    result = run("whoami", "--session", str(session))
    assert result.exit_code == Exit.CONNECTION
    assert f"{session} belongs to other servers" in result.stderr


def test_authorizations_are_listed_and_ended(run: Run, there: list[str], network: LocalNetworkThread) -> None:
    user = next(iter(network.accounts))
    others = [[*there[:-1], f"{there[-1]}{number}"] for number in range(2)]
    for options in (there, *others):
        assert run("login", "--phone", user.phone, *options, env={"MTPROTO_CODE": user.code}).exit_code == Exit.DONE

    def listed() -> list[str]:
        found = json.loads(run("authorizations", "--json", *there).stdout)["authorizations"]
        assert [each.get("current", False) for each in found] == [True] + [False] * (len(found) - 1)
        return [each["hash"] for each in found[1:]]

    shown = run("authorizations", *there).stdout
    assert shown.count("mtproto-raw") == 3
    assert "this one" in shown
    first, _ = listed()
    ended = run("authorizations", "--end", first, "--json", *there)
    assert (ended.exit_code, json.loads(ended.stdout)) == (Exit.DONE, {"ended": first})
    assert len(listed()) == 1
    assert run("authorizations", "--end-others", *there).exit_code == Exit.DONE
    assert listed() == []
    for options in others:
        assert run("whoami", *options).exit_code == Exit.NOT_LOGGED_IN
    assert run("whoami", *there).exit_code == Exit.DONE


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["authorizations"], "authorizations needs --session FILE"),
        (["logout"], "logout needs --session FILE"),
        (["authorizations", "--end", "1", "--end-others"], "exclude one another"),
        (["authorizations", "--end", "0"], "mtproto logout"),
        (["authorizations", "--end", "x"], "no number as the list shows it"),
    ],
)
def test_what_needs_an_account_says_so(run: Run, arguments: list[str], wanted: str) -> None:
    result = run(*arguments)
    assert result.exit_code == Exit.USAGE
    assert wanted in result.stderr


@pytest.mark.parametrize("command", [["whoami"], ["authorizations"], ["logout"], ["photos", "@dozen"]])
def test_nobody_is_logged_in(run: Run, there: list[str], command: list[str]) -> None:
    missing = run(*command, *there)
    assert missing.exit_code == Exit.NOT_LOGGED_IN
    assert f"there is no {there[-1]} yet; `mtproto login --session {there[-1]}` makes it" in missing.stderr
    assert [path.name for path in Path(there[-1]).parent.iterdir()] == ["network.json"]
    assert run("call", "help.getConfig", *there).exit_code == Exit.DONE  # a file with keys, and no login
    result = run(*command, *there)
    assert result.exit_code == Exit.NOT_LOGGED_IN
    assert f"mtproto login --session {there[-1]}" in result.stderr


def test_a_file_keeps_its_servers(run: Run, there: list[str], network: LocalNetworkThread) -> None:
    kept = there[2:]
    assert run("login", "--bot", *there).exit_code == Exit.DONE
    shown = json.loads(run("session", "show", there[-1], "--json").stdout)
    host, port = network.addresses[2]
    assert (shown["servers"], shown["address"]) == ("other", f"{host}:{port}")
    again = run("whoami", "--json", *kept)
    assert json.loads(again.stdout)["user"]["id"] == str(network.bot.id), again.stderr
    assert run("photos", "me", *kept, "--dc-id", "1").exit_code == Exit.USAGE


def test_a_file_that_names_somebody_else_is_told(run: Run, there: list[str]) -> None:
    assert run("login", "--bot", *there).exit_code == Exit.DONE
    assert "warning" not in run("whoami", *there).stderr
    store = FileStore(there[-1])
    store.save(replace(store.load(), user_id=5))
    store.close()
    told = run("whoami", *there)
    assert told.exit_code == Exit.DONE
    assert "localdc_bot" in told.stdout
    assert f"{there[-1]} says that user 5 is logged in" in told.stderr


@pytest.mark.parametrize("servers", ["--test", "--prod"])
def test_a_file_of_servers_of_its_own_is_never_taken_to_telegram(run: Run, session: Path, servers: str) -> None:
    store = FileStore(session)
    store.save(AccountRecord(api_id=7, user_id=5, dcs={2: ("127.0.0.1", 50123)}))
    store.close()
    named = run("whoami", "--session", str(session), servers)
    assert named.exit_code == Exit.FAILED
    assert f"{session} belongs to DC 2 at 127.0.0.1:50123, which is none of Telegram's" in named.stderr
    silent = run("whoami", "--session", str(session))  # where the DC is, but not its key
    assert silent.exit_code == Exit.USAGE
    assert "--key" in silent.stderr


@pytest.mark.usefixtures("one_key")
def test_a_file_whose_network_is_gone_is_never_taken_to_telegram(run: Run, session: Path) -> None:
    assert run("login", "--local", "--bot", "--session", str(session)).exit_code == Exit.DONE
    shutil.rmtree(session.with_name("me.session.local"))
    with open_blocking_account(target_of("--session", str(session))) as found:
        assert found.dcs == found.record.dcs


@pytest.mark.parametrize("arguments", [["--test"], ["--prod"]])
def test_an_account_that_is_kept_nowhere_lives_where_the_options_say(arguments: list[str]) -> None:
    target = target_of(*arguments, "--api-id", "7")
    with open_blocking_account(target) as opened:
        assert opened.network is None
        assert opened.dcs is (TEST if arguments == ["--test"] else PRODUCTION)
        assert (opened.api_id, opened.record.is_new) == (7, True)
        assert opened.account.open_lanes == frozenset()


def test_the_options_of_a_connection_hold_for_an_account(
    run: Run, there: list[str], network: LocalNetworkThread
) -> None:
    proxy = f"tg://proxy?server=127.0.0.1&port=1&secret={'07' * 16}"
    result = run("login", "--bot", *there, "--proxy", proxy)
    assert result.exit_code == Exit.CONNECTION
    assert "127.0.0.1:1" in result.stderr
    assert not [record for dc in network.dcs.values() for record in dc._centre.keys.records]
    assert run("login", "--bot", *there, "--pfs", "--transport", "padded").exit_code == Exit.DONE
    records = network.dcs[2]._centre.keys.records.values()
    assert [record.expires_at is not None for record in records].count(True) == 1
