"""`mtproto session`: what it shows, what it makes of a session for another client, and what it never prints."""

from __future__ import annotations

import json
import sqlite3
import stat
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from mtproto import blocking
from mtproto.cli.app import commands
from mtproto.cli.exits import Exit
from mtproto.crypto import RSAPublicKey
from mtproto.datacenters import PRODUCTION_KEYS, TEST_KEYS
from mtproto.store import (
    FileStore,
    ForeignLogin,
    MemoryStore,
    export_foreign_file,
    export_foreign_string,
    export_string,
    import_foreign_file,
    import_foreign_string,
    import_string,
)
from mtproto.transport import authority
from tests.cli.conftest import NO_CREDENTIALS
from tests.store.records import SECRETS, full_account

if TYPE_CHECKING:
    from mtproto.localdc import LocalDCThread

KEY = bytes(range(256))
LOGIN = ForeignLogin(
    auth_key=KEY, dc_id=2, address=("127.0.0.1", 50123), test=False, api_id=12345, user_id=777, is_bot=False
)
TELETHON = export_foreign_string(LOGIN, "telethon")
MTCUTE = export_foreign_string(LOGIN, "mtcute")
SHOWN_ID = "32d1586ea457dfc8"


def session(*arguments: str | int | Path, given: str | None = None, env: dict[str, str] | None = None) -> Result:
    """Run a command of `mtproto session`, with text on its standard input."""
    names = {**NO_CREDENTIALS, "MTPROTO_SESSION_STRING": None, **(env or {})}
    return CliRunner(env=names).invoke(commands, ["session", *map(str, arguments)], input=given)


def kept_in(folder: Path, data: bytes) -> Path:
    path = folder / "other.session"
    path.write_bytes(data)
    return path


def quoted(told: str, *texts: str) -> list[str]:
    """Return the parts of keys and of strings that a text shows."""
    parts = [text[start : start + 16] for text in texts for start in range(len(text) - 16)]
    return [part for part in (*SECRETS, *parts) if part in told]


def check_silent(result: Result, *texts: str) -> None:
    """Check that neither stream shows a part of a key or of a string."""
    assert not quoted(result.stdout + result.stderr, *texts)


def test_a_string_is_shown_without_its_key() -> None:
    shown = session("show", "-", "--json", given=f"{TELETHON}\n")
    assert shown.exit_code == Exit.DONE, shown.stderr
    assert json.loads(shown.stdout) == {
        "session": "a session string of Telethon",
        "dc": 2,
        "address": "127.0.0.1:50123",
        "servers": None,
        "user_id": None,
        "bot": None,
        "api_id": None,
        "key_id": SHOWN_ID,
    }
    check_silent(shown, TELETHON)


def test_a_string_of_the_variable_is_shown_in_lines() -> None:
    shown = session("show", env={"MTPROTO_SESSION_STRING": MTCUTE})
    assert shown.exit_code == Exit.DONE, shown.stderr
    lines = dict(line.split(": ", 1) for line in shown.stdout.splitlines())
    assert (lines["user id"].strip(), lines["api id"].strip()) == ("777", "not known")
    check_silent(shown, MTCUTE)


def test_an_account_file_is_shown_and_printed_as_a_string(tmp_path: Path) -> None:
    path = tmp_path / "me.session"
    with closing(FileStore(path)) as store:
        store.save(full_account())
    shown = session("show", path, "--json")
    assert json.loads(shown.stdout)["keys_of_dcs"] == [2, 4]
    check_silent(shown)
    printed = session("string", path)
    assert import_string(printed.stdout).user_id == 777
    again = session("show", "-", "--json", given=printed.stdout)
    assert json.loads(again.stdout) == {**json.loads(shown.stdout), "session": "a session string of this program"}


def test_an_encrypted_account_needs_its_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "me.session"
    words = {"MTPROTO_PASSPHRASE": "four words of mine"}
    made = session("convert", "-", "--to", "own", "--out", path, given=MTCUTE, env=words)
    assert made.exit_code == Exit.DONE, made.stderr
    assert "encrypted" in session("show", path).stderr
    assert json.loads(session("show", path, "--json", env=words).stdout)["user_id"] == "777"


@pytest.mark.parametrize("client", ["telethon", "pyrogram", "kurigram", "gramjs", "mtcute"])
def test_a_string_is_made_for_each_client(client: str) -> None:
    made = session("convert", "-", "--to", client, "--api-id", "5", given=MTCUTE)
    assert made.exit_code == Exit.DONE, made.stderr
    assert import_foreign_string(made.stdout).auth_key == KEY
    assert ("GramJS reads ports above 32767" in made.stderr) == (client == "gramjs")
    assert ("no room for the address 127.0.0.1:50123" in made.stderr) == (client in ("pyrogram", "kurigram"))
    assert not quoted(made.stderr, MTCUTE, made.stdout)


