"""The lanes of an account: clients by data centre and name, opened when first needed, closed when idle.

`mtproto.account.lanes_threads` is made of this file (see `tests.structure.faces`): what differs is how to wait.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mtproto.account.lane import MAIN, Lane, is_not_bound, is_unknown
from mtproto.account.waiting_async import beside, lane_state, new_client, new_gate, whole
from mtproto.client import is_repeatable
from mtproto.errors import (
    ConnectionLost,
    LocalProtocolError,
    MTProtoError,
    RequestCancelled,
    RpcError,
    TransportError,
    rpc_error,
)
from mtproto.session import RpcFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto.account.centres import DataCentres
    from mtproto.account.kept import KeptAccount
    from mtproto.account.options import AccountOptions
    from mtproto.account.waiting_async import Gate, LaneClient
    from mtproto.link import LinkEvent
    from mtproto.message import KeyState
    from tl import TLFunction

__all__ = ["Lanes"]

KEY_ATTEMPTS = 5
"""How often a call is made over lanes whose temporary keys turn out not to be good for it, one after the other."""


class Lanes:
    """The open lanes of an account.

    The lanes of a DC share its permanent key: the first one makes the key where the store has none, and the store has
    the key before the lane is used.

    Under PFS the lanes of a DC share one temporary key as well: the main lane makes, binds and renews it, and lends it
    to the others. For servers have one of two policies, and the account begins with the one that is right under both:

        one temporary key a permanent key    a binding for each lane would take the binding from the others
        one temporary key a session          the first call of a lane that borrows is refused, and was not executed

    A lane whose borrowed key is refused asks the lender to make a call. If the lender's binding proves to have held all
    the time, the policy is the second one: from then on each lane of this DC makes a key of its own. If not, the lender
    has bound a key meanwhile, and the lane borrows that one.

    Addresses for file queries only take the permanent key of the DC, and have temporary keys of their own, which the
    first lane there makes and lends. A -404 from them leaves the permanent key alone: the lanes go to the other
    addresses of the DC then, until the account is closed.

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
        self._open: dict[tuple[int, str], Lane[LaneClient]] = {}
        self._retired: list[Lane[LaneClient]] = []
        self._opening: set[LaneClient] = set()
        self._states: dict[int, KeyState] = {}
        self._gates: dict[int, Gate] = {}
        self._turns: dict[int, int] = {}  # how often the lanes of a DC were retired
        self._own_keys: set[tuple[int, bool]] = set()  # DCs, and their media addresses, where lanes don't borrow
        self._no_media: set[int] = set()  # DCs whose media addresses are of no use
        self._closed = False

    @property
    def open_lanes(self) -> frozenset[tuple[int, str]]:
        """The lanes that are open: pairs of DC and name."""
        return frozenset(self._open)

    def server_time(self) -> float:
        """Return Unix seconds, by the clock of the home DC where that is known."""
        return self._options.clock() + self.time_offset()

    def time_offset(self) -> float:
        """Return how many seconds the home DC's clock is before ours; 0 where that is not known."""
        state = self._states.get(self._kept.record.home_dc)
        return state.time_offset if state is not None else 0.0

    async def enter(self, dc: int, name: str, check: Callable[[], None] | None = None) -> Lane[LaneClient]:
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
        place = (dc, name)
        while True:
            lane = self._take(place)
            if lane is not None:
                return lane
            async with self._gate(dc):
                if self._good(place) is None:
                    await self._open_lane(place, check)

    async def call(
        self,
        dc: int,
        name: str,
        request: TLFunction[Any],
        *,
        until: float | None,
        idempotent: bool | None,
        check: Callable[[], None] | None = None,
    ) -> Any:
        """Make a call over a lane, and return its answer; where the lane's key is not good for it, take another key.

        Args:
            dc: the data centre.
            name: the lane's.
            request: the call, as `Client` takes it.
            until: Unix seconds by the option `clock` after which `DeadlineExceeded` comes; None: the client's own.
            idempotent: as `Client` takes it.
            check: as `enter` takes it.

        Raises:
            MTProtoError: as `enter` and a call of `Client` do.

        """
        attempts = 0
        while True:
            attempts += 1
            lane = self._take((dc, name)) or await self.enter(dc, name, check)
            try:
                timeout = ... if until is None else max(until - self._options.clock(), 0.0)
                return await lane.client(request, timeout=timeout, idempotent=idempotent)
            except (RpcError, TransportError) as error:
                refused = is_not_bound(error)
                if lane.lender is None and lane.media and is_unknown(error):
                    again = self._options.pfs or (is_repeatable(request) if idempotent is None else idempotent)
                elif lane.lender is not None and (refused or is_unknown(error)):
                    again = True
                else:
                    raise
                failure: MTProtoError = error
            finally:
                if self._end(lane):
                    await self._close_all([lane])
            await self._mend(lane, refused=refused)
            if not again:
                raise ConnectionLost(f"the key is not known at the media addresses of DC {dc}") from failure
            if attempts == KEY_ATTEMPTS:
                raise failure

    async def send_service(self, dc: int, body: bytes) -> bytes:
        """Send a service message under the permanent key of a DC, over a connection of its own; return the answer.

        All lanes of the DC are closed before, so that under PFS its temporary keys are dropped; calls that are under
        way there fail.

        Args:
            dc: the data centre.
            body: the message, serialized: `destroy_auth_key`.

        Raises:
            LocalProtocolError: there is no key of this DC.
            MTProtoError: as the client's `open` and the connection's `call`.

        """
        async with self._gate(dc):
            with self._lock:
                gone = [*self._retire(dc), *(lane for lane in self._retired if lane.dc == dc)]
                self._retired = [lane for lane in self._retired if lane.dc != dc]
            await self._close_all(gone)
            known = self._state(dc)
            if known is None:
                raise LocalProtocolError(f"there is no key of data centre {dc}")
            client = self._new_client(dc, MAIN, known, is_bare=True)
            try:
                await self._open_client(client)
                outcome = await client.connection.call(body, timeout=client.timeout, idempotent=True)
            finally:
                await client.close()
        if isinstance(outcome, RpcFailed):
            raise rpc_error(outcome.code, outcome.message)
        return outcome.body

    async def leave(self, lane: Lane[LaneClient]) -> None:
        """End a call that `enter` began; a lane that is to go is closed after its last call."""
        if self._end(lane):
            await self._close_all([lane])

    async def retire(self, dc: int) -> None:
        """Let no new call go over the lanes of a DC that are open; each is closed once its calls have ended."""
        with self._lock:
            over = self._retire(dc)
        await self._close_all(over)

    async def forget_key(self, dc: int) -> None:
        """Let the key of a DC go, and the lanes that have it; the next lane takes the kept one, or makes one."""
        with self._lock:
            self._states.pop(dc, None)
        await self.retire(dc)

    async def close_idle(self) -> None:
        """Close the lanes on which there was no call for a while, but the one that receives updates."""
        if self._closed:
            return
        home = self._kept.record.home_dc
        before = self._options.clock() - self._options.idle_after
        with self._lock:
            lenders = {id(lane.lender) for lane in self._open.values()}
            idle = [
                lane
                for place, lane in self._open.items()
                if lane.calls == 0 and lane.used_at <= before and place != (home, MAIN) and id(lane) not in lenders
            ]
            for lane in idle:
                del self._open[lane.dc, lane.name]
        await self._close_all(idle)

    async def close(self) -> None:
        """Close all lanes, and keep what their keys have learnt. Calls that are under way fail."""
        with self._lock:
            self._closed = True
            lanes = [*self._open.values(), *self._retired]
            opening = list(self._opening)
            states = {dc: state for dc, state in self._states.items() if dc in self._kept.record.keys}
            self._open.clear()
            self._retired.clear()
        for client in opening:
            await client.close()
        await self._close_all(lanes)
        await beside(self._kept.keep_keys, states)

    def _gate(self, dc: int) -> Gate:
        return self._gates.setdefault(dc, new_gate())

    def _take(self, place: tuple[int, str]) -> Lane[LaneClient] | None:
        """Return a lane that takes calls, with one more call on it."""
        with self._lock:
            self._check_open()
            lane = self._good(place)
            if lane is not None:
                lane.begin()
            return lane

    def _end(self, lane: Lane[LaneClient]) -> bool:
        """End a call; return whether that was the last one of a lane that is to go, which is to be closed now."""
        with self._lock:
            over = lane.end(self._options.clock())
            if over and lane in self._retired:
                self._retired.remove(lane)
        return over

    def _good(self, place: tuple[int, str]) -> Lane[LaneClient] | None:
        """Return the lane of a place if calls may go over it."""
        lane = self._open.get(place)
        return lane if lane is not None and lane.is_good else None

    def _retire(self, dc: int) -> list[Lane[LaneClient]]:
        """Take the lanes of a DC out of those that get calls; return those with no call under way."""
        self._turns[dc] = self._turns.get(dc, 0) + 1
        lanes = [self._open.pop(place) for place in list(self._open) if place[0] == dc]
        return [lane for lane in lanes if self._is_over(lane)]

    def _is_over(self, lane: Lane[LaneClient]) -> bool:
        """Retire a lane; return whether to close it now. It is closed after its calls else."""
        over = lane.retire()
        if not over:
            self._retired.append(lane)
        return over

    async def _open_lane(self, place: tuple[int, str], check: Callable[[], None] | None) -> None:
        """Open a lane in place of the one that is of no use. The gate of the DC is held."""
        dc, name = place
        await self._replace(place)
        media = self._is_media(place)
        if self._needs_main(place, media) and self._good((dc, MAIN)) is None:
            await self._open_lane((dc, MAIN), check)
        turn = self._turns.get(dc, 0)
        known = self._state(dc)
        if check is not None:
            check()  # after the key was read: a key that is gone since the login ended is not made again
        lender = self._lender(place, media)
        bound = None if lender is None else lender.client.connection.bound_key
        if lender is not None and bound is None:
            await self._try(lender)  # its key is being replaced: the answer says that another one is bound
            return
        client = self._new_client(dc, name, known if bound is None else bound.state, media, is_bare=bound is not None)
        try:
            await self._open_client(client)
        except (ConnectionLost, RpcError, TransportError):
            if not media:
                raise
            self._no_media.add(dc)
            return
        made = client.state
        is_new = bound is None and made is not None and (known is None or made.auth_key.id != known.auth_key.id)
        try:
            if made is not None and is_new and turn == self._turns.get(dc, 0):
                await self._keep_new(dc, made)
                turn += 1
        except BaseException:
            await client.close()
            raise
        with self._lock:
            if not self._closed and turn == self._turns.get(dc, 0):
                use = None if bound is None else bound.use
                now = self._options.clock()
                self._open[place] = Lane(dc, name, client, made, used_at=now, media=media, lender=lender, use=use)
                return
        await client.close()  # what it was opened with is out of date

    def _is_media(self, place: tuple[int, str]) -> bool:
        """Tell whether a lane is to go to addresses for file queries only."""
        dc, name = place
        return name != MAIN and dc not in self._no_media and self._centres.media_destination(dc) is not None

    def _needs_main(self, place: tuple[int, str], media: bool) -> bool:
        """Tell whether the main lane of the DC has to be open before a lane: it has the key that the lane takes."""
        dc, name = place
        if name == MAIN:
            return False
        borrows = self._options.pfs and not media and (dc, media) not in self._own_keys
        return borrows or (media and self._state(dc) is None)

    def _lender(self, place: tuple[int, str], media: bool) -> Lane[LaneClient] | None:
        """Return the lane whose temporary key a lane is to use; None where it makes one, or uses none."""
        dc, name = place
        if not self._options.pfs or (dc, media) in self._own_keys:
            return None
        if not media:
            return None if name == MAIN else self._good((dc, MAIN))
        with self._lock:  # other threads open lanes of other DCs
            there = [lane for lane in self._open.values() if lane.dc == dc and lane.media and lane.lender is None]
        return next((lane for lane in there if lane.is_good), None)

    async def _try(self, lane: Lane[LaneClient]) -> None:
        """Make a call over a lane that only a bound key may make. What the server says to it does not matter.

        Raises:
            MTProtoError: the server has said nothing.

        """
        with self._lock:
            lane.begin()
        try:
            with suppress(RpcError):
                await lane.client(self._options.schema.functions.help.GetCdnConfig(), idempotent=True)
        finally:
            await self.leave(lane)

    async def _mend(self, lane: Lane[LaneClient], *, refused: bool) -> None:
        """Take a lane out whose key was not good for a call, and find out which key is to be taken instead.

        Args:
            lane: the lane.
            refused: whether the server said that the key is not bound.

        """
        async with self._gate(lane.dc):
            if not lane.mend():
                return
            if lane.lender is None:
                self._no_media.add(lane.dc)
            else:
                try:
                    with suppress(MTProtoError):  # whoever opens the next lane is told
                        await self._try(lane.lender)
                except BaseException:
                    lane.leave_unmended()  # whoever waits for the gate looks into it
                    raise
                bound = lane.lender.client.connection.bound_key
                if refused and bound is not None and bound.use == lane.use:
                    self._own_keys.add((lane.dc, lane.media))
            if self._open.get((lane.dc, lane.name)) is lane:
                await self._replace((lane.dc, lane.name))

    async def _keep_new(self, dc: int, state: KeyState) -> None:
        """Keep a key that a lane has made, for all lanes of the DC; those that have another one go."""
        await whole(self._kept_new, dc, state)

    async def _kept_new(self, dc: int, state: KeyState) -> None:
        await beside(self._kept.keep_keys, {dc: state})
        with self._lock:
            self._states[dc] = state
        await self.retire(dc)

    async def _replace(self, place: tuple[int, str]) -> None:
        """Let the lane that stands in a place go. A key that it has made meanwhile is kept, for all lanes of the DC."""
        lane = self._open.get(place)
        if lane is None:
            return
        made = lane.client.state
        if made is not None and made is not lane.state:
            await self._keep_new(dc=lane.dc, state=made)
            return
        with self._lock:
            self._open.pop(place, None)
            over = self._is_over(lane)
        if over:
            await self._close_all([lane])

    async def _open_client(self, client: LaneClient) -> None:
        """Open a client; when the account is closed meanwhile, that ends.

        Raises:
            RequestCancelled: the account was closed.
            MTProtoError: as the client's `open`.

        """
        with self._lock:
            self._check_open()
            self._opening.add(client)
        try:
            await client.open()
        except LocalProtocolError:  # a client that was closed before it began
            self._check_open()
            raise
        finally:
            with self._lock:
                self._opening.discard(client)

    def _check_open(self) -> None:
        if self._closed:
            raise RequestCancelled("the account was closed")

    async def _close_all(self, lanes: Sequence[Lane[LaneClient]]) -> None:
        """Close lanes that nobody else knows: all of them, also where the task is cancelled."""
        if lanes:
            await whole(self._close_each, lanes)

    async def _close_each(self, lanes: Sequence[Lane[LaneClient]]) -> None:
        for lane in lanes:
            await lane.client.close()

    def _state(self, dc: int) -> KeyState | None:
        """Return what is known of the key of a DC; None where there is none."""
        state = self._states.get(dc) or self._kept.record.key(dc)
        if state is not None:
            with self._lock:
                self._states[dc] = state
        return state

    def _new_client(
        self, dc: int, name: str, known: KeyState | None, media: bool = False, *, is_bare: bool = False
    ) -> LaneClient:
        """Return the client of a lane: with the options of the account, and what belongs to the DC.

        Args:
            dc: the data centre.
            name: the lane's.
            known: the state of the key that it begins with.
            media: whether it goes to addresses for file queries only.
            is_bare: whether its calls go out under that very key, also under PFS.

        """
        watch = self._options.client.get("on_event")
        hear = self._hear

        def on_event(event: LinkEvent) -> None:
            if watch is not None:
                watch(event)
            hear(dc, name, event)

        options = {
            **self._options.client,
            "schema": self._options.schema,
            "dc_id": self._centres.exchange_id(dc, media=media),
            "state": None if known is None else lane_state(known),
            "on_event": on_event,
        }
        if is_bare:
            options.update(pfs=False, expires_in=None)
        media_addresses = self._centres.media_destination(dc) if media else None
        return new_client(
            self._centres.destination(dc) if media_addresses is None else media_addresses,
            keys=self._options.keys,
            api_id=self._options.api_id,
            api_hash=self._options.api_hash,
            **options,
        )
