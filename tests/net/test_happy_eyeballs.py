"""Several addresses for one connection (RFC 8305), on a loop that a test turns."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.net.carriers.happy_eyeballs import ATTEMPT_DELAY, CONNECT_TIME, in_turns, look_up, open_tcp, unreachable
from mtproto.net.carriers.route import Place, Route
from mtproto.net.carriers.socks import SocketProxy
from tests.net.fake_loop import FakeCarrier, FakeLoop

if TYPE_CHECKING:
    from mtproto.net.carriers.interfaces import Carrier
    from mtproto.transport import Address

V4 = [(f"192.0.2.{number}", 443) for number in range(1, 4)]
V6 = [(f"2001:db8::{number}", 443) for number in range(1, 4)]
A_MOMENT = 0.001


def refused() -> OSError:
    return ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")


class Scene:
    """An owner, and the connection that it waits for."""

    def __init__(self, *addresses: Address, **options: Any) -> None:
        self.loop = FakeLoop()
        self.told: list[object] = []
        self.carrier: Carrier = open_tcp(self.loop, Route(addresses=addresses, **options), self)

    def opened(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.told.append("opened")

    def received(self, data: bytes) -> None:
        self.told.append(data)

    def drained(self) -> None:
        self.told.append("drained")

    def lost(self, error: Exception | None) -> None:
        self.told.append(error)

    @property
    def attempts(self) -> list[FakeCarrier]:
        return self.loop.carriers

    @property
    def places(self) -> list[Address]:
        return [attempt.place.address for attempt in self.attempts]


# What is attempted, and when -----------------------------------------------------------------------------------------


def places(*families: int) -> list[Place]:
    return [Place(address=("host", number), family=family) for number, family in enumerate(families)]


def test_families_take_turns_and_the_best_comes_first() -> None:
    six, four = socket.AF_INET6, socket.AF_INET
    mixed = in_turns(places(four, four, four, six, six))
    assert [place.address[1] for place in mixed] == [0, 3, 1, 4, 2]
    mixed = in_turns(places(six, four, four, four, six))
    assert [place.address[1] for place in mixed] == [0, 1, 4, 2, 3]


@given(st.lists(st.sampled_from([socket.AF_INET, socket.AF_INET6])))
def test_turns_leave_nothing_out_and_keep_the_order_of_a_family(families: list[int]) -> None:
    given_places = places(*families)
    mixed = in_turns(given_places)
    for family in set(families):
        assert [place for place in mixed if place.family == family] == [
            place for place in given_places if place.family == family
        ]
    assert len(mixed) == len(given_places)
    shorter = min(families.count(socket.AF_INET), families.count(socket.AF_INET6))
    assert all(mixed[place].family != mixed[place + 1].family for place in range(0, 2 * shorter, 2))
    assert mixed[:1] == given_places[:1]


def test_what_stands_there_twice_is_attempted_once() -> None:
    assert in_turns(places(socket.AF_INET) * 2) == places(socket.AF_INET)


def test_the_next_attempt_waits_a_quarter_of_a_second() -> None:
    scene = Scene(*V4, *V6)
    assert scene.places == [V4[0]]
    scene.loop.wait(ATTEMPT_DELAY - A_MOMENT)
    assert scene.places == [V4[0]]
    scene.loop.wait(2 * A_MOMENT)
    assert scene.places == [V4[0], V6[0]]
    scene.loop.wait(5 * ATTEMPT_DELAY)
    assert scene.places == [V4[0], V6[0], V4[1], V6[1], V4[2], V6[2]]
    assert not any(attempt.over for attempt in scene.attempts)


def test_the_next_attempt_comes_at_once_when_one_fails_and_the_pause_begins_anew() -> None:
    scene = Scene(*V4)
    scene.loop.wait(ATTEMPT_DELAY - A_MOMENT)
    scene.attempts[0].lose(refused())
    assert scene.places == V4[:2]
    scene.loop.wait(ATTEMPT_DELAY - A_MOMENT)
    assert scene.places == V4[:2]
    scene.loop.wait(2 * A_MOMENT)
    assert scene.places == V4
    assert scene.told == []


# How it ends ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [0, 1, 2])
def test_the_first_that_is_open_is_taken_and_the_others_are_given_up(first: int) -> None:
    scene = Scene(*V4, *V6)
    scene.loop.wait(2.5 * ATTEMPT_DELAY)
    scene.attempts[first].open()
    scene.loop.wait(10 * CONNECT_TIME)
    assert scene.told == ["opened"]
    assert scene.carrier is scene.attempts[first]
    assert [attempt.over for attempt in scene.attempts] == [number != first for number in range(3)]
    assert scene.loop.planned == 0


def test_what_the_taken_one_tells_goes_to_the_owner_and_its_end_is_told_once() -> None:
    scene = Scene(*V4)
    [attempt] = scene.attempts
    attempt.open()
    attempt.owner.received(b"data")
    attempt.owner.drained()
    error = refused()
    attempt.lose(error)
    scene.loop.wait(10 * CONNECT_TIME)
    assert scene.told == ["opened", b"data", "drained", error]
    assert len(scene.attempts) == 1


def test_giving_up_in_the_middle_gives_up_every_attempt_and_tells_the_end_once() -> None:
    scene = Scene(*V4)
    scene.loop.wait(1.5 * ATTEMPT_DELAY)
    scene.carrier.abort()
    scene.carrier.abort()
    assert scene.told == []
    scene.loop.wait(10 * CONNECT_TIME)
    assert scene.told == [None]
    assert [attempt.over for attempt in scene.attempts] == [True, True]
    assert scene.loop.planned == 0


def test_giving_up_later_gives_up_the_one_that_was_taken() -> None:
    scene = Scene(*V4)
    pending = scene.carrier
    scene.attempts[0].open()
    pending.abort()
    scene.loop.wait(10 * CONNECT_TIME)
    assert scene.attempts[0].over
    assert scene.told == ["opened", None]


def test_if_all_fail_the_error_names_each_address_and_why() -> None:
    scene = Scene(*V4[:2], V6[0])
    scene.attempts[0].lose(refused())
    scene.attempts[1].lose(OSError(errno.ENETUNREACH, "Network is unreachable"))
    assert scene.told == []
    scene.attempts[2].lose(refused())
    [error] = scene.told
    assert isinstance(error, ConnectionRefusedError)
    assert error.strerror == (
        "192.0.2.1:443, 192.0.2.2:443: Connection refused; [2001:db8::1]:443: Network is unreachable"
    )
    scene.loop.wait(10 * CONNECT_TIME)
    assert scene.told == [error]
    assert scene.loop.planned == 0


def test_the_error_of_a_single_address_is_its_own() -> None:
    scene = Scene(V4[0])
    error = refused()
    scene.attempts[0].lose(error)
    assert scene.told == [error]


@pytest.mark.parametrize("error", [None, ValueError("strange")])
def test_an_attempt_may_end_without_a_reason_of_the_system(error: Exception | None) -> None:
    scene = Scene(*V4[:2])
    for _ in range(2):
        scene.attempts[-1].lose(error)
    [failure] = scene.told
    assert isinstance(failure, OSError)
    assert str(failure) == f"192.0.2.1:443, 192.0.2.2:443: {error or 'closed'}"


def test_all_of_it_is_bounded_for_owners_who_forget_it() -> None:
    scene = Scene(*V4[:2])
    scene.attempts[0].lose(refused())
    scene.loop.wait(CONNECT_TIME - A_MOMENT)
    assert scene.told == []
    scene.loop.wait(2 * A_MOMENT)
    [error] = scene.told
    assert isinstance(error, OSError)
    assert error.strerror == "192.0.2.1:443: Connection refused; 192.0.2.2:443: no answer in time"
    assert all(attempt.over for attempt in scene.attempts)


# Names ---------------------------------------------------------------------------------------------------------------


def lookup(monkeypatch: pytest.MonkeyPatch, known: dict[str, list[Address]]) -> None:
    """Let names stand for these addresses."""
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, **options: Any) -> Any:
        if options.get("flags") == socket.AI_NUMERICHOST:
            return real(host, port, **options)
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [found for number, _ in known[host] for found in real(number, port, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_a_name_is_looked_up_while_the_loop_goes_on_and_may_stand_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    lookup(monkeypatch, {"dc.example": [*V6[:2], *V4[:2]]})
    scene = Scene(("dc.example", 443))
    assert scene.places == []
    [(work, done)] = scene.loop.waiting
    work()
    assert scene.places == []
    done()
    scene.loop.wait(10 * ATTEMPT_DELAY)
    assert scene.places == [V6[0], V4[0], V6[1], V4[1]]


def test_a_name_that_nobody_knows_is_one_failure_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    lookup(monkeypatch, {"dc.example": V4[:1]})
    scene = Scene(("nobody.example", 1), ("a..b", 2), ("dc.example", 443))
    [(work, done)] = scene.loop.waiting
    work()
    done()
    scene.attempts[0].lose(refused())
    [error] = scene.told
    assert isinstance(error, ConnectionRefusedError)
    assert "nobody.example:1" in str(error)
    assert "a..b:2" in str(error)
    assert "192.0.2.1:443: Connection refused" in str(error)


def test_names_that_nobody_knows_are_the_end_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lookup(monkeypatch, {})
    scene = Scene(("nobody.example", 443))
    [(work, done)] = scene.loop.waiting
    work()
    done()
    [error] = scene.told
    assert isinstance(error, socket.gaierror)
    assert scene.loop.planned == 0


def test_what_is_found_after_the_end_is_not_attempted(monkeypatch: pytest.MonkeyPatch) -> None:
    lookup(monkeypatch, {"dc.example": V4})
    scene = Scene(("dc.example", 443))
    [(work, done)] = scene.loop.waiting
    scene.carrier.abort()
    work()
    done()
    scene.loop.wait(10 * CONNECT_TIME)
    assert scene.attempts == []
    assert scene.told == [None]


def test_a_name_that_is_looked_up_for_too_long_is_given_up() -> None:
    scene = Scene(("dc.example", 443))
    scene.loop.wait(CONNECT_TIME + A_MOMENT)
    [error] = scene.told
    assert isinstance(error, OSError)
    assert error.strerror == "no answer in time"


def test_a_number_is_looked_up_without_a_name_server() -> None:
    found, failures = look_up([*V4[:1], *V6[:1]], socket.AI_NUMERICHOST)
    assert [place.address for place in found] == [V4[0], V6[0]]
    assert [place.family for place in found] == [socket.AF_INET, socket.AF_INET6]
    assert failures == []


def test_the_error_number_is_never_that_of_a_name_server() -> None:
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    error = unreachable([(("a.example", 1), unknown), (("b.example", 2), unknown)])
    assert error.errno is None
    assert str(error) == "a.example:1, b.example:2: Name or service not known"


# Proxies -------------------------------------------------------------------------------------------------------------


def test_through_a_proxy_one_address_is_attempted_after_the_other() -> None:
    proxy = SocketProxy("socks5", ("192.0.2.9", 1080))
    scene = Scene(("a.example", 1), ("b.example", 2), via=proxy)
    scene.loop.wait(20 * ATTEMPT_DELAY)
    assert [attempt.place for attempt in scene.attempts] == [Place(address=("a.example", 1), via=proxy)]
    scene.attempts[0].lose(OSError("the proxy does not lead there"))
    assert scene.places == [("a.example", 1), ("b.example", 2)]
    scene.attempts[1].open()
    assert scene.told == ["opened"]
