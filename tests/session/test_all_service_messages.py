"""Every service message is known to both halves: none is taken for a call or an update, whoever sends it."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.session.events import Anomaly, Query, Undecodable, Update
from tests.session.harness import Pair, of
from tl import service

EXCHANGE = {
    *{"ResPQ", "P_Q_inner_data", "Server_DH_Params", "Server_DH_inner_data"},
    *{"Client_DH_Inner_Data", "Set_client_DH_params_answer"},
}
"""Types whose objects travel in plain messages only (core.telegram.org/mtproto/auth_key)."""

PARTS = {"BindAuthKeyInner", "FutureSalt", "IpPort", "AccessPointRule", "help.ConfigSimple"}
"""Types whose objects are parts of others, or do not travel in sessions at all."""

OF_A_RESULT = ["rpc_answer_unknown", "rpc_answer_dropped_running", "rpc_answer_dropped"]
"""Messages that mean something inside `rpc_result` only."""


def result_of(name: str) -> str:
    declaration: Any = service.schema.declaration(name)
    return str(declaration.result)


NAMES = sorted(name for name in service.schema if result_of(name) not in EXCHANGE | PARTS)


def test_the_schema_has_all_that_the_documentation_names() -> None:
    assert len(NAMES) == 34
    assert {"msgs_ack", "http_wait", "new_session_created", "destroy_auth_key_fail", *OF_A_RESULT} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_client_takes_none_for_an_update(name: str) -> None:
    events = Pair().from_server_now(service.schema[name].ID.to_bytes(4, "little"), 1, 3)
    assert not of(events, Update)


@pytest.mark.parametrize("name", NAMES)
def test_a_server_takes_none_for_a_call(name: str) -> None:
    pair = Pair()
    body = service.schema[name].ID.to_bytes(4, "little")
    assert not of(pair.to_server(pair.forge_client(body, None, pair.next_content_seqno())), Query)


@pytest.mark.parametrize("name", OF_A_RESULT)
def test_what_belongs_into_a_result_is_reported_outside_of_it(name: str) -> None:
    body = service.schema[name].ID.to_bytes(4, "little")
    assert of(Pair().from_server_now(body), Anomaly)
    assert of(Pair().from_client_now(body), Anomaly)


def test_a_message_that_is_cut_behind_its_id_is_undecodable() -> None:
    body = service.schema["msgs_ack"].ID.to_bytes(4, "little")
    assert of(Pair().from_server_now(body), Undecodable)
    assert of(Pair().from_client_now(body), Undecodable)
