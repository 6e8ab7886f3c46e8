"""Whatever the peer sends, a half goes on or raises its own error; nothing else, and never without end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.errors import ExchangeFailed, LocalProtocolError
from mtproto.exchange import ClientExchange, ExchangeRejected, ServerExchange
from mtproto.exchange.common import seal_inner
from mtproto.message.envelope import pack_plain
from tests.exchange.support import CHEAP_PQ, NOW, BareClient, Randomness, body_of, fork, halves, plain
from tl import service

# The fixtures are keys and halves that are never changed: each example works on a fork.
fuzz = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

edits = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=6)
int32 = st.integers(-(2**31), 2**31 - 1)
int64 = st.integers(-(2**63), 2**63 - 1)
numbers = st.one_of(st.binary(max_size=16), st.binary(min_size=250, max_size=260), st.binary(max_size=300))


def spoil(data: bytes, edits: list[tuple[int, int]], length: int | None = None) -> bytes:
    """Return the bytes with some of them replaced, and cut to a length."""
    changed = bytearray(data)
    for position, value in edits:
        changed[position % len(changed)] = value
    return bytes(changed[:length])


@pytest.fixture(scope="module")
def clients(key: RSAPrivateKey) -> list[tuple[ClientExchange, bytes]]:
    """Return the client in each state in which it waits, with the answer that it waits for."""
    client, server = halves(key)
    found = []
    payload: bytes | None = client.start(NOW)
    while payload is not None:
        answer = server.receive(payload, NOW)
        found.append((fork(client), answer))
        payload = client.receive(answer, NOW)
    return found


@pytest.fixture(scope="module")
def servers(key: RSAPrivateKey) -> list[tuple[ServerExchange, bytes]]:
    """Return the server in each state in which it waits, with the query that it waits for."""
    client, server = halves(key)
    found = []
    payload: bytes | None = client.start(NOW)
    while payload is not None:
        found.append((fork(server), payload))
        payload = client.receive(server.receive(payload, NOW), NOW)
    found.append((fork(server), found[-1][1]))
    return found


def client_takes(client: ClientExchange, payload: bytes) -> None:
    client = fork(client)
    try:
        request = client.receive(payload, NOW)
    except ExchangeFailed:
        request = None
        with pytest.raises(LocalProtocolError):
            client.receive(payload, NOW)
    if request is not None:
        assert body_of(request).NAME in ("req_DH_params", "set_client_DH_params")


def server_takes(server: ServerExchange, payload: bytes) -> None:
    server = fork(server)
    server.begins_another(payload)
    answer, code = None, 0
    try:
        answer = server.receive(payload, NOW)
    except ExchangeRejected as error:
        code = error.code
    assert body_of(answer) if answer is not None else code in (-404, -444)


@pytest.mark.parametrize("state", range(3))
@given(payload=st.one_of(st.binary(max_size=200), st.builds(pack_plain, int64, st.binary(max_size=700))))
@fuzz
def test_client_takes_any_bytes(clients: list[tuple[ClientExchange, bytes]], state: int, payload: bytes) -> None:
    client_takes(clients[state][0], payload)


@pytest.mark.parametrize("state", range(3))
@given(edits=edits, length=st.one_of(st.none(), st.integers(0, 700)))
@fuzz
def test_client_takes_spoiled_answers(
    clients: list[tuple[ClientExchange, bytes]], state: int, edits: list[tuple[int, int]], length: int | None
) -> None:
    client, answer = clients[state]
    client_takes(client, spoil(answer, edits, length))


@pytest.mark.parametrize("state", range(4))
@given(payload=st.one_of(st.binary(max_size=200), st.builds(pack_plain, int64, st.binary(max_size=700))))
@fuzz
def test_server_takes_any_bytes(servers: list[tuple[ServerExchange, bytes]], state: int, payload: bytes) -> None:
    server_takes(servers[state][0], payload)


@pytest.mark.parametrize("state", range(4))
@given(edits=edits, length=st.one_of(st.none(), st.integers(0, 700)))
@fuzz
def test_server_takes_spoiled_queries(
    servers: list[tuple[ServerExchange, bytes]], state: int, edits: list[tuple[int, int]], length: int | None
) -> None:
    server, query = servers[state]
    server_takes(server, spoil(query, edits, length))


@given(
    pq=st.one_of(
        st.binary(max_size=12),
        st.integers(0, 300).map(lambda n: bytes(n) + b"\x8f"),
        st.integers(0, 2**63 - 1).map(lambda n: n.to_bytes(8, "big")),
    )
)
@fuzz
def test_client_takes_any_pq(clients: list[tuple[ClientExchange, bytes]], pq: bytes) -> None:
    client, answer = clients[0]
    message = body_of(answer)
    fields = {name: getattr(message, name) for name in ("nonce", "server_nonce", "server_public_key_fingerprints")}
    client_takes(client, plain(service.types.ResPQ(**fields, pq=pq)))


@given(dh_prime=numbers, g=int32, g_a=numbers, server_time=int32, keep=st.integers(0, 15))
@fuzz
def test_client_takes_any_inner_data(
    clients: list[tuple[ClientExchange, bytes]], dh_prime: bytes, g: int, g_a: bytes, server_time: int, keep: int
) -> None:
    client, _ = clients[1]
    honest: Any = clients[2][0].steps[3].inner
    fields: dict[str, Any] = {"dh_prime": dh_prime, "g": g, "g_a": g_a, "server_time": server_time}
    for bit, name in enumerate(fields):
        if keep >> bit & 1:
            fields[name] = getattr(honest, name)
    nonces = {"nonce": honest.nonce, "server_nonce": honest.server_nonce}
    data = service.types.ServerDHInnerData(**nonces, **fields).to_bytes()
    sealed = seal_inner(data, client._aes, Randomness())
    client_takes(client, plain(service.types.ServerDHParamsOk(**nonces, encrypted_answer=sealed)))


@given(data=st.binary(max_size=600))
@fuzz
def test_client_takes_any_bytes_as_inner_data(clients: list[tuple[ClientExchange, bytes]], data: bytes) -> None:
    client, answer = clients[1]
    nonces = {name: getattr(body_of(answer), name) for name in ("nonce", "server_nonce")}
    sealed = seal_inner(data, client._aes, Randomness())
    client_takes(client, plain(service.types.ServerDHParamsOk(**nonces, encrypted_answer=sealed)))


@given(g_b=numbers, retry_id=int64, zero=st.booleans())
@fuzz
def test_server_takes_any_inner_data(
    servers: list[tuple[ServerExchange, bytes]], g_b: bytes, retry_id: int, zero: bool
) -> None:
    server, query = servers[2]
    nonces = {name: getattr(body_of(query), name) for name in ("nonce", "server_nonce")}
    data = service.types.ClientDHInnerData(**nonces, retry_id=0 if zero else retry_id, g_b=g_b).to_bytes()
    sealed = seal_inner(data, server._aes, Randomness())
    server_takes(server, plain(service.functions.SetClientDHParams(**nonces, encrypted_data=sealed)))


@given(
    inner=st.sampled_from(
        ["p_q_inner_data", "p_q_inner_data_dc", "p_q_inner_data_temp", "p_q_inner_data_temp_dc"],
    ),
    old_padding=st.booleans(),
    changes=st.fixed_dictionaries(
        {},
        optional={
            "pq": st.binary(max_size=10),
            "p": st.binary(max_size=6),
            "q": st.binary(max_size=6),
            "new_nonce": st.binary(min_size=32, max_size=32),
            "dc": int32,
            "expires_in": int32,
        },
    ),
)
@fuzz
def test_server_takes_any_p_q_inner_data(
    key: RSAPrivateKey, inner: str, old_padding: bool, changes: dict[str, bytes | int]
) -> None:
    def constant(value: bytes | int) -> Callable[[Any], Any]:
        return lambda _: value

    client = BareClient(key.public, inner=inner, old_padding=old_padding)
    server = ServerExchange([key], Randomness(5), pq=CHEAP_PQ, dc_ids=(2,))
    client.changes.override(inner, **{name: constant(value) for name, value in changes.items()})
    server_takes(server, client.req_dh_params(server.receive(client.req_pq(), NOW), CHEAP_PQ))


@given(data=st.binary(max_size=144), old_padding=st.booleans())
@fuzz
def test_server_takes_any_bytes_as_p_q_inner_data(
    key: RSAPrivateKey, servers: list[tuple[ServerExchange, bytes]], data: bytes, old_padding: bool
) -> None:
    server, query = servers[1]
    request = body_of(query)
    encrypt = BareClient(key.public, old_padding=old_padding).encrypt
    request.encrypted_data = encrypt(data, key.public, Randomness())
    server_takes(server, plain(request))
