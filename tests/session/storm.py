"""A pair whose packets are lost, repeated, delayed and overtaken, whose connections break, and whose server forgets."""

from __future__ import annotations

from collections import Counter
from random import Random

from mtproto.errors import LocalProtocolError, OutcomeUnknown
from mtproto.session import Request, ServerSession
from mtproto.session.events import Query, RequestLost, Result, RpcFailed
from tests.session.harness import MAX_BYTES, Pair, api_body, of


class Storm:
    """Random weather over a `Pair`, and what has to hold in it.

    Attributes:
        executions: how often the server was told each call.
        settled: how often the client was told the end of each call.

    """

    def __init__(self, seed: int, *, clock_error: float = 0.0) -> None:
        self.random = Random(seed)
        self.pair = Pair(seed=seed, clock_error=clock_error, answer=lambda _query: None)
        self.upward: list[bytes] = []
        self.downward: list[bytes] = []
        self.open_queries: list[tuple[ServerSession, int, bytes]] = []
        self.calls: dict[Request, bytes] = {}
        self.alone: set[bytes] = set()
        self.executions: Counter[bytes] = Counter()
        self.settled: Counter[Request] = Counter()
        self.cancelled: set[Request] = set()
        self.online = True
        self.forgot = False
        self.seen = 0

    # The weather.

    def step(self) -> None:
        actions = [self.call] * 3 + [self.pull] * 6 + [self.deliver_up] * 8 + [self.deliver_down] * 8
        actions += [self.answer] * 6 + [self.pass_time] * 3 + [self.cut, self.repeat, self.cancel, self.rotate]
        self.random.choice(actions)()
        self.check()

    def call(self) -> None:
        body = api_body(len(self.calls))
        after = [call for call in self.calls if self.random.random() < 0.1 and not self.settled[call]]
        idempotent, alone = self.random.random() < 0.2, self.random.random() < 0.4
        request = self.pair.client.send(body, idempotent=idempotent, after=after[-2:], alone=alone)
        self.calls[request] = body
        if alone:
            self.alone.add(body)

    def cancel(self) -> None:
        open_calls = [call for call in self.calls if not self.settled[call] and call not in self.cancelled]
        if open_calls and self.random.random() < 0.3:
            self.cancelled.add(call := self.random.choice(open_calls))
            self.pair.client.cancel(call, self.pair.client_now)

    def pull(self) -> None:
        if not self.online:
            return
        self.pair.client_events += self.pair.client.tick(self.pair.client_now)
        packet = self.pair.client.next_packet(self.pair.client_now, max_bytes=MAX_BYTES)
        if packet is not None:
            self.upward.append(packet.payload)
            together = [message.body[-8:] for message in self.pair.open_client(packet.payload)]
            assert sum(body in self.alone for body in together) <= 1
        for server in self.pair.servers.values():
            self.pair.server_events += server.tick(self.pair.now)
            down = server.next_packet(self.pair.now, max_bytes=MAX_BYTES)
            if down is not None:
                self.downward.append(down.payload)

    def deliver_up(self) -> None:
        """Deliver a packet to the server: mostly the oldest, sometimes one that overtook, even of a lost connection."""
        if self.upward:
            self.to_server(self.upward.pop(0 if self.random.random() < 0.8 else -1))

    def deliver_down(self) -> None:
        if self.downward and self.online:
            self.pair.to_client(self.downward.pop(0 if self.random.random() < 0.8 else -1))

    def repeat(self) -> None:
        if self.upward:
            self.to_server(self.random.choice(self.upward))
        if self.downward and self.online:
            self.pair.to_client(self.random.choice(self.downward))

    def to_server(self, payload: bytes) -> None:
        for query in of(self.pair.to_server(payload), Query):
            body = query.body[-8:]
            self.executions[body] += 1
            self.open_queries.append((self.pair.server, query.msg_id, body))

    def answer(self) -> None:
        if not self.open_queries:
            return
        server, msg_id, body = self.open_queries.pop(self.random.randrange(len(self.open_queries)))
        try:
            server.answer(msg_id, body)
        except LocalProtocolError:
            assert server not in self.pair.servers.values()

    def pass_time(self) -> None:
        self.pair.now += self.random.choice([0.01, 0.1, 1.0, 5.0])

    def cut(self) -> None:
        """Lose the connection: what the server sent is gone; what the client sent may still arrive."""
        if self.online:
            self.pair.client.disconnected(self.pair.client_now)
            for server in self.pair.servers.values():
                server.disconnected(self.pair.now)
            self.downward.clear()
            self.upward = [packet for packet in self.upward if self.random.random() < 0.5]
        else:
            self.pair.client.connected(self.pair.client_now)
            for server in self.pair.servers.values():
                server.connected(self.pair.now)
        self.online = not self.online

    def rotate(self) -> None:
        """End every salt at once."""
        if self.random.random() < 0.3:
            self.pair.salts.rotate(self.pair.now)

    def forget(self) -> None:
        self.forgot = True
        self.pair.server_forgets()

    # What has to hold.

    def check(self) -> None:
        for event in self.pair.client_events[self.seen :]:
            if isinstance(event, Result | RpcFailed | RequestLost):
                self.settled[event.request] += 1
            if isinstance(event, Result):
                assert event.body == self.calls[event.request]
            if isinstance(event, RequestLost):
                assert isinstance(event.error, OutcomeUnknown), event
                assert self.forgot, event
        self.seen = len(self.pair.client_events)
        for request, body in self.calls.items():
            assert self.settled[request] <= (request not in self.cancelled)
            assert request.idempotent or self.executions[body] <= 1, request

    def heal(self) -> None:
        """Let the sun shine until nothing is open any more; it must not take long."""
        if not self.online:
            self.cut()
        for _ in range(400):
            while self.upward:
                self.deliver_up()
            while self.open_queries:
                self.answer()
            self.pull()
            while self.downward:
                self.deliver_down()
            self.check()
            if not self.pair.client.in_flight:
                break
            deadline = self.pair.client.next_deadline()
            if not self.upward and not self.downward and deadline is not None:
                self.pair.now = max(self.pair.now + 0.1, min(deadline - self.pair.clock_error, self.pair.now + 2))
        open_calls = [call for call in self.calls if not self.settled[call] and call not in self.cancelled]
        assert open_calls == []
        assert self.pair.client.in_flight == 0
