"""What goes into the next packet of a client, and which numbers it gets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mtproto.errors import LocalProtocolError
from mtproto.limits import DEFAULT_LIMITS
from mtproto.message.envelope import Sender, Unsealed, unseal
from mtproto.session.client_parts import ClientParts
from mtproto.session.events import RequestLost, Resent, Sent
from mtproto.session.request import Request, SendContext
from mtproto.session.sealer import check_body
from mtproto.session.service_messages import HttpWait, MessageKind, Packet
from tests.session.harness import api_body, flatten
from tests.session.parts import NOW, make_parts, sealed, told

WAIT = HttpWait(1, 2, 3)


def pull(parts: ClientParts, *, wait: HttpWait | None = None, poll: bool = False) -> Packet | None:
    return parts.sealer.next_packet(NOW, 1 << 20, wait, poll)


def opened(parts: ClientParts, packet: Packet | None) -> Unsealed:
    assert packet is not None
    return unseal(parts.key.auth_key, Sender.CLIENT, packet.payload)


def test_nothing_is_sealed_where_nothing_waits() -> None:
    parts = make_parts()
    parts.inbox.acknowledge(7, NOW)
    assert pull(parts) is None


def test_acknowledgements_travel_with_what_goes_anyway() -> None:
    parts = make_parts()
    parts.inbox.acknowledge(7, NOW)
    parts.calls.add(Request(api_body()))
    assert len(flatten(opened(parts, pull(parts)))) == 2
    assert not parts.inbox.acks


def test_a_call_alone_goes_without_a_container_and_its_refusal_is_told_by_its_own_id() -> None:
    parts = make_parts()
    [request] = sealed(parts)
    assert request.packet_id == request.msg_id
    assert parts.sent.refused(request.packet_id) is None


def test_what_goes_together_is_known_by_the_id_of_its_container() -> None:
    parts = make_parts()
    calls = [Request(api_body(number)) for number in range(2)]
    for call in calls:
        parts.calls.add(call)
    packet = pull(parts)
    message = opened(parts, packet)
    assert {call.packet_id for call in calls} == {message.msg_id}
    assert parts.sent.refused(message.msg_id) == tuple(calls)
    assert packet is not None
    assert packet.events == tuple(Sent(call, call.msg_id) for call in calls)


def test_numbers_count_calls_and_begin_again_with_the_session() -> None:
    parts = make_parts()
    seqnos = [call.seqno for call in sealed(parts, 3)]
    parts.sealer.restart(9)
    [call] = sealed(parts)
    assert (seqnos, call.seqno) == ([1, 3, 5], 1)
    parts.questions.add(MessageKind.PING, bytes(4))
    message = opened(parts, pull(parts))
    assert (message.session_id, message.seqno) == (9, 2)


def test_a_call_that_is_sealed_again_says_under_which_id_it_went_before() -> None:
    parts = make_parts()
    [request] = sealed(parts)
    old = request.msg_id
    parts.calls.requeue([request])
    packet = pull(parts)
    assert packet is not None
    assert packet.events == (Resent(request, old, request.msg_id),)


def test_a_call_is_sent_once_more_under_the_id_that_it_has_inside_a_container() -> None:
    parts = make_parts()
    [request] = sealed(parts)
    parts.outbox.send_again([request, request])
    message = opened(parts, pull(parts))
    assert [(inner.msg_id, inner.seqno) for inner in flatten(message)] == [(request.msg_id, request.seqno)]
    assert message.msg_id != request.msg_id
    assert pull(parts) is None


def test_a_call_that_was_settled_meanwhile_is_not_sent_once_more() -> None:
    parts = make_parts()
    [request] = sealed(parts)
    parts.outbox.send_again([request])
    parts.calls.settle(request)
    assert pull(parts) is None


def test_of_a_session_that_is_given_up_only_questions_about_calls_go() -> None:
    parts = make_parts()
    [request] = sealed(parts)
    parts.questions.ask_states([request])
    parts.questions.add(MessageKind.PING, bytes(4))
    parts.calls.add(Request(api_body(1)))
    assert len(flatten(opened(parts, parts.sealer.next_final_questions(NOW)))) == 1
    assert parts.sealer.next_final_questions(NOW) is None


@pytest.mark.parametrize(("poll", "made"), [(True, True), (False, False)])
def test_a_long_poll_makes_a_packet_of_its_own(poll: bool, made: bool) -> None:
    parts = make_parts()
    assert (pull(parts, wait=WAIT, poll=poll) is not None) is made


def test_a_call_that_has_to_go_alone_takes_nothing_along() -> None:
    parts = make_parts()
    [request] = sealed(parts)
    request.refused(64)
    parts.calls.requeue([request])
    parts.inbox.acknowledge(7, NOW)
    assert len(flatten(opened(parts, pull(parts, wait=WAIT)))) == 1
    assert parts.inbox.acks == [7]


def breaks(_context: SendContext) -> bytes:
    raise ValueError("mine")


def odd(_context: SendContext) -> bytes:
    return b"odd"


@pytest.mark.parametrize("body", [breaks, odd])
def test_a_body_that_can_not_be_made_ends_its_call_and_nothing_else(body: Callable[[SendContext], bytes]) -> None:
    parts = make_parts()
    parts.calls.add(Request(body))
    parts.calls.add(Request(api_body()))
    assert len(flatten(opened(parts, pull(parts)))) == 1
    [lost] = told(parts, RequestLost)
    assert isinstance(lost, RequestLost)
    assert lost.error.__cause__ is not None


@pytest.mark.parametrize("body", [b"", b"odd", bytes(DEFAULT_LIMITS.frame_sent + 4), "text"])
def test_a_body_of_an_impossible_length_is_refused(body: bytes) -> None:
    with pytest.raises(LocalProtocolError, match="body"):
        check_body(body, DEFAULT_LIMITS)


@pytest.mark.parametrize("alone", [True, False])
def test_calls_that_are_sent_alone_have_a_packet_each_and_take_acknowledgements_along(alone: bool) -> None:
    parts = make_parts()
    calls = [Request(api_body(number), alone=alone) for number in range(3)]
    for call in calls:
        parts.calls.add(call)
    parts.calls.add(Request(api_body(3)))
    parts.inbox.acknowledge(7, NOW)
    counts = []
    while (packet := pull(parts)) is not None:
        counts.append(len(flatten(opened(parts, packet))))
    assert counts == ([2, 1, 2] if alone else [5])
    parts.outbox.send_again(calls)
    again = []
    while (packet := pull(parts)) is not None:
        again.append([message.msg_id for message in flatten(opened(parts, packet))])
    ids = [call.msg_id for call in calls]
    assert again == ([[one] for one in ids] if alone else [ids])
