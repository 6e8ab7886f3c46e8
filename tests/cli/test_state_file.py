"""The file behind `--state`."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from mtproto.cli.state_file import StoredState, lock_state, read_state
from mtproto.cli.state_file import write_state as write_locked
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState, Salt
from mtproto.store import StoreDamaged

AUTH_KEY = AuthKey(bytes(range(256)))

DEEP = b'{"version": ' + b"[" * 200_000


def write_state(path: Path, state: StoredState) -> None:
    with lock_state(path) as file:
        write_locked(file, state)


@pytest.fixture
def stored(rsa_key: RSAPrivateKey) -> StoredState:
    state = KeyState(auth_key=AUTH_KEY, dc_id=2, salts=[Salt(1, 2, -3)], time_offset=1.5, last_msg_id=4, layer=229)
    return StoredState(("192.0.2.1", 443), 2, (rsa_key.public,), state)


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
