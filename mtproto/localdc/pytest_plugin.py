"""The pytest fixture `local_dc`. The module loads nothing of this library before a test asks for the fixture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtproto.crypto import RSAPrivateKey
    from mtproto.localdc.thread import LocalDCThread


@pytest.fixture(scope="session")
def local_dc_key() -> RSAPrivateKey:
    """One RSA key for all data centres of a test run: making one takes longer than most tests."""
    from mtproto.crypto import RSAPrivateKey

    return RSAPrivateKey.generate()


@pytest.fixture
def local_dc(local_dc_key: RSAPrivateKey) -> Iterator[LocalDCThread]:
    """A data centre on loopback, in a thread of its own, for one test.

    Sync tests, tests under any asyncio plugin, blocking clients and other processes can use it.
    """
    from mtproto.localdc.thread import LocalDCThread

    with LocalDCThread(key=local_dc_key) as dc:
        yield dc
