"""A data centre on the loopback address of IPv6: key exchanges and calls, as anywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtproto.client import blocking, connect
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.localdc import LocalDC, LocalDCThread
from mtproto.proxy import ProxyServer
from tests.loopback import NEEDS_IPV6
from tests.net.certificate import contexts
from tests.net.support import run
from tl import api

if TYPE_CHECKING:
    from mtproto.client import Client

pytestmark = NEEDS_IPV6

HOST = "::1"


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return RSAPrivateKey.generate()


async def check(client: Client) -> None:
    """Make a call that names the address, after the exchange."""
    config = await client(api.functions.help.GetConfig())
    [option] = config.dc_options
    assert (option.ip_address, option.ipv6) == (HOST, True)


@pytest.mark.parametrize("transport", ["intermediate", "obfuscated-padded", "websocket", "websocket-tls", "http"])
def test_a_client_for_asyncio(key: RSAPrivateKey, transport: str) -> None:
    server, trusted = contexts()

    async def main() -> None:
        with_tls = transport == "websocket-tls"
        async with LocalDC(HOST, key=key, tls=server if with_tls else None) as dc:
            assert dc.address[0] == HOST
            tls = trusted if with_tls else None
            async with connect(dc.address, keys=dc.keys, api_id=dc.api_id, transport=transport, tls=tls) as client:
                await check(client)

    run(main())


def test_a_client_without_asyncio(key: RSAPrivateKey) -> None:
    with (
        LocalDCThread(HOST, key=key) as dc,
        blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client,
    ):
        assert client(api.functions.help.GetConfig()).dc_options[0].ip_address == HOST


@pytest.mark.parametrize("secret", ["52" * 16, "dd" + "52" * 16, "ee" + "52" * 16 + b"www.example.org".hex()])
def test_a_proxy_that_leads_to_it(key: RSAPrivateKey, secret: str) -> None:
    async def main() -> None:
        async with LocalDC(HOST, key=key) as dc, ProxyServer([secret], {dc.dc_id: dc.address}, host=HOST) as proxy:
            link = proxy.links()[0].link
            async with connect(("192.0.2.1", 1), keys=dc.keys, api_id=dc.api_id, proxy=link) as client:
                await check(client)

    run(main())
