"""Two data centres for a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mtproto.crypto import RSAPrivateKey
from tests.account.dcs import TwoDCs, two_dcs


@pytest.fixture
def network(local_dc_key: RSAPrivateKey) -> Iterator[TwoDCs]:
    """Two data centres over one login."""
    with two_dcs(local_dc_key) as network:
        yield network
