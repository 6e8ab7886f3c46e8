"""What both loops promise to pumps and carriers, over real sockets."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.net import Clock
from mtproto.net.carriers import happy_eyeballs
from mtproto.net.carriers.happy_eyeballs import look_up, open_tcp
from mtproto.net.carriers.route import Place, Route
from mtproto.net.carriers.socks import SocketProxy
from mtproto.net.shells import thread_loop
from mtproto.net.shells.async_loop import AsyncLoop
from mtproto.net.shells.thread_loop import ThreadLoop
from tests.loopback import NEEDS_IPV6
from tests.net.support import SOON, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mtproto.net.carriers.interfaces import Carrier, Loop, Socket
    from mtproto.transport import Address

Begin = Any
"""What a test begins in a loop: called with the loop and with what ends the scene."""


def in_asyncio(begin: Begin) -> None:
    async def main() -> None:
        over = asyncio.Event()
        loop = AsyncLoop(Clock())
        begin(loop, over.set)
        await over.wait()
        await loop.idle()

    run(main())


def in_a_thread(begin: Begin) -> None:
    loop = ThreadLoop(Clock())
    over = threading.Event()
    loop.call_soon(lambda: begin(loop, over.set))
    thread = threading.Thread(target=lambda: loop.run(over.is_set), daemon=True)
    thread.start()
    thread.join(SOON)
    assert not thread.is_alive()


BOTH = pytest.mark.parametrize("scene", [in_asyncio, in_a_thread])


class Notes:
    """An owner that writes down what it is told."""

    def __init__(self, over: Callable[[], None]) -> None:
        self.told: list[str] = []
        self.data = b""
        self.carrier: Carrier | None = None
        self.over = over
        self.error: Exception | None = None

    def opened(self, carrier: Carrier) -> None:
        assert carrier.writable
        self.carrier = carrier
        self.told.append("opened")

    def received(self, data: bytes) -> None:
        self.data += data
        self.told.append("received")

    def drained(self) -> None:
        self.told.append("drained")

    def lost(self, error: Exception | None) -> None:
        self.error = error
        self.told.append("lost")
        self.over()


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(SOON)
        yield listening


@pytest.fixture
def refusing() -> Iterator[tuple[Address, ...]]:
    """Two addresses that nobody listens on, nor can begin to: their ports are taken."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        yield one.getsockname(), other.getsockname()


def to(server: socket.socket) -> Route:
    return Route(addresses=(server.getsockname()[:2],))


@BOTH
def test_bytes_travel_both_ways_and_the_end_is_told_once(scene: Begin, server: socket.socket) -> None:
    seen = []

    class Echoed(Notes):
        def opened(self, carrier: Carrier) -> None:
            super().opened(carrier)
            carrier.write(b"ping")

    def serve() -> None:
        visitor, _ = server.accept()
        with visitor:
            visitor.sendall(visitor.recv(4, socket.MSG_WAITALL) + b"pong")

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Echoed(over))
        open_tcp(loop, to(server), seen[0])

    thread = threading.Thread(target=serve)
    thread.start()
    scene(begin)
    thread.join()
    [notes] = seen
    assert notes.data == b"pingpong"
    assert (notes.told[0], notes.told[-1], notes.told.count("lost")) == ("opened", "lost", 1)
    assert notes.error is None


@BOTH
def test_small_packets_are_not_held_back(scene: Begin, server: socket.socket) -> None:
    seen = []

    class Asked(Notes):
        def opened(self, carrier: Any) -> None:
            super().opened(carrier)
            transport = getattr(carrier, "_transport", None)
            under = carrier._socket if transport is None else transport.get_extra_info("socket")
            self.told.append(str(under.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0))
            carrier.abort()

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Asked(over))
        open_tcp(loop, to(server), seen[0])

    scene(begin)
    assert seen[0].told == ["opened", "True", "lost"]


