"""What the calls of one packet make a DC do is bounded, however they are wrapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtproto.limits import Limits
from mtproto.localdc.wrappers import declared_layer
from mtproto.session import wire
from mtproto.session.packet_reader import whole_budget
from tests.localdc.conftest import SESSION, RpcFailure
from tl import api

if TYPE_CHECKING:
    from mtproto.session.packet_reader import Budget
    from tests.localdc.conftest import Caller

GET_USERS = api.functions.users.GetUsers(id=[api.types.InputUserEmpty()] * 400)
WRAPPED = api.functions.InvokeWithoutUpdates(query=api.functions.help.GetConfig()).to_bytes()[:4]


def refused(caller: Caller, body: bytes, budget: Budget) -> str:
    """Return the error that a call of a packet with this budget is answered with, "" for none."""
    answer = caller.dispatcher.answer(body, caller.key, SESSION, 4, budget)
    assert isinstance(answer, bytes)
    try:
        caller.read(answer, GET_USERS)
    except RpcFailure as failure:
        return str(failure)
    return ""


def test_the_calls_of_a_packet_are_made_of_so_many_elements_together(caller: Caller) -> None:
    budget = whole_budget(Limits(elements=1000))
    body = GET_USERS.to_bytes()
    assert [refused(caller, body, budget) for _ in range(3)] == ["", "", "400 INPUT_FETCH_ERROR"]
    assert refused(caller, body, whole_budget(Limits(elements=1000))) == ""


def test_what_is_packed_inside_the_wrappers_of_a_packet_is_counted_together(caller: Caller) -> None:
    budget = whole_budget(Limits(inflated=3000))
    body = WRAPPED + wire.write_gzip(GET_USERS.to_bytes())
    assert [refused(caller, body, budget) for _ in range(2)] == ["", "400 INPUT_FETCH_ERROR"]


def test_a_query_is_mended_as_often_as_honest_clients_need_it(caller: Caller) -> None:
    body = GET_USERS.to_bytes()[:-1600]
    twins = api.types.InputPeerEmpty().to_bytes() * 100
    body = body[:-4] + (100).to_bytes(4, "little") + twins
    budget = whole_budget(Limits(elements=16_384))
    assert refused(caller, body, budget) == ""
    assert refused(caller, body, budget) == "400 INPUT_FETCH_ERROR"


@pytest.mark.parametrize(("wrappers", "layer"), [(3, 5), (127, 5), (128, None), (100_000, None)])
def test_the_layer_is_not_looked_for_behind_more_wrappers_than_can_be_read(wrappers: int, layer: int | None) -> None:
    with_layer = api.functions.InvokeWithLayer(layer=5, query=api.functions.help.GetConfig()).to_bytes()
    assert declared_layer(WRAPPED * wrappers + with_layer) == layer
