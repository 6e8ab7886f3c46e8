"""The lanes of an account: clients by data centre and name, opened when first needed, closed when idle.

`mtproto.account.lanes_threads` is made of this file (see `tests.structure.faces`): what differs is how to wait.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mtproto.account.waiting_async import beside, lane_state, new_client, new_gate
from mtproto.errors import RequestCancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.account.centres import DataCentres
    from mtproto.account.kept import KeptAccount
    from mtproto.account.options import AccountOptions
    from mtproto.account.waiting_async import Gate, LaneClient
    from mtproto.link import LinkEvent
    from mtproto.message import KeyState

__all__ = ["MAIN", "Lane", "Lanes"]

MAIN = "main"
"""The lane of calls; at the home DC it receives updates. Every other lane carries files."""


@dataclass(slots=True, eq=False)
class Lane:
    """One client of a data centre, with a session of its own.

    Attributes:
        dc: the data centre.
        name: the lane's.
        client: carries the calls.
        state: the state of the key that the client was opened with, or has made.
        calls: how many calls are under way.
        used_at: when the last one ended, Unix seconds.
        retired: whether no new call is to go here: it is closed after the calls that are under way.

    """

    dc: int
    name: str
    client: LaneClient = field(repr=False)
    state: KeyState | None = field(default=None, repr=False)
    calls: int = 0
    used_at: float = 0.0
    retired: bool = False

    def begin(self) -> None:
        """Note that a call goes this way."""
        self.calls += 1

    def end(self, now: float) -> bool:
        """Note that a call has ended; return whether nothing more will come, so that the lane is to be closed."""
        self.calls -= 1
        self.used_at = now
        return self.retired and self.calls == 0

    def retire(self) -> bool:
        """Let no new call go this way; return whether none is under way, so that the lane is to be closed."""
        self.retired = True
        return self.calls == 0


class Lanes:
    """The open lanes of an account.

    The lanes of a DC share its key: the first one makes the key where the store has none, and the store has the key
    before the lane is used. Under PFS all lanes of a DC are one client: a temporary key that each lane bound would take
    the binding from the others.

    Args:
        centres: where the data centres are.
        kept: the record with the keys.
        options: of the account.
        hear: called with every event of every lane, and the lane's DC and name, in the thread that carries the lane.

    """

    def __init__(
        self,
        centres: DataCentres,
        kept: KeptAccount,
        options: AccountOptions,
        hear: Callable[[int, str, LinkEvent], None],
    ) -> None:
        self._centres = centres
        self._kept = kept
        self._options = options
        self._hear = hear
        self._lock = threading.Lock()  # never held while something waits
        self._open: dict[tuple[int, str], Lane] = {}
        self._retired: list[Lane] = []
        self._states: dict[int, KeyState] = {}
        self._gates: dict[int, Gate] = {}
        self._turns: dict[int, int] = {}  # how often the lanes of a DC were retired
        self._closed = False

    @property
    def open_lanes(self) -> frozenset[tuple[int, str]]:
        """The lanes that are open: pairs of DC and name."""
        return frozenset(self._open)

    def server_time(self) -> float:
        """Return Unix seconds, by the clock of the home DC where that is known."""
        state = self._states.get(self._kept.record.home_dc)
        return self._options.clock() + (state.time_offset if state is not None else 0.0)

    async def enter(self, dc: int, name: str, check: Callable[[], None] | None = None) -> Lane:
        """Return a lane for one call, which ends with `leave`; open the lane if it is not.

        Args:
            dc: the data centre.
            name: the lane's.
            check: called before a lane is opened; what it raises comes out. None for nothing.

        Raises:
            LocalProtocolError: there is no such DC.
            RequestCancelled: the account was closed.
            MTProtoError: the DC can't be reached, or the key can't be kept; as the client's `open`, and the store.

        """
        place = (dc, MAIN if self._options.pfs else name)
        while True:
            lane = self._take(place)
            if lane is not None:
                return lane
            async with self._gate(dc):
                if not self._is_good(self._open.get(place)):
                    await self._open_lane(place, check)

    async def leave(self, lane: Lane) -> None:
        """End a call that `enter` began; a lane that is to go is closed after its last call."""
        with self._lock:
            over = lane.end(self._options.clock())
            if over and lane in self._retired:
                self._retired.remove(lane)
        if over:
            await lane.client.close()

    async def retire(self, dc: int) -> None:
        """Let no new call go over the lanes of a DC that are open; each is closed once its calls have ended."""
        with self._lock:
            over = self._retire(dc)
        for lane in over:
            await lane.client.close()

    async def forget_key(self, dc: int) -> None:
        """Let the key of a DC go, and the lanes that have it; the next lane takes the kept one, or makes one."""
        with self._lock:
            self._states.pop(dc, None)
        await self.retire(dc)

    async def close_idle(self) -> None:
        """Close the lanes on which there was no call for a while, but the one that receives updates."""
        home = self._kept.record.home_dc
        before = self._options.clock() - self._options.idle_after
        with self._lock:
            idle = [
                lane
                for place, lane in self._open.items()
                if lane.calls == 0 and lane.used_at <= before and place != (home, MAIN)
            ]
            for lane in idle:
                del self._open[lane.dc, lane.name]
        for lane in idle:
            await lane.client.close()

    async def close(self) -> None:
        """Close all lanes, and keep what their keys have learnt. Calls that are under way fail."""
        with self._lock:
            self._closed = True
            lanes = [*self._open.values(), *self._retired]
            states = {dc: state for dc, state in self._states.items() if dc in self._kept.record.keys}
            self._open.clear()
            self._retired.clear()
        for lane in lanes:
            await lane.client.close()
        await beside(self._kept.keep_keys, states)

    def _gate(self, dc: int) -> Gate:
        return self._gates.setdefault(dc, new_gate())

    def _take(self, place: tuple[int, str]) -> Lane | None:
        """Return a lane that takes calls, with one more call on it."""
        with self._lock:
            if self._closed:
                raise RequestCancelled("the account was closed")
            lane = self._open.get(place)
            if lane is None or not self._is_good(lane):
                return None
            lane.begin()
            return lane

    @staticmethod
    def _is_good(lane: Lane | None) -> bool:
        """Tell whether calls may go over a lane: it has not given up, and has the key that the store has."""
        return lane is not None and lane.client.connection.is_open and lane.client.state is lane.state

    def _retire(self, dc: int) -> list[Lane]:
        """Take the lanes of a DC out of those that get calls; return those with no call under way."""
        over: list[Lane] = []
        self._turns[dc] = self._turns.get(dc, 0) + 1
        for place in [place for place in self._open if place[0] == dc]:
            lane = self._open.pop(place)
            (over if lane.retire() else self._retired).append(lane)
        return over

    async def _open_lane(self, place: tuple[int, str], check: Callable[[], None] | None) -> None:
        """Open a lane in place of the one that is of no use. The gate of the DC is held."""
        dc, name = place
        await self._replace(place)
        turn = self._turns.get(dc, 0)
        known = self._state(dc)
        if check is not None:
            check()  # after the key was read: a key that is gone since the login ended is not made again
        client = new_client(
            self._centres.destination(dc, media=name != MAIN),
            keys=self._options.keys,
            api_id=self._options.api_id,
            api_hash=self._options.api_hash,
            **self._client_options(dc, name, known),
        )
        await client.open()
        made = client.state
        is_new = made is not None and (known is None or made.auth_key.id != known.auth_key.id)
        try:
            if made is not None and is_new and turn == self._turns.get(dc, 0):
                await self._keep_new(dc, made)
                turn += 1
        except BaseException:
            await client.close()
            raise
        with self._lock:
            if not self._closed and turn == self._turns.get(dc, 0):
                self._open[place] = Lane(dc, name, client, made, used_at=self._options.clock())
                return
        await client.close()  # what it was opened with is out of date

    async def _keep_new(self, dc: int, state: KeyState) -> None:
        """Keep a key that a lane has made, for all lanes of the DC; those that have another one go."""
        await beside(self._kept.keep_keys, {dc: state})
        with self._lock:
            self._states[dc] = state
        await self.retire(dc)

    async def _replace(self, place: tuple[int, str]) -> None:
        """Close the lane that stands in a place. A key that it has made meanwhile is kept, for all lanes of the DC."""
        lane = self._open.get(place)
        if lane is None:
            return
        made = lane.client.state
        if made is not None and made is not lane.state:
            await self._keep_new(dc=lane.dc, state=made)
            return
        with self._lock:
            self._open.pop(place, None)
        await lane.client.close()

    def _state(self, dc: int) -> KeyState | None:
        """Return what is known of the key of a DC; None where there is none."""
        state = self._states.get(dc) or self._kept.record.key(dc)
        if state is not None:
            with self._lock:
                self._states[dc] = state
        return state

    def _client_options(self, dc: int, name: str, known: KeyState | None) -> dict[str, object]:
        """Return the options of a lane's client: those of the account, and what belongs to the DC."""
        watch = self._options.client.get("on_event")
        hear = self._hear

        def on_event(event: LinkEvent) -> None:
            if watch is not None:
                watch(event)
            hear(dc, name, event)

        return {
            **self._options.client,
            "schema": self._options.schema,
            "dc_id": self._centres.exchange_id(dc),
            "state": None if known is None else lane_state(known),
            "on_event": on_event,
        }
