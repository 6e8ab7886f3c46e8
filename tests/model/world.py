"""Two links, the connections between them, two clocks, and what has to hold whatever happens.

Nothing here chooses: `machine` says what happens next, and every step is followed by `check`.
"""

from __future__ import annotations

from collections import Counter, deque
from functools import cache
from random import Random
from typing import TYPE_CHECKING

from mtproto.errors import OutcomeUnknown, RemoteProtocolError, TransportError
from mtproto.link import Broken, ClientLink, Failed, ServerLink, ServerQuery, ServerState, Status
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState, Salt
from mtproto.message.message_ids import msg_id_time
from mtproto.session import MessageRefused, RequestLost, Result, RpcFailed, Update
from tests.link.support import rsa_key
from tests.model.calls import Call, Desk, answer_to, body_of, update_number, update_of
from tests.model.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.link import LinkEvent, ServerKey, ServerLinkEvent
    from mtproto.session import Request

__all__ = ["World"]

NOW = 1_750_000_000.25
DC = 2
REPLAYED = 60
"""Frames of the past that may come again, or late: on another connection than the one that they were lost with."""

OLD_WIRES = 2
"""Connections that the client has given up and of which the server does not know that yet."""

ANSWER_LIFETIME = 600.0
"""Seconds after which a server may forget an answer that was not acknowledged: documented as ten minutes."""

HEALED_WITHIN = 40
"""Steps, each until both ends are silent or wait for a time, in which a healthy carrier settles everything."""

EXCHANGES = 40
"""Turns of the two ends in which they come to be silent."""

NOT_FOUND = -404

CLOCK_CODES = {16, 17}
"""Refusals that end a call when the clock is found wrong twice while it waits; it was not executed then."""

CLOSED_FOR = {"session_id", "msg_id"}
"""Checks that a healthy server may fail: packets of an earlier session, and those that were held back for minutes."""


@cache
def auth_key(number: int) -> AuthKey:
    """Return a key; the first exchange took place long ago."""
    return AuthKey(Random(number).randbytes(256))


