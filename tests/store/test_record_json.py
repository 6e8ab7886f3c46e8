"""The one format of accounts: what a file of an earlier program holds, and what is damage."""

from __future__ import annotations

import base64
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import OptionError
from mtproto.message import AuthKey, KeyState
from mtproto.store import AccountRecord, FileStore, StoreDamaged, StoreError
from mtproto.store.record_json import login_bytes, read_record, soft_bytes
from tests.store.records import SECRETS, full_account, key_of

PATH = Path("an.account")


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def of_version_1() -> dict[str, Any]:
    """Return the members of a file as version 1 writes them: what is here has to be read for ever."""
    return {
        "format": "mtproto account",
        "version": 1,
        "home_dc": 4,
        "test": False,
        "api_id": 12345,
        "keys": [{"dc_id": dc_id, "key_state": coded(key_of(dc_id).to_bytes())} for dc_id in (2, 4)],
        "authorized": [2, 4],
        "user_id": 777,
        "is_bot": False,
        "future_tokens": ["Zmlyc3QgdG9rZW4=", "c2Vjb25kIHRva2Vu"],
        "ended": None,
        "peers": {"user": [1, {"name": "ä", "at": 1.5}]},
        "updates": {"pts": 1 << 40},
    }


def written(content: object) -> bytes:
    return json.dumps(content).encode()


def test_version_1_is_read_and_written_as_it_was() -> None:
    assert read_record(PATH, written(of_version_1())) == full_account()
    assert json.loads(login_bytes(full_account(), soft=True)) == of_version_1()


SERVERS: dict[str, Any] = {"dcs": [{"dc_id": 4, "host": "127.0.0.1", "port": 50123}], "public_keys": ["a\nkey\n"]}


def test_servers_that_are_not_telegrams_are_written_beside_it() -> None:
    record = replace(full_account(), dcs={4: ("127.0.0.1", 50123)}, public_keys=("a\nkey\n",))
    assert read_record(PATH, written({**of_version_1(), **SERVERS})) == record
    assert json.loads(login_bytes(record, soft=True)) == {**of_version_1(), **SERVERS}


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize(
    "value",
    [
        *("\x1b", [[]], {"a": 1}, 1, [0], [""], ["\x1b"], ["a"] * 257, None, ["a" * 5000]),
        *([{"dc_id": 0, "host": "a", "port": 1}], [{"dc_id": 1, "host": "", "port": 1}]),
        *([{"dc_id": 1, "host": "a" * 254, "port": 1}], [{"dc_id": 1, "host": "a", "port": 0}]),
        [{"dc_id": 1, "host": "a", "port": 65536}],
    ],
)
def test_servers_that_can_not_be_are_damage(name: str, value: Any) -> None:
    damage({**of_version_1(), **SERVERS, name: value})


def test_without_peers_and_updates_these_are_empty() -> None:
    content = of_version_1()
    del content["peers"], content["updates"]
    assert read_record(PATH, written(content)) == replace(full_account(), peers={}, updates={})
    assert json.loads(login_bytes(full_account())) == content


@pytest.mark.parametrize("wrong", [float("nan"), float("-inf"), b"bytes", {1: {1}}])
def test_what_json_does_not_know_is_never_written(wrong: Any) -> None:
    for record in (AccountRecord(peers={"a": wrong}), AccountRecord(updates={"a": wrong})):
        with pytest.raises(OptionError, match="can't be written as JSON"):
            login_bytes(record, soft=True)
    with pytest.raises(OptionError, match="updates of the account can't be written as JSON"):
        soft_bytes("updates", {"a": wrong})


def damage(content: object) -> str:
    with pytest.raises(StoreDamaged) as caught:
        read_record(PATH, content if isinstance(content, bytes) else written(content))
    told = str(caught.value)
    assert told.startswith("an.account: not an account of this program, or damaged: ")
    assert not [secret for secret in SECRETS if secret in told], "quoted"
    assert caught.value.__cause__ is None
    return told


@pytest.mark.parametrize("version", [0, 2, 99])
def test_another_version_is_refused(version: int) -> None:
    assert "another version of the format" in damage({**of_version_1(), "version": version, "new": 1})


@pytest.mark.parametrize("content", [{}, {"version": 1}, {"format": "mtproto", "version": 1}, [], 1, b"{", b"\xff"])
def test_another_file_is_refused(content: object) -> None:
    damage(content)


@pytest.mark.parametrize("name", sorted(of_version_1().keys() - {"peers", "updates"}))
def test_a_member_that_is_missing_is_damage(name: str) -> None:
    content = of_version_1()
    del content[name]
    damage(content)


def test_a_member_that_nobody_knows_is_damage() -> None:
    assert "the fields should be" in damage({**of_version_1(), "more": 1})


@pytest.mark.parametrize("name", sorted(of_version_1().keys() - {"format", "version"}))
@pytest.mark.parametrize(
    "value", ["\x1b", [[]], {"a": 1}, [1 << 80], 1 << 80, -1, [0], ["not base64!"], 1.5, "", [True]]
)
def test_a_value_of_another_kind_is_damage_by_the_name_of_its_member(name: str, value: Any) -> None:
    if name in ("peers", "updates") and isinstance(value, dict):
        value = [value]
    told = damage({**of_version_1(), name: value})
    assert f'"{name}"' in told or "not an object where one should be" in told


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ([(2, key_of(2).to_bytes()[:-1])], "the key of DC 2 is not a key state, or damaged"),
        ([(2, b"")], "the key of DC 2 is not a key state, or damaged"),
        ([(2, key_of(4).to_bytes())], "the key that stands under DC 2 belongs to DC 4"),
        ([(2, key_of(2).to_bytes()), (2, key_of(2).to_bytes())], "two keys of DC 2"),
        (
            [(2, KeyState(auth_key=AuthKey(bytes(256)), expires_at=1e9).to_bytes())],
            "the key of DC 2 is a temporary one",
        ),
    ],
)
def test_a_key_that_is_damaged_or_another_one_s_is_refused(keys: list[tuple[int, bytes]], told: str) -> None:
    members = [{"dc_id": dc_id, "key_state": coded(data)} for dc_id, data in keys]
    assert told in damage({**of_version_1(), "keys": members})


WHOLE = login_bytes(full_account(), soft=True)


@given(st.integers(0, len(WHOLE) - 3))
def test_a_file_that_is_cut_short_is_damage(length: int) -> None:
    damage(WHOLE[:length])


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_byte_that_is_another_one_raises_nothing_else(place: int, byte: int) -> None:
    data = WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :]
    try:
        record = read_record(PATH, data)
    except StoreDamaged:
        return
    assert {dc_id: record.key(dc_id) for dc_id in record.keys}.items() <= {2: key_of(2), 4: key_of(4)}.items()


def test_a_file_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtproto.store.account_file.ACCOUNT_SIZE", len(WHOLE))
    with closing(FileStore(tmp_path / "store")) as store:
        store.save(full_account())
        with pytest.raises(StoreError, match=f"can't be written: larger than {len(WHOLE)} bytes"):
            store.save(AccountRecord(peers={"a": "x" * len(WHOLE)}))
        assert store.load() == full_account()