@BOTH
def test_an_address_that_nobody_listens_on_is_lost_with_the_reason(scene: Begin, refusing: tuple[Address, ...]) -> None:
    seen = []

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Notes(over))
        open_tcp(loop, Route(addresses=refusing[:1]), seen[0])

    scene(begin)
    assert seen[0].told == ["lost"]
    assert isinstance(seen[0].error, OSError)


class Once(Notes):
    """An owner who closes what was opened for it."""

    def opened(self, carrier: Carrier) -> None:
        super().opened(carrier)
        carrier.abort()


@BOTH
def test_the_next_address_is_tried(scene: Begin, server: socket.socket, refusing: tuple[Address, ...]) -> None:
    seen = []

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Once(over))
        open_tcp(loop, Route(addresses=(*refusing, *to(server).addresses)), seen[0])

    scene(begin)
    assert seen[0].told == ["opened", "lost"]


@NEEDS_IPV6
@BOTH
def test_the_other_family_is_tried(scene: Begin, refusing: tuple[Address, ...]) -> None:
    seen = []

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Once(over))
        open_tcp(loop, Route(addresses=(*refusing, *to(listening).addresses)), seen[0])

    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:
        scene(begin)
    assert seen[0].told == ["opened", "lost"]


@BOTH
def test_if_all_refuse_the_error_names_them(scene: Begin, refusing: tuple[Address, ...]) -> None:
    seen = []

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Notes(over))
        open_tcp(loop, Route(addresses=refusing), seen[0])

    scene(begin)
    [notes] = seen
    assert notes.told == ["lost"]
    assert isinstance(notes.error, ConnectionRefusedError)
    for _, port in refusing:
        assert f"127.0.0.1:{port}" in str(notes.error)
    assert str(notes.error).endswith(os.strerror(errno.ECONNREFUSED))


@BOTH
def test_a_family_that_can_not_be_had_is_a_failure_like_others(
    scene: Begin, server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    class OnlyIPv4(socket.socket):
        def __init__(self, family: int = socket.AF_INET, *arguments: Any, **options: Any) -> None:
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            super().__init__(family, *arguments, **options)

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Once(over))
        monkeypatch.setattr(socket, "socket", OnlyIPv4)
        open_tcp(loop, Route(addresses=(("2001:db8::1", 1), *to(server).addresses)), seen[0])

    scene(begin)
    assert seen[0].told == ["opened", "lost"]


@BOTH
def test_an_attempt_that_can_not_even_begin_is_a_failure_like_others(scene: Begin) -> None:
    seen = []

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Notes(over))
        open_tcp(loop, Route(addresses=(("255.255.255.255", 1),)), seen[0])
        assert seen[0].told == []

    scene(begin)
    assert seen[0].told == ["lost"]
    assert isinstance(seen[0].error, OSError)


@BOTH
def test_of_two_that_come_about_together_the_first_may_give_up_the_other(scene: Begin, server: socket.socket) -> None:
    told: list[str] = []
    [place], _ = look_up(to(server).addresses)

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        class Jealous(Notes):
            def opened(self, carrier: Carrier) -> None:
                told.append("opened")
                for other in carriers:
                    other.abort()

            def lost(self, error: Exception | None) -> None:
                told.append("lost")
                if told.count("lost") == 2:
                    over()

        carriers = [loop.open_socket(place, Jealous(over)) for _ in range(2)]

    scene(begin)
    assert sorted(told) == ["lost", "lost", "opened"]


@BOTH
def test_the_rivals_of_the_first_are_closed(
    scene: Begin, server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(happy_eyeballs, "ATTEMPT_DELAY", 0.0)

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Once(over))
        open_tcp(loop, Route(addresses=(*to(server).addresses, *to(other).addresses)), seen[0])

    with socket.create_server(("127.0.0.1", 0)) as other:
        scene(begin)
        assert seen[0].told == ["opened", "lost"]
        for listening in (server, other):
            for visitor in waiting_at(listening):
                with visitor:
                    assert is_closed(visitor)


