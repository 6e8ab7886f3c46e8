"""What the tests of this room share: forced randomness, two halves joined in memory, and a client without checks."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import pytest

from mtproto.crypto import kdf
from mtproto.crypto.rsa import RSAPrivateKey, RSAPublicKey, rsa_encrypt_sha1, rsa_pad
from mtproto.errors import ExchangeFailed, LocalProtocolError
from mtproto.exchange import ClientExchange, ExchangeFaults, ExchangeRejected, ServerExchange
from mtproto.exchange.common import minimal_bytes, number, open_inner, seal_inner
from mtproto.message.envelope import pack_plain, unpack_plain
from tl import TLObject, service

Half = TypeVar("Half", ClientExchange, ServerExchange)

NOW = 1_750_000_000.25
PQ = (1_513_098_571, 1_780_931_429)
CHEAP_PQ = (11, 13)


class Randomness:
    """A source that is the same in every run; draws of a given length can be forced, one after the other."""

    def __init__(self, seed: int = 0, forced: Mapping[int, Sequence[bytes]] | None = None) -> None:
        self._stream = random.Random(seed)
        self._forced = {length: list(draws) for length, draws in (forced or {}).items()}
        self.lengths: list[int] = []

    def __call__(self, length: int) -> bytes:
        self.lengths.append(length)
        forced = self._forced.get(length)
        return forced.pop(0) if forced else self._stream.randbytes(length)


def join(client: ClientExchange, server: ServerExchange, now: float = NOW) -> list[bytes]:
    """Carry payloads between the halves until there is nothing to send; return all, in order."""
    payloads = [client.start(now)]
    while True:
        payloads.append(server.receive(payloads[-1], now))
        request = client.receive(payloads[-1], now)
        if request is None:
            return payloads
        payloads.append(request)


def body_of(payload: bytes) -> Any:
    """Return the object in a plain payload."""
    message, _ = service.decode_prefix(unpack_plain(payload).body)
    return message


def plain(message: TLObject, msg_id: int = 4) -> bytes:
    """Wrap an object into a plain payload."""
    return pack_plain(msg_id, message.to_bytes())


def flip(value: bytes) -> bytes:
    """Return the bytes with one bit changed."""
    return value[:-1] + bytes([value[-1] ^ 1])


class BareClient:
    """Makes the queries of a client without any check; what it sends can be changed field by field."""

    def __init__(
        self,
        key: RSAPublicKey,
        *,
        source: Callable[[int], bytes] | None = None,
        first: str = "req_pq_multi",
        inner: str = "p_q_inner_data_dc",
        old_padding: bool = False,
        short_g_b: bool = False,
    ) -> None:
        self.key = key
        self.random = source or Randomness(7)
        self.first = first
        self.inner = inner
        self.encrypt = rsa_encrypt_sha1 if old_padding else rsa_pad
        self.short_g_b = short_g_b
        self.changes = ExchangeFaults()
        self.nonces: dict[str, bytes] = {}
        self.new_nonce = b""
        self.auth_key = b""
        self.server_data: Any = None

    def make(self, name: str, **fields: Any) -> TLObject:
        message: TLObject = service.schema[name](**self.changes.apply(name, fields))
        return message

    def req_pq(self) -> bytes:
        nonce = self.random(16)
        self.nonces = {"nonce": nonce}
        return plain(self.make(self.first, nonce=nonce))

    def req_dh_params(self, payload: bytes, factors: tuple[int, int] = PQ) -> bytes:
        answer = body_of(payload)
        self.nonces["server_nonce"] = answer.server_nonce
        self.new_nonce = self.random(32)
        p, q = map(minimal_bytes, factors)
        fields: dict[str, Any] = {"pq": answer.pq, "p": p, "q": q, **self.nonces, "new_nonce": self.new_nonce}
        if "dc" in self.inner:
            fields["dc"] = 2
        if "temp" in self.inner:
            fields["expires_in"] = 3600
        data = self.make(self.inner, **fields).to_bytes()
        return plain(
            self.make(
                "req_DH_params",
                **self.nonces,
                p=p,
                q=q,
                public_key_fingerprint=self.key.fingerprint,
                encrypted_data=self.encrypt(data, self.key, self.random),
            )
        )

    @property
    def aes(self) -> tuple[bytes, bytes]:
        return kdf.tmp_aes_key_iv(self.new_nonce, self.nonces["server_nonce"])

    def set_client_dh_params(self, payload: bytes | None, retry_id: int = 0, b: int | None = None) -> bytes:
        if payload is not None:
            answer = body_of(payload)
            self.server_data = open_inner(answer.encrypted_answer, self.aes, "server_DH_inner_data", "test")
        prime = number(self.server_data.dh_prime)
        b = number(self.random(256)) if b is None else b
        g_b = pow(self.server_data.g, b, prime)
        self.auth_key = pow(number(self.server_data.g_a), b, prime).to_bytes(256, "big")
        data = self.make(
            "client_DH_inner_data",
            **self.nonces,
            retry_id=retry_id,
            g_b=minimal_bytes(g_b) if self.short_g_b else g_b.to_bytes(256, "big"),
        ).to_bytes()
        return plain(
            self.make("set_client_DH_params", **self.nonces, encrypted_data=seal_inner(data, self.aes, self.random))
        )


def halves(
    key: RSAPrivateKey,
    *,
    faults: ExchangeFaults | None = None,
    seed: int = 0,
    pq: tuple[int, int] | None = CHEAP_PQ,
    expires_in: int | None = None,
    **server_options: Any,
) -> tuple[ClientExchange, ServerExchange]:
    """Return a client's half and a server's half that know each other."""
    client = ClientExchange([key.public], 2, Randomness(2 * seed), expires_in=expires_in)
    server = ServerExchange([key], Randomness(2 * seed + 1), pq=pq, faults=faults, **server_options)
    return client, server


def failure(key: RSAPrivateKey, faults: ExchangeFaults, **options: Any) -> tuple[str, str]:
    """Run an exchange that must fail on the client's side; return the step and the check of the failure."""
    client, server = halves(key, faults=faults, **options)
    with pytest.raises(ExchangeFailed) as caught:
        join(client, server)
    assert not isinstance(caught.value, ExchangeRejected)
    assert client.result is None
    with pytest.raises(LocalProtocolError):
        client.repeat()
    return caught.value.step, caught.value.check


def changed(constructor: str, **values: Any) -> ExchangeFaults:
    """Return faults that put other values into the next `constructor` of the server."""
    faults = ExchangeFaults()
    faults.override(constructor, **{name: lambda _, value=value: value for name, value in values.items()})
    return faults


def fork(half: Half) -> Half:
    """Return a half in the same state, which may be spoiled."""
    twin = copy.copy(half)
    if isinstance(twin, ClientExchange):
        twin.steps = list(twin.steps)
    else:
        twin._answers = dict(twin._answers)
    return twin
