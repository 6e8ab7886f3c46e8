"""The client's half of the authorization key exchange (core.telegram.org/mtproto/auth_key).

    start ── req_pq_multi ──▶ resPQ ── req_DH_params ──▶ server_DH_params_ok ── set_client_DH_params ──▶ dh_gen_ok
                                                                   ▲                     │
                                                                   └──── dh_gen_retry ◀──┘

Every check of core.telegram.org/mtproto/security_guidelines is made before the value in question is used, and the
first check that fails ends the exchange with `ExchangeFailed(step, check)`: `step` is the constructor at fault, `check`
the field or the rule. An exchange that failed is over; a new exchange starts from new nonces.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from mtproto._options import named_options
from mtproto.crypto import (
    CryptoError,
    DHCheckFailed,
    RSAPublicKey,
    check_dh_parameters,
    check_dh_public,
    factorize,
    new_nonce_hash,
    power,
    rsa_pad,
    tmp_aes_key_iv,
)
from mtproto.errors import ExchangeFailed, LocalProtocolError, OptionError
from mtproto.exchange.common import (
    MAX_RETRIES,
    Random,
    Step,
    first_salt,
    minimal_bytes,
    number,
    open_inner,
    open_plain,
    params_fail_hash,
    read_plain,
    require,
    require_key_sizes,
    retry_id,
    same,
    seal_inner,
)
from mtproto.message import AuthKey, ExchangeResult, client_msg_id, is_possible_time, pack_plain, possible_time
from tl import TLFunction, TLObject, service

__all__ = ["ClientExchange"]

_PQ_LENGTH = 8
_PQ_LIMIT = 1 << 63
_KEY_LENGTH = 256
_INT_MAX = (1 << 31) - 1
_LONG_MASK = (1 << 64) - 1
_SHOWN_FINGERPRINTS = 8


class _ClientStage(enum.Enum):
    NEW = enum.auto()
    WAITS_FOR_RES_PQ = enum.auto()
    WAITS_FOR_DH_PARAMS = enum.auto()
    WAITS_FOR_DH_GEN = enum.auto()
    DONE = enum.auto()
    FAILED = enum.auto()


class ClientExchange:
    """One attempt to make an authorization key. Not shared: one caller at a time, from any thread.

    `receive` is the slow part (factoring, modular powers): an event loop calls it in a worker thread. It never
    computes longer than one modular power in one piece, so that other threads get their turn; `rest` makes that turn
    longer.

    Args:
        keys: the server's public keys that the caller trusts, the preferred one first.
        dc_id: the data centre that the caller believes to talk to, as the inner data carries it: plus 10000 for test
            servers, negative for media servers.
        random: a cryptographically secure source of bytes.
        expires_in: seconds that a temporary key shall live; None makes a permanent key.

    Attributes:
        result: the key and what came with it, once the exchange is done.
        steps: the messages that were sent and received so far, in order; nothing secret is in them.

    """

    @named_options()
    def __init__(
        self, keys: Sequence[RSAPublicKey], dc_id: int, random: Random, *, expires_in: int | None = None
    ) -> None:
        if not keys:
            raise OptionError("keys is empty: an exchange needs at least one public key of the server", "keys")
        require_key_sizes(keys)
        if expires_in is not None and not 0 < expires_in <= _INT_MAX:
            raise OptionError("a temporary key lives for a positive number of seconds, of 31 bits", "expires_in")
        if not -_INT_MAX <= dc_id <= _INT_MAX:
            raise OptionError("the id of a data centre is a number of 32 bits", "dc_id")
        self._keys = tuple(keys)
        self._dc_id = dc_id
        self._random = random
        self._rest: Callable[[], None] | None = None
        self._expires_in = expires_in
        self._state = _ClientStage.NEW
        self._last_msg_id = 0
        self._request: TLFunction[Any] | None = None
        self._payload = b""
        self._answered = b""  # the last answer that was dealt with: its copies are ignored
        self._nonce = b""
        self._server_nonce = b""
        self._new_nonce = b""
        self._aes = (b"", b"")
        self._group = (0, 0, 0)  # dh_prime, g, g_a
        self._retry_id = 0
        self._retries = 0
        self._auth_key: AuthKey | None = None
        self._expires_at: float | None = None  # by the local clock
        self._time_offset = 0.0
        self.result: ExchangeResult | None = None
        self.steps: list[Step] = []

    @property
    def done(self) -> bool:
        """Return True once `result` is there."""
        return self.result is not None

    def start(self, now: float) -> bytes:
        """Make the first query, req_pq_multi.

        Args:
            now: Unix seconds by the local clock, right or wrong.

        Returns:
            the plain payload to send.

        Raises:
            LocalProtocolError: the exchange was started before.

        """
        if self._state is not _ClientStage.NEW:
            raise LocalProtocolError("an exchange is started once")
        # req_pq_multi#be7e8ef1 nonce:int128 = ResPQ;
        self._nonce = self._random(16)
        payload = self._send(service.functions.ReqPqMulti(nonce=self._nonce), now)
        self._state = _ClientStage.WAITS_FOR_RES_PQ
        return payload

    def repeat(self) -> bytes:
        """Return the last query again, byte for byte: its answer was lost.

        Raises:
            LocalProtocolError: nothing waits for an answer.

        """
        if self._state not in self._HANDLERS:
            raise LocalProtocolError("no query of this exchange waits for an answer")
        return self._payload

    def receive(self, payload: bytes, now: float, *, rest: Callable[[], None] | None = None) -> bytes | None:
        """Take the server's answer.

        Args:
            payload: the whole plain message; random bytes may follow the answer inside it.
            now: Unix seconds by the local clock.
            rest: called between two modular powers, each of which holds the interpreter for up to 20 ms: the caller's
                thread may sleep in it.

        Returns:
            the next payload to send; None if there is none: the exchange is done (`result` is there), or this was a
            second answer to an earlier query that was repeated.

        Raises:
            ExchangeFailed: a check failed or the server refused; the exchange is over.
            LocalProtocolError: nothing waits for an answer.
            CryptoError: `random` repeats itself.

        """
        handlers = self._HANDLERS.get(self._state)
        if handlers is None or self._request is None:
            raise LocalProtocolError("no query of this exchange waits for an answer")
        self._rest = rest
        try:
            return self._dispatch(handlers, self._request, payload, now)
        except ExchangeFailed:
            self._state = _ClientStage.FAILED
            self._forget()
            raise

    def _dispatch(
        self, handlers: Mapping[str, _Handler], request: TLFunction[Any], payload: bytes, now: float
    ) -> bytes | None:
        body = open_plain(payload, request.NAME)
        if self._answered and body.startswith(self._answered):
            return None
        answer, raw = read_plain(body, request.NAME, request.result)
        handler = handlers.get(answer.NAME)
        if handler is None:
            raise ExchangeFailed(request.NAME, "constructor")
        self._answered = raw
        return handler(self, answer, now, len(payload))

    def _received_res_pq(self, answer: Any, now: float, size: int) -> bytes:
        # resPQ#05162463 nonce:int128 server_nonce:int128 pq:bytes
        #     server_public_key_fingerprints:Vector<long> = ResPQ;
        step = answer.NAME
        require(same(answer.nonce, self._nonce), step, "nonce")
        listed = answer.server_public_key_fingerprints
        key = next((key for key in self._keys if key.fingerprint in listed), None)
        if key is None:
            raise ExchangeFailed(step, "server_public_key_fingerprints", self._no_key_in_common(listed))
        p, q = _factors(answer.pq, step)
        self._received(answer, size)

        self._server_nonce = answer.server_nonce
        self._new_nonce = self._random(32)
        self._aes = tmp_aes_key_iv(self._new_nonce, self._server_nonce)
        if self._expires_in is not None:
            self._expires_at = now + self._expires_in
        # req_DH_params#d712e4be nonce:int128 server_nonce:int128 p:bytes q:bytes public_key_fingerprint:long
        #     encrypted_data:bytes = Server_DH_Params;
        p_bytes, q_bytes = minimal_bytes(p), minimal_bytes(q)
        inner = self._p_q_inner_data(
            pq=answer.pq,
            p=p_bytes,
            q=q_bytes,
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            new_nonce=self._new_nonce,
        )
        request = service.functions.ReqDHParams(
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            p=p_bytes,
            q=q_bytes,
            public_key_fingerprint=key.fingerprint,
            encrypted_data=rsa_pad(inner.to_bytes(), key, self._random),
        )
        self._state = _ClientStage.WAITS_FOR_DH_PARAMS
        return self._send(request, now)

    def _no_key_in_common(self, listed: Sequence[int]) -> str:
        """Return words on two sets of fingerprints, as 16 hex digits each: what is offered, what is known."""
        offered = [f"{fingerprint & _LONG_MASK:016x}" for fingerprint in listed]
        known = [f"{key.fingerprint & _LONG_MASK:016x}" for key in self._keys]
        return f"the server offers {_some(offered)}; the keys that are trusted here are {_some(known)}"

    def _p_q_inner_data(self, **fields: bytes) -> TLObject:
        # p_q_inner_data_dc#a9f55f95 pq:bytes p:bytes q:bytes nonce:int128 server_nonce:int128 new_nonce:int256
        #     dc:int = P_Q_inner_data;
        # p_q_inner_data_temp_dc#56fddf88 pq:bytes p:bytes q:bytes nonce:int128 server_nonce:int128 new_nonce:int256
        #     dc:int expires_in:int = P_Q_inner_data;
        if self._expires_in is None:
            inner: TLObject = service.types.PQInnerDataDc(**fields, dc=self._dc_id)
        else:
            inner = service.types.PQInnerDataTempDc(**fields, dc=self._dc_id, expires_in=self._expires_in)
        return inner

    def _received_dh_params_ok(self, answer: Any, now: float, size: int) -> bytes:
        # server_DH_params_ok#d0e8075c nonce:int128 server_nonce:int128 encrypted_answer:bytes = Server_DH_Params;
        self._check_nonces(answer)
        # server_DH_inner_data#b5890dba nonce:int128 server_nonce:int128 g:int dh_prime:bytes g_a:bytes
        #     server_time:int = Server_DH_inner_data;
        inner: Any = open_inner(answer.encrypted_answer, self._aes, "server_DH_inner_data", answer.NAME)
        self._check_nonces(inner)
        prime, g_a = number(inner.dh_prime), number(inner.g_a)
        try:
            check_dh_parameters(prime, inner.g, self._random, rest=self._rest)
        except DHCheckFailed as error:
            raise ExchangeFailed(inner.NAME, error.check) from error
        _check_public(g_a, prime, inner.NAME, "g_a")
        require(inner.server_time > 0 and is_possible_time(inner.server_time), inner.NAME, "server_time")
        require(inner.server_time + (self._expires_in or 0) <= _INT_MAX, inner.NAME, "expires_in")
        self._received(answer, size, inner)

        self._group = (prime, inner.g, g_a)
        self._time_offset = inner.server_time - now
        self._state = _ClientStage.WAITS_FOR_DH_GEN
        return self._send_client_dh(now)

    def _received_dh_params_fail(self, answer: Any, now: float, size: int) -> bytes:
        # server_DH_params_fail#79cb045d nonce:int128 server_nonce:int128 new_nonce_hash:int128 = Server_DH_Params;
        self._check_nonces(answer)
        require(same(answer.new_nonce_hash, params_fail_hash(self._new_nonce)), answer.NAME, "new_nonce_hash")
        self._received(answer, size)
        raise ExchangeFailed(answer.NAME, "refused by the server")

    def _send_client_dh(self, now: float) -> bytes:
        prime, g, g_a = self._group
        b = number(self._random(_KEY_LENGTH))
        g_b = power(g, b, prime)
        # client_DH_inner_data#6643b654 nonce:int128 server_nonce:int128 retry_id:long g_b:bytes
        #     = Client_DH_Inner_Data;
        inner = service.types.ClientDHInnerData(
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            retry_id=self._retry_id,
            g_b=g_b.to_bytes(_KEY_LENGTH, "big"),
        )
        # A sound source of randomness gives such a b once in 2^64 exchanges. So the source is broken: no other b is
        # drawn.
        _check_public(g_b, prime, inner.NAME, "g_b")
        if self._rest is not None:
            self._rest()
        self._auth_key = AuthKey(power(g_a, b, prime).to_bytes(_KEY_LENGTH, "big"))
        # set_client_DH_params#f5045f1f nonce:int128 server_nonce:int128 encrypted_data:bytes
        #     = Set_client_DH_params_answer;
        request = service.functions.SetClientDHParams(
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            encrypted_data=seal_inner(inner.to_bytes(), self._aes, self._random),
        )
        return self._send(request, now, inner)

    def _received_dh_gen_ok(self, answer: Any, now: float, size: int) -> None:
        # dh_gen_ok#3bcbf734 nonce:int128 server_nonce:int128 new_nonce_hash1:int128 = Set_client_DH_params_answer;
        key = self._check_dh_gen(answer, 1, answer.new_nonce_hash1)
        self._received(answer, size)
        offset = self._time_offset
        self.result = ExchangeResult(
            auth_key=key,
            server_salt=first_salt(self._new_nonce, self._server_nonce),
            time_offset=offset,
            expires_at=None if self._expires_at is None else self._expires_at + offset,
            server_time=now + offset,
        )
        self._state = _ClientStage.DONE
        self._forget()

    def _received_dh_gen_retry(self, answer: Any, now: float, size: int) -> bytes:
        # dh_gen_retry#46dc1fb9 nonce:int128 server_nonce:int128 new_nonce_hash2:int128 = Set_client_DH_params_answer;
        rejected = self._check_dh_gen(answer, 2, answer.new_nonce_hash2)
        self._retries += 1
        require(self._retries <= MAX_RETRIES, answer.NAME, "too many retries")
        self._received(answer, size)
        self._retry_id = retry_id(rejected.aux_hash)
        return self._send_client_dh(now)

    def _received_dh_gen_fail(self, answer: Any, now: float, size: int) -> bytes:
        # dh_gen_fail#a69dae02 nonce:int128 server_nonce:int128 new_nonce_hash3:int128 = Set_client_DH_params_answer;
        self._check_dh_gen(answer, 3, answer.new_nonce_hash3)
        self._received(answer, size)
        raise ExchangeFailed(answer.NAME, "refused by the server")

    def _check_nonces(self, message: Any) -> None:
        require(same(message.nonce, self._nonce), message.NAME, "nonce")
        require(same(message.server_nonce, self._server_nonce), message.NAME, "server_nonce")

    def _check_dh_gen(self, answer: Any, which: int, received: bytes) -> AuthKey:
        """Check an answer to set_client_DH_params and return the key that it is about."""
        self._check_nonces(answer)
        key = self._auth_key
        if key is None:
            raise ExchangeFailed(answer.NAME, "state")
        expected = new_nonce_hash(which, self._new_nonce, key.aux_hash)
        require(same(received, expected), answer.NAME, f"new_nonce_hash{which}")
        return key

    def _send(self, request: TLFunction[Any], now: float, inner: TLObject | None = None) -> bytes:
        # Nobody checks the time in the ids of plain messages, so the local clock may be wrong.
        self._last_msg_id = client_msg_id(possible_time(now), self._last_msg_id, self._random)
        self._request = request
        self._payload = pack_plain(self._last_msg_id, request.to_bytes())
        self.steps.append(Step(True, request, inner, len(self._payload)))
        return self._payload

    def _received(self, answer: TLObject, size: int, inner: TLObject | None = None) -> None:
        self.steps.append(Step(False, answer, inner, size))

    def _forget(self) -> None:
        """Drop the secrets of the exchange: they may not outlive it."""
        self._new_nonce = b""
        self._aes = (b"", b"")
        self._auth_key = None

    _HANDLERS: ClassVar[Mapping[_ClientStage, Mapping[str, _Handler]]] = {
        _ClientStage.WAITS_FOR_RES_PQ: {"resPQ": _received_res_pq},
        _ClientStage.WAITS_FOR_DH_PARAMS: {
            "server_DH_params_ok": _received_dh_params_ok,
            "server_DH_params_fail": _received_dh_params_fail,
        },
        _ClientStage.WAITS_FOR_DH_GEN: {
            "dh_gen_ok": _received_dh_gen_ok,
            "dh_gen_retry": _received_dh_gen_retry,
            "dh_gen_fail": _received_dh_gen_fail,
        },
    }


_Handler = Callable[[ClientExchange, Any, float, int], bytes | None]


def _some(words: Sequence[str]) -> str:
    """Return a few words of a list whose length the peer may have chosen."""
    rest = len(words) - _SHOWN_FINGERPRINTS
    text = ", ".join(words[:_SHOWN_FINGERPRINTS]) or "none"
    return f"{text} and {rest} more" if rest > 0 else text


def _factors(data: bytes, step: str) -> tuple[int, int]:
    """Split `pq` into p < q; the work is bounded whatever the server sent.

    Raises:
        ExchangeFailed: with check "pq": no product of two different odd primes below 2^63.

    """
    product = number(data)
    require(len(data) <= _PQ_LENGTH and product < _PQ_LIMIT, step, "pq")
    try:
        p, q = factorize(product)
    except CryptoError as error:
        raise ExchangeFailed(step, "pq") from error
    require(2 < p < q and p * q == product, step, "pq")
    return p, q


def _check_public(value: int, prime: int, step: str, check: str) -> None:
    try:
        check_dh_public(value, prime)
    except CryptoError as error:
        raise ExchangeFailed(step, check) from error
