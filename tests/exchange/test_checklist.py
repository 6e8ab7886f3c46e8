"""The checklist for key exchanges of core.telegram.org/mtproto/security_guidelines: a test for each of its rules."""

from __future__ import annotations

import pytest

from mtproto.crypto import aes, kdf
from mtproto.crypto.dh import KNOWN_PRIME
from mtproto.crypto.hashes import sha1
from mtproto.crypto.primes import is_small_prime
from mtproto.crypto.rsa import RSAPrivateKey, rsa_unpad
from mtproto.errors import ExchangeFailed
from mtproto.exchange import ClientExchange, ExchangeFaults, ExchangeRejected, ServerExchange
from mtproto.exchange.common import minimal_bytes, open_inner, seal_inner
from tests.exchange.support import (
    CHEAP_PQ,
    NOW,
    PQ,
    BareClient,
    Randomness,
    body_of,
    changed,
    failure,
    flip,
    halves,
    join,
)
from tl import service

# RFC 3526, group 14: a safe prime of 2048 bits that no part of MTProto names; p mod 8 = 7, so 2 is allowed with it.
OTHER_SAFE_PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
INNER = "server_DH_inner_data"
DH_GEN = {"dh_gen_ok": 1, "dh_gen_retry": 2, "dh_gen_fail": 3}


def arm(faults: ExchangeFaults, constructor: str) -> None:
    """Make the server send `constructor` where it has a choice."""
    if constructor == "dh_gen_retry":
        faults.dh_gen_retry()
    elif constructor == "dh_gen_fail":
        faults.dh_gen_fail()
    elif constructor == "server_DH_params_fail":
        faults.server_dh_params_fail()


# dh_prime: 2048-bit safe prime (or whitelisted), g in 2..7 with the residue condition; cache verdicts by (p, g).


@pytest.mark.parametrize(
    ("prime", "check"),
    [
        (KNOWN_PRIME - 12, "dh_prime is not a safe prime"),
        (KNOWN_PRIME - 564, "dh_prime is not a safe prime"),
        (KNOWN_PRIME - 8436, "dh_prime is not a safe prime"),
        (KNOWN_PRIME >> 1, "dh_prime does not have 2048 bits"),
        (KNOWN_PRIME << 1, "dh_prime does not have 2048 bits"),
        (23, "dh_prime does not have 2048 bits"),
        (0, "dh_prime does not have 2048 bits"),
    ],
    ids=["composite", "prime, not safe", "no prime, though its half is one", "2047 bits", "2049 bits", "tiny", "zero"],
)
def test_dh_prime_is_a_2048_bit_safe_prime(key: RSAPrivateKey, prime: int, check: str) -> None:
    assert failure(key, changed(INNER, dh_prime=minimal_bytes(prime))) == (INNER, check)


@pytest.mark.parametrize("g", [-1, 0, 1, 2, 5, 6, 8, 2**31 - 1])
def test_g_is_in_2_to_7_and_a_quadratic_residue(key: RSAPrivateKey, g: int) -> None:
    assert failure(key, changed(INNER, g=g)) == (INNER, "g does not generate a subgroup of prime order")


def test_verdicts_are_cached_by_p_and_g(key: RSAPrivateKey) -> None:
    draws = []
    for seed in (1, 2):
        group = {
            "dh_prime": minimal_bytes(OTHER_SAFE_PRIME),
            "g": 2,
            "g_a": minimal_bytes(pow(2, 5000, OTHER_SAFE_PRIME)),
        }
        client, server = halves(key, faults=changed(INNER, **group), seed=seed)
        # The server computes with the prime that it knows, so the two come to different keys.
        with pytest.raises(ExchangeFailed, match="new_nonce_hash1"):
            join(client, server)
        random = client._random
        assert isinstance(random, Randomness)
        draws.append(sum(length > 256 for length in random.lengths))
    assert draws[0] >= 30
    assert draws[1] == 0


# 1 < g_a, g_b < p-1; recommended: within [2^1984, p - 2^1984]. g_b checked by the server too.

MARGIN = 1 << 1984
OUT_OF_RANGE = [0, 1, 2, MARGIN - 1, KNOWN_PRIME - MARGIN + 1, KNOWN_PRIME - 1, KNOWN_PRIME, KNOWN_PRIME + MARGIN]
IN_RANGE = [MARGIN, KNOWN_PRIME - MARGIN]


@pytest.mark.parametrize("g_a", OUT_OF_RANGE, ids=range(len(OUT_OF_RANGE)))
def test_g_a_is_in_range(key: RSAPrivateKey, g_a: int) -> None:
    assert failure(key, changed(INNER, g_a=minimal_bytes(g_a))) == (INNER, "g_a")


