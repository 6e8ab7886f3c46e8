"""One port of a TCP server: listen, tell the address, and close in good order."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING

from mtproto.errors import LocalProtocolError, OptionError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

__all__ = ["TCPPort", "accept_no_more"]

HANDSHAKE_TIME = 10.0
"""Seconds for the handshake of TLS."""


class TCPPort:
    """The port that a server listens on. Belongs to one event loop.

    Args:
        host: the address to listen on.
        port: the port; 0 takes a free one, and the same one each time it is opened again.
        tls: the TLS context of all connections; None speaks plainly.

    Raises `OptionError` for a number that is no port.

    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        if not 0 <= port < 1 << 16:
            raise OptionError(f"a port to listen on is a number from 0 to 65535, not {port}", "port")
        self._host, self._port, self._tls = host, port, tls
        self._server: asyncio.Server | None = None

    @property
    def is_open(self) -> bool:
        """Whether connections are taken in."""
        return self._server is not None

    async def open(self, take_in: Callable[[], asyncio.BaseProtocol]) -> None:
        """Listen.

        Args:
            take_in: returns what serves the next connection.

        Raises:
            OSError: the address can't be had; the error names it.

        """
        try:
            self._server = await asyncio.get_running_loop().create_server(
                take_in,
                self._host,
                self._port,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_TIME if self._tls is not None else None,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            place = f"{self._host!r}, port {self._port}"
            raise type(error)(error.errno, f"can't listen on {place}: {reason}") from error
        self._port = self.address[1]

    async def close(self, send_away: Callable[[], Awaitable[None]]) -> None:
        """Stop listening, and close all connections. May be called twice.

        Args:
            send_away: closes the connections that were taken in, and waits until they are closed.

        """
        server, self._server = self._server, None
        if server is not None:
            await accept_no_more(server)
            server.close()
            await send_away()
            if sys.version_info >= (3, 13) and hasattr(server, "abort_clients"):  # uvloop's servers have none
                server.abort_clients()  # only the server knows the connections that are in the midst of a handshake
            await server.wait_closed()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that the server listens on.

        Raises:
            LocalProtocolError: the server does not listen.

        """
        if self._server is None:
            raise LocalProtocolError("the server was not started")
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port


async def accept_no_more(server: asyncio.Server) -> None:
    """Accept no connection any more, and wait some turns of the loop until every accepted one has its protocol.

    asyncio forgets a connection, without closing it, if the server is closed after accepting and before that.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.remove_reader(listening.fileno())
    for _ in range(3):  # a turn each for the transport, the protocol, which turns it away, and the end
        await asyncio.sleep(0)
