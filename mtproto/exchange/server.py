"""The server's half of the authorization key exchange (core.telegram.org/mtproto/auth_key).

It is strict in what the specification leaves no choice about, and lenient where clients in the field differ:
req_pq beside req_pq_multi; inner data with and without a data centre, under RSA_PAD or under the padding before it
(SHA1 first); g_b with or without leading zero bytes.

A query that deviates ends the exchange: it, and every later one, has the transport error -404 for an answer.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, ClassVar

from mtproto._options import named_options
from mtproto.crypto import dh, kdf
from mtproto.crypto.errors import CryptoError
from mtproto.crypto.hashes import sha1
from mtproto.crypto.powers import power
from mtproto.crypto.primes import is_small_prime
from mtproto.crypto.rsa import RSAPrivateKey, rsa_decrypt, unpad, unpad_sha1
from mtproto.errors import ExchangeFailed, LocalProtocolError, TransportError
from mtproto.exchange.common import (
    MAX_RETRIES,
    Random,
    first_salt,
    minimal_bytes,
    number,
    open_inner,
    open_plain,
    params_fail_hash,
    read_inner,
    read_plain,
    require,
    require_key_sizes,
    retry_id,
    same,
    seal_inner,
)
from mtproto.exchange.faults import ExchangeFaults
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import pack_plain
from mtproto.message.key_state import ExchangeResult
from mtproto.message.message_ids import check_server_clock, server_msg_id
from tl import TLObject, service

__all__ = ["ExchangeRejected", "ServerExchange"]

_REMEMBERED_SECONDS = 600.0
"""How long after the first query an answer is repeated: documented as ten minutes."""

_KEY_LENGTH = 256
_G = 3
_PRIME_BITS = 31

_WITH_DC = frozenset({"p_q_inner_data_dc", "p_q_inner_data_temp_dc"})
_TEMPORARY = frozenset({"p_q_inner_data_temp", "p_q_inner_data_temp_dc"})
_INNER = _WITH_DC | _TEMPORARY | {"p_q_inner_data"}


class ExchangeRejected(ExchangeFailed):
    """The server's half refuses a query.

    Attributes:
        code: the transport error to answer with, -404 or -444.

    """

    def __init__(self, step: str, check: str, code: int = TransportError.NOT_FOUND) -> None:
        super().__init__(step, check)
        self.code = code


class _State(enum.Enum):
    WAITS_FOR_REQ_PQ = enum.auto()
    WAITS_FOR_REQ_DH = enum.auto()
    WAITS_FOR_CLIENT_DH = enum.auto()
    DONE = enum.auto()
    FAILED = enum.auto()


class ServerExchange:
    """One exchange with one client. Not shared: one caller at a time, from any thread.

    Args:
        keys: the private keys whose fingerprints are offered, in this order.
        random: a cryptographically secure source of bytes.
        dc_ids: the ids that a client may name as the one it believes to talk to; None allows any.
        key_exists: tells whether an auth key of this id (signed) is known already; then the client is asked for
            another key. None: no key is known.
        pq: the primes `(p, q)` of the proof of work; None draws two of 31 bits.
        random_tails: append 4 to 128 random bytes to every answer, inside its length, as Telegram's servers do.
        faults: how to misbehave; shared with its owner, who may arm more while the exchange is on.

    Attributes:
        result: the key and what belongs to it, once the exchange is done; its `time_offset` is 0.

    """

    @named_options()
    def __init__(
        self,
        keys: Sequence[RSAPrivateKey],
        random: Random,
        *,
        dc_ids: Container[int] | None = None,
        key_exists: Callable[[int], bool] | None = None,
        pq: tuple[int, int] | None = None,
        random_tails: bool = False,
        faults: ExchangeFaults | None = None,
    ) -> None:
        if not keys:
            raise LocalProtocolError("an exchange needs at least one private key")
        require_key_sizes([key.public for key in keys])
        self._keys = {key.public.fingerprint: key for key in keys}
        self._random = random
        self._dc_ids = dc_ids
        self._key_exists = key_exists
        self._p, self._q = sorted(pq) if pq is not None else (0, 0)
        self._random_tails = random_tails
        self._faults = faults if faults is not None else ExchangeFaults()
        self._state = _State.WAITS_FOR_REQ_PQ
        self._began = 0.0
        self._answers: dict[bytes, bytes] = {}
        self._last_msg_id = 0
        self._nonce = b""
        self._server_nonce = b""
        self._new_nonce = b""
        self._aes = (b"", b"")
        self._a = 0
        self._retry_id = 0
        self._retries = 0
        self._expires_at: float | None = None
        self.result: ExchangeResult | None = None

    def begins_another(self, payload: bytes) -> bool:
        """Tell whether `payload` is the first query of another exchange: a req_pq or req_pq_multi of another nonce.

        A link asks this before `receive` and gives such a query to a new object.
        """
        query: Any
        try:
            query, _ = read_plain(open_plain(payload, "query"), "query")
        except ExchangeFailed:
            return False
        first = query.NAME in self._HANDLERS[_State.WAITS_FOR_REQ_PQ]
        return first and self._state is not _State.WAITS_FOR_REQ_PQ and not same(query.nonce, self._nonce)

    def receive(self, payload: bytes, now: float) -> bytes:
        """Take a query and return the plain payload to answer with.

        A query that came before is answered as before, for ten minutes. Otherwise up to two modular powers and one
        RSA operation are computed: an event loop calls this in a worker thread.

        Args:
            payload: the whole plain message, envelope included.
            now: Unix seconds.

        Raises:
            ExchangeRejected: the query is refused; `code` is the transport error to answer with.
            LocalProtocolError: `now` is a time at which no server works.

        """
        check_server_clock(now)
        try:
            return self._dispatch(open_plain(payload, "query"), now)
        except ExchangeFailed as error:
            self._state = _State.FAILED
            self._forget()
            self._answers.clear()
            if isinstance(error, ExchangeRejected):
                raise
            raise ExchangeRejected(error.step, error.check) from error

    def _dispatch(self, body: bytes, now: float) -> bytes:
        query, raw = read_plain(body, "query")
        if self._state is _State.WAITS_FOR_REQ_PQ:
            self._began = now
        require(now - self._began <= _REMEMBERED_SECONDS, query.NAME, "time")
        answer = self._answers.get(raw)
        if answer is None:
            handler = self._HANDLERS.get(self._state, {}).get(query.NAME)
            if handler is None:
                raise ExchangeFailed(query.NAME, "state")
            answer = self._answers[raw] = self._pack(handler(self, query, now), now)
        return answer

    def _received_req_pq(self, query: Any, now: float) -> TLObject:
        # req_pq_multi#be7e8ef1 nonce:int128 = ResPQ;
        # req_pq#60469778 nonce:int128 = ResPQ;
        self._nonce = query.nonce
        self._server_nonce = self._random(16)
        if not self._p:
            self._p, self._q = _two_primes(self._random)
        self._state = _State.WAITS_FOR_REQ_DH
        # resPQ#05162463 nonce:int128 server_nonce:int128 pq:bytes
        #     server_public_key_fingerprints:Vector<long> = ResPQ;
        return self._make(
            "resPQ",
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            pq=minimal_bytes(self._p * self._q),
            server_public_key_fingerprints=list(self._keys),
        )

    def _received_req_dh_params(self, query: Any, now: float) -> TLObject:
        # req_DH_params#d712e4be nonce:int128 server_nonce:int128 p:bytes q:bytes public_key_fingerprint:long
        #     encrypted_data:bytes = Server_DH_Params;
        step = query.NAME
        self._check_nonces(query)
        require(self._are_factors(query), step, "p, q")
        key = self._keys.get(query.public_key_fingerprint)
        if key is None:
            raise ExchangeFailed(step, "public_key_fingerprint")
        inner: Any = _open_p_q_inner_data(query.encrypted_data, key, step)
        self._check_inner(inner)
        self._new_nonce = inner.new_nonce
        self._aes = kdf.tmp_aes_key_iv(self._new_nonce, self._server_nonce)
        if inner.NAME in _TEMPORARY:
            self._expires_at = now + inner.expires_in
        if self._faults.take_answer("server_dh_params_fail"):
            return self._dh_params_fail()
        return self._dh_params_ok(now)

    def _check_inner(self, inner: Any) -> None:
        # p_q_inner_data_dc#a9f55f95 pq:bytes p:bytes q:bytes nonce:int128 server_nonce:int128 new_nonce:int256
        #     dc:int = P_Q_inner_data;
        # p_q_inner_data_temp_dc#56fddf88 pq:bytes p:bytes q:bytes nonce:int128 server_nonce:int128 new_nonce:int256
        #     dc:int expires_in:int = P_Q_inner_data;
        # p_q_inner_data#83c95aec and p_q_inner_data_temp#3c6a84d4 are the same without dc.
        step = inner.NAME
        self._check_nonces(inner)
        require(number(inner.pq) == self._p * self._q, step, "pq")
        require(self._are_factors(inner), step, "p, q")
        require(step not in _TEMPORARY or inner.expires_in > 0, step, "expires_in")
        if step in _WITH_DC and self._dc_ids is not None and inner.dc not in self._dc_ids:
            raise ExchangeRejected(step, "dc", TransportError.WRONG_DC)

    def _dh_params_ok(self, now: float) -> TLObject:
        self._a = number(self._random(_KEY_LENGTH))
        g_a = power(_G, self._a, dh.KNOWN_PRIME)
        # server_DH_inner_data#b5890dba nonce:int128 server_nonce:int128 g:int dh_prime:bytes g_a:bytes
        #     server_time:int = Server_DH_inner_data;
        inner = self._make(
            "server_DH_inner_data",
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            g=_G,
            dh_prime=dh.KNOWN_PRIME.to_bytes(_KEY_LENGTH, "big"),
            g_a=g_a.to_bytes(_KEY_LENGTH, "big"),
            server_time=int(now),
        )
        # An honest source gives such an a once in 2^64 exchanges: it is the source that is broken, so no other a.
        _check_public(g_a, inner.NAME, "g_a")
        self._state = _State.WAITS_FOR_CLIENT_DH
        # server_DH_params_ok#d0e8075c nonce:int128 server_nonce:int128 encrypted_answer:bytes = Server_DH_Params;
        return self._make(
            "server_DH_params_ok",
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            encrypted_answer=seal_inner(inner.to_bytes(), self._aes, self._random),
        )

    def _dh_params_fail(self) -> TLObject:
        # server_DH_params_fail#79cb045d nonce:int128 server_nonce:int128 new_nonce_hash:int128 = Server_DH_Params;
        answer = self._make(
            "server_DH_params_fail",
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            new_nonce_hash=params_fail_hash(self._new_nonce),
        )
        self._state = _State.FAILED
        self._forget()
        return answer

    def _received_set_client_dh_params(self, query: Any, now: float) -> TLObject:
        # set_client_DH_params#f5045f1f nonce:int128 server_nonce:int128 encrypted_data:bytes
        #     = Set_client_DH_params_answer;
        self._check_nonces(query)
        # client_DH_inner_data#6643b654 nonce:int128 server_nonce:int128 retry_id:long g_b:bytes
        #     = Client_DH_Inner_Data;
        inner: Any = open_inner(query.encrypted_data, self._aes, "client_DH_inner_data", query.NAME)
        self._check_nonces(inner)
        require(inner.retry_id == self._retry_id, inner.NAME, "retry_id")
        g_b = number(inner.g_b)
        _check_public(g_b, inner.NAME, "g_b")
        key = AuthKey(power(g_b, self._a, dh.KNOWN_PRIME).to_bytes(_KEY_LENGTH, "big"))
        return self._dh_gen(key, now)

    def _dh_gen(self, key: AuthKey, now: float) -> TLObject:
        # dh_gen_ok#3bcbf734    nonce:int128 server_nonce:int128 new_nonce_hash1:int128 = Set_client_DH_params_answer;
        # dh_gen_retry#46dc1fb9 nonce:int128 server_nonce:int128 new_nonce_hash2:int128 = Set_client_DH_params_answer;
        # dh_gen_fail#a69dae02  nonce:int128 server_nonce:int128 new_nonce_hash3:int128 = Set_client_DH_params_answer;
        which, name = self._verdict(key)
        answer = self._make(
            name,
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            **{f"new_nonce_hash{which}": kdf.new_nonce_hash(which, self._new_nonce, key.aux_hash)},
        )
        if name == "dh_gen_retry":
            self._retries += 1
            self._retry_id = retry_id(key.aux_hash)
            return answer
        if name == "dh_gen_ok":
            salt = first_salt(self._new_nonce, self._server_nonce)
            self.result = ExchangeResult(key, salt, time_offset=0.0, expires_at=self._expires_at, server_time=now)
        self._state = _State.DONE if name == "dh_gen_ok" else _State.FAILED
        self._forget()
        return answer

    def _verdict(self, key: AuthKey) -> tuple[int, str]:
        """Return the answer for `key`, and the number of its hash."""
        if self._faults.take_answer("dh_gen_fail"):
            return 3, "dh_gen_fail"
        known = self._key_exists is not None and self._key_exists(key.id)
        if not self._faults.take_answer("dh_gen_retry") and not known:
            return 1, "dh_gen_ok"
        if self._retries < MAX_RETRIES:
            return 2, "dh_gen_retry"
        return 3, "dh_gen_fail"

    def _check_nonces(self, message: Any) -> None:
        require(same(message.nonce, self._nonce), message.NAME, "nonce")
        require(same(message.server_nonce, self._server_nonce), message.NAME, "server_nonce")

    def _are_factors(self, message: Any) -> bool:
        return (number(message.p), number(message.q)) == (self._p, self._q)

    def _make(self, constructor: str, **fields: Any) -> TLObject:
        message: TLObject = service.schema[constructor](**self._faults.apply(constructor, fields))
        return message

    def _pack(self, answer: TLObject, now: float) -> bytes:
        self._last_msg_id = server_msg_id(now, self._last_msg_id, reply=True)
        tail = self._tail() if self._random_tails or self._faults.take_answer("random_tail") else b""
        return pack_plain(self._last_msg_id, answer.to_bytes() + tail)

    def _tail(self) -> bytes:
        return self._random(4 + self._random(1)[0] % 32 * 4)

    def _forget(self) -> None:
        """Drop the secrets; answers stay, so that they can be repeated."""
        self._new_nonce = b""
        self._aes = (b"", b"")
        self._a = 0

    _HANDLERS: ClassVar[Mapping[_State, Mapping[str, _Handler]]] = {
        _State.WAITS_FOR_REQ_PQ: {"req_pq_multi": _received_req_pq, "req_pq": _received_req_pq},
        _State.WAITS_FOR_REQ_DH: {"req_DH_params": _received_req_dh_params},
        _State.WAITS_FOR_CLIENT_DH: {"set_client_DH_params": _received_set_client_dh_params},
    }


_Handler = Callable[[ServerExchange, Any, float], TLObject]


def _open_p_q_inner_data(encrypted: bytes, key: RSAPrivateKey, step: str) -> TLObject:
    """Decrypt `encrypted_data` of req_DH_params by RSA_PAD, or by the padding that came before it.

    Every failure up to the hash is the same check, so that a client can't tell how far its bytes came.
    """
    try:
        block = rsa_decrypt(encrypted, key)
        if block[0] == 0 and (inner := _open_old_padding(block, step)) is not None:
            return inner
        padded = unpad(block)
    except CryptoError as error:
        raise ExchangeFailed(step, "encrypted_data") from error
    return read_inner(padded, _INNER, step)[0]


def _open_old_padding(block: bytes, step: str) -> TLObject | None:
    """Read a block as SHA1(data) + data + random bytes; None if it is no such block."""
    digest, padded = unpad_sha1(block)
    try:
        inner, end = read_inner(padded, _INNER, step)
    except ExchangeFailed:
        return None
    return inner if same(sha1(padded[:end]), digest) else None


def _check_public(value: int, step: str, check: str) -> None:
    try:
        dh.check_public(value, dh.KNOWN_PRIME)
    except CryptoError as error:
        raise ExchangeFailed(step, check) from error


def _two_primes(random: Random) -> tuple[int, int]:
    """Draw two different primes of 31 bits, the smaller first; their product stays below 2^63."""
    p = _next_prime(number(random(4)))
    q = _next_prime(number(random(4)))
    if p == q:
        q = _next_prime(q + 2)
    return (p, q) if p < q else (q, p)


def _next_prime(start: int) -> int:
    """Return a prime of 31 bits near `start`, at or above it."""
    candidate = start % (1 << _PRIME_BITS) | 1 << (_PRIME_BITS - 1) | 1
    while not is_small_prime(candidate):
        candidate += 2
    return candidate
