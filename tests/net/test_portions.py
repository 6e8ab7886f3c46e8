"""What came in, dealt with in portions: the order stays, the loop gets its turn, and nothing is read meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.net.carriers.route import Place
from mtproto.net.shells.guard import Guard
from mtproto.net.shells.portions import LONG, REST, TURN, Portions
from tests.net.fake_loop import FakeCarrier, FakeLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mtproto.net.carriers.interfaces import Carrier

PLACE = Place(address=("192.0.2.1", 443))

Step: TypeAlias = tuple[float, "tuple[Step, ...]"]
"""How long a step takes, and the steps of the layer above that it gives rise to."""


class Work:
    """Steps that note when they are taken, and take the time of a loop that a test turns."""

    def __init__(self) -> None:
        self.loop = FakeLoop()
        self.taken: list[str] = []
        self.portions = Portions(self.loop.now, self.loop.call_soon, lambda: self.taken.append("done"))

    def steps(self, *names: str, takes: float = 0.0) -> Iterator[None]:
        for name in names:
            self.taken.append(name)
            self.loop.time += takes
            yield

    def layers(self, steps: tuple[Step, ...], name: str = "") -> Iterator[None]:
        for number, (takes, above) in enumerate(steps):
            self.taken.append(f"{name}{number}")
            self.loop.time += takes
            if above:
                self.portions.spread(self.layers(above, f"{name}{number}."))
            yield


def depth_first(steps: tuple[Step, ...], name: str = "") -> list[str]:
    return [
        taken
        for number, (_, above) in enumerate(steps)
        for taken in (f"{name}{number}", *depth_first(above, f"{name}{number}."))
    ]


def test_short_work_is_done_at_once() -> None:
    work = Work()
    work.portions.spread(work.steps("a", "b"))
    assert work.taken == ["a", "b", "done"]
    assert not work.portions.busy
    assert work.loop.soon == []


def test_after_a_turn_the_loop_comes_before_the_rest() -> None:
    work = Work()
    work.portions.spread(work.steps(*"abcde", takes=0.6 * TURN))
    assert work.portions.busy
    work.loop.call_soon(lambda: work.taken.append("another"))
    work.loop.once()
    work.loop.once()
    assert work.taken == ["a", "b", "c", "d", "another", "e", "done"]


@pytest.mark.parametrize(("takes", "rest"), [(0.9, 0), (1.1, 1), (4.1, 4), (100, REST)])
def test_one_step_is_taken_however_long_and_the_loop_has_turns_for_all_else_behind_a_long_one(
    takes: float, rest: int
) -> None:
    work = Work()
    work.portions.spread(work.steps(*"ab", takes=takes * LONG))
    for taken in (["a"], ["a", "b"]):
        for _ in range(rest + 1):
            assert work.taken == taken
            work.loop.once()
    if rest:
        work.loop.once()
    assert work.taken == ["a", "b", "done"]


def test_a_read_that_is_handed_over_whole_is_followed_by_turns_for_all_else_too() -> None:
    work = Work()

    def received(data: bytes) -> None:
        work.taken.append(data.decode())
        work.loop.time += 2.1 * LONG

    work.portions.take(received, b"a")
    work.portions.take(received, b"b")
    work.loop.once()
    work.loop.once()
    assert work.taken == ["a"]
    work.loop.once()
    assert work.taken == ["a", "b"]
    work.loop.turn()
    assert work.taken == ["a", "b", "done"]


LAYERS: st.SearchStrategy[tuple[Step, ...]] = st.recursive(
    st.just(()),
    lambda above: st.lists(st.tuples(st.sampled_from([0.0, TURN / 3, TURN]), above), max_size=4).map(tuple),
    max_leaves=12,
)


@settings(max_examples=50)
@given(LAYERS)
def test_the_order_is_that_of_work_that_is_never_interrupted(layers: tuple[Step, ...]) -> None:
    work = Work()
    work.portions.spread(work.layers(layers))
    work.loop.turn()
    assert work.taken == [*depth_first(layers), "done"]


def test_what_comes_behind_is_called_when_all_else_is_done() -> None:
    work = Work()
    work.portions.spread(work.layers(((TURN, ((TURN, ()), (TURN, ()))), (TURN, ()))))
    work.portions.behind(lambda: work.taken.append("behind"))
    work.portions.behind(lambda: work.taken.append("last"))
    work.loop.turn()
    assert work.taken == ["0", "0.0", "0.1", "1", "behind", "last", "done"]


@pytest.mark.parametrize("inside", [False, True])
def test_work_that_is_dropped_is_not_done(inside: bool) -> None:
    work = Work()

    def steps() -> Iterator[None]:
        yield from work.steps("a", takes=TURN)
        if inside:
            work.portions.drop()
        yield from work.steps("b", takes=TURN)
        yield from work.steps("c", takes=TURN)

    work.portions.spread(steps())
    if not inside:
        work.portions.drop()
    work.loop.turn()
    assert work.taken == (["a", "b", "done"] if inside else ["a", "done"])


# Sockets under a guard


class Scene:
    """A guard whose sockets' owner takes its time with each byte."""

    def __init__(self) -> None:
        self.loop = FakeLoop()
        self.failures: list[Exception] = []
        self.guard = Guard(self.loop, self.failures.append)
        self.told: list[str] = []
        self.each: Callable[[str], None] = lambda _name: None

    def socket(self) -> FakeCarrier:
        self.guard.open_socket(PLACE, self)
        return self.loop.carriers[-1]

    def opened(self, carrier: Carrier) -> None: ...

    def received(self, data: bytes) -> None:
        self.guard.spread(self.letters(data.decode()))

    def letters(self, text: str) -> Iterator[None]:
        for letter in text:
            self.told.append(letter)
            self.loop.time += TURN
            self.each(letter)
            yield

    def drained(self) -> None: ...

    def lost(self, error: Exception | None) -> None:
        self.told.append("lost")


def test_a_socket_is_not_read_while_there_is_work_with_what_it_has_read() -> None:
    scene = Scene()
    socket, other = scene.socket(), scene.socket()
    socket.owner.received(b"abc")
    assert not socket.reading
    assert other.reading
    other.owner.received(b"de")
    assert not other.reading
    while scene.loop.soon:
        assert not socket.reading
        scene.loop.once()
    assert scene.told == [*"abcde"]
    assert socket.reading
    assert other.reading


def test_bytes_that_come_all_the_same_keep_their_order() -> None:
    scene = Scene()
    socket = scene.socket()
    for piece in (b"abc", b"def", b"g"):
        socket.owner.received(piece)
    scene.loop.turn()
    assert scene.told == [*"abcdefg"]


def test_the_end_of_a_socket_is_told_behind_all_that_it_has_read() -> None:
    scene = Scene()
    socket = scene.socket()
    socket.owner.received(b"abc")
    socket.lose()
    assert scene.told == ["a"]
    scene.loop.turn()
    assert scene.told == ["a", "b", "c", "lost"]


def test_a_guard_that_ends_drops_what_waits() -> None:
    scene = Scene()
    socket = scene.socket()
    socket.owner.received(b"abc")
    scene.guard.end()
    scene.loop.turn()
    assert scene.told == ["a"]


def test_an_exception_in_a_later_turn_ends_where_those_of_the_first_do() -> None:
    scene = Scene()
    socket = scene.socket()

    def explode(letter: str) -> None:
        if letter == "c":
            raise ZeroDivisionError

    scene.each = explode
    socket.owner.received(b"abcd")
    scene.loop.turn()
    assert [type(error) for error in scene.failures] == [ZeroDivisionError]
    assert scene.told == [*"abc"]
