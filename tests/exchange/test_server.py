"""The server's half against a client without checks: what it accepts, and what it refuses with which code."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from mtproto.crypto.rsa import RSAPrivateKey, rsa_decrypt
from mtproto.exchange import ExchangeFaults, ExchangeRejected, ServerExchange
from mtproto.exchange.common import retry_id
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import pack_plain, unpack_plain
from tests.exchange.support import NOW, PQ, BareClient, Randomness, body_of, flip, plain
from tl import TLObject, service

INNERS = ("p_q_inner_data", "p_q_inner_data_dc", "p_q_inner_data_temp", "p_q_inner_data_temp_dc")


def new_server(key: RSAPrivateKey, **options: Any) -> ServerExchange:
    return ServerExchange([key], Randomness(5), pq=PQ, dc_ids=(2, 10002, -2), **options)


def queries(client: BareClient, server: ServerExchange) -> list[bytes]:
    """Run a whole exchange and return what the client sent."""
    first = client.req_pq()
    second = client.req_dh_params(server.receive(first, NOW))
    third = client.set_client_dh_params(server.receive(second, NOW))
    server.receive(third, NOW)
    return [first, second, third]


def rejection(server: ServerExchange, payload: bytes, now: float = NOW) -> tuple[str, str, int]:
    """Return step, check and code of the refusal of a query."""
    with pytest.raises(ExchangeRejected) as caught:
        server.receive(payload, now)
    return caught.value.step, caught.value.check, caught.value.code


def spoiled(
    key: RSAPrivateKey, message: str, inner: str = "p_q_inner_data_dc", **changes: Callable[[Any], Any]
) -> tuple[str, str, int]:
    """Change fields of one of the client's messages and return the refusal."""
    client, server = BareClient(key.public, inner=inner), new_server(key)
    client.changes.override(message, **changes)
    with pytest.raises(ExchangeRejected) as caught:
        queries(client, server)
    assert server.result is None
    return caught.value.step, caught.value.check, caught.value.code


# What clients in the field send.


@pytest.mark.parametrize("first", ["req_pq", "req_pq_multi"])
@pytest.mark.parametrize("inner", INNERS)
@pytest.mark.parametrize("old_padding", [False, True], ids=["RSA_PAD", "old padding"])
@pytest.mark.parametrize("short_g_b", [False, True])
def test_every_form_that_clients_send_is_accepted(
    key: RSAPrivateKey, first: str, inner: str, old_padding: bool, short_g_b: bool
) -> None:
    # An exponent for which g_b begins with a zero byte, so that its two forms differ.
    source = Randomness(1, {256: [(20_000_416).to_bytes(256, "big")]})
    client = BareClient(
        key.public, source=source, first=first, inner=inner, old_padding=old_padding, short_g_b=short_g_b
    )
    server = new_server(key)
    queries(client, server)
    assert server.result is not None
    assert server.result.auth_key.data == client.auth_key
    assert server.result.expires_at == (NOW + 3600 if "temp" in inner else None)


def test_rsa_pad_whose_block_begins_with_a_zero_byte_is_not_taken_for_the_old_padding(key: RSAPrivateKey) -> None:
    # The old padding always begins with a zero byte, RSA_PAD does in one of 256 cases.
    for seed in itertools.count():
        client, server = BareClient(key.public, source=Randomness(seed)), new_server(key)
        request = client.req_dh_params(server.receive(client.req_pq(), NOW))
        if rsa_decrypt(body_of(request).encrypted_data, key)[0] == 0:
            break
    assert body_of(server.receive(request, NOW)).NAME == "server_DH_params_ok"


@pytest.mark.parametrize("dc", [2, 10002, -2])
def test_the_data_centre_may_be_named_in_each_of_its_forms(key: RSAPrivateKey, dc: int) -> None:
    client, server = BareClient(key.public), new_server(key)
    client.changes.override("p_q_inner_data_dc", dc=lambda _: dc)
    queries(client, server)
    assert server.result is not None


def test_any_data_centre_may_be_named_where_none_is_configured(key: RSAPrivateKey) -> None:
    client, server = BareClient(key.public), ServerExchange([key], Randomness(5), pq=PQ)
    client.changes.override("p_q_inner_data_dc", dc=lambda _: 77)
    queries(client, server)
    assert server.result is not None


