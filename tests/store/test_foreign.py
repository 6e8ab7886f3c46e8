"""Sessions of other clients: what their own packages wrote is read, any session comes back, and damage is told.

`foreign_vectors.json` holds what the packages wrote; `tests/interop/test_sessions.py` has them write again.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import json
import sqlite3
import string
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.errors import OptionError
from mtproto.store import (
    FOREIGN_CLIENTS,
    LARGEST_FILE,
    AccountRecord,
    ForeignLogin,
    StoreDamaged,
    export_foreign_file,
    export_foreign_string,
    export_string,
    import_foreign_file,
    import_foreign_string,
    import_string,
)
from mtproto.store.foreign import databases
from tests.store.records import SECRETS, full_account, key_of

VECTORS: dict[str, str] = json.loads((Path(__file__).parent / "foreign_vectors.json").read_text("utf-8"))
KEY = bytes(range(256))
FILE_CLIENTS = ("telethon", "pyrogram", "kurigram")
IPV6 = "2001:67c:4e8:f002::e"


def session(**changes: Any) -> ForeignLogin:
    """Return a session that says all there is to say, with some of it changed."""
    full = ForeignLogin(
        auth_key=KEY, dc_id=4, address=("127.0.0.1", 50123), test=False, api_id=12345, user_id=1 << 40, is_bot=True
    )
    return replace(full, **changes)


NOBODY: dict[str, Any] = {"api_id": None, "user_id": None, "is_bot": None}
OF_VECTORS = {
    "telethon ipv4": session(address=("149.154.167.91", 443), **NOBODY),
    "telethon high port": session(dc_id=2, test=None, **NOBODY),
    "telethon ipv6": session(dc_id=2, address=(IPV6, 443), test=True, **NOBODY),
    "gramjs": session(address=("149.154.167.91", 443), **NOBODY),
    "gramjs 13": session(dc_id=2, address=("149.154.167.5", 80), test=None, **NOBODY),
    "gramjs ipv6": session(dc_id=2, address=(IPV6, 443), test=True, **NOBODY),
    "gramjs name": session(dc_id=2, address=("venus.web.telegram.org", 443), test=None, **NOBODY),
    "kurigram": session(address=None),
    "pyrogram 351": session(dc_id=2, address=None, test=True, api_id=None, user_id=4_000_000_000, is_bot=False),
    "pyrogram 356": session(dc_id=2, address=None, api_id=None),
    "mtcute": session(dc_id=2, api_id=None),
    "mtcute nobody": session(dc_id=2, **NOBODY),
    "mtcute media ipv6": session(address=("2001:67c:4e8:f004::a", 443), api_id=None, user_id=777, is_bot=False),
    "mtcute test": session(dc_id=2, address=("149.154.167.40", 443), test=True, api_id=None, user_id=777, is_bot=False),
    "file telethon": session(dc_id=2, test=None, **NOBODY),
    "file kurigram": session(address=("2001:67c:4e8:f004::a", 50123)),
    "file kurigram wal": session(dc_id=2, address=("149.154.167.51", 443), test=True, user_id=777, is_bot=False),
}


LAYOUTS = {
    "telethon": "Telethon",
    "gramjs": "GramJS",
    "kurigram": "Kurigram",
    "pyrogram": "Pyrogram",
    "mtcute": "mtcute",
}


def file_of(name: str) -> bytes:
    return zlib.decompress(base64.b64decode(VECTORS[name]))


@pytest.mark.parametrize("name", OF_VECTORS)
def test_what_the_packages_wrote_is_read(name: str) -> None:
    read = import_foreign_file(file_of(name)) if name.startswith("file ") else import_foreign_string(VECTORS[name])
    assert read == OF_VECTORS[name]
    assert LAYOUTS[name.split()[name.startswith("file ")]] in read.layout


@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("telethon ipv4", "telethon"),
        ("telethon high port", "telethon"),
        ("telethon ipv6", "telethon"),
        ("gramjs", "gramjs"),
        ("gramjs 13", "gramjs"),
        ("kurigram", "kurigram"),
        ("kurigram", "pyrogram"),
        ("mtcute", "mtcute"),
        ("mtcute nobody", "mtcute"),
        ("mtcute test", "mtcute"),
    ],
)
def test_a_string_is_written_to_the_letter_as_the_package_writes_it(name: str, client: str) -> None:
    assert export_foreign_string(OF_VECTORS[name], client) == VECTORS[name]


def test_older_strings_become_the_one_that_is_written_today() -> None:
    read = import_foreign_string(VECTORS["pyrogram 351"])
    with pytest.raises(OptionError, match="needs api_id"):
        export_foreign_string(read, "pyrogram")
    written = export_foreign_string(read.with_known(api_id=5), "pyrogram")
    assert (len(VECTORS["pyrogram 351"]), len(VECTORS["pyrogram 356"]), len(written)) == (351, 356, 362)
    assert import_foreign_string(written) == read.with_known(api_id=5)


ips = st.ip_addresses().filter(lambda ip: "%" not in str(ip)).map(str)
sessions = st.builds(
    ForeignLogin,
    auth_key=st.binary(min_size=8, max_size=8).filter(any).map(lambda part: part * 32),
    dc_id=st.integers(1, 200),
    address=st.tuples(ips, st.integers(1, 65535)),
    test=st.booleans(),
    api_id=st.integers(1, (1 << 31) - 1),
    user_id=st.integers(1, (1 << 53) - 1),
    is_bot=st.booleans(),
)
KNOWN = {
    "telethon": ("auth_key", "dc_id", "address"),
    "gramjs": ("auth_key", "dc_id", "address"),
    "pyrogram": ("auth_key", "dc_id", "test", "api_id", "user_id", "is_bot"),
    "kurigram": ("auth_key", "dc_id", "test", "api_id", "user_id", "is_bot"),
    "mtcute": ("auth_key", "dc_id", "address", "test", "user_id", "is_bot"),
}
"""What the string of each client says."""


@pytest.mark.parametrize("client", FOREIGN_CLIENTS)
@given(sessions)
def test_any_session_comes_back_from_a_string(client: str, written: ForeignLogin) -> None:
    read = import_foreign_string(export_foreign_string(written, client))
    for name in KNOWN[client]:
        assert comparable(getattr(read, name)) == comparable(getattr(written, name)), name


@pytest.mark.parametrize("client", FILE_CLIENTS)
@settings(max_examples=25)
@given(sessions)
def test_any_session_comes_back_from_a_file(client: str, written: ForeignLogin) -> None:
    read = import_foreign_file(export_foreign_file(written, client))
    for name in {*KNOWN[client], *(("address",) if client != "pyrogram" else ())}:
        assert getattr(read, name) == getattr(written, name), name


def comparable(value: Any) -> Any:
    """Return an address with its host written out: clients shorten it in their own ways."""
    if not isinstance(value, tuple):
        return value
    return ipaddress.ip_address(value[0]), value[1]


def test_blanks_padding_and_the_other_alphabet_do_not_matter() -> None:
    text = VECTORS["gramjs name"]
    for changed in (f" {text}\n", text.rstrip("="), text.replace("+", "-").replace("/", "_")):
        assert import_foreign_string(changed) == OF_VECTORS["gramjs name"]


def test_gramjs_is_given_no_address_that_it_takes_for_telethons() -> None:
    written = export_foreign_string(session(address=("::1", 443)), "gramjs")
    assert len(written) - 1 != 352  # by which GramJS knows Telethon's
    assert import_foreign_string(written).address == ("0000:0000:0000:0000:0000:0000:0000:0001", 443)


@pytest.mark.parametrize("port", [32767, 32768, 65535])
def test_a_port_of_gramjs_is_signed_there_and_unsigned_here(port: int) -> None:
    written = export_foreign_string(session(address=("127.0.0.1", port)), "gramjs")
    data = base64.b64decode(written[1:])
    assert struct.unpack(">h", data[12:14]) == (port - (1 << 16 if port > 32767 else 0),)
    assert import_foreign_string(written).address == ("127.0.0.1", port)


# From and to accounts of our own ---------------------------------------------------------------------------------


def test_an_account_becomes_a_session_and_comes_back() -> None:
    record = full_account()
    taken = ForeignLogin.from_record(record)
    assert (taken.auth_key, taken.dc_id, taken.user_id, taken.api_id) == (key_of(4).auth_key.data, 4, 777, 12345)
    assert taken.place() == ("149.154.167.91", 443)
    back = taken.to_record()
    assert back.key(4) is not None
    assert replace(back, keys={}) == AccountRecord(home_dc=4, api_id=12345, user_id=777)


def test_an_account_of_the_test_servers_has_the_key_under_the_number_of_the_exchange() -> None:
    record = session(dc_id=2, test=True).to_record()
    key_state = record.key(2)
    assert key_state is not None
    assert (record.test, key_state.dc_id, key_state.auth_key.data) == (True, 10002, KEY)
    there = session(dc_id=2, test=True, address=None).to_record()
    assert ForeignLogin.from_record(there).place() == ("149.154.167.40", 443)


@pytest.mark.parametrize(
    ("address", "is_elsewhere"),
    [
        (("127.0.0.1", 50123), True),
        (("10.0.0.7", 443), True),
        (("fd00::1", 443), True),
        (("149.154.167.50", 443), False),  # a server of Telegram's that no client ships
        (("149.154.167.51", 443), False),
        (("venus.web.telegram.org", 443), False),
        (None, False),
    ],
)
def test_an_address_that_is_not_shipped_goes_into_an_account_and_back(
    address: tuple[str, int] | None, is_elsewhere: bool
) -> None:
    record = session(dc_id=2, address=address).to_record()
    assert record.is_elsewhere == is_elsewhere
    back = ForeignLogin.from_record(import_string(export_string(record)))
    ships = address is None or "telegram" in address[0]
    assert back.place() == (("149.154.167.51", 443) if ships else address)
    assert ForeignLogin.from_record(record, address=("::5", 1)).place() == ("::5", 1)


def test_an_account_of_other_servers_does_not_become_a_session_of_telegrams() -> None:
    record = replace(session(address=None).to_record(), public_keys=("a key",))
    with pytest.raises(OptionError, match="where DC 4 is has to be given"):
        ForeignLogin.from_record(record)
    assert ForeignLogin.from_record(record, address=("::5", 1)).address == ("::5", 1)


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        (AccountRecord(), "nobody is logged in"),
        (replace(full_account(), user_id=None), "does not say who is logged in: log in, or give with_known"),
        (replace(full_account(), ended="SESSION_REVOKED"), "nobody is logged in"),
    ],
)
def test_an_account_without_login_becomes_no_session(record: AccountRecord, wanted: str) -> None:
    with pytest.raises(OptionError, match=wanted):
        ForeignLogin.from_record(record)


def test_a_user_whom_the_layout_does_not_name_is_given() -> None:
    read = import_foreign_string(VECTORS["telethon high port"])
    assert read.to_record().user_id is None
    with pytest.raises(OptionError, match="Pyrogram needs user_id"):
        export_foreign_string(read.with_known(api_id=5), "kurigram")
    known = read.with_known(user_id=777, is_bot=False, api_id=5, test=True)
    assert import_foreign_string(export_foreign_string(known, "kurigram")).user_id == 777
    assert known.to_record().is_logged_in


@pytest.mark.parametrize(("name", "value"), [("user_id", 5), ("is_bot", False), ("test", True)])
def test_what_the_session_itself_says_is_not_overruled(name: str, value: Any) -> None:
    with pytest.raises(OptionError, match=f'"{name}" is another one than the session itself says'):
        session().with_known(**{name: value})


def test_an_address_that_nobody_ships_has_to_be_given() -> None:
    lost = session(dc_id=203, address=None)
    with pytest.raises(OptionError, match="the address of DC 203 is not known"):
        export_foreign_string(lost, "telethon")
    assert import_foreign_string(export_foreign_string(lost.with_known(address=("::2", 1)), "telethon")).address == (
        "::2",
        1,
    )
    assert session(dc_id=2, address=("venus.web.telegram.org", 443)).place() == ("149.154.167.51", 443)


@pytest.mark.parametrize("client", ["", "own", "tdesktop", "Telethon"])
def test_another_client_is_refused_by_name(client: str) -> None:
    with pytest.raises(OptionError, match="telethon, pyrogram, kurigram, gramjs, mtcute"):
        export_foreign_string(session(), client)
    with pytest.raises(OptionError, match="files are known of telethon, pyrogram, kurigram"):
        export_foreign_file(session(), client)


BAD_FIELDS: list[dict[str, Any]] = [
    {"auth_key": KEY[1:]},
    {"auth_key": bytes(256)},
    {"dc_id": 0},
    {"dc_id": 256},
    {"address": ("127.0.0.1", 0)},
    {"address": ("127.0.0.1", 65536)},
    {"address": ("a b", 1)},
    {"address": ("", 1)},
    {"api_id": -1},
    {"user_id": 0},
    {"user_id": 1 << 63},
]


@pytest.mark.parametrize("bad", BAD_FIELDS)
def test_a_field_that_cannot_be_is_refused_and_not_quoted(bad: dict[str, Any]) -> None:
    with pytest.raises(OptionError) as caught:
        session(**bad)
    check_silent(f"{caught.value!r}")


def test_no_repr_shows_a_key() -> None:
    check_silent(repr(session()))


# Damage and hostile input ----------------------------------------------------------------------------------------


def check_silent(told: str, text: str = "") -> None:
    parts = [text[start : start + 12] for start in range(len(text) - 12)]
    assert not [part for part in (*parts, *SECRETS) if part in told], "quoted"


def refused(text: str) -> str:
    with pytest.raises(StoreDamaged) as caught:
        import_foreign_string(text)
    check_silent(f"{caught.value} {caught.value!r}", text)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


STRINGS = [text for name, text in VECTORS.items() if name != "made by" and not name.startswith("file")]


@pytest.mark.parametrize("text", STRINGS)
def test_a_string_that_is_cut_short_is_refused(text: str) -> None:
    whole = text.rstrip("=")
    for length in range(0, len(whole) - 1, 7):
        refused(whole[:length])
    refused(whole[:-2])


@given(st.sampled_from(STRINGS), st.data())
def test_a_string_with_another_letter_is_read_or_refused(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from(string.ascii_letters + string.digits + "+/-_=äÀ\0 "))
    with contextlib.suppress(StoreDamaged):
        import_foreign_string(text[:place] + letter + text[place + 1 :])


@given(st.text(max_size=40) | st.binary(max_size=600).map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_any_other_text_is_refused(text: str) -> None:
    for prefix in ("", "1"):
        with contextlib.suppress(StoreDamaged):
            assert len(import_foreign_string(prefix + text).auth_key) == 256


def test_a_text_without_end_is_refused() -> None:
    assert "longer than 4096 characters" in refused("A" * 4097)


def test_a_string_without_key_is_refused() -> None:
    data = struct.pack(">B4sH256s", 2, b"\x7f\0\0\1", 443, bytes(256))
    assert "nobody is logged in" in refused("1" + base64.urlsafe_b64encode(data).decode())


def test_a_string_of_mtcute_with_more_than_a_session_is_refused() -> None:
    data = base64.urlsafe_b64decode(VECTORS["mtcute"] + "=" * (-len(VECTORS["mtcute"]) % 4))
    for changed in (data + bytes(4), data[:1] + b"\x09" + data[2:], data[:1] + b"\x81" + data[2:]):
        assert "taken for a session string of mtcute" in refused(base64.urlsafe_b64encode(changed).decode())


def refused_file(data: bytes) -> str:
    with pytest.raises(StoreDamaged) as caught:
        import_foreign_file(data)
    check_silent(f"{caught.value} {caught.value!r}")
    assert caught.value.__cause__ is None
    return str(caught.value)


def database(*statements: str, key: bytes = KEY) -> bytes:
    with contextlib.closing(sqlite3.connect(":memory:")) as made:
        for statement in statements:
            made.execute(statement, [key] if "?" in statement else [])
        made.commit()
        return bytes(made.serialize())


TABLE = "CREATE TABLE sessions (dc_id integer, server_address text, port integer, auth_key blob)"
ROW = "INSERT INTO sessions VALUES (2, '127.0.0.1', 443, ?)"


def test_a_file_of_an_older_telethon_is_read() -> None:
    assert import_foreign_file(database(TABLE, ROW)).address == ("127.0.0.1", 443)


def test_a_file_of_an_older_pyrogram_is_read() -> None:
    table = "CREATE TABLE sessions (dc_id integer, test_mode integer, auth_key blob, date integer, user_id, is_bot)"
    read = import_foreign_file(database(table, "INSERT INTO sessions VALUES (2, 1, ?, 0, 777, 0)"))
    assert (read.dc_id, read.test, read.user_id, read.is_bot, read.api_id) == (2, True, 777, False, None)


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS dc_id, x AS auth_key, x AS port"
GENERATED = "auth_key blob GENERATED ALWAYS AS (zeroblob(256))"
HOSTILE = {
    "a view without end": (f"CREATE VIEW sessions AS {ENDLESS}, '' AS server_address FROM n",),
    "a column that is computed": (
        f"CREATE TABLE sessions (dc_id integer, server_address text, port integer, {GENERATED})",
        "INSERT INTO sessions VALUES (2, '127.0.0.1', 443)",
    ),
    "a key of gigabytes": (TABLE, "INSERT INTO sessions VALUES (2, '127.0.0.1', 443, zeroblob(1000000))"),
    "a host of megabytes": (TABLE, "INSERT INTO sessions VALUES (2, printf('%.*c', 1000000, 'a'), 443, ?)"),
    "two sessions": (TABLE, ROW, ROW),
    "no session": (TABLE,),
    "no table": ("CREATE TABLE other (x)",),
    "other columns": ("CREATE TABLE sessions (x)",),
    "a key of another type": (TABLE, "INSERT INTO sessions VALUES (2, '127.0.0.1', 443, 'key')"),
    "a key that is cut short": (TABLE, "INSERT INTO sessions VALUES (2, '127.0.0.1', 443, x'0011')"),
    "no key": (TABLE, "INSERT INTO sessions VALUES (2, '127.0.0.1', 443, x'')"),
    "a text that is no UTF-8": (TABLE, "INSERT INTO sessions VALUES (2, CAST(x'ff00' AS TEXT), 443, ?)"),
    "a number of another type": (TABLE, "INSERT INTO sessions VALUES ('two', '127.0.0.1', 443, ?)"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused(name: str) -> None:
    refused_file(database(*HOSTILE[name]))


@pytest.mark.parametrize("name", ["a key of gigabytes", "a host of megabytes"])
def test_a_value_that_is_too_large_is_not_taken_out_of_a_file(name: str) -> None:
    assert "SQLite can't read it" in refused_file(database(*HOSTILE[name]))


def test_a_statement_of_a_file_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the statement could not be kept from running at all."""
    endless = database(*HOSTILE["a view without end"])
    monkeypatch.setattr(
        databases, "_column_names", lambda *_: frozenset(("dc_id", "auth_key", "server_address", "port"))
    )
    monkeypatch.setattr(databases, "_allowed", lambda *_: sqlite3.SQLITE_OK)
    monkeypatch.setitem(databases._COLUMNS, "telethon", ("max(dc_id)", "1", "1", "1"))
    monkeypatch.setattr(databases, "_client_of", lambda *_: "telethon")
    assert "SQLite can't read it" in refused_file(endless)


def test_a_file_of_kurigram_in_which_nobody_is_logged_in_is_refused() -> None:
    assert "nobody is logged in" in refused_file(file_of("file kurigram nobody"))


def test_a_file_without_end_is_refused() -> None:
    class Endless(bytes):
        def __len__(self) -> int:
            return LARGEST_FILE + 1

    assert "larger than 134217728 bytes" in refused_file(Endless())


@pytest.mark.parametrize("data", [b"", b"{}", b"SQLite format 3\0", b"SQLite format 3\0" + bytes(4000)])
def test_another_file_is_refused(data: bytes) -> None:
    refused_file(data)


@given(st.sampled_from(("file telethon", "file kurigram")), st.data())
def test_a_damaged_file_is_read_or_refused(name: str, data: st.DataObject) -> None:
    whole = file_of(name)
    place = data.draw(st.integers(0, 4096) | st.integers(0, len(whole) - 1))
    piece = data.draw(st.binary(min_size=1, max_size=8))
    with contextlib.suppress(StoreDamaged):
        import_foreign_file((whole[:place] + piece + whole[place + len(piece) :])[: len(whole)])
    with contextlib.suppress(StoreDamaged):
        import_foreign_file(whole[:place])
