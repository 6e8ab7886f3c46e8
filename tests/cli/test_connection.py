"""Which data centre a command connects to when a state file has a word in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mtproto.cli.connection import _stored_target
from mtproto.cli.errors import CommandFailed
from mtproto.cli.options import Target
from mtproto.cli.state_file import StoredState
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.datacenters import PRODUCTION, TEST
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState

NOWHERE = Target(
    address=None,
    keys=(),
    dc_id=None,
    state=Path("the.state"),
    transport="intermediate",
    proxy=None,
    pfs=False,
    timeout=1,
    api_id=1,
    api_hash="",
    bot_token=None,
)


def stored(address: tuple[str, int], key: RSAPrivateKey) -> StoredState:
    return StoredState(address, 10002, (key.public,), KeyState(auth_key=AuthKey(bytes(256)), dc_id=10002))


@pytest.mark.parametrize("address", [TEST[2].addresses()[0], TEST[2].addresses(ipv6=True)[-1]])
def test_an_address_of_telegrams_stands_for_its_whole_data_centre(
    address: tuple[str, int], rsa_key: RSAPrivateKey
) -> None:
    for given in (None, TEST[2]):
        target = _stored_target(replace(NOWHERE, address=given), stored(address, rsa_key))
        assert target.address == TEST[2]
        assert target.dc_id == 10002
        assert target.keys == (rsa_key.public,)


def test_any_other_address_is_taken_as_it_is(rsa_key: RSAPrivateKey) -> None:
    assert _stored_target(NOWHERE, stored(("192.0.2.1", 443), rsa_key)).address == ("192.0.2.1", 443)


def test_who_names_one_address_gets_that_one(rsa_key: RSAPrivateKey) -> None:
    address = TEST[2].addresses()[0]
    assert _stored_target(replace(NOWHERE, address=address), stored(address, rsa_key)).address == address


@pytest.mark.parametrize("given", [PRODUCTION[2], TEST[1], ("192.0.2.2", 443)])
def test_another_data_centre_is_refused(given: tuple[str, int], rsa_key: RSAPrivateKey) -> None:
    target = replace(NOWHERE, address=given)
    with pytest.raises(CommandFailed, match=r"the\.state belongs to 149\.154\.167\.40:443"):
        _stored_target(target, stored(TEST[2].addresses()[0], rsa_key))


def test_a_file_of_another_number_is_not_used(rsa_key: RSAPrivateKey) -> None:
    kept = stored(("192.0.2.1", 443), rsa_key)
    with pytest.raises(CommandFailed, match="belongs to data centre 10002, not to 2"):
        _stored_target(replace(NOWHERE, address=kept.address, dc_id=2), kept)


def test_an_address_of_telegrams_under_another_number_stays_an_address(rsa_key: RSAPrivateKey) -> None:
    place = TEST[2].addresses()[0]
    kept = replace(stored(place, rsa_key), dc_id=2)
    assert _stored_target(NOWHERE, kept).address == place
