"""An account from its opening to its end, for asyncio: what is read, what is saved now and then, what is given back.

`mtproto.account.lifetime_threads` is made of this file (see `tests.structure.faces`): what differs is how to wait.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from mtproto.account.known_peers import SAVE_EVERY
from mtproto.account.waiting_async import AsyncTicker, beside
from mtproto.errors import RequestCancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto.account.centres import DataCentres
    from mtproto.account.kept import KeptAccount
    from mtproto.account.known_peers import KnownPeers
    from mtproto.account.lanes import Lanes
    from mtproto.account.options import AccountOptions
    from mtproto.account.reading import Readings
    from mtproto.account.transfers import Transfers
    from mtproto.account.waiting_async import AsyncNews

__all__ = ["Lifetime"]


class Lifetime:
    """Opens and closes the parts of an account.

    Args:
        centres: where the data centres are.
        options: of the account.
        kept: the record.
        lanes: are closed when idle, and at the end.
        known: what is known of users and chats; saved now and then, and at the end.
        readings: likewise, for how far the program has read.
        transfers: end first, and close the connections that no others use.
        stops: called at the end before all else: no one waits any more.

    """

    def __init__(
        self,
        centres: DataCentres,
        options: AccountOptions,
        kept: KeptAccount,
        lanes: Lanes,
        known: KnownPeers,
        readings: Readings[AsyncNews],
        transfers: Transfers,
        stops: Sequence[Callable[[], None]],
    ) -> None:
        self._centres = centres
        self._options = options
        self._kept = kept
        self._lanes = lanes
        self._known = known
        self._readings = readings
        self._transfers = transfers
        self._stops = stops
        self._ticker: AsyncTicker | None = None
        self._lock = threading.Lock()
        self._closers = 0  # how many close the account at present
        self._is_over = False

    async def open(self) -> None:
        """Read the store, as `Account.open` says."""
        self._kept.claim()
        begin = partial(
            self._kept.begin,
            self._centres.first,
            self._options.api_id,
            test=self._centres.test,
            dcs=self._centres.own_places(),
            public_keys=self._options.public_keys,
        )
        try:
            await beside(self._kept.load)
            await beside(begin)
        except BaseException:
            self._kept.close()
            raise
        self._known.begin()
        self._ticker = AsyncTicker(min(max(self._options.idle_after / 4, 1.0), SAVE_EVERY), self._tick)
        if not self._kept.is_loaded:
            await self._stop_ticker()
            raise RequestCancelled("the account was closed")

    async def close(self) -> None:
        """Close all connections and the store. May be called twice."""
        for stop in self._stops:
            stop()
        self._transfers.stop()
        with self._lock:
            self._closers += 1
            is_over = self._is_over
        try:
            await self._stop_ticker()
            if self._kept.is_loaded and not is_over:
                await self._transfers.close()
                await self._lanes.close()
                await self._transfers.settle()
                await beside(self._readings.save)
                await beside(self._known.save)
        finally:
            with self._lock:
                self._closers -= 1
                is_last = self._is_over = not self._closers
            if is_last:  # whoever else closes the account needs the record until then
                await beside(self._kept.close)
        await self._stop_ticker()  # where another thread was opening the account

    async def _stop_ticker(self) -> None:
        ticker, self._ticker = self._ticker, None
        if ticker is not None:
            await ticker.close()

    async def _tick(self) -> None:
        await self._lanes.close_idle()
        await self._transfers.close_idle()
        if self._known.is_changed:
            await beside(self._known.save)
        if self._readings.is_changed:
            await beside(self._readings.save)
