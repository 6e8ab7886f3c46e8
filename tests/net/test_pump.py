"""The pump between a link and its carriers, on a loop that a test turns."""

from __future__ import annotations

import itertools
import logging
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from mtproto.errors import ConnectionLost
from mtproto.link import Broken, ClientLink, Failed, LinkStatus, ServerLink, ServerQuery, ServerSessions
from mtproto.net.carriers.route import Route
from mtproto.net.shells.pump import CONNECT_TIME, PAUSE, Pump
from mtproto.session import Result
from tests.link.support import ANSWER, DC, QUERY, known_state, of_type, rsa_key, seeded
from tests.net.fake_loop import FakeCarrier, FakeLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto.link import LinkEvent

ROUTE = Route(addresses=(("192.0.2.1", 443),))


class Scene:
    def __init__(self, **options: Any) -> None:
        self.loop = FakeLoop()
        options.setdefault("state", known_state())
        self.link = ClientLink([rsa_key().public], dc_id=DC, random=seeded(), offload=True, **options)
        self.events: list[LinkEvent] = []
        self.unreachable: list[ConnectionLost] = []
        self.settled: list[ConnectionLost] = []
        self.collapsed: list[ConnectionLost] = []
        self.pump = Pump(
            self.link,
            self.loop,
            ROUTE,
            self.dispatch,
            self.unreachable.append,
            self.settled.append,
            self.collapsed.append,
        )
        self.state = ServerSessions(seeded(1))
        self.state.add_key(known_state().auth_key)

    def dispatch(self, events: Sequence[LinkEvent]) -> bool:
        self.events += events
        return any(isinstance(event, Broken | Failed) for event in events)

    @property
    def carrier(self) -> FakeCarrier:
        return self.loop.carriers[-1]

    def serve(self) -> ServerLink:
        """Answer what was written, until nothing more is."""
        server = ServerLink(self.state, [rsa_key()], self.loop.time, seeded(2))
        self.loop.turn()
        while self.carrier.written:
            data = b"".join(self.carrier.written)
            self.carrier.written.clear()
            for query in of_type(server.received(data, self.loop.time), ServerQuery):
                query.slot.session.answer(query.msg_id, ANSWER + query.body)
            self.carrier.owner.received(server.data_to_send(self.loop.time))
            self.loop.turn()
        return server


def test_a_call_goes_out_and_its_answer_comes_back() -> None:
    scene = Scene()
    scene.pump.connect()
    scene.carrier.open()
    request = scene.link.send(QUERY)
    scene.pump.plan_flush()
    scene.serve()
    assert of_type(scene.events, Result) == [Result(request, ANSWER + QUERY)]


def test_a_key_is_made_through_the_slow_steps_of_the_loop() -> None:
    scene = Scene(state=None)
    scene.pump.connect()
    scene.carrier.open()
    scene.serve()
    assert scene.link.status is LinkStatus.READY


def test_between_two_powers_of_a_slow_step_others_get_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def noted_power(base: int, exponent: int, modulus: int) -> int:
        order.append("power")
        return pow(base, exponent, modulus)

    def noted_sleep(seconds: float) -> None:
        assert seconds == PAUSE
        order.append("sleep")

    monkeypatch.setattr("mtproto.exchange.client.power", noted_power)
    monkeypatch.setattr(FakeLoop, "sleep", lambda _, seconds: noted_sleep(seconds))
    scene = Scene(state=None)
    scene.pump.connect()
    scene.carrier.open()
    scene.serve()
    assert scene.link.status is LinkStatus.READY
    assert order == ["power", "sleep", "power"]


def test_calls_made_in_one_turn_travel_together() -> None:
    scene = Scene()
    scene.pump.connect()
    scene.carrier.open()
    scene.loop.turn()
    scene.carrier.written.clear()
    for _ in range(5):
        scene.link.send(QUERY)
        scene.pump.plan_flush()
    assert scene.carrier.written == []
    scene.loop.turn()
    assert len(scene.carrier.written) == 1


def test_nothing_is_taken_from_the_link_that_the_carrier_does_not_take() -> None:
    scene = Scene()
    scene.pump.connect()
    scene.carrier.open()
    scene.loop.turn()
    scene.carrier.written.clear()
    scene.carrier.writable = False
    request = scene.link.send(QUERY)
    scene.pump.plan_flush()
    scene.loop.turn()
    assert request.msg_id == 0
    scene.carrier.writable = True
    scene.carrier.owner.drained()
    assert request.msg_id != 0
    assert len(scene.carrier.written) == 1


