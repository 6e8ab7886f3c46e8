"""Exceptions that nobody expected, in both shells: calls are settled, and the next one connects again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from mtproto.errors import ConnectionLost, OutcomeUnknown
from mtproto.link import ClientLink
from tests.net.support import (
    ANSWER,
    IMPATIENT,
    QUERY,
    SOON,
    ListenerThread,
    blocking_connection,
    body_of,
    connection,
    listener,
    run,
)

if TYPE_CHECKING:
    from mtproto.link import LinkEvent


class Unexpected(Exception):
    """An exception that no part of the library knows."""


def explode(*_: object, **__: object) -> NoReturn:
    raise Unexpected("a cause")


class Once:
    """Takes the place of a method of links: does what the method does, then raises, if it was armed for that link."""

    def __init__(self, patch: pytest.MonkeyPatch, method: str) -> None:
        self.armed = False
        self.went_off = 0
        original = getattr(ClientLink, method)
        trap = self

        def replacement(link: ClientLink, *args: Any) -> Any:
            outcome = original(link, *args)
            if trap.armed and outcome:
                trap.armed = False
                trap.went_off += 1
                raise Unexpected("a cause")
            return outcome

        patch.setattr(ClientLink, method, replacement)


METHODS = ["received", "data_to_send"]


@pytest.mark.parametrize("method", METHODS)
def test_an_exception_of_the_link_settles_the_call_and_the_next_one_connects_again(
    method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    trap = Once(monkeypatch, method)

    async def main() -> None:
        async with listener() as server, connection(server, backoff=IMPATIENT) as client:
            await client.call(QUERY)
            trap.armed = True
            await settled(client)
            assert trap.went_off == 1
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY

    async def settled(client: Any) -> None:
        try:
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY
        except OutcomeUnknown as error:
            assert "Unexpected: a cause" in str(error)  # noqa: PT017 - either outcome is right

    run(main())
    assert logged(caplog) == 1


@pytest.mark.parametrize("method", METHODS)
def test_the_blocking_pump_outlives_an_exception_of_the_link(
    method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    trap = Once(monkeypatch, method)
    with ListenerThread() as server, blocking_connection(server, backoff=IMPATIENT) as client:
        client.call(QUERY)
        trap.armed = True
        try:
            assert body_of(client.call(QUERY, timeout=SOON)) == ANSWER + QUERY
        except OutcomeUnknown as error:
            assert "Unexpected: a cause" in str(error)  # noqa: PT017 - either outcome is right
        assert trap.went_off == 1
        assert body_of(client.call(QUERY, timeout=SOON)) == ANSWER + QUERY
    assert logged(caplog) == 1


def test_the_blocking_pump_outlives_an_exception_of_a_wish(caplog: pytest.LogCaptureFixture) -> None:
    with ListenerThread() as server, blocking_connection(server, backoff=IMPATIENT) as client:
        client._driver._wish(explode)
        assert body_of(client.call(QUERY, timeout=SOON)) == ANSWER + QUERY
    assert logged(caplog) == 1


def test_a_link_that_can_not_go_on_ends_its_calls_with_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    with ListenerThread() as server, blocking_connection(server, backoff=IMPATIENT) as client:
        client.call(QUERY)
        monkeypatch.setattr(ClientLink, "received", explode)
        monkeypatch.setattr(ClientLink, "disconnected", explode)
        with pytest.raises(ConnectionLost, match="an unexpected error: Unexpected: a cause") as caught:
            client.call(QUERY, timeout=SOON)
        assert isinstance(caught.value.__cause__, Unexpected)
        with pytest.raises(ConnectionLost, match="an unexpected error: Unexpected: a cause"):
            client.call(QUERY, timeout=SOON)
        monkeypatch.undo()


def test_a_listener_to_events_that_raises_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def listen(event: LinkEvent) -> None:
        raise Unexpected(type(event).__name__)

    async def main() -> None:
        async with listener() as server, connection(server, on_event=listen) as client:
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY

    run(main())
    assert logged(caplog) > 1
    with ListenerThread() as server, blocking_connection(server, backoff=IMPATIENT, on_event=listen) as client:
        assert body_of(client.call(QUERY, timeout=SOON)) == ANSWER + QUERY


def logged(caplog: pytest.LogCaptureFixture) -> int:
    """Return how many exceptions of this module were logged, with their cause."""
    return sum(
        record.levelno >= logging.ERROR and record.exc_info is not None and isinstance(record.exc_info[1], Unexpected)
        for record in caplog.records
    )
