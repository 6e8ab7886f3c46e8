"""Links: framing, key exchange and session joined into one sans-I/O machine for each role."""

from __future__ import annotations

from mtproto.link.backoff import BackoffPolicy
from mtproto.link.binding import BindRequest
from mtproto.link.client import ClientLink
from mtproto.link.events import (
    BoundKey,
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
    LinkStatus,
    PumpedLink,
    ServerLinkEvent,
    ServerQuery,
    StatusChanged,
)
from mtproto.link.faults import IncomingPacket, LinkFaults, OutgoingPacket
from mtproto.link.http_link import HttpLink
from mtproto.link.key_maker import Work
from mtproto.link.key_policy import Action, Decision, KeyPolicy, PermanentKeyPolicy
from mtproto.link.key_renewal import EXPIRES_IN
from mtproto.link.options import LinkKeywords, LinkOptions, ServerLinkKeywords, ServerLinkOptions
from mtproto.link.other_end import OtherEnd
from mtproto.link.pfs import PfsLine, PfsLink
from mtproto.link.server import ServerLink
from mtproto.link.server_key_maker import ServerWork
from mtproto.link.server_keys import ServerKey, SessionCarrier, SessionSlot
from mtproto.link.server_sessions import KEY_AGE, SESSION_AGE, ServerSessions
from mtproto.link.shared_key import SharedKeyPolicy

__all__ = [
    "EXPIRES_IN",
    "KEY_AGE",
    "SESSION_AGE",
    "Action",
    "BackoffPolicy",
    "BindRequest",
    "BoundKey",
    "Broken",
    "ClientLink",
    "Decision",
    "ExchangeStep",
    "Failed",
    "Hangup",
    "HttpLink",
    "InSession",
    "IncomingPacket",
    "KeyBound",
    "KeyCreated",
    "KeyDropped",
    "KeyForgotten",
    "KeyMade",
    "KeyPolicy",
    "KeyUse",
    "LinkAdded",
    "LinkEvent",
    "LinkFaults",
    "LinkKeywords",
    "LinkOptions",
    "LinkRemoved",
    "LinkStatus",
    "OtherEnd",
    "OutgoingPacket",
    "PermanentKeyPolicy",
    "PfsLine",
    "PfsLink",
    "PumpedLink",
    "ServerKey",
    "ServerLink",
    "ServerLinkEvent",
    "ServerLinkKeywords",
    "ServerLinkOptions",
    "ServerQuery",
    "ServerSessions",
    "ServerWork",
    "SessionCarrier",
    "SessionSlot",
    "SharedKeyPolicy",
    "StatusChanged",
    "Work",
]
