"""The client's half: order of messages, repetition, rejected keys, refusals."""

from __future__ import annotations

import pytest

from mtproto.crypto.rsa import RSAPrivateKey, rsa_unpad
from mtproto.errors import ExchangeFailed, LocalProtocolError
from mtproto.exchange import ClientExchange, ExchangeFaults, ServerExchange
from mtproto.message.envelope import pack_plain, unpack_plain
from tests.exchange.support import CHEAP_PQ, NOW, PQ, Randomness, body_of, changed, failure, fork, halves, join, plain
from tl import service

QUERIES = ("req_pq_multi", "req_DH_params", "set_client_DH_params")


def fail_with(client: ClientExchange, payload: bytes) -> tuple[str, str]:
    """Give the client a payload that it must refuse; return the step and the check."""
    with pytest.raises(ExchangeFailed) as caught:
        client.receive(payload, NOW)
    return caught.value.step, caught.value.check


def at_step(client: ClientExchange, server: ServerExchange, step: int) -> bytes:
    """Take the exchange to where the client waits for the answer of that step (1, 2, 3); return this answer."""
    payload = client.start(NOW)
    for _ in range(step - 1):
        payload = client.receive(server.receive(payload, NOW), NOW) or b""
    return server.receive(payload, NOW)


def test_an_exchange_is_started_once(key: RSAPrivateKey) -> None:
    client, _ = halves(key)
    client.start(NOW)
    with pytest.raises(LocalProtocolError):
        client.start(NOW)


def test_nothing_is_received_or_repeated_before_the_start(key: RSAPrivateKey) -> None:
    client, _ = halves(key)
    with pytest.raises(LocalProtocolError):
        client.receive(bytes(20), NOW)
    with pytest.raises(LocalProtocolError):
        client.repeat()


def test_nothing_is_received_or_repeated_after_the_end(key: RSAPrivateKey) -> None:
    client, server = halves(key)
    payloads = join(client, server)
    with pytest.raises(LocalProtocolError):
        client.receive(payloads[-1], NOW)
    with pytest.raises(LocalProtocolError):
        client.repeat()


@pytest.mark.parametrize("step", [1, 2, 3])
def test_nothing_is_taken_up_again_after_a_failure(key: RSAPrivateKey, step: int) -> None:
    client, server = halves(key)
    answer = at_step(client, server, step)
    fail_with(client, answer[:-4])
    with pytest.raises(LocalProtocolError):
        client.receive(answer, NOW)
    with pytest.raises(LocalProtocolError):
        client.repeat()
    assert client.result is None


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_repeated_query_is_byte_identical(key: RSAPrivateKey, step: int) -> None:
    client, server = halves(key)
    payload = client.start(NOW)
    for _ in range(step - 1):
        payload = client.receive(server.receive(payload, NOW), NOW) or b""
    assert client.repeat() == payload
    assert client.repeat() == payload


def test_the_second_answer_to_a_repeated_query_is_ignored(key: RSAPrivateKey) -> None:
    client, server = halves(key, random_tails=True)
    payload = client.start(NOW)
    while True:
        answer = server.receive(payload, NOW)
        again = server.receive(client.repeat(), NOW)
        request = client.receive(answer, NOW)
        if request is None:
            break
        assert client.receive(again, NOW) is None
        assert client.receive(pack_plain(12345, unpack_plain(again).body + b"tail"), NOW) is None
        assert not client.done
        payload = request
    assert client.done
    assert len(client.steps) == 6


@pytest.mark.parametrize(("step", "other"), [(1, 2), (1, 3), (2, 3), (3, 1)])
def test_an_answer_to_another_query_is_refused(key: RSAPrivateKey, step: int, other: int) -> None:
    # The answer to the query before is no other one, but a repetition.
    answers = join(*halves(key))[1::2]
    client, server = halves(key)
    at_step(client, server, step)
    assert fail_with(client, answers[other - 1]) == (QUERIES[step - 1], "constructor")


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize(
    ("payload", "check"),
    [
        (b"", "envelope"),
        (bytes(19), "envelope"),
        (b"\x01" * 100, "envelope"),
        (pack_plain(1, b"")[:-4] + b"\x08\0\0\0" + bytes(4), "envelope"),
        (pack_plain(1, b""), "constructor"),
        (pack_plain(1, b"\xff" * 40), "constructor"),
        (plain(service.types.Pong(msg_id=1, ping_id=2)), "constructor"),
        (plain(service.functions.ReqPqMulti(nonce=bytes(16))), "constructor"),
    ],
    ids=["empty", "short", "encrypted", "wrong length", "no body", "unknown", "another type", "a query"],
)
def test_other_bytes_end_the_exchange(key: RSAPrivateKey, step: int, payload: bytes, check: str) -> None:
    client, server = halves(key)
    at_step(client, server, step)
    assert fail_with(client, payload) == (QUERIES[step - 1], check)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_cut_answer_ends_the_exchange(key: RSAPrivateKey, step: int) -> None:
    client, server = halves(key)
    body = unpack_plain(at_step(client, server, step)).body
    for length in range(len(body)):
        assert fail_with(fork(client), pack_plain(1, body[:length])) == (QUERIES[step - 1], "constructor")


