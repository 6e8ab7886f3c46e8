"""Accounts as one line of text."""

from __future__ import annotations

import base64
import string
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.store import (
    FOREIGN_CLIENTS,
    AccountRecord,
    ForeignLogin,
    MemoryStore,
    StoreDamaged,
    export_foreign_string,
    export_string,
    import_foreign_string,
    import_string,
    store_of,
)
from tests.store.records import accounts, full_account, key_of

TEXT = export_string(full_account())

TELETHON = "1" + base64.urlsafe_b64encode(bytes(range(256)) + bytes(7)).decode()
GRAMJS = "1" + base64.b64encode(b"\2\0\x0d149.154.167.91\1\xbb" + bytes(range(256))).decode()


@given(accounts())
def test_any_account_comes_back_without_what_may_be_lost(record: AccountRecord) -> None:
    text = export_string(record)
    assert import_string(text) == replace(record, peers={}, updates={})
    assert set(text) <= {*string.ascii_letters, *string.digits, *"-_:"}


def test_blanks_around_it_do_not_matter() -> None:
    assert import_string(f"  {TEXT}\n") == import_string(TEXT)


def refused(text: str) -> StoreDamaged:
    with pytest.raises(StoreDamaged) as caught:
        import_string(text)
    told = f"{caught.value} {caught.value!r}"
    parts = [text[start : start + 12] for start in range(9, len(text) - 12)]
    assert not [part for part in parts if part in told], "quoted"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize(
    "text",
    ["", "mtproto1:", "mtproto1", TEXT[1:], TEXT[9:], TELETHON, GRAMJS, "mtproto2:" + TEXT[9:], "mtproto1:" + "A" * 3],
)
def test_another_text_is_refused_and_not_quoted(text: str) -> None:
    refused(text)


@given(st.integers(9, len(TEXT) - 1), st.sampled_from(string.ascii_letters + string.digits + "-_"))
def test_a_letter_that_is_another_one_is_seen(place: int, letter: str) -> None:
    if TEXT[place] != letter:
        changed = TEXT[:place] + letter + TEXT[place + 1 :]
        data = base64.urlsafe_b64decode(changed[9:] + "=" * (-len(changed[9:]) % 4))
        if data != base64.urlsafe_b64decode(TEXT[9:] + "=" * (-len(TEXT[9:]) % 4)):  # the last letter has spare bits
            refused(changed)


@given(st.integers(0, len(TEXT) - 1))
def test_a_text_that_is_cut_short_is_refused(length: int) -> None:
    refused(TEXT[:length])


@pytest.mark.parametrize("bad", ["ä", " ", "=", "\0", "+", "/", "\n"])
def test_other_letters_are_refused(bad: str) -> None:
    assert "URL-safe base64" in str(refused(TEXT[:50] + bad + TEXT[50:]))


def test_another_version_is_told() -> None:
    data = base64.urlsafe_b64decode(TEXT[9:] + "=" * (-len(TEXT[9:]) % 4))
    other = base64.urlsafe_b64encode(b"\2" + data[1:]).decode().rstrip("=")
    assert "another version" in str(refused("mtproto1:" + other))


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(StoreDamaged, match="longer than 1048576 characters"):
        import_string("mtproto1:" + "A" * 1_048_576)


def test_a_store_of_a_string_keeps_the_account_in_memory() -> None:
    store = store_of(f" {TEXT}\n")
    assert isinstance(store, MemoryStore)
    assert store.load() == import_string(TEXT)


@pytest.mark.parametrize(
    "text", [TEXT[:60], TELETHON, GRAMJS, "mtproto1:", TELETHON[:120], f" {GRAMJS[:76]}\n{GRAMJS[76:]}"]
)
def test_a_string_is_never_taken_for_a_path(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreDamaged) as caught:
        store_of(text)
    assert text[10:40] not in str(caught.value) or len(text) < 20
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("client", FOREIGN_CLIENTS)
def test_another_clients_string_is_told_how_to_be_read(client: str) -> None:
    login = replace(ForeignLogin.from_record(full_account()), address=("149.154.167.91", 443))
    text = export_foreign_string(login, client)
    with pytest.raises(
        StoreDamaged, match=r"another client's is read by mtproto\.store\.import_foreign_string"
    ) as caught:
        store_of(text)
    assert text[:16] not in str(caught.value)
    assert MemoryStore(import_foreign_string(text).with_known(user_id=777).to_record()).load().user_id == 777


def test_a_long_path_whose_folder_is_there_is_a_path(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    with closing(store_of(str(folder / "store"))) as store:
        store.save(full_account())
    assert (folder / "store").exists()
    with pytest.raises(StoreDamaged):
        store_of(str(tmp_path / ("y" * 300) / "store"))


def test_an_account_of_the_largest_size_comes_back() -> None:
    keys = {dc_id: key_of(dc_id).to_bytes() for dc_id in range(1, 257)}
    record = AccountRecord(keys=keys, authorized=frozenset(keys), future_tokens=(bytes(4096),) * 20, ended="x" * 200)
    assert import_string(export_string(record)) == record
