"""Telethon and Kurigram do the main job against the local DC through our proxy, with each kind of secret they know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.test_clients import check_kurigram, check_telethon, photos_of
from tests.net.streams import unused_address
from tests.proxy.support import EVERY_SECRET, ProxyThread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtproto.localdc import LocalDCThread
    from mtproto.transport import MTProxy
    from tests.interop.conftest import RunClient

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def proxies(dc: LocalDCThread) -> Iterator[dict[str, MTProxy]]:
    """What clients are told of the proxy, by the kind of the secret."""
    with ProxyThread([*EVERY_SECRET.values()], {dc.dc_id: dc.address}) as proxy:
        yield dict(zip(EVERY_SECRET, proxy.links(), strict=True))


@pytest.mark.parametrize(
    ("connection", "kind"),
    [
        ("ConnectionTcpMTProxyAbridged", "plain"),
        ("ConnectionTcpMTProxyIntermediate", "plain"),
        ("ConnectionTcpMTProxyRandomizedIntermediate", "plain"),
        ("ConnectionTcpMTProxyRandomizedIntermediate", "dd"),
    ],
)
def test_telethon_through_the_proxy(
    run_client: RunClient, ready: dict[str, Any], proxies: dict[str, MTProxy], connection: str, kind: str
) -> None:
    (host, port), secret = proxies[kind].address, proxies[kind].secret.to_bytes().hex()
    # The DC's own address is nobody's: all goes through the proxy.
    arguments = ("plenty", connection, host, str(port), secret)
    seen = run_client("telethon", "telethon_client.py", *arguments, port=unused_address()[1])
    check_telethon(seen, photos_of(ready, "plenty"))


@pytest.mark.parametrize("kind", EVERY_SECRET)
def test_kurigram_through_the_proxy(
    run_client: RunClient, ready: dict[str, Any], proxies: dict[str, MTProxy], kind: str
) -> None:
    arguments = ("plenty", "TCPAbridged", proxies[kind].link)
    seen = run_client("pyrogram", "kurigram_client.py", *arguments, port=unused_address()[1])
    check_kurigram(seen, photos_of(ready, "plenty"))
