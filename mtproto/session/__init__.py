"""The encrypted session: the client's half and the server's half, sans-I/O.

core.telegram.org/mtproto/description. `ClientSession` and `ServerSession` take packets and a time and give events and
packets. `Request` is the handle of a call, and `ServerSalts` are the salts of one key. `wire` reads and writes the
service messages whose payload stays bytes, and `constructors` names the ids of all service messages.
"""

from __future__ import annotations

from mtproto.session import constructors, wire
from mtproto.session.bad_messages import BAD_MESSAGES, MessageRefused
from mtproto.session.client import ClientSession
from mtproto.session.events import (
    Acked,
    Anomaly,
    AnswerDropped,
    AnswersAcked,
    AuthKeyDestroyed,
    BadMessage,
    ClientEvent,
    CloseAfter,
    DestroyAuthKey,
    DestroySession,
    Flooded,
    ForeignSession,
    HttpWaited,
    NewSession,
    NotAccepted,
    Pong,
    Query,
    QueryDropped,
    QuestionRefused,
    QuickAcked,
    Repeated,
    RequestLost,
    Resent,
    Result,
    RpcFailed,
    SaltChanged,
    Sent,
    ServerEvent,
    SessionBroken,
    SessionCreated,
    SessionDestroyed,
    SessionRenewed,
    Stale,
    TimeLearned,
    Tolerated,
    Undecodable,
    Update,
    UpdatesGap,
)
from mtproto.session.kept import Kept
from mtproto.session.packet_reader import Budget, whole_budget
from mtproto.session.request import Body, Request, RequestState, SendContext
from mtproto.session.salts import ServerSalts
from mtproto.session.server import ServerSession
from mtproto.session.service_messages import HttpWait, Packet
from mtproto.session.time_window import NEVER
from mtproto.session.verdicts import Finding, Verdict
from mtproto.session.wire import Message

__all__ = [
    "BAD_MESSAGES",
    "NEVER",
    "Acked",
    "Anomaly",
    "AnswerDropped",
    "AnswersAcked",
    "AuthKeyDestroyed",
    "BadMessage",
    "Body",
    "Budget",
    "ClientEvent",
    "ClientSession",
    "CloseAfter",
    "DestroyAuthKey",
    "DestroySession",
    "Finding",
    "Flooded",
    "ForeignSession",
    "HttpWait",
    "HttpWaited",
    "Kept",
    "Message",
    "MessageRefused",
    "NewSession",
    "NotAccepted",
    "Packet",
    "Pong",
    "Query",
    "QueryDropped",
    "QuestionRefused",
    "QuickAcked",
    "Repeated",
    "Request",
    "RequestLost",
    "RequestState",
    "Resent",
    "Result",
    "RpcFailed",
    "SaltChanged",
    "SendContext",
    "Sent",
    "ServerEvent",
    "ServerSalts",
    "ServerSession",
    "SessionBroken",
    "SessionCreated",
    "SessionDestroyed",
    "SessionRenewed",
    "Stale",
    "TimeLearned",
    "Tolerated",
    "Undecodable",
    "Update",
    "UpdatesGap",
    "Verdict",
    "constructors",
    "whole_budget",
    "wire",
]
