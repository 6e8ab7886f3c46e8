"""Derived keys and hashes, for all inputs, against the formulas written a second time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mtproto.crypto import kdf
from tests.vectors import independent


def exactly(size: int) -> st.SearchStrategy[bytes]:
    """Byte strings of one size; half of them begin with zero bytes."""
    zeros = st.integers(1, size).map(lambda count: bytes(count) + independent.stream("rest", size - count))
    return st.binary(min_size=size, max_size=size) | zeros


xs = st.sampled_from([0, 8])


@given(auth_key=exactly(256), msg_key=exactly(16), x=xs)
def test_packet_keys(auth_key: bytes, msg_key: bytes, x: int) -> None:
    assert kdf.kdf_v1(auth_key, msg_key, x) == independent.kdf_v1(auth_key, msg_key, x)
    assert kdf.kdf_v2(auth_key, msg_key, x) == independent.kdf_v2(auth_key, msg_key, x)


@given(auth_key=exactly(256), plaintexts=st.lists(st.binary(), min_size=2, max_size=4), x=xs)
def test_a_derivation_serves_any_number_of_packets(auth_key: bytes, plaintexts: list[bytes], x: int) -> None:
    derivation = kdf.Derivation(auth_key, x)
    for plaintext in plaintexts:
        large = derivation.msg_key_large(plaintext)
        assert large == independent.sha256(auth_key[88 + x : 120 + x], plaintext)
        assert derivation.key_iv(large[8:24]) == independent.kdf_v2(auth_key, large[8:24], x)


@given(new_nonce=exactly(32), server_nonce=exactly(16))
def test_the_temporary_key_of_the_exchange(new_nonce: bytes, server_nonce: bytes) -> None:
    expected = independent.tmp_aes_key_iv(new_nonce, server_nonce)
    assert kdf.tmp_aes_key_iv(new_nonce, server_nonce) == expected
    assert [len(part) for part in expected] == [32, 32]


@given(number=st.sampled_from([1, 2, 3]), new_nonce=exactly(32), auth_key=exactly(256))
def test_the_proof_of_the_last_answer(number: int, new_nonce: bytes, auth_key: bytes) -> None:
    aux_hash = independent.auth_key_aux_hash(auth_key)
    assert kdf.new_nonce_hash(number, new_nonce, aux_hash) == independent.new_nonce_hash(number, new_nonce, auth_key)
