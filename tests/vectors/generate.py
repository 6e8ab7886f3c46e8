"""Makes `own.json`, the vectors of this project, with the library: `python -m tests.vectors.generate`.

What is random comes from `independent.stream`, so the file is the same every time; a test says so. Byte strings are
hexadecimal in the order of the wire. Long inputs are named by the label and the length of their stream, long outputs
by their SHA-256.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from mtproto.crypto import kdf, pq, rsa
from mtproto.crypto.aes import CTR, ige_encrypt
from mtproto.crypto.dh import KNOWN_PRIME
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, pack_plain, seal, seal_v1
from mtproto.message.key_state import KeyState, Salt
from mtproto.message.message_ids import client_msg_id, server_msg_id
from tests.vectors.independent import stream

OWN = Path(__file__).with_name("own.json")

ABOUT = (
    "Vectors of this project. Made by generate.py, confirmed by independent.py. Hexadecimal in the order of the wire."
)

# A key made for these vectors. It protects nothing.
RSA_P = int(
    "f245c5674e7c5f3d29fa675bb15c1fab0636085c4b3170f8348ffa97df41bff820cef76d03321312b42d8094ac0cfdfd"
    "fbc044475455eff965a32c31c8a674073afc20a1f305b2402d06f6e5d82c60451f50f9503f4ad5d53c40229c0786f153"
    "5906a1fbdc52a3846951f7d5ca62d30cef0b268083e3a660b1db6732825faedb",
    16,
)
RSA_Q = int(
    "c814f7b73b4e827a069357797cc6f984f65a3f9f208f3bf78ebfe70765a526d370145bde89a4245a70c174fe130721d8"
    "bfde2b98592e4074bb4569f62c9005fe0f84c8604de09f1ee4daf3ac73e97d3e620b07238372b2877e63888c82a2ec53"
    "acb93cb2f247fbdd352daf78307dbace11e4909fb513fc2b01d99f2f7dd1a18b",
    16,
)
RSA_KEY = rsa.RSAPrivateKey(RSA_P * RSA_Q, 65537, pow(65537, -1, (RSA_P - 1) * (RSA_Q - 1)), RSA_P, RSA_Q)

ZEROS_AFTER = 94633
"""From `stream("dh b")` on, this many steps make an exponent whose key begins with two zero bytes."""

KEYS = {
    "ordinary": stream("auth key", 256),
    "one leading zero byte": bytes(1) + stream("auth key", 255),
    "sixteen leading zero bytes": bytes(16) + stream("auth key", 240),
    "all ones": b"\xff" * 256,
}

Vector = dict[str, Any]


def random_from(*draws: bytes) -> Callable[[int], bytes]:
    """Return a source of random bytes that gives these strings in turn, and checks how many bytes were asked for."""
    rest = iter(draws)

    def random(size: int) -> bytes:
        drawn = next(rest)
        if len(drawn) != size:
            raise AssertionError(f"{size} bytes were asked for, {len(drawn)} were expected")
        return drawn

    return random


class Recorder:
    """A source of random bytes that everybody can make again, and that keeps what it gave."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.drawn: list[bytes] = []

    def __call__(self, size: int) -> bytes:
        self.drawn.append(stream(f"{self.label} {len(self.drawn)}", size))
        return self.drawn[-1]


def aes_vectors() -> Iterator[Vector]:
    key, iv = stream("aes key", 32), stream("aes iv", 32)
    for length in (16, 32, 48, 16384 - 16, 16384, 16384 + 16, 3 * 16384 + 32):
        encrypted = ige_encrypt(stream("aes plaintext", length), key, iv)
        yield {
            "kind": "aes-256-ige", "key": key.hex(), "iv": iv.hex(), "stream": "aes plaintext", "length": length,
            "sha256": sha256(encrypted).hexdigest(), "first_blocks": encrypted[:48].hex(),
        }  # fmt: skip
    for name, counter in (("ordinary", iv[:16]), ("counter wraps around", b"\xff" * 15 + b"\xfe")):
        cuts = [1, 15, 16, 17, 64, 0, 1000, 7]
        cipher, data, output = CTR(key, counter), stream("ctr plaintext", sum(cuts)), b""
        for cut in cuts:
            output += cipher.update(data[len(output) : len(output) + cut])
        yield {
            "kind": "aes-256-ctr", "name": name, "key": key.hex(), "iv": counter.hex(), "stream": "ctr plaintext",
            "cuts": cuts, "sha256": sha256(output).hexdigest(), "first_blocks": output[:48].hex(),
        }  # fmt: skip


