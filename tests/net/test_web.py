"""HTTP and WebSocket carriers, over real sockets, under both shells."""

from __future__ import annotations

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest

from mtproto import blocking, connect
from mtproto.errors import ConnectionLost, LocalProtocolError
from mtproto.localdc import LocalDCThread
from mtproto.net import web_libraries
from mtproto.net.route_options import route_to
from mtproto.net.servers import tcp_port
from mtproto.session import Update
from tests.net.certificate import contexts
from tests.net.streams import visiting
from tests.net.support import (
    ANSWER,
    IMPATIENT,
    QUERY,
    SOON,
    ListenerThread,
    blocking_connection,
    body_of,
    connection,
    listener,
    run,
)
from tl import api

if TYPE_CHECKING:
    from mtproto.crypto.rsa import RSAPrivateKey
    from mtproto.net import ServerQuery

PHOTOS = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)
EACH = pytest.mark.parametrize("transport", ["http", "websocket", "websocket-tls"])


def server_options(transport: str) -> dict[str, Any]:
    return {"tls": contexts()[0]} if transport == "websocket-tls" else {}


def client_options(transport: str) -> dict[str, Any]:
    return {"transport": transport, "tls": contexts()[1] if transport == "websocket-tls" else None}


def local_dc(transport: str, key: RSAPrivateKey) -> AbstractContextManager[LocalDCThread]:
    return LocalDCThread(key=key, **server_options(transport))


def login(dc: LocalDCThread) -> Any:
    return api.functions.auth.ImportBotAuthorization(
        flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
    )


def picture(photo: Any) -> Any:
    size = next(size for size in photo.sizes if isinstance(size, api.types.PhotoSize))
    location = api.types.InputPhotoFileLocation(
        id=photo.id, access_hash=photo.access_hash, file_reference=photo.file_reference, thumb_size=size.type
    )
    return api.functions.upload.GetFile(location=location, offset=0, limit=1 << 20), size.size


@EACH
def test_the_main_job_with_asyncio(local_dc_key: RSAPrivateKey, transport: str) -> None:
    async def main(dc: LocalDCThread) -> None:
        async with connect(
            dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash, **client_options(transport)
        ) as client:
            await client(login(dc))
            answer = await client(PHOTOS)
            assert [photo.id for photo in answer.photos] == [photo.id for photo in dc.world.bot.photos]
            request, size = picture(answer.photos[0])
            assert len((await client(request)).bytes) == size

    with local_dc(transport, local_dc_key) as dc:
        run(main(dc))


@EACH
def test_the_main_job_without_asyncio(local_dc_key: RSAPrivateKey, transport: str) -> None:
    with (
        local_dc(transport, local_dc_key) as dc,
        blocking.connect(
            dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash, **client_options(transport)
        ) as client,
    ):
        client(login(dc))
        answer = client(PHOTOS)
        assert [photo.id for photo in answer.photos] == [photo.id for photo in dc.world.bot.photos]
        request, size = picture(answer.photos[0])
        assert len(client(request).bytes) == size


@EACH
def test_large_calls_and_many_at_once(transport: str) -> None:
    async def main() -> None:
        async with (
            listener(**server_options(transport)) as server,
            connection(server, **client_options(transport)) as client,
        ):
            large = QUERY + bytes(900_000)
            bodies = [large, *(QUERY + number.to_bytes(4, "little") for number in range(300)), large]
            outcomes = await asyncio.gather(*(client.call(body) for body in bodies))
            assert [body_of(outcome) for outcome in outcomes] == [ANSWER + body for body in bodies]

    run(main())


@EACH
def test_updates_arrive_although_nobody_asks(transport: str) -> None:
    async def main() -> None:
        async with (
            listener(**server_options(transport)) as server,
            connection(server, **client_options(transport)) as client,
        ):
            await client.call(QUERY)
            assert client.state is not None
            updates = client.incoming()
            for number in range(5):
                body = QUERY + bytes((number, 0, 0, 0))
                assert server.push(client.state.auth_key.id, body) == 1
                item = await anext(updates)
                assert isinstance(item, Update)
                assert item.body == body

    run(main())


