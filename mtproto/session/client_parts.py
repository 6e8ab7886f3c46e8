"""The parts of a client session: each has its own state and its own methods, and this says how they belong together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mtproto.limits import Limits
from mtproto.message import KeyState
from mtproto.session.calls import Calls
from mtproto.session.connection_state import ConnectionState
from mtproto.session.event_queue import EventQueue
from mtproto.session.events import ClientEvent
from mtproto.session.inbox import Inbox
from mtproto.session.outbox import Outbox
from mtproto.session.packet_reader import PacketReader
from mtproto.session.questions import Questions
from mtproto.session.renewal import Renewal
from mtproto.session.salts import ClientSalts
from mtproto.session.sealer import Sealer, new_session_id
from mtproto.session.sent_packets import SentPackets
from mtproto.session.server_time import ServerTime
from mtproto.session.session_notices import SessionNotices
from mtproto.session.unread_packet import UnreadPacket

__all__ = ["ClientParts", "client_parts"]


@dataclass(frozen=True, slots=True)
class ClientParts:
    """What a client session is made of, and what its handlers work on.

    Attributes:
        key: the key, its salts and the server's time; shared by all sessions of the key.
        events: what is to be told to the session's owner.
        connection: whether a connection is there.
        time: the server's clock, the window, the ids that are given out.
        salts: the salt to send with, and the time to ask for more.
        inbox: what was received, and what is to be acknowledged.
        outbox: the calls that are not settled.
        calls: the rules for these calls.
        questions: service messages that wait to be sent or to be answered.
        sent: what the packets of this connection carried.
        notices: the new sessions of which the server has told.
        reader: takes packets apart.
        unread: the rest of a packet that is handled in steps.
        sealer: puts packets together.
        renewal: gives the session up where its ids are of no more use.

    """

    key: KeyState
    events: EventQueue[ClientEvent]
    connection: ConnectionState
    time: ServerTime
    salts: ClientSalts
    inbox: Inbox
    outbox: Outbox
    calls: Calls
    questions: Questions
    sent: SentPackets
    notices: SessionNotices
    reader: PacketReader
    unread: UnreadPacket
    sealer: Sealer
    renewal: Renewal


def client_parts(
    key: KeyState, *, random: Callable[[int], bytes], limits: Limits, session_id: int | None, compress: bool
) -> ClientParts:
    """Return the parts of a new session; arguments as in `ClientSession`."""
    session_id = new_session_id(random) if session_id is None else session_id
    events: EventQueue[ClientEvent] = EventQueue()
    connection = ConnectionState()
    salts = ClientSalts(key)
    time = ServerTime(key, salts, events, random)
    inbox = Inbox(limits)
    outbox = Outbox(limits)
    questions = Questions()
    sent = SentPackets()
    calls = Calls(outbox, questions, sent, connection, time, events)
    sealer = Sealer(
        key,
        session_id=session_id,
        random=random,
        limits=limits,
        compress=compress,
        time=time,
        salts=salts,
        inbox=inbox,
        outbox=outbox,
        calls=calls,
        questions=questions,
        sent=sent,
    )
    renewal = Renewal(
        random=random,
        events=events,
        connection=connection,
        time=time,
        inbox=inbox,
        outbox=outbox,
        calls=calls,
        questions=questions,
        sent=sent,
        sealer=sealer,
    )
    return ClientParts(
        key=key,
        events=events,
        connection=connection,
        time=time,
        salts=salts,
        inbox=inbox,
        outbox=outbox,
        calls=calls,
        questions=questions,
        sent=sent,
        notices=SessionNotices(),
        reader=PacketReader(limits),
        unread=UnreadPacket(),
        sealer=sealer,
        renewal=renewal,
    )
