"""The file that keeps auth keys over restarts."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from mtproto.errors import LocalProtocolError
from mtproto.localdc.keys import KeyFile, KeyRecord
from mtproto.message.auth_key import AuthKey


def record() -> KeyRecord:
    return KeyRecord(AuthKey(bytes(range(256))), layer=229, inited=True, user_id=5)


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "state")
    file.write("PEM", [record()])
    pem, records = file.read()
    assert pem == "PEM"
    assert [kept.to_dict() for kept in records] == [record().to_dict()]


def test_temporary_keys_are_not_written(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "state")
    temporary = KeyRecord(AuthKey(bytes(reversed(range(256)))), expires_at=1.5)
    file.write("PEM", [record(), temporary])
    assert [kept.auth_key.id for kept in file.read()[1]] == [record().auth_key.id]


def test_no_file_is_an_empty_one(tmp_path: Path) -> None:
    assert KeyFile(tmp_path / "state").read() == (None, [])


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "state")
    file.write("PEM", [])
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        json.dumps({"version": 2, "rsa": "", "keys": []}),
        json.dumps({"version": 1, "rsa": "SECRET", "keys": [{"auth_key": "SECRET"}]}),
        json.dumps({"version": 1, "rsa": "SECRET", "keys": [{"auth_key": "U0VDUkVU", "surplus": 1}]}),
    ],
)
def test_a_damaged_file_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state"
    path.write_text(text)
    with pytest.raises(LocalProtocolError, match="state") as caught:
        KeyFile(path).read()
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_record_does_not_show_its_key() -> None:
    assert "auth_key" not in repr(record())