@pytest.mark.parametrize("client", ["telethon", "pyrogram", "kurigram"])
def test_a_file_is_made_and_read(tmp_path: Path, client: str) -> None:
    path = tmp_path / "made.session"
    made = session("convert", "-", "--to", client, "--api-id", "5", "--out", path, given=MTCUTE)
    assert (made.exit_code, made.stdout) == (Exit.DONE, ""), made.stderr
    assert import_foreign_file(path.read_bytes()).auth_key == KEY
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = session("convert", path, "--to", "telethon", "--address", "[::5]:50123")
    assert import_foreign_string(again.stdout).address == ("::5", 50123)
    assert "use_ipv6=True" in again.stderr
    before = path.read_bytes()
    refused = session("convert", "-", "--to", client, "--api-id", "5", "--out", path, given=MTCUTE)
    assert (refused.exit_code, path.read_bytes()) == (Exit.FAILED, before)
    assert "is there already" in refused.stderr


def test_a_string_that_is_kept_in_a_file_is_read_from_there(tmp_path: Path) -> None:
    path = tmp_path / "mtcute.txt"
    assert session("convert", "-", "--to", "mtcute", "--out", path, given=TELETHON).exit_code == Exit.DONE
    assert json.loads(session("show", path, "--json").stdout)["session"] == "a session string of mtcute"


def test_who_is_logged_in_has_to_be_known(tmp_path: Path) -> None:
    path = kept_in(tmp_path, export_foreign_file(LOGIN, "telethon"))
    for refused in (session("convert", path, "--to", "own"), session("string", path)):
        assert (refused.exit_code, refused.stdout) == (Exit.FAILED, "")
        assert "does not say who is logged in" in refused.stderr
        assert "--user-id" in refused.stderr
        check_silent(refused)
    assert "needs user_id" in session("convert", path, "--to", "pyrogram", "--api-id", "5").stderr
    given = session("convert", path, "--to", "own", "--user-id", "777", "--bot", "--test")
    record = import_string(given.stdout)
    assert (record.user_id, record.is_bot, record.test, record.home_dc) == (777, True, True, 2)
    assert (
        "does not say that the servers are test servers" in session("convert", path, "--to", "gramjs", "--test").stderr
    )


def test_an_application_of_the_environment_does_not_replace_that_of_the_session(tmp_path: Path) -> None:
    path = kept_in(tmp_path, export_foreign_file(LOGIN, "kurigram"))
    env = {"MTPROTO_API_ID": "5"}
    kept = session("convert", path, "--to", "pyrogram", env=env)
    named = session("convert", path, "--to", "pyrogram", "--api-id", "6", env=env)
    assert (import_foreign_string(kept.stdout).api_id, import_foreign_string(named.stdout).api_id) == (12345, 6)


def test_what_the_session_says_is_not_overruled() -> None:
    refused = session("convert", "-", "--to", "mtcute", "--user-id", "5", given=MTCUTE)
    assert refused.exit_code == Exit.FAILED
    assert '"user_id" is another one' in refused.stderr


@pytest.mark.parametrize("text", [TELETHON, MTCUTE, export_string(full_account())])
def test_a_string_on_the_command_line_is_refused_and_not_quoted(text: str) -> None:
    refused = session("show", text)
    assert refused.exit_code == Exit.USAGE
    assert "MTPROTO_SESSION_STRING" in refused.stderr
    check_silent(refused, text)


def test_nothing_named_is_a_wrong_call() -> None:
    assert "name a session" in session("show").stderr


@pytest.mark.parametrize("given", ["", "hello", TELETHON[:200], "1" * 5000, "mtproto1:AAAA", "ä" * 300])
def test_another_text_is_one_line_that_quotes_nothing(given: str) -> None:
    refused = session("show", "-", given=given)
    assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (Exit.FAILED, "", 1)
    check_silent(refused, given)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert f"there is no {tmp_path / 'no.session'}" in session("show", tmp_path / "no.session").stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_a_file_that_another_program_writes_is_refused(tmp_path: Path, end: str) -> None:
    path = kept_in(tmp_path, export_foreign_file(LOGIN, "telethon"))
    path.with_name(path.name + end).write_bytes(b"half")
    refused = session("show", path)
    assert refused.exit_code == Exit.FAILED
    assert f"other.session{end} holds what is not in the file yet" in refused.stderr


