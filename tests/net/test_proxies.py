"""SOCKS5, SOCKS4 and HTTP CONNECT: connections through tiny proxies of the test, under both shells."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from mtproto.errors import ConnectionLost, LocalProtocolError
from mtproto.net import BlockingConnection
from mtproto.net.carriers import socks
from mtproto.net.carriers.socks import SocketProxy
from mtproto.net.route_options import parse_proxy, route_to
from mtproto.net.servers.tcp_port import accept_no_more
from mtproto.net.shells.thread_loop import PROXY_TIME
from mtproto.transport import MTProxy, Secret
from tests.net.certificate import contexts
from tests.net.support import ANSWER, QUERY, SOON, body_of, connection, introduced, listener, rsa_key, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Greeting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[tuple[str, int]]]

LOGIN = "%40lice:s%3Acret@"
EACH = pytest.mark.parametrize("scheme", ["socks5", "socks4", "http"])


class TinyProxy:
    """A proxy that says yes to whoever greets it rightly. `visits` are the places that it led to, `sources` the
    addresses from which it went there.
    """

    def __init__(self, scheme: str, *, login: bool = False, refuses: bool = False) -> None:
        self.greet: Greeting = {"socks5": self.socks5, "socks4": self.socks4, "http": self.http}[scheme]
        self.scheme = scheme
        self.login = login
        self.refuses = refuses
        self.visits: list[tuple[str, int]] = []
        self.sources: list[tuple[str, int]] = []
        self.tasks: set[asyncio.Task[None]] = set()

    async def socks5(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
        version, count = await reader.readexactly(2)
        assert version == 5
        offered = await reader.readexactly(count)
        assert (2 if self.login else 0) in offered
        writer.write(b"\x05\x02" if self.login else b"\x05\x00")
        if self.login:
            assert await reader.readexactly(14) == b"\x01\x05@lice\x06s:cret"
            writer.write(b"\x01\x00")
        head = await reader.readexactly(4)
        assert head[:3] == b"\x05\x01\x00"
        if head[3] == 1:
            host = str(ipaddress.ip_address(await reader.readexactly(4)))
        else:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        port = int.from_bytes(await reader.readexactly(2), "big")
        writer.write(b"\x05" + (b"\x05" if self.refuses else b"\x00") + b"\x00\x01" + bytes(6))
        return host, port

    async def socks4(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
        head = await reader.readexactly(8)
        assert head[:2] == b"\x04\x01"
        await reader.readuntil(b"\0")
        writer.write(b"\0" + (b"\x5b" if self.refuses else b"\x5a") + bytes(6))
        return str(ipaddress.ip_address(head[4:8])), int.from_bytes(head[2:4], "big")

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, place, _ = head.split("\r\n")[0].split(" ")
        assert method == "CONNECT"
        token = base64.b64encode(b"@lice:s:cret").decode()
        assert not self.login or f"Proxy-Authorization: Basic {token}" in head
        writer.write(b"HTTP/1.1 403 No\r\n\r\n" if self.refuses else b"HTTP/1.1 200 OK\r\n\r\n")
        host, _, port = place.rpartition(":")
        return host, int(port)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = await self.greet(reader, writer)
        if self.refuses:
            writer.close()
            return
        self.visits.append(place)
        upstream = await asyncio.open_connection(*place)
        self.sources.append(upstream[1].get_extra_info("sockname"))
        try:
            await asyncio.gather(carry(reader, upstream[1]), carry(upstream[0], writer))
        finally:
            upstream[1].transport.abort()
            writer.transport.abort()

    async def __aenter__(self) -> TinyProxy:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await accept_no_more(self.server)
        self.server.close()
        await self.server.wait_closed()

    @property
    def url(self) -> str:
        host, port = self.server.sockets[0].getsockname()
        return f"{self.scheme}://{LOGIN if self.login else ''}{host}:{port}"


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
    except ConnectionError:
        pass
    writer.close()


@EACH
@pytest.mark.parametrize("transport", ["intermediate", "http", "websocket-tls"])
def test_calls_go_through_with_asyncio(scheme: str, transport: str) -> None:
    async def main() -> None:
        options: dict[str, Any] = {"tls": contexts()[0]} if transport == "websocket-tls" else {}
        async with TinyProxy(scheme) as proxy, listener(**options) as server:
            trusted = {"transport": transport, "tls": contexts()[1] if transport == "websocket-tls" else None}
            async with connection(server, proxy=proxy.url, **trusted) as client:
                assert body_of(await client.call(QUERY)) == ANSWER + QUERY
            assert set(proxy.visits) == {server.address}
            await settled()

    run(main())


@EACH
def test_calls_go_through_without_asyncio(scheme: str) -> None:
    async def main() -> None:
        async with TinyProxy(scheme) as proxy, listener() as server:
            state = introduced(server)

            def call() -> bytes:
                keys = [rsa_key().public]
                with BlockingConnection(server.address, keys, state=state, proxy=proxy.url) as client:
                    return body_of(client.call(QUERY, timeout=SOON))

            assert await asyncio.to_thread(call) == ANSWER + QUERY
            assert proxy.visits == [server.address]
            await settled()

    run(main())


@pytest.mark.parametrize("scheme", ["socks5", "http"])
def test_a_login_is_given(scheme: str) -> None:
    async def main() -> None:
        async with (
            TinyProxy(scheme, login=True) as proxy,
            listener() as server,
            connection(server, proxy=proxy.url) as client,
        ):
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY
        await settled()

    run(main())


@EACH
def test_a_proxy_that_refuses_makes_the_server_unreachable(scheme: str) -> None:
    async def main() -> None:
        async with TinyProxy(scheme, refuses=True) as proxy, listener() as server:
            with pytest.raises(ConnectionLost, match="proxy"):
                await connection(server, proxy=proxy.url).open()
            state = introduced(server)
            client = BlockingConnection(server.address, [rsa_key().public], state=state, proxy=proxy.url)
            with pytest.raises(ConnectionLost, match="proxy"):
                await asyncio.to_thread(client.open)
            await settled()

    run(main())


async def settled() -> None:
    """Let the proxies' tasks end, so that none is left when the loop is."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        if not [task for task in others if "TinyProxy" in repr(task)]:
            return
        await asyncio.sleep(0)