def waiting_at(listening: socket.socket) -> Iterator[socket.socket]:
    """Return the connections that nobody has taken yet."""
    listening.setblocking(False)
    try:
        while True:
            yield listening.accept()[0]
    except BlockingIOError:
        return


def is_closed(visitor: socket.socket) -> bool:
    visitor.settimeout(SOON)
    try:
        return visitor.recv(1) == b""
    except ConnectionError:
        return True


@BOTH
def test_abort_is_followed_by_lost_not_from_inside(scene: Begin, server: socket.socket) -> None:
    seen = []

    class Aborted(Notes):
        def opened(self, carrier: Carrier) -> None:
            super().opened(carrier)
            carrier.abort()
            carrier.abort()
            self.told.append("aborted")
            assert not carrier.writable

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Aborted(over))
        open_tcp(loop, to(server), seen[0])

    scene(begin)
    assert seen[0].told == ["opened", "aborted", "lost"]


@BOTH
def test_an_attempt_that_is_given_up_is_lost_and_never_opened(scene: Begin, server: socket.socket) -> None:
    seen = []

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Notes(over))
        open_tcp(loop, to(server), seen[0]).abort()
        assert seen[0].told == []

    scene(begin)
    assert seen[0].told == ["lost"]


def test_an_attempt_that_is_given_up_once_its_thread_has_connected_is_never_opened(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def connect(_proxy: SocketProxy, address: Address, _timeout: float) -> socket.socket:
        return socket.create_connection(address)

    monkeypatch.setattr(thread_loop, "connect_through", connect)
    through = Route(addresses=to(server).addresses, via=SocketProxy("socks5", ("192.0.2.1", 1080)))

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Notes(over))
        before = set(threading.enumerate())
        carrier = open_tcp(loop, through, seen[0])
        for thread in set(threading.enumerate()) - before:
            thread.join(SOON)
        carrier.abort()

    in_a_thread(begin)
    assert seen[0].told == ["lost"]


def test_what_a_proxy_leads_to_after_the_end_is_closed(server: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    ended = threading.Event()
    threads: set[threading.Thread] = set()

    def connect(_proxy: SocketProxy, address: Address, _timeout: float) -> socket.socket:
        assert ended.wait(SOON)
        return socket.create_connection(address)

    class Patient(Notes):
        def lost(self, error: Exception | None) -> None:
            super().lost(error)
            ended.set()
            for thread in threads:
                thread.join(SOON)

    monkeypatch.setattr(thread_loop, "connect_through", connect)
    place = Place(address=to(server).addresses[0], via=SocketProxy("socks5", ("192.0.2.1", 1080)))

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Patient(over))
        before = set(threading.enumerate())
        carrier = loop.open_socket(place, seen[0])
        threads.update(set(threading.enumerate()) - before)
        carrier.abort()

    in_a_thread(begin)
    assert seen[0].told == ["lost"]
    [visitor] = waiting_at(server)
    with visitor:
        assert is_closed(visitor)


@BOTH
def test_a_full_socket_is_not_writable_until_it_drained(scene: Begin, server: socket.socket) -> None:
    seen = []
    full = threading.Event()
    sent = 0

    class Filling(Notes):
        def opened(self, carrier: Carrier) -> None:
            nonlocal sent
            super().opened(carrier)
            while carrier.writable:
                carrier.write(bytes(100_000))
                sent += 100_000
            full.set()

    def drain() -> None:
        visitor, _ = server.accept()
        full.wait(SOON)
        with visitor:
            left = sent
            while left:
                left -= len(visitor.recv(min(left, 65536)))

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Filling(over))
        open_tcp(loop, to(server), seen[0])

    thread = threading.Thread(target=drain)
    thread.start()
    scene(begin)
    thread.join()
    assert seen[0].told == ["opened", "drained", "lost"]