@EACH
def test_an_answer_that_takes_its_time_arrives(transport: str) -> None:
    async def main() -> None:
        asked, go_on = asyncio.Event(), asyncio.Event()

        async def later(query: ServerQuery) -> bytes:
            asked.set()
            await go_on.wait()
            return ANSWER + query.body

        async with (
            listener(later, **server_options(transport)) as server,
            connection(server, **client_options(transport)) as client,
        ):
            slow = await client.start(QUERY)
            await asked.wait()
            others = [await client.start(QUERY + QUERY) for _ in range(3)]
            go_on.set()
            assert body_of(await slow) == ANSWER + QUERY
            for other in others:
                assert body_of(await other) == ANSWER + QUERY + QUERY

    run(main())


@EACH
def test_cuts_are_survived(transport: str) -> None:
    async def main() -> None:
        executed: list[bytes] = []

        def handle(query: ServerQuery) -> bytes:
            executed.append(query.body)
            return ANSWER + query.body

        async with (
            listener(handle, **server_options(transport)) as server,
            connection(server, backoff=IMPATIENT, **client_options(transport)) as client,
        ):
            for number in range(20):
                bodies = [QUERY + bytes((number, other, 0, 0)) for other in range(3)]
                calls = [await client.start(body) for body in bodies]
                if number % 2:
                    await asyncio.sleep(0)
                assert server.cut_connections()
                for call, body in zip(calls, bodies, strict=True):
                    assert body_of(await call) == ANSWER + body
        assert len(executed) == len(set(executed)) == 60

    run(main())


@EACH
def test_the_blocking_shell_has_updates_and_survives_cuts(transport: str) -> None:
    with (
        ListenerThread(**server_options(transport)) as server,
        blocking_connection(server, backoff=IMPATIENT, **client_options(transport)) as client,
        ThreadPoolExecutor(4) as threads,
    ):
        for number in range(5):
            bodies = [QUERY + bytes((number, other, 0, 0)) for other in range(20)]
            outcomes = list(threads.map(lambda body: client.call(body, timeout=SOON), bodies))
            assert [body_of(outcome) for outcome in outcomes] == [ANSWER + body for body in bodies]
            server.do(server.listener.cut_connections)
        assert client.state is not None
        key_id = client.state.auth_key.id
        server.do(lambda: server.listener.push(key_id, QUERY))
        item = next(client.incoming())
        assert isinstance(item, Update)
        assert item.body == QUERY


def test_a_certificate_that_is_not_trusted_ends_the_attempt() -> None:
    async def main() -> None:
        async with listener(tls=contexts()[0]) as server:
            client = connection(server, transport="websocket-tls")
            with pytest.raises(ConnectionLost) as caught:
                await client.open()
            assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)

    run(main())


def test_a_server_without_tls_ends_the_attempt() -> None:
    async def main() -> None:
        async with listener() as server:
            with pytest.raises(ConnectionLost):
                await connection(server, transport="websocket-tls", tls=contexts()[1]).open()

    run(main())


def test_a_visitor_who_never_shakes_hands_keeps_no_server_from_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_port, "HANDSHAKE_TIME", 0.05)

    async def main() -> None:
        server = listener(tls=contexts()[0])
        await server.start()
        async with visiting(server.address) as (reader, _), asyncio.timeout(SOON / 4):
            await server.close()
            assert await reader.read() == b""

    run(main())


@EACH
def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    monkeypatch.setattr(web_libraries, "LIBRARIES", ("h11", "a_library_that_nobody_has"))
    with pytest.raises(LocalProtocolError, match=r"mtproto-raw\[web\]"):
        route_to(("127.0.0.1", 1), transport, None)


def test_without_the_libraries_the_server_ends_what_begins_as_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_libraries, "LIBRARIES", ("a_library_that_nobody_has",))

    async def main() -> None:
        async with listener() as server, connection(server) as client:
            reader, writer = await asyncio.open_connection(*server.address)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert await reader.read() == b""
            writer.close()
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY

    run(main())


@EACH
def test_no_proxy_that_speaks_mtproto_speaks_them(transport: str) -> None:
    link = "tg://proxy?server=127.0.0.1&port=443&secret=" + "00" * 16
    with pytest.raises(LocalProtocolError, match="proxy"):
        route_to(("127.0.0.1", 1), transport, link)


def test_an_unknown_transport_is_named() -> None:
    with pytest.raises(LocalProtocolError, match="carrier pigeon"):
        route_to(("127.0.0.1", 1), "carrier pigeon", None)
