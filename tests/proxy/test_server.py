"""The proxy on a socket: our clients through it to a data centre, browsers through it to a web site."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest

from mtproto import blocking, connect
from mtproto.errors import ConnectionLost, LocalProtocolError, MTProtoError, RemoteProtocolError
from mtproto.net import Connection
from mtproto.proxy import ProxyServer
from mtproto.transport import MTProxy, Secret, SecretKind
from tests.net.streams import served, unused_address, visiting
from tests.net.support import IMPATIENT, run
from tests.proxy.support import DOMAIN, EVERY_SECRET, FAKE_TLS, PADDED, PLAIN, ProxyThread, client_of
from tests.transport.certificate import web_server
from tl import api

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from pathlib import Path

    from mtproto.localdc import LocalDCThread

every_secret = pytest.mark.parametrize("secret", EVERY_SECRET.values(), ids=EVERY_SECRET)

PHOTOS = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)
PAGE = b"HTTP/1.0 200 OK\r\n\r\nan ordinary page"


def login(dc: LocalDCThread) -> Any:
    return api.functions.auth.ImportBotAuthorization(
        flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
    )


def proxy_to(dc: LocalDCThread, **options: Any) -> ProxyServer:
    return ProxyServer([*EVERY_SECRET.values()], {dc.dc_id: dc.address}, **options)


def link_to(proxy: ProxyServer | ProxyThread, secret: Secret) -> str:
    return next(known.link for known in proxy.links() if known.secret == secret)


def access(dc: LocalDCThread, proxy: str | MTProxy) -> dict[str, Any]:
    """Return the arguments of `connect`. The address is nobody's: all goes through the proxy."""
    return {"address": unused_address(), "keys": dc.keys, "api_id": dc.api_id, "api_hash": dc.api_hash, "proxy": proxy}


async def web_site(reader: StreamReader, writer: StreamWriter) -> None:
    if (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET / "):
        writer.write(PAGE)


# Clients -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "transport"),
    [
        (secret, transport)
        for secret in EVERY_SECRET.values()
        for transport in (None, "abridged", "intermediate", "padded", "obfuscated-abridged")
        if secret.kind is SecretKind.PLAIN or transport in (None, "padded")
    ],
)
def test_the_headline_call_through_the_proxy(local_dc: LocalDCThread, secret: Secret, transport: str | None) -> None:
    async def main() -> Any:
        async with (
            proxy_to(local_dc) as proxy,
            connect(**access(local_dc, link_to(proxy, secret)), transport=transport) as client,
        ):
            await client(login(local_dc))
            return await client(PHOTOS)

    assert [photo.id for photo in run(main()).photos] == [photo.id for photo in local_dc.world.bot.photos]


@every_secret
def test_the_same_without_asyncio(local_dc: LocalDCThread, secret: Secret) -> None:
    with (
        ProxyThread([secret], {local_dc.dc_id: local_dc.address}) as proxy,
        blocking.connect(**access(local_dc, link_to(proxy, secret))) as client,
    ):
        client(login(local_dc))
        assert client(PHOTOS).photos


@every_secret
def test_much_travels_both_ways(local_dc: LocalDCThread, secret: Secret) -> None:
    @local_dc.handler(api.functions.contacts.ResolveUsername)
    def resolve(call: Any) -> Any:
        user = api.types.UserEmpty(id=len(call.request.username))
        return api.types.contacts.ResolvedPeer(peer=api.types.PeerUser(user_id=1), chats=[], users=[user] * 40_000)

    async def main() -> None:
        async with proxy_to(local_dc) as proxy:
            known = next(known for known in proxy.links() if known.secret == secret)  # a link, but not as text
            async with connect(**access(local_dc, known)) as client:
                await client(login(local_dc))
                name = "a" * 400_000
                answer = await client(api.functions.contacts.ResolveUsername(username=name))
                assert [user.id for user in answer.users] == [len(name)] * 40_000

    run(main())


def test_a_connection_that_was_lost_comes_back_through_the_proxy(local_dc: LocalDCThread) -> None:
    async def main() -> None:
        async with (
            proxy_to(local_dc) as proxy,
            connect(**access(local_dc, link_to(proxy, FAKE_TLS))) as client,
        ):
            await client(login(local_dc))
            for visitor in list(proxy._relay._visitors):
                visitor.abort()
            assert (await client(PHOTOS)).photos
            assert proxy.visitors == 1

    run(main())


@pytest.mark.parametrize("option", ["transport", "proxy"])
def test_what_no_proxy_carries_and_what_is_no_proxy_is_refused_before_anything_is_sent(option: str) -> None:
    wrong: dict[str, Any] = {
        "transport": {"transport": "full", "proxy": MTProxy(("proxy.example", 443), PLAIN)},
        "proxy": {"proxy": "gopher://proxy.example:70"},
    }
    for make in (connect, blocking.connect):
        with pytest.raises(LocalProtocolError):
            make(("127.0.0.1", 1), keys=[], api_id=1, **wrong[option])