def test_a_thread_waits_for_a_proxy_for_a_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed: list[float] = []

    def wait(_proxy: object, _address: object, seconds: float) -> NoReturn:
        allowed.append(seconds)
        raise TimeoutError("the proxy says nothing")

    monkeypatch.setattr("mtproto.net.shells.thread_loop.connect_through", wait)
    client = BlockingConnection(("192.0.2.1", 443), [rsa_key().public], proxy="socks5://127.0.0.1:1")
    with pytest.raises(ConnectionLost, match="says nothing"):
        client.open()
    assert set(allowed) == {PROXY_TIME}


def test_how_a_proxy_is_written() -> None:
    assert parse_proxy("socks5://127.0.0.1:1080") == SocketProxy("socks5", ("127.0.0.1", 1080))
    assert parse_proxy("SOCKS4://[::1]:1080") == SocketProxy("socks4", ("::1", 1080))
    proxy = parse_proxy(f"http://{LOGIN}proxy.example:3128/")
    assert proxy == SocketProxy("http", ("proxy.example", 3128), "@lice", "s:cret")
    assert "cret" not in repr(proxy)


LOGGED_IN = SocketProxy("socks5", ("proxy.example", 1080), "al&ice", "s+cret")
OPEN = SocketProxy("socks5", ("::1", 1080))


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("tg://socks?server=proxy.example&port=1080&user=al%26ice&pass=s%2Bcret", LOGGED_IN),
        ("https://t.me/socks?server=proxy.example&amp;port=1080&amp;user=al%26ice&amp;pass=s%2Bcret", LOGGED_IN),
        ("t.me/socks?server=proxy.example&port=1080&user=al%26ice&pass=s+cret\n", LOGGED_IN),
        ("TG://SOCKS?server=[::1]&port=1080", OPEN),
        ("http://telegram.dog/socks?server=::1&port=1080&user=&pass=", OPEN),
        (" socks5h://[::1]:1080\n", OPEN),
        ("SOCKS5H://al%26ice:s+cret@proxy.example:1080", LOGGED_IN),
        ("socks://[::1]:1080", OPEN),
    ],
)
def test_the_ways_in_which_people_paste_a_socks_proxy(text: str, proxy: SocketProxy) -> None:
    assert parse_proxy(text) == proxy


@pytest.mark.parametrize(
    "text",
    [
        "t.me/proxy?server=192.0.2.1&port=443&secret={}",
        " tg://proxy?server=192.0.2.1&amp;port=443&amp;secret={}\n",
        "TG://PROXY?server=192.0.2.1&port=443&secret={}",
        "http://telegram.me/proxy?server=192.0.2.1&port=443&secret={}",
    ],
)
def test_the_ways_in_which_people_paste_an_mtproxy(text: str) -> None:
    proxy = parse_proxy(text.format("ab" * 16))
    assert proxy == MTProxy(("192.0.2.1", 443), Secret(b"\xab" * 16))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("tg://socks?server=a&user=hidden&pass=hidden", "port"),
        ("tg://socks?port=1080&user=hidden&pass=hidden", "server"),
        ("tg://socks?server=a:1080&port=1080&user=hidden&pass=hidden", "server"),
        (f"tg://socks?server=a&port=1080&user=u&pass={'hidden' * 50}", "255 bytes"),
        ("tg://resolve?domain=hidden", "tg://socks?"),
        ("hidden", "tg://socks?"),
    ],
)
def test_a_wrong_link_names_what_is_wrong_and_no_credential(text: str, named: str) -> None:
    with pytest.raises(LocalProtocolError, match=named.replace("?", r"\?")) as caught:
        parse_proxy(text)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "socks5://",
        "socks5://hidden",
        "socks5://hidden:port",
        "socks5://hidden:99999",
        "socks5://[hidden:1",
        "socks5://hidden:1/path",
        "socks5://hidden:1?query",
        "socks6://hidden:1",
        "ftp://hidden:1",
        "http://hidden",
        "hidden:1080",
    ],
)
def test_what_is_no_proxy_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        parse_proxy(text)
    assert "hidden" not in str(caught.value)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socks, "LIBRARY", "a_library_that_nobody_has")
    with pytest.raises(LocalProtocolError, match=r"mtproto-raw\[proxy\]"):
        route_to(("127.0.0.1", 1), "intermediate", "socks5://127.0.0.1:1080")
