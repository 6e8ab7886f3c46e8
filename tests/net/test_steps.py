"""What stands in one packet is handled over many turns of a loop, at both ends and over each carrier."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mtproto.message.envelope import Sender, seal
from mtproto.net.servers.turns import BURST
from mtproto.net.shells.portions import STEP, TURN
from mtproto.session import Result, Update, client_handlers, server_receiver, wire
from mtproto.session.wire import Message
from mtproto.transport import client_transport
from tests.hostile.peers import INTERMEDIATE, frame
from tests.link.support import NOW, QUERY, known_state, of_type, seeded
from tests.net.fake_loop import FakeLoop
from tests.net.support import listener, run
from tests.net.test_pump import Scene
from tests.net.test_server_turns import known_client, settled, visit
from tests.net.test_told_to_close import WEBSOCKET
from tl import service

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

PING = service.functions.Ping(ping_id=1).to_bytes()
UPDATE = bytes.fromhex("0d0c0b0a") + bytes(8)
COUNT = 1000


def plainly(packet: bytes) -> tuple[bytes, bytes]:
    return INTERMEDIATE, frame(packet)


def in_a_websocket(packet: bytes) -> tuple[bytes, bytes]:
    transport = client_transport("obfuscated-intermediate", os.urandom)
    header = transport.opening()
    data = transport.pack(packet)
    head = WEBSOCKET + b"\x82" + bytes([0x80 | len(header)]) + bytes(4) + header
    return head, b"\x82\xfe" + len(data).to_bytes(2, "big") + bytes(4) + data


def in_a_post(packet: bytes) -> tuple[bytes, bytes]:
    return b"", f"POST /apiw HTTP/1.1\r\nHost: x\r\nContent-Length: {len(packet)}\r\n\r\n".encode() + packet


def counted(patch: pytest.MonkeyPatch, owner: ModuleType, function: str) -> list[object]:
    """Return a list that grows with each message of a container that a session handles."""
    handled: list[object] = []
    original = getattr(owner, function)

    def handle(parts: object, message: Message, now: float) -> None:
        handled.append(message)
        original(parts, message, now)

    patch.setattr(owner, function, handle)
    return handled


@pytest.mark.parametrize("carried", [plainly, in_a_websocket, in_a_post])
def test_a_data_centre_handles_a_long_packet_over_many_turns(
    carried: Callable[[bytes], tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    handled = counted(monkeypatch, server_receiver, "handle_inner")

    async def main() -> None:
        async with listener() as server:
            client = known_client(server)
            packet = client.container(client.message(PING, content=False) for _ in range(COUNT))
            begins, data = carried(packet)
            pump, transport = visit(server)
            pump.data_received(begins)
            await settled(server)
            monkeypatch.setattr(server.inputs.turns, "want", lambda *_, **__: None)
            pump.data_received(data)
            before = 0
            while pump.wants_turn:
                pump.take_turn()
                assert len(handled) - before <= BURST
                before = len(handled)
            assert before == COUNT
            assert not transport.aborted

    run(main())


def test_a_long_packet_of_a_connection_that_is_gone_is_handled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    handled = counted(monkeypatch, server_receiver, "handle_inner")

    async def main() -> None:
        async with listener() as server:
            client = known_client(server)
            pump, transport = visit(server)
            pump.data_received(INTERMEDIATE)
            await settled(server)
            pump.data_received(frame(client.container(client.message(PING, content=False) for _ in range(COUNT))))
            link = pump.link
            assert link is not None
            transport.abort()
            await pump.closed.wait()
            assert len(handled) < COUNT
            await settled(server)
            assert len(handled) == COUNT
            assert not link.unread
            assert server.connections == 0

    run(main())


def test_a_server_that_closes_lets_go_of_a_connection_with_a_rest_of_a_packet() -> None:
    async def main() -> None:
        async with listener() as server:
            client = known_client(server)
            pump, _ = visit(server)
            pump.data_received(INTERMEDIATE)
            await settled(server)
            pump.data_received(frame(client.container(client.message(PING, content=False) for _ in range(COUNT))))
            link = pump.link
            assert link is not None
            while not link.unread:
                pump.take_turn()
            await server.close()
            assert server.connections == 0
            assert not link.unread
            [key] = server.state
            [slot] = key.sessions.values()
            assert not slot.connected
            await server.start()
            assert server.connections == 0

    run(main())


class Slowly:
    """A pump on a loop whose clock moves on whenever somebody looks at it, and packets for its client."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        def now(loop: FakeLoop) -> float:
            loop.time += 0.4 * TURN
            return loop.time

        self.scene = Scene()
        self.scene.pump.connect()
        self.scene.carrier.open()
        self.scene.serve()
        session = self.scene.link.session
        assert session is not None
        self.session_id = session.session_id
        patch.setattr(self.scene.pump._tenure._portions, "_now", lambda: now(self.scene.loop))

    def packet(self, *bodies: bytes) -> bytes:
        first = (int(NOW) + 1) << 32 | 1
        messages = [Message(first + 4 * number, 2 * number + 1, body) for number, body in enumerate(bodies)]
        container = Message(first + 4 * len(bodies), 2 * len(bodies), wire.write_container(messages))
        [message] = [container] if len(bodies) > 1 else messages
        payload = seal(
            known_state().auth_key,
            Sender.SERVER,
            salt=0,
            session_id=self.session_id,
            msg_id=message.msg_id,
            seqno=message.seqno,
            body=message.body,
            random=seeded(),
        ).payload
        return len(payload).to_bytes(4, "little") + payload


@pytest.mark.parametrize("count", [250, COUNT])  # 250 are a read that is not cut
def test_a_client_handles_a_long_packet_over_many_turns(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    handled = counted(monkeypatch, client_handlers, "_inner")
    slowly = Slowly(monkeypatch)
    bodies = [UPDATE + bytes([number % 256, number // 256, 0, 0]) for number in range(count)]
    slowly.scene.carrier.owner.received(slowly.packet(*bodies))
    assert len(handled) <= 2 * STEP
    before = len(handled)
    while slowly.scene.loop.soon:
        slowly.scene.loop.once()
        assert len(handled) - before <= 2 * STEP
        before = len(handled)
    assert [event.body for event in of_type(slowly.scene.events, Update)] == bodies
    assert slowly.scene.carrier.reading


def test_a_client_inflates_a_long_answer_over_many_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    slowly = Slowly(monkeypatch)
    call = slowly.scene.link.send(QUERY)
    slowly.scene.pump.flush()
    body = UPDATE + bytes(8_000_000)
    packed = wire.write_rpc_result(call.msg_id, wire.write_gzip(body))
    slowly.scene.carrier.owner.received(slowly.packet(packed))
    turns = 0
    while slowly.scene.loop.soon and not of_type(slowly.scene.events, Result):
        slowly.scene.loop.once()
        turns += 1
    assert [event.body for event in of_type(slowly.scene.events, Result)] == [body]
    assert turns > 3


def test_a_client_handles_a_long_packet_before_the_end_of_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    slowly = Slowly(monkeypatch)
    slowly.scene.carrier.owner.received(slowly.packet(*[UPDATE] * COUNT))
    slowly.scene.carrier.lose()
    slowly.scene.loop.wait(1)
    assert len(of_type(slowly.scene.events, Update)) == COUNT
