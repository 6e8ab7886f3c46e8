"""A certificate for loopback that nobody but these tests trusts."""

from __future__ import annotations

import ssl
from functools import cache

from mtproto.localdc import self_signed


@cache
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server speaks TLS with, and what a client trusts it with."""
    server, pem = self_signed("127.0.0.1", "::1")
    return server, ssl.create_default_context(cadata=pem)
