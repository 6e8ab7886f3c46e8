"""What a peer can make a session do with one packet is bounded, however the packet is put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtproto.limits import SERVER_LIMITS, Limits
from mtproto.session import wire
from mtproto.session.events import Query, RequestLost, Result, Undecodable, Update
from mtproto.session.outbox import Outbox
from mtproto.session.wire import Message
from tests.session.harness import Pair, api_body, of
from tl import service

if TYPE_CHECKING:
    from mtproto.session.outbox import Request

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
