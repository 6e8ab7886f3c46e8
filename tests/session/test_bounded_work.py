"""What a peer can make a session do with one packet is bounded, however the packet is put together."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.limits import SERVER_LIMITS, Limits
from mtproto.session import send_queue, wire
from mtproto.session.events import Anomaly, Flooded, Query, RequestLost, Result, RpcFailed, Undecodable, Update
from mtproto.session.outbox import Outbox
from mtproto.session.service_messages import MessageKind
from mtproto.session.wire import Message
from tests.session.harness import Pair, api_body, of
from tl import service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mtproto.session import Request
    from mtproto.session.server_records import Outgoing

LIMITS = Limits(inflated=1000)
ROOMY = api_body() + bytes(292)  # 300 bytes, packed about 30


def container(pair: Pair, bodies: list[bytes], *, first_id: int, step: int) -> bytes:
    """Return a container of content-related messages with these bodies."""
    return wire.write_container(
        [Message(first_id + step * number, 2 * number + 1, body) for number, body in enumerate(bodies)]
    )


def test_client_inflates_no_more_of_one_packet_than_the_limit() -> None:
    pair = Pair(limits=LIMITS)
    bodies = [wire.write_gzip(ROOMY)] * 5
    events = pair.from_server_now(container(pair, bodies, first_id=pair.server_id(3, -1), step=4), seqno=10)
    assert [event.body for event in of(events, Update)] == [ROOMY] * 3
    assert len(of(events, Undecodable)) == 2


def test_client_counts_packed_results_too() -> None:
    pair = Pair(limits=LIMITS)
    calls = [pair.send(number) for number in range(5)]
    pair.from_client()
    bodies = [wire.write_rpc_result(call.msg_id, wire.write_gzip(ROOMY)) for call in calls]
    events = pair.from_server_now(container(pair, bodies, first_id=pair.server_id(1, -1), step=4), seqno=10)
    assert [event.request for event in of(events, Result)] == calls[:3]
    assert [event.request for event in of(events, RequestLost)] == calls[3:]


def test_server_inflates_no_more_of_one_packet_than_the_limit() -> None:
    pair = Pair(server_limits=LIMITS)
    bodies = [wire.write_gzip(ROOMY)] * 5
    packed = container(pair, bodies, first_id=pair.client_id(-1), step=4)
    events = pair.to_server(pair.forge_client(packed, seqno=10))
    assert [event.body for event in of(events, Query)] == [ROOMY] * 3
    assert len(of(events, Undecodable)) == 2


def test_server_inflates_what_clients_send_and_not_much_more() -> None:
    pair = Pair(server_limits=SERVER_LIMITS)
    for size, kind in ((SERVER_LIMITS.frame_sent, Query), (SERVER_LIMITS.inflated + 4, Undecodable)):
        packed = wire.write_gzip(api_body() + bytes(size - 8))
        assert len(of(pair.to_server(pair.forge_client(packed, seqno=pair.next_content_seqno())), kind)) == 1


def test_each_packet_has_the_whole_limit() -> None:
    pair = Pair(limits=LIMITS, server_limits=LIMITS)
    for number in range(5):
        assert len(of(pair.from_server_now(wire.write_gzip(ROOMY), seqno=2 * number + 1), Update)) == 1
        packed = pair.forge_client(wire.write_gzip(ROOMY), seqno=2 * number + 1)
        assert len(of(pair.to_server(packed), Query)) == 1


def test_damaged_streams_count_as_what_they_may_have_become() -> None:
    pair = Pair(limits=LIMITS)
    spoiled = service.types.GzipPacked(packed_data=b"\x1f\x8b\x08\x00" + bytes(12)).to_bytes()
    bodies = [spoiled, wire.write_gzip(ROOMY)]
    events = pair.from_server_now(container(pair, bodies, first_id=pair.server_id(3, -1), step=4), seqno=10)
    assert len(of(events, Undecodable)) == 2


def test_one_packed_object_may_take_all_of_the_limit() -> None:
    exact = wire.write_gzip(api_body() + bytes(LIMITS.inflated - 8))
    assert len(wire.read_gzip(exact, LIMITS.inflated)) == LIMITS.inflated
    with pytest.raises(Exception, match="inflate to more than 999"):
        wire.read_gzip(exact, LIMITS.inflated - 1)


def test_client_asks_once_for_what_is_announced_over_and_over() -> None:
    pair = Pair()
    held = pair.server_id(3, -1)
    news = service.types.MsgNewDetailedInfo(answer_msg_id=held, bytes=8, status=0).to_bytes()
    pair.from_server_now(container(pair, [news] * 3, first_id=held + 400, step=4), seqno=10)
    pair.from_server_now(news)
    assert pair.said_by_client().count(service.types.MsgResendReq(msg_ids=[held])) == 1
    pair.from_server_now(news)
    assert service.types.MsgResendReq(msg_ids=[held]) not in pair.said_by_client()


def test_client_looks_for_what_sessions_took_with_them_once_for_each_packet(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    calls = [pair.sent_request(number) for number in range(3)]
    looks = []
    sealed_calls = Outbox.sealed_calls

    def look(outbox: Outbox) -> list[Request]:
        looks.append(outbox)
        return sealed_calls(outbox)

    monkeypatch.setattr(Outbox, "sealed_calls", look)
    news = [
        service.types.NewSessionCreated(first_msg_id=first, unique_id=number, server_salt=1).to_bytes()
        for number, first in enumerate([calls[0].msg_id, calls[2].msg_id, calls[1].msg_id])
    ]
    pair.from_server_now(container(pair, news, first_id=pair.server_id(3, -1), step=4), seqno=10)
    assert len(looks) == 1
    asked = next(said for said in pair.said_by_client() if said.NAME == "msgs_state_req")
    assert asked == service.types.MsgsStateReq(msg_ids=[call.msg_id for call in calls[:2]])


def test_server_sends_what_is_asked_for_again_once() -> None:
    pair = Pair()
    pair.run()
    pair.server.push(api_body(1))
    (payload,) = pair.from_server()
    msg_id = pair.open_server(payload)[0].msg_id
    for _ in range(2):
        pair.from_client_now(service.types.MsgResendReq(msg_ids=[msg_id] * 5))
    again = [message for payload in pair.from_server() for message in pair.open_server(payload)]
    assert [message.msg_id for message in again].count(msg_id) == 1


def test_server_drops_from_its_queue_what_the_client_has() -> None:
    pair = Pair()
    pair.run()
    for number in range(4):
        pair.server.push(api_body(number))
    ids = [message.msg_id for payload in pair.from_server() for message in pair.open_server(payload)]
    pair.from_client_now(service.types.MsgResendReq(msg_ids=ids))
    pair.from_client_now(service.types.MsgsAck(msg_ids=ids[1:3]))
    again = [message.msg_id for payload in pair.from_server() for message in pair.open_server(payload)]
    assert [msg_id for msg_id in again if msg_id in ids] == [ids[0], ids[3]]


def test_client_sends_what_is_asked_for_again_once() -> None:
    pair = Pair()
    calls = [pair.sent_request(number) for number in range(2)]
    ids = [call.msg_id for call in calls]
    for _ in range(2):
        pair.from_server_now(service.types.MsgResendReq(msg_ids=ids * 5))
    again = [message.msg_id for payload in pair.from_client() for message in pair.open_client(payload)]
    assert again == ids


def test_server_counts_no_call_for_an_unreadable_rpc_drop_answer() -> None:
    pair = Pair(server_limits=Limits(unanswered_requests=2))
    pair.run()
    short = service.functions.RpcDropAnswer(req_msg_id=1).to_bytes()[:8]
    for _ in range(3):
        events = pair.to_server(pair.forge_client(short, seqno=pair.next_content_seqno()))
        assert len(of(events, Undecodable)) == 1
    events = pair.to_server(pair.forge_client(api_body(), seqno=pair.next_content_seqno()))
    assert len(of(events, Query)) == 1


FEW_IDS = Limits(ids_accepted=100)
QUESTION = service.types.MsgsStateReq(msg_ids=[5] * 40).to_bytes()


def packed_or_not(body: bytes, *, packed: bool) -> bytes:
    return wire.write_gzip(body) if packed else body


@pytest.mark.parametrize("packed", [False, True])
def test_client_tells_no_more_states_than_a_packet_may_ask_for(packed: bool) -> None:
    pair = Pair(limits=FEW_IDS)
    bodies = [packed_or_not(QUESTION, packed=packed)] * 4
    events = pair.from_server_now(container(pair, bodies, first_id=pair.server_id(3, -1), step=4), seqno=10)
    assert [said.NAME for said in pair.said_by_client()].count("msgs_state_info") == 2
    assert len(of(events, Undecodable)) == 2


@pytest.mark.parametrize("packed", [False, True])
def test_server_calls_it_a_flood_where_a_packet_asks_for_more_states(packed: bool) -> None:
    pair = Pair(server_limits=FEW_IDS)
    bodies = [packed_or_not(QUESTION, packed=packed)] * 3
    messages = [Message(pair.client_id(-1) + 4 * number, 0, body) for number, body in enumerate(bodies)]
    events = pair.to_server(pair.forge_client(wire.write_container(messages), seqno=10))
    assert len(of(events, Flooded)) == 1
    assert [said.NAME for said in pair.said_by_server()].count("msgs_state_info") == 2


@pytest.mark.parametrize("kind", ["MsgsAck", "MsgsStateReq", "MsgResendReq", "MsgResendAnsReq", "MsgsAllInfo"])
def test_all_service_messages_that_name_others_count(kind: str) -> None:
    pair = Pair(limits=FEW_IDS, server_limits=FEW_IDS)
    more = {"info": bytes(101)} if kind == "MsgsAllInfo" else {}
    body = getattr(service.types, kind)(msg_ids=[5] * 101, **more).to_bytes()
    assert len(of(pair.from_client_now(body), Flooded)) == 1
    if kind != "MsgResendAnsReq":
        assert isinstance(of(pair.from_server_now(body), Undecodable)[0].error, wire.TooMany)


def test_server_tells_no_more_salts_than_a_packet_may_ask_for() -> None:
    pair = Pair()
    question = service.functions.GetFutureSalts(num=64).to_bytes()
    messages = [Message(pair.client_id(-1) + 4 * number, 0, question) for number in range(17)]
    events = pair.to_server(pair.forge_client(wire.write_container(messages), seqno=10))
    assert len(of(events, Flooded)) == 1
    assert [said.NAME for said in pair.said_by_server()].count("future_salts") == 16


def test_client_tells_states_without_a_look_at_all_acks_that_wait() -> None:
    class Unlooked(list[int]):
        def __iter__(self) -> Iterator[int]:
            raise AssertionError("all acks were looked at")

        def __contains__(self, _: object) -> bool:
            raise AssertionError("all acks were looked at")

    pair = Pair()
    known = pair.server_id(3, -1)
    pair.to_client(pair.forge(api_body(), known, seqno=1))
    pair.client._parts.inbox.acks = Unlooked(pair.client._parts.inbox.acks)
    pair.from_server_now(service.types.MsgsStateReq(msg_ids=[known]))
    pair.client._parts.inbox.acks = []
    told: Any = pair.said_by_client()[-1]
    assert told.info == b"\x04"


@pytest.mark.parametrize("asked", [False, True])
def test_future_salts_are_not_decoded_unless_they_were_asked_for_and_are_few(
    asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = Pair()
    question = 4
    if asked:
        pair.client._parts.questions.add(MessageKind.SALTS, service.functions.GetFutureSalts(num=32).to_bytes())
        pair.from_client()
        question = next(iter(pair.client._parts.questions._open))
    salt = service.types.FutureSalt(valid_since=0, valid_until=1 << 30, salt=5)
    answer = service.types.FutureSalts(req_msg_id=question, now=0, salts=[salt] * 65).to_bytes()
    monkeypatch.setattr(service, "decode", None)
    events = pair.from_server_now(wire.write_gzip(answer))
    assert len(of(events, Undecodable if asked else Anomaly)) == 1


def test_client_does_not_read_an_error_as_long_as_a_book() -> None:
    pair = Pair()
    call = pair.sent_request()
    error = service.types.RpcError(error_code=400, error_message="A" * 5000).to_bytes()
    events = pair.from_server_now(wire.write_rpc_result(call.msg_id, error))
    assert [lost.request for lost in of(events, RequestLost)] == [call]


def test_server_forgets_messages_that_wait_one_by_one_without_a_look_at_all_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair = Pair()
    for number in range(40):
        pair.server.push(api_body(number))
    pair.run()
    for number in range(40):
        pair.server.push(api_body(number))
    sent = [
        message.msg_id for payload in pair.from_server() for message in pair.open_server(payload) if message.seqno & 1
    ]
    pair.reconnect()
    made = []

    def counted(content: Iterable[Outgoing]) -> deque[Outgoing]:
        made.append(1)
        return deque(content)

    monkeypatch.setattr(send_queue, "deque", counted)
    for msg_id in sent[::-1]:
        pair.from_client_now(wire.write_acks([msg_id]))
    assert 0 < len(made) < 8
    assert not pair.server._outbox._stored
    assert pair.server.waiting == 0
    assert pair.from_server() == []


@pytest.mark.parametrize("size", [wire.SHORT_AT_MOST - 4, wire.SHORT_AT_MOST + 4])
def test_packed_service_messages_are_not_unpacked_further_than_honest_ones_reach(size: int) -> None:
    pair = Pair(limits=Limits(message_ids_accepted=20_000, ids_accepted=20_000))
    body = service.types.MsgsAllInfo(msg_ids=[], info=bytes(size - 16)).to_bytes()
    error = of(pair.from_server_now(wire.write_gzip(body)), Undecodable)[0].error
    assert ("a service message of more than 131072 bytes" in str(error)) == (size > wire.SHORT_AT_MOST)
    assert wire.read_gzip(wire.write_gzip(body), 1 << 20) == body


def test_calls_that_follow_no_other_are_not_looked_at_when_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    call = pair.sent_request()
    follower = pair.send(1, after=[call])
    looks = []
    for number in range(2, 6):
        pair.send(number)
    monkeypatch.setattr(Outbox, "queued", lambda outbox: looks.append(outbox))
    error = wire.write_rpc_error(400, "TEST")
    events = pair.from_server_now(wire.write_rpc_result(call.msg_id, error))
    assert [failed.request for failed in of(events, RpcFailed)] == [call, follower]
    assert not looks
