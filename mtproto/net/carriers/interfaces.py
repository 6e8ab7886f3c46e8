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

    Attributes:
        writable: whether `write` may be called: it is open, and not too full. `Owner.drained` says when it is again.
        idle: of a carrier of packets: none is under way, so that the other end can't speak. Never true of a stream.
        stage: what it waits for until it is open, in words for an error.

    """

    @property
    def stage(self) -> str:
        """What it waits for until it is open, in words for an error."""

    @property
    def writable(self) -> bool:
        """Whether `write` may be called."""

    @property
    def idle(self) -> bool:
        """Whether the other end waits for a packet before it can send one."""

    def write(self, data: bytes, /) -> None:
        """Send a piece of the stream; a carrier of packets: one packet."""

    def abort(self) -> None:
        """Give it up, open or not; what was not sent is dropped. `Owner.lost` follows later, not from inside."""

    def close(self) -> None:
        """End it in good order, with what its protocol says at the end. `Owner.lost` follows once that is done.

        The other end may have to answer, so that whoever calls this calls `abort` after a while.
        """


class Socket(Carrier, Protocol):
    """A carrier that nothing lies under."""

    def pause_reading(self) -> None:
        """Read nothing more until `resume_reading` is called. Whoever calls this still has work with what was read."""

    def resume_reading(self) -> None:
        """Read on."""


class Owner(Protocol):
    """What a carrier tells whoever opened it: `opened` once or never, at last `lost` exactly once."""

    def opened(self, carrier: Carrier, /) -> None:
        """It is open and `writable`."""

    def received(self, data: bytes, /) -> None:
        """Take a piece of the stream; of a carrier of packets: one packet."""

    def drained(self) -> None:
        """It is `writable` again."""

    def lost(self, error: Exception | None, /) -> None:
        """It is gone, or never came about; `error` says why, None if it was closed by either end."""


class Timer(Protocol):
    """Something that will be called."""

    def cancel(self) -> None:
        """Let it not be called. May be called at any time."""


class Loop(Protocol):
    """What a shell lends to pumps and carriers. All callbacks come in the one thread of the loop."""

    def now(self) -> float:
        """Return Unix seconds by a clock that never steps."""

    def call_soon(self, callback: Callable[[], None], /) -> object:
        """Call it before the loop waits again."""

    def call_at(self, when: float, callback: Callable[[], None], /) -> Timer:
        """Call it at `when`, Unix seconds as `now` counts them, or a little later."""

    def run_slow(self, work: Callable[[], None], done: Callable[[], None], /) -> None:
        """Run `work`, which takes milliseconds and raises nothing, then call `done` in the loop."""

    def run_waiting(self, work: Callable[[], None], done: Callable[[], None], /) -> None:
        """Run `work`, which waits for others and raises nothing, in a thread, then call `done` in the loop."""

    def open_socket(self, place: Place, owner: Owner, /) -> Socket:
        """Begin to connect a TCP socket to a place; it is a carrier by itself, of a stream."""


class CarrierLoop(Loop, Protocol):
    """What a carrier gets: a loop that does not wait for the end of all that came in."""

    def spread(self, steps: Iterator[None], /) -> None:
        """Go through `steps`, which deal with what came in: some of them now, the others in later turns of the loop.

        They come before whatever the carrier below still has to tell, `lost` included; nothing is read meanwhile.
        """


Opener: TypeAlias = "Callable[[CarrierLoop, Route, Owner], Carrier]"
"""Begins to open a carrier and returns it at once."""
