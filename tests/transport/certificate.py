"""An ordinary web server's side of TLS."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from mtproto.localdc import self_signed

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["web_server"]


def web_server(folder: Path, domain: str) -> ssl.SSLContext:
    """Return the context of a server with a new certificate, which it leaves in `certificate.pem`."""
    context, pem = self_signed(domain)
    (folder / "certificate.pem").write_text(pem)
    return context
