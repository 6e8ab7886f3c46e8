"""Links: what a socket hands over, framed and sealed well or not. For what the peer did, nothing is raised at all."""

from __future__ import annotations

from collections.abc import Iterator

from mtproto.link import Broken, ClientLink, Failed, Hangup, ServerLink, ServerQuery, ServerSessions
from mtproto.message.envelope import Sender, pack_plain
from mtproto.message.key_state import KeyState, Salt
from mtproto.transport import Abridged, Framing, Full, Intermediate, PaddedIntermediate, Role
from tests.fuzz.tape import Tape, pieces
from tests.fuzz.target import Target, Verdict, never_refuses
from tests.fuzz.targets.envelope import fixed_key
from tests.fuzz.targets.exchange_support import DC, OpenKey, Source
from tests.fuzz.targets.forger import SALT, START, Forger
from tests.fuzz.targets.framing import any_packets
from tests.fuzz.targets.words import service_words

__all__ = ["TARGETS", "new_server_link"]

_FRAMINGS: tuple[type[Framing], ...] = (Abridged, Intermediate, PaddedIntermediate, Full)
_SIZES = 4
_CALL = b"\x0d\x0c\x0b\x0a" * 2
_MOST_BURSTS = 100


def new_server_link() -> ServerLink:
    """Return a link of a server that knows the fixed key, the same in each run."""
    state = ServerSessions(Source(1))
    state.add_key(fixed_key(), first_salt=SALT)
    return ServerLink(state, [OpenKey()], START, Source(2), dc_ids={DC})


def _stream(tape: Tape, framing: Framing, forger: Forger) -> Iterator[bytes]:
    """Return what the script makes the peer send, packet by packet; time passes meanwhile."""
    while tape:
        match tape.number() % 6:
            case 0:
                yield framing.frame(_whole_words(pack_plain(4, tape.block())), False)
            case 1 | 2:
                yield framing.frame(forger.packet(tape), False)
            case 3:
                yield framing.frame(forger.plaintext(tape), False)
            case 4:
                yield tape.block()
            case _:
                forger.now += tape.number()


def _whole_words(payload: bytes) -> bytes:
    return payload + bytes(-len(payload) % 4)


def _server(data: bytes) -> Verdict:
    tape = Tape(data)
    framing = _FRAMINGS[tape.number() % len(_FRAMINGS)]
    sizes = tape.take(tape.number() % _SIZES)
    link, forger = new_server_link(), Forger(Sender.CLIENT, (0, 0), 1)
    trace: list[str] = []
    for packet in (framing.tag, *_stream(tape, any_packets(framing, Role.CLIENT), forger)):
        for piece in pieces(packet, sizes):
            with never_refuses("a server's link"):
                events = [*link.received(piece, forger.now), *link.tick(forger.now)]
                for event in events:
                    if isinstance(event, ServerQuery):
                        event.slot.session.answer(event.msg_id, _CALL)
                _drain(link, forger.now)
                link.next_deadline()
            trace += [type(event).__name__ for event in events]
    with never_refuses("disconnected"):
        link.disconnected(forger.now)
    return Verdict(Hangup.__name__ not in trace, ",".join(trace[-8:]))


def _client(data: bytes) -> Verdict:
    tape = Tape(data)
    choice = tape.number()
    framing = _FRAMINGS[choice % len(_FRAMINGS)]
    sizes = tape.take(tape.number() % _SIZES)
    state = None
    if choice & 16:
        state = KeyState(auth_key=fixed_key(), salts=[Salt(0, (1 << 31) - 1, SALT)])
    link = ClientLink([OpenKey().public], dc_id=DC, random=Source(1), state=state, transport=framing.name)
    forger = Forger(Sender.SERVER, (1, 3), 2)
    link.send(_CALL)
    link.send(_CALL, idempotent=True, want_quick_ack=True)
    trace = [type(event).__name__ for event in link.connected(forger.now)]
    if link.session is not None:
        forger.session_id = link.session.session_id
    _drain(link, forger.now)
    for packet in _stream(tape, any_packets(framing, Role.SERVER), forger):
        for piece in pieces(packet, sizes):
            with never_refuses("a client's link"):
                events = [*link.received(piece, forger.now), *link.tick(forger.now)]
                _drain(link, forger.now)
                link.next_deadline()
            trace += [type(event).__name__ for event in events]
    with never_refuses("disconnected"):
        link.disconnected(forger.now)
    broken = {Broken.__name__, Failed.__name__} & set(trace)
    return Verdict(not broken, ",".join(trace[-8:]))


def _drain(link: ServerLink | ClientLink, now: float) -> None:
    for _ in range(_MOST_BURSTS):
        if not link.data_to_send(now):
            return


TARGETS = (
    Target("link-server", "link", _server, words=service_words, longest=2048, patience=5),
    Target("link-client", "link", _client, words=service_words, longest=2048, patience=5),
)
