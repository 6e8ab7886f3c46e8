"""A port of a server: what is no port is refused, a place that is taken is named, and closing is in good order."""

from __future__ import annotations

import asyncio

import pytest

from mtproto.errors import LocalProtocolError, OptionError
from mtproto.net.servers.tcp_port import TCPPort
from tests.net.support import run


async def nobody() -> None:
    """Send nobody away."""


@pytest.mark.parametrize("port", [-1, 65536, 1 << 40])
def test_a_number_that_is_no_port_is_refused_before_it_listens(port: int) -> None:
    with pytest.raises(OptionError, match=f"from 0 to 65535, not {port}"):
        TCPPort("127.0.0.1", port)


def test_it_has_an_address_only_while_it_listens() -> None:
    async def main() -> None:
        port = TCPPort("127.0.0.1", 0)
        for _ in range(2):  # it may be opened again
            with pytest.raises(LocalProtocolError, match="not started"):
                _ = port.address
            await port.open(asyncio.Protocol)
            assert port.is_open
            assert port.address[0] == "127.0.0.1"
            assert port.address[1] > 0
            await port.close(nobody)
            assert not port.is_open

    run(main())


def test_a_place_that_is_taken_is_named() -> None:
    async def main() -> None:
        first = TCPPort("127.0.0.1", 0)
        await first.open(asyncio.Protocol)
        number = first.address[1]
        with pytest.raises(OSError, match=rf"can't listen on '127\.0\.0\.1', port {number}: "):
            await TCPPort("127.0.0.1", number).open(asyncio.Protocol)
        await first.close(nobody)

    run(main())


def test_visitors_are_sent_away_once_and_after_the_port_has_closed() -> None:
    async def main() -> None:
        port = TCPPort("127.0.0.1", 0)
        await port.open(asyncio.Protocol)
        seen = []

        async def send_away() -> None:
            seen.append(port.is_open)

        await port.close(send_away)
        await port.close(send_away)
        assert seen == [False]

    run(main())
