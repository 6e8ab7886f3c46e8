"""Which calls go into the next packet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.limits import DEFAULT_LIMITS
from mtproto.session.outbox import Outbox
from mtproto.session.request import OLD_IDS, Request, RequestState
from mtproto.session.wire import MESSAGE_HEADER
from tests.session.harness import api_body

LARGE = 1 << 20


def filled(*sizes: int) -> tuple[Outbox, list[Request]]:
    outbox = Outbox(DEFAULT_LIMITS)
    requests = [Request(api_body(number, size)) for number, size in enumerate(sizes)]
    for request in requests:
        outbox.add(request)
    return outbox, requests


def test_a_call_that_has_to_go_alone_ends_the_packet_before_it() -> None:
    outbox, (first, alone, last) = filled(8, 8, 8)
    alone.refusals[64] = 1
    taken = [outbox.take(LARGE, LARGE, 10) for _ in range(3)]
    assert taken == [[first], [alone], [last]]


@given(st.lists(st.integers(2, 30).map(lambda size: 4 * size), min_size=1, max_size=20), st.integers(40, 400))
def test_packets_keep_order_and_size(sizes: list[int], soft: int) -> None:
    outbox, requests = filled(*sizes)
    taken: list[Request] = []
    while outbox.waiting:
        packet = outbox.take(LARGE, soft, 10)
        assert packet
        assert len(packet) <= 10
        assert len(packet) == 1 or sum(MESSAGE_HEADER + sizes[request.order - 1] for request in packet) <= soft
        taken += packet
    assert taken == requests


def test_a_call_larger_than_the_budget_waits() -> None:
    outbox, (large, _) = filled(400, 8)
    assert outbox.take(100, 100, 10) == []
    assert outbox.take(500, 100, 10) == [large]


def test_a_call_that_may_not_go_yet_does_not_hold_up_the_others() -> None:
    outbox, (first, second, third) = filled(8, 8, 8)
    second.after = (first,)
    assert outbox.take(LARGE, LARGE, 10) == [first, third]
    assert outbox.queued() == [second]
    outbox.sealed(first, 4, 1, 4, 0.0, timed=True)
    assert outbox.take(LARGE, LARGE, 10) == [second]


def test_a_call_is_found_by_its_last_ids_only() -> None:
    outbox, (request,) = filled(8)
    for msg_id in range(4, 80, 4):
        outbox.take(LARGE, LARGE, 1)
        outbox.sealed(request, msg_id, 1, msg_id, 0.0, timed=True)
        outbox.requeue([request])
    found = [msg_id for msg_id in range(4, 80, 4) if outbox.find(msg_id) is request]
    assert len(found) == OLD_IDS + 1
    assert found[-1] == 76
    outbox.settle(request, failed=False)
    assert not any(outbox.find(msg_id) for msg_id in range(4, 80, 4))
    assert (outbox.count, request.state) == (0, RequestState.SETTLED)


@pytest.mark.parametrize("limit", [1, 3])
def test_the_question_about_calls_is_bounded(limit: int) -> None:
    outbox, requests = filled(*[8] * 5)
    for request in outbox.take(LARGE, LARGE, 10):
        outbox.sealed(request, 4 * request.order, 1, 4 * request.order, 0.0, timed=True)
    asked: list[Request] = []
    while batch := outbox.to_ask(20.0, limit, 0, 0)[0]:
        assert len(batch) <= limit
        asked += batch
    assert asked == requests
    assert outbox.next_ask > 20.0


@given(
    st.lists(st.tuples(st.integers(2, 30).map(lambda size: 4 * size), st.booleans()), min_size=1, max_size=20),
    st.integers(40, 400),
    st.integers(1, 10),
)
def test_no_two_calls_that_are_sent_alone_share_a_packet(calls: list[tuple[int, bool]], soft: int, count: int) -> None:
    outbox = Outbox(DEFAULT_LIMITS)
    requests = [Request(api_body(number, size), alone=alone) for number, (size, alone) in enumerate(calls)]
    for request in requests:
        outbox.add(request)
    taken: list[Request] = []
    while outbox.waiting:
        packet = outbox.take(LARGE, soft, count)
        assert packet
        assert sum(request.alone for request in packet) <= 1
        taken += packet
    assert taken == requests
