"""A client's link under temporary keys, and a server that does what it likes with them: a script of what it sends.

Keys come as an exchange would hand them over: those who made it are fuzzed elsewhere. Promises that are checked:
nothing is raised; each call ends once, or never where it was cancelled; nothing is sealed under the permanent key;
what is to be sent and what is to be done come to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from mtproto.errors import LocalProtocolError
from mtproto.link import Broken, Failed, LinkRemoved, LinkStatus, PfsLine, PfsLink, PumpedLink
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, unseal
from mtproto.message.key_state import KeyState, Salt
from mtproto.session import Request, Resent, Result, RpcFailed, Sent
from mtproto.session import RequestLost as Lost
from mtproto.transport import Framing, Intermediate, Payload, Role
from tests.fuzz.tape import Tape
from tests.fuzz.target import Target, Verdict, Violation, never_refuses
from tests.fuzz.targets.envelope import fixed_key
from tests.fuzz.targets.exchange_support import DC, OpenKey, Source
from tests.fuzz.targets.forger import SALT, START, Forger
from tests.fuzz.targets.framing import source
from tests.fuzz.targets.words import service_words
from tl import service

__all__ = ["ANSWERS", "TARGETS", "TRUE"]

TRUE = bytes.fromhex("b5757299")
_TEXTS = (
    (401, "AUTH_KEY_PERM_EMPTY"),
    (400, "ENCRYPTED_MESSAGE_INVALID"),
    (400, "EXPIRES_AT_INVALID"),
    (400, "TEMP_AUTH_KEY_ALREADY_BOUND"),
    (400, "MSG_WAIT_FAILED"),
    (420, "FLOOD_WAIT_9"),
    (406, "AUTH_KEY_DUPLICATED"),
)
ANSWERS = (
    TRUE,
    *(service.types.RpcError(error_code=code, error_message=text).to_bytes() for code, text in _TEXTS),
)
"""What a server may answer to a binding, or to a call."""

_RESULT = bytes.fromhex("016d5cf3")
_CALL = b"\x0d\x0c\x0b\x0a" * 2
_LIFE = 3600
_MOST_KEYS = 40
_MOST_BURSTS = 100
_DEADLINES = 8
_DOOMSDAY = START + 300_000_000
"""Until when to wait: a server may name any time, in FLOOD_WAIT and elsewhere."""

_EVERYWHERE = frozenset({"StatusChanged", "ExchangeStep", "TimeLearned"})


class PfsRun:
    """One link, the servers of its connections, and the calls."""

    def __init__(self, setup: int) -> None:
        self.now = START
        permanent = KeyState(auth_key=fixed_key(), dc_id=DC) if setup & 1 else None
        keys = [OpenKey().public]
        self.link = PfsLink(keys, dc_id=DC, state=permanent, expires_in=_LIFE, random=Source(1))
        self.forgers: dict[PumpedLink, Forger] = {}
        self.sent: list[int] = []
        self.open: dict[Request, None] = {}
        self.ended: set[Request] = set()
        self.trace: list[str] = []
        self.refused = False
        self._readers: dict[PumpedLink, Framing] = {}
        self._keys = 0
        for number in range(setup >> 1 & 3):
            self.send(number)
        self.work()

    # What a script may ask for.

    def chosen(self, number: int) -> PfsLine:
        links = self.link.links
        return links[number % len(links)]

    def say(self, link: PfsLine, payload: bytes) -> None:
        """Let the server of a connection send a packet."""
        if link in self._readers:
            framing = Framing(Intermediate, Role.SERVER, source())
            self.note(link, link.received(framing.frame(payload, False), self.now))

    def give_key(self, link: PfsLine, life: int) -> None:
        """End the exchange that is on, as if both ends had done what they should."""
        if link.status is not LinkStatus.EXCHANGING or self._keys >= _MOST_KEYS:
            return
        self._keys += 1
        key = AuthKey(Random(self._keys).randbytes(256))
        temporary = self.link.state is not None
        expires_at = self.now + life if temporary else None
        state = KeyState(auth_key=key, dc_id=DC, salts=[Salt(0, (1 << 31) - 1, SALT)], expires_at=expires_at)
        with never_refuses("a new key"):
            link.link._keys.use(state, self.now)
        if link.link.session is not None:
            self.forgers[link] = Forger(Sender.SERVER, (1, 3), 2, key)
            self.forgers[link].session_id = link.link.session.session_id
        self.tick(link)

    def send(self, number: int, **options: Any) -> None:
        try:
            self.open[self.link.send(_CALL + number.to_bytes(4, "little"), **options)] = None
        except LocalProtocolError:
            self.trace.append("no room")

    def tick(self, link: PfsLine) -> None:
        self.note(link, link.tick(self.now))

    def lose(self, link: PfsLine) -> None:
        """Let a connection end."""
        if self._readers.pop(link, None) is not None:
            self.note(link, link.disconnected(self.now))

    # What a shell does.

    def work(self) -> None:
        """Connect what wants to be connected, and take what is to be sent."""
        with never_refuses("a link"):
            for _ in range(_MOST_BURSTS):
                if not sum(self._serve(link) for link in self.link.links):
                    return
        raise Violation("it never stops sending")

    def _serve(self, link: PfsLine) -> bool:
        if link.status is LinkStatus.DISCONNECTED and link.connect_at is not None and link.connect_at <= self.now:
            self._readers[link] = Framing(Intermediate, Role.SERVER, source())
            self.note(link, link.connected(self.now))
            if link in self._readers:
                self._readers[link].receive(link.data_to_send(self.now)[4:])
            return True
        data = link.data_to_send(self.now)
        if data and link in self._readers:
            for event in self._readers[link].receive(data):
                if isinstance(event, Payload):
                    self._look_at(link, event.data)
        self.tick(link)
        return bool(data)

    def _look_at(self, link: PfsLine, payload: bytes) -> None:
        """Open a packet as the server would: under a temporary key, or as a step of an exchange."""
        if payload[:8] != bytes(8):
            state = link.state
            if state is None or state.expires_at is None:
                raise Violation("a packet under no temporary key")
            unseal(state.auth_key, Sender.CLIENT, payload)

    def note(self, link: PfsLine, events: Iterable[Any]) -> None:
        """Note what happened to the calls, and do what the shell has to."""
        broken = False
        for event in events:
            self.trace.append(type(event).__name__)
            match event:
                case Result(request) | RpcFailed(request) | Lost(request):
                    if request not in self.open:
                        raise Violation(f"{event!r} for a call that had ended, or is none")
                    del self.open[request]
                    self.ended.add(request)
                case Sent(_, msg_id):
                    self.sent.append(msg_id)
                case Resent(_, _, msg_id):
                    self.sent.append(msg_id)
                case LinkRemoved(removed):
                    self._readers.pop(removed, None)
                case Broken():
                    broken = True
                case Failed():
                    self.refused = True
        if broken:
            self.lose(link)

    # What has to hold at the end.

    def settle(self) -> None:
        """Let time pass until nothing more is to be done soon; then close it."""
        idle = 0
        for _ in range(_DEADLINES):
            self.work()
            with never_refuses("next_deadline"):
                times = [time for link in self.link.links if (time := link.next_deadline()) is not None]
            if not times or min(times) > _DOOMSDAY:
                break
            idle = idle + 1 if min(times) <= self.now else 0
            if idle > 2:
                raise Violation("it asks to be called again and again")
            self.now = max(self.now, min(times))
            with never_refuses("tick"):
                for link in list(self.link.links):
                    self.tick(link)
        with never_refuses("close"):
            self.link.close()
        if self.link.status is not LinkStatus.CLOSED:
            raise Violation("it is closed and does not say so")

    def summary(self) -> str:
        """Return what happened last."""
        told = [name for name in self.trace if name not in _EVERYWHERE]
        return ",".join([name for at, name in enumerate(told) if told[at - 1 : at] != [name]][-12:])


# Steps: the first byte says what to do, mostly followed by one that says with which of the links.


def _forged(run: PfsRun, link: PfsLine, tape: Tape) -> None:
    if forger := run.forgers.get(link):
        forger.now = run.now
        run.say(link, forger.packet(tape))


def _answer(run: PfsRun, link: PfsLine, tape: Tape) -> None:
    """Answer the binding, or any call that was sent; choices from the last one on."""
    which, choice = tape.number(), tape.number()
    forger = run.forgers.get(link)
    if forger is None or not run.sent:
        return
    forger.now = run.now
    body = ANSWERS[choice] if choice < len(ANSWERS) else tape.block()
    msg_id = run.sent[-1 - which % len(run.sent)]
    run.say(link, forger.message(_RESULT + msg_id.to_bytes(8, "little", signed=True) + body))


def _key(run: PfsRun, link: PfsLine, tape: Tape) -> None:
    run.give_key(link, tape.number(2))


def _raw(run: PfsRun, link: PfsLine, tape: Tape) -> None:
    run.say(link, tape.block())


def _error(run: PfsRun, link: PfsLine, tape: Tape) -> None:
    run.say(link, (-tape.number(2)).to_bytes(4, "little", signed=True))


def _time(run: PfsRun, link: PfsLine, tape: Tape) -> None:
    run.now += tape.number(2) / 16
    with never_refuses("tick"):
        run.tick(link)


def _cut(run: PfsRun, link: PfsLine, _tape: Tape) -> None:
    with never_refuses("disconnected"):
        run.lose(link)


def _send(run: PfsRun, _link: PfsLine, tape: Tape) -> None:
    choices = tape.number()
    after = list(run.open)[: choices >> 4 & 3]
    run.send(choices, after=after, idempotent=bool(choices & 1), want_quick_ack=bool(choices & 2))


def _cancel(run: PfsRun, _link: PfsLine, tape: Tape) -> None:
    calls = list(run.open)
    if calls:
        request = calls[tape.number() % len(calls)]
        with never_refuses("cancel"):
            run.link.cancel(request, run.now)
        del run.open[request]


_STEPS: tuple[Callable[[PfsRun, PfsLine, Tape], None], ...] = (
    _forged,
    _answer,
    _answer,
    _key,
    _raw,
    _error,
    _time,
    _cut,
    _send,
    _cancel,
)


def _script(data: bytes) -> Verdict:
    tape = Tape(data)
    run = PfsRun(tape.number())
    while tape and run.link.status is not LinkStatus.CLOSED:
        step = _STEPS[tape.number() % len(_STEPS)]
        step(run, run.chosen(tape.number()), tape)
        run.work()
    trace = run.summary()
    run.settle()
    return Verdict(not run.refused, trace)


TARGETS = (Target("link-pfs", "link", _script, words=service_words, longest=512, patience=10),)
