"""Telegram's addresses and keys: well formed, and each fingerprint computed again."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import pytest

from mtproto.datacenters import OLD_KEYS, PORTS, PRODUCTION, PRODUCTION_KEYS, TEST, TEST_KEYS, DataCenter, PublicKey
from tests.vectors import independent

EVERY_KEY = (*PRODUCTION_KEYS, *TEST_KEYS, *OLD_KEYS)
EVERY_DATA_CENTER = (*PRODUCTION.values(), *TEST.values())


@pytest.mark.parametrize("key", EVERY_KEY, ids=lambda key: f"{key.fingerprint % 2**64:016x}")
def test_fingerprints_are_those_of_the_numbers(key: PublicKey) -> None:
    assert key.fingerprint == independent.rsa_fingerprint(key.n, key.e)
    assert key.n.bit_length() == 2048


def test_the_keys_are_those_of_the_list(shared: Path) -> None:
    listed = json.loads((shared / "schema" / "rsa_keys.json").read_text())
    expected = {(int(key["modulus"], 16), int(key["exponent"], 16), key["fingerprint"]) for key in listed}
    assert {(key.n, key.e, f"{key.fingerprint % 2**64:016x}") for key in EVERY_KEY} == expected
    current = {key["fingerprint"] for key in listed if key["rsa_pad"]}
    assert {f"{key.fingerprint % 2**64:016x}" for key in (*PRODUCTION_KEYS, *TEST_KEYS)} == current


@pytest.mark.parametrize("dc", EVERY_DATA_CENTER, ids=lambda dc: f"{'test' if dc.test else 'production'} {dc.id}")
def test_addresses_are_of_their_family(dc: DataCenter) -> None:
    for text in (*dc.ipv4, *dc.media_ipv4):
        assert ipaddress.IPv4Address(text).is_global
    for text in (*dc.ipv6, *dc.media_ipv6):
        assert ipaddress.IPv6Address(text).is_global
    assert dc.ipv4
    assert dc.ipv6


def test_there_are_five_data_centers_and_three_for_tests() -> None:
    assert {number: dc.id for number, dc in PRODUCTION.items()} == {number: number for number in range(1, 6)}
    assert {number: dc.id for number, dc in TEST.items()} == {number: number for number in range(1, 4)}
    addresses = [
        address for dc in EVERY_DATA_CENTER for address in (*dc.ipv4, *dc.ipv6, *dc.media_ipv4, *dc.media_ipv6)
    ]
    assert len(set(addresses)) == len(addresses)


def test_addresses_are_tried_on_every_port_and_media_first_where_asked() -> None:
    dc = PRODUCTION[2]
    assert dc.addresses()[:3] == tuple(("149.154.167.51", port) for port in PORTS)
    assert dc.addresses(media=True)[:3] == tuple(("149.154.167.222", port) for port in PORTS)
    assert dc.addresses(media=True)[3:] == dc.addresses()
    assert dc.addresses(ipv6=True) == tuple(("2001:67c:4e8:f002::a", port) for port in PORTS)
    assert dc.addresses(ipv6=True, media=True)[0] == ("2001:67c:4e8:f002::b", 443)


def test_test_servers_have_other_ids_in_a_key_exchange() -> None:
    assert PRODUCTION[2].exchange_id == 2
    assert TEST[2].exchange_id == 10002
