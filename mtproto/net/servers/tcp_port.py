"""What every TCP server of this room does alike: listen, say where, and close what came in."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from mtproto.errors import LocalProtocolError, OptionError

if TYPE_CHECKING:
    import ssl
    from types import TracebackType
    from typing import Self

__all__ = ["TCPServer", "accept_no_more"]

HANDSHAKE_TIME = 10.0
"""Seconds for the handshake of TLS."""


class TCPServer(ABC):
    """Listens on one port. Belongs to one event loop; `async with` starts and closes it.

    Args:
        host: the address to listen on.
        port: the port; 0 takes a free one.
        tls: what to speak TLS with, on all connections; None speaks plainly.

    Raises `OptionError` for a number that is no port.

    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        if not 0 <= port < 1 << 16:
            raise OptionError(f"a port to listen on is a number from 0 to 65535, not {port}", "port")
        self._host, self._port, self._tls = host, port, tls
        self._server: asyncio.Server | None = None

    @abstractmethod
    def _take_in(self, loop: asyncio.AbstractEventLoop) -> asyncio.BaseProtocol:
        """Return what serves the next connection."""

    @abstractmethod
    async def _send_away(self) -> None:
        """Close all connections, and wait until they are."""

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the address can't be had; the error names it.

        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: self._take_in(loop),
                self._host,
                self._port,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_TIME if self._tls is not None else None,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            place = f"{self._host!r}, port {self._port}"
            raise type(error)(error.errno, f"can't listen on {place}: {reason}") from error

    async def close(self) -> None:
        """Stop listening and close all connections, with what is still being answered. May be called twice."""
        server, self._server = self._server, None
        if server is not None:
            await accept_no_more(server)
            server.close()
            await self._send_away()
            if sys.version_info >= (3, 13) and hasattr(server, "abort_clients"):  # uvloop's servers have none
                server.abort_clients()  # who is in the midst of a handshake is known to the server alone
            await server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on.

        Raises:
            LocalProtocolError: it does not listen.

        """
        if self._server is None:
            raise LocalProtocolError("the server was not started")
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port


async def accept_no_more(server: asyncio.Server) -> None:
    """Let nobody more in, and begin with everybody who has been let in, which takes some turns of the loop.

    asyncio forgets a connection, and does not close it, if its server is closed between the two.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.remove_reader(listening.fileno())
    for _ in range(3):  # it gets its transport, then its protocol, which turns it away, then its end
        await asyncio.sleep(0)
