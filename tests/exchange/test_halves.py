"""Both halves, joined in memory."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from mtproto.crypto.dh import KNOWN_PRIME
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.errors import ExchangeFailed, LocalProtocolError
from mtproto.exchange import ClientExchange, ExchangeFaults, ExchangeResult, ServerExchange
from mtproto.message.envelope import unpack_plain
from tests.exchange.support import CHEAP_PQ, NOW, PQ, Randomness, body_of, halves, join


def results(client: ClientExchange, server: ServerExchange) -> tuple[ExchangeResult, ExchangeResult]:
    assert client.result is not None
    assert server.result is not None
    return client.result, server.result


def agreed(client: ClientExchange, server: ServerExchange) -> ExchangeResult:
    """Return the client's result after comparing it with the server's."""
    mine, theirs = results(client, server)
    assert mine.auth_key == theirs.auth_key
    assert mine.server_salt == theirs.server_salt
    return mine


def test_the_halves_agree_on_key_and_salt(key: RSAPrivateKey) -> None:
    client, server = halves(key, pq=PQ)
    payloads = join(client, server)
    names = [body_of(payload).NAME for payload in payloads]
    assert names == [
        "req_pq_multi",
        "resPQ",
        "req_DH_params",
        "server_DH_params_ok",
        "set_client_DH_params",
        "dh_gen_ok",
    ]
    assert agreed(client, server).expires_at is None
    assert client.done


def test_the_steps_name_what_was_sent_and_received_and_nothing_secret(key: RSAPrivateKey) -> None:
    client, server = halves(key)
    payloads = join(client, server)
    assert [step.sent for step in client.steps] == [True, False] * 3
    assert [step.message for step in client.steps] == [body_of(payload) for payload in payloads]
    assert [step.size for step in client.steps] == [len(payload) for payload in payloads]
    inner = [step.inner.NAME if step.inner else None for step in client.steps]
    assert inner == [None, None, None, "server_DH_inner_data", "client_DH_inner_data", None]


@pytest.mark.parametrize("succeeds", [True, False])
def test_nothing_secret_is_kept_once_the_exchange_is_over(key: RSAPrivateKey, succeeds: bool) -> None:
    new_nonce, a, b = bytes(range(32)), b"\x0a" * 256, b"\x0b" * 256
    client = ClientExchange([key.public], 2, Randomness(1, {32: [new_nonce], 256: [b]}))
    server = ServerExchange([key], Randomness(2, {256: [a]}), pq=CHEAP_PQ)
    payload = client.start(NOW)
    for _ in range(2):
        payload = client.receive(server.receive(payload, NOW), NOW) or b""
    answer = server.receive(payload, NOW)
    result = server.result
    assert result is not None
    if succeeds:
        client.receive(answer, NOW)
    else:
        for receive in (client.receive, server.receive):
            with pytest.raises(ExchangeFailed):
                receive(bytes(20), NOW)
    for half in (client, server):
        kept = [value for name, value in vars(half).items() if name not in ("result", "_random")]
        for secret in (new_nonce, a, b, int.from_bytes(a, "big"), int.from_bytes(b, "big"), result.auth_key):
            assert secret not in kept


@pytest.mark.parametrize("offset", [-31_536_000.0, 0.0, 31_536_000.5])
def test_the_time_offset_is_the_servers_clock_less_the_local_one(key: RSAPrivateKey, offset: float) -> None:
    client, server = halves(key)
    payload = client.start(NOW - offset)
    while (request := client.receive(server.receive(payload, NOW), NOW - offset)) is not None:
        payload = request
    result = agreed(client, server)
    assert result.time_offset == int(NOW) - (NOW - offset)
    assert result.server_time == int(NOW)


def test_a_temporary_key_ends_by_the_servers_clock(key: RSAPrivateKey) -> None:
    client, server = halves(key, expires_in=86400)
    payload = client.start(NOW - 1000)
    while (request := client.receive(server.receive(payload, NOW), NOW - 1000)) is not None:
        payload = request
    mine, theirs = results(client, server)
    assert mine.expires_at == int(NOW) + 86400
    assert theirs.expires_at == NOW + 86400


@pytest.mark.parametrize("expires_in", [0, -1, 2**31])
def test_a_temporary_key_lives_for_a_positive_time(key: RSAPrivateKey, expires_in: int) -> None:
    with pytest.raises(LocalProtocolError):
        ClientExchange([key.public], 2, Randomness(), expires_in=expires_in)


@pytest.mark.parametrize("dc_id", [2**31, -(2**31)])
def test_the_id_of_a_data_centre_has_32_bits(key: RSAPrivateKey, dc_id: int) -> None:
    with pytest.raises(LocalProtocolError):
        ClientExchange([key.public], dc_id, Randomness())


def test_a_half_without_keys_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        ClientExchange([], 2, Randomness())
    with pytest.raises(LocalProtocolError):
        ServerExchange([], Randomness())


def test_keys_of_another_size_are_refused() -> None:
    short = RSAPrivateKey.generate(1024)
    with pytest.raises(LocalProtocolError):
        ClientExchange([short.public], 2, Randomness())
    with pytest.raises(LocalProtocolError):
        ServerExchange([short], Randomness())


def test_the_client_takes_the_first_of_its_keys_that_is_listed(key: RSAPrivateKey, other_key: RSAPrivateKey) -> None:
    unknown = RSAPrivateKey.generate()
    for mine in ([key, other_key], [other_key, key], [unknown, other_key]):
        client = ClientExchange([private.public for private in mine], 2, Randomness(1))
        server = ServerExchange([key, other_key], Randomness(2), pq=CHEAP_PQ)
        payloads = join(client, server)
        expected = next(private for private in mine if private is not unknown)
        assert body_of(payloads[2]).public_key_fingerprint == expected.public.fingerprint


def test_random_tails_inside_the_length_are_ignored(key: RSAPrivateKey) -> None:
    plain_lengths = [len(payload) for payload in join(*halves(key))]
    client, server = halves(key, random_tails=True)
    payloads = join(client, server)
    agreed(client, server)
    tails = [len(payload) - length for payload, length in zip(payloads, plain_lengths, strict=True)]
    assert tails[::2] == [0, 0, 0]
    assert any(tails[1::2])
    assert all(tail % 4 == 0 for tail in tails)


def test_message_ids_grow_and_say_who_speaks(key: RSAPrivateKey) -> None:
    faults = ExchangeFaults()
    faults.dh_gen_retry(3)
    ids = [unpack_plain(payload).msg_id for payload in join(*halves(key, faults=faults))]
    assert [msg_id % 4 for msg_id in ids] == [0, 1] * (len(ids) // 2)
    for half in (ids[::2], ids[1::2]):
        assert all(one < next_one for one, next_one in itertools.pairwise(half))


def test_the_same_randomness_makes_the_same_exchange(key: RSAPrivateKey) -> None:
    assert join(*halves(key, seed=3)) == join(*halves(key, seed=3))
    assert join(*halves(key, seed=3)) != join(*halves(key, seed=4))


# Exponents for which g_a = 3^a has a leading zero byte or not; for each, b for which (g_b, key) have or have not.
A = {False: 10_000_000, True: 10_000_134}
B = {
    (False, False, False): 20_000_000,
    (False, False, True): 20_000_151,
    (False, True, False): 20_000_416,
    (False, True, True): 20_005_157,
    (True, False, False): 20_000_000,
    (True, False, True): 20_000_107,
    (True, True, False): 20_000_416,
    (True, True, True): 20_038_434,
}


@pytest.mark.parametrize("zeros", list(itertools.product([False, True], repeat=6)))
def test_leading_zero_bytes_are_kept_in_all_combinations(key: RSAPrivateKey, zeros: tuple[bool, ...]) -> None:
    zero_nonce, zero_server_nonce, zero_new_nonce, *zero_numbers = zeros
    zero_g_a, zero_g_b, zero_key = zero_numbers

    def led(zero: bool, length: int) -> bytes:
        return (b"\0\0" if zero else b"\x01\x02") + bytes(range(3, length + 1))

    a, b = A[zero_g_a], B[zero_g_a, zero_g_b, zero_key]
    assert (pow(3, a, KNOWN_PRIME) >> 2040 == 0) is zero_g_a
    assert (pow(3, b, KNOWN_PRIME) >> 2040 == 0) is zero_g_b
    forced = {16: [led(zero_nonce, 16)], 32: [led(zero_new_nonce, 32)], 256: [b.to_bytes(256, "big")]}
    client = ClientExchange([key.public], 2, Randomness(1, forced))
    forced = {16: [led(zero_server_nonce, 16)], 256: [a.to_bytes(256, "big")]}
    server = ServerExchange([key], Randomness(2, forced), pq=CHEAP_PQ)
    join(client, server)
    result = agreed(client, server)
    assert len(result.auth_key.data) == 256
    assert (result.auth_key.data[0] == 0) is zero_key
    for step, field in ((3, "g_a"), (4, "g_b")):
        assert len(getattr(client.steps[step].inner, field)) == 256


@pytest.mark.parametrize(
    "pq", [(3, 5), (13, 257), (251, 65537), (65521, 65537), (16777213, 16777259), (2147483647, 3037000493)]
)
def test_factors_of_every_width_are_sent_without_leading_zero_bytes(key: RSAPrivateKey, pq: tuple[int, int]) -> None:
    client, server = halves(key, pq=pq)
    request = body_of(join(client, server)[2])
    assert (request.p[0], request.q[0]) != (0, 0)
    assert (int.from_bytes(request.p, "big"), int.from_bytes(request.q, "big")) == pq
    agreed(client, server)


def test_a_server_draws_its_own_factors(key: RSAPrivateKey) -> None:
    client, server = halves(key, pq=None)
    answer = body_of(join(client, server)[1])
    assert len(answer.pq) == 8
    assert int.from_bytes(answer.pq, "big") < 1 << 62
    agreed(client, server)


def test_two_equal_draws_still_give_two_different_factors(key: RSAPrivateKey) -> None:
    server = ServerExchange([key], Randomness(2, {4: [b"same", b"same"]}))
    client = ClientExchange([key.public], 2, Randomness(1))
    join(client, server)
    agreed(client, server)


@pytest.mark.slow
def test_random_exchanges_agree(key: RSAPrivateKey, thorough: bool) -> None:
    # Short exponents make powers that are as random as those of long ones, in a fraction of the time.
    source = Random(1)
    for seed in range(500 if thorough else 60):
        a, b = ({256: [source.getrandbits(96).to_bytes(256, "big")]} for _ in range(2))
        client = ClientExchange([key.public], 2, Randomness(2 * seed, b))
        server = ServerExchange([key], Randomness(2 * seed + 1, a), random_tails=bool(seed % 2))
        join(client, server)
        agreed(client, server)
