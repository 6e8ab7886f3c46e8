"""A proxy that wants a greeting: nothing else is said before its answer, and one that never answered is given up."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.errors import ConnectionLost, LocalProtocolError, RemoteProtocolError
from mtproto.link import Broken, ClientLink, Failed, LinkStatus, PfsLink, StatusChanged
from mtproto.link.client_wire import GREETING_TIME
from mtproto.link.reconnection import BARREN_CONNECTIONS
from mtproto.session import Sent
from mtproto.transport import Secret, SecretKind
from mtproto.transport.tls_greeting import answer_hello, hello_time, read_hello
from mtproto.transport.tls_records import CHANGE_CIPHER_SPEC
from tests.link.support import DC, NOW, QUERY, known_state, of_type, rsa_key, seeded

SECRET = Secret(b"a key of sixteen", SecretKind.FAKE_TLS, "www.example.org")


def link_of(**options: Any) -> ClientLink:
    return ClientLink([rsa_key().public], dc_id=DC, random=seeded(), secret=SECRET, **options)


def connected(link: ClientLink, now: float = NOW) -> bytes:
    """Connect, and return the hello, after which nothing more is to be sent."""
    assert of_type(link.connected(now), StatusChanged) == [StatusChanged(LinkStatus.GREETING)]
    hello = link.data_to_send(now)
    assert link.data_to_send(now) == b""
    return hello


def answer_to(data: bytes, key: bytes = SECRET.key) -> bytes:
    hello = read_hello(data)
    assert hello is not None
    return answer_hello(hello, key, seeded(7))


@pytest.mark.parametrize(
    ("state", "then"), [(None, LinkStatus.EXCHANGING), (known_state(), LinkStatus.READY)], ids=["no key", "a key"]
)
def test_all_else_waits_for_the_answer(state: Any, then: LinkStatus) -> None:
    link = link_of(state=state)
    link.send(QUERY)
    answer = answer_to(connected(link))
    assert link.received(answer[:-1], NOW) == []
    assert (link.status, link.data_to_send(NOW)) == (LinkStatus.GREETING, b"")
    events = link.received(answer[-1:], NOW)
    assert StatusChanged(then) in events
    assert link.data_to_send(NOW).startswith(CHANGE_CIPHER_SPEC)


def test_nothing_is_sealed_before_the_answer() -> None:
    link = link_of(state=known_state())
    request = link.send(QUERY)
    answer = answer_to(connected(link))
    assert not of_type(link.tick(NOW), Sent)
    link.received(answer, NOW)
    link.data_to_send(NOW)
    assert [event.request for event in of_type(link.tick(NOW), Sent)] == [request]


def test_each_connection_has_a_hello_of_its_own_with_its_own_time() -> None:
    link = link_of(state=known_state())
    first = connected(link)
    link.disconnected(NOW)
    assert connected(link, NOW + 60) != first


def test_a_proxy_that_does_not_answer_is_left_in_time() -> None:
    link = link_of(state=known_state())
    connected(link)
    assert link.next_deadline() == NOW + GREETING_TIME
    assert link.tick(NOW + GREETING_TIME - 0.001) == []
    (broken,) = of_type(link.tick(NOW + GREETING_TIME), Broken)
    assert isinstance(broken.error, ConnectionLost)
    link.disconnected(NOW + GREETING_TIME)
    assert link.connect_at is not None


def test_a_wrong_secret_is_said_at_once() -> None:
    link = link_of()
    answer = answer_to(connected(link), key=bytes(16))
    (failed,) = of_type(link.received(answer, NOW), Failed)
    assert isinstance(failed.error, RemoteProtocolError)
    assert "secret" in str(failed.error)
    assert (link.status, link.connect_at) == (LinkStatus.CLOSED, None)


def test_a_proxy_that_has_answered_once_is_tried_for_ever() -> None:
    link = link_of(state=known_state())
    link.received(answer_to(connected(link)), NOW)
    link.disconnected(NOW)
    for _ in range(2 * BARREN_CONNECTIONS):
        answer = answer_to(connected(link), key=bytes(16))
        assert len(of_type(link.received(answer, NOW), Broken)) == 1
        link.disconnected(NOW)
        assert link.connect_at is not None


@pytest.mark.parametrize("state", [None, known_state()], ids=["no key", "a key"])
def test_a_proxy_that_never_answered_is_given_up(state: Any) -> None:
    link = link_of(state=state)
    for _ in range(BARREN_CONNECTIONS - 1):
        connected(link)
        assert not of_type(link.disconnected(NOW), Failed)
    connected(link)
    (failed,) = of_type(link.disconnected(NOW), Failed)
    assert "no proxy answered" in str(failed.error)


def test_a_framing_that_no_proxy_carries_is_refused_before_any_connection() -> None:
    with pytest.raises(LocalProtocolError, match="full"):
        ClientLink([], dc_id=DC, random=seeded(), secret=Secret(SECRET.key), transport="full")


# The clock ------------------------------------------------------------------------------------------------------------


def stamp_of(link: ClientLink, now: float) -> int:
    hello = read_hello(connected(link, now))
    assert hello is not None
    stamp = hello_time(hello, SECRET.key)
    assert stamp is not None
    return stamp


@pytest.mark.parametrize("offset", [-86400.0, 0.0, 3600.0, 1e9])
def test_a_hello_says_the_servers_time_where_that_is_known(offset: float) -> None:
    state = known_state()
    state.time_offset = offset
    assert stamp_of(link_of(state=state), NOW) == int(NOW + offset)
    assert stamp_of(link_of(), NOW) == int(NOW)  # without a key nothing is known


def test_with_temporary_keys_the_permanent_one_knows_the_time() -> None:
    state = known_state()
    state.time_offset = 3600.0
    whole = PfsLink([rsa_key().public], dc_id=DC, random=seeded(), secret=SECRET, state=state)
    [link] = whole.links
    link.connected(NOW)
    hello = read_hello(link.data_to_send(NOW))
    assert hello is not None
    assert hello_time(hello, SECRET.key) == int(NOW + 3600)


CLOCK = r"clock is minutes off, and this one said 2025-06-15 15:06:40 UTC"


def test_a_refusal_that_the_clock_may_be_the_reason_of_says_so() -> None:
    link = link_of()
    answer = answer_to(connected(link), key=bytes(16))  # what a web site behind the proxy answers
    (failed,) = of_type(link.received(answer, NOW), Failed)
    assert isinstance(failed.error.__cause__, RemoteProtocolError)
    with pytest.raises(RemoteProtocolError, match=CLOCK):
        raise failed.error


def test_a_proxy_that_closes_or_is_silent_may_have_refused_the_clock() -> None:
    link = link_of()
    for _ in range(BARREN_CONNECTIONS):
        connected(link)
        ended = link.disconnected(NOW)
    (failed,) = of_type(ended, Failed)
    assert failed.error.__cause__ is link.trouble
    with pytest.raises(ConnectionLost, match=f"without an answer.*{CLOCK}"):
        raise failed.error
    silent = link_of()
    connected(silent)
    (broken,) = of_type(silent.tick(NOW + GREETING_TIME), Broken)
    with pytest.raises(ConnectionLost, match=CLOCK):
        raise broken.error
