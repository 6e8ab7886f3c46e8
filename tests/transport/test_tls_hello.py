"""The fake-TLS hello as others see it: OpenSSL answers it as a browser's, and an independent parser reads its parts."""

from __future__ import annotations

import itertools
import os
import ssl
from typing import TYPE_CHECKING

import pytest

from mtproto.transport.tls_hello import client_hello, x25519_share
from tests.transport.certificate import web_server
from tests.transport.support import seeded_random
from tests.transport.tls_parser import ExtensionType, GroupName
from tests.transport.tls_parser import parse_client_hello as parsed

if TYPE_CHECKING:
    from pathlib import Path

DOMAIN = "www.example.org"
CURVE_PRIME = 2**255 - 19


@pytest.fixture
def server(tmp_path: Path) -> ssl.SSLContext:
    return web_server(tmp_path, DOMAIN)


def extensions_of(record: bytes) -> list[int]:
    return [extension.extType for extension in parsed(record).extensions]


def is_grease(number: int) -> bool:
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
@pytest.mark.parametrize("compact", [False, True])
def test_a_web_server_answers_it_with_a_server_hello(server: ssl.SSLContext, compact: bool, protocol: str) -> None:
    names: list[str | None] = []
    server.set_alpn_protocols([protocol])
    server.sni_callback = lambda _connection, name, _context: names.append(name)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = server.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(client_hello(DOMAIN, os.urandom, compact=compact))
    with pytest.raises(ssl.SSLWantReadError):  # it has answered, and waits for what only a real client can say
        connection.do_handshake()
    answer = outgoing.read()
    assert (answer[:3], answer[5]) == (b"\x16\x03\x03", 2)
    assert b"\x14\x03\x03\x00\x01\x01\x17\x03\x03" in answer  # TLS 1.3, with a key that it took from a share of ours
    assert names == [DOMAIN]


def test_a_parser_reads_name_protocols_and_key_shares() -> None:
    hello = parsed(client_hello(DOMAIN, os.urandom))
    assert hello.server_name.decode() == DOMAIN
    assert [bytes(name) for name in hello.getExtension(ExtensionType.alpn).protocol_names] == [b"h2", b"http/1.1"]
    shares = {
        share.group: len(share.key_exchange) for share in hello.getExtension(ExtensionType.key_share).client_shares
    }
    grease, *groups = shares
    assert is_grease(grease)
    assert groups == [GroupName.x25519mlkem768, GroupName.x25519]
    assert list(shares.values()) == [1, 1216, 32]
    assert hello.getExtension(ExtensionType.supported_groups).groups == [
        *shares,
        GroupName.secp256r1,
        GroupName.secp384r1,
    ]
    assert hello.getExtension(ExtensionType.supported_versions).versions[1:] == [(3, 4), (3, 3)]
    assert (len(hello.session_id), hello.random, hello.compression_methods) == (32, bytes(32), [0])


@pytest.mark.parametrize("domain", ["a", DOMAIN, "a" * 182])
def test_the_compact_hello_has_517_bytes_whatever_the_name(domain: str) -> None:
    record = client_hello(domain, os.urandom, compact=True)
    assert len(record) == 517
    assert parsed(record).server_name.decode() == domain
    assert extensions_of(record)[-1] == 21


def test_the_full_hello_needs_no_padding_and_hides_an_encrypted_one() -> None:
    sizes = set()
    for _ in range(60):
        record = client_hello(DOMAIN, os.urandom)
        numbers = extensions_of(record)
        assert 21 not in numbers
        sizes.add(len(parsed(record).getExtension(0xFE0D).extData))
    assert sizes == {42 + size for size in (144, 176, 208, 240)}


def test_extensions_stand_in_any_order_between_two_reserved_ones() -> None:
    orders = []
    for _ in range(20):
        first, *numbers, last = extensions_of(client_hello(DOMAIN, os.urandom))
        assert is_grease(first)
        assert is_grease(last)
        assert first != last
        orders.append(tuple(numbers))
    assert len({frozenset(order) for order in orders}) == 1
    assert len(set(orders)) > 15


def test_reserved_values_differ_from_their_neighbours() -> None:
    hello = parsed(client_hello(DOMAIN, lambda size: bytes(size)))  # the worst source there is
    versions = hello.getExtension(ExtensionType.supported_versions).versions
    reserved = [
        hello.cipher_suites[0],
        hello.getExtension(ExtensionType.supported_groups).groups[0],
        versions[0][0] << 8 | versions[0][1],
        hello.extensions[0].extType,
        hello.extensions[-1].extType,
    ]
    assert all(map(is_grease, reserved))
    assert all(one != other for one, other in itertools.pairwise(reserved))


def test_the_x25519_share_is_a_point_of_the_curve() -> None:
    for _ in range(20):
        u = int.from_bytes(x25519_share(os.urandom), "little")
        assert 0 < u < CURVE_PRIME
        v_squared = (u**3 + 486662 * u**2 + u) % CURVE_PRIME
        assert pow(v_squared, (CURVE_PRIME - 1) // 2, CURVE_PRIME) == 1


def test_the_mlkem_share_is_a_key_that_encapsulates() -> None:
    mlkem = pytest.importorskip(
        "cryptography.hazmat.primitives.asymmetric.mlkem", reason="this cryptography has no ML-KEM"
    )
    hello = parsed(client_hello(DOMAIN, os.urandom))
    share = bytes(hello.getExtension(ExtensionType.key_share).client_shares[1].key_exchange)
    secret, ciphertext = mlkem.MLKEM768PublicKey.from_public_bytes(share[:1184]).encapsulate()
    assert (len(secret), len(ciphertext)) == (32, 1088)
    assert any(share[:1184])


def test_the_hello_comes_from_the_given_randomness_alone() -> None:
    assert client_hello(DOMAIN, seeded_random()) == client_hello(DOMAIN, seeded_random())
    assert client_hello(DOMAIN, os.urandom) != client_hello(DOMAIN, os.urandom)
