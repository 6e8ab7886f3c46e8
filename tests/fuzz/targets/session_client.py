"""The client's half of a session with a valid key: a script of packets, times and wishes.

The first byte says what is under way; then each step has a byte that says what to do. Promises that are checked:
each call ends once, or never where it was cancelled; all that is sent can be opened; the session comes to rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.message.envelope import Sender, unseal
from mtproto.message.key_state import KeyState, Salt
from mtproto.session import ClientSession, HttpWait, Request, Resent, Result, RpcFailed, Sent, Undecodable
from mtproto.session import RequestLost as Lost
from tests.fuzz.tape import Tape
from tests.fuzz.target import Target, Verdict, Violation, never_refuses
from tests.fuzz.targets.envelope import fixed_key
from tests.fuzz.targets.forger import SALT, SESSION_ID, START, Forger
from tests.fuzz.targets.words import service_words

__all__ = ["TARGETS", "ClientRun"]

_CALLS = (0, 1, 3, 20)
_MOST_PACKETS = 400
_DEADLINES = 8
_MAX_BYTES = 1 << 20
_API_CALL = b"\x0d\x0c\x0b\x0a"


def source() -> Any:
    """Return random bytes, the same in each run; what ids take of them is zero, so that ids depend on time alone."""
    stream = Random(1)
    return lambda size: bytes(size) if size == 3 else stream.randbytes(size)


class ClientRun:
    """One client session, and all that was asked of it."""

    def __init__(self, setup: int) -> None:
        last = int(START) + 60 if setup & 16 else (1 << 31) - 1  # soon to be asked about, or never
        self.state = KeyState(auth_key=fixed_key(), salts=[Salt(0, last, SALT)])
        self.client = ClientSession(self.state, random=source(), session_id=SESSION_ID)
        self.forger = Forger(Sender.SERVER, (1, 3), 2)
        self.open: dict[Request, None] = {}
        self.ended: set[Request] = set()
        self.cancelled: set[Request] = set()
        self.tokens: list[int] = []
        self.trace: list[str] = []
        self.refused = False
        self._set_up(setup)

    @property
    def now(self) -> float:
        return self.forger.now

    def _set_up(self, setup: int) -> None:
        """Bring calls and questions under way, so that there is something to answer."""
        self.client.connected(self.now)
        for number in range(_CALLS[setup & 3]):
            after = list(self.open)[-1:] if setup & 8 else ()
            self.send(number, after=after, idempotent=bool(setup & 4), want_quick_ack=bool(setup & 32))
        if setup & 16:
            self.client.ping()
            self.client.ping(disconnect_delay=75)
            self.client.destroy_session(SESSION_ID + 1)
            self.client.destroy_auth_key()
        self.pull()
        if setup & 16:
            self.state.time_known = True
            self.let_pass(11.0)
            if self.open:
                self.cancel(0)
            self.pull()
        if setup & 64:
            self.reconnect()
            self.pull()
        self.state.time_known = bool(setup & 128)

    # What a script may ask for.

    def send(self, number: int, **options: Any) -> None:
        body = _API_CALL + number.to_bytes(4, "little") * (100 if options.get("idempotent") else 1)
        self.open[self.client.send(body, **options)] = None

    def cancel(self, number: int) -> None:
        calls = list(self.open)
        request = calls[number % len(calls)]
        self.client.cancel(request, self.now)
        self.cancelled.add(request)
        del self.open[request]

    def let_pass(self, seconds: float) -> None:
        self.forger.now += seconds
        with never_refuses("tick"):
            self.note(self.client.tick(self.now))

    def pull(self, http_wait: HttpWait | None = None) -> None:
        """Take what is to be sent, and open it as a server would."""
        for _ in range(_MOST_PACKETS):
            with never_refuses("next_packet"):
                packet = self.client.next_packet(self.now, max_bytes=_MAX_BYTES, http_wait=http_wait)
                if packet is None:
                    return
                opened = unseal(fixed_key(), Sender.CLIENT, packet.payload)
            if opened.msg_id & 3 or opened.msg_id <= 0:
                raise Violation(f"a client's msg_id of {opened.msg_id}")
            if len(packet.payload) > _MAX_BYTES:
                raise Violation(f"a packet of {len(packet.payload)} bytes")
            if packet.quick_ack_token is not None:
                self.tokens.append(packet.quick_ack_token)
            self.note(packet.events)
            http_wait = None
        raise Violation("it never stops sending")

    def reconnect(self) -> None:
        self.client.disconnected(self.now)
        self.client.connected(self.now)

    def receive(self, payload: bytes) -> None:
        try:
            events = self.client.receive(payload, self.now)
        except RemoteProtocolError as error:
            self.note(error.events)
            self.refused = True
            self.trace.append(f"!{error.check}")
            if self.client.receive(payload, self.now) or self.client.next_packet(self.now, max_bytes=_MAX_BYTES):
                raise Violation("a broken session goes on") from error
        else:
            self.note(events)

    # What has to hold.

    def note(self, events: Iterable[Any]) -> None:
        """Note what happened to the calls."""
        for event in events:
            kind = type(event)
            self.trace.append(kind.__name__)
            if kind is Undecodable:
                self.refused = True
            if kind in (Result, RpcFailed, Lost):
                if event.request in self.ended or event.request in self.cancelled:
                    raise Violation(f"{event!r} for a call that had ended")
                self.ended.add(event.request)
                del self.open[event.request]
            elif kind in (Sent, Resent) and event.request not in self.open:
                raise Violation(f"{event!r} for a call that had ended")

    def settle(self) -> None:
        """Let it do what it still wants to; then give it up. Nobody may be left without an end."""
        self.check_count()
        self.pull()
        idle = 0
        for _ in range(_DEADLINES):
            with never_refuses("next_deadline"):
                deadline = self.client.next_deadline()
            if deadline is None:
                break
            idle = idle + 1 if deadline <= self.now else 0
            if idle > 2:
                raise Violation("it asks to be called again and again")
            self.let_pass(max(0.0, deadline - self.now))
            self.pull()
        self.check_count()
        free, events = self.client.give_up("the script is over")
        self.note(events)
        if set(free) != set(self.open) or self.client.in_flight:
            raise Violation("a call was left without an end")

    def check_count(self) -> None:
        self.let_pass(0.0)  # what a wish led to is told with the next events
        if set(self.client.requests) != set(self.open) or self.client.in_flight != len(self.open):
            raise Violation(f"{self.client.in_flight} calls are counted, {len(self.open)} are open")

    def verdict(self) -> Verdict:
        shown = [name for at, name in enumerate(self.trace) if self.trace[at - 1 : at] != [name]]
        return Verdict(not self.refused, ",".join(shown[-10:]))


def _packet(run: ClientRun, tape: Tape) -> None:
    run.receive(run.forger.packet(tape))


def _container(run: ClientRun, tape: Tape) -> None:
    run.receive(run.forger.container(tape))


def _plaintext(run: ClientRun, tape: Tape) -> None:
    run.receive(run.forger.plaintext(tape))


def _time(run: ClientRun, tape: Tape) -> None:
    run.let_pass(tape.number(2) / 16)


def _pull(run: ClientRun, tape: Tape) -> None:
    run.pull(HttpWait(0, 0, tape.number()) if tape.number() & 1 else None)


def _reconnect(run: ClientRun, tape: Tape) -> None:
    run.client.disconnected(run.now)
    run.forger.now += tape.number()
    run.client.connected(run.now)


def _send(run: ClientRun, tape: Tape) -> None:
    choices = tape.number()
    after = list(run.open)[: choices >> 4 & 3]
    try:
        run.send(choices, after=after, idempotent=bool(choices & 1), want_quick_ack=bool(choices & 2))
    except LocalProtocolError:
        run.trace.append("no room")


def _send_many(run: ClientRun, tape: Tape) -> None:
    for number in range(min(run.client.room, tape.number())):
        run.send(number)


def _cancel(run: ClientRun, tape: Tape) -> None:
    if run.open:
        run.cancel(tape.number())


def _quick_ack(run: ClientRun, tape: Tape) -> None:
    choice = tape.number()
    token = run.tokens[choice % len(run.tokens)] if run.tokens and choice < 128 else tape.number(4)
    with never_refuses("quick_ack"):
        run.note(run.client.quick_ack(token))


def _transport_error(run: ClientRun, tape: Tape) -> None:
    with never_refuses("transport_error"):
        run.note(run.client.transport_error(tape.number(4, signed=True)))


_STEPS: tuple[Callable[[ClientRun, Tape], None], ...] = (
    _packet,
    _packet,
    _container,
    _plaintext,
    _time,
    _pull,
    _reconnect,
    _send,
    _cancel,
    _quick_ack,
    _transport_error,
    _send_many,
)


def _script(data: bytes) -> Verdict:
    tape = Tape(data)
    run = ClientRun(tape.number())
    while tape:
        _STEPS[tape.number() % len(_STEPS)](run, tape)
    run.settle()
    return run.verdict()


def _one_packet(data: bytes) -> Verdict:
    """Take a whole plaintext, header and padding included."""
    tape = Tape(data)
    run = ClientRun(tape.number())
    plaintext = tape.rest()
    run.receive(run.forger.plaintext(Tape(len(plaintext).to_bytes(2, "little") + plaintext)))
    run.settle()
    return run.verdict()


TARGETS = (
    Target("session-client-packet", "session", _one_packet, words=service_words, longest=4608),
    Target("session-client-script", "session", _script, words=service_words, longest=4608, patience=5),
)
