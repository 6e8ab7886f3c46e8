"""The formulas of the specification once more, each written as it stands there, to confirm `own.json`.

Nothing here is shared with the library: no import of it, no cut made beforehand, no trick. AES is one block at a
time, by ECB; hashes are `hashlib`; everything else is arithmetic. Slow, and easy to hold against the pages of
core.telegram.org/mtproto. Byte strings are in the order of the wire, `x` is 0 (client) or 8 (server).
"""

from __future__ import annotations

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def stream(label: str, length: int) -> bytes:
    """Bytes that everybody can make again: SHA-256 of the label with a 4-byte little-endian counter, 0, 1, 2, ..."""
    blocks = (hashlib.sha256(label.encode() + struct.pack("<I", i)).digest() for i in range(length // 32 + 1))
    return b"".join(blocks)[:length]


def sha1(*parts: bytes) -> bytes:
    return hashlib.sha1(b"".join(parts)).digest()


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def xor(a: bytes, b: bytes) -> bytes:
    assert len(a) == len(b)
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def blocks(data: bytes) -> list[bytes]:
    assert len(data) % 16 == 0
    return [data[i : i + 16] for i in range(0, len(data), 16)]


# AES-256: IGE and CTR


def ige_encrypt(plaintext: bytes, key: bytes, iv: bytes) -> bytes:
    """c_i = E(p_i xor c_(i-1)) xor p_(i-1)"""
    encrypt = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update
    c, p = [iv[:16]], [iv[16:], *blocks(plaintext)]
    for i in range(1, len(p)):
        c.append(xor(encrypt(xor(p[i], c[i - 1])), p[i - 1]))
    return b"".join(c[1:])


def ige_decrypt(ciphertext: bytes, key: bytes, iv: bytes) -> bytes:
    """p_i = D(c_i xor p_(i-1)) xor c_(i-1)"""
    decrypt = Cipher(algorithms.AES(key), modes.ECB()).decryptor().update
    c, p = [iv[:16], *blocks(ciphertext)], [iv[16:]]
    for i in range(1, len(c)):
        p.append(xor(decrypt(xor(c[i], p[i - 1])), c[i - 1]))
    return b"".join(p[1:])


def ctr(data: bytes, key: bytes, iv: bytes) -> bytes:
    """The counter is 128 bits, big-endian, and starts again at 0 after the last."""
    encrypt = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update
    counter = int.from_bytes(iv, "big")
    count = len(data) // 16 + 1
    key_stream = b"".join(encrypt(((counter + i) % 2**128).to_bytes(16, "big")) for i in range(count))
    return xor(data, key_stream[: len(data)])


# The authorization key and packets


def auth_key_id(auth_key: bytes) -> bytes:
    """The 64 lower-order bits of its SHA-1."""
    return sha1(auth_key)[12:20]


def auth_key_aux_hash(auth_key: bytes) -> bytes:
    """The 64 higher-order bits of its SHA-1."""
    return sha1(auth_key)[0:8]


def kdf_v2(auth_key: bytes, msg_key: bytes, x: int) -> tuple[bytes, bytes]:
    sha256_a = sha256(msg_key, auth_key[x : x + 36])
    sha256_b = sha256(auth_key[40 + x : 40 + x + 36], msg_key)
    aes_key = sha256_a[0:8] + sha256_b[8:24] + sha256_a[24:32]
    aes_iv = sha256_b[0:8] + sha256_a[8:24] + sha256_b[24:32]
    return aes_key, aes_iv


def kdf_v1(auth_key: bytes, msg_key: bytes, x: int) -> tuple[bytes, bytes]:
    sha1_a = sha1(msg_key, auth_key[x : x + 32])
    sha1_b = sha1(auth_key[32 + x : 32 + x + 16], msg_key, auth_key[48 + x : 48 + x + 16])
    sha1_c = sha1(auth_key[64 + x : 64 + x + 32], msg_key)
    sha1_d = sha1(msg_key, auth_key[96 + x : 96 + x + 32])
    aes_key = sha1_a[0:8] + sha1_b[8:20] + sha1_c[4:16]
    aes_iv = sha1_a[8:20] + sha1_b[0:8] + sha1_c[16:20] + sha1_d[0:8]
    return aes_key, aes_iv


def header(salt: int, session_id: int, msg_id: int, seqno: int, length: int) -> bytes:
    return b"".join(
        [
            salt.to_bytes(8, "little", signed=True),
            session_id.to_bytes(8, "little", signed=True),
            msg_id.to_bytes(8, "little", signed=True),
            seqno.to_bytes(4, "little", signed=True),
            length.to_bytes(4, "little", signed=True),
        ]
    )


def packet_v2(auth_key: bytes, x: int, plaintext_with_padding: bytes) -> tuple[bytes, int]:
    """The packet and its quick-ack token."""
    msg_key_large = sha256(auth_key[88 + x : 88 + x + 32], plaintext_with_padding)
    msg_key = msg_key_large[8:24]
    encrypted = ige_encrypt(plaintext_with_padding, *kdf_v2(auth_key, msg_key, x))
    return auth_key_id(auth_key) + msg_key + encrypted, int.from_bytes(msg_key_large[0:4], "little") | 0x80000000


def packet_v1(auth_key: bytes, x: int, plaintext: bytes, padding: bytes) -> tuple[bytes, int]:
    """The packet and its quick-ack token."""
    msg_key = sha1(plaintext)[4:20]
    encrypted = ige_encrypt(plaintext + padding, *kdf_v1(auth_key, msg_key, x))
    return auth_key_id(auth_key) + msg_key + encrypted, int.from_bytes(sha1(plaintext)[0:4], "little") | 0x80000000


def plain_message(msg_id: int, body: bytes) -> bytes:
    return bytes(8) + msg_id.to_bytes(8, "little", signed=True) + len(body).to_bytes(4, "little") + body


# The key exchange


def tmp_aes_key_iv(new_nonce: bytes, server_nonce: bytes) -> tuple[bytes, bytes]:
    key = sha1(new_nonce, server_nonce) + sha1(server_nonce, new_nonce)[0:12]
    iv = sha1(server_nonce, new_nonce)[12:20] + sha1(new_nonce, new_nonce) + new_nonce[0:4]
    return key, iv


def new_nonce_hash(number: int, new_nonce: bytes, auth_key: bytes) -> bytes:
    """The 128 lower-order bits of the SHA-1."""
    return sha1(new_nonce, number.to_bytes(1, "big"), auth_key_aux_hash(auth_key))[4:20]


def auth_key(p: int, g: int, a: int, b: int) -> bytes:
    """The same number from both sides, as 256 bytes."""
    by_client, by_server = pow(pow(g, a, p), b, p), pow(pow(g, b, p), a, p)
    assert by_client == by_server
    return by_client.to_bytes(256, "big")


def tl_string(data: bytes) -> bytes:
    """A TL string: one byte of length, or 254 and three, then the bytes, then zeros up to a multiple of 4."""
    length = bytes([len(data)]) if len(data) <= 253 else b"\xfe" + len(data).to_bytes(3, "little")
    return length + data + bytes(-len(length + data) % 4)


def minimal(number: int) -> bytes:
    """Big-endian without leading zero bytes."""
    digits = f"{number:x}"
    return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)


def rsa_fingerprint(n: int, e: int) -> int:
    """The 64 lower-order bits of the SHA-1 of the bare `rsa_public_key n:string e:string`, as a TL long."""
    return int(struct.unpack("<q", sha1(tl_string(minimal(n)), tl_string(minimal(e)))[12:20])[0])


def rsa_pad(data: bytes, n: int, e: int, padding: bytes, temp_key: bytes) -> bytes | None:
    """RSA_PAD with this temp_key; None where the number is not below the modulus and another has to be drawn."""
    assert len(data) <= 144
    data_with_padding = data + padding
    assert len(data_with_padding) == 192
    data_pad_reversed = bytes(reversed(data_with_padding))
    data_with_hash = data_pad_reversed + sha256(temp_key, data_with_padding)
    aes_encrypted = ige_encrypt(data_with_hash, temp_key, bytes(32))
    temp_key_xor = xor(temp_key, sha256(aes_encrypted))
    number = int.from_bytes(temp_key_xor + aes_encrypted, "big")
    return pow(number, e, n).to_bytes(256, "big") if number < n else None


def rsa_encrypt_sha1(data: bytes, n: int, e: int, padding: bytes) -> bytes:
    """The old padding: 255 bytes."""
    data_with_hash = sha1(data) + data + padding
    assert len(data_with_hash) == 255
    return pow(int.from_bytes(data_with_hash, "big"), e, n).to_bytes(256, "big")


def is_prime(number: int) -> bool:
    """By trial division: for numbers below 2^32."""
    if number < 4 or number % 2 == 0:
        return number in (2, 3)
    return all(number % divisor for divisor in range(3, int(number**0.5) + 1, 2))


# The two-step verification password; numbers in hashes are 256 bytes, big-endian


def password_x(password: bytes, salt1: bytes, salt2: bytes, *, rounds: int) -> bytes:
    """PH2. Of PBKDF2-HMAC-SHA512 one block is wanted, as long as its hash."""

    def sh(data: bytes, salt: bytes) -> bytes:
        return sha256(salt, data, salt)

    ph1 = sh(sh(password, salt1), salt2)
    block = stretched = hmac.digest(ph1, salt1 + struct.pack(">I", 1), "sha512")
    for _ in range(rounds - 1):
        block = hmac.digest(ph1, block, "sha512")
        stretched = xor(stretched, block)
    return sh(stretched, salt2)


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _256(number: int) -> bytes:
    return number.to_bytes(256, "big")


def srp_verifier(p: bytes, g: int, x: bytes) -> bytes:
    """v = g^x"""
    return _256(pow(g, _big(x), _big(p)))


def srp_g_b(p: bytes, g: int, v: bytes, b: bytes) -> bytes:
    """g_b = k * v + g^b"""
    k = _big(sha256(_256(_big(p)), _256(g)))
    return _256((k * _big(v) + pow(g, _big(b), _big(p))) % _big(p))


def srp_m1(p: bytes, g: int, salt1: bytes, salt2: bytes, g_a: bytes, g_b: bytes, s: int) -> bytes:
    """M1 = H((H(p) xor H(g)) | H(salt1) | H(salt2) | g_a | g_b | H(s))"""
    group = xor(sha256(_256(_big(p))), sha256(_256(g)))
    g_a, g_b = _256(_big(g_a)), _256(_big(g_b))
    return sha256(group, sha256(salt1), sha256(salt2), g_a, g_b, sha256(_256(s)))


def srp_client(p: bytes, g: int, salt1: bytes, salt2: bytes, x: bytes, a: bytes, g_b: bytes) -> tuple[bytes, bytes]:
    """A and M1, with s = (g_b - k * v)^(a + u * x)"""
    g_a = _256(pow(g, _big(a), _big(p)))
    u = _big(sha256(g_a, _256(_big(g_b))))
    k_v = _big(sha256(_256(_big(p)), _256(g))) * pow(g, _big(x), _big(p))
    s = pow(_big(g_b) - k_v, _big(a) + u * _big(x), _big(p))
    return g_a, srp_m1(p, g, salt1, salt2, g_a, g_b, s)


def srp_server(p: bytes, g: int, salt1: bytes, salt2: bytes, v: bytes, b: bytes, g_b: bytes, g_a: bytes) -> bytes:
    """The M1 that is expected, with s = (g_a * v^u)^b"""
    u = _big(sha256(_256(_big(g_a)), _256(_big(g_b))))
    s = pow(_big(g_a) * pow(_big(v), u, _big(p)), _big(b), _big(p))
    return srp_m1(p, g, salt1, salt2, g_a, g_b, s)


# Message ids


def client_msg_id(seconds: int, microseconds: int, random: bytes) -> int:
    """The fraction of the second in the low 32 bits, the lower 22 of them random, the last two 0."""
    fraction = microseconds * 2**32 // 1_000_000
    low = (fraction // 2**22) * 2**22 + int.from_bytes(random, "little") % 2**22
    return seconds * 2**32 + low - low % 4


def server_msg_id(seconds: int, microseconds: int, *, reply: bool) -> int:
    low = microseconds * 2**32 // 1_000_000
    return seconds * 2**32 + low - low % 4 + (1 if reply else 3)
