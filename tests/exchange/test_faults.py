"""Faults are used up one by one, and each has the effect that its name says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.exchange import ExchangeFaults
from tests.exchange.support import failure, halves, join

INNER = "server_DH_inner_data"
FAULTS: list[tuple[Callable[[ExchangeFaults], None], tuple[str, str]]] = [
    (ExchangeFaults.dh_gen_fail, ("dh_gen_fail", "refused by the server")),
    (ExchangeFaults.server_dh_params_fail, ("server_DH_params_fail", "refused by the server")),
    (ExchangeFaults.bad_prime, (INNER, "dh_prime is not a safe prime")),
    (ExchangeFaults.bad_g, (INNER, "g does not generate a subgroup of prime order")),
    (ExchangeFaults.g_a_out_of_range, (INNER, "g_a")),
    (ExchangeFaults.wrong_nonce, ("resPQ", "nonce")),
    (ExchangeFaults.wrong_server_nonce, ("server_DH_params_ok", "server_nonce")),
    (ExchangeFaults.wrong_sha1, ("server_DH_params_ok", "SHA1")),
    (ExchangeFaults.wrong_hash, ("dh_gen_ok", "new_nonce_hash1")),
]


@pytest.mark.parametrize(("arm", "expected"), FAULTS, ids=[arm.__name__ for arm, _ in FAULTS])
def test_a_fault_happens_once(
    key: RSAPrivateKey, arm: Callable[[ExchangeFaults], None], expected: tuple[str, str]
) -> None:
    faults = ExchangeFaults()
    arm(faults)
    assert failure(key, faults) == expected
    client, server = halves(key, faults=faults)
    join(client, server)
    assert client.done


def test_a_fault_armed_twice_happens_twice(key: RSAPrivateKey) -> None:
    faults = ExchangeFaults()
    faults.wrong_nonce()
    faults.wrong_nonce("dh_gen_ok")
    faults.wrong_nonce()
    assert failure(key, faults) == ("resPQ", "nonce")
    assert failure(key, faults) == ("resPQ", "nonce")
    assert failure(key, faults) == ("dh_gen_ok", "nonce")
    client, server = halves(key, faults=faults)
    join(client, server)
    assert client.done


def test_a_rejected_key_is_replaced(key: RSAPrivateKey) -> None:
    faults = ExchangeFaults()
    faults.dh_gen_retry(2)
    client, server = halves(key, faults=faults)
    join(client, server)
    assert [step.message.NAME for step in client.steps[5:]] == [
        "dh_gen_retry",
        "set_client_DH_params",
        "dh_gen_retry",
        "set_client_DH_params",
        "dh_gen_ok",
    ]