def test_a_carrier_that_does_not_come_about_in_time_is_given_up_for_another() -> None:
    scene = Scene()
    scene.pump.connect()
    first = scene.carrier
    scene.loop.wait(CONNECT_TIME - 0.1)
    assert not first.over
    scene.loop.wait(0.2)
    assert first.over
    assert len(scene.loop.carriers) == 2
    [reason] = scene.unreachable
    assert str(reason) == (
        "could not connect to 192.0.2.1:443, transport intermediate: no answer in time: TCP does not connect"
    )


def test_a_carrier_that_can_not_be_had_is_told_with_the_reason() -> None:
    scene = Scene()
    scene.pump.connect()
    error = OSError("no route")
    scene.carrier.lose(error)
    [reason] = scene.unreachable
    assert str(reason) == "could not connect to 192.0.2.1:443, transport intermediate: no route"
    assert reason.__cause__ is error


def test_attempts_follow_the_links_own_idea_of_when() -> None:
    scene = Scene()
    scene.pump.connect()
    times = []
    for _ in range(6):
        times.append(scene.loop.time)
        count = len(scene.loop.carriers)
        scene.carrier.lose(OSError("no"))
        while len(scene.loop.carriers) == count:
            scene.loop.wait(0.25)
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert waits[0] == 0
    assert waits == sorted(waits)
    assert waits[-1] >= 4


def test_a_lost_carrier_is_replaced() -> None:
    scene = Scene()
    scene.pump.connect()
    scene.carrier.open()
    scene.serve()
    scene.carrier.lose()
    scene.loop.wait(1)
    assert len(scene.loop.carriers) == 2
    assert scene.unreachable == []
    scene.carrier.open()
    assert scene.link.status is LinkStatus.READY


def test_a_carrier_that_broke_is_aborted_once_and_replaced() -> None:
    scene = Scene()
    scene.pump.connect()
    scene.carrier.open()
    scene.loop.turn()
    first = scene.carrier
    first.owner.received(b"\xff\xff\xff\x7f" * 2)
    assert of_type(scene.events, Broken)
    scene.loop.wait(1)
    assert first.over
    assert len(scene.loop.carriers) == 2


def test_pings_go_out_by_themselves() -> None:
    scene = Scene()
    scene.pump.connect()
    scene.carrier.open()
    server = scene.serve()
    for _ in range(5):
        scene.loop.wait(60)
        data = b"".join(scene.carrier.written)
        scene.carrier.written.clear()
        assert data
        server.received(data, scene.loop.time)
        scene.carrier.owner.received(server.data_to_send(scene.loop.time))
    assert len(scene.loop.carriers) == 1


@pytest.mark.parametrize("opened", [True, False])
def test_a_closed_pump_does_nothing_more(opened: bool) -> None:
    scene = Scene()
    scene.pump.connect()
    if opened:
        scene.carrier.open()
    scene.link.close()
    scene.pump.close()
    scene.pump.close()
    scene.loop.wait(1000)
    assert scene.carrier.over
    assert len(scene.loop.carriers) == 1
    assert scene.loop.planned == 0


def test_a_carrier_that_comes_about_after_the_end_is_not_used() -> None:
    scene = Scene()
    scene.pump.connect()
    scene.link.close()
    scene.carrier.open()
    scene.loop.turn()
    assert scene.carrier.over
    assert scene.carrier.written == []


def test_a_link_that_failed_is_left_in_peace() -> None:
    scene = Scene()
    scene.pump.connect()
    for _ in range(3):
        scene.carrier.open()
        scene.loop.turn()
        server = ServerLink(ServerSessions(seeded()), [rsa_key()], scene.loop.time, seeded())  # it knows no key
        server.received(b"".join(scene.carrier.written), scene.loop.time)
        scene.carrier.owner.received(server.data_to_send(scene.loop.time))
        scene.loop.wait(5)
    assert scene.link.status is LinkStatus.CLOSED
    scene.loop.wait(1000)
    assert len(scene.loop.carriers) == 3


# What nobody expected


class Unexpected(Exception):
    """An exception that no part of the library knows."""


def explode(*_: object, **__: object) -> NoReturn:
    raise Unexpected("a cause")


def ready() -> Scene:
    scene = Scene()
    scene.pump.connect()
    scene.carrier.open()
    scene.serve()
    return scene


