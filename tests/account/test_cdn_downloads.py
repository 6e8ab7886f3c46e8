"""Downloads that a data centre sends to a CDN, in both faces: nothing that the CDN gives is taken unchecked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtproto.crypto import RSAPrivateKey
from mtproto.flows import HashMismatch
from mtproto.localdc import LocalNetworkThread
from tests.account.faces import FACES, KeptInMemory, account_at, play
from tests.account.files import MIB
from tl import api

CDN = 203
SIZE = 2 * MIB + 5

both = pytest.mark.parametrize("face", FACES)


class Site:
    """A network with a CDN, and a login that is kept."""

    def __init__(self, network: LocalNetworkThread) -> None:
        self.network = network
        self.store = KeptInMemory()

    def fetch(self, face: str, to: Path, prepare: Callable[[Site], Any] = lambda site: None) -> tuple[bool, list[str]]:
        """Download a document of the CDN; return whether the bytes are right, and what was told."""
        told: list[str] = []

        async def scene() -> bytes:
            async with account_at(face, self.store, self.network) as account:
                await account.login(bot_token=self.network.bot_token)
                self.network.files_asked.clear()
                prepare(self)
                path = await account.download(self.network.document_object(document), to, tell=told.append)
                return bytes(path.read_bytes())

        document = self.network.add_document(size=SIZE, on_cdn=True)
        right = play(scene) == document.read(0, SIZE)
        return right, [str(notice) for notice in told]

    @property
    def methods(self) -> set[str]:
        """Return by which methods parts came."""
        return {part.method for part in self.network.files_asked.parts if part.size}


@pytest.fixture(scope="module")
def site(local_dc_key: RSAPrivateKey) -> Iterator[Site]:
    with LocalNetworkThread(dcs=(1, 2), cdn_dcs=(CDN,), key=local_dc_key) as network:
        yield Site(network)


@both
def test_a_file_comes_from_the_cdn_and_every_byte_is_checked(face: str, site: Site, tmp_path: Path) -> None:
    assert site.fetch(face, tmp_path / "film") == (True, [])
    assert "upload.getCdnFile" in site.methods


TROUBLES: dict[str, Callable[[Site], Any]] = {
    "wrong bytes": lambda site: site.network.cdn_dcs[CDN].faults.wrong_cdn_bytes(),
    "lost": lambda site: site.network.cdn_dcs[CDN].faults.cdn_file_lost(),
    "token invalid": lambda site: site.network.cdn_dcs[CDN].faults.file_token_invalid(),
}


@both
@pytest.mark.parametrize("trouble", TROUBLES)
def test_where_the_cdn_fails_the_bytes_are_right_all_the_same(
    face: str, trouble: str, site: Site, tmp_path: Path
) -> None:
    right, _ = site.fetch(face, tmp_path / "film", TROUBLES[trouble])
    assert right


@both
def test_bytes_that_do_not_have_their_hash_are_never_given_out(face: str, site: Site, tmp_path: Path) -> None:
    def prepare(site: Site) -> None:
        for dc in site.network.dcs.values():
            dc.faults.wrong_cdn_hash()

    with pytest.raises(HashMismatch):
        site.fetch(face, tmp_path / "film", prepare)
    assert not (tmp_path / "film").exists()


@both
def test_a_cdn_with_another_key_than_the_server_says_gets_no_call(
    face: str, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = site.network.keys
    for name in ("cdn_lanes", "cdn_lanes_threads"):
        monkeypatch.setattr(f"mtproto.account.{name}.cdn_keys", lambda _: {CDN: keys})
    right, told = site.fetch(face, tmp_path / "film")
    assert right
    assert site.methods == {"upload.getFile"}
    assert told


@both
def test_a_cdn_of_which_the_server_tells_nothing_is_done_without(
    face: str, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cdn_lanes", "cdn_lanes_threads"):
        monkeypatch.setattr(f"mtproto.account.{name}.cdn_keys", lambda _: {})
    right, told = site.fetch(face, tmp_path / "film")
    assert (right, site.methods) == (True, {"upload.getFile"})
    assert any(f"CDN {CDN}" in notice for notice in told)


@both
def test_connections_to_a_cdn_are_closed_when_idle_and_with_the_account(face: str, site: Site) -> None:
    async def scene() -> None:
        async with account_at(face, site.store, site.network) as account:
            await account.login(bot_token=site.network.bot_token)
            document = site.network.add_document(size=10, on_cdn=True)
            await account.download(site.network.document_object(document))
            cdns = getattr(account, "account", account)._transfers._cdns
            for calls in (1, 0):  # one call is under way, then none
                cdns._calls, cdns._used_at = calls, 0.0
                ended = cdns.close_idle()
                if ended is not None:
                    await ended
                assert bool(cdns._clients) == bool(calls)
            await account.download(site.network.document_object(document))
        assert not cdns._clients

    play(scene)
    assert api.functions.upload.GetCdnFile.NAME in {part.method for part in site.network.files_asked.parts}