class World:
    """A client, a data centre, and all that lies between.

    Attributes:
        now: the server's clock, Unix seconds.
        skew: the client's clock less the server's.
        client: the client's link.
        wire: the connection that the client holds, None while it holds none.
        old_wires: connections that the client has left, but the server has not.
        calls: every call that was ever made.

    """

    def __init__(self, *, skew: float, salt_known: bool) -> None:
        self.now = NOW
        self.skew = skew
        self.random = Random(1).randbytes
        self.keys = 0
        self.state = ServerState(self.random)
        self.calls: list[Call] = []
        self.by_request: dict[Request, Call] = {}
        self.desk = Desk(self.calls)
        self.wire: Wire | None = None
        self.old_wires: list[Wire] = []
        self.history_up: deque[bytes] = deque(maxlen=REPLAYED)
        self.history_down: deque[bytes] = deque(maxlen=REPLAYED)
        self.updates: Counter[int] = Counter()
        self.pushed = 0
        self.carried = 0
        self.forgot_at = 0.0
        self._new_key(salt_known=salt_known)

    @property
    def client_now(self) -> float:
        return self.now + self.skew

    @property
    def key(self) -> ServerKey | None:
        """The client's key as the server has it, None while it has forgotten it."""
        return self.state.find_key(auth_key(self.keys).id, self.now)

    def _new_key(self, *, salt_known: bool) -> None:
        self.keys += 1
        self.history_up.clear()  # packets of another key are noise that closes connections
        self.history_down.clear()
        key = self.state.add_key(auth_key(self.keys))
        salts = [Salt.current(key.salts(self.now).current(self.now), self.now)] if salt_known else []
        self._new_client(KeyState(auth_key=key.auth_key, dc_id=DC, salts=salts))

    def _new_client(self, state: KeyState) -> None:
        self.client = ClientLink([rsa_key().public], dc_id=DC, random=self.random, state=state)

    # Calls -----------------------------------------------------------------------------------------------------------

    def call(self, *, idempotent: bool = False, quick_ack: bool = False, after: Sequence[Call] = ()) -> Call:
        number = len(self.calls)
        request = self.client.send(
            body_of(number),
            idempotent=idempotent,
            want_quick_ack=quick_ack,
            after=[before.request for before in after],
        )
        call = Call(request, number, idempotent, list(after))
        self.calls.append(call)
        self.by_request[request] = call
        return call

    def open_calls(self) -> list[Call]:
        return [call for call in self.calls if call.open]

    def cancel(self, call: Call) -> None:
        call.cancelled = True
        self.client.cancel(call.request, self.client_now)

    def push(self) -> None:
        key = self.key
        if key is not None:
            for slot in key.sessions.values():
                self.pushed += 1
                slot.session.push(update_of(self.pushed))

    # The connection --------------------------------------------------------------------------------------------------

    @property
    def may_connect(self) -> bool:
        return self.wire is None and self.client.connect_at is not None

    def connect(self) -> None:
        """Connect when the client wants to, which may be later."""
        assert self.client.connect_at is not None
        self.now = max(self.now, self.client.connect_at - self.skew)
        self.wire = Wire(ServerLink(self.state, [rsa_key()], self.now, self.random))
        self.tell(self.client.connected(self.client_now))

    def fail_to_connect(self) -> None:
        assert self.client.connect_at is not None
        self.now = max(self.now, self.client.connect_at - self.skew)
        self.tell(self.client.disconnected(self.client_now))

    def client_loses(self) -> None:
        """Let the client notice that its connection is gone. What it sent may still arrive."""
        wire, self.wire = self.wire, None
        if wire is not None:
            wire.down.clear()
            if wire.open_above:
                self.old_wires.append(wire)
            while len(self.old_wires) > OLD_WIRES:
                self.server_loses(self.old_wires[0])
            self.tell(self.client.disconnected(self.client_now))

    def server_loses(self, wire: Wire) -> None:
        """Let the server notice that a connection is gone. What it sent may still arrive."""
        if wire.open_above:
            wire.open_above = False
            wire.up.clear()
            wire.link.disconnected(self.now)
        if wire in self.old_wires:
            self.old_wires.remove(wire)

    def cut(self) -> None:
        """Lose the connection with all that is on its way."""
        if self.wire is not None:
            self.server_loses(self.wire)
            self.client_loses()

    # Packets ---------------------------------------------------------------------------------------------------------

    def pull_client(self) -> None:
        """Let the client say what it has to say."""
        self.tell(self.client.tick(self.client_now))
        wire = self.wire
        while wire is not None and (data := self.client.data_to_send(self.client_now)):
            head, frames = wire.put_up(data)
            self.history_up += frames
            if wire.open_above and head:
                self.tell_server(wire.link.received(head, self.now))
            if not wire.open_above:
                wire.up.clear()
        for call in self.calls:
            if call.sealed_at is None and call.request.msg_id:
                # What counts is the id: a server that forgets knows nothing of ids that lie before that time.
                call.sealed_at = min(self.now, msg_id_time(call.request.msg_id))

    def pull_server(self) -> None:
        """Let the server say what it has to say, on all connections that it has."""
        for wire in (*self.old_wires, *([self.wire] if self.wire is not None else [])):
            if wire.open_above:
                self.tell_server(wire.link.tick(self.now))
                while data := wire.link.data_to_send(self.now):
                    self.history_down += wire.put_down(data)
                if wire is not self.wire:
                    wire.down.clear()
                if wire.link.closing:
                    self.server_loses(wire)

    def carry_up(self, wire: Wire, frame: bytes) -> None:
        """Hand a frame to the server."""
        self.now += 0.001
        self.carried += 1
        if wire.open_above:
            self.tell_server(wire.link.received(frame, self.now))
            if wire.link.closing:
                self.pull_server()

    def carry_down(self, frame: bytes) -> None:
        """Hand a frame to the client."""
        self.now += 0.001
        self.carried += 1
        self.tell(self.client.received(frame, self.client_now))

    def flow(self, *, answers: bool) -> None:
        """Let the carrier work well for the time of one round trip; `answers` says that all queries are answered."""
        self.pull_client()
        wire = self.wire
        while wire is not None and wire.up:
            self.carry_up(wire, wire.up.pop(0))
        for query in list(self.desk.open) if answers else ():
            self.desk.answer(query)
        self.pull_server()
        while self.wire is not None and self.wire.down:
            self.carry_down(self.wire.down.pop(0))

    # Time and salts --------------------------------------------------------------------------------------------------

    def suspend(self, seconds: float) -> None:
        """Let the client's machine sleep: its clock, which never steps, stands still."""
        self.now += seconds
        self.skew -= seconds

    def rotate_salts(self) -> None:
        key = self.key
        if key is not None:
            key.salts(self.now).rotate(self.now)

    # Forgetting ------------------------------------------------------------------------------------------------------

    def forget_session(self, number: int) -> None:
        key = self.key
        if key is not None and key.sessions:
            sessions = list(key.sessions)
            self.state.forget_session(key, sessions[number % len(sessions)])
            self.forgot_at = self.now

    def forget_key(self) -> None:
        self.state.forget_key(auth_key(self.keys).id)
        self.forgot_at = self.now

    def restart_server(self, seconds: float) -> None:
        """Let the server begin anew with nothing but its keys, and take what is older than that for forgotten.

        What was on its way to it is gone with its connections. It was away for longer than an id may be ahead of its
        clock, or ids that it accepted could lie behind that time.
        """
        for wire in (*self.old_wires, *([self.wire] if self.wire is not None else [])):
            self.server_loses(wire)
        known = list(self.state)
        self.history_up.clear()
        self.now += seconds
        self.state = ServerState(self.random)
        for key in known:
            self.state.add_key(key.auth_key).forget_before(self.now)
        self.forgot_at = self.now

    def restart_client(self, skew: float) -> None:
        """Let the client's process end and begin again with the state that it kept, and with another clock."""
        assert self.client.state is not None
        state = KeyState.from_bytes(self.client.state.to_bytes())
        self.client_loses()
        self.tell(self.client.close())
        self._fail_open("the process ended")
        self.skew = skew
        self._new_client(state)

    # What the two tell -----------------------------------------------------------------------------------------------

    def tell_server(self, events: Sequence[ServerLinkEvent]) -> None:
        for event in events:
            if isinstance(event, ServerQuery):
                self.desk.take(event)

    def tell(self, events: Sequence[LinkEvent]) -> None:
        """Do what a shell does with the events of its link."""
        broken = False
        for event in events:
            match event:
                case Result(request, body):
                    call = self._end(request, event)
                    assert body == answer_to(call.number), "it got the answer to another call"
                    assert call.executed, "it has a result, but was never executed"
                case RpcFailed(request):
                    self._end(request, event)
                case RequestLost(request, error):
                    self._check_lost(self._end(request, event), error)
                case Update(_, body):
                    self.updates[update_number(body)] += 1
                case Broken(error):
                    broken = True
                    assert not isinstance(error, RemoteProtocolError) or error.check in CLOSED_FOR, error
                case Failed(error):
                    assert isinstance(error, TransportError), f"the link has failed: {error!r}"
                    assert (error.code, self.key) == (NOT_FOUND, None), "the server knows the key"
                    self._fail_open("the link has failed")
                    broken = True
        if broken and self.client.status is not Status.CLOSED:
            self.client_loses()
        elif broken:
            self.wire = None
            self._new_key(salt_known=False)

    def _end(self, request: Request, end: object) -> Call:
        call = self.by_request[request]
        assert not call.cancelled, "a call that was cancelled has an end"
        call.ends.append(end)
        return call

    def _check_lost(self, call: Call, error: Exception) -> None:
        if isinstance(error, MessageRefused) and error.code in CLOCK_CODES:
            call.refused = True
            return
        assert isinstance(error, OutcomeUnknown), f"a call was lost: {error!r}"
        assert call.sealed_at is not None, "the outcome of a call that was never sent is known"
        assert not call.idempotent, "a call that may be executed twice needs no known outcome"
        forgotten = self.forgot_at >= call.sealed_at or self.now - call.sealed_at >= ANSWER_LIFETIME
        assert forgotten, f"the server forgot nothing: {error}"

    def _fail_open(self, reason: str) -> None:
        """End the calls that wait, as a shell does when nothing more will come of its link."""
        for call in self.open_calls():
            call.ends.append(reason)

    # What has to hold ------------------------------------------------------------------------------------------------

    def check(self) -> None:
        for call in self.calls:
            assert len(call.ends) <= 1, f"call {call.number} was settled {len(call.ends)} times"
            assert call.executed <= 1 or call.idempotent, f"call {call.number} was executed {call.executed} times"
            assert not (call.refused and call.executed), f"call {call.number} was refused, and executed"
        for number, count in self.updates.items():
            assert count == 1, f"update {number} came {count} times"

    def heal(self) -> int:
        """Let everything work from now on, until all calls are settled; return how many steps that took."""
        for wire in list(self.old_wires):
            self.server_loses(wire)
        if self.key is None:
            self.call()  # so that the client notices
        for step in range(HEALED_WITHIN):
            self._come_to_rest()
            if not self.open_calls():
                self._call_once_more()
                return step
            self._wait()
        raise AssertionError(f"not settled after the carrier healed: {[call.number for call in self.open_calls()]}")

    def _call_once_more(self) -> None:
        """See that calls over a carrier that works take no time but that of packets, whatever the two have to learn."""
        for surprise in (self.rotate_salts, lambda: self.suspend(400.0), lambda: self.restart_client(400.0)):
            surprise()
            call = self.call()
            self._come_to_rest()
            assert [type(end) for end in call.ends] == [Result], "a call waits or fails although everything works"

    def _come_to_rest(self) -> None:
        """Carry packets and answer calls, connected or not, until nobody has anything to say."""
        for _ in range(EXCHANGES):
            if self.wire is not None and not self.wire.open_above and not self.wire.down:
                self.client_loses()
            if self.may_connect:
                self.connect()
            before = self.carried
            self.flow(answers=True)
            self.check()
            if self.carried == before and not self.may_connect:
                return
        raise AssertionError("the two never come to rest")

    def _wait(self) -> None:
        """Let time pass until one of the two wants to do something."""
        client = self.client.next_deadline()
        times = [client - self.skew] if client is not None else []
        server = self.wire.link.next_deadline() if self.wire is not None else None
        times += [server] if server is not None else []
        self.now = max(self.now, min(times, default=self.now))
