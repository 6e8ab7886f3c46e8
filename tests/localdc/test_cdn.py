"""A CDN DC: clients that can are sent there, it knows no accounts, and what it sends is proven by hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from mtproto import blocking
from mtproto.crypto import CTR
from mtproto.crypto.rsa import RSAPrivateKey, RSAPublicKey
from mtproto.errors import RpcError
from mtproto.localdc import LocalNetworkThread
from mtproto.localdc.files import HASHED, CdnFiles, LocalDocument
from mtproto.localdc.world.model import World
from tl import api

t: Any = api.types
f: Any = api.functions

MIB = 1 << 20
SIZE = 2 * MIB + 777
CDN = 203


class Site:
    """A network with a CDN DC, a bot at its master DC, and a client of the CDN DC that is logged in nowhere."""

    def __init__(self, network: LocalNetworkThread, master: Any, cdn: Any) -> None:
        self.network = network
        self.master = master
        self.cdn = cdn
        self.document: LocalDocument = network.add_document(size=SIZE, on_cdn=True)

    @property
    def faults(self) -> Any:
        return self.network.cdn_dcs[CDN].faults

    def ask(self, offset: int = 0, **fields: Any) -> Any:
        shown: Any = self.network.document_object(self.document)
        location = t.InputDocumentFileLocation(
            id=shown.id, access_hash=shown.access_hash, file_reference=shown.file_reference, thumb_size=""
        )
        return self.master(
            f.upload.GetFile(location=location, offset=offset, limit=MIB, **{"cdn_supported": True, **fields})
        )

    def part(self, redirect: Any, offset: int = 0, limit: int = MIB) -> Any:
        return self.cdn(f.upload.GetCdnFile(file_token=redirect.file_token, offset=offset, limit=limit))

    def hashes(self, redirect: Any, offset: int = 0) -> Any:
        return self.master(f.upload.GetCdnFileHashes(file_token=redirect.file_token, offset=offset))


def decrypted(redirect: Any, data: bytes, offset: int = 0) -> bytes:
    """Decrypt a part as a client does."""
    iv = redirect.encryption_iv[:12] + (offset // 16).to_bytes(4, "big")
    plain: bytes = CTR(redirect.encryption_key, iv).update(data)
    return plain


@pytest.fixture(scope="module")
def site(local_dc_key: RSAPrivateKey, packaged_world: World) -> Iterator[Site]:
    with LocalNetworkThread(dcs=(2, 4), cdn_dcs=(CDN,), key=local_dc_key, world=packaged_world) as network:
        dc = network.dcs[2]
        with blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id, dc_id=2) as master:
            master(
                f.auth.ImportBotAuthorization(
                    flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
                )
            )
            [told] = master(f.help.GetCdnConfig()).public_keys
            assert told.dc_id == CDN
            key = RSAPublicKey.from_pem(told.public_key)
            [option] = [each for each in master(f.help.GetConfig()).dc_options if each.cdn]
            address = option.ip_address, option.port
            with blocking.connect(address, keys=[key], api_id=dc.api_id, dc_id=CDN) as cdn:
                yield Site(network, master, cdn)


def test_a_cdn_dc_has_a_key_of_its_own_and_is_none_of_the_dcs(site: Site) -> None:
    cdn = site.network.cdn_dcs[CDN]
    assert cdn.keys[0].fingerprint != site.network.keys[0].fingerprint
    assert list(site.network.dcs) == list(site.network.addresses) == [2, 4]
    assert [each["dc_id"] for each in site.network.client_info()["dcs"]] == [2, 4]
    options = site.master(f.help.GetConfig()).dc_options
    assert {each.id: each.cdn for each in options} == {2: False, 4: False, CDN: True}


def test_a_file_comes_encrypted_from_the_cdn_dc_and_its_hashes_from_the_master(site: Site) -> None:
    redirect = site.ask()
    assert (redirect.NAME, redirect.dc_id) == ("upload.fileCdnRedirect", CDN)
    encrypted = {offset: site.part(redirect, offset).bytes for offset in range(0, SIZE, MIB)}
    plain = b"".join(decrypted(redirect, data, offset) for offset, data in encrypted.items())
    assert hashlib.sha256(plain).digest() == site.document.sha256()
    assert encrypted[0] != plain[:MIB]
    assert site.ask(MIB).file_hashes == site.hashes(redirect, MIB)
    told = [*redirect.file_hashes, *site.hashes(redirect, MIB), *site.hashes(redirect, 2 * MIB + 1)]
    assert [each.offset for each in told] == list(range(0, SIZE, HASHED))
    for each in told:
        assert each.hash == hashlib.sha256(plain[each.offset : each.offset + each.limit]).digest()
    asked = [each for each in site.network.files_asked.parts if each.file_id == site.document.id]
    assert {(each.method, each.dc_id) for each in asked} == {("upload.getCdnFile", CDN)}


def test_who_can_not_or_may_not_is_served_by_the_master(site: Site) -> None:
    assert site.ask(cdn_supported=False).bytes == site.document.read(0, MIB)
    plain = site.network.add_document(size=10)
    shown: Any = site.network.document_object(plain)
    location = t.InputDocumentFileLocation(
        id=shown.id, access_hash=shown.access_hash, file_reference=shown.file_reference, thumb_size=""
    )
    answer = site.master(f.upload.GetFile(location=location, offset=0, limit=MIB, cdn_supported=True))
    assert answer.bytes == plain.read(0, 10)


@pytest.mark.parametrize(
    "request_",
    [
        f.help.GetConfig(),
        f.help.GetCdnConfig(),
        f.users.GetUsers(id=[]),
        f.auth.ExportLoginToken(api_id=1, api_hash="", except_ids=[]),
        f.upload.GetCdnFileHashes(file_token=b"", offset=0),
    ],
    ids=lambda request_: request_.NAME,
)
def test_a_cdn_dc_answers_nothing_else(site: Site, request_: Any) -> None:
    with pytest.raises(RpcError, match="CDN_METHOD_INVALID"):
        site.cdn(request_)


def test_a_master_is_no_cdn_dc(site: Site) -> None:
    with pytest.raises(RpcError, match="INPUT_METHOD_INVALID"):
        site.master(f.upload.GetCdnFile(file_token=site.ask().file_token, offset=0, limit=MIB))


@pytest.mark.parametrize("token", [b"", b"short", bytes(24)])
def test_a_token_that_nobody_gave_out_is_refused(site: Site, token: bytes) -> None:
    for client, request in (
        (site.cdn, f.upload.GetCdnFile(file_token=token, offset=0, limit=MIB)),
        (site.master, f.upload.GetCdnFileHashes(file_token=token, offset=0)),
        (site.master, f.upload.ReuploadCdnFile(file_token=token, request_token=b"")),
    ):
        with pytest.raises(RpcError, match="FILE_TOKEN_INVALID"):
            client(request)


def test_a_token_of_another_network_or_for_another_file_is_none(site: Site) -> None:
    mine, other = CdnFiles(lambda size: bytes(size)), CdnFiles(lambda size: b"x" * size)
    assert mine.read_token(mine.token(-5)) == -5
    assert mine.read_token(other.token(-5)) is None
    assert mine.read_token(mine.token(6)[:8] + mine.token(-5)[8:]) is None
    assert not mine.is_request_token(mine.token(-5), -5)


def test_only_the_master_tells_hashes(site: Site) -> None:
    away = site.network.add_document(size=10, on_cdn=True, dc_id=4)
    token = site.network.dcs[4].network_state.cdn_files.token(away.id)
    with pytest.raises(RpcError, match="FILE_TOKEN_INVALID"):
        site.master(f.upload.GetCdnFileHashes(file_token=token, offset=0))
    with pytest.raises(RpcError, match="OFFSET_INVALID"):
        site.hashes(site.ask(), -1)


def test_parts_of_a_cdn_file_keep_the_rules(site: Site) -> None:
    redirect = site.ask()
    for offset, limit, name in ((0, 1000, "LIMIT"), (1, 4096, "OFFSET"), (MIB - 4096, 8192, "LIMIT")):
        with pytest.raises(RpcError, match=f"{name}_INVALID"):
            site.part(redirect, offset, limit)


# Faults


def test_a_lost_file_is_uploaded_again(site: Site) -> None:
    redirect = site.ask()
    site.faults.cdn_file_lost()
    needed = [site.part(redirect) for _ in range(2)]
    assert {each.NAME for each in needed} == {"upload.cdnFileReuploadNeeded"}
    with pytest.raises(RpcError, match="REQUEST_TOKEN_INVALID"):
        site.master(f.upload.ReuploadCdnFile(file_token=redirect.file_token, request_token=b"no"))
    again = f.upload.ReuploadCdnFile(file_token=redirect.file_token, request_token=needed[0].request_token)
    site.network.dcs[2].faults.request_token_invalid()
    with pytest.raises(RpcError, match="REQUEST_TOKEN_INVALID"):
        site.master(again)
    assert [each.offset for each in site.master(again)] == [number * HASHED for number in range(8)]
    assert decrypted(redirect, site.part(redirect).bytes) == site.document.read(0, MIB)


def test_bytes_of_the_cdn_dc_are_wrong_once(site: Site) -> None:
    redirect = site.ask()
    site.faults.wrong_cdn_bytes()
    wrong, right = (decrypted(redirect, site.part(redirect).bytes) for _ in range(2))
    assert sum(a != b for a, b in zip(wrong, right, strict=True)) == 1
    assert right == site.document.read(0, MIB)


def test_a_hash_of_a_cdn_file_is_wrong_once(site: Site) -> None:
    redirect = site.ask()
    for told_by_redirect in (True, False):
        site.network.dcs[2].faults.wrong_cdn_hash()
        told = [site.ask().file_hashes if told_by_redirect else site.hashes(redirect) for _ in range(2)]
        assert told[1] == redirect.file_hashes
        assert [a == b for a, b in zip(*told, strict=True)] == [False] + [True] * 7


def test_a_file_token_is_refused_once(site: Site) -> None:
    redirect = site.ask()
    site.faults.file_token_invalid()
    with pytest.raises(RpcError, match="FILE_TOKEN_INVALID"):
        site.part(redirect)
    assert decrypted(redirect, site.part(redirect, MIB).bytes, MIB) == site.document.read(MIB, MIB)
    assert site.faults.applied["file_token_invalid"] == 1
