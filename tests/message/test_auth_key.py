"""The authorization key: its id and hash, and that nobody sees it by accident."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError
from mtproto.message.auth_key import AuthKey
from tests.vectors import independent

leading_zeros = st.integers(0, 256).map(lambda count: bytes(count) + independent.stream("key", 256 - count))


@given(data=st.binary(min_size=256, max_size=256) | leading_zeros)
def test_id_and_hash_are_ends_of_the_sha1(data: bytes) -> None:
    key = AuthKey(data)
    assert key.data == data
    assert key.id_bytes == independent.auth_key_id(data)
    assert key.id == int.from_bytes(key.id_bytes, "little", signed=True)
    assert key.aux_hash == independent.auth_key_aux_hash(data)


@pytest.mark.parametrize("size", [0, 255, 257])
def test_a_key_has_256_bytes(size: int) -> None:
    with pytest.raises(LocalProtocolError):
        AuthKey(bytes(size))


def test_a_repr_shows_the_id_only() -> None:
    key = AuthKey(independent.stream("key", 256))
    assert repr(key) == str(key) == f"AuthKey(id={key.id})"


def test_keys_are_equal_by_their_bytes() -> None:
    key, same, other = AuthKey(b"k" * 256), AuthKey(b"k" * 256), AuthKey(b"k" * 255 + b"l")
    assert key == same
    assert hash(key) == hash(same)
    assert key != other
    assert key != b"k" * 256
