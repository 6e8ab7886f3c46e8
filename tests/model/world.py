"""Two links, the connections between them, two clocks, and what has to hold whatever happens.

Nothing here chooses: `machine` says what happens next, and every step is followed by `check`.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from random import Random
from typing import TYPE_CHECKING

from mtproto.errors import RemoteProtocolError, TransportError
from mtproto.link import Broken, ClientLink, Failed, LinkRemoved, LinkStatus, ServerLink, ServerQuery, ServerSessions
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState, Salt
from mtproto.message.message_ids import msg_id_time
from mtproto.session import RequestLost, Result, RpcFailed, Update
from tests.link.support import rsa_key
from tests.model.calls import Call, Desk, answer_to, body_of, update_number, update_of
from tests.model.promises import Promises
from tests.model.wire import History, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto.link import LinkEvent, PfsLink, PumpedLink, ServerKey, ServerLinkEvent
    from mtproto.session import Request

__all__ = ["World"]

NOW = 1_750_000_000.25
DC = 2
OLD_WIRES = 2
"""Connections that the client has given up and of which the server does not know that yet."""

HEALED_WITHIN = 40
"""Steps, each until both ends are silent or wait for a time, in which a healthy carrier settles everything."""

EXCHANGES = 40
"""Turns of the two ends in which they come to be silent."""

CLOSED_FOR = {"session_id", "msg_id"}
"""Checks that a healthy server may fail: packets of an earlier session, and those that were held back for minutes."""


@cache
def auth_key(number: int) -> AuthKey:
    """Return a key; the first exchange took place long ago."""
    return AuthKey(Random(number).randbytes(256))


class World(Promises):
    """A client, a data centre, and all that lies between.

    Attributes:
        now: the server's clock, Unix seconds.
        skew: the client's clock less the server's.
        client: the client's link; it may be made of several that have connections of their own.
        wires: the connections that the client holds, one for each of its links at most.
        old_wires: connections that the client has left, but the server has not.
        calls: every call that was ever made.

    """

    def __init__(self, *, skew: float, salt_known: bool) -> None:
        self.now = NOW
        self.skew = skew
        self.random = Random(1).randbytes
        self.keys = 0
        self.state = ServerSessions(self.random)
        self.calls: list[Call] = []
        self.by_request: dict[Request, Call] = {}
        self.desk = Desk(self.calls, self)
        self.wires: dict[PumpedLink, Wire] = {}
        self.old_wires: list[Wire] = []
        self.history_up = History()
        self.history_down = History()
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

    @property
    def used_key(self) -> ServerKey | None:
        """The key that calls travel under, as the server has it."""
        return self.key

    def _new_key(self, *, salt_known: bool) -> None:
        self.keys += 1
        key = self.state.add_key(auth_key(self.keys))
        salts = [Salt.current(key.salts(self.now).current(self.now), self.now)] if salt_known else []
        self.client = self._new_client(KeyState(auth_key=key.auth_key, dc_id=DC, salts=salts))

    def _new_client(self, state: KeyState) -> ClientLink | PfsLink:
        return ClientLink([rsa_key().public], dc_id=DC, random=self.random, state=state)

    # Calls -----------------------------------------------------------------------------------------------------------

    def call(
        self, *, idempotent: bool = False, quick_ack: bool = False, fails: bool = False, after: Sequence[Call] = ()
    ) -> Call:
        number = len(self.calls)
        request = self.client.send(
            body_of(number),
            idempotent=idempotent,
            want_quick_ack=quick_ack,
            after=[before.request for before in after],
        )
        call = Call(request, number, idempotent, list(after), fails)
        self.calls.append(call)
        self.by_request[request] = call
        return call

    def open_calls(self) -> list[Call]:
        return [call for call in self.calls if call.open]

    def cancel(self, call: Call) -> None:
        call.cancelled = True
        self.client.cancel(call.request, self.client_now)

    def push(self) -> None:
        key = self.used_key
        if key is not None:
            for slot in key.sessions.values():
                self.pushed += 1
                slot.session.push(update_of(self.pushed))

    # Connections -----------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> list[PumpedLink]:
        """The links that want a connection."""
        return [link for link in self.client.links if link not in self.wires and link.connect_at is not None]

    def connect(self, link: PumpedLink, *, reached: bool = True) -> None:
        """Connect when a link wants to, which may be later; or fail to."""
        assert link.connect_at is not None
        self.now = max(self.now, link.connect_at - self.skew)
        if reached:
            self.wires[link] = Wire(ServerLink(self.state, [rsa_key()], self.now, self.random))
            self.tell(link, link.connected(self.client_now))
        else:
            self.tell(link, link.disconnected(self.client_now))

    def client_loses(self, link: PumpedLink) -> None:
        """Let the client notice that a connection is gone. What it sent may still arrive."""
        if self._let_go(link):
            self.tell(link, link.disconnected(self.client_now))

    def _let_go(self, link: PumpedLink) -> bool:
        wire = self.wires.pop(link, None)
        if wire is None:
            return False
        wire.down.clear()
        if wire.open_above:
            self.old_wires.append(wire)
        while len(self.old_wires) > OLD_WIRES:
            self.server_loses(self.old_wires[0])
        return True

    def server_loses(self, wire: Wire) -> None:
        """Let the server notice that a connection is gone. What it sent may still arrive."""
        if wire.open_above:
            wire.open_above = False
            wire.up.clear()
            wire.link.disconnected(self.now)
        if wire in self.old_wires:
            self.old_wires.remove(wire)

    # Packets ---------------------------------------------------------------------------------------------------------

    def pull_client(self) -> None:
        """Let the client say what it has to say."""
        links: Sequence[PumpedLink] = self.client.links
        for link in list(links):
            self.tell(link, link.tick(self.client_now))
        for link, wire in list(self.wires.items()):
            while data := link.data_to_send(self.client_now):
                head, frames = wire.put_up(data)
                self.history_up.frames += frames
                if wire.open_above and head:
                    self.tell_server(wire.link.received(head, self.now))
                if not wire.open_above:
                    wire.up.clear()
        for call in self.calls:
            if call.open and call.request.msg_id:
                # What counts is the id: a server that forgets knows nothing of ids that lie before that time.
                sealed_at = min(self.now, msg_id_time(call.request.msg_id))
                call.sealed_at = min(sealed_at, call.sealed_at or sealed_at)
                call.keys |= {link.state.auth_key.id for link in self.client.links if link.state is not None}

    def pull_server(self) -> None:
        """Let the server say what it has to say, on all connections that it has."""
        for wire in (*self.old_wires, *self.wires.values()):
            if wire.open_above:
                self.tell_server(wire.link.tick(self.now))
                while data := wire.link.data_to_send(self.now):
                    self.history_down.frames += wire.put_down(data)
                if wire in self.old_wires:
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

    def carry_down(self, link: PumpedLink, frame: bytes) -> None:
        """Hand a frame to the client."""
        self.now += 0.001
        self.carried += 1
        self.tell(link, link.received(frame, self.client_now))

    def carry_all_up(self) -> None:
        for wire in list(self.wires.values()):
            while wire.up:
                self.carry_up(wire, wire.up.pop(0))

    def answer_all(self) -> None:
        for query in list(self.desk.open):
            self.desk.answer(query)

    def flow(self, *, answers: bool) -> None:
        """Let the carrier work well for the time of one round trip; `answers` says that all queries are answered."""
        self.pull_client()
        self.carry_all_up()
        if answers:
            self.answer_all()
        self.pull_server()
        for link, wire in list(self.wires.items()):
            while self.wires.get(link) is wire and wire.down:
                self.carry_down(link, wire.down.pop(0))

    # Time and salts --------------------------------------------------------------------------------------------------

    def suspend(self, seconds: float) -> None:
        """Let the client's machine sleep: its clock, which never steps, stands still."""
        self.now += seconds
        self.skew -= seconds

    def rotate_salts(self) -> None:
        key = self.used_key
        if key is not None:
            key.salts(self.now).rotate(self.now)

    # Forgetting ------------------------------------------------------------------------------------------------------

    def forget_session(self, number: int) -> None:
        key = self.used_key
        if key is not None and key.sessions:
            sessions = list(key.sessions)
            self.state.forget_session(key, sessions[number % len(sessions)])
            self.forgot_at = self.now

    def forget_key(self) -> None:
        self.state.forget_key(auth_key(self.keys).id)
        self.forgot_at = self.now

    def forget_binding(self) -> None:
        """Forget which permanent key a temporary one stands for, where there are such."""

    def restart_server(self, seconds: float) -> None:
        """Let the server begin anew with nothing but its keys, and take what is older than that for forgotten.

        What was on its way to it is gone with its connections. It was away for longer than an id may be ahead of its
        clock, or ids that it accepted could lie behind that time.
        """
        for wire in (*self.old_wires, *self.wires.values()):
            self.server_loses(wire)
        known = list(self.state)
        self.history_up.frames.clear()
        self.now += seconds
        self.state = ServerSessions(self.random)
        kept = {key: self.state.add_key(key.auth_key, expires_at=key.expires_at) for key in known}
        for key, again in kept.items():
            again.forget_before(self.now)
            if key.temporary in kept:
                self.state.bind(kept[key.temporary], again)
        self.forgot_at = self.now

    def restart_client(self, skew: float) -> None:
        """Let the client's process end and begin again with the state that it kept, and with another clock."""
        assert self.client.state is not None
        state = KeyState.from_bytes(self.client.state.to_bytes())
        for link in list(self.wires):
            self._let_go(link)
        self.client.close()
        self._fail_open("the process ended")
        self.skew = skew
        self.client = self._new_client(state)

    # What the two tell -----------------------------------------------------------------------------------------------

    def tell_server(self, events: Sequence[ServerLinkEvent]) -> None:
        for event in events:
            if isinstance(event, ServerQuery):
                self.desk.take(event)

    def tell(self, link: PumpedLink, events: Sequence[LinkEvent]) -> None:
        """Do what a shell does with the events of its link."""
        broken = False
        for event in events:
            match event:
                case Result(request, body):
                    call = self._end(request, event)
                    assert body == answer_to(call.number), "it got the answer to another call"
                    assert call.executed, "it has a result, but was never executed"
                case RpcFailed(request, _, error):
                    self._check_answer(self._end(request, event), error)
                case RequestLost(request, error):
                    self._check_lost(self._end(request, event), error)
                case Update(_, body):
                    self.updates[update_number(body)] += 1
                case Broken(error):
                    broken = True
                    assert not isinstance(error, RemoteProtocolError) or error.check in CLOSED_FOR, error
                case LinkRemoved(removed):
                    self._let_go(removed)
                case Failed(error):
                    self._check_failed(error)
                    self._fail_open("the link has failed")
                    broken = True
        if self.client.status is LinkStatus.CLOSED:
            for open_link in list(self.wires):
                self._let_go(open_link)
            self._new_key(salt_known=False)
        elif broken:
            self.client_loses(link)

    def _end(self, request: Request, end: object) -> Call:
        call = self.by_request[request]
        assert not call.cancelled, "a call that was cancelled has an end"
        call.ends.append(end)
        return call

    def _check_failed(self, error: Exception) -> None:
        assert isinstance(error, TransportError), f"the link has failed: {error!r}"
        assert (error.code, self.key) == (TransportError.NOT_FOUND, None), "the server knows the key"

    def _fail_open(self, reason: str) -> None:
        """End the calls that wait, as a shell does when nothing more will come of its link."""
        for call in self.open_calls():
            call.ends.append(reason)

    # Healing ----------------------------------------------------------------------------------------------------------

    def heal(self) -> int:
        """Let everything work from now on, until all calls are settled; return how many steps that took."""
        for wire in list(self.old_wires):
            self.server_loses(wire)
        if self.used_key is None:
            self.call()  # so that the client notices
        for step in range(HEALED_WITHIN):
            self._come_to_rest()
            if not self.open_calls() and self.client.status is LinkStatus.READY and len(self.client.links) == 1:
                self._call_once_more()
                return step
            self.wait()
        raise AssertionError(f"not settled after the carrier healed: {[call.number for call in self.open_calls()]}")

    def surprises(self) -> list[Callable[[], None]]:
        """Return what a call survives without waiting."""
        return [self.rotate_salts, lambda: self.suspend(400.0), lambda: self.restart_client(400.0)]

    def _call_once_more(self) -> None:
        """See that calls over a carrier that works take no time but that of packets, whatever the two have to learn."""
        for surprise in self.surprises():
            surprise()
            call = self.call()
            self._come_to_rest()
            assert [type(end) for end in call.ends] == [Result], "a call waits or fails although everything works"

    def _come_to_rest(self) -> None:
        """Carry packets and answer calls, connected or not, until nobody has anything to say."""
        for _ in range(EXCHANGES):
            for link, wire in list(self.wires.items()):
                if not wire.open_above and not wire.down:
                    self.client_loses(link)
            for link in self.waiting:
                self.connect(link)
            before = self.carried
            self.flow(answers=True)
            self.check()
            if self.carried == before and not self.waiting:
                return
        raise AssertionError("the two never come to rest")

    def wait(self) -> None:
        """Let time pass until one of the two wants to do something."""
        clients = [link.next_deadline() for link in self.client.links]
        times = [time - self.skew for time in clients if time is not None]
        servers = [wire.link.next_deadline() for wire in self.wires.values()]
        times += [time for time in servers if time is not None]
        self.now = max(self.now, min(times, default=self.now))
