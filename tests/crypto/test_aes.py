"""AES-256-IGE on every package that offers it, and CTR, against their definitions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.crypto import aes, backend
from mtproto.crypto.aes import CTR, LOADERS, BackendName, IGEBackend, choose, ige_decrypt, ige_encrypt
from mtproto.crypto.errors import CryptoError
from tests.vectors import independent

KEY, IV = independent.stream("key", 32), independent.stream("iv", 32)

keys = st.binary(min_size=32, max_size=32)
block_counts = st.integers(1, 40) | st.sampled_from([1023, 1024, 1025, 2048, 2049])  # a chunk has 1024 blocks


def load(name: BackendName) -> IGEBackend:
    try:
        return LOADERS[name]()
    except ImportError:
        pytest.skip(f"{name} is not installed")


def is_installed(name: BackendName) -> bool:
    try:
        LOADERS[name]()
    except ImportError:
        return False
    return True


@pytest.mark.parametrize("name", LOADERS)
@given(blocks=block_counts, key=keys, iv=keys)
def test_every_backend_is_ige_as_defined(name: BackendName, blocks: int, key: bytes, iv: bytes) -> None:
    implementation = load(name)
    plaintext = independent.stream("plaintext", 16 * blocks)
    encrypted = independent.ige_encrypt(plaintext, key, iv)
    assert implementation.encrypt(plaintext, key, iv) == encrypted
    assert implementation.decrypt(encrypted, key, iv) == plaintext


@pytest.mark.parametrize("name", LOADERS)
def test_a_backend_leaves_its_input_alone(name: BackendName) -> None:
    implementation = load(name)
    plaintext, key, iv = independent.stream("plaintext", 64), KEY[:], IV[:]
    encrypted = implementation.encrypt(plaintext, key, iv)
    assert implementation.decrypt(encrypted, key, iv) == plaintext
    assert (plaintext, key, iv) == (independent.stream("plaintext", 64), KEY, IV)
    assert encrypted == implementation.encrypt(plaintext, key, iv)


def test_the_first_backend_that_can_be_imported_is_chosen() -> None:
    def missing() -> IGEBackend:
        raise ImportError

    assert (
        choose({"cryptg": missing, "tgcrypto": missing, "cryptography": LOADERS["cryptography"]}).name == "cryptography"
    )
    with pytest.raises(CryptoError):
        choose({"cryptg": missing})


@pytest.mark.parametrize("absent", [(), ("cryptg",), ("tgcrypto",), ("cryptg", "tgcrypto")])
def test_a_process_uses_the_fastest_package_that_it_has(absent: tuple[BackendName, ...]) -> None:
    program = f"""
import sys
sys.modules.update(dict.fromkeys({absent!r}))
import mtproto.crypto.aes as aes
assert not {{"cryptography", "cryptg", "tgcrypto"}} & {{name for name, module in sys.modules.items() if module}}
key, iv = bytes(range(32)), bytes(range(32, 64))
print(aes.backend(), aes.ige_encrypt(iv, key, iv).hex(), aes.ige_decrypt(iv, key, iv).hex())
"""
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    expected = next(name for name in LOADERS if name not in absent and is_installed(name))
    key, iv = bytes(range(32)), bytes(range(32, 64))
    encrypted, decrypted = independent.ige_encrypt(iv, key, iv).hex(), independent.ige_decrypt(iv, key, iv).hex()
    assert output.split() == [expected, encrypted, decrypted]


def test_the_backend_of_this_process_does_not_change() -> None:
    assert backend() == aes.ige().name
    assert aes.ige() is aes.ige()


@pytest.mark.parametrize("function", [ige_encrypt, ige_decrypt])
@pytest.mark.parametrize("sizes", [(15, 32, 32), (17, 32, 32), (16, 31, 32), (16, 16, 32), (16, 32, 16), (16, 32, 33)])
def test_ige_refuses_wrong_lengths(
    function: Callable[[bytes, bytes, bytes], bytes], sizes: tuple[int, int, int]
) -> None:
    with pytest.raises(CryptoError):
        function(*(bytes(size) for size in sizes))


def test_ige_of_nothing_is_nothing() -> None:
    assert ige_encrypt(b"", KEY, IV) == ige_decrypt(b"", KEY, IV) == b""


@given(cuts=st.lists(st.integers(0, 70), max_size=12), key=keys, counter=st.binary(min_size=16, max_size=16))
def test_a_ctr_stream_may_be_cut_anywhere(cuts: list[int], key: bytes, counter: bytes) -> None:
    data = independent.stream("ctr", sum(cuts))
    cipher, output = CTR(key, counter), b""
    for cut in cuts:
        output += cipher.update(data[len(output) : len(output) + cut])
    assert output == independent.ctr(data, key, counter)


def test_the_counter_of_ctr_wraps_around() -> None:
    data = bytes(64)
    assert CTR(KEY, b"\xff" * 16).update(data)[16:] == CTR(KEY, bytes(16)).update(data)[:48]


@pytest.mark.parametrize("sizes", [(16, 16), (31, 16), (32, 15), (32, 32)])
def test_ctr_refuses_wrong_lengths(sizes: tuple[int, int]) -> None:
    with pytest.raises(CryptoError):
        CTR(bytes(sizes[0]), bytes(sizes[1]))