@pytest.mark.parametrize("g_a", IN_RANGE, ids=["lowest", "highest"])
def test_g_a_may_lie_on_the_border_of_the_range(key: RSAPrivateKey, g_a: int) -> None:
    step, check = failure(key, changed(INNER, g_a=minimal_bytes(g_a)))
    assert (step, check) == ("dh_gen_ok", "new_nonce_hash1")


def after_server_dh_params(key: RSAPrivateKey, client: BareClient) -> tuple[ServerExchange, bytes]:
    server = ServerExchange([key], Randomness(3), pq=PQ, dc_ids=[2])
    answer = server.receive(client.req_dh_params(server.receive(client.req_pq(), NOW)), NOW)
    return server, answer


@pytest.mark.parametrize("g_b", OUT_OF_RANGE, ids=range(len(OUT_OF_RANGE)))
def test_g_b_is_checked_by_the_server(key: RSAPrivateKey, g_b: int) -> None:
    client = BareClient(key.public)
    client.changes.override("client_DH_inner_data", g_b=lambda _: minimal_bytes(g_b))
    server, answer = after_server_dh_params(key, client)
    with pytest.raises(ExchangeRejected) as caught:
        server.receive(client.set_client_dh_params(answer), NOW)
    assert (caught.value.step, caught.value.check, caught.value.code) == ("client_DH_inner_data", "g_b", -404)


@pytest.mark.parametrize("g_b", IN_RANGE, ids=["lowest", "highest"])
def test_g_b_may_lie_on_the_border_of_the_range(key: RSAPrivateKey, g_b: int) -> None:
    client = BareClient(key.public)
    client.changes.override("client_DH_inner_data", g_b=lambda _: minimal_bytes(g_b))
    server, answer = after_server_dh_params(key, client)
    assert body_of(server.receive(client.set_client_dh_params(answer), NOW)).NAME == "dh_gen_ok"


def test_the_client_does_not_send_a_g_b_out_of_range(key: RSAPrivateKey) -> None:
    client = ClientExchange([key.public], 2, Randomness(1, {256: [bytes(256)]}))
    server = ServerExchange([key], Randomness(2), pq=CHEAP_PQ)
    with pytest.raises(ExchangeFailed) as caught:
        join(client, server)
    assert (caught.value.step, caught.value.check) == ("client_DH_inner_data", "g_b")
    assert not isinstance(caught.value, ExchangeRejected)


def test_the_server_does_not_send_a_g_a_out_of_range(key: RSAPrivateKey) -> None:
    client = ClientExchange([key.public], 2, Randomness(1))
    server = ServerExchange([key], Randomness(2, {256: [bytes(256)]}), pq=CHEAP_PQ)
    with pytest.raises(ExchangeRejected) as caught:
        join(client, server)
    assert (caught.value.step, caught.value.check) == (INNER, "g_a")


# SHA1 of the decrypted server_DH_inner_data equals its prefix; padding 0..15 bytes; inner and outer nonce and
# server_nonce equal the known ones; new_nonce_hash1/2/3 correct for the constructor received.


def test_sha1_of_server_dh_inner_data_equals_its_prefix(key: RSAPrivateKey) -> None:
    faults = ExchangeFaults()
    faults.wrong_sha1()
    assert failure(key, faults) == ("server_DH_params_ok", "SHA1")


def with_padding(key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch, padding: int) -> ClientExchange:
    """Run an exchange whose server pads its inner data with that many bytes."""

    def seal(data: bytes, aes_key_iv: tuple[bytes, bytes], _: object) -> bytes:
        return aes.ige_encrypt(sha1(data) + data + b"\x77" * padding, *aes_key_iv)

    monkeypatch.setattr("mtproto.exchange.server.seal_inner", seal)
    client, server = halves(key)
    join(client, server)
    return client


