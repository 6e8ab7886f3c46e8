"""Framings: how MTProto payloads travel over a byte stream (core.telegram.org/mtproto/mtproto-transports).

One file for each framing, both ends side by side; `framings` lists them all. Nothing here reads a clock or opens a
socket.
"""

from __future__ import annotations

from mtproto.transport.abridged import Abridged
from mtproto.transport.address import Address, authority, parse_address, read_host, read_port
from mtproto.transport.banner import BANNER_SIZE, foreign_peer
from mtproto.transport.choose import check_transport, client_transport, no_transport
from mtproto.transport.detect import Detected, begins_http, detect
from mtproto.transport.events import Event, Payload, QuickAck
from mtproto.transport.faketls import FakeTLS, clock_hint
from mtproto.transport.framing import ClientTransport, Framing, ServerTransport
from mtproto.transport.framings import STREAMS, TAGGED, TRANSPORTS
from mtproto.transport.full import Full
from mtproto.transport.intermediate import Intermediate
from mtproto.transport.layout import Layout, Role
from mtproto.transport.links import ProxyFields, read_link
from mtproto.transport.obfuscated import (
    OBFUSCATED_HEADER,
    Header,
    Obfuscated,
    make_header,
    may_be_header,
    obfuscate,
    read_header,
)
from mtproto.transport.packets import Packets
from mtproto.transport.padded import PaddedIntermediate
from mtproto.transport.secret import MTProxy, Secret, SecretKind
from mtproto.transport.tls_greeting import HELLO_START, ClientHello, answer_hello, hello_time, read_hello
from mtproto.transport.tls_records import LONGEST_PLAINTEXT, RecordReader, cut_records

__all__ = [
    "BANNER_SIZE",
    "HELLO_START",
    "LONGEST_PLAINTEXT",
    "OBFUSCATED_HEADER",
    "STREAMS",
    "TAGGED",
    "TRANSPORTS",
    "Abridged",
    "Address",
    "ClientHello",
    "ClientTransport",
    "Detected",
    "Event",
    "FakeTLS",
    "Framing",
    "Full",
    "Header",
    "Intermediate",
    "Layout",
    "MTProxy",
    "Obfuscated",
    "Packets",
    "PaddedIntermediate",
    "Payload",
    "ProxyFields",
    "QuickAck",
    "RecordReader",
    "Role",
    "Secret",
    "SecretKind",
    "ServerTransport",
    "answer_hello",
    "authority",
    "begins_http",
    "check_transport",
    "client_transport",
    "clock_hint",
    "cut_records",
    "detect",
    "foreign_peer",
    "hello_time",
    "make_header",
    "may_be_header",
    "no_transport",
    "obfuscate",
    "parse_address",
    "read_header",
    "read_hello",
    "read_host",
    "read_link",
    "read_port",
]
