"""What follows from a packet that came over one connection goes out over another, without anybody waiting for more."""

from __future__ import annotations

import asyncio

from mtproto.message.envelope import Sender, unseal
from mtproto.session.constructors import MSGS_ACK, RPC_RESULT
from mtproto.session.wire import constructor_id
from mtproto.transport import Payload, client_transport
from tests.link.support import NOW, of_type, seeded
from tests.link.test_replayed_packets import KEY, SALT, bodies, packet
from tests.net.support import listener


class HurryingClock:
    """A clock that goes on by a second whenever somebody looks at it."""

    def __init__(self) -> None:
        self._now = NOW

    def __call__(self) -> float:
        self._now += 1
        return self._now


def test_a_repetition_over_another_connection_is_acked_over_that_of_the_session() -> None:
    async def scene() -> None:
        server = listener(clock=HurryingClock())
        async with server, asyncio.timeout(10):
            server.state.add_key(KEY, first_salt=SALT)
            framing = client_transport("intermediate", seeded())
            reader, live = await asyncio.open_connection(*server.address)

            async def constructors() -> set[int]:
                payloads = of_type(framing.receive(await reader.read(65536)), Payload)
                packets = [unseal(KEY, Sender.SERVER, payload.data) for payload in payloads]
                return {constructor_id(body) for body in bodies(packets)}

            live.write(framing.opening() + framing.pack(packet(1)))
            while RPC_RESULT not in await constructors():
                pass
            other = client_transport("intermediate", seeded())
            _, thief = await asyncio.open_connection(*server.address)
            thief.write(other.opening() + other.pack(packet(1)))
            while MSGS_ACK not in await constructors():
                pass
            for writer in (live, thief):
                writer.close()
                await writer.wait_closed()

    asyncio.run(scene())
