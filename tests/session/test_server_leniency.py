"""The server's half is as lenient as Telegram's servers are seen to be: numbers of service messages.

core.telegram.org/mtproto/description#message-sequence-number-msg-seqno says which messages are content-related. Clients
in the field number their service messages otherwise, and real servers let that pass.
"""

from __future__ import annotations

import pytest

from mtproto.session import wire
from mtproto.session.events import Flooded, NotAccepted, Query, ServerEvent, Tolerated, Undecodable
from mtproto.session.wire import Message
from tests.session.harness import Pair, api_body, of
from tl import service

types, functions = service.types, service.functions

SERVICE = {
    "msgs_ack": types.MsgsAck(msg_ids=[]).to_bytes(),
    "msg_copy": wire.write_copy(Message(4, 1, types.MsgsAck(msg_ids=[]).to_bytes())),
    "ping": functions.Ping(ping_id=1).to_bytes(),
    "ping_delay_disconnect": functions.PingDelayDisconnect(ping_id=1, disconnect_delay=75).to_bytes(),
    "pong": types.Pong(msg_id=1, ping_id=1).to_bytes(),
    "msgs_state_req": types.MsgsStateReq(msg_ids=[4]).to_bytes(),
    "msgs_state_info": types.MsgsStateInfo(req_msg_id=1, info=b"").to_bytes(),
    "msgs_all_info": types.MsgsAllInfo(msg_ids=[], info=b"").to_bytes(),
    "msg_resend_req": types.MsgResendReq(msg_ids=[1]).to_bytes(),
    "get_future_salts": functions.GetFutureSalts(num=1).to_bytes(),
    "http_wait": types.HttpWait(max_delay=0, wait_after=0, max_wait=0).to_bytes(),
    "rpc_drop_answer": functions.RpcDropAnswer(req_msg_id=4).to_bytes(),
    "destroy_session": functions.DestroySession(session_id=1).to_bytes(),
}
"""What a client may send beside calls; a container is tested by itself."""

NEVER_CONTENT = ("msgs_ack", "msg_copy")

EACH = pytest.mark.parametrize("name", sorted(SERVICE))
PLACES = pytest.mark.parametrize("in_container", [False, True], ids=["alone", "in a container"])


def heard(pair: Pair, messages: list[Message], *, in_container: bool, outer_seqno: int = 1_000) -> list[ServerEvent]:
    """Hand the server messages of a client, each as a packet of its own or all of them in one container."""
    if in_container:
        packet = pair.forge_client(wire.write_container(messages), pair.client_id(1), outer_seqno)
        return pair.to_server(packet)
    events: list[ServerEvent] = []
    for message in messages:
        events += pair.to_server(pair.forge_client(message.body, message.msg_id, message.seqno))
    return events


def trouble(events: list[ServerEvent]) -> list[ServerEvent]:
    return [event for event in events if isinstance(event, NotAccepted | Flooded | Undecodable)]


def numbered(pair: Pair, *pairs: tuple[int, bytes]) -> list[Message]:
    return [Message(pair.client_id(), seqno, body) for seqno, body in pairs]


@EACH
@PLACES
@pytest.mark.parametrize("seqno", [0, 1, 2, 3])
def test_a_service_message_is_accepted_with_either_parity(name: str, in_container: bool, seqno: int) -> None:
    pair = Pair(strict=False)
    messages = numbered(pair, (seqno, SERVICE[name]))
    assert trouble(heard(pair, messages, in_container=in_container)) == []


@EACH
@PLACES
def test_a_service_message_that_was_counted_as_content_leaves_calls_in_order(name: str, in_container: bool) -> None:
    pair = Pair(strict=False)
    messages = numbered(pair, (1, api_body(1)), (3, SERVICE[name]), (5, api_body(2)), (7, SERVICE[name]))
    events = heard(pair, messages, in_container=in_container)
    assert trouble(events) == []
    assert [event.body for event in of(events, Query)] == [api_body(1), api_body(2)]


@EACH
@PLACES
@pytest.mark.parametrize("seqno", [1, 3, 4, 99, 2**31 - 1])
def test_the_number_of_a_service_message_is_compared_with_no_call(name: str, in_container: bool, seqno: int) -> None:
    pair = Pair(strict=False)
    messages = numbered(pair, (1, api_body(1)), (seqno, SERVICE[name]), (3, api_body(2)))
    events = heard(pair, messages, in_container=in_container)
    assert trouble(events) == []
    assert [event.body for event in of(events, Query)] == [api_body(1), api_body(2)]


@pytest.mark.parametrize("outer_seqno", [0, 1, 2, 3, 4, 99])
def test_a_container_is_accepted_with_any_number(outer_seqno: int) -> None:
    pair = Pair(strict=False)
    events = heard(pair, numbered(pair, (3, api_body(1))), in_container=True, outer_seqno=outer_seqno)
    assert trouble(events) == []
    assert [event.body for event in of(events, Query)] == [api_body(1)]
    later = heard(pair, [Message(pair.client_id(2), 5, api_body(2))], in_container=False)
    assert trouble(later) == []


@pytest.mark.parametrize(
    ("messages", "outer_seqno", "code"),
    [
        ([(1, SERVICE["msgs_ack"])], 2, 34),
        ([(1, SERVICE["msg_copy"])], 2, 34),
        ([(1, api_body(1))], 3, 34),
        ([(3, api_body(1))], 2, 32),
        ([(3, api_body(1)), (2, SERVICE["ping"])], 4, 32),
    ],
)
def test_what_is_let_pass_is_told_and_what_strict_mode_refuses(
    messages: list[tuple[int, bytes]], outer_seqno: int, code: int
) -> None:
    lenient, strict = Pair(strict=False), Pair(strict=True)
    events = heard(lenient, numbered(lenient, *messages), in_container=True, outer_seqno=outer_seqno)
    assert [event.code for event in of(events, Tolerated)] == [code]
    refused = heard(strict, numbered(strict, *messages), in_container=True, outer_seqno=outer_seqno)
    assert [event.code for event in of(refused, NotAccepted)] == [code]


def test_a_number_between_those_of_its_neighbours_is_told_with_33() -> None:
    pair = Pair(strict=False)
    early, late = pair.client_id(), pair.client_id()
    heard(pair, [Message(late, 4, SERVICE["ping"])], in_container=False)
    (event,) = of(heard(pair, [Message(early, 6, SERVICE["ping"])], in_container=False), Tolerated)
    assert (event.msg_id, event.code) == (early, 33)


@pytest.mark.parametrize("name", sorted(set(SERVICE) - set(NEVER_CONTENT)))
def test_what_the_documentation_allows_is_not_told(name: str) -> None:
    pair = Pair(strict=False)
    assert of(heard(pair, numbered(pair, (1, SERVICE[name])), in_container=False), Tolerated) == []


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([(0, api_body(1))], 35),
        ([(5, api_body(1)), (3, api_body(2))], 32),
        ([(5, api_body(1)), (5, api_body(2))], 32),
        ([(5, api_body(1)), (99, SERVICE["ping"]), (3, api_body(2))], 32),
        ([(5, wire.write_gzip(api_body(1))), (3, api_body(2))], 32),
    ],
)
def test_the_numbers_of_calls_are_checked_as_documented(
    pairs: list[tuple[int, bytes]], code: int, strict: bool
) -> None:
    pair = Pair(strict=strict)
    codes = [event.code for event in of(heard(pair, numbered(pair, *pairs), in_container=False), NotAccepted)]
    assert code in codes