def unexpected(caplog: pytest.LogCaptureFixture) -> list[BaseException]:
    """Return the exceptions that were logged, with their causes."""
    records = [record for record in caplog.records if record.levelno >= logging.ERROR]
    return [record.exc_info[1] for record in records if record.exc_info and record.exc_info[1] is not None]


def first_timer(loop: FakeLoop) -> float:
    return min(when for when, _, timer in loop.timers if timer.callback is not None)


MOMENTS: dict[str, Callable[[Scene], object]] = {
    "received": lambda scene: scene.carrier.owner.received(b"data"),
    "data_to_send": lambda scene: scene.carrier.owner.drained(),
    "tick": lambda scene: scene.loop.wait(first_timer(scene.loop) - scene.loop.time),
}


@pytest.mark.parametrize("method", MOMENTS)
def test_whatever_the_link_raises_breaks_the_connection_and_another_one_is_made(
    method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = ready()
    first = scene.carrier
    original = getattr(scene.link, method)

    def explode_once(*_: object) -> NoReturn:
        monkeypatch.setattr(scene.link, method, original)
        explode()

    monkeypatch.setattr(scene.link, method, explode_once)
    MOMENTS[method](scene)
    [logged] = unexpected(caplog)
    assert isinstance(logged, Unexpected)
    [broken] = of_type(scene.events, Broken)
    assert str(broken.error) == "an unexpected error: Unexpected: a cause"
    assert broken.error.__cause__ is logged
    assert logged.__traceback__ is None
    assert scene.settled == [broken.error]
    assert scene.collapsed == []
    scene.loop.wait(1)
    assert first.over
    assert len(scene.loop.carriers) == 2
    request = scene.link.send(QUERY)
    scene.carrier.open()
    scene.serve()
    assert of_type(scene.events, Result)[-1] == Result(request, ANSWER + QUERY)


def test_whatever_a_carrier_raises_breaks_the_connection_and_another_one_is_made(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = ready()
    first = scene.carrier
    scene.link.send(QUERY)
    monkeypatch.setattr(first, "write", explode)
    scene.pump.plan_flush()
    scene.loop.turn()
    assert len(unexpected(caplog)) == 1
    scene.loop.wait(1)
    assert first.over
    assert len(scene.loop.carriers) == 2
    scene.carrier.open()
    scene.serve()
    assert of_type(scene.events, Result)


def test_a_carrier_that_can_not_even_begin_is_told_as_one_that_does_not_come_about(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene()
    with monkeypatch.context() as patch:
        patch.setattr(scene.loop, "open_socket", explode)
        scene.pump.connect()
    assert len(unexpected(caplog)) == 1
    assert [str(error) for error in scene.unreachable] == ["an unexpected error: Unexpected: a cause"]
    scene.loop.wait(1)
    assert len(scene.loop.carriers) == 1


def test_whatever_a_slow_step_raises_breaks_the_connection(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(state=None)
    scene.pump.connect()
    scene.carrier.open()
    with monkeypatch.context() as patch:
        patch.setattr("mtproto.link.key_maker.Work.run", explode)
        scene.serve()
    assert len(unexpected(caplog)) == 1
    scene.loop.wait(1)
    assert len(scene.loop.carriers) == 2
    scene.carrier.open()
    scene.serve()
    assert scene.link.status is LinkStatus.READY


def test_a_server_that_leads_to_an_unexpected_error_each_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = ready()
    monkeypatch.setattr(scene.link, "received", explode)
    for _ in range(20):
        scene.carrier.owner.received(b"data")
        scene.loop.wait(5)
        if scene.link.status is LinkStatus.CLOSED:
            break
        scene.carrier.open()
    assert len(of_type(scene.events, Failed)) == 1
    assert len(scene.loop.carriers) <= 6


def test_a_link_that_can_not_even_break_its_connection_ends_it_all(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = ready()
    monkeypatch.setattr(scene.link, "disconnected", explode)
    scene.carrier.lose()
    assert len(unexpected(caplog)) == 2
    assert [str(error) for error in scene.collapsed] == ["an unexpected error: Unexpected: a cause"]


def test_nothing_of_a_carrier_that_was_given_up_is_heard_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = ready()
    first = scene.carrier
    with monkeypatch.context() as patch:
        patch.setattr(scene.link, "received", explode)
        first.owner.received(b"data")
    scene.loop.wait(1)
    scene.carrier.open()
    scene.serve()
    first.owner.received(b"\xff" * 64)
    first.owner.lost(None)
    assert len(of_type(scene.events, Broken)) == 1
    assert len(scene.loop.carriers) == 2
    assert scene.link.status is LinkStatus.READY
