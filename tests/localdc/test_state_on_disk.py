"""A DC whose state file can't be written: it goes on, says so, and writes everything as soon as it can."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mtproto.errors import LocalProtocolError
from mtproto.localdc import LocalDC, LocalDCThread
from mtproto.localdc.keys import read_keys
from mtproto.net import BlockingConnection
from mtproto.store import StoreError
from tests.localdc.stage import rsa_key
from tests.net.support import SOON, run
from tests.store.disk import Disk
from tl import api

if TYPE_CHECKING:
    from mtproto.message.key_state import KeyState

FULL = os.strerror(errno.ENOSPC)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Disk:
    """Return what can fill up under the folder of the state file."""
    return Disk(monkeypatch, tmp_path)


def new_key(dc: LocalDCThread) -> KeyState:
    """Have a client make a key, and be answered."""
    with BlockingConnection(dc.address, dc.keys, dc_id=dc.dc_id) as connection:
        connection.call(api.functions.help.GetNearestDc().to_bytes(), timeout=SOON)
        assert connection.state is not None
        return connection.state


def kept(path: Path) -> set[int]:
    return {record.auth_key.id for record in read_keys(path)[1]}


def test_a_key_is_on_disk_before_its_client_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with LocalDCThread(state=path, key=rsa_key()) as dc:
        for _ in range(2):
            assert new_key(dc).auth_key.id in kept(path)


def test_a_full_disk_stops_no_exchange_and_is_told_once(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "state"
    with caplog.at_level(logging.WARNING, "mtproto"), LocalDCThread(state=path, key=rsa_key()) as dc:
        keys = {new_key(dc).auth_key.id}
        disk.fill()
        keys |= {new_key(dc).auth_key.id for _ in range(2)}
        assert len(kept(path)) == 1
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        assert f"{path}: can't be written: {FULL}" in caplog.text
        disk.free()
        keys.add(new_key(dc).auth_key.id)
        assert kept(path) == keys
        assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
        assert "saved again" in caplog.text


def test_what_could_not_be_written_is_written_at_the_end(tmp_path: Path, disk: Disk) -> None:
    path = tmp_path / "state"
    with LocalDCThread(state=path, key=rsa_key()) as dc:
        disk.fill()
        made = new_key(dc).auth_key.id
        disk.free()
    assert kept(path) == {made}


def test_who_closes_a_dc_is_told_what_is_lost_and_the_file_is_free(tmp_path: Path, disk: Disk) -> None:
    path = tmp_path / "state"
    dc = LocalDCThread(state=path, key=rsa_key())
    dc.start()
    disk.fill()
    new_key(dc)
    with pytest.raises(StoreError, match=f"{path}: can't be written: {FULL}"):
        dc.close()
    dc.close()
    disk.free()
    with LocalDCThread(state=path, key=rsa_key()):  # nothing is locked any more
        assert kept(path) == set()


def test_a_dc_that_can_keep_nothing_does_not_begin(tmp_path: Path, disk: Disk) -> None:
    disk.fill()
    with pytest.raises(StoreError, match=f"can't be locked: {FULL}"):
        LocalDCThread(state=tmp_path / "state", key=rsa_key())


def test_a_port_that_is_taken_leaves_the_file_free(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with LocalDCThread(key=rsa_key()) as other:
        dc = LocalDCThread(state=path, key=rsa_key(), port=other.address[1])
        with pytest.raises(OSError, match="address already in use"):
            dc.start()
        with LocalDCThread(state=path, key=rsa_key()):
            pass


def test_a_dc_that_was_closed_starts_again_with_its_keys(tmp_path: Path) -> None:
    dc = LocalDCThread(state=tmp_path / "state", key=rsa_key())
    with dc:
        first = new_key(dc).auth_key.id
    with dc:
        second = new_key(dc).auth_key.id
    assert kept(tmp_path / "state") == {first, second}


def test_a_clock_that_no_server_has_leaves_the_file_free(tmp_path: Path) -> None:
    path = tmp_path / "state"
    dc = LocalDCThread(state=path, key=rsa_key(), clock=lambda: 2.0**32)
    with pytest.raises(LocalProtocolError):
        dc.start()
    with LocalDCThread(state=path, key=rsa_key()):
        pass


def test_a_dc_may_be_closed_twice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "state"
    with LocalDCThread(state=path, key=rsa_key()) as dc:
        made = new_key(dc).auth_key.id

    async def main() -> None:
        async with LocalDC(state=path, key=rsa_key()) as again:
            pass
        await again.close()

    run(main())
    assert kept(path) == {made}
    assert caplog.records == []
