"""The model itself: what may happen to two links, in any order and as often as it likes.

It is one rule that takes one step of many, since rules would be chosen evenly and left out at will: most examples would
have no call in them, or no connection, or a disaster at every turn.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mtproto.link import ClientLink, PfsLine
from tests.model.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


__all__ = ["Links"]

YEAR = 365 * 86400.0

which = st.integers(0, 31)
"""Chooses among however many there are."""

back = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5, 8, 13, 21, 34])
"""How many packets ago: what is repeated is mostly recent."""

late = st.sampled_from([None, None, 0, 0, 1, 2, 5])
"""Which packet, so many ago, comes once more before anything else happens."""

skews = st.sampled_from([0.0, 1.5, -1.5, 20.0, -20.0, 45.0, -200.0, 400.0, -400.0, YEAR, -YEAR])
"""Seconds by which the client's clock is ahead: within the window that servers accept, outside of it, absurd."""

STEPS: Mapping[str, tuple[int, Mapping[str, st.SearchStrategy[Any]]]] = {
    "call": (
        18,
        {
            "count": st.integers(1, 3),
            "idempotent": st.booleans(),
            "quick_ack": st.booleans(),
            "fails": st.sampled_from([False, False, False, True]),
            "come": st.sampled_from(["nowhere", "onto the wire", "to the server", "back"]),
        },
    ),
    "call_after": (6, {"first": which, "second": which}),
    "cancel": (3, {"number": which}),
    "answer": (6, {"number": which}),
    "connect": (4, {"number": which, "reached": st.sampled_from([True, True, True, False])}),
    "lose_connection": (
        10,
        {
            "number": which,
            "last_words": st.sampled_from(["none", "lost", "late", "unanswered"]),
            "notices": st.sampled_from(["both", "client", "server"]),
        },
    ),
    "lose_old_connection": (1, {}),
    "flow": (16, {"answers": st.sampled_from([True, True, False]), "turns": st.integers(1, 3)}),
    "pull": (5, {}),
    "carry_up": (5, {"number": which}),
    "carry_down": (5, {"number": which}),
    "carry_up_late": (4, {"number": which}),
    "repeat_up": (6, {"number": which, "ago": back}),
    "repeat_down": (4, {"number": which, "ago": back}),
    "push": (3, {}),
    "wait": (6, {}),
    "pass_time": (6, {"seconds": st.sampled_from([0.1, 1.0, 5.0, 11.0, 35.0, 70.0])}),
    "forget_session": (4, {"number": which, "late": late}),
    "rotate_salts": (3, {"late": late}),
    "sleep": (4, {"seconds": st.sampled_from([5.0, 100.0, 3600.0, 86400.0]), "late": late}),
    "restart_server": (2, {"away": st.sampled_from([30.0, 100.0])}),
    "restart_client": (1, {"skew": skews}),
    "forget_key": (1, {}),
    "forget_binding": (2, {}),
}
"""Each step: how often it is taken, of a hundred or so, and what it takes."""

RARE = ["forget_session", "rotate_salts", "sleep", "restart_server", "restart_client", "forget_key"]
"""What does not happen in every example, so that one meets another alone."""


@st.composite
def steps(draw: Callable[[st.SearchStrategy[Any]], Any]) -> tuple[str, dict[str, Any]]:
    """Return the name of a step, and its arguments."""
    name = draw(st.sampled_from([name for name, (weight, _) in STEPS.items() for _ in range(weight)]))
    return name, draw(st.fixed_dictionaries(STEPS[name][1]))