def test_padding_has_0_to_15_bytes(key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    # The data has 564 bytes and the hash 20, so that 8 bytes fill the last block.
    assert with_padding(key, monkeypatch, 8).done
    for padding in (24, 40):
        with pytest.raises(ExchangeFailed) as caught:
            with_padding(key, monkeypatch, padding)
        assert (caught.value.step, caught.value.check) == ("server_DH_params_ok", "SHA1")


def test_padding_is_as_short_as_blocks_allow() -> None:
    aes_key_iv = bytes(32), bytes(range(32))
    for g_b_length, padding in ((252, 0), (256, 12)):
        data = service.types.ClientDHInnerData(
            nonce=bytes(16), server_nonce=bytes(16), retry_id=0, g_b=bytes(g_b_length)
        ).to_bytes()
        sealed = seal_inner(data, aes_key_iv, Randomness())
        assert len(sealed) - 20 - len(data) == padding
        assert open_inner(sealed, aes_key_iv, "client_DH_inner_data", "step").to_bytes() == data


def test_nothing_follows_server_dh_inner_data_but_padding(key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    def seal(data: bytes, aes_key_iv: tuple[bytes, bytes], random: Randomness) -> bytes:
        return seal_inner(data + bytes(4), aes_key_iv, random)

    monkeypatch.setattr("mtproto.exchange.server.seal_inner", seal)
    assert failure(key, ExchangeFaults()) == ("server_DH_params_ok", "constructor")


@pytest.mark.parametrize("cut", [1, 8, 15, 32, 592 - 16, 592])
def test_the_length_of_encrypted_answer_is_possible(key: RSAPrivateKey, cut: int) -> None:
    faults = ExchangeFaults()
    faults.override("server_DH_params_ok", encrypted_answer=lambda value: value[: len(value) - cut])
    expected = "SHA1" if cut == 32 else "length"
    assert failure(key, faults) == ("server_DH_params_ok", expected)


@pytest.mark.parametrize(("size", "check"), [(1024, "SHA1"), (1040, "length"), (1 << 20, "length")])
def test_an_encrypted_answer_that_is_too_long_is_not_decrypted(key: RSAPrivateKey, size: int, check: str) -> None:
    faults = changed("server_DH_params_ok", encrypted_answer=bytes(size))
    assert failure(key, faults) == ("server_DH_params_ok", check)


@pytest.mark.parametrize("constructor", ["resPQ", "server_DH_params_ok", "server_DH_params_fail", *DH_GEN])
def test_the_outer_nonce_equals_the_known_one(key: RSAPrivateKey, constructor: str) -> None:
    faults = ExchangeFaults()
    arm(faults, constructor)
    faults.wrong_nonce(constructor)
    assert failure(key, faults) == (constructor, "nonce")


@pytest.mark.parametrize("constructor", ["server_DH_params_ok", "server_DH_params_fail", *DH_GEN])
def test_the_outer_server_nonce_equals_the_known_one(key: RSAPrivateKey, constructor: str) -> None:
    faults = ExchangeFaults()
    arm(faults, constructor)
    faults.wrong_server_nonce(constructor)
    assert failure(key, faults) == (constructor, "server_nonce")


@pytest.mark.parametrize("field", ["nonce", "server_nonce"])
def test_the_inner_nonces_equal_the_known_ones(key: RSAPrivateKey, field: str) -> None:
    faults = ExchangeFaults()
    faults.override(INNER, **{field: flip})
    assert failure(key, faults) == (INNER, field)


@pytest.mark.parametrize(("constructor", "number"), DH_GEN.items())
def test_new_nonce_hash_is_right_for_the_constructor_received(
    key: RSAPrivateKey, constructor: str, number: int
) -> None:
    faults = ExchangeFaults()
    arm(faults, constructor)
    faults.wrong_hash(constructor)
    assert failure(key, faults) == (constructor, f"new_nonce_hash{number}")


@pytest.mark.parametrize(
    ("constructor", "number"), [(name, other) for name in DH_GEN for other in (1, 2, 3) if other != DH_GEN[name]]
)
def test_the_hash_of_another_constructor_is_refused(
    key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch, constructor: str, number: int
) -> None:
    right = kdf.new_nonce_hash
    faults = ExchangeFaults()
    arm(faults, constructor)
    client, server = halves(key, faults=faults)
    payload = client.start(NOW)
    for _ in range(2):
        payload = client.receive(server.receive(payload, NOW), NOW) or b""
    with monkeypatch.context() as patch:
        patch.setattr("mtproto.exchange.server.new_nonce_hash", lambda _, *rest: right(number, *rest))
        answer = server.receive(payload, NOW)
    with pytest.raises(ExchangeFailed) as caught:
        client.receive(answer, NOW)
    assert (caught.value.step, caught.value.check) == (constructor, f"new_nonce_hash{DH_GEN[constructor]}")


def test_new_nonce_hash_of_server_dh_params_fail_is_verified(key: RSAPrivateKey) -> None:
    faults = ExchangeFaults()
    faults.server_dh_params_fail()
    faults.wrong_hash("server_DH_params_fail")
    assert failure(key, faults) == ("server_DH_params_fail", "new_nonce_hash")


# RSA key chosen only from built-in fingerprints; RSA_PAD, not the old padding.


def test_a_server_without_a_known_fingerprint_is_refused(key: RSAPrivateKey, other_key: RSAPrivateKey) -> None:
    client = ClientExchange([other_key.public], 2, Randomness(1))
    server = ServerExchange([key], Randomness(2), pq=CHEAP_PQ)
    with pytest.raises(ExchangeFailed) as caught:
        join(client, server)
    assert (caught.value.step, caught.value.check) == ("resPQ", "server_public_key_fingerprints")
    assert len(client.steps) == 1


def test_few_of_many_unknown_fingerprints_are_named(key: RSAPrivateKey) -> None:
    client, server = halves(key, faults=changed("resPQ", server_public_key_fingerprints=list(range(1000))))
    with pytest.raises(ExchangeFailed, match="and 992 more") as caught:
        join(client, server)
    assert len(str(caught.value)) < 1000


def test_the_inner_data_is_under_rsa_pad(key: RSAPrivateKey) -> None:
    request = body_of(join(*halves(key))[2])
    inner, _ = service.decode_prefix(rsa_unpad(request.encrypted_data, key))
    assert inner.NAME == "p_q_inner_data_dc"


# new_nonce, b, temp_key, padding from a CSPRNG; server-provided random only mixed in. b has 2048 bits.


def test_all_randomness_of_the_client_is_the_injected_one(key: RSAPrivateKey) -> None:
    client, server = halves(key, pq=PQ)
    join(client, server)
    random = client._random
    assert isinstance(random, Randomness)
    drawn = [length for length in random.lengths if length != 3]  # three bytes for each message id
    nonce, new_nonce, rsa_padding, temp_key, b, padding = 16, 32, 92, 32, 256, 12
    temp_keys = drawn[3:-2]  # drawn again until the number is below the modulus
    assert drawn == [nonce, new_nonce, rsa_padding, *temp_keys, b, padding]
    assert temp_keys == [temp_key] * len(temp_keys) != []


def test_b_has_2048_bits(key: RSAPrivateKey) -> None:
    b = b"\xfe" + bytes(254) + b"\x01"
    client = ClientExchange([key.public], 2, Randomness(1, {256: [b]}))
    join(client, ServerExchange([key], Randomness(2), pq=CHEAP_PQ))
    inner: object = client.steps[4].inner
    assert inner is not None
    assert getattr(inner, "g_b", b"") == pow(3, int.from_bytes(b, "big"), KNOWN_PRIME).to_bytes(256, "big")


# pq factors checked: p < q, p*q == pq; bound the work on absurd pq.

LARGEST_PRIME = 2**63 - 25
assert is_small_prime(LARGEST_PRIME)


@pytest.mark.parametrize(
    "pq",
    [0, 1, 2, 4, 14, 25, 105, 1_000_003**2, LARGEST_PRIME, 2**64 - 59, 3_037_000_507 * 3_037_000_537, 1 << 80_000],
    ids=lambda pq: str(pq)[:20] if pq < 1 << 70 else "huge",
)
def test_pq_is_the_product_of_two_different_primes_below_2_63(key: RSAPrivateKey, pq: int) -> None:
    assert failure(key, changed("resPQ", pq=minimal_bytes(pq))) == ("resPQ", "pq")


def test_pq_has_at_most_8_bytes(key: RSAPrivateKey) -> None:
    # It is sent back under RSA, where there is no room for more.
    assert failure(key, changed("resPQ", pq=bytes(1) + (143).to_bytes(8, "big"))) == ("resPQ", "pq")
    client, server = halves(key, faults=changed("resPQ", pq=(143).to_bytes(8, "big")))
    join(client, server)
    assert client.done


@pytest.mark.parametrize("factors", [(13, 11), (1, 143), (11, 14), (143, 1), (-11, -13)])
def test_factors_are_checked_again(
    key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch, factors: tuple[int, int]
) -> None:
    monkeypatch.setattr("mtproto.exchange.client.factorize", lambda _: factors)
    assert failure(key, ExchangeFaults()) == ("resPQ", "pq")


def test_no_error_of_the_client_shows_a_secret(key: RSAPrivateKey) -> None:
    new_nonce = bytes(range(100, 132))
    client = ClientExchange([key.public], 2, Randomness(1, {32: [new_nonce]}))
    faults = ExchangeFaults()
    faults.wrong_hash()
    with pytest.raises(ExchangeFailed) as caught:
        join(client, ServerExchange([key], Randomness(2), pq=CHEAP_PQ, faults=faults))
    shown = f"{caught.value!r} {caught.value} {vars(caught.value)} {client!r}"
    for secret in (new_nonce.hex(), repr(new_nonce)):
        assert secret not in shown