@BOTH
def test_callbacks_come_in_their_order_and_cancelled_ones_never(scene: Begin) -> None:
    called: list[str] = []

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        def call(name: str) -> None:
            called.append(name)
            if {"later", "done"} <= set(called):
                over()

        now = loop.now()
        loop.call_at(now + 0.01, lambda: call("later"))
        loop.call_at(now - 5, lambda: call("at once"))
        loop.call_at(now + 0.005, lambda: call("never")).cancel()
        loop.call_soon(lambda: call("soon"))
        loop.run_slow(lambda: call("work"), lambda: call("done"))

    scene(begin)
    assert "never" not in called
    assert sorted(called) == ["at once", "done", "later", "soon", "work"]
    assert called.index("work") < called.index("done")
    assert called.index("at once") < called.index("later")


@BOTH
def test_a_callback_that_comes_again_and_again_keeps_nothing_else_from_its_turn(scene: Begin) -> None:
    times = 0
    called: list[str] = []

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        def again() -> None:
            nonlocal times
            times += 1
            if called or times == 1000:
                over()
            else:
                loop.call_soon(again)

        loop.call_soon(again)
        loop.call_at(loop.now() - 1, lambda: called.append("timer"))

    scene(begin)
    assert called == ["timer"]
    assert times < 1000


@BOTH
def test_nothing_is_read_while_reading_is_paused_and_everything_afterwards(scene: Begin, server: socket.socket) -> None:
    size = 1 << 20
    seen: list[Pausing] = []

    class Pausing(Notes):
        def __init__(self, loop: Loop, over: Callable[[], None]) -> None:
            super().__init__(over)
            self.socket: Socket | None = None
            self.loop = loop
            self.turns = 0

        def received(self, data: bytes) -> None:
            assert self.turns in (0, 50), "nothing is to come now"
            super().received(data)
            if self.turns == 0 and self.socket is not None:
                self.socket.pause_reading()
                self.loop.call_soon(self.turn)

        def turn(self) -> None:
            self.turns += 1
            if self.turns < 50:
                self.loop.call_soon(self.turn)
            elif self.socket is not None:
                self.socket.resume_reading()

    def serve() -> None:
        visitor, _ = server.accept()
        with visitor:
            visitor.sendall(bytes(size))

    def begin(loop: Loop, over: Callable[[], None]) -> None:
        seen.append(Pausing(loop, over))
        [place], _ = look_up(to(server).addresses)
        seen[0].socket = loop.open_socket(place, seen[0])

    thread = threading.Thread(target=serve)
    thread.start()
    scene(begin)
    thread.join()
    [notes] = seen
    assert len(notes.data) == size
    assert (notes.told[-1], notes.error) == ("lost", None)


def test_a_thread_loop_that_has_ended_takes_nothing_more() -> None:
    loop = ThreadLoop(Clock())
    loop.run(lambda: True)
    assert not loop.call_threadsafe(lambda: None)


def test_a_callback_that_raises_ends_a_thread_loop_and_leaves_no_socket_open(server: socket.socket) -> None:
    class Broken(Notes):
        def opened(self, carrier: Carrier) -> None:
            raise ZeroDivisionError

    loop = ThreadLoop(Clock())

    def begin() -> None:
        open_tcp(loop, to(server), Broken(lambda: None))

    loop.call_soon(begin)
    with pytest.raises(ZeroDivisionError):
        loop.run(lambda: False)
    visitor, _ = server.accept()
    with visitor:
        assert visitor.recv(1) == b""


def test_another_thread_wakes_a_thread_loop_that_waits() -> None:
    loop = ThreadLoop(Clock())
    over = threading.Event()
    thread = threading.Thread(target=lambda: loop.run(over.is_set))
    thread.start()
    assert loop.call_threadsafe(over.set)
    thread.join(SOON)
    assert not thread.is_alive()
