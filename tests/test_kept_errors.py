"""An error that is kept holds no frames: neither those that it went through itself, nor those of its causes."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from mtproto.client import UndecodableUpdate
from mtproto.errors import RemoteProtocolError, without_frames
from mtproto.link import events as link_events
from mtproto.session import Undecodable
from mtproto.session import events as session_events
from tests.session.harness import Pair
from tl import service

KINDS: list[Any] = [*vars(session_events).values(), *vars(link_events).values(), UndecodableUpdate]
WITH_ERRORS = [
    kind
    for kind in dict.fromkeys(kind for kind in KINDS if isinstance(kind, type) and is_dataclass(kind))
    if "error" in {field.name for field in fields(kind)}
]


def parts(error: BaseException | None) -> list[BaseException]:
    """Return an error and all that it holds on to."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        part = waiting.pop()
        if part is not None and part not in found:
            found.append(part)
            waiting += [part.__cause__, part.__context__]
    return found


def has_frames(error: BaseException) -> bool:
    return any(part.__traceback__ is not None for part in parts(error))


def raised() -> RemoteProtocolError:
    """Return an error that was raised from another one, while yet another one was handled."""
    try:
        try:
            bytes((255,)).decode()
        except UnicodeDecodeError:
            try:
                raise KeyError(1)
            except KeyError as error:
                raise RemoteProtocolError("check") from error
    except RemoteProtocolError as error:
        made = error
    return made


def test_only_causes_are_kept() -> None:
    error = raised()
    assert has_frames(error)
    assert without_frames(error) is error
    assert not has_frames(error)
    assert [type(part) for part in parts(error)] == [RemoteProtocolError, KeyError]


def test_causes_that_go_round_have_an_end() -> None:
    error = raised()
    cause = error.__cause__
    assert cause is not None
    cause.__cause__ = error
    assert not has_frames(without_frames(error))


@pytest.mark.parametrize("kind", WITH_ERRORS)
def test_each_event_with_an_error_keeps_no_frames(kind: Any) -> None:
    values = {field.name: None for field in fields(kind)}
    error = raised()
    assert kind(**{**values, "error": error}).error is error
    assert not has_frames(error)


def test_the_events_with_errors_are_known() -> None:
    known = {"Undecodable", "RequestLost", "SessionBroken", "Broken", "Failed", "KeyDropped", "UndecodableUpdate"}
    assert {kind.__name__ for kind in WITH_ERRORS} == known


def test_undecodable_messages_of_clients_hold_no_frames_either() -> None:
    pair = Pair()
    pair.run()
    unreadable = bytes(service.types.MsgsAllInfo(msg_ids=[1], info=b"").to_bytes())[:8]
    [event] = [event for event in pair.from_client_now(unreadable) if isinstance(event, Undecodable)]
    assert not has_frames(event.error)
