"""RSA as the key exchange uses it: keys and their fingerprints, RSA_PAD, and the padding that came before it.

Numbers are natural numbers; blocks are 256 bytes, big-endian. The arithmetic around the powers (`powers.py`) is
Python's own, and its time depends on the numbers. The private half is for a data centre of one's own: it is not
hardened against peers that measure time.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING

from mtproto.crypto.aes import ige_decrypt, ige_encrypt
from mtproto.crypto.errors import CryptoError
from mtproto.crypto.hashes import sha1
from mtproto.crypto.powers import power
from mtproto.datacenters import PRODUCTION_KEYS as PRODUCTION_DATA
from mtproto.datacenters import TEST_KEYS as TEST_DATA
from tl.wire import pack_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.datacenters import PublicKey

__all__ = [
    "BLOCK",
    "PRODUCTION_KEYS",
    "TEST_KEYS",
    "RSAPrivateKey",
    "RSAPublicKey",
    "rsa_decrypt",
    "rsa_encrypt_sha1",
    "rsa_pad",
    "rsa_unpad",
    "unpad",
    "unpad_sha1",
]

BLOCK = 256
"""Bytes of a ciphertext: keys of the key exchange have 2048 bits."""

MAX_DATA = 144
"""Bytes of data that RSA_PAD takes."""

PADDED = 192
"""Bytes of data and random padding together in RSA_PAD."""

MAX_DATA_SHA1 = 235
"""Bytes of data that the old padding takes: 255 less a SHA-1."""

MAX_DRAWS = 128
"""A temp_key fails for at most every second draw, so this many failures mean a broken source of random bytes."""

ZERO_IV = bytes(32)


@dataclass(frozen=True, slots=True, repr=False)
class RSAPublicKey:
    """A public key of a server.

    Attributes:
        n: the modulus.
        e: the exponent.

    """

    n: int
    e: int

    @classmethod
    def from_data(cls, data: PublicKey) -> RSAPublicKey:
        """Take a key of `mtproto.datacenters`.

        Raises:
            CryptoError: the numbers do not have the fingerprint that is given with them.

        """
        key = cls(data.n, data.e)
        if key.fingerprint != data.fingerprint:
            raise CryptoError("a public key does not have the fingerprint that it claims")
        return key

    @classmethod
    def from_pem(cls, text: str) -> RSAPublicKey:
        """Read a key from PEM: PKCS#1 (`RSA PUBLIC KEY`, Telegram's form) or `PUBLIC KEY`.

        Raises:
            CryptoError: the text is not an RSA public key in PEM.

        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        try:
            key = load_pem_public_key(text.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise CryptoError("not a public key in PEM") from None
        if not isinstance(key, rsa.RSAPublicKey):
            raise CryptoError("not an RSA key")
        numbers = key.public_numbers()
        return cls(numbers.n, numbers.e)

    def to_pem(self) -> str:
        """Return the key as PEM, PKCS#1.

        Raises:
            CryptoError: the numbers are not an RSA key.

        """
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        try:
            key = RSAPublicNumbers(self.e, self.n).public_key()
        except ValueError:
            raise CryptoError("the numbers are not an RSA key") from None
        return key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()

    @property
    def fingerprint(self) -> int:
        """The signed 64-bit number by which `resPQ` names the key: the last 8 bytes, little-endian, of the SHA-1 of
        `rsa_public_key n:string e:string` without its constructor (core.telegram.org/mtproto/auth_key, step 2).
        """
        digest = sha1(pack_bytes(_minimal(self.n)) + pack_bytes(_minimal(self.e)))
        return int.from_bytes(digest[-8:], "little", signed=True)

    def encrypt_raw(self, number: int) -> int:
        """Return `number ** e mod n`, for `0 <= number < n`."""
        return power(number, self.e, self.n)

    def __repr__(self) -> str:
        return f"RSAPublicKey({self.n.bit_length()} bits, fingerprint {self.fingerprint & (1 << 64) - 1:#018x})"


class RSAPrivateKey:
    """The private half of a server's key. Immutable; its repr shows the fingerprint only."""

    __slots__ = ("_dp", "_dq", "_q_inverse", "d", "p", "public", "q")

    def __init__(self, n: int, e: int, d: int, p: int, q: int) -> None:
        """Take the numbers of PKCS#1.

        Args:
            n: the modulus, `p * q`.
            e: the public exponent.
            d: the private exponent.
            p: one prime.
            q: the other.

        Raises:
            CryptoError: the numbers do not belong together.

        """
        if not (p > 2 < q and p != q and p * q == n and (e * d) % (p - 1) == 1 and (e * d) % (q - 1) == 1):
            raise CryptoError("the numbers of a private key do not belong together")
        self.public = RSAPublicKey(n, e)
        self.d = d
        self.p = p
        self.q = q
        self._dp = d % (p - 1)
        self._dq = d % (q - 1)
        self._q_inverse = pow(q, -1, p)

    @classmethod
    def generate(cls, bits: int = 8 * BLOCK) -> RSAPrivateKey:
        """Make a new key with exponent 65537; the randomness is that of `cryptography`."""
        from cryptography.hazmat.primitives.asymmetric import rsa

        return cls._from_cryptography(rsa.generate_private_key(public_exponent=65537, key_size=bits))

    @classmethod
    def from_pem(cls, text: str) -> RSAPrivateKey:
        """Read a key from PEM without a password: PKCS#1 (`RSA PRIVATE KEY`) or PKCS#8 (`PRIVATE KEY`).

        Raises:
            CryptoError: the text is not an RSA private key in PEM, or has a password.

        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise CryptoError("not a private key in PEM without a password") from None
        return cls._from_cryptography(key)

    @classmethod
    def _from_cryptography(cls, key: object) -> RSAPrivateKey:
        from cryptography.hazmat.primitives.asymmetric import rsa

        if not isinstance(key, rsa.RSAPrivateKey):
            raise CryptoError("not an RSA key")
        numbers = key.private_numbers()
        public = numbers.public_numbers
        return cls(public.n, public.e, numbers.d, numbers.p, numbers.q)

    def to_pem(self) -> str:
        """Return the key as PEM, PKCS#1, without a password."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers, RSAPublicNumbers
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        numbers = RSAPrivateNumbers(
            p=self.p,
            q=self.q,
            d=self.d,
            dmp1=self._dp,
            dmq1=self._dq,
            iqmp=self._q_inverse,
            public_numbers=RSAPublicNumbers(self.public.e, self.public.n),
        )
        form = PrivateFormat.TraditionalOpenSSL
        checked = numbers.private_key(unsafe_skip_rsa_key_validation=True)  # by the constructor; that check takes 0.1 s
        return checked.private_bytes(Encoding.PEM, form, NoEncryption()).decode()

    def decrypt_raw(self, number: int) -> int:
        """Return `number ** d mod n` for `0 <= number < n`, by the Chinese remainder theorem: 4 times as fast."""
        modulo_p = power(number % self.p, self._dp, self.p)
        modulo_q = power(number % self.q, self._dq, self.q)
        return modulo_q + self.q * ((modulo_p - modulo_q) * self._q_inverse % self.p)

    def __repr__(self) -> str:
        return f"RSAPrivateKey(public={self.public!r})"


def rsa_pad(data: bytes, key: RSAPublicKey, random: Callable[[int], bytes]) -> bytes:
    """Encrypt `data` by RSA_PAD (core.telegram.org/mtproto/auth_key, step 4.1).

    Args:
        data: at most 144 bytes.
        key: a key of 2048 bits.
        random: gives that many random bytes, from a cryptographic source; asked for the padding, then for a temp_key
            of 32 bytes until one gives a number below the modulus.

    Returns:
        256 bytes.

    Raises:
        CryptoError: `data` is too long, the key has another size, or no draw succeeds.

    """
    _require_2048_bits(key)
    if len(data) > MAX_DATA:
        raise CryptoError(f"RSA_PAD takes at most {MAX_DATA} bytes, not {len(data)}")
    padded = data + random(PADDED - len(data))
    for _ in range(MAX_DRAWS):
        temp_key = random(32)
        with_hash = padded[::-1] + sha256(temp_key + padded).digest()
        encrypted = ige_encrypt(with_hash, temp_key, ZERO_IV)
        number = int.from_bytes(_xor(temp_key, sha256(encrypted).digest()) + encrypted, "big")
        if number < key.n:
            return key.encrypt_raw(number).to_bytes(BLOCK, "big")
    raise CryptoError("the source of random bytes repeats itself")


def rsa_encrypt_sha1(data: bytes, key: RSAPublicKey, random: Callable[[int], bytes]) -> bytes:
    """Encrypt `data` with the padding that RSA_PAD replaced: `SHA1(data) | data | random bytes`, 255 bytes.

    Clients in the field still use this padding, so tests of a server need it. A new client uses RSA_PAD.

    Args:
        data: at most 235 bytes.
        key: a key of 2048 bits.
        random: gives that many random bytes.

    Returns:
        256 bytes.

    Raises:
        CryptoError: `data` is too long, or the key has another size.

    """
    _require_2048_bits(key)
    if len(data) > MAX_DATA_SHA1:
        raise CryptoError(f"the old padding takes at most {MAX_DATA_SHA1} bytes, not {len(data)}")
    padded = sha1(data) + data + random(MAX_DATA_SHA1 - len(data))
    return key.encrypt_raw(int.from_bytes(padded, "big")).to_bytes(BLOCK, "big")


def rsa_decrypt(encrypted: bytes, key: RSAPrivateKey) -> bytes:
    """Return the block of 256 bytes inside `encrypted` (256 bytes), to be given to `unpad` or `unpad_sha1`.

    Raises:
        CryptoError: `encrypted` is not a ciphertext under this key, or the key does not have 2048 bits.

    """
    _require_2048_bits(key.public)
    number = int.from_bytes(encrypted, "big")
    if len(encrypted) != BLOCK or number >= key.public.n:
        raise CryptoError("not a ciphertext under this RSA key")
    return key.decrypt_raw(number).to_bytes(BLOCK, "big")


def unpad(block: bytes) -> bytes:
    """Undo RSA_PAD on a decrypted block (256 bytes): return 192 bytes, the data first, then random bytes.

    Raises:
        CryptoError: the hash inside does not match.

    """
    encrypted = block[32:]
    temp_key = _xor(block[:32], sha256(encrypted).digest())
    with_hash = ige_decrypt(encrypted, temp_key, ZERO_IV)
    padded = with_hash[:PADDED][::-1]
    if not compare_digest(with_hash[PADDED:], sha256(temp_key + padded).digest()):
        raise CryptoError("the block is not RSA_PAD")
    return padded


def unpad_sha1(block: bytes) -> tuple[bytes, bytes]:
    """Split a decrypted block (256 bytes) with the old padding into the SHA-1 (20 bytes) and the padded data (235).

    The hash covers the data without the random bytes behind them. The caller finds the end of the data by reading the
    data, and checks the hash: `compare_digest(sha1(padded[:end]), digest)`.

    Raises:
        CryptoError: the block does not begin with the zero byte of this padding.

    """
    if block[0]:
        raise CryptoError("the block does not have the old padding")
    return block[1:21], block[21:]


def rsa_unpad(encrypted: bytes, key: RSAPrivateKey) -> bytes:
    """Decrypt a result of `rsa_pad`: return 192 bytes, the data first, then random bytes.

    Raises:
        CryptoError: `encrypted` is no ciphertext under this key, or the hash inside does not match.

    """
    return unpad(rsa_decrypt(encrypted, key))


def _require_2048_bits(key: RSAPublicKey) -> None:
    if key.n.bit_length() != 8 * BLOCK:
        raise CryptoError("RSA keys of the key exchange have 2048 bits")


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def _minimal(number: int) -> bytes:
    """Return a natural number as big-endian bytes, none of them a leading zero."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


PRODUCTION_KEYS = tuple(RSAPublicKey.from_data(data) for data in PRODUCTION_DATA)
"""The keys that a client of Telegram's production servers trusts."""

TEST_KEYS = tuple(RSAPublicKey.from_data(data) for data in TEST_DATA)
"""The keys that a client of Telegram's test servers trusts."""
