"""What the machine's loopback can do."""

from __future__ import annotations

import socket

import pytest

__all__ = ["NEEDS_IPV6"]


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


NEEDS_IPV6 = pytest.mark.skipif(not _has_ipv6(), reason="nothing can listen on ::1 here")
"""Of a test that listens on the loopback address of IPv6."""
