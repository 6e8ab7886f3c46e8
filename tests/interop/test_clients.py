"""Telethon and Kurigram, unmodified but for address and RSA key, do the main job against the local DC."""

from __future__ import annotations

from typing import Any

import pytest

from tests.interop.conftest import RunClient

pytestmark = pytest.mark.interop


def photos_of(ready: dict[str, Any], username: str) -> list[dict[str, Any]]:
    photos: list[dict[str, Any]] = next(u["photos"] for u in ready["users"] if u["username"] == username)
    return photos


def sha256_of(photo: dict[str, Any], type_: str) -> str:
    digest: str = next(size["sha256"] for size in photo["sizes"] if size["type"] == type_)
    return digest


@pytest.mark.parametrize(
    "connection",
    ["ConnectionTcpFull", "ConnectionTcpIntermediate", "ConnectionTcpAbridged", "ConnectionTcpObfuscated"],
)
def test_telethon(run_client: RunClient, ready: dict[str, Any], connection: str) -> None:
    check_telethon(run_client("telethon", "telethon_client.py", "plenty", connection), photos_of(ready, "plenty"))


def check_telethon(seen: dict[str, Any], photos: list[dict[str, Any]]) -> None:
    assert seen["me"] == "localdc_bot"
    assert (seen["answer"], seen["returned"], seen["count"]) == ("PhotosSlice", 100, 250)
    assert seen["listed"] == [int(photo["id"]) for photo in photos]
    assert seen["photo"] == int(photos[0]["id"])
    assert seen["sha256"] == sha256_of(photos[0], "c")
    assert seen["sha256_by_peer"] == sha256_of(photos[0], "c")


@pytest.mark.parametrize(
    "protocol",
    ["TCPAbridged", "TCPAbridgedO", "TCPIntermediate", "TCPIntermediateO", "TCPIntermediatePadded", "TCPFull"],
)
def test_kurigram(run_client: RunClient, ready: dict[str, Any], protocol: str) -> None:
    check_kurigram(run_client("pyrogram", "kurigram_client.py", "plenty", protocol), photos_of(ready, "plenty"))


def check_kurigram(seen: dict[str, Any], photos: list[dict[str, Any]]) -> None:
    assert seen["me"] == "localdc_bot"
    assert (seen["answer"], seen["returned"], seen["count"]) == ("PhotosSlice", 100, 250)
    assert seen["listed"] == len(photos)
    assert seen["photo"] == int(photos[0]["id"])
    assert seen["sha256"] == sha256_of(photos[0], "b")  # it takes the largest size that is not progressive
    assert seen["sha256_small"] == sha256_of(photos[0], "a")
    assert seen["sha256_by_peer"] == sha256_of(photos[0], "c")