def test_each_of_several_keys_may_be_chosen(key: RSAPrivateKey, other_key: RSAPrivateKey) -> None:
    for chosen in (key, other_key):
        client, server = BareClient(chosen.public), ServerExchange([key, other_key], Randomness(5), pq=PQ)
        first = server.receive(client.req_pq(), NOW)
        fingerprints = [key.public.fingerprint, other_key.public.fingerprint]
        assert body_of(first).server_public_key_fingerprints == fingerprints
        assert body_of(server.receive(client.req_dh_params(first), NOW)).NAME == "server_DH_params_ok"


def test_bytes_behind_a_query_are_ignored(key: RSAPrivateKey) -> None:
    client, server = BareClient(key.public), new_server(key)
    payload = client.req_pq()
    assert body_of(server.receive(pack_plain(4, unpack_plain(payload).body + b"tail"), NOW)).NAME == "resPQ"


# What is refused.


@pytest.mark.parametrize("inner", ["p_q_inner_data_dc", "p_q_inner_data_temp_dc"])
@pytest.mark.parametrize("dc", [1, -1, 0, 10001])
def test_a_wrong_data_centre_is_answered_with_444(key: RSAPrivateKey, inner: str, dc: int) -> None:
    assert spoiled(key, inner, inner, dc=lambda _: dc) == (inner, "dc", -444)


@pytest.mark.parametrize("message", ["req_DH_params", "set_client_DH_params"])
@pytest.mark.parametrize("field", ["nonce", "server_nonce"])
def test_outer_nonces_are_checked(key: RSAPrivateKey, message: str, field: str) -> None:
    assert spoiled(key, message, INNERS[1], **{field: flip}) == (message, field, -404)


@pytest.mark.parametrize("message", [*INNERS, "client_DH_inner_data"])
@pytest.mark.parametrize("field", ["nonce", "server_nonce"])
def test_inner_nonces_are_checked(key: RSAPrivateKey, message: str, field: str) -> None:
    inner = message if message in INNERS else "p_q_inner_data_dc"
    assert spoiled(key, message, inner, **{field: flip}) == (message, field, -404)


@pytest.mark.parametrize("message", ["req_DH_params", *INNERS])
@pytest.mark.parametrize("field", ["p", "q"])
def test_factors_are_checked(key: RSAPrivateKey, message: str, field: str) -> None:
    inner = message if message in INNERS else "p_q_inner_data_dc"
    assert spoiled(key, message, inner, **{field: flip}) == (message, "p, q", -404)


def test_factors_in_the_wrong_order_are_refused(key: RSAPrivateKey) -> None:
    client, server = BareClient(key.public), new_server(key)
    answer = server.receive(client.req_pq(), NOW)
    assert rejection(server, client.req_dh_params(answer, PQ[::-1])) == ("req_DH_params", "p, q", -404)


@pytest.mark.parametrize("inner", INNERS)
def test_the_product_is_checked(key: RSAPrivateKey, inner: str) -> None:
    assert spoiled(key, inner, inner, pq=flip) == (inner, "pq", -404)


def test_the_fingerprint_is_checked(key: RSAPrivateKey) -> None:
    changed = spoiled(key, "req_DH_params", public_key_fingerprint=lambda value: value ^ 1)
    assert changed == ("req_DH_params", "public_key_fingerprint", -404)


@pytest.mark.parametrize("encrypted", [b"", bytes(255), b"\xff" * 256, bytes(256), bytes(257), b"\x01" * 256])
def test_what_does_not_decrypt_is_refused(key: RSAPrivateKey, encrypted: bytes) -> None:
    changed = spoiled(key, "req_DH_params", encrypted_data=lambda _: encrypted)
    assert changed == ("req_DH_params", "encrypted_data", -404)


@pytest.mark.parametrize("old_padding", [False, True], ids=["RSA_PAD", "old padding"])
def test_the_hash_inside_the_rsa_block_is_checked(
    key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch, old_padding: bool
) -> None:
    client, server = BareClient(key.public, old_padding=old_padding), new_server(key)
    answer = server.receive(client.req_pq(), NOW)
    encrypted = body_of(client.req_dh_params(answer)).encrypted_data
    block = bytearray(rsa_decrypt(encrypted, key))
    block[20] ^= 1  # in the old padding the last byte of the SHA-1, in RSA_PAD a part of its temp_key
    spoiled_data = key.public.encrypt_raw(int.from_bytes(block, "big")).to_bytes(256, "big")
    client.changes.override("req_DH_params", encrypted_data=lambda _: spoiled_data)
    assert rejection(server, client.req_dh_params(answer)) == ("req_DH_params", "encrypted_data", -404)