def test_a_rejected_key_is_named_by_its_aux_hash(key: RSAPrivateKey) -> None:
    faults = ExchangeFaults()
    faults.dh_gen_retry(5)
    client, server = halves(key, faults=faults)
    join(client, server)
    assert client.result is not None
    assert server.result is not None
    assert client.result.auth_key == server.result.auth_key
    sent = [step.inner for step in client.steps if step.sent and step.inner]
    retry_ids = [getattr(inner, "retry_id", None) for inner in sent]
    assert retry_ids[0] == 0
    assert len(set(retry_ids)) == 6
    assert len({getattr(inner, "g_b", None) for inner in sent}) == 6  # a new b for each


def test_a_sixth_rejection_ends_the_exchange(key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtproto.exchange.server.MAX_RETRIES", 100)
    faults = ExchangeFaults()
    faults.dh_gen_retry(6)
    assert failure(key, faults) == ("dh_gen_retry", "too many retries")


def test_dh_gen_fail_ends_the_exchange(key: RSAPrivateKey) -> None:
    faults = ExchangeFaults()
    faults.dh_gen_fail()
    assert failure(key, faults) == ("dh_gen_fail", "refused by the server")


def test_server_dh_params_fail_ends_the_exchange(key: RSAPrivateKey) -> None:
    faults = ExchangeFaults()
    faults.server_dh_params_fail()
    assert failure(key, faults) == ("server_DH_params_fail", "refused by the server")


@pytest.mark.parametrize("server_time", [0, -1, -(2**31), 2**31 - 1, 2**31 - 86399])
def test_the_servers_time_is_one_that_ids_can_hold(key: RSAPrivateKey, server_time: int) -> None:
    faults = changed("server_DH_inner_data", server_time=server_time)
    assert failure(key, faults) == ("server_DH_inner_data", "server_time")


@pytest.mark.parametrize(
    ("dc", "expires_in", "name"), [(10002, None, "p_q_inner_data_dc"), (-2, 3600, "p_q_inner_data_temp_dc")]
)
def test_the_inner_data_names_the_data_centre(key: RSAPrivateKey, dc: int, expires_in: int | None, name: str) -> None:
    client = ClientExchange([key.public], dc, Randomness(1), expires_in=expires_in)
    request = body_of(join(client, ServerExchange([key], Randomness(2), pq=PQ))[2])
    inner, _ = service.decode_prefix(rsa_unpad(request.encrypted_data, key))
    assert (inner.NAME, inner.dc) == (name, dc)
    assert getattr(inner, "expires_in", None) == expires_in
    assert (request.nonce, request.server_nonce) == (inner.nonce, inner.server_nonce)
    assert (request.p, request.q) == (inner.p, inner.q)


def test_a_server_whose_keys_are_ours_but_listed_among_others_is_accepted(key: RSAPrivateKey) -> None:
    listed = [1, -1, key.public.fingerprint, 2]
    client, server = halves(key, faults=changed("resPQ", server_public_key_fingerprints=listed), pq=CHEAP_PQ)
    join(client, server)
    assert client.done


def test_keys_of_another_length_are_refused_before_an_exchange() -> None:
    """The padding of `RSA_PAD` is made for 2048 bits."""
    short = RSAPrivateKey.generate(1024)
    with pytest.raises(LocalProtocolError, match="2048 bits"):
        ClientExchange([short.public], dc_id=2, random=Randomness())
    with pytest.raises(LocalProtocolError, match="2048 bits"):
        ServerExchange([short], dc_ids={2}, random=Randomness())
