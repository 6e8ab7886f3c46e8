"""Which sessions a server's link carries: the rule for streams, and the rule for HTTP."""

from __future__ import annotations

from mtproto.link import ServerKey, ServerSessions, SessionCarrier, SessionSlot
from mtproto.link.carriage import StreamCarriage
from mtproto.link.http_carriage import HttpCarriage
from mtproto.session import ServerEvent
from tests.link.support import NOW, kept_session, known_state, seeded


class Stream:
    """A link of a stream, as sessions see it."""

    by_polls = False

    def __init__(self) -> None:
        self.carriage = StreamCarriage(self)

    def detach(self, slot: SessionSlot) -> None:
        self.carriage.detach(slot)

    def leave(self, slot: SessionSlot, event: ServerEvent) -> None:
        """No packet is read here."""


class Web:
    """A link over HTTP, as sessions see it."""

    by_polls = True

    def __init__(self, flushed: list[SessionCarrier]) -> None:
        self.carriage = HttpCarriage(self, flushed.append)

    def detach(self, slot: SessionSlot) -> None:
        self.carriage.detach(slot)

    def leave(self, slot: SessionSlot, event: ServerEvent) -> None:
        """No packet is read here."""

    def take_over(self, slot: SessionSlot) -> None:
        self.carriage.take_over(slot)


def one_key() -> tuple[ServerSessions, ServerKey]:
    state = ServerSessions(seeded())
    return state, state.add_key(known_state().auth_key)


def one_slot() -> SessionSlot:
    state, key = one_key()
    return kept_session(state, key, 1, NOW)


def test_a_session_is_carried_by_the_link_that_heard_of_it_last() -> None:
    slot, one, two = one_slot(), Stream(), Stream()
    assert one.carriage.attach(slot, NOW)
    assert not one.carriage.attach(slot, NOW)
    assert two.carriage.attach(slot, NOW)
    assert slot.link is two
    assert (slot in one.carriage.carried, slot in two.carriage.carried) == (False, True)


def test_sessions_of_a_connection_that_ends_are_carried_by_none_and_their_age_begins() -> None:
    state, key = one_key()
    slots, link = [kept_session(state, key, number, NOW) for number in (1, 2)], Stream()
    for slot in slots:
        link.carriage.attach(slot, NOW)
    assert list(link.carriage.carried) == slots
    link.carriage.disconnected(NOW + 5)
    assert list(link.carriage.carried) == []
    assert [(slot.link, slot.connected, slot.used_at) for slot in slots] == [(None, False, NOW + 5)] * 2


def test_over_http_the_latest_request_carries_and_its_answer_leaves_the_session_to_the_one_before() -> None:
    flushed: list[SessionCarrier] = []
    slot, one, two = one_slot(), Web(flushed), Web(flushed)
    assert one.carriage.attach(slot, NOW)
    assert two.carriage.attach(slot, NOW)
    assert (slot.link, slot.polls) == (two, [one, two])
    assert one.carriage.current is None
    two.carriage.answered()
    assert (slot.link, slot.polls, flushed) == (one, [one], [one])
    two.carriage.answered()
    assert flushed == [one]


def test_over_http_a_connection_that_ends_leaves_its_session_to_a_request_that_waits() -> None:
    flushed: list[SessionCarrier] = []
    slot, one, two = one_slot(), Web(flushed), Web(flushed)
    one.carriage.attach(slot, NOW)
    two.carriage.attach(slot, NOW)
    two.carriage.disconnected(NOW)
    assert (slot.link, slot.polls, flushed) == (one, [one], [one])
    one.carriage.disconnected(NOW)
    assert (slot.link, slot.polls, slot.connected) == (None, [], False)


def test_a_session_moves_from_a_stream_to_http_and_back() -> None:
    flushed: list[SessionCarrier] = []
    slot, stream, web = one_slot(), Stream(), Web(flushed)
    stream.carriage.attach(slot, NOW)
    web.carriage.attach(slot, NOW)
    assert (slot.link, web.carriage.current, list(stream.carriage.carried)) == (web, slot, [])
    stream.carriage.attach(slot, NOW)
    assert (slot.link, web.carriage.current) == (stream, None)
    web.carriage.answered()
    assert (slot.link, slot.polls, flushed) == (stream, [], [])
