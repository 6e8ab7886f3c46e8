"""The file behind `--state`."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtproto import OptionError, blocking, connect
from mtproto.cli.state_file import StoredState, lock_state, read_state
from mtproto.cli.state_file import write_state as write_locked
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState, KeyStateDamaged, Salt
from mtproto.store import StoreDamaged, StoreError
from tests.cli.conftest import Run

AUTH_KEY = AuthKey(bytes(range(256)))

DEEP = b'{"version": ' + b"[" * 200_000


def write_state(path: Path, state: StoredState) -> None:
    with lock_state(path) as file:
        write_locked(file, state)


@pytest.fixture
def stored(rsa_key: RSAPrivateKey) -> StoredState:
    state = KeyState(auth_key=AUTH_KEY, dc_id=2, salts=[Salt(1, 2, -3)], time_offset=1.5, last_msg_id=4)
    return StoredState(("192.0.2.1", 443), 2, (rsa_key.public,), state)


def test_the_client_and_the_command_line_read_each_others_states(tmp_path: Path, stored: StoredState) -> None:
    write_state(tmp_path / "state", stored)
    options: dict[str, Any] = {"keys": stored.keys, "api_id": 1}
    for kept in ((tmp_path / "state").read_bytes(), stored.key_state.to_bytes(), stored.key_state):
        for connects in (connect, blocking.connect):
            assert connects(("192.0.2.1", 443), state=kept, **options).state == stored.key_state
    (tmp_path / "key").write_bytes(stored.key_state.to_bytes())
    assert read_state(tmp_path / "key") == StoredState(None, 2, (), stored.key_state)


def test_the_applications_id_is_kept_and_may_be_missing(tmp_path: Path, stored: StoredState) -> None:
    for state in (replace(stored, api_id=5), stored):
        write_state(tmp_path / "state", state)
        assert read_state(tmp_path / "state") == state
    assert b"api_id" not in (tmp_path / "state").read_bytes()  # as earlier versions wrote it


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{}",
        b"{",
        b"[]",
        b'{"version": 2, "key_state": ""}',
        b'{"version": 1, "key_state": 5}',
        b'{"version": 1, "key_state": "AAAA"}',
        b"{" * 100_000,
        b"MTKS",
    ],
)
def test_a_state_that_is_none_is_refused_by_both(tmp_path: Path, stored: StoredState, damaged: bytes) -> None:
    with pytest.raises(KeyStateDamaged):
        connect(("192.0.2.1", 443), keys=stored.keys, api_id=1, state=damaged)
    (tmp_path / "state").write_bytes(damaged)
    with pytest.raises(StoreDamaged, match="state: not a state file"):
        read_state(tmp_path / "state")


@pytest.mark.parametrize("path", ["my.state", Path("my.state")])
def test_the_name_of_a_file_is_no_state(path: Any, stored: StoredState) -> None:
    with pytest.raises(OptionError, match="read_bytes"):
        connect(("192.0.2.1", 443), keys=stored.keys, api_id=1, state=path)


def test_a_file_with_a_key_alone_wants_to_be_told_where_to(
    run: Run, tmp_path: Path, reach: list[str], bot: dict[str, str]
) -> None:
    kept = tmp_path / "state"
    assert run("call", "help.getNearestDc", *reach, "--state", str(kept), env=bot).exit_code == 0
    key = read_state(kept)
    assert key is not None
    kept.write_bytes(key.key_state.to_bytes())
    refused = run("call", "help.getNearestDc", "--state", str(kept), env=bot)
    assert refused.exit_code == 2
    assert "holds a key alone" in refused.stderr
    taken = run("call", "help.getNearestDc", *reach, "--state", str(kept), env=bot)
    assert taken.exit_code == 0, taken.stderr
    again = read_state(kept)
    assert again is not None
    assert again.key_state.auth_key == key.key_state.auth_key
    assert run("call", "help.getNearestDc", "--state", str(kept), env=bot).exit_code == 0  # it says where to by now


def test_what_was_written_is_read(tmp_path: Path, stored: StoredState) -> None:
    write_state(tmp_path / "state", stored)
    assert read_state(tmp_path / "state") == stored


def test_only_its_owner_may_read_it(tmp_path: Path, stored: StoredState) -> None:
    write_state(tmp_path / "state", stored)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o600


def test_no_file_is_no_state(tmp_path: Path) -> None:
    assert read_state(tmp_path / "absent") is None


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"version": 1}', b'{"version": 2}', DEEP, b'{"version": NaN}']
)
def test_another_file_is_refused_by_name(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "state").write_bytes(raw)
    with pytest.raises(StoreDamaged, match="state: not a state file"):
        read_state(tmp_path / "state")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key_state", "AAAA"),
        ("key_state", "not base64!"),
        ("key_state", None),
        ("public_keys", ["not a key"]),
        ("public_keys", 7),
        ("public_keys", [7]),
        ("public_keys", "-----BEGIN RSA PUBLIC KEY-----"),
        ("public_keys", ["\ud800"]),
        ("port", "x"),
        ("port", True),
        ("port", 0),
        ("port", 65536),
        ("dc_id", None),
        ("dc_id", "2"),
        ("dc_id", 2.0),
        ("dc_id", float("inf")),
        ("dc_id", float("nan")),
        ("dc_id", 1 << 31),
        ("host", None),
        ("host", ""),
        ("host", "a\0b"),
        ("host", "\ud800"),
        ("key_state", "\u00e9"),
        ("key_state", 7),
        ("version", True),
        ("version", float("inf")),
    ],
)
def test_a_damaged_field_is_refused(tmp_path: Path, stored: StoredState, field: str, value: Any) -> None:
    path = tmp_path / "state"
    write_state(path, stored)
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, field: value}))
    with pytest.raises(StoreDamaged, match="not a state file"):
        read_state(path)


def test_neither_a_repr_nor_an_error_shows_the_key(tmp_path: Path, stored: StoredState) -> None:
    path = tmp_path / "state"
    write_state(path, stored)
    assert AUTH_KEY.data[:8].hex() not in repr(stored)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(StoreDamaged) as caught:
        read_state(path)
    assert caught.value.__cause__ is None
    assert "key_state" not in str(caught.value)


def test_a_file_far_larger_than_any_state_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(StoreError, match="1048576"):
        read_state(tmp_path / "state")
