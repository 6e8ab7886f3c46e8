"""Two data centres for a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mtproto.crypto import RSAPrivateKey
from mtproto.localdc import LocalDCThread
from tests.account.dcs import TwoDCs, two_dcs
from tests.account.files import FilesDC


@pytest.fixture
def network(local_dc_key: RSAPrivateKey) -> Iterator[TwoDCs]:
    """Two data centres over one login."""
    with two_dcs(local_dc_key) as network:
        yield network


@pytest.fixture(scope="module")
def lasting_files_dc(local_dc_key: RSAPrivateKey) -> Iterator[FilesDC]:
    """A data centre for all tests of a module, and a bot that stays logged in."""
    with LocalDCThread(key=local_dc_key) as dc:
        yield FilesDC(dc)


@pytest.fixture
def files(lasting_files_dc: FilesDC) -> FilesDC:
    """The same, with nothing left of other tests but its documents."""
    lasting_files_dc.begin()
    return lasting_files_dc
