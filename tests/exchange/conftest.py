"""RSA keys for this room's tests, made once."""

from __future__ import annotations

import pytest

from mtproto.crypto.rsa import RSAPrivateKey


@pytest.fixture(scope="session")
def key() -> RSAPrivateKey:
    """Return the server's key."""
    return RSAPrivateKey.generate()


@pytest.fixture(scope="session")
def other_key() -> RSAPrivateKey:
    """Return a second key, which the peer may or may not know."""
    return RSAPrivateKey.generate()
