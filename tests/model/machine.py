"""The model itself: what may happen to two links, in any order and as often as it likes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.model.world import World

if TYPE_CHECKING:
    from mtproto.link import ClientLink

__all__ = ["Links"]

YEAR = 365 * 86400.0

which = st.integers(0, 31)
"""Chooses among however many there are."""

skews = st.sampled_from([0.0, 1.5, -1.5, 20.0, -20.0, 45.0, -200.0, 400.0, -400.0, YEAR, -YEAR])
"""Seconds by which the client's clock is ahead: within the window that servers accept, outside of it, absurd."""


def connected(machine: Links) -> bool:
    return bool(machine.world.wires)


class Links(RuleBasedStateMachine):
    """Two links face to face."""

    world_of: type[World] = World
    world: World

    def link(self, number: int) -> ClientLink:
        """Choose a link that has a connection."""
        links = list(self.world.wires)
        return links[number % len(links)]

    @initialize(skew=skews, salt_known=st.booleans())
    def begin(self, skew: float, salt_known: bool) -> None:
        self.world = self.world_of(skew=skew, salt_known=salt_known)

    # Calls

    @rule(count=st.integers(1, 3), idempotent=st.booleans(), quick_ack=st.booleans())
    def call(self, count: int, idempotent: bool, quick_ack: bool) -> None:
        for _ in range(count):
            self.world.call(idempotent=idempotent, quick_ack=quick_ack)

    @precondition(lambda self: self.world.open_calls())
    @rule(first=which, second=which)
    def call_after(self, first: int, second: int) -> None:
        calls = self.world.open_calls()
        self.world.call(after=list(dict.fromkeys([calls[first % len(calls)], calls[second % len(calls)]])))

    @precondition(lambda self: self.world.open_calls())
    @rule(number=which)
    def cancel(self, number: int) -> None:
        calls = self.world.open_calls()
        self.world.cancel(calls[number % len(calls)])

    @precondition(lambda self: self.world.desk.open)
    @rule(number=which, succeeds=st.sampled_from([True, True, True, False]))
    def answer(self, number: int, succeeds: bool) -> None:
        queries = self.world.desk.open
        self.world.desk.answer(queries[number % len(queries)], succeeds=succeeds)

    # The carrier

    @precondition(lambda self: self.world.waiting)
    @rule(number=which, reached=st.sampled_from([True, True, True, False]))
    def connect(self, number: int, reached: bool) -> None:
        links = self.world.waiting
        self.world.connect(links[number % len(links)], reached=reached)

    @precondition(connected)
    @rule(
        number=which,
        last_words=st.sampled_from(["none", "lost", "late", "unanswered"]),
        notices=st.sampled_from(["both", "client", "server"]),
    )
    def lose_connection(self, number: int, last_words: str, notices: str) -> None:
        """Lose a connection; the two may notice it one after the other, the server much later."""
        world, link = self.world, self.link(number)
        wire = world.wires[link]
        if last_words != "none":
            world.pull_client()
        if last_words == "unanswered":
            while wire.up:
                world.carry_up(wire, wire.up.pop(0))
        if last_words == "lost":
            wire.up.clear()
        if notices != "client":
            world.server_loses(wire)
        if notices != "server":
            world.client_loses(link)

    @precondition(lambda self: self.world.old_wires)
    @rule()
    def lose_old_connection(self) -> None:
        """Let the server notice at last."""
        self.world.server_loses(self.world.old_wires[0])

    @rule(answers=st.booleans(), turns=st.integers(1, 3))
    def flow(self, answers: bool, turns: int) -> None:
        """Let everything work for a moment."""
        for _ in range(turns):
            for link in self.world.waiting:
                self.world.connect(link)
            self.world.flow(answers=answers)

    @rule()
    def flow_and_answer(self) -> None:
        self.flow(answers=True, turns=2)

    @precondition(connected)
    @rule()
    def pull(self) -> None:
        self.world.pull_client()
        self.world.pull_server()

    @precondition(lambda self: any(wire.up for wire in self.world.wires.values()))
    @rule(number=which)
    def carry_up(self, number: int) -> None:
        wire = next(wire for wire in self.world.wires.values() if wire.up)
        self.world.carry_up(wire, wire.up.pop(number % len(wire.up)))

    @precondition(lambda self: any(wire.down for wire in self.world.wires.values()))
    @rule(number=which)
    def carry_down(self, number: int) -> None:
        link, wire = next((link, wire) for link, wire in self.world.wires.items() if wire.down)
        self.world.carry_down(link, wire.down.pop(number % len(wire.down)))

    @precondition(lambda self: any(wire.up for wire in self.world.old_wires))
    @rule(number=which)
    def carry_up_late(self, number: int) -> None:
        """Let something arrive on a connection that the client has left."""
        wire = next(wire for wire in self.world.old_wires if wire.up)
        self.world.carry_up(wire, wire.up.pop(number % len(wire.up)))

    @precondition(connected)
    @rule(number=which)
    def repeat_up(self, number: int) -> None:
        link = self.link(number)
        history = self.world.history_up.of(link.key_state)
        if history:
            self.world.carry_up(self.world.wires[link], history[-1 - number % len(history)])

    @precondition(connected)
    @rule(number=which)
    def repeat_down(self, number: int) -> None:
        link = self.link(number)
        history = self.world.history_down.of(link.key_state)
        if history:
            self.world.carry_down(link, history[-1 - number % len(history)])

    # Time

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 11.0, 35.0, 70.0]))
    def pass_time(self, seconds: float) -> None:
        self.world.now += seconds

    # The ends

    @rule()
    def push(self) -> None:
        self.world.push()

    @rule(
        what=st.sampled_from(["session"] * 4 + ["salts"] * 2 + ["client sleeps"] * 2 + ["server", "client", "key"]),
        number=which,
        sleep=st.sampled_from([5.0, 100.0, 3600.0, 86400.0]),
        down=st.sampled_from([30.0, 100.0]),
        skew=skews,
    )
    def something_happens(self, what: str, number: int, sleep: float, down: float, skew: float) -> None:
        world = self.world
        match what:
            case "session":
                world.forget_session(number)
            case "salts":
                world.rotate_salts()
            case "client sleeps":
                world.suspend(sleep)
            case "server":
                world.restart_server(down)
            case "client":
                world.restart_client(skew)
            case "key":
                world.forget_key()

    # What has to hold

    @invariant()
    def holds(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        if sys.exc_info()[0] is None and hasattr(self, "world"):
            self.world.heal()
