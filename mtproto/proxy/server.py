"""`ProxyServer`: a proxy on a socket of its own, for asyncio programs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.net import MAX_VISITORS, Clock, Relay
from mtproto.proxy.link import IDLE_TIME, ProxyLink
from mtproto.proxy.state import ProxyState
from mtproto.transport import MTProxy, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["ProxyServer"]


class ProxyServer:
    """A proxy that speaks MTProto: `async with ProxyServer(…) as proxy: …`. Belongs to one event loop.

    Args:
        secrets: those of its clients, at least one, as `Secret` or as text.
        dcs: host and port of each data centre by its id.
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        fallback: host and port that strangers are passed on to, a web server best; None to close their connections.
        clock: gives Unix seconds; None takes the clock of `mtproto.net`.
        random: a cryptographically secure source of bytes.
        max_connections: how many visitors there may be at a time; more are closed as they come.
        idle_time: seconds without a byte in either direction after which a visitor's connection is closed; None for no
            limit. The default is 300: clients ping every minute or so, and places are limited.

    Raises `LocalProtocolError` for what is no secret, and without a secret or a data centre.

    """

    @named_options()
    def __init__(
        self,
        secrets: Sequence[Secret | str],
        dcs: Mapping[int, tuple[str, int]],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        fallback: tuple[str, int] | None = None,
        clock: Callable[[], float] | None = None,
        random: Callable[[int], bytes] = os.urandom,
        max_connections: int = MAX_VISITORS,
        idle_time: float | None = IDLE_TIME,
    ) -> None:
        self._secrets = [Secret.parse(secret) if isinstance(secret, str) else secret for secret in secrets]
        state = ProxyState(self._secrets, dcs, fallback=fallback)
        self._relay = Relay(
            lambda now: ProxyLink(state, random, now, idle_time=idle_time),
            Clock() if clock is None else clock,
            host=host,
            port=port,
            max_visitors=max_connections,
        )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on, once it does."""
        return self._relay.address

    @property
    def visitors(self) -> int:
        """How many connections of clients and others there are."""
        return self._relay.visitors

    def links(self, public_host: str | None = None) -> list[MTProxy]:
        """Return what clients need, one for each secret; `public_host` takes the place of the address listened on."""
        host, port = self.address
        return [MTProxy((public_host or host, port), secret) for secret in self._secrets]

    async def start(self) -> None:
        """Listen. Raises `OSError` when the port can't be had."""
        await self._relay.start()

    async def close(self) -> None:
        """Close all connections and stop listening. May be called twice."""
        await self._relay.close()

    async def __aenter__(self) -> ProxyServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