def key_vectors() -> Iterator[Vector]:
    msg_key, new_nonce = stream("msg key", 16), bytes(2) + stream("new nonce", 30)
    for name, data in KEYS.items():
        key = AuthKey(data)
        yield {
            "kind": "auth-key", "name": name, "auth_key": data.hex(), "id": key.id_bytes.hex(), "id_long": key.id,
            "aux_hash": key.aux_hash.hex(), "new_nonce": new_nonce.hex(),
            "new_nonce_hashes": [kdf.new_nonce_hash(n, new_nonce, key.aux_hash).hex() for n in (1, 2, 3)],
        }  # fmt: skip
        for kind, derive in (("mtproto1-kdf", kdf.kdf_v1), ("mtproto2-kdf", kdf.kdf_v2)):
            for x in (0, 8):
                aes_key, aes_iv = derive(data, msg_key, x)
                yield {
                    "kind": kind, "name": name, "auth_key": data.hex(), "msg_key": msg_key.hex(), "x": x,
                    "aes_key": aes_key.hex(), "aes_iv": aes_iv.hex(),
                }  # fmt: skip
    for name, server_nonce in (("ordinary", stream("server nonce", 16)), ("leading zeros", bytes(3) + b"\x07" * 13)):
        aes_key, aes_iv = kdf.tmp_aes_key_iv(new_nonce, server_nonce)
        yield {
            "kind": "tmp-aes-key-iv", "name": name, "new_nonce": new_nonce.hex(), "server_nonce": server_nonce.hex(),
            "aes_key": aes_key.hex(), "aes_iv": aes_iv.hex(),
        }  # fmt: skip
    a = int.from_bytes(stream("dh a", 256), "big")
    b = int.from_bytes(stream("dh b", 256), "big") + ZEROS_AFTER
    shared = pow(pow(3, a, KNOWN_PRIME), b, KNOWN_PRIME).to_bytes(256, "big")
    yield {
        "kind": "dh",
        "name": "two leading zero bytes",
        "g": 3,
        "a": f"{a:x}",
        "b": f"{b:x}",
        "auth_key": shared.hex(),
    }


def packet_vectors() -> Iterator[Vector]:
    headers = (
        {"salt": 1, "session_id": -2, "msg_id": 7_307_000_000_000_000_004, "seqno": 5},
        {"salt": -(2**63), "session_id": 2**63 - 1, "msg_id": -4, "seqno": -1},
    )
    cases = [(0, None), (4, None), (100, None), (996, 12), (96, 1024), (16384, 16)]
    for sender in Sender:
        for fields in headers:
            for size, count in cases:
                key, body = AuthKey(KEYS["ordinary"]), stream("body", size)
                padding = stream("padding", 12 + -(size + 12) % 16 if count is None else count)
                sealed = seal(key, sender, **fields, body=body, random=random_from(padding), padding=count)
                yield _packet("mtproto2-packet", sender, fields, size, padding, sealed)
            padding = stream("padding", -(32 + 100) % 16)
            old = seal_v1(key, sender, **fields, body=stream("body", 100), random=random_from(padding))
            yield _packet("mtproto1-packet", sender, fields, 100, padding, old)
    body = stream("plain body", 20)
    yield {"kind": "plain-message", "msg_id": 4, "body": body.hex(), "payload": pack_plain(4, body).hex()}


def _packet(kind: str, sender: Sender, fields: Vector, size: int, padding: bytes, sealed: Any) -> Vector:
    return {
        "kind": kind, "key": "ordinary", "x": int(sender), **fields, "stream": "body", "length": size,
        "padding": padding.hex() if len(padding) < 64 else f"stream padding {len(padding)}",
        "start": sealed.payload[:72].hex(), "sha256": sha256(sealed.payload).hexdigest(),
        "quick_ack_token": sealed.quick_ack_token,
    }  # fmt: skip


