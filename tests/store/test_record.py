"""What an account's record may hold, and what it shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mtproto.errors import OptionError
from mtproto.message import AuthKey, KeyState
from mtproto.store import AccountRecord
from tests.store.records import SECRETS, full_account, key_of


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("home_dc", value) for value in (0, -2, 1 << 31, True, "2", None)),
        *(("test", value) for value in (1, None)),
        *(("api_id", value) for value in (-1, 1 << 31, "1")),
        *(("authorized", frozenset({value})) for value in (0, -1, "1")),
        *(("user_id", value) for value in (0, -1, 1 << 63, True)),
        *(("is_bot", value) for value in (0, None)),
        *(("future_tokens", value) for value in ((b"",) * 21, ("text",), (bytes(4097),))),
        *(("ended", value) for value in ("", "a\nb", "\x1b[2J", "x" * 201)),
        ("authorized", frozenset(range(1, 258))),
        ("keys", {dc_id: key_of(dc_id).to_bytes() for dc_id in range(1, 258)}),
        *(("keys", {dc_id: key_of(2).to_bytes()}) for dc_id in (0, -2, 1 << 31)),
        *(("dcs", {dc_id: ("::1", 443)}) for dc_id in (0, -2, 1 << 31)),
        *(("dcs", {2: place}) for place in (("", 443), ("a" * 254, 443), ("a\n", 443), ("::1", 0), ("::1", 1 << 16))),
        ("dcs", dict.fromkeys(range(1, 258), ("::1", 443))),
        *(("public_keys", value) for value in ((b"",), ("",), ("a" * 4097,), ("\x1b",), ("a",) * 17)),
        ("keys", {2: b"MTKS"}),
        ("keys", {2: key_of(2).to_bytes()[:-1]}),
    ],
)
def test_a_field_that_can_not_be_is_refused_by_name_and_not_quoted(name: str, value: Any) -> None:
    wrong: dict[str, Any] = {name: value}
    with pytest.raises(OptionError) as caught:
        AccountRecord(**wrong)
    assert caught.value.options == (name,)
    assert not any(secret in str(caught.value) for secret in SECRETS)


@pytest.mark.parametrize(
    ("dc_id", "own", "test", "good"),
    [
        (2, 2, False, True),
        (2, 0, False, True),
        (2, -2, False, True),
        (2, 10002, True, True),
        (2, -10002, True, True),
        (2, 10002, False, False),
        (2, 4, False, False),
        (2, 10004, True, False),
        (4, 2, True, False),
    ],
)
def test_the_key_of_a_data_centre_is_kept_under_its_own_number_only(
    dc_id: int, own: int, test: bool, good: bool
) -> None:
    record = AccountRecord(test=test)
    if good:
        assert record.with_key(dc_id, key_of(own)).key(dc_id) == key_of(own)
    else:
        with pytest.raises(OptionError, match=f"stands under DC {dc_id} belongs to DC {own}"):
            record.with_key(dc_id, key_of(own))


@pytest.mark.parametrize("expires_at", [0.0, 1_700_000_000.0, float("nan")])
def test_a_temporary_key_is_never_kept(expires_at: float) -> None:
    temporary = KeyState(auth_key=AuthKey(bytes(256)), dc_id=2, expires_at=expires_at)
    with pytest.raises(OptionError, match="the key of DC 2 is a temporary one"):
        AccountRecord().with_key(2, temporary)


def test_what_can_not_be_in_a_kept_key_is_dropped_and_the_key_stays() -> None:
    state = KeyState(auth_key=AuthKey(bytes(256)), dc_id=2, time_offset=float("inf"))
    kept = AccountRecord().with_key(2, state).key(2)
    assert kept is not None
    assert (kept.time_offset, kept.auth_key.data) == (0.0, bytes(256))


def test_another_key_of_a_data_centre_is_not_authorized_there_and_the_same_one_is() -> None:
    record = full_account()
    again = replace(key_of(2), time_offset=9.0)
    assert record.with_key(2, again).authorized == {2, 4}
    assert record.with_key(2, key_of(2, first=9)).authorized == {4}
    assert record.with_key(2, key_of(2, first=9)).key(4) == key_of(4)


def test_a_key_that_is_gone_is_not_authorized() -> None:
    record = full_account().without_key(4)
    assert (set(record.keys), set(record.authorized)) == ({2}, {2})
    assert record.key(4) is None
    assert record.without_key(5) == record


def test_nothing_is_known_of_a_new_account() -> None:
    record = AccountRecord()
    assert record.is_new
    assert not record.is_logged_in
    assert not full_account().is_new
    assert full_account().is_logged_in
    assert not replace(full_account(), ended="SESSION_REVOKED").is_logged_in


def test_the_record_does_not_change_with_what_it_was_made_of() -> None:
    keys, peers = {2: key_of(2).to_bytes()}, {"a": 1}
    record = AccountRecord(keys=keys, peers=peers)
    keys.clear()
    peers.clear()
    assert record == AccountRecord(keys={2: key_of(2).to_bytes()}, peers={"a": 1})


def test_no_repr_shows_a_secret() -> None:
    shown = repr(full_account())
    assert "home_dc=4" in shown
    assert "user_id=777" in shown
    assert "ä" not in shown
    assert not any(secret in shown for secret in SECRETS)
