"""Framings: how MTProto payloads travel over a byte stream (core.telegram.org/mtproto/mtproto-transports).

One file for each framing, both ends side by side. Nothing here reads a clock or opens a socket.
"""

from __future__ import annotations

from mtproto.transport.abridged import Abridged
from mtproto.transport.address import Address, authority, parse_address
from mtproto.transport.banner import BANNER_SIZE, foreign_peer
from mtproto.transport.choose import TRANSPORTS, check_transport, client_transport, no_transport
from mtproto.transport.detect import Detected, begins_http, detect
from mtproto.transport.events import Event, Payload, QuickAck
from mtproto.transport.faketls import FakeTLS, clock_hint
from mtproto.transport.framing import ClientTransport, Framing, Role, ServerTransport
from mtproto.transport.full import Full
from mtproto.transport.intermediate import Intermediate
from mtproto.transport.links import ProxyFields, read_link
from mtproto.transport.obfuscated import Obfuscated, obfuscate
from mtproto.transport.packets import Packets
from mtproto.transport.padded import PaddedIntermediate
from mtproto.transport.secret import MTProxy, Secret, SecretKind

__all__ = [
    "BANNER_SIZE",
    "TRANSPORTS",
    "Abridged",
    "Address",
    "ClientTransport",
    "Detected",
    "Event",
    "FakeTLS",
    "Framing",
    "Full",
    "Intermediate",
    "MTProxy",
    "Obfuscated",
    "Packets",
    "PaddedIntermediate",
    "Payload",
    "ProxyFields",
    "QuickAck",
    "Role",
    "Secret",
    "SecretKind",
    "ServerTransport",
    "authority",
    "begins_http",
    "check_transport",
    "client_transport",
    "clock_hint",
    "detect",
    "foreign_peer",
    "no_transport",
    "obfuscate",
    "parse_address",
    "read_link",
]
