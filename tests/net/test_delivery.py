"""Updates that find no room in a session wait in order, as long as the client is there and the time lasts."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from mtproto.limits import Limits
from mtproto.link import ServerLink, ServerState, SessionSlot
from mtproto.message.auth_key import AuthKey
from mtproto.net.delivery import Delivery
from tests.link.support import NOW, seeded
from tests.net.support import run

FEW = 2


def session(state: ServerState | None = None, *, connected: bool = True) -> SessionSlot:
    """Return a session that lets two updates wait; what is taken out of it counts as sent."""
    state = state or ServerState(seeded(), limits=Limits(queued_updates=FEW))
    key = state.add_key(AuthKey(seeded(3)(256)))
    slot = state.find_session(key, 7, NOW)
    state.keep_session(slot, NOW)
    if connected:
        slot.link = cast("ServerLink", object())
        slot.session.connected(NOW)
    return slot


def body(number: int) -> bytes:
    return bytes.fromhex("2e9a8e1b") + number.to_bytes(4, "little")


def queued(slot: SessionSlot) -> list[int]:
    """Return the numbers of the updates that wait to be sent."""
    return [int.from_bytes(message.body[4:], "little") for message in slot.session._outbox._queue]


def send_all(slot: SessionSlot) -> None:
    while slot.session.next_packet(NOW, max_bytes=1 << 20) is not None:
        pass


class Scene:
    def __init__(self) -> None:
        self.flushed: list[SessionSlot] = []
        self.delivery = Delivery(self.flushed.append)

    def start(self, slot: SessionSlot, *numbers: int, timeout: float | None = None) -> list[asyncio.Task[int]]:
        """Begin to deliver updates one after the other."""
        return [asyncio.create_task(self.delivery.deliver([(slot, body(n))], timeout)) for n in numbers]


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_as_long_as_there_is_room_nobody_waits() -> None:
    async def main() -> None:
        scene, slot = Scene(), session()
        assert [await scene.delivery.deliver([(slot, body(number))], None) for number in range(FEW)] == [1] * FEW
        assert scene.flushed == [slot] * FEW

    run(main())


def test_what_finds_no_room_waits_in_order() -> None:
    async def main() -> None:
        scene, slot = Scene(), session()
        tasks = scene.start(slot, *range(7))
        await turns()
        assert [task.done() for task in tasks] == [True] * FEW + [False] * 5
        came = []
        while not all(task.done() for task in tasks):
            came += queued(slot)
            send_all(slot)
            scene.delivery.go_on()
            await turns()
        assert came + queued(slot) == list(range(7))
        assert [task.result() for task in tasks] == [1] * 7
        assert not slot.session._outbox.gap

    run(main())


def test_what_comes_later_does_not_overtake_what_waits() -> None:
    async def main() -> None:
        scene, slot = Scene(), session()
        tasks = scene.start(slot, *range(FEW + 1))
        await turns()
        send_all(slot)
        tasks += scene.start(slot, FEW + 1)  # there is room, but another one was first
        await turns()
        scene.delivery.go_on()
        await asyncio.gather(*tasks)
        assert queued(slot) == [FEW, FEW + 1]

    run(main())


@pytest.mark.parametrize("cancelled", [False, True])
def test_what_is_given_up_is_told_as_a_gap(cancelled: bool) -> None:
    async def main() -> None:
        scene, slot = Scene(), session()
        *_, last = scene.start(slot, *range(FEW + 1), timeout=None if cancelled else 0.0)
        await turns()
        if cancelled:
            last.cancel()
            with pytest.raises(asyncio.CancelledError):
                await last
        else:
            assert await last == 0
        assert slot.session._outbox.gap
        scene.delivery.go_on()
        assert queued(slot) == list(range(FEW))

    run(main())


def test_a_session_without_a_connection_is_not_waited_for() -> None:
    async def main() -> None:
        scene, slot = Scene(), session(connected=False)
        assert [await scene.delivery.deliver([(slot, body(number))], None) for number in range(4)] == [1] * 4
        assert queued(slot) == [2, 3]
        assert slot.session._outbox.gap

    run(main())


def test_a_client_that_goes_away_is_waited_for_no_longer() -> None:
    async def main() -> None:
        scene, slot = Scene(), session()
        tasks = scene.start(slot, *range(4))
        await turns()
        slot.link = None
        scene.delivery.go_on()
        assert await asyncio.gather(*tasks) == [1] * 4
        assert queued(slot) == [2, 3]
        assert slot.session._outbox.gap

    run(main())


def test_a_session_that_is_forgotten_gets_nothing() -> None:
    async def main() -> None:
        state = ServerState(seeded(), limits=Limits(queued_updates=FEW))
        scene, slot = Scene(), session(state)
        tasks = scene.start(slot, *range(FEW + 1))
        await turns()
        slot.link = None
        state.forget_session(slot.key, slot.session_id)
        scene.delivery.go_on()
        assert await tasks[-1] == 0

    run(main())


def test_one_client_that_takes_nothing_holds_up_no_other() -> None:
    async def main() -> None:
        scene, stuck, free = Scene(), session(), session()
        scene.start(stuck, *range(FEW))
        await turns()
        both = asyncio.create_task(scene.delivery.deliver([(stuck, body(8)), (free, body(8))], None))
        await turns()
        assert not both.done()
        assert queued(free) == [8]
        scene.delivery.end()
        assert await both == 1

    run(main())
