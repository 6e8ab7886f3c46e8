"""One deadline covers everything that a call does, over connections that only note how long they may take."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from mtproto import blocking, connect
from mtproto.client.options import DEFAULT_TIMEOUT
from mtproto.errors import DeadlineExceeded
from mtproto.link import KeyUse
from mtproto.session import Request, Result, RpcFailed
from tests.net.support import move_on, rsa_key, run

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = bytes(8)


class Record:
    """What the connections of these tests note: each call takes some seconds, and ends as the list says.

    Attributes:
        timeouts: of the calls, in order.

    """

    key_use = KeyUse(1)

    def __init__(self, seconds: float, pass_time: Callable[[float], None]) -> None:
        self.timeouts: list[float | None] = []
        self._seconds = seconds
        self._pass_time = pass_time

    def note(self, timeout: float | None) -> Result | RpcFailed:
        """Take a call; the second one is refused."""
        self.timeouts.append(timeout)
        self._pass_time(self._seconds)
        request = Request(BODY)
        if len(self.timeouts) == 2:
            return RpcFailed(request, 400, "CONNECTION_NOT_INITED")
        return Result(request, BODY)


class Noting(Record):
    """Takes the place of a blocking connection."""

    def call(self, _body: bytes, *, timeout: float | None, **_: object) -> Result | RpcFailed:
        return self.note(timeout)


class AsyncNoting(Record):
    """Takes the place of a connection of asyncio."""

    async def call(self, _body: bytes, *, timeout: float | None, **_: object) -> Result | RpcFailed:
        return self.note(timeout)


@pytest.mark.parametrize(("seconds", "left"), [(3.0, 7.0), (9.5, 0.5)])
def test_a_second_attempt_has_what_the_first_one_left(
    seconds: float, left: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("mtproto.client.blocking.time", SimpleNamespace(monotonic=lambda: clock[0]))
    noting = Noting(seconds, lambda passed: clock.__setitem__(0, clock[0] + passed))
    client = blocking.connect(("192.0.2.1", 443), keys=[rsa_key().public], api_id=1)
    monkeypatch.setattr(client, "connection", noting)  # all that calls need
    for _ in range(2):
        client.call_bytes(BODY, timeout=10.0)
    assert noting.timeouts == [10.0, 10.0, left]


def test_a_second_attempt_has_what_the_first_one_left_with_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        noting = AsyncNoting(3.0, move_on)
        client = connect(("192.0.2.1", 443), keys=[rsa_key().public], api_id=1)
        monkeypatch.setattr(client, "connection", noting)  # all that calls need
        for _ in range(2):
            await client.call_bytes(BODY, timeout=10.0)
        first, second, third = noting.timeouts
        assert (first, second) == (10.0, 10.0)
        assert third is not None
        assert 6.0 < third <= 7.0

    run(main())


def test_a_call_without_a_deadline_of_its_own_has_that_of_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    noting = Noting(0.0, lambda _: None)
    client = blocking.connect(("192.0.2.1", 443), keys=[rsa_key().public], api_id=1)
    monkeypatch.setattr(client, "connection", noting)
    client.call_bytes(BODY)
    assert noting.timeouts == [pytest.approx(DEFAULT_TIMEOUT)]


def test_there_is_no_second_attempt_without_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("mtproto.client.blocking.time", SimpleNamespace(monotonic=lambda: clock[0]))
    noting = Noting(10.0, lambda passed: clock.__setitem__(0, clock[0] + passed))
    client = blocking.connect(("192.0.2.1", 443), keys=[rsa_key().public], api_id=1)
    monkeypatch.setattr(client, "connection", noting)  # all that calls need
    client.call_bytes(BODY, timeout=10.0)
    with pytest.raises(DeadlineExceeded):
        client.call_bytes(BODY, timeout=10.0)
    assert len(noting.timeouts) == 2


def test_calls_without_a_deadline_have_none_in_their_second_attempt_either(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        noting = AsyncNoting(3.0, move_on)
        client = connect(("192.0.2.1", 443), keys=[rsa_key().public], api_id=1)
        monkeypatch.setattr(client, "connection", noting)  # all that calls need
        for _ in range(2):
            await client.call_bytes(BODY, timeout=None)
        assert noting.timeouts == [None, None, None]

    run(main())