@pytest.mark.parametrize("old_padding", [False, True], ids=["RSA_PAD", "old padding"])
def test_inner_data_of_another_type_is_refused(key: RSAPrivateKey, old_padding: bool) -> None:
    client, server = BareClient(key.public, old_padding=old_padding), new_server(key)
    answer = server.receive(client.req_pq(), NOW)
    real = client.make

    def make(name: str, **fields: Any) -> Any:
        return service.functions.ReqPqMulti(nonce=bytes(16)) if name == client.inner else real(name, **fields)

    client.make = make  # type: ignore[method-assign]
    check = "encrypted_data" if old_padding else "constructor"
    assert rejection(server, client.req_dh_params(answer)) == ("req_DH_params", check, -404)


@pytest.mark.parametrize("inner", ["p_q_inner_data_temp", "p_q_inner_data_temp_dc"])
@pytest.mark.parametrize("expires_in", [0, -1])
def test_a_temporary_key_must_live_for_a_positive_time(key: RSAPrivateKey, inner: str, expires_in: int) -> None:
    assert spoiled(key, inner, inner, expires_in=lambda _: expires_in) == (inner, "expires_in", -404)


@pytest.mark.parametrize(
    ("change", "check"), [(flip, "SHA1"), (lambda value: value[:-1], "length"), (lambda _: b"", "length")]
)
def test_encrypted_data_of_the_client_is_checked(key: RSAPrivateKey, change: Any, check: str) -> None:
    assert spoiled(key, "set_client_DH_params", encrypted_data=change) == ("set_client_DH_params", check, -404)


@pytest.mark.parametrize("value", [1, -1, 2**63 - 1])
def test_retry_id_is_0_at_first(key: RSAPrivateKey, value: int) -> None:
    changed = spoiled(key, "client_DH_inner_data", retry_id=lambda _: value)
    assert changed == ("client_DH_inner_data", "retry_id", -404)


# Rejected keys.


def test_a_key_id_that_exists_is_asked_again(key: RSAPrivateKey) -> None:
    asked: list[int] = []

    def key_exists(key_id: int) -> bool:
        asked.append(key_id)
        return len(asked) == 1

    client, server = BareClient(key.public), new_server(key, key_exists=key_exists)
    answer = server.receive(client.req_dh_params(server.receive(client.req_pq(), NOW)), NOW)
    answer = server.receive(client.set_client_dh_params(answer), NOW)
    assert body_of(answer).NAME == "dh_gen_retry"
    assert server.result is None
    rejected = AuthKey(client.auth_key)
    answer = server.receive(client.set_client_dh_params(None, retry_id(rejected.aux_hash)), NOW)
    assert body_of(answer).NAME == "dh_gen_ok"
    assert asked == [rejected.id, AuthKey(client.auth_key).id]
    assert server.result is not None
    assert server.result.auth_key.data == client.auth_key


@pytest.mark.parametrize("wrong", [0, 1])
def test_retry_id_names_the_rejected_key(key: RSAPrivateKey, wrong: int) -> None:
    faults = ExchangeFaults()
    faults.dh_gen_retry()
    client, server = BareClient(key.public), new_server(key, faults=faults)
    answer = server.receive(client.req_dh_params(server.receive(client.req_pq(), NOW)), NOW)
    server.receive(client.set_client_dh_params(answer), NOW)
    payload = client.set_client_dh_params(None, wrong)
    assert rejection(server, payload) == ("client_DH_inner_data", "retry_id", -404)


def test_after_five_rejected_keys_the_server_gives_up(key: RSAPrivateKey) -> None:
    client, server = BareClient(key.public), new_server(key, key_exists=lambda _: True)
    answer: bytes | None = server.receive(client.req_dh_params(server.receive(client.req_pq(), NOW)), NOW)
    names, rejected = [], 0
    for _ in range(6):
        names.append(body_of(server.receive(client.set_client_dh_params(answer, rejected), NOW)).NAME)
        answer, rejected = None, retry_id(AuthKey(client.auth_key).aux_hash)
    assert names == ["dh_gen_retry"] * 5 + ["dh_gen_fail"]
    payload = client.set_client_dh_params(None, rejected)
    assert rejection(server, payload) == ("set_client_DH_params", "state", -404)


# Repeated, deviating and misplaced queries.


