"""What a DC forgets with age, and how many connections it takes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mtproto import blocking
from mtproto.localdc import LocalDCThread
from mtproto.localdc.keys import KeyFile, KeyRecord, read_keys
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.net import Clock
from mtproto.proxy import ProxyServer
from tests.localdc.stage import write_keys
from tests.localdc.test_push import log_in
from tests.net.support import SOON, ShiftedClock, run
from tl import api

if TYPE_CHECKING:
    from mtproto.crypto.rsa import RSAPrivateKey
    from mtproto.localdc import World

DAY = 86_400.0
GET_NEAREST = api.functions.help.GetNearestDc()


def in_loop(dc: LocalDCThread, what: Any) -> None:
    """Call a function in the loop's thread."""

    async def there() -> None:
        what()

    assert dc._thread is not None
    dc._thread.run(there())


def test_a_key_that_nobody_uses_leaves_the_file_and_the_login_with_it(
    tmp_path: Path, local_dc_key: RSAPrivateKey, packaged_world: World
) -> None:
    file, clock = tmp_path / "keys", ShiftedClock()
    options: Any = {"key": local_dc_key, "world": packaged_world, "state": file, "clock": clock, "key_age": DAY}
    with LocalDCThread(**options) as dc:
        with blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client:
            client(log_in(dc))
            clock.ahead += 3 * DAY
            in_loop(dc, dc._centre.listener.forget_old)  # it is connected
            assert len(read_keys(file)[1]) == 1
        in_loop(dc, dc._centre.listener.forget_old)
        assert len(read_keys(file)[1]) == 1
        clock.ahead += 2 * DAY
        in_loop(dc, dc._centre.listener.forget_old)
        assert read_keys(file)[1] == []
        assert dc.push(b"", timeout=0) == 0


@pytest.mark.parametrize(("age", "kept"), [(DAY / 2, 1), (2 * DAY, 0), (None, 1)])
def test_age_counts_over_restarts(
    age: float | None, kept: int, tmp_path: Path, local_dc_key: RSAPrivateKey, packaged_world: World
) -> None:
    file = tmp_path / "keys"
    record = KeyRecord(AuthKey(os.urandom(256)), used_at=None if age is None else Clock()() - age)
    write_keys(file, local_dc_key.to_pem(), [record])
    with LocalDCThread(state=file, world=packaged_world, key_age=DAY):
        pass
    records = read_keys(file)[1]
    assert len(records) == kept
    if age is not None and kept:
        assert records[0].used_at == record.used_at


def test_keys_that_are_forgotten_together_are_written_once(
    tmp_path: Path, local_dc_key: RSAPrivateKey, packaged_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "keys"
    written: list[int] = []
    write = KeyFile.keep

    def keep(self: KeyFile, pem: str, records: list[KeyRecord]) -> None:
        written.append(len(records))
        write(self, pem, records)

    monkeypatch.setattr(KeyFile, "keep", keep)
    used = Clock()() - 2 * DAY
    records = [KeyRecord(AuthKey(os.urandom(256)), used_at=used) for _ in range(20)]
    write_keys(file, local_dc_key.to_pem(), [*records, KeyRecord(AuthKey(os.urandom(256)))])
    with LocalDCThread(state=file, world=packaged_world, key_age=DAY) as dc:
        in_loop(dc, dc._centre.listener.forget_old)
        assert written == [1]
    assert len(read_keys(file)[1]) == 1


def test_a_file_of_an_earlier_version_is_read(
    tmp_path: Path, local_dc_key: RSAPrivateKey, packaged_world: World
) -> None:
    file, key = tmp_path / "keys", AuthKey(os.urandom(256))
    write_keys(file, local_dc_key.to_pem(), [KeyRecord(key, layer=api.layer, inited=True)])
    file.write_text(file.read_text().replace(', "used_at": null', ""))
    with (
        LocalDCThread(state=file, world=packaged_world) as dc,
        blocking.connect(dc.address, keys=dc.keys, api_id=1, state=KeyState(auth_key=key, dc_id=dc.dc_id)) as client,
    ):
        assert client(GET_NEAREST, idempotent=True).this_dc == dc.dc_id


def test_no_more_connections_than_allowed_are_taken_in(local_dc_key: RSAPrivateKey, packaged_world: World) -> None:
    with LocalDCThread(key=local_dc_key, world=packaged_world, max_connections=2) as dc:
        kept = [socket.create_connection(dc.address, SOON) for _ in range(2)]
        with socket.create_connection(dc.address, SOON) as third, contextlib.suppress(ConnectionError):
            assert third.recv(1) == b""
        assert dc._centre.listener.connections == 2
        for connection in kept:
            connection.close()


def test_a_proxy_takes_no_more_than_allowed_either() -> None:
    async def main() -> None:
        secret = "52a493bdfb90eea55739eabff2d92a14"
        async with ProxyServer([secret], {2: ("127.0.0.1", 1)}, max_connections=1) as proxy:
            _, first = await asyncio.open_connection(*proxy.address)
            reader, second = await asyncio.open_connection(*proxy.address)
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            assert proxy.visitors == 1
            for writer in (first, second):
                writer.close()

    run(main())
