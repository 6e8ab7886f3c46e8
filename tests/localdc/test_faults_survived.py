"""Faults that a client survives: the call that met one is answered after all, executed once, and so is the next one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.client import UndecodableUpdate
from mtproto.link import Broken, StatusChanged
from mtproto.localdc import IncomingCall
from mtproto.localdc.handlers.messages import send_message
from mtproto.session import (
    BAD_MESSAGES,
    Acked,
    Anomaly,
    BadMessage,
    ForeignSession,
    NewSession,
    Resent,
    Result,
    SaltChanged,
    Sent,
    SessionBroken,
    SessionRenewed,
    Stale,
    TimeLearned,
    Undecodable,
    UpdatesGap,
)
from tests.localdc.stage import Stage, perform
from tl import api

if TYPE_CHECKING:
    pass

RECONNECTED: set[type[Any]] = {StatusChanged}
TOLD: set[type[Any]] = {SessionBroken, Broken, StatusChanged, Resent}

SURVIVED: list[tuple[str, tuple[int, ...], set[type[Any]]]] = [
    ("bad_server_salt", (), {BadMessage, SaltChanged, Resent}),
    ("salt_rotation", (), set()),
    ("bad_msg", (16,), {BadMessage, Resent}),
    ("bad_msg", (17,), {BadMessage, Resent, SessionRenewed, NewSession}),
    ("bad_msg", (19,), {BadMessage, Resent, SessionRenewed, NewSession}),
    ("bad_msg", (32,), {BadMessage, Resent, SessionRenewed, NewSession}),
    ("bad_msg", (33,), {BadMessage, Resent, SessionRenewed, NewSession}),
    ("bad_msg", (48,), {BadMessage, SaltChanged, Resent}),
    ("bad_msg", (64,), {BadMessage, Resent}),
    ("session_forgotten", (), {NewSession, UpdatesGap}),
    ("transport_error", (-403,), TOLD),
    ("not_found", (), TOLD),
    ("flood", (), TOLD),
    ("wrong_dc", (), TOLD),
    ("lost_answer", (), {Acked}),
    ("duplicated_answer", (), {Anomaly}),
    ("msg_detailed_info", (), {Acked}),
    ("replayed_packet", (), set()),
    ("wrong_parity", (), {Broken, *RECONNECTED}),
    ("wrong_session_id", (), {ForeignSession, Acked}),
    ("stale_packet", (), {Stale, Acked}),
    ("stale_packet", (-60,), {TimeLearned}),
    ("stale_packet", (20,), {TimeLearned}),
    ("container_of", (), {Undecodable, Acked}),
    ("container_of", (1024,), set()),
    ("nested_container", (), {Undecodable, Acked}),
    ("cut", (0,), RECONNECTED),
    ("cut", (10,), RECONNECTED),
    ("cut_received", (10,), {*RECONNECTED, Resent}),
    ("flip_bit", (400,), {Broken, *RECONNECTED}),
    ("garbage", (), {Broken, *RECONNECTED}),
    ("garbage_stream", (), RECONNECTED),
    ("oversize_frame", (), {Broken, *RECONNECTED}),
]
"""Faults, their arguments, and what the link has to say beside the beginning and the end of the call."""


def told(stage: Stage) -> set[type]:
    return {type(event) for event in stage.events} - {Sent, Result}


@pytest.mark.parametrize(("name", "arguments", "expected"), SURVIVED, ids=[f"{row[0]}{row[1]}" for row in SURVIVED])
def test_the_call_and_the_next_one_are_answered(name: str, arguments: tuple[int, ...], expected: set[type]) -> None:
    async def scene(stage: Stage) -> None:
        getattr(stage.dc.faults, name)(*arguments)
        executions = await stage.send()
        seen = told(stage)
        assert await stage.send() == 1
        assert stage.dc.faults.applied[name] == 1
        assert not stage.dc.faults.armed
        assert executions == 1
        assert expected <= seen
        assert len(stage.of(Result)) == 2

    perform(scene)


@pytest.mark.parametrize("code", sorted(BAD_MESSAGES))
def test_every_code_of_bad_msg_notification_reaches_the_client_as_it_is(code: int) -> None:
    async def scene(stage: Stage) -> list[int]:
        stage.dc.faults.bad_msg(code)
        await asyncio.gather(stage.send(), return_exceptions=True)
        return [event.code for event in stage.of(BadMessage)]

    assert perform(scene) == [code]


def test_a_fault_armed_twice_happens_twice() -> None:
    async def scene(stage: Stage) -> tuple[int, int]:
        stage.dc.faults.bad_server_salt()
        stage.dc.faults.bad_server_salt()
        return await stage.send(), stage.dc.faults.applied["bad_server_salt"]

    assert perform(scene) == (1, 2)


def test_different_faults_of_one_packet_happen_one_after_the_other() -> None:
    async def scene(stage: Stage) -> dict[str, int]:
        stage.dc.faults.wrong_parity()
        stage.dc.faults.lost_answer()
        stage.dc.faults.bad_msg(16)
        assert await stage.send() == 1
        return dict(stage.dc.faults.applied)

    assert perform(scene) == {"wrong_parity": 1, "lost_answer": 1, "bad_msg": 1}


# Salts


def test_two_salts_are_valid_for_half_an_hour_and_then_the_older_one_is_not() -> None:
    """The client is kept from learning the salts to come, so that it goes on with the one that it has."""

    async def scene(stage: Stage) -> None:
        state = stage.client.state
        assert state is not None
        [salt, *_] = state.salts

        async def send_with_the_old_salt() -> None:
            state.salts = [replace(salt, valid_until=2**31 - 1)]
            stage.events.clear()
            assert await stage.send() == 1

        stage.dc.faults.salt_rotation()
        await send_with_the_old_salt()
        await asyncio.sleep(1795)
        await send_with_the_old_salt()
        assert not stage.of(BadMessage)
        await asyncio.sleep(10)
        await send_with_the_old_salt()
        assert [event.code for event in stage.of(BadMessage)] == [48]
        assert stage.of(SaltChanged)

    perform(scene)


def test_a_client_that_asked_for_the_salts_to_come_is_never_refused_for_one() -> None:
    async def scene(stage: Stage) -> int:
        for _ in range(9):
            await asyncio.sleep(20 * 60)
            assert await stage.send() == 1
        return len(stage.of(BadMessage))

    assert perform(scene) == 0


# Answers and acknowledgements


def test_answers_in_the_wrong_order_reach_their_calls() -> None:
    async def scene(stage: Stage) -> None:
        first_is_answered = asyncio.Event()

        @stage.dc.handler(api.functions.messages.SendMessage)
        async def in_turn(call: IncomingCall) -> Any:
            if call.request.message == "second":
                await first_is_answered.wait()
                await asyncio.sleep(0.5)
            first_is_answered.set()
            return send_message(call)

        stage.dc.faults.reordered_answers()
        order: list[str] = []

        async def send(text: str, random_id: int) -> None:
            peer = api.types.InputPeerSelf()
            await stage.client(api.functions.messages.SendMessage(peer=peer, message=text, random_id=random_id))
            order.append(text)

        await asyncio.gather(send("first", 1001), send("second", 1002))
        assert stage.dc.faults.applied["reordered_answers"] == 1
        assert order == ["second", "first"]
        assert [stage.dc.executions(random_id) for random_id in (1001, 1002)] == [1, 1]
        assert await stage.send() == 1

    perform(scene)


def test_a_call_whose_ack_is_late_is_asked_about_and_not_sent_again() -> None:
    async def scene(stage: Stage) -> None:
        @stage.dc.handler(api.functions.messages.SendMessage)
        async def slow(call: IncomingCall) -> Any:
            await asyncio.sleep(25)
            return send_message(call)

        stage.dc.faults.delayed_ack()
        assert await stage.send() == 1
        assert stage.dc.faults.applied["delayed_ack"] == 1
        assert [type(event) for event in stage.events if isinstance(event, Sent | Resent | Acked | Result)] == [
            Sent,
            Acked,
            Result,
        ]
        assert await stage.send() == 1

    perform(scene)


def test_an_ack_in_time_is_news_of_the_call() -> None:
    """Without the fault, the ack comes a second after the call; with it, the news of the state comes after ten."""

    async def scene(stage: Stage, late: bool) -> float:
        @stage.dc.handler(api.functions.messages.SendMessage)
        async def slow(call: IncomingCall) -> Any:
            await asyncio.sleep(25)
            return send_message(call)

        if late:
            stage.dc.faults.delayed_ack()
        sending = asyncio.ensure_future(stage.send())
        began = stage.loop.time()
        while not stage.of(Acked):
            await asyncio.sleep(0.1)
        waited = stage.loop.time() - began
        await sending
        return waited

    assert perform(lambda stage: scene(stage, False)) < 2
    assert 9 < perform(lambda stage: scene(stage, True)) < 12


def test_a_replayed_packet_settles_nothing_and_is_told_to_nobody() -> None:
    async def scene(stage: Stage) -> None:
        stage.dc.faults.replayed_packet()
        assert await stage.send() == 1
        stage.events.clear()
        assert await stage.send() == 1
        await asyncio.sleep(5)
        assert stage.dc.faults.applied["replayed_packet"] == 1
        assert [type(event) for event in stage.events] == [Sent, Result]

    perform(scene)


# Sessions


def test_a_new_session_created_that_looks_like_an_answer_is_one_all_the_same() -> None:
    async def scene(stage: Stage) -> None:
        stage.dc.faults.session_forgotten()
        stage.dc.faults.new_session_created_as_reply()
        assert await stage.send() == 1
        assert stage.dc.faults.applied["new_session_created_as_reply"] == 1
        assert len(stage.of(NewSession)) == 1
        assert stage.of(SaltChanged)
        assert await stage.send() == 1

    perform(scene)


def test_a_clock_that_makes_no_sense_ends_the_connection_and_is_learned_anew() -> None:
    """One packet an hour ahead moves the client's idea of time; all that comes after it is then too old."""

    async def scene(stage: Stage) -> None:
        stage.dc.faults.stale_packet(3600)
        assert await stage.send() == 1
        assert await stage.send(timeout=None) == 1
        [end] = stage.of(Broken)
        assert "the peer's ids say 2025-06-15T15:" in str(end.error)
        assert "its earlier ones said 2025-06-15T16:" in str(end.error)
        stage.events.clear()
        assert await stage.send() == 1
        assert told(stage) == set()

    perform(scene)


def test_an_undecodable_container_is_handed_to_whoever_reads_the_updates() -> None:
    async def scene(stage: Stage) -> None:
        stage.dc.faults.container_of(1025)
        assert await stage.send() == 1
        async for item in stage.client.incoming():
            assert isinstance(item, UndecodableUpdate)
            assert "1025 messages, at most 1024 are allowed" in str(item.error)
            break

    perform(scene)


def test_a_fault_waits_for_a_packet_that_it_fits() -> None:
    """Pings and acks pass; a fault of calls meets a call."""

    async def scene(stage: Stage) -> None:
        stage.dc.faults.bad_msg(16)
        await asyncio.sleep(300)
        assert stage.dc.faults.applied["bad_msg"] == 0
        assert await stage.send() == 1
        assert stage.dc.faults.applied["bad_msg"] == 1

    perform(scene)