def test_another_database_is_told(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as made:
        made.execute("CREATE TABLE t (x)")
    assert "no session file of another client" in session("show", tmp_path / "x.db").stderr


def test_the_server_is_asked_who_is_logged_in(tmp_path: Path, dc: LocalDCThread, pem: Path) -> None:
    store = MemoryStore()
    places = {dc.dc_id: dc.address}
    with blocking.Account(store, api_id=dc.api_id, api_hash=dc.api_hash, dcs=places, keys=dc.keys) as account:
        bot = account.login(bot_token=dc.bot_token)
        text = export_foreign_string(ForeignLogin.from_record(store.load(), address=dc.address), "telethon")
    ask = ("convert", "-", "--to", "own", "--ask", "--key", pem)
    asked = session(*ask, "--api-id", dc.api_id, given=text)
    assert asked.exit_code == Exit.DONE, asked.stderr
    record = import_string(asked.stdout)
    assert (record.user_id, record.is_bot, record.home_dc) == (bot, True, dc.dc_id)
    assert "wants an application's id" in session(*ask, given=text).stderr
    ready = tmp_path / "dc.json"
    ready.write_text(json.dumps(dc.client_info()))
    told = session(*ask[:-1], ready, given=text, env={"MTPROTO_API_ID": "5"})  # that one is for Telegram
    assert told.exit_code == Exit.DONE, told.stderr
    assert import_string(told.stdout).api_id == dc.api_id
    assert import_string(session(*ask[:-1], ready, "--api-id", 6, given=text).stdout).api_id == 6
    stranger = export_foreign_string(ForeignLogin(auth_key=KEY, dc_id=2, address=dc.address), "telethon")
    unknown = session(*ask, "--api-id", dc.api_id, given=stranger)
    assert unknown.exit_code == Exit.CONNECTION
    check_silent(unknown, stranger)


def test_a_session_that_was_converted_keeps_its_servers(tmp_path: Path, dc: LocalDCThread) -> None:
    store, own = MemoryStore(), tmp_path / "mine.session"
    places = {dc.dc_id: dc.address}
    with blocking.Account(store, api_id=dc.api_id, api_hash=dc.api_hash, dcs=places, keys=dc.keys) as account:
        bot = account.login(bot_token=dc.bot_token)
        login = ForeignLogin.from_record(store.load())
    assert login.address == dc.address
    ready = tmp_path / "dc.json"
    ready.write_text(json.dumps(dc.client_info()))
    for client in ("telethon", "pyrogram"):  # the one says where the data centre is, the other who is logged in
        own.unlink(missing_ok=True)
        given = ("--user-id", bot) if client == "telethon" else ()
        made = session(
            *("convert", "-", "--to", "own", "--out", own, "--key", ready, *given),
            given=export_foreign_string(login, client),
        )
        assert made.exit_code == Exit.DONE, made.stderr
        shown = json.loads(session("show", own, "--json").stdout)
        assert (shown["servers"], shown["address"]) == ("other", authority(dc.address))
        asked = CliRunner(env=NO_CREDENTIALS).invoke(commands, ["whoami", "--json", "--session", str(own)])
        assert json.loads(asked.stdout)["user"]["id"] == str(bot), asked.stderr
    back = session("convert", own, "--to", "telethon")
    assert import_foreign_string(back.stdout).address == dc.address


def test_telegrams_own_key_makes_no_other_servers(tmp_path: Path) -> None:
    text = export_foreign_string(replace(LOGIN, address=None), "telethon")
    for data in (PRODUCTION_KEYS[0], TEST_KEYS[0]):
        pem = kept_in(tmp_path, RSAPublicKey.from_data(data).to_pem().encode())
        made = session("convert", "-", "--to", "own", "--user-id", 5, "--key", pem, given=text)
        assert (import_string(made.stdout).public_keys, import_string(made.stdout).is_elsewhere) == ((), False)


def test_a_session_without_its_servers_is_not_dialled() -> None:
    made = session("convert", "-", "--to", "own", "--user-id", 5, "--api-id", 5, given=TELETHON)
    assert import_string(made.stdout).is_elsewhere
    assert json.loads(session("show", "-", "--json", given=made.stdout).stdout)["servers"] == "other"


def test_where_other_servers_are_may_be_given(tmp_path: Path, dc: LocalDCThread) -> None:
    record = replace(import_string(export_string(LOGIN.to_record())), dcs={}, public_keys=("a key",))
    lost = session("convert", "-", "--to", "telethon", given=export_string(record))
    assert (lost.exit_code, lost.stdout) == (Exit.FAILED, "")
    assert "where DC 2 is has to be given" in lost.stderr
    back = session("convert", "-", "--to", "telethon", "--address", "127.0.0.1:50123", given=export_string(record))
    assert import_foreign_string(back.stdout).address == ("127.0.0.1", 50123), back.stderr
    ready = tmp_path / "dc.json"
    ready.write_text(json.dumps(dc.client_info()))
    served = session("convert", "-", "--to", "telethon", "--key", ready, given=export_string(record))
    assert import_foreign_string(served.stdout).address == dc.address, served.stderr
