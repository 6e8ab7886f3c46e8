"""Keys and hashes derived from secrets: the AES keys of packets, and what the key exchange computes.

All values are byte strings in the order in which the specification writes them; `x` is 0 for what the client sends
and 8 for what the server sends.
"""

from __future__ import annotations

from hashlib import sha256
from struct import Struct

from mtproto.crypto.hashes import sha1

__all__ = ["Derivation", "kdf_v1", "kdf_v2", "new_nonce_hash", "tmp_aes_key_iv"]

_PARTS = Struct("8s16s8s8s16s8s")


class Derivation:
    """What an auth key contributes to MTProto 2.0 in one direction, cut once for all packets.

    core.telegram.org/mtproto/description#defining-aes-key-and-initialization-vector
    """

    __slots__ = ("_a", "_copy_b", "_copy_msg_key")

    def __init__(self, auth_key: bytes, x: int) -> None:
        """Cut the slices of `auth_key` (256 bytes) for the direction `x` (0 or 8)."""
        self._a = auth_key[x : x + 36]
        self._copy_b = sha256(auth_key[x + 40 : x + 76]).copy
        self._copy_msg_key = sha256(auth_key[x + 88 : x + 120]).copy

    def msg_key_large(self, plaintext: bytes) -> bytes:
        """Return the 32 bytes of SHA-256 whose bytes 8…24 are the msg_key of `plaintext` (padding included)."""
        digest = self._copy_msg_key()
        digest.update(plaintext)
        return digest.digest()

    def key_iv(self, msg_key: bytes) -> tuple[bytes, bytes]:
        """Return the AES key and iv (32 bytes each) of the packet that carries `msg_key` (16 bytes)."""
        sha256_b = self._copy_b()
        sha256_b.update(msg_key)
        a_start, a_middle, a_end, b_start, b_middle, b_end = _PARTS.unpack(
            sha256(msg_key + self._a).digest() + sha256_b.digest()
        )
        return a_start + b_middle + a_end, b_start + a_middle + b_end


def kdf_v2(auth_key: bytes, msg_key: bytes, x: int) -> tuple[bytes, bytes]:
    """Return the AES key and iv (32 bytes each) of one packet of MTProto 2.0.

    Args:
        auth_key: 256 bytes.
        msg_key: 16 bytes.
        x: 0 from client to server, 8 from server to client.

    """
    return Derivation(auth_key, x).key_iv(msg_key)


def kdf_v1(auth_key: bytes, msg_key: bytes, x: int) -> tuple[bytes, bytes]:
    """Return the AES key and iv (32 bytes each) of one packet of MTProto 1.0; arguments as in `kdf_v2`.

    core.telegram.org/mtproto/description_v1; still in use for `auth.bindTempAuthKey`.
    """
    a = sha1(msg_key + auth_key[x : x + 32])
    b = sha1(auth_key[x + 32 : x + 48] + msg_key + auth_key[x + 48 : x + 64])
    c = sha1(auth_key[x + 64 : x + 96] + msg_key)
    d = sha1(msg_key + auth_key[x + 96 : x + 128])
    return a[:8] + b[8:20] + c[4:16], a[8:20] + b[:8] + c[16:20] + d[:8]


def tmp_aes_key_iv(new_nonce: bytes, server_nonce: bytes) -> tuple[bytes, bytes]:
    """Return the AES key and iv (32 bytes each) under which the key exchange sends its Diffie-Hellman values.

    core.telegram.org/mtproto/auth_key, step 5. The nonces have their full length, leading zero bytes included.

    Args:
        new_nonce: 32 bytes.
        server_nonce: 16 bytes.

    """
    new_server = sha1(new_nonce + server_nonce)
    server_new = sha1(server_nonce + new_nonce)
    new_new = sha1(new_nonce + new_nonce)
    return new_server + server_new[:12], server_new[12:] + new_new + new_nonce[:4]


def new_nonce_hash(number: int, new_nonce: bytes, aux_hash: bytes) -> bytes:
    """Return the 16 bytes that prove an answer to `set_client_DH_params` (core.telegram.org/mtproto/auth_key, step 9).

    Args:
        number: 1 for `dh_gen_ok`, 2 for `dh_gen_retry`, 3 for `dh_gen_fail`.
        new_nonce: 32 bytes.
        aux_hash: the 8 bytes of `auth_key_aux_hash`.

    """
    return sha1(new_nonce + bytes([number]) + aux_hash)[4:]
