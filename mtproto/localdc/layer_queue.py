"""Calls that wait until their layer is loaded: one layer after the other, with room for everybody else in between."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable

    from mtproto.localdc.spoken import SpokenLayers

__all__ = ["LayerQueue"]

PAUSE = 0.05
"""Seconds between two layers that are loaded: loading one takes the loop for 10 to 20 milliseconds."""

CLIENTS = 64
"""Auth keys whose calls may wait for a layer; the calls of one more are refused with `420 FLOOD_WAIT_1`."""


class _ClientLine:
    """The calls of one client that wait, in the order in which they came."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self._calls = 0

    def __len__(self) -> int:
        return self._calls

    def enter(self) -> None:
        """Count a call that begins to wait."""
        self._calls += 1

    def leave(self) -> None:
        """Count a call that waits no longer."""
        self._calls -= 1


class LayerQueue:
    """Loads layers for calls. It belongs to one event loop.

    A client has one layer loaded at a time, so that a client that names many layers holds up nobody else for long.

    Args:
        layers: the layers of the DC.

    """

    def __init__(self, layers: SpokenLayers) -> None:
        self._layers = layers
        self._lines: dict[Hashable, _ClientLine] = {}
        self._loading = asyncio.Lock()
        self._next_at = 0.0  # in the loop's time

    def enter(self, number: int, client: Hashable) -> bool:
        """Let a call wait if it has to: for its layer, or behind a call of its client that waits.

        Returns whether the call has to wait. Its place is kept; `turn` is to be entered for it.

        Refuses with `FLOOD_WAIT_1` if too many clients wait already.
        """
        line = self._lines.get(client)
        if line is None:
            if self._layers.at_once(number) is not None or not self._layers.is_there(number):
                return False
            if len(self._lines) >= CLIENTS:
                raise Refused(420, "FLOOD_WAIT_1")
            line = self._lines[client] = _ClientLine()
        line.enter()
        return True

    @asynccontextmanager
    async def turn(self, client: Hashable) -> AsyncIterator[None]:
        """Wait for the calls of the client that came before; the calls that come after wait for the block."""
        line = self._lines[client]
        try:
            async with line.lock:
                yield
        finally:
            line.leave()
            if not line:
                del self._lines[client]

    async def load(self, number: int) -> None:
        """Return when a layer is loaded. Refuses as `SpokenLayers.get` does."""
        if self._layers.at_once(number) is not None:
            return
        async with self._loading:
            loop = asyncio.get_running_loop()
            if (left := self._next_at - loop.time()) > 0:
                await asyncio.sleep(left)
            self._layers.get(number)
            self._next_at = loop.time() + PAUSE
