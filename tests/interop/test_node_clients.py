"""mtcute and GramJS, unmodified but for address and RSA key, do the main job against the local DC in their layers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.interop.conftest import LAYERS, RunClient
from tests.interop.test_clients import photos_of, sha256_of

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("codec", [(), ("PaddedIntermediatePacketCodec", "obfuscated")], ids=["default", "obfuscated"])
def test_mtcute(run_client: RunClient, ready: dict[str, Any], codec: tuple[str, ...]) -> None:
    seen = run_client("@mtcute/node", "mtcute_client.js", "plenty", *codec)
    photos = photos_of(ready, "plenty")
    assert seen["me"] == "localdc_bot"
    assert (seen["answer"], seen["returned"], seen["count"]) == ("photos.photosSlice", 100, 250)
    assert seen["listed"] == [str(photo["id"]) for photo in photos]
    assert seen["photo"] == str(photos[0]["id"])
    assert seen["sha256"] == sha256_of(photos[0], "c")
    assert seen["sha256_by_peer"] == sha256_of(photos[0], "c")


@pytest.mark.parametrize("connection", ["ConnectionTCPFull", "ConnectionTCPAbridged", "ConnectionTCPObfuscated"])
def test_gramjs(run_client: RunClient, ready: dict[str, Any], connection: str) -> None:
    seen = run_client("telegram", "gramjs_client.cjs", "plenty", connection)
    photos = photos_of(ready, "plenty")
    assert seen["layer"] == LAYERS["telegram"]
    assert seen["me"] == "localdc_bot"
    assert (seen["answer"], seen["returned"], seen["count"]) == ("photos.PhotosSlice", 100, 250)
    assert seen["photo"] == str(photos[0]["id"])
    assert seen["sha256"] == sha256_of(photos[0], "c")
    assert seen["sha256_by_peer"] == sha256_of(photos[0], "a")
