"""The server's half of a session with a valid key: a script of packets, times and wishes.

Promises that are checked: no message is executed twice, every query can be answered, what is sent can be opened and
has growing ids, and the session comes to rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mtproto.errors import RemoteProtocolError
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.message.envelope import Sender, unseal
from mtproto.session import DestroyAuthKey, DestroySession, Flooded, NotAccepted, Query, ServerSalts, ServerSession
from mtproto.session import Undecodable as Unread
from tests.fuzz.tape import Tape
from tests.fuzz.target import Target, Verdict, Violation, never_refuses
from tests.fuzz.targets.envelope import fixed_key
from tests.fuzz.targets.forger import SALT, SECOND, SESSION_ID, START, Forger
from tests.fuzz.targets.session_client import source
from tests.fuzz.targets.words import service_words

__all__ = ["TARGETS", "ServerRun"]

_MOST_PACKETS = 2000
_DEADLINES = 8
_MAX_BYTES = 1 << 24
_NARROW = Limits(unanswered_requests=100, remembered_message_ids=50)
_ANSWERS = (b"\x0d\x0c\x0b\x0a" * 2, b"\x0d\x0c\x0b\x0a" * 200, b"\x0d\x0c\x0b\x0a" + bytes(range(256)) * 160)
_UPDATE = b"\x0e\x0c\x0b\x0a" * 3


class ServerRun:
    """One server session, and what it was told to execute."""

    def __init__(self, setup: int) -> None:
        salts = ServerSalts(source(), START - 100, first=SALT)
        forgotten_below = int(START) * SECOND + 8 if setup & 1 else 0
        self.server = ServerSession(
            fixed_key(),
            SESSION_ID,
            salts=salts,
            random=source(),
            limits=_NARROW if setup & 128 else DEFAULT_LIMITS,
            forgotten_below=forgotten_below,
        )
        self.forger = Forger(Sender.CLIENT, (0, 0), 1)
        self.executed: set[int] = set()
        self.queries: list[int] = []
        self.trace: list[str] = []
        self.refused = False
        self._last_id = 0
        self.server.connected(START)
        self._set_up(setup)

    @property
    def now(self) -> float:
        return self.forger.now

    def _set_up(self, setup: int) -> None:
        if setup & 2:
            for _ in range(3):
                self.receive(self.forger.packet(Tape(b"\x08\x08\0\x0d\x0c\x0b\x0a\x01\0\0\0")))
        if setup & 4 and self.queries:
            self.answer(0, _ANSWERS[0])
        if setup & 8:
            self.server.push(_UPDATE)
            self.server.push(_UPDATE, announced=True)
        if setup & 16:
            self.server.ping()
            self.pull()
            self.server.ask_states()
        if setup & 32:
            self.pull()
        if setup & 64:
            self.reconnect()

    # What a script may ask for.

    def answer(self, number: int, body: bytes, *, announced: bool = False) -> None:
        msg_id = self.queries.pop(number % len(self.queries))
        with never_refuses("answer"):
            self.server.answer(msg_id, body, announced=announced)

    def let_pass(self, seconds: float) -> None:
        self.forger.now += seconds
        with never_refuses("tick"):
            self.note(self.server.tick(self.now))

    def pull(self) -> None:
        """Take what is to be sent, and open it as a client would."""
        for _ in range(_MOST_PACKETS):
            with never_refuses("next_packet"):
                packet = self.server.next_packet(self.now, max_bytes=_MAX_BYTES)
                if packet is None:
                    return
                opened = unseal(fixed_key(), Sender.SERVER, packet.payload)
            if not opened.msg_id & 1 or opened.msg_id <= self._last_id:
                raise Violation(f"a server's msg_id of {opened.msg_id} after {self._last_id}")
            self._last_id = opened.msg_id
        raise Violation("it never stops sending")

    def reconnect(self) -> None:
        self.server.disconnected(self.now)
        self.server.connected(self.now)

    def receive(self, payload: bytes) -> None:
        """Open a packet and look for its session, as a link does."""
        try:
            message = unseal(fixed_key(), Sender.CLIENT, payload)
            if message.session_id == SESSION_ID:
                self.note(self.server.receive(message, self.now))
            else:
                self.trace.append("other session")
        except RemoteProtocolError as error:
            self.note(error.events)
            self.refused = True
            self.trace.append(f"!{error.check}")

    # What has to hold.

    def note(self, events: Iterable[Any]) -> None:
        for event in events:
            kind = type(event)
            self.trace.append(f"{kind.__name__}{event.code}" if kind is NotAccepted else kind.__name__)
            if kind is Query:
                if event.msg_id in self.executed:
                    raise Violation(f"{event!r} was executed before")
                self.executed.add(event.msg_id)
                self.queries.append(event.msg_id)
            elif kind is DestroySession:
                self.server.session_destroyed(event.msg_id, event.session_id, existed=bool(event.session_id & 1))
            elif kind is DestroyAuthKey:
                self.server.auth_key_destroyed(event.msg_id, existed=True)
            elif kind in (NotAccepted, Unread, Flooded):
                self.refused = True

    def settle(self) -> None:
        """Answer what is open and let it do what it still wants to."""
        while self.queries:
            self.answer(0, _ANSWERS[0])
        if self.server._register.running:
            raise Violation("a call is counted that nobody was told to execute")
        self.pull()
        idle = 0
        for _ in range(_DEADLINES):
            deadline = self.server.next_deadline()
            if deadline is None:
                break
            idle = idle + 1 if deadline <= self.now else 0
            if idle > 2:
                raise Violation("it asks to be called again and again")
            self.let_pass(max(0.0, deadline - self.now))
            self.pull()
        if self.server.high_water <= max(self.executed, default=0):
            raise Violation("a session made anew would execute a call again")

    def verdict(self) -> Verdict:
        shown = [name for at, name in enumerate(self.trace) if self.trace[at - 1 : at] != [name]]
        return Verdict(not self.refused, ",".join(shown[-10:]))


def _packet(run: ServerRun, tape: Tape) -> None:
    run.receive(run.forger.packet(tape))


def _container(run: ServerRun, tape: Tape) -> None:
    run.receive(run.forger.container(tape))


def _plaintext(run: ServerRun, tape: Tape) -> None:
    run.receive(run.forger.plaintext(tape))


def _time(run: ServerRun, tape: Tape) -> None:
    run.let_pass(tape.number(2) / 16)


def _pull(run: ServerRun, _tape: Tape) -> None:
    run.pull()


def _reconnect(run: ServerRun, tape: Tape) -> None:
    run.server.disconnected(run.now)
    run.forger.now += tape.number()
    run.server.connected(run.now)


def _answer(run: ServerRun, tape: Tape) -> None:
    choice = tape.number()
    if run.queries:
        run.answer(choice, _ANSWERS[choice % len(_ANSWERS)], announced=bool(choice & 128))


def _push(run: ServerRun, tape: Tape) -> None:
    choice = tape.number()
    for _ in range(choice & 31):
        run.server.push(_UPDATE, announced=bool(choice & 128))


def _ask(run: ServerRun, tape: Tape) -> None:
    if tape.number() & 1:
        run.server.ping()
    else:
        run.server.ask_states()


_STEPS: tuple[Callable[[ServerRun, Tape], None], ...] = (
    _packet,
    _packet,
    _packet,
    _container,
    _plaintext,
    _time,
    _pull,
    _reconnect,
    _answer,
    _push,
    _ask,
)


def _script(data: bytes) -> Verdict:
    tape = Tape(data)
    run = ServerRun(tape.number())
    while tape:
        _STEPS[tape.number() % len(_STEPS)](run, tape)
    run.settle()
    return run.verdict()


def _one_packet(data: bytes) -> Verdict:
    """Take a whole plaintext, header and padding included."""
    tape = Tape(data)
    run = ServerRun(tape.number())
    plaintext = tape.rest()
    run.receive(run.forger.plaintext(Tape(len(plaintext).to_bytes(2, "little") + plaintext)))
    run.settle()
    return run.verdict()


TARGETS = (
    Target("session-server-packet", "session", _one_packet, words=service_words, longest=2048),
    Target("session-server-script", "session", _script, words=service_words, longest=2048, patience=5),
)
