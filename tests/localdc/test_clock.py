"""A DC whose clock shows a time that message ids can't hold refuses to start, and says so."""

from __future__ import annotations

import asyncio

import pytest

from mtproto.errors import LocalProtocolError
from mtproto.localdc import LocalDC


@pytest.mark.parametrize("shown", [0.0, 2.2e9, 4.1e9])
def test_a_dc_with_an_impossible_clock_does_not_start(shown: float) -> None:
    async def start() -> None:
        await LocalDC(clock=lambda: shown).start()

    with pytest.raises(LocalProtocolError, match=f"the clock of this server shows {shown:.0f} s"):
        asyncio.run(start())