def rsa_vectors() -> Iterator[Vector]:
    key = RSA_KEY.public
    yield {"kind": "rsa-fingerprint", "n": f"{key.n:x}", "e": key.e, "fingerprint": key.fingerprint}
    yield {"kind": "rsa-fingerprint", "name": "n of 253 bytes", "n": "7f" * 253, "e": 3,
           "fingerprint": rsa.RSAPublicKey(int("7f" * 253, 16), 3).fingerprint}  # fmt: skip
    for size in (0, 1, 100, 144):
        data = stream("rsa data", size)
        random = Recorder("rsa random")
        encrypted = rsa.rsa_pad(data, key, random)
        yield {
            "kind": "rsa-pad", "n": f"{key.n:x}", "e": key.e, "data": data.hex(), "padding": random.drawn[0].hex(),
            "temp_keys": [temp_key.hex() for temp_key in random.drawn[1:]], "encrypted": encrypted.hex(),
        }  # fmt: skip
        old = rsa.rsa_encrypt_sha1(data, key, random_from(stream("rsa padding", 235 - size)))
        yield {
            "kind": "rsa-sha1", "n": f"{key.n:x}", "e": key.e, "data": data.hex(),
            "padding": stream("rsa padding", 235 - size).hex(), "encrypted": old.hex(),
        }  # fmt: skip


def number_vectors() -> Iterator[Vector]:
    for number in (6, 4294967291 * 4294967279, 2147483647 * 2147483629, 3 * 2147483647, 1000003 * 1000033):
        p, q = pq.factorize(number)
        yield {"kind": "pq", "pq": number, "p": p, "q": q}
    for seconds, microseconds in ((1_700_000_000, 0), (1_700_000_000, 515_625), (2_147_483_647, 500_000)):
        # each of these times is a whole number of 1/64 s, so a float holds it exactly
        time, random = seconds + microseconds / 1_000_000, stream("msg id", 3)
        yield {
            "kind": "msg-id", "seconds": seconds, "microseconds": microseconds, "random": random.hex(),
            "client": client_msg_id(time, 0, random_from(random)),
            "reply": server_msg_id(time, 0, reply=True), "other": server_msg_id(time, 0, reply=False),
        }  # fmt: skip


def state_vectors() -> Iterator[Vector]:
    full = KeyState(
        auth_key=AuthKey(KEYS["ordinary"]), dc_id=-2, salts=[Salt(1000, 4600, -5), Salt(2800, 6400, 2**62)],
        time_offset=-1.5, last_msg_id=7_307_000_000_000_000_004, expires_at=1_700_086_400.25,
    )  # fmt: skip
    for name, state in (("full", full), ("bare", KeyState(auth_key=AuthKey(KEYS["ordinary"])))):
        yield {"kind": "key-state", "name": name, "version": 1, "bytes": state.to_bytes().hex()}
    older = _with_layer(full, 229, stream("init", 32))
    yield {"kind": "key-state", "name": "full-with-layer", "version": 1, "bytes": older.hex()}


def _with_layer(state: KeyState, layer: int, digest: bytes) -> bytes:
    """Return the state as earlier versions wrote it: with what was said in `initConnection`."""
    content = bytearray(state.to_bytes()[:-8])
    content[281:285] = layer.to_bytes(4, "little")
    content[296:298] = len(digest).to_bytes(2, "little")
    content += digest
    return bytes(content) + sha256(content).digest()[:8]


def generate() -> dict[str, Any]:
    """Return the content of `own.json`."""
    makers = (aes_vectors, key_vectors, packet_vectors, rsa_vectors, number_vectors, state_vectors)
    return {"about": ABOUT, "vectors": [vector for make in makers for vector in make()]}


def to_text(content: dict[str, Any]) -> str:
    """Return the file: one vector in each line, so that a change shows where it is."""
    lines = ",\n".join(json.dumps(vector) for vector in content["vectors"])
    return f'{{"about": {json.dumps(content["about"])}, "vectors": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    argparse.ArgumentParser(
        prog="python -m tests.vectors.generate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"It writes {OWN.relative_to(Path.cwd()) if OWN.is_relative_to(Path.cwd()) else OWN}.",
    ).parse_args()
    OWN.write_text(to_text(generate()))
