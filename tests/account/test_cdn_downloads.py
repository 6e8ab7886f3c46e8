"""Downloads from other data centres and CDNs, in both faces: nothing that a CDN gives is taken unchecked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtproto.crypto import RSAPrivateKey
from mtproto.flows import HashMismatch, remote_file
from mtproto.localdc import LocalNetworkThread
from tests.account.faces import FACES, KeptInMemory, account_at, play
from tests.account.files import KIB, MIB

CDN = 203
SIZE = 2 * MIB + 5

both = pytest.mark.parametrize("face", FACES)


class Site:
    """A network of two data centres and a CDN, and a login that is kept."""

    def __init__(self, network: LocalNetworkThread) -> None:
        self.network = network
        self.store = KeptInMemory()

    def play(self, face: str, scene: Callable[[Any], Awaitable[None]]) -> None:
        """Play a scene with an account in which the bot is logged in."""

        async def whole() -> None:
            async with account_at(face, self.store, self.network) as account:
                await account.login(bot_token=self.network.bot_token)
                self.network.files_asked.clear()
                await scene(account)

        play(whole)

    async def fetch(self, account: Any, to: Path, **options: Any) -> tuple[bool, list[str]]:
        """Download a document of the CDN; return whether the bytes are right, and what was told."""
        told: list[Any] = []
        document = self.network.add_document(size=SIZE, on_cdn=True, dc_id=account.home_dc)
        path = await account.download(self.network.document_object(document), to, tell=told.append, **options)
        return path.read_bytes() == document.read(0, SIZE), [str(notice) for notice in told]

    @property
    def methods(self) -> set[str]:
        """Return by which methods parts came."""
        return {part.method for part in self.network.files_asked.parts if part.size}


@pytest.fixture(scope="module")
def site(local_dc_key: RSAPrivateKey) -> Iterator[Site]:
    with LocalNetworkThread(dcs=(1, 2), cdn_dcs=(CDN,), key=local_dc_key) as network:
        yield Site(network)


@both
def test_a_file_of_another_data_centre_comes_from_there(face: str, site: Site, tmp_path: Path) -> None:
    async def scene(account: Any) -> None:
        elsewhere = next(dc for dc in site.network.addresses if dc != account.home_dc)
        document = site.network.add_document(size=SIZE, dc_id=elsewhere)
        shown: Any = site.network.document_object(document)
        assert shown.dc_id == elsewhere
        assert await account.download(shown) == document.read(0, SIZE)
        location = remote_file(shown).location
        assert await account.download(location) == document.read(0, SIZE)  # the server says where it is
        path = await account.download(location, tmp_path / "film", dc=elsewhere)
        assert path.read_bytes() == document.read(0, SIZE)
        assert {part.dc_id for part in site.network.files_asked.parts} == {elsewhere}

    site.play(face, scene)


@both
def test_a_file_comes_from_the_cdn_and_where_the_cdn_fails_the_bytes_are_right_all_the_same(
    face: str, site: Site, tmp_path: Path
) -> None:
    async def scene(account: Any) -> None:
        assert await site.fetch(account, tmp_path / "film") == (True, [])
        assert "upload.getCdnFile" in site.methods
        faults = site.network.cdn_dcs[CDN].faults
        for trouble in (faults.wrong_cdn_bytes, faults.cdn_file_lost, faults.file_token_invalid):
            trouble()
            right, _ = await site.fetch(account, tmp_path / "film")
            assert right, trouble

    site.play(face, scene)


@both
def test_a_lost_file_whose_request_token_is_refused_comes_from_the_server(
    face: str, site: Site, tmp_path: Path
) -> None:
    async def scene(account: Any) -> None:
        faults = site.network.dcs[account.home_dc].faults
        before = faults.applied["request_token_invalid"]
        site.network.cdn_dcs[CDN].faults.cdn_file_lost()
        faults.request_token_invalid()
        right, told = await site.fetch(account, tmp_path / "film")
        assert (right, site.methods) == (True, {"upload.getFile"})
        assert any("REQUEST_TOKEN_INVALID" in notice for notice in told)
        assert faults.applied["request_token_invalid"] == before + 1

    site.play(face, scene)


@both
def test_bytes_that_do_not_have_their_hash_are_never_given_out(face: str, site: Site, tmp_path: Path) -> None:
    async def scene(account: Any) -> None:
        site.network.dcs[account.home_dc].faults.wrong_cdn_hash()
        with pytest.raises(HashMismatch):
            await site.fetch(account, tmp_path / "film", window=512 * KIB)
        assert not (tmp_path / "film").exists()

    site.play(face, scene)


@both
@pytest.mark.parametrize("told_key", ["none", "another"])
def test_a_cdn_without_the_key_that_the_server_tells_is_done_without(
    face: str, told_key: str, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {CDN: site.network.keys} if told_key == "another" else {}
    for name in ("cdn_lanes", "cdn_lanes_threads"):
        monkeypatch.setattr(f"mtproto.account.{name}.cdn_keys", lambda _: keys)

    async def scene(account: Any) -> None:
        right, told = await site.fetch(account, tmp_path / "film")
        assert (right, site.methods) == (True, {"upload.getFile"})
        assert told
        assert told_key == "another" or any(f"CDN {CDN}" in notice for notice in told)

    site.play(face, scene)


@both
def test_connections_to_a_cdn_are_closed_when_idle_and_with_the_account(face: str, site: Site) -> None:
    ended: list[Any] = []

    async def scene(account: Any) -> None:
        document = site.network.add_document(size=10, on_cdn=True)
        await account.download(site.network.document_object(document))
        cdns = getattr(account, "account", account)._transfers._cdns
        for calls in (1, 0):  # one call is under way, then none
            cdns._calls, cdns._used_at = calls, 0.0
            closing = cdns.close_idle()
            if closing is not None:
                await closing
            assert bool(cdns._clients) == bool(calls)
        await account.download(site.network.document_object(document))
        ended.append(cdns)

    site.play(face, scene)
    assert not ended[0]._clients
