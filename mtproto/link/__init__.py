"""Links: framing, key exchange and session joined into one sans-I/O machine for each role."""

from __future__ import annotations

from mtproto.link.backoff import BackoffPolicy
from mtproto.link.client import ClientLink
from mtproto.link.events import (
    Broken,
    ExchangeStep,
    Failed,
    Hangup,
    InSession,
    KeyBound,
    KeyCreated,
    KeyDropped,
    KeyForgotten,
    KeyMade,
    KeyUse,
    LinkAdded,
    LinkEvent,
    LinkRemoved,
    ServerLinkEvent,
    ServerQuery,
    Status,
    StatusChanged,
)
from mtproto.link.faults import IncomingPacket, LinkFaults, OutgoingPacket
from mtproto.link.key_giver import ServerWork
from mtproto.link.key_maker import Work
from mtproto.link.options import LinkKeywords, LinkOptions, ServerLinkKeywords, ServerLinkOptions
from mtproto.link.pfs import EXPIRES_IN, PfsLink
from mtproto.link.server import ServerLink
from mtproto.link.server_state import KEY_AGE, SESSION_AGE, ServerKey, ServerState, SessionSlot

__all__ = [
    "EXPIRES_IN",
    "KEY_AGE",
    "SESSION_AGE",
    "BackoffPolicy",
    "Broken",
    "ClientLink",
    "ExchangeStep",
    "Failed",
    "Hangup",
    "InSession",
    "IncomingPacket",
    "KeyBound",
    "KeyCreated",
    "KeyDropped",
    "KeyForgotten",
    "KeyMade",
    "KeyUse",
    "LinkAdded",
    "LinkEvent",
    "LinkFaults",
    "LinkKeywords",
    "LinkOptions",
    "LinkRemoved",
    "OutgoingPacket",
    "PfsLink",
    "ServerKey",
    "ServerLink",
    "ServerLinkEvent",
    "ServerLinkKeywords",
    "ServerLinkOptions",
    "ServerQuery",
    "ServerState",
    "ServerWork",
    "SessionSlot",
    "Status",
    "StatusChanged",
    "Work",
]