class Links(RuleBasedStateMachine):
    """Two links face to face."""

    world_of: type[World] = World
    world: World
    spared: set[str]

    @initialize(
        skew=skews, salt_known=st.booleans(), connected=st.booleans(), spared=st.sets(st.sampled_from(RARE), max_size=6)
    )
    def begin(self, skew: float, salt_known: bool, connected: bool, spared: set[str]) -> None:
        self.world = self.world_of(skew=skew, salt_known=salt_known)
        self.spared = spared
        if connected:
            self.flow(answers=True, turns=3)

    @rule(step=steps())
    def take(self, step: tuple[str, dict[str, Any]]) -> None:
        """Take a step; where nothing can be done of its kind, do nothing."""
        name, arguments = step
        if name not in self.spared:
            getattr(self, name)(**arguments)

    # Calls

    def call(self, count: int, idempotent: bool, quick_ack: bool, fails: bool, come: str) -> None:
        """Make calls, and let them come so far."""
        world = self.world
        for _ in range(count):
            world.call(idempotent=idempotent, quick_ack=quick_ack, fails=fails)
        if come != "nowhere":
            world.pull_client()
        if come in ("to the server", "back"):
            world.carry_all_up()
        if come == "back":
            world.answer_all()
            world.pull_server()

    def call_after(self, first: int, second: int) -> None:
        if calls := self.world.open_calls():
            self.world.call(after=list(dict.fromkeys([calls[first % len(calls)], calls[second % len(calls)]])))

    def cancel(self, number: int) -> None:
        if calls := self.world.open_calls():
            self.world.cancel(calls[number % len(calls)])

    def answer(self, number: int) -> None:
        if queries := self.world.desk.open:
            self.world.desk.answer(queries[number % len(queries)])

    # The carrier

    def connect(self, number: int, reached: bool) -> None:
        if links := self.world.waiting:
            self.world.connect(links[number % len(links)], reached=reached)

    def lose_connection(self, number: int, last_words: str, notices: str) -> None:
        """Lose a connection; the two may notice it one after the other, the server much later."""
        link, world = self.link(number), self.world
        if link is None:
            return
        wire = world.wires[link]
        if last_words != "none":
            world.pull_client()
        if last_words == "unanswered":
            world.carry_all_up()
        if last_words == "lost":
            wire.up.clear()
        if notices != "client":
            world.server_loses(wire)
        if notices != "server":
            world.client_loses(link)

    def lose_old_connection(self) -> None:
        """Let the server notice at last."""
        if self.world.old_wires:
            self.world.server_loses(self.world.old_wires[0])

    def flow(self, answers: bool, turns: int) -> None:
        """Let everything work for a moment."""
        for _ in range(turns):
            for link in self.world.waiting:
                self.world.connect(link)
            self.world.flow(answers=answers)

    def pull(self) -> None:
        self.world.pull_client()
        self.world.pull_server()

    def carry_up(self, number: int) -> None:
        for wire in [wire for wire in self.world.wires.values() if wire.up][:1]:
            self.world.carry_up(wire, wire.up.pop(number % len(wire.up)))

    def carry_down(self, number: int) -> None:
        for link, wire in [(link, wire) for link, wire in self.world.wires.items() if wire.down][:1]:
            self.world.carry_down(link, wire.down.pop(number % len(wire.down)))

    def carry_up_late(self, number: int) -> None:
        """Let something arrive on a connection that the client has left."""
        for wire in [wire for wire in self.world.old_wires if wire.up][:1]:
            self.world.carry_up(wire, wire.up.pop(number % len(wire.up)))

    def repeat_up(self, number: int, ago: int | None) -> None:
        link = self.link(number)
        if link is not None and ago is not None and (history := self.world.history_up.of(link.state)):
            self.world.carry_up(self.world.wires[link], history[-1 - ago % len(history)])

    def repeat_down(self, number: int, ago: int) -> None:
        link = self.link(number)
        if link is not None and (history := self.world.history_down.of(link.state)):
            self.world.carry_down(link, history[-1 - ago % len(history)])

    def link(self, number: int) -> ClientLink | PfsLine | None:
        """Choose a link that has a connection."""
        links = [link for link in self.world.wires if isinstance(link, ClientLink | PfsLine)]
        return links[number % len(links)] if links else None

    # Time

    def wait(self) -> None:
        self.world.wait()

    def pass_time(self, seconds: float) -> None:
        self.world.now += seconds

    def sleep(self, seconds: float, late: int | None) -> None:
        """Let the client's machine sleep."""
        self.world.suspend(seconds)
        self.repeat_up(0, late)

    # The ends

    def push(self) -> None:
        self.world.push()

    def rotate_salts(self, late: int | None) -> None:
        self.world.rotate_salts()
        self.repeat_up(0, late)

    def forget_session(self, number: int, late: int | None) -> None:
        self.world.forget_session(number)
        self.repeat_up(0, late)

    def forget_key(self) -> None:
        self.world.forget_key()

    def forget_binding(self) -> None:
        self.world.forget_binding()

    def restart_server(self, away: float) -> None:
        self.world.restart_server(away)

    def restart_client(self, skew: float) -> None:
        self.world.restart_client(skew)

    # What has to hold

    @invariant()
    def holds(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        if sys.exc_info()[0] is None and hasattr(self, "world"):
            self.world.heal()
