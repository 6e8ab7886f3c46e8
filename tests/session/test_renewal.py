"""The change from a session whose ids are of no more use to the next one."""

from __future__ import annotations

import pytest

from mtproto.session.client_parts import ClientParts
from mtproto.session.events import RequestLost, SessionRenewed
from mtproto.session.inbox import Seen
from mtproto.session.renewal import RENEWAL_TIMEOUT
from mtproto.session.request import Request, RequestState
from mtproto.session.sealer import new_session_id
from mtproto.session.service_messages import MessageKind
from mtproto.session.time_window import NEVER
from tests.session.harness import api_body
from tests.session.parts import NOW, make_parts, sealed, told

ALL = 1 << 30


def given_up(code: int = 32) -> tuple[ClientParts, Request]:
    """Return the parts of a session that is being given up, and the call that it waits for."""
    parts = make_parts()
    [request] = sealed(parts)
    parts.renewal.begin(code, NOW)
    return parts, request


def test_a_session_waits_for_news_of_what_was_sent_in_it() -> None:
    parts, request = given_up()
    assert (parts.renewal.active, parts.outbox.next_ask) == (True, NOW)
    parts.renewal.finish_if_ready(NOW)
    assert parts.renewal.active
    parts.calls.settle(request)
    parts.renewal.finish_if_ready(NOW)
    assert (parts.renewal.active, parts.renewal.deadline) == (False, NEVER)
    assert told(parts, SessionRenewed) == [SessionRenewed(1, parts.sealer.session_id, 32)]


@pytest.mark.parametrize("up", [True, False])
def test_a_session_does_not_wait_for_ever_while_a_connection_is_there(up: bool) -> None:
    parts, request = given_up()
    if not up:
        parts.connection.lost()
    parts.renewal.finish_if_ready(NOW + RENEWAL_TIMEOUT)
    assert parts.renewal.active is not up
    assert len(told(parts, RequestLost)) == up
    assert (request.state is RequestState.SETTLED) is up


def test_each_connection_has_its_time() -> None:
    parts, _ = given_up()
    parts.renewal.connection_made(NOW + 50)
    assert parts.renewal.deadline == NOW + 50 + RENEWAL_TIMEOUT


def test_the_new_session_remembers_nothing_of_the_old_one_but_what_was_not_sent() -> None:
    parts, _ = given_up()
    queued = Request(api_body(1))
    parts.calls.add(queued)
    parts.inbox.remember(7)
    parts.inbox.acknowledge(7, NOW)
    parts.questions.add(MessageKind.REPLY, bytes(4))
    parts.renewal.finish()
    assert parts.inbox.look_up(7) is Seen.NEW
    assert not parts.inbox.acks
    assert [item.kind for item in parts.questions.take(ALL, ALL)] == [MessageKind.DESTROY_SESSION]
    assert parts.outbox.queued() == [queued]


def test_only_ids_that_were_too_high_begin_from_the_clock_again() -> None:
    high = int((NOW + 500) * (1 << 32))
    for code, kept in ((17, 0), (32, high)):
        parts = make_parts()
        parts.key.note_msg_id(high)
        parts.renewal.begin(code, NOW)
        assert parts.key.last_msg_id == kept


def test_a_session_id_is_never_zero() -> None:
    answers = iter([bytes(8), b"\x05" + bytes(7)])
    assert new_session_id(lambda _size: next(answers)) == 5
