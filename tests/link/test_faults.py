"""The seam for faults: when a server's link asks, and what it does with the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.link import ServerLink
from mtproto.session import Result
from mtproto.transport import client_transport
from tests.link.support import NOW, QUERY, Pair, rsa_key, seeded
from tests.link.test_server_link import sealed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.link import IncomingPacket, OutgoingPacket


class Watcher:
    """Changes nothing, and notes at which moments it was asked."""

    def __init__(self, *, armed: bool) -> None:
        self.armed = armed
        self.moments: list[str] = []

    def reading(self, data: bytes) -> tuple[bytes, bool]:
        self.moments.append("reading")
        return data, False

    def incoming(self, packet: IncomingPacket) -> int | None:
        self.moments.append("incoming" if packet.message is not None else "incoming, plain")
        return None

    def outgoing(self, packet: OutgoingPacket) -> Sequence[bytes]:
        self.moments.append("outgoing" if packet.slot is not None else "outgoing, plain")
        return [packet.payload]

    def writing(self, data: bytes) -> tuple[bytes, bool]:
        self.moments.append("writing")
        return data, False


def call(faults: Watcher, *, known_key: bool = True) -> Pair:
    pair = Pair(known_key=known_key)
    pair.faults = faults
    pair.client.send(QUERY)
    pair.connect()
    assert len(pair.of(Result)) == 1
    return pair


def test_a_packet_passes_four_moments() -> None:
    faults = Watcher(armed=True)
    call(faults)
    assert faults.moments[:4] == ["reading", "incoming", "outgoing", "writing"]


def test_the_packets_of_an_exchange_pass_them_too() -> None:
    faults = Watcher(armed=True)
    call(faults, known_key=False)
    assert faults.moments[:12] == ["reading", "incoming, plain", "outgoing, plain", "writing"] * 3


def test_nobody_is_asked_while_nothing_is_armed() -> None:
    faults = Watcher(armed=False)
    call(faults, known_key=False)
    assert faults.moments == []


def test_a_cut_ends_the_connection_and_nothing_follows_what_was_sent() -> None:
    class Cutter(Watcher):
        def writing(self, data: bytes) -> tuple[bytes, bool]:
            super().writing(data)
            return data[:3], True

    faults = Cutter(armed=True)
    server = ServerLink(Pair().state, [rsa_key()], NOW, seeded(), faults=faults)
    framing = client_transport("intermediate", seeded())
    ask = b"".join(framing.pack(payload) for payload in (sealed(1), sealed(2)))
    server.received(framing.opening() + ask, NOW)
    assert len(server.data_to_send(NOW)) == 3
    assert server.closing
    assert server.data_to_send(NOW) == b""
    assert faults.moments.count("writing") == 1
