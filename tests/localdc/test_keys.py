"""The file that keeps auth keys over restarts."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.localdc import LocalDC, LocalDCThread, keys
from mtproto.localdc.keys import KeyFile, KeyRecord, read_keys
from mtproto.message.auth_key import AuthKey
from mtproto.store import StoreDamaged, StoreError, StoreLocked
from tests.localdc.stage import rsa_key, write_keys


def record() -> KeyRecord:
    return KeyRecord(AuthKey(bytes(range(256))), layer=229, inited=True, user_id=5, used_at=1.5)


def write(path: Path, records: list[KeyRecord]) -> None:
    write_keys(path, "PEM", records)


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    write(tmp_path / "state", [record()])
    pem, records = read_keys(tmp_path / "state")
    assert pem == "PEM"
    assert [kept.to_dict() for kept in records] == [record().to_dict()]


def test_temporary_keys_are_not_written(tmp_path: Path) -> None:
    temporary = KeyRecord(AuthKey(bytes(reversed(range(256)))), expires_at=1.5)
    write(tmp_path / "state", [record(), temporary])
    assert [kept.auth_key.id for kept in read_keys(tmp_path / "state")[1]] == [record().auth_key.id]


def test_no_file_is_an_empty_one(tmp_path: Path) -> None:
    assert read_keys(tmp_path / "state") == (None, [])


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    for name in ("state", "state.new"):  # also where something wider lies in the way
        (tmp_path / name).write_bytes(b"")
        (tmp_path / name).chmod(0o666)
    write(tmp_path / "state", [])
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o600


def test_a_link_in_the_way_of_a_draft_is_not_followed(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_text("of somebody else")
    (tmp_path / "state.new").symlink_to(foreign)
    write(tmp_path / "state", [record()])
    assert foreign.read_text() == "of somebody else"
    assert not (tmp_path / "state").is_symlink()


def test_a_second_dc_is_refused_until_the_first_is_closed(tmp_path: Path) -> None:
    first = LocalDCThread(state=tmp_path / "state", key=rsa_key())
    with pytest.raises(StoreLocked, match="in use by process"):
        LocalDCThread(state=tmp_path / "state", key=rsa_key())
    first.close()  # it never ran
    LocalDCThread(state=tmp_path / "state", key=rsa_key()).close()


def test_the_key_that_a_dc_makes_is_on_disk_before_it_listens(tmp_path: Path) -> None:
    key, _ = KeyFile(tmp_path / "made").load(None)
    pem, _ = read_keys(tmp_path / "made")
    assert pem is not None
    assert RSAPrivateKey.from_pem(pem).public == key.public


def test_a_damaged_file_is_free_again(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text("{}")
    for _ in range(2):
        with pytest.raises(StoreDamaged):
            LocalDC(state=path)


def test_a_closed_dc_takes_its_file_again_if_nobody_changed_it(tmp_path: Path) -> None:
    path = tmp_path / "state"
    file = KeyFile(path)
    file.write("PEM", [])
    file.close()
    with pytest.raises(StoreError, match="given back"):
        file.write("PEM", [])
    file.reopen()
    file.reopen()  # is open
    file.close()
    write(path, [record()])
    with pytest.raises(StoreError, match="was changed"):
        file.reopen()
    write(path, [])  # nobody has the lock


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "[" * 200_000,
        '{"version": Infinity}',
        json.dumps({"version": 1, "rsa": 7, "keys": []}),
        json.dumps({"version": 1, "rsa": "SECRET", "keys": {"SECRET": 1}}),
        json.dumps({"version": 2, "rsa": "", "keys": []}),
        json.dumps({"version": 1, "rsa": "SECRET", "keys": [{"auth_key": "SECRET"}]}),
        json.dumps({"version": 1, "rsa": "SECRET", "keys": [{"auth_key": "U0VDUkVU", "surplus": 1}]}),
    ],
)
def test_a_damaged_file_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state"
    path.write_text(text)
    with pytest.raises(StoreDamaged, match="state") as caught:
        read_keys(path)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_record_does_not_show_its_key() -> None:
    assert "auth_key" not in repr(record())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("layer", "229"),
        ("layer", 1 << 31),
        ("inited", 1),
        ("user_id", 1 << 63),
        ("used_at", "1.5"),
        ("used_at", -1.0),
        ("auth_key", 7),
        ("auth_key", base64.b64encode(bytes(255)).decode()),
    ],
)
def test_a_record_of_the_wrong_type_is_damage(tmp_path: Path, field: str, value: Any) -> None:
    path = tmp_path / "state"
    path.write_text(json.dumps({"version": 1, "rsa": "PEM", "keys": [{**record().to_dict(), field: value}]}))
    with pytest.raises(StoreDamaged, match=field):
        read_keys(path)


def test_an_rsa_key_that_is_none_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write(path, [])
    with pytest.raises(StoreDamaged, match=r'state: .*"rsa" is not a private key'):
        LocalDC(state=path)


def test_a_file_with_more_keys_than_it_may_hold_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "LIMIT", 4096)
    file = KeyFile(tmp_path / "state")
    key, records = file.load(RSAPrivateKey.generate())
    with pytest.raises(StoreError, match="4096"):
        file.write(key.to_pem(), [*records, *(KeyRecord(AuthKey(os.urandom(256))) for _ in range(20))])
    assert not (tmp_path / "state").exists()
    file.close()
