"""Which transport a client speaks, told by its first bytes (core.telegram.org/mtproto/mtproto-transports).

    ef                          abridged
    eeeeeeee, dddddddd          intermediate, padded intermediate
    "POST", "GET ", …           HTTP, or a WebSocket that begins as HTTP
    16 03 01                    TLS, or what pretends to be it
    bytes 4 to 8 zero           full: its first packet has the sequence number 0
    anything else               obfuscated: 64 bytes, and the tag inside them

At most 64 bytes are needed; the bytes behind the tag are given back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mtproto.errors import RemoteProtocolError
from mtproto.limits import SERVER_LIMITS, Limits
from mtproto.transport.framing import Framing, ServerTransport
from mtproto.transport.framings import FRAMINGS, OBFUSCATED, TAGGED
from mtproto.transport.layout import Role
from mtproto.transport.obfuscated import OBFUSCATED_HEADER, Obfuscated, read_header

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Detected", "begins_http", "detect"]

_HTTP_METHODS = (b"POST", b"GET ", b"HEAD", b"OPTI")
_TLS = b"\x16\x03\x01"


class Detected(NamedTuple):
    """The transport that was detected.

    Attributes:
        name: "abridged", "intermediate", "padded", "full", "obfuscated-…", or "http" or "tls".
        transport: the server's end of the transport; None for "http" and "tls", which are carriers, not framings.
        rest: the bytes behind the tag, which are to be received next.
        dc_id: the DC that an obfuscated client named; None for other clients.

    """

    name: str
    transport: ServerTransport | None
    rest: bytes
    dc_id: int | None = None


def detect(
    head: bytes,
    random: Callable[[int], bytes],
    *,
    secrets: Sequence[bytes] = (),
    limits: Limits = SERVER_LIMITS,
) -> Detected | None:
    """Name the transport of a connection by all bytes that have come so far.

    Args:
        head: all bytes that came, from the first one.
        random: source of random bytes, for the framing's padding.
        secrets: of 16 bytes each; when given, an obfuscated client must have used one of them.
        limits: handed to the framing.

    Returns:
        None while the bytes don't suffice; never with 64 bytes or more.

    Raises:
        RemoteProtocolError: no known transport begins like this.

    """
    if head[:3] == _TLS:
        return Detected("tls", None, head)
    if head[:4] in _HTTP_METHODS:
        return Detected("http", None, head)
    for layout in FRAMINGS:
        tag = layout.begins(head)
        if tag is not None:
            return Detected(layout.name, Framing(layout, Role.SERVER, random, limits=limits), head[tag:])
    if len(head) < OBFUSCATED_HEADER:
        return None
    return _detect_obfuscated(head, random, secrets or (None,), limits)


def begins_http(head: bytes) -> bool | None:
    """Tell whether a connection begins as HTTP, as a WebSocket does too; None while the bytes don't suffice."""
    if len(head) >= 4:
        return head[:4] in _HTTP_METHODS
    return None if any(method.startswith(head) for method in _HTTP_METHODS) else False


def _detect_obfuscated(
    head: bytes, random: Callable[[int], bytes], secrets: Sequence[bytes | None], limits: Limits
) -> Detected:
    for secret in secrets:
        tag, dc_id, decrypt, encrypt = read_header(head[:OBFUSCATED_HEADER], secret)
        if tag in TAGGED:
            framing = Framing(TAGGED[tag], Role.SERVER, random, limits=limits)
            transport = Obfuscated(framing, encrypt, decrypt)
            return Detected(OBFUSCATED + framing.name, transport, head[OBFUSCATED_HEADER:], dc_id)
    raise RemoteProtocolError("transport", "the first 64 bytes belong to no known transport")
