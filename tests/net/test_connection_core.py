"""A connection apart from the waiting: what it tells to those who wait, and what it logs when nobody does."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import Any

import pytest

from mtproto.errors import ConnectionLost, MTProtoError, TransportError
from mtproto.link import Failed
from mtproto.net.options import ConnectionOptions
from mtproto.net.shells.calls_under_way import Outcome
from mtproto.net.shells.connection_core import ConnectionCore
from mtproto.session import Request
from tests.net.support import rsa_key

REFUSED = TransportError(-404)


class Nothing:
    """Where what comes unasked goes."""

    def put(self, item: object) -> None:
        """Take an item."""

    def end(self) -> None:
        """Take notice of the end."""


class LoopThatIsNever:
    """A loop in which nothing happens."""


def core() -> ConnectionCore[Future[Outcome]]:
    place = ("192.0.2.1", 443)
    return ConnectionCore(place, [rsa_key().public], ConnectionOptions(), Nothing(), lambda: None)


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_failure_that_nobody_waits_for_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    connection = core()
    assert connection.dispatch([Failed(REFUSED)])
    [said] = warnings_of(caplog)
    assert said.startswith("gave up: transport error -404")
    assert isinstance(connection.not_open(), TransportError)  # for whoever calls later


def test_a_failure_that_a_call_gets_is_not_told_twice(caplog: pytest.LogCaptureFixture) -> None:
    connection, future = core(), Future[Outcome]()
    connection.calls.add(Request(b"call"), future)
    connection.dispatch([Failed(REFUSED)])
    assert isinstance(future.exception(0), TransportError)
    assert warnings_of(caplog) == []


def test_a_failure_that_open_gets_is_not_told_twice(caplog: pytest.LogCaptureFixture) -> None:
    connection, opening = core(), Future[None]()
    loop: Any = LoopThatIsNever()
    connection.prepare(loop, opening, connection)
    connection.dispatch([Failed(REFUSED)])
    assert isinstance(opening.exception(0), TransportError)
    assert warnings_of(caplog) == []


def test_the_error_of_a_deadline_names_the_route_and_has_the_last_trouble_as_its_cause() -> None:
    connection = core()
    late = connection.too_late("no answer in time")
    assert str(late) == "no answer in time (192.0.2.1:443, transport intermediate)"
    assert late.__cause__ is None
    trouble: MTProtoError = ConnectionLost("refused")
    connection.link.links[0].disconnected(0.0, trouble)
    late = connection.too_late("no answer in time")
    assert "no answer in time: refused" in str(late)
    assert late.__cause__ is trouble
