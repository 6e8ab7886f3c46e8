"""A client that does not take its answers is answered no further, and its calls wait within bounds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from mtproto.errors import LocalProtocolError
from mtproto.link import ServerLink, ServerQuery, ServerSessions, SessionSlot
from mtproto.message.auth_key import AuthKey
from mtproto.net.servers import answering
from mtproto.net.servers.answering import ANSWERS_UNSENT, HELD_IN_ALL, HELD_OF_A_SESSION, HELD_WITH_EACH, Answering
from mtproto.session.wire import write_rpc_error
from tests.link.support import NOW, seeded
from tests.net.support import run

if TYPE_CHECKING:
    from collections.abc import Awaitable

LARGE = bytes(ANSWERS_UNSENT // 4)
REFUSAL = write_rpc_error(420, "FLOOD_WAIT_1")


class Session:
    """As much of a session as is asked: which calls were answered, and what of that waits to be sent."""

    def __init__(self) -> None:
        self.answers: dict[int, bytes] = {}
        self.unsent_answers = 0
        self.most = len(LARGE)

    def answer(self, msg_id: int, body: bytes) -> None:
        if len(body) > self.most:
            raise LocalProtocolError("too large")
        self.answers[msg_id] = body
        self.unsent_answers += len(body)

    def refused(self) -> list[int]:
        return [msg_id for msg_id, body in self.answers.items() if body == REFUSAL]


class Scene:
    """Sessions, and a handler whose answers are all large."""

    def __init__(self) -> None:
        self.state = ServerSessions(seeded())
        self.handled: list[int] = []
        self.flushed: list[SessionSlot] = []
        self.answering = Answering(self.handle, self.flushed.append, self.state.__contains__)
        self._number = 0

    def handle(self, query: ServerQuery) -> bytes:
        self.handled.append(query.msg_id)
        return LARGE

    def slot(self) -> tuple[SessionSlot, Session]:
        self._number += 1
        key = self.state.add_key(AuthKey(seeded(self._number)(256)))
        slot = self.state.find_session(key, 1, NOW)
        slot.session = session = Session()  # type: ignore[assignment]  # as much of one as is asked
        slot.link = cast("ServerLink", object())
        return slot, session

    def ask(self, slot: SessionSlot, *msg_ids: int, size: int = 8) -> None:
        for msg_id in msg_ids:
            self.answering.take(ServerQuery(slot, msg_id, bytes(size)))

    @property
    def idle(self) -> bool:
        return not (self.answering._held or self.answering._held_size)


async def turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_calls_wait_until_answers_are_taken_and_are_answered_in_order() -> None:
    async def main() -> None:
        scene = Scene()
        slot, session = scene.slot()
        scene.ask(slot, *range(20))
        await turns()
        assert scene.handled == [0, 1, 2, 3]
        while not scene.idle:
            assert session.unsent_answers <= ANSWERS_UNSENT
            session.unsent_answers = 0
            scene.answering.go_on()
            await turns()
        assert scene.handled == list(range(20))
        assert set(session.answers) == set(range(20))

    run(main())


def test_clients_that_take_their_answers_do_not_wait_for_one_that_does_not() -> None:
    async def main() -> None:
        scene = Scene()
        (stuck, _), (other, session) = scene.slot(), scene.slot()
        scene.ask(stuck, *range(10))
        await turns()
        scene.ask(other, *range(100, 110))
        await turns()
        assert scene.handled == [0, 1, 2, 3, 100, 101, 102, 103]
        session.unsent_answers = 0
        scene.answering.go_on()
        await turns()
        assert scene.handled[8:] == [104, 105, 106, 107]
        assert not scene.idle

    run(main())


@pytest.mark.parametrize("size", [4, 100_000], ids=["small answers", "large answers"])
@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
def test_in_one_turn_of_the_loop_not_all_calls_are_answered_and_sessions_take_turns(size: int, later: bool) -> None:
    async def main() -> None:
        scene = Scene()
        (busy, _), (other, _) = scene.slot(), scene.slot()

        def handle(query: ServerQuery) -> bytes | Awaitable[bytes]:
            scene.handled.append(query.msg_id)
            return answer() if later else bytes(size)

        async def answer() -> bytes:
            return bytes(size)

        scene.answering = Answering(handle, scene.flushed.append, scene.state.__contains__)
        scene.ask(busy, *range(1, 1001))
        scene.ask(other, 2000)
        at_once = len(scene.handled)
        assert at_once == -(-answering.TURN // (answering.LATER if later else 1 + size // answering.UNIT))
        await turns(2)
        assert 2000 in scene.handled
        assert len(scene.handled) <= 3 * at_once
        await asyncio.gather(*scene.answering.end(), return_exceptions=True)

    run(main())


def test_the_calls_of_a_session_that_wait_are_bounded() -> None:
    scene = Scene()
    slot, session = scene.slot()
    session.unsent_answers = ANSWERS_UNSENT
    half = HELD_OF_A_SESSION // 2 - HELD_WITH_EACH
    scene.ask(slot, 1, 2, size=half)
    assert session.refused() == []
    scene.ask(slot, 3)
    assert session.refused() == [3]
    assert scene.handled == []


def test_the_calls_of_all_sessions_that_wait_are_bounded() -> None:
    scene = Scene()
    slots = [scene.slot() for _ in range(HELD_IN_ALL // HELD_OF_A_SESSION + 1)]
    for slot, session in slots:
        session.unsent_answers = ANSWERS_UNSENT
        scene.ask(slot, 1, size=HELD_OF_A_SESSION - HELD_WITH_EACH)
    assert [session.refused() for _, session in slots] == [*[[]] * (len(slots) - 1), [1]]
    assert len(scene.answering._held) == len(slots) - 1


def test_calls_whose_client_is_gone_wait_for_it_and_are_refused_in_the_end() -> None:
    scene = Scene()
    (slot, session), (present, other) = scene.slot(), scene.slot()
    for waiting, of in ((slot, session), (present, other)):
        of.unsent_answers = ANSWERS_UNSENT
        scene.ask(waiting, 1, 2)
    slot.link, session.unsent_answers = None, 0
    scene.answering.go_on()
    assert scene.handled == []
    scene.answering.refuse_abandoned()
    assert session.refused() == [1, 2]
    assert list(scene.answering._held) == [present]


def test_calls_whose_key_is_forgotten_while_they_wait_are_dropped() -> None:
    async def main() -> None:
        scene = Scene()
        (slot, session), (other, rest) = scene.slot(), scene.slot()
        for waiting, of in ((slot, session), (other, rest)):
            of.unsent_answers = ANSWERS_UNSENT
            scene.ask(waiting, *range(10))
        scene.state.forget_key(slot.key.auth_key.id)
        session.unsent_answers = rest.unsent_answers = 0
        scene.answering.go_on()
        await turns()
        assert scene.handled == list(rest.answers) == [0, 1, 2, 3]
        assert session.answers == {}
        assert list(scene.answering._held) == [other]
        assert scene.answering._held_size == 6 * (HELD_WITH_EACH + 8)

    run(main())


def test_calls_of_a_forgotten_key_are_neither_answered_nor_refused() -> None:
    async def main() -> None:
        scene = Scene()
        slot, session = scene.slot()
        session.unsent_answers = ANSWERS_UNSENT
        scene.ask(slot, 1)
        scene.state.forget_key(slot.key.auth_key.id)
        scene.ask(slot, 2, size=HELD_OF_A_SESSION)
        slot.link = None
        scene.answering.refuse_abandoned()
        assert scene.idle
        session.unsent_answers = 0
        scene.ask(slot, 3)
        assert (scene.handled, session.answers, scene.flushed) == ([], {}, [])

    run(main())


@pytest.mark.parametrize("limit", ["RUNNING_OF_A_SESSION", "RUNNING_IN_ALL"])
def test_calls_whose_answers_are_waited_for_are_bounded_and_the_others_wait(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, limit, 3 * (answering.RUNNING_WITH_EACH + 1000) - 1)

    async def main() -> None:
        scene = Scene()
        (slot, session), (other, _) = scene.slot(), scene.slot()
        gates: list[asyncio.Event] = []

        async def later(query: ServerQuery) -> bytes:
            gates.append(asyncio.Event())
            await gates[-1].wait()
            return b"\0\0\0\0"

        scene.answering = Answering(later, scene.flushed.append, scene.state.__contains__)
        scene.ask(slot, *range(10), size=1000)
        await turns(2)
        assert len(gates) == 3
        scene.ask(other, 100)
        await turns(2)
        assert len(gates) == 3 + (limit == "RUNNING_OF_A_SESSION")
        while len(session.answers) < 10:
            for gate in gates:
                gate.set()
            await turns()
        assert list(session.answers) == list(range(10))
        assert len(scene.answering._running_of) <= 1
        await asyncio.gather(*scene.answering.end(), return_exceptions=True)
        await turns(2)
        assert (scene.answering._running_size, dict(scene.answering._running_of)) == (0, {})

    run(main())


def test_answers_that_are_ready_together_are_not_kept_as_they_are() -> None:
    """Each is handed to its session, which packs it, before the next one is made."""

    async def main() -> None:
        scene = Scene()
        slot, session = scene.slot()
        before: list[int] = []

        async def later(query: ServerQuery) -> bytes:
            before.append(len(session.answers))
            return b"\0\0\0\0"

        scene.answering = Answering(later, scene.flushed.append, scene.state.__contains__)
        scene.ask(slot, *range(10))
        await turns()
        assert before == list(range(10))

    run(main())


def test_at_the_end_nothing_is_left_and_nobody_complains() -> None:
    async def main() -> None:
        scene = Scene()
        slot, session = scene.slot()

        async def never(query: ServerQuery) -> bytes:
            await asyncio.Event().wait()
            return b""

        scene.answering = Answering(never, scene.flushed.append, scene.state.__contains__)
        scene.ask(slot, 1)
        await turns(2)
        scene.ask(slot, 2)  # its task has not begun
        session.unsent_answers = ANSWERS_UNSENT
        scene.ask(slot, 3)
        await asyncio.gather(*scene.answering.end(), return_exceptions=True)
        assert scene.idle
        assert session.answers == {}

    run(main())


def test_an_answer_that_fits_into_no_packet_is_an_error_of_its_call(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    slot, session = scene.slot()
    session.most = len(LARGE) - 4

    async def main() -> None:
        scene.ask(slot, 1)

    run(main())
    assert session.answers == {1: write_rpc_error(500, "INTERNAL")}
    assert "an answer could not be sent" in caplog.text
