"""What a passphrase protects: every byte, every parameter, and which contents these are."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.store import PassphraseWrong, StoreDamaged
from mtproto.store.record_json import login_bytes
from mtproto.store.wrapping import LOG_N, SCRYPT_MEMORY, Wrapping
from tests.store.records import full_account

PATH = Path("an.account")
PLAIN = login_bytes(full_account(), soft=True)


def wrapped(what: str = "account") -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mtproto.store.wrapping.LOG_N", 4)
        return Wrapping("pass phrase").wrap(PLAIN, what)


WRAPPED = wrapped()


def opened(data: bytes, what: str = "account") -> bytes:
    return Wrapping("pass phrase").unwrap(PATH, data, what)


def changed(**members: Any) -> bytes:
    return json.dumps({**json.loads(WRAPPED), **members}).encode()


def test_it_opens_with_its_passphrase() -> None:
    assert opened(WRAPPED) == PLAIN
    assert opened(changed()) == PLAIN


def test_what_is_written_of_scrypt_is_enough_against_guessing() -> None:
    assert LOG_N == 17
    members = json.loads(WRAPPED)
    assert (members["r"], members["p"], len(base64.b64decode(members["salt"]))) == (8, 1, 16)
    assert 128 * 8 << LOG_N <= SCRYPT_MEMORY


def test_no_nonce_and_no_salt_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtproto.store.wrapping.LOG_N", 4)
    one, other = Wrapping("pass phrase"), Wrapping("pass phrase")
    all_of_them = [json.loads(wrapping.wrap(PLAIN, "account")) for wrapping in (one, one, other)]
    assert len({members["nonce"] for members in all_of_them}) == 3
    assert len({members["salt"] for members in all_of_them}) == 2


@pytest.mark.parametrize("members", [{"log_n": 5}, {"r": 4}, {"p": 2}, {"salt": "A" * 22 + "=="}, {"nonce": "A" * 16}])
def test_a_parameter_that_is_another_one_opens_nothing(members: dict[str, Any]) -> None:
    with pytest.raises(PassphraseWrong):
        opened(changed(**members))


def test_a_weaker_scrypt_under_the_same_key_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtproto.store.wrapping._Cost.derive", lambda cost, passphrase: bytes(32))
    data = json.loads(wrapped())
    assert opened(json.dumps(data).encode()) == PLAIN
    with pytest.raises(PassphraseWrong):
        opened(json.dumps({**data, "log_n": 1}).encode())


def test_contents_open_in_their_own_place_only() -> None:
    with pytest.raises(PassphraseWrong):
        opened(wrapped("login of one"), "login of other")


@given(st.data())
def test_a_bit_that_is_another_one_opens_nothing(data: st.DataObject) -> None:
    sealed = bytearray(base64.b64decode(json.loads(WRAPPED)["data"]))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(PassphraseWrong):
        opened(changed(data=base64.b64encode(sealed).decode()))


@pytest.mark.parametrize(
    "members",
    [
        {"log_n": 19},
        {"log_n": 18, "r": 16},
        {"log_n": 30},
        {"log_n": 31},
        {"r": 65},
        {"p": 5},
        {"log_n": 0},
        {"p": 0},
        {"salt": ""},
        {"nonce": ""},
        {"cipher": "rot13"},
        {"more": 1},
    ],
)
def test_a_scrypt_that_would_need_too_much_is_refused_and_not_begun(
    members: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtproto.store.wrapping._Cost.derive", None)
    with pytest.raises(StoreDamaged):
        opened(changed(**members))


def test_another_version_is_told_before_a_passphrase_is_asked_for() -> None:
    for passphrase in (None, "pass phrase"):
        with pytest.raises(StoreDamaged, match="another version"):
            Wrapping(passphrase).unwrap(PATH, changed(version=2), "account")


def test_a_store_derives_its_key_once(monkeypatch: pytest.MonkeyPatch) -> None:
    derived: list[object] = []

    def derive(cost: object, passphrase: bytes) -> bytes:
        derived.append(cost)
        return bytes(32)

    monkeypatch.setattr("mtproto.store.wrapping._Cost.derive", derive)
    wrapping = Wrapping("pass phrase")
    for _ in range(3):
        wrapping.unwrap(PATH, wrapping.wrap(PLAIN, "account"), "account")
    assert len(derived) == 1
