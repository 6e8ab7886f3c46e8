"""Mutants of the exchange, its mathematics, the two-step password, and what is kept of keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["ROWS"]

_CLIENT = "tests/exchange/test_checklist.py tests/exchange/test_client.py tests/exchange/test_constant_time.py"
_SERVER = "tests/exchange/test_server.py tests/exchange/test_checklist.py tests/exchange/test_constant_time.py"
_BOTH = f"{_CLIENT} tests/exchange/test_server.py"

ROWS: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = {
    ("mtproto/exchange/client.py", _CLIENT): (
        ('require(same(answer.nonce, self._nonce), step, "nonce")', "pass"),
        ('require(same(message.nonce, self._nonce), message.NAME, "nonce")', "pass"),
        ('require(same(message.server_nonce, self._server_nonce), message.NAME, "server_nonce")', "pass"),
        ("check_dh_parameters(prime, inner.g, self._random)", "pass"),
        ('_check_public(g_a, prime, inner.NAME, "g_a")', "pass"),
        ('_check_public(g_b, prime, inner.NAME, "g_b")', "pass"),
        ('require(inner.server_time > 0 and is_possible_time(inner.server_time), inner.NAME, "server_time")', "pass"),
        ("require(same(answer.new_nonce_hash, params_fail_hash(self._new_nonce)), ", "require(True, "),
        ('require(self._retries <= MAX_RETRIES, answer.NAME, "too many retries")', "pass"),
        ("require(same(received, expected), ", "require(True, "),
        ("new_nonce_hash(which,", "new_nonce_hash(1,"),
        ('require(len(data) <= _PQ_LENGTH and product < _PQ_LIMIT, step, "pq")', "pass"),
        ("if key.fingerprint in listed", "if True"),
        ("self._state = _ClientStage.FAILED\n            self._forget()", "self._state = _ClientStage.FAILED"),
        ("self._state = _ClientStage.DONE\n        self._forget()", "self._state = _ClientStage.DONE"),
        ('require(2 < p < q and p * q == product, step, "pq")', "pass"),
    ),
    ("mtproto/exchange/common.py", _BOTH): (
        ("return hmac.compare_digest(one, other)", "return one == other"),
        ("return hmac.compare_digest(one, other)", "return hmac.compare_digest(one[:8], other[:8])"),
        ("_HASH_LENGTH < len(encrypted) <= _MAX_INNER_LENGTH and", "_HASH_LENGTH < len(encrypted) and"),
        ("<= _MAX_INNER_LENGTH and len(encrypted) % _BLOCK_LENGTH == 0", "<= _MAX_INNER_LENGTH"),
        ("if same(sha1(data), digest):", "if True:"),
        ('require(end == len(data), step, "constructor")', "pass"),
        ("range(_MAX_PADDING + 1)", "range(_MAX_PADDING + 17)"),
        ("or inner.NAME not in names", ""),
        ("if any(key.n.bit_length() != _RSA_BITS for key in keys):", "if False:"),
    ),
    ("mtproto/exchange/server.py", _SERVER): (
        ('require(same(message.nonce, self._nonce), message.NAME, "nonce")', "pass"),
        ('require(same(message.server_nonce, self._server_nonce), message.NAME, "server_nonce")', "pass"),
        ('require(self._are_factors(query), step, "p, q")', "pass"),
        ('require(self._are_factors(inner), step, "p, q")', "pass"),
        ('require(number(inner.pq) == self._p * self._q, step, "pq")', "pass"),
        ('raise ExchangeRejected(step, "dc", TransportError.WRONG_DC)', "pass"),
        ('require(inner.retry_id == self._retry_id, inner.NAME, "retry_id")', "pass"),
        ('_check_public(g_b, inner.NAME, "g_b")', "pass"),
        ('require(step not in _TEMPORARY or inner.expires_in > 0, step, "expires_in")', "pass"),
        ('require(now - self._began <= _REMEMBERED_SECONDS, query.NAME, "time")', "pass"),
        ("return inner if same(sha1(padded[:end]), digest) else None", "return inner"),
        ("if self._retries < MAX_RETRIES:", "if True:"),
        ("known = self._key_exists is not None and self._key_exists(key.id)", "known = False"),
    ),
    ("mtproto/crypto/dh.py", "tests/crypto/test_dh.py"): (
        ("if p < 0 or p.bit_length() != bits:", "if p < 0:"),
        ("p % modulus not in remainders or not 1 < g < p - 1", "not 1 < g < p - 1"),
        ("2: (8, frozenset({7}))", "2: (8, frozenset({3, 7}))"),
        ("5: (5, frozenset({1, 4}))", "5: (5, frozenset({1, 2, 4}))"),
        ("7: (7, frozenset({3, 5, 6}))", "7: (7, frozenset({2, 3, 5, 6}))"),
        ("if not miller_rabin(q, random_base(q, random)):", "if False:"),
        ("random_base(q, random)", "2"),
        ("ROUNDS = 40", "ROUNDS = 1"),
        (" or power(2, p - 1, p) != 1", ""),
        ("1 < value < p - 1 and margin <= value <= p - margin", "1 < value < p - 1"),
        ("margin <= value <= p - margin", "margin <= value"),
        ("margin <= value <= p - margin", "value <= p - margin"),
        ("if p == KNOWN_PRIME or (p, g) in verdicts:", "if True:"),
    ),
    ("mtproto/crypto/srp.py", "tests/crypto/test_srp.py"): (
        ("check_dh_parameters(p, algo.g, random)", "pass"),
        ("    _checked_prime(algo, random)\n    salted", "    salted"),
        ("if not SHORTEST_G_B <= len(g_b) <= SIZE:", "if not SHORTEST_G_B <= len(g_b):"),
        ("if not SHORTEST_G_B <= len(g_b) <= SIZE:", "if not len(g_b) <= SIZE:"),
        ("check_dh_public(_number(g_b), p)", "pass"),
        ("check_dh_public(g_a, p)", "pass"),
        ("check_dh_public(g_b, p)", "pass"),
        ("check_dh_public(public, p)", "pass"),
        ("if u == 0:", "if False:"),
        ("if not 0 < v < p:", "if not 0 < v:"),
        ("if not 0 < v < p:", "if not v < p:"),
        ("return compare_digest(_m1(", "return bytes.__eq__(_m1("),
        ("challenge.b, p)\n    return compare_digest(", "challenge.b, p)\n    return True or compare_digest("),
        ("ROUNDS = 100_000", "ROUNDS = 10_000"),
        ("        _hash(algo.salt1),\n", ""),
        ("        _hash(algo.salt2),\n", ""),
        ("bytes(of_p ^ of_g for of_p, of_g in group)", "bytes(32)"),
        ("algo.salt1 + random(NEW_SALT)", "algo.salt1"),
        ("salt1: bytes = field(repr=False)", "salt1: bytes"),
        ("b: int = field(repr=False)", "b: int"),
    ),
    ("mtproto/crypto/rsa.py", "tests/crypto/test_rsa.py"): (
        ("if not compare_digest(with_hash[PADDED:], sha256(temp_key + padded).digest()):", "if False:"),
        ("if len(encrypted) != BLOCK or number >= key.public.n:", "if len(encrypted) != BLOCK:"),
        ("if number < key.n:", "if True:"),
        ("if key.n.bit_length() != 8 * BLOCK:", "if False:"),
        ("if len(data) > MAX_DATA:", "if False:"),
    ),
    ("mtproto/message/key_state.py", "tests/message"): (
        ("!= KEY_STATE_MAGIC or not compare_digest(_checksum(content), data[-CHECKSUM:])", "!= KEY_STATE_MAGIC"),
        ("if self.dc_id and abs(self.dc_id) != abs(dc_id):", "if False:"),
        ("offset if abs(offset) <= FURTHEST_OFFSET else 0.0", "offset"),
        ("last if is_possible_time(msg_id_time(last)) else 0", "last"),
        ("(end if 0 <= end <= MAX_TIME else 0.0) if has_end else None", "end if has_end and 0 <= end else None"),
    ),
    ("mtproto/message/message_ids.py", "tests/message"): (
        ("if not 0 <= server_time < MAX_TIME:", "if server_time < 0:"),
        ("if msg_id <= last:", "if False:"),
    ),
}
"""From a file and the tests of it to pairs: the text, and what takes its place."""