def test_a_repeated_query_has_the_same_answer(key: RSAPrivateKey) -> None:
    client, server = BareClient(key.public), new_server(key, random_tails=True)
    payload = client.req_pq()
    answers = [server.receive(payload, NOW)]
    assert server.receive(payload, NOW + 9) == answers[0]
    payload = client.req_dh_params(answers[0])
    answers.append(server.receive(payload, NOW + 10))
    assert server.receive(payload, NOW + 19) == answers[1]
    payload = client.set_client_dh_params(answers[1])
    answers.append(server.receive(payload, NOW + 20))
    result = server.result
    assert server.receive(payload, NOW + 29) == answers[2]
    assert server.result is result


def test_every_earlier_query_may_be_repeated_too(key: RSAPrivateKey) -> None:
    client, server = BareClient(key.public), new_server(key)
    sent = queries(client, server)
    assert [body_of(server.receive(payload, NOW)).NAME for payload in sent] == [
        "resPQ",
        "server_DH_params_ok",
        "dh_gen_ok",
    ]


def test_a_repeated_query_may_come_under_another_message_id(key: RSAPrivateKey) -> None:
    client, server = BareClient(key.public), new_server(key)
    payload = client.req_pq()
    answer = server.receive(payload, NOW)
    assert server.receive(pack_plain(400, unpack_plain(payload).body), NOW) == answer


def test_answers_are_remembered_for_ten_minutes(key: RSAPrivateKey) -> None:
    client, server = BareClient(key.public), new_server(key)
    payload = client.req_pq()
    answer = server.receive(payload, NOW)
    assert server.receive(payload, NOW + 600) == answer
    assert rejection(server, payload, NOW + 601) == ("req_pq_multi", "time", -404)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_after_a_deviating_query_every_query_is_refused(key: RSAPrivateKey, index: int) -> None:
    client, server = BareClient(key.public), new_server(key)
    sent = queries(client, server)
    deviating: list[TLObject] = [
        service.functions.ReqPqMulti(nonce=flip(client.nonces["nonce"])),
        service.functions.ReqDHParams(**client.nonces, p=b"\3", q=b"\5", public_key_fingerprint=0, encrypted_data=b""),
        service.functions.SetClientDHParams(**client.nonces, encrypted_data=bytes(48)),
    ]
    assert rejection(server, plain(deviating[index]))[2] == -404
    for payload in sent:
        assert rejection(server, payload)[1:] == ("state", -404)


@pytest.mark.parametrize("step", [1, 2])
def test_after_a_deviating_query_the_right_one_comes_too_late(key: RSAPrivateKey, step: int) -> None:
    client, server = BareClient(key.public), new_server(key)
    payload = client.req_dh_params(server.receive(client.req_pq(), NOW))
    if step == 2:
        payload = client.set_client_dh_params(server.receive(payload, NOW))
    rejection(server, payload[:-4])
    assert rejection(server, payload)[1:] == ("state", -404)


def test_a_query_out_of_turn_is_refused(key: RSAPrivateKey) -> None:
    sent = queries(BareClient(key.public), new_server(key))
    for before, payload in ((0, sent[1]), (0, sent[2]), (1, sent[2])):
        server = new_server(key)
        for earlier in sent[:before]:
            server.receive(earlier, NOW)
        assert rejection(server, payload)[1:] == ("state", -404)


@pytest.mark.parametrize(
    "payload",
    [b"", bytes(19), bytes(20), b"\x01" * 40, plain(service.functions.Ping(ping_id=1)), pack_plain(4, b"\xff" * 20)],
    ids=["empty", "short", "without body", "encrypted", "another function", "unknown constructor"],
)
def test_other_bytes_are_refused(key: RSAPrivateKey, payload: bytes) -> None:
    assert rejection(new_server(key), payload)[2] == -404


def test_another_exchange_begins_with_another_nonce(key: RSAPrivateKey) -> None:
    client, server = BareClient(key.public), new_server(key)
    sent = queries(client, server)
    other = [plain(service.schema[name](nonce=bytes(16))) for name in ("req_pq", "req_pq_multi")]
    assert not any(server.begins_another(payload) for payload in sent)
    assert all(server.begins_another(payload) for payload in other)
    assert not any(new_server(key).begins_another(payload) for payload in other)
    assert not any(server.begins_another(payload) for payload in (b"", bytes(40), pack_plain(4, b"\xff" * 20)))
