"""The first bytes of peers that do not speak MTProto: a wrong port is a common mistake, and these bytes name the
protocol.

Each row begins with at least five bytes with which no honest connection begins. Under obfuscation the first bytes are
random, so less than one connection in 2^30 is mistaken; without obfuscation no packet begins with these bytes.
"""

from __future__ import annotations

import re

from mtproto.errors import RemoteProtocolError

__all__ = ["BANNER_SIZE", "foreign_peer"]

BANNER_SIZE = 64
"""Bytes from the beginning of a connection that are looked at."""

_PROTOCOLS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("HTTP", re.compile(rb"HTTP/[0-9]|<!DOCTYPE|<html", re.IGNORECASE)),
    ("HTTP/2", re.compile(rb"\0\0[\0-\xff]\x04\0\0\0\0\0")),  # a SETTINGS frame: RFC 9113, section 3.4
    ("SSH", re.compile(rb"SSH-[12]\.")),
    ("TLS", re.compile(rb"\x15\x03[\0-\x04]\0\x02[\x01\x02]")),  # an alert: RFC 8446, section 6
    ("TLS", re.compile(rb"\x16\x03[\0-\x04][\0-\xff]{2}\x02\0")),  # a ServerHello
    ("SMTP or FTP", re.compile(rb"(?:220|421|554)[ -][\x20-\x7e]")),
    ("IMAP", re.compile(rb"\* (?:OK|BYE|PREAUTH) ", re.IGNORECASE)),
    ("POP3 or Redis", re.compile(rb"(?:\+OK|-ERR) [\x20-\x7e]")),
    ("VNC", re.compile(rb"RFB [0-9]{3}")),
)
"""The name of each protocol, and how its servers begin."""

_LINE = re.compile(rb"[\x20-\x7e]+")
_SHOWN = 60


def foreign_peer(head: bytes, *, tls: bool = False) -> RemoteProtocolError | None:
    """Return an error that names the protocol of a peer; None if its first bytes are those of no known protocol.

    Args:
        head: the first bytes of a connection; at most `BANNER_SIZE` of them are looked at.
        tls: whether the peer is to speak TLS, so that a ServerHello is right.

    """
    head = head[:BANNER_SIZE]
    name = next((name for name, begins in _PROTOCOLS if begins.match(head) and not (tls and name == "TLS")), None)
    if name is None:
        return None
    line = _LINE.match(head)
    said = repr(line[0][:_SHOWN].decode("ascii")) if line is not None and len(line[0]) > 1 else head[:8].hex(" ")
    return RemoteProtocolError("transport", f"the peer speaks {name}, not this; its first bytes are {said}")
