"""The lines between a pump, its carriers and a shell's loop: which calls each takes, and which each makes.

    Pump        one link; decides when to connect; the same for both shells              shells.pump
      │ write, abort          ▲ opened, received, drained, lost  (Owner)
    Carrier     one way to the server: a socket, or something on top of sockets          carriers.registry
      │ write, abort          ▲ opened, received, drained, lost  (Owner)
    CarrierLoop the same loop for one carrier: what came in is handled in portions       shells.guard
    Loop        sockets, time and threads, as a shell has them                           shells.async_loop, thread_loop

A carrier may be made of other carriers (TLS, WebSocket, HTTP; several attempts to connect): the outer carrier is the
owner of the inner ones, and is a carrier to its pump. Nothing here knows asyncio or threads, so that a carrier is
written once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mtproto.net.carriers.route import Place, Route

__all__ = ["Carrier", "CarrierLoop", "Loop", "Opener", "Owner", "Socket", "Timer"]


class Carrier(Protocol):
    """One way to a server, from the first attempt to open it until it is lost. Everything happens in one thread.

    A carrier moves a stream of bytes, or packets (HTTP): `Route.packets` says which.

    Attributes:
        writable: whether `write` may be called: the carrier is open, and not too full. When a full carrier can take
            more, it calls `Owner.drained`.
        idle: no packet is under way, so that the other end can't send one. Always false for a stream.
        stage: what the carrier waits for until it is open, in words for an error.

    """

    @property
    def stage(self) -> str:
        """What the carrier waits for until it is open, in words for an error."""

    @property
    def writable(self) -> bool:
        """Whether `write` may be called."""

    @property
    def idle(self) -> bool:
        """Whether the other end waits for a packet before it can send one."""

    def write(self, data: bytes, /) -> None:
        """Send a piece of the stream, or one packet."""

    def abort(self) -> None:
        """Give the carrier up, open or not, and drop what was not sent. `Owner.lost` is called after this returns."""

    def close(self) -> None:
        """Close in good order, with the last message of the protocol. `Owner.lost` follows once that is done.

        The other end may have to answer. The caller calls `abort` if that takes too long.
        """


class Socket(Carrier, Protocol):
    """The lowest carrier: a socket."""

    def pause_reading(self) -> None:
        """Read nothing more until `resume_reading` is called: the caller still handles what was read."""

    def resume_reading(self) -> None:
        """Read on."""


class Owner(Protocol):
    """Whoever opened a carrier. The carrier calls `opened` at most once, and at the end `lost` exactly once."""

    def opened(self, carrier: Carrier, /) -> None:
        """The carrier is open and `writable`."""

    def received(self, data: bytes, /) -> None:
        """Take a piece of the stream, or one packet."""

    def drained(self) -> None:
        """The carrier is `writable` again."""

    def lost(self, error: Exception | None, /) -> None:
        """The carrier is gone, or could not be opened; `error` says why, None if either end closed it."""


class Timer(Protocol):
    """A call that is planned."""

    def cancel(self) -> None:
        """Drop the call. May be used at any time, also after the call was made."""


class Loop(Protocol):
    """What a shell lends to pumps and carriers. All callbacks come in the one thread of the loop."""

    def now(self) -> float:
        """Return Unix seconds by a clock that never steps."""

    def call_soon(self, callback: Callable[[], None], /) -> object:
        """Call the function before the loop waits again."""

    def call_at(self, when: float, callback: Callable[[], None], /) -> Timer:
        """Call the function at `when`, Unix seconds as `now` counts them, or a little later."""

    def run_slow(self, work: Callable[[], None], done: Callable[[], None], /) -> None:
        """Run `work`, which takes milliseconds and raises nothing, then call `done` in the loop."""

    def sleep(self, seconds: float, /) -> None:
        """Let the thread that runs `work` of `run_slow` sleep, so that others have the interpreter."""

    def run_waiting(self, work: Callable[[], None], done: Callable[[], None], /) -> None:
        """Run `work`, which waits for others and raises nothing, in a thread, then call `done` in the loop."""

    def open_socket(self, place: Place, owner: Owner, /) -> Socket:
        """Begin to connect a TCP socket to a place. The socket is a carrier of a stream."""


class CarrierLoop(Loop, Protocol):
    """The loop as a carrier sees it: other callbacks come between the steps in which input is handled."""

    def spread(self, steps: Iterator[None], /) -> None:
        """Go through `steps`, which handle what came in: some of them now, the others in later turns of the loop.

        The steps come before anything that the carrier below still has to tell, `lost` included. Nothing is read
        meanwhile.
        """


Opener: TypeAlias = "Callable[[CarrierLoop, Route, Owner], Carrier]"
"""A function that begins to open a carrier, and returns the carrier at once."""