# A client that is mistaken -------------------------------------------------------------------------------------------


def connection(dc: LocalDCThread, proxy: MTProxy) -> Connection:
    return Connection(dc.address, dc.keys, proxy=proxy, backoff=IMPATIENT)


async def reason_of(dc: LocalDCThread, proxy: MTProxy) -> MTProtoError:
    with pytest.raises(MTProtoError) as caught:
        await connection(dc, proxy).open()
    return caught.value


def test_a_proxy_that_is_not_there_is_named(local_dc: LocalDCThread) -> None:
    host, port = unused_address()
    reason = run(reason_of(local_dc, MTProxy((host, port), PADDED)))
    assert isinstance(reason, ConnectionLost)
    assert f"{host}:{port}" in str(reason)


@pytest.mark.parametrize("kind", SecretKind)
def test_with_a_wrong_secret_no_key_is_made(local_dc: LocalDCThread, kind: SecretKind) -> None:
    wrong = Secret(b"another key, too", kind, DOMAIN if kind is SecretKind.FAKE_TLS else "")

    async def main() -> MTProtoError:
        async with proxy_to(local_dc) as proxy:
            return await reason_of(local_dc, MTProxy(proxy.address, wrong))

    assert isinstance(run(main()), ConnectionLost)


def test_a_web_site_in_place_of_the_proxy_is_told_from_it(local_dc: LocalDCThread, tmp_path: Path) -> None:
    async def main() -> MTProtoError:
        async with served(web_site, ssl=web_server(tmp_path, DOMAIN)) as site:
            return await reason_of(local_dc, MTProxy(site, FAKE_TLS))

    reason = run(main())
    assert isinstance(reason, RemoteProtocolError)
    assert "does not know the secret" in str(reason)


def test_a_dc_that_is_not_there_ends_the_visit(local_dc: LocalDCThread) -> None:
    async def main() -> MTProtoError:
        async with ProxyServer([PADDED], {2: unused_address()}) as proxy:
            return await reason_of(local_dc, proxy.links()[0])

    assert isinstance(run(main()), ConnectionLost)


# Others --------------------------------------------------------------------------------------------------------------


def test_a_browser_sees_the_web_site(local_dc: LocalDCThread, tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            served(web_site, ssl=web_server(tmp_path, DOMAIN)) as site,
            proxy_to(local_dc, fallback=site) as proxy,
        ):
            trust = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
            async with visiting(proxy.address, ssl=trust, server_hostname=DOMAIN) as (reader, writer):
                writer.write(b"GET / HTTP/1.0\r\n\r\n")
                assert await reader.read() == PAGE

    run(main())


def test_a_recording_is_led_to_the_web_site_and_not_to_the_dc(local_dc: LocalDCThread) -> None:
    hello = client_of(FAKE_TLS, now=time.time()).opening()
    stale = client_of(FAKE_TLS, now=time.time() - 3600).opening()
    expected = [hello, stale]
    heard: list[bytes] = []

    async def site(reader: StreamReader, writer: StreamWriter) -> None:
        heard.append(await reader.readexactly(len(expected[len(heard)])))
        writer.write(b"some page")

    async def main() -> None:
        async with served(site) as place, proxy_to(local_dc, fallback=place) as proxy:
            async with visiting(proxy.address) as (reader, writer):
                writer.write(hello)
                assert await reader.readexactly(3) == b"\x16\x03\x03"
            assert heard == []
            for said in expected:
                async with visiting(proxy.address) as (reader, writer):
                    writer.write(said)
                    assert await reader.read() == b"some page"
            assert heard == expected

    run(main())


def test_without_a_fallback_recordings_and_strangers_hear_nothing(local_dc: LocalDCThread) -> None:
    hello = client_of(FAKE_TLS, now=time.time()).opening()

    async def main() -> None:
        async with proxy_to(local_dc) as proxy:
            async with visiting(proxy.address) as (reader, writer):
                writer.write(hello)
                assert await reader.readexactly(3) == b"\x16\x03\x03"
            for said in (hello, b"GET / HTTP/1.0\r\n\r\n"):
                async with visiting(proxy.address) as (reader, writer):
                    writer.write(said)
                    assert await reader.read() == b""

    run(main())


def test_links_name_the_address_that_clients_are_told(local_dc: LocalDCThread) -> None:
    async def main() -> None:
        async with proxy_to(local_dc) as proxy:
            host, port = proxy.address
            assert [known.address for known in proxy.links()] == [(host, port)] * 3
            assert [known.secret for known in proxy.links("proxy.example")] == [*EVERY_SECRET.values()]
            assert proxy.links("proxy.example")[0].address == ("proxy.example", port)

    run(main())
