"""A proxy's link between a client's transport and a data centre's, all in memory; and a whole proxy in a thread."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any

from mtproto.proxy import ProxyLink, ProxyServer, ProxyState
from mtproto.transport import Secret, SecretKind, client_transport, detect
from tests.net.support import SOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.transport import ClientTransport, Event, MTProxy, ServerTransport

NOW = 1_800_000_000.0
KEY = b"a key of sixteen"
DOMAIN = "www.example.org"
PLAIN = Secret(KEY)
PADDED = Secret(KEY[::-1], SecretKind.PADDED)
FAKE_TLS = Secret(KEY[::-2] * 2, SecretKind.FAKE_TLS, DOMAIN)
EVERY_SECRET = {"plain": PLAIN, "dd": PADDED, "ee": FAKE_TLS}

DC = ("192.0.2.2", 443)
FALLBACK = ("192.0.2.9", 8443)


def state(*secrets: Secret, fallback: tuple[str, int] | None = None) -> ProxyState:
    return ProxyState(secrets or tuple(EVERY_SECRET.values()), {2: DC, -4: ("192.0.2.4", 80)}, fallback=fallback)


def link_of(shared: ProxyState | None = None, now: float = NOW) -> ProxyLink:
    return ProxyLink(shared or state(), os.urandom, now)


def client_of(secret: Secret, name: str = "padded", *, dc_id: int = 2, now: float = NOW) -> ClientTransport:
    return client_transport(name, os.urandom, dc_id=dc_id, secret=secret, now=now)


def say(link: ProxyLink, data: bytes, size: int, now: float = NOW) -> None:
    """Let a link receive data in pieces of that size."""
    for start in range(0, len(data), size):
        link.received(data[start : start + size], now)


class Passage:
    """A client, a link of the proxy, and, once the client has said who it is, the data centre's end.

    Args:
        secret: of the client.
        name: the framing that it wants.
        shared: the proxy's; None for one that knows every secret.
        size: how many bytes travel at once.

    """

    def __init__(
        self, secret: Secret, name: str = "padded", shared: ProxyState | None = None, size: int = 1 << 20
    ) -> None:
        self.client = client_of(secret, name)
        self.link = link_of(shared)
        self.size = size
        self.server: ServerTransport | None = None
        self._send(self.client.opening())
        self._answer()

    def up(self, payload: bytes) -> list[Event]:
        """Send a payload to the data centre, and return what comes out there."""
        self._send(self.client.pack(payload))
        data = self.link.data_for_upstream()
        if self.server is None:
            found = detect(data, os.urandom)
            assert found is not None
            assert found.transport is not None
            assert found.dc_id == self.link.dc_id
            self.server, data = found.transport, found.rest
        return self._pieces(self.server.receive, data)

    def down(self, payload: bytes) -> list[Event]:
        """Send a payload to the client, and return what comes out there."""
        assert self.server is not None
        wire = self.server.pack(payload)
        for start in range(0, len(wire), self.size):
            self.link.upstream_received(wire[start : start + self.size], NOW)
        return self._answer()

    def _send(self, data: bytes) -> None:
        say(self.link, data, self.size)

    def _answer(self) -> list[Event]:
        return self._pieces(self.client.receive, self.link.data_for_visitor())

    def _pieces(self, receive: Callable[[bytes], list[Event]], data: bytes) -> list[Event]:
        parts = range(0, len(data), self.size)
        return [event for start in parts for event in receive(data[start : start + self.size])]


class ProxyThread:
    """A proxy in a thread with a loop of its own, for clients without asyncio and for other processes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._server = ProxyServer(*arguments, **options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def links(self) -> list[MTProxy]:
        return self._server.links()

    def __enter__(self) -> ProxyThread:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._server.start(), self._loop).result(SOON)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result(SOON)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SOON)
        self._loop.close()
