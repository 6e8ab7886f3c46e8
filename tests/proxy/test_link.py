"""A visitor of the proxy: led to its data centre with a secret, passed on or refused without."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError
from mtproto.proxy import ProxyState
from mtproto.proxy import state as state_module
from mtproto.proxy.link import GREETING_TIME, IDLE_TIME, ProxyLink
from mtproto.proxy.state import MOST_AHEAD, OLDEST_HELLO
from mtproto.transport import Payload, Secret, SecretKind, client_transport, detect
from mtproto.transport.tls_hello import client_hello
from mtproto.transport.tls_records import CHANGE_CIPHER_SPEC, cut_records
from tests.proxy.support import (
    DC,
    DOMAIN,
    EVERY_SECRET,
    FAKE_TLS,
    FALLBACK,
    NOW,
    PADDED,
    PLAIN,
    Passage,
    client_of,
    link_of,
    say,
    state,
)
from tests.transport.support import encrypted, plain, seeded_random

if TYPE_CHECKING:
    from mtproto.proxy import ProxyLink

every_secret = pytest.mark.parametrize("secret", EVERY_SECRET.values(), ids=EVERY_SECRET)


def refused(link: ProxyLink, reason: str) -> bool:
    """Tell whether a visitor was sent away for a reason, and nothing was said to anybody."""
    assert link.refusal is not None
    assert reason in link.refusal
    return link.closing and link.upstream is None and not link.data_for_visitor() and not link.data_for_upstream()


# Clients -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(
    ("secret", "name"),
    [(PLAIN, "abridged"), (PLAIN, "intermediate"), (PLAIN, "padded"), (PADDED, "padded"), (FAKE_TLS, "padded")],
    ids=["plain, abridged", "plain, intermediate", "plain, padded", "dd", "ee"],
)
def test_payloads_travel_both_ways_however_they_are_cut(secret: Secret, name: str, size: int) -> None:
    passage = Passage(secret, name, size=size)
    assert passage.up(plain(40)) == [Payload(plain(40))]
    assert (passage.link.upstream, passage.link.dc_id, passage.link.refusal) == (DC, 2, None)
    assert passage.down(plain(80)) == [Payload(plain(80))]
    assert passage.up(encrypted(24 + 16 * 400)) == [Payload(encrypted(24 + 16 * 400))]
    assert passage.down(encrypted(24 + 16 * 400)) == [Payload(encrypted(24 + 16 * 400))]


@every_secret
def test_a_client_is_led_on_by_its_first_bytes_and_may_be_silent_for_longer_then(secret: Secret) -> None:
    passage = Passage(secret)
    assert passage.link.next_deadline() == NOW + (GREETING_TIME if secret is FAKE_TLS else IDLE_TIME)
    passage.up(plain(40))
    assert passage.link.next_deadline() == NOW + IDLE_TIME
    passage.link.tick(NOW + IDLE_TIME - 0.001)
    assert not passage.link.closing


def led_on(secret: Secret | None, idle_time: float | None) -> ProxyLink:
    """Return the link of a visitor who is led somewhere: a client to its data centre, nobody's client to a web site."""
    link = ProxyLink(state(fallback=FALLBACK), os.urandom, NOW, idle_time=idle_time)
    if secret is None:
        link.received(b"GET / HTTP/1.1\r\n", NOW)
    else:
        client = client_of(secret)
        link.received(client.opening(), NOW)
        client.receive(link.data_for_visitor())
        link.received(client.pack(plain(40)), NOW)
    assert link.upstream is not None
    return link


@pytest.mark.parametrize("secret", [*EVERY_SECRET.values(), None], ids=[*EVERY_SECRET, "a stranger"])
def test_a_visitor_over_whose_connection_nothing_passes_any_more_is_sent_away(secret: Secret | None) -> None:
    link = led_on(secret, 100.0)
    link.received(b"\x17\x03\x03", NOW + 90)
    link.tick(NOW + 100)
    assert (link.closing, link.next_deadline()) == (False, NOW + 190)
    link.upstream_received(b"an answer", NOW + 180)
    link.tick(NOW + 190)
    assert (link.closing, link.next_deadline()) == (False, NOW + 280)
    link.tick(NOW + 280)
    assert link.closing
    assert link.next_deadline() is None
    assert "silent" in str(link.refusal)


def test_a_proxy_without_an_idle_time_lets_visitors_be_silent() -> None:
    link = led_on(PLAIN, None)
    assert link.next_deadline() is None
    link.tick(NOW + 10 * IDLE_TIME)
    assert not link.closing


@pytest.mark.parametrize(("dc_id", "place"), [(2, DC), (-2, DC), (-4, ("192.0.2.4", 80))])
def test_a_media_dc_without_a_place_of_its_own_is_the_ordinary_one(dc_id: int, place: tuple[str, int]) -> None:
    link = link_of()
    link.received(client_of(PLAIN, dc_id=dc_id).opening(), NOW)
    assert (link.upstream, link.dc_id) == (place, dc_id)
    found = detect(link.data_for_upstream(), os.urandom)
    assert found is not None
    assert (found.name, found.dc_id) == ("obfuscated-padded", dc_id)  # the DC is told as much


@pytest.mark.parametrize("dc_id", [4, 10_002, 3])
def test_there_is_no_way_to_a_dc_that_is_not_named(dc_id: int) -> None:
    link = link_of(state(fallback=FALLBACK))
    link.received(client_of(PADDED, dc_id=dc_id).opening(), NOW)
    assert refused(link, f"DC {dc_id}")  # it knows the secret: no stranger


def test_each_of_several_secrets_opens_the_door() -> None:
    secrets = [Secret(bytes((number,)) * 16, kind) for number in range(4) for kind in (SecretKind.PLAIN,)]
    secrets += [Secret(bytes((number,)) * 16, SecretKind.FAKE_TLS, DOMAIN) for number in range(4)]
    shared = state(*secrets)
    for secret in secrets:
        assert Passage(secret, shared=shared).up(plain(40)) == [Payload(plain(40))]


@pytest.mark.parametrize(("secrets", "dcs"), [([], {2: DC}), ([PLAIN], {})])
def test_a_proxy_without_secret_or_dc_makes_no_sense(secrets: list[Secret], dcs: Any) -> None:
    with pytest.raises(LocalProtocolError):
        ProxyState(secrets, dcs)


# Strangers -----------------------------------------------------------------------------------------------------------

OTHER_KEY = b"another key, too"
STRANGERS = {
    "a browser": client_hello(DOMAIN, os.urandom),
    "an old browser": client_hello(DOMAIN, os.urandom, compact=True),
    "another fake-TLS secret": client_of(Secret(OTHER_KEY, SecretKind.FAKE_TLS, DOMAIN)).opening(),
    "another plain secret": client_of(Secret(OTHER_KEY)).opening(),
    "HTTP": b"GET / HTTP/1.0\r\n\r\n",
    "the key of ee without TLS": client_of(Secret(FAKE_TLS.key)).opening(),
    "another framing than dd wants": client_of(Secret(PADDED.key), "abridged").opening(),
    "a bare framing": b"\xef",
    "a record larger than there are": bytes.fromhex("160301ffff"),
    "TLS without a session id": b"\x16\x03\x01\x00\x60\x01\x00\x00\x5c" + bytes(0x5C),
}
every_stranger = pytest.mark.parametrize("said", STRANGERS.values(), ids=STRANGERS)


@every_stranger
def test_a_stranger_is_passed_on_whole(said: bytes) -> None:
    for size in (1, len(said)):
        link = link_of(state(fallback=FALLBACK))
        say(link, said, size)
        assert (link.upstream, link.dc_id, link.closing) == (FALLBACK, None, False)
        assert link.refusal
        assert link.data_for_upstream() == said
        link.received(b"and more", NOW)
        link.upstream_received(b"an answer", NOW)
        assert (link.data_for_upstream(), link.data_for_visitor()) == (b"and more", b"an answer")


@every_stranger
def test_without_a_fallback_a_stranger_is_sent_away_unanswered(said: bytes) -> None:
    link = link_of()
    link.received(said, NOW)
    assert refused(link, "")
    link.received(said, NOW)
    assert refused(link, "")


def test_a_secret_in_plain_words_is_no_way_in_where_all_are_for_tls() -> None:
    link = link_of(state(FAKE_TLS))
    link.received(client_of(Secret(FAKE_TLS.key)).opening()[:1], NOW)
    assert refused(link, "neither")


def test_where_no_secret_is_for_tls_a_hello_is_no_header() -> None:
    link = link_of(state(PLAIN))
    link.received(client_of(FAKE_TLS).opening(), NOW)
    assert refused(link, "")


def test_a_visitor_who_says_nothing_is_sent_away_in_time() -> None:
    link = link_of(state(fallback=FALLBACK))
    deadline = link.next_deadline()
    assert deadline == NOW + GREETING_TIME
    link.received(client_of(PLAIN).opening()[:63], NOW)
    link.tick(deadline - 0.001)
    assert not link.closing
    link.tick(deadline)
    assert refused(link, "silent")
    assert link.next_deadline() is None


# Recordings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fallback", [None, FALLBACK])
def test_a_hello_that_is_replayed_never_leads_to_a_dc(fallback: tuple[str, int] | None) -> None:
    shared, recorded = state(fallback=fallback), client_of(FAKE_TLS).opening()
    link_of(shared).received(recorded, NOW)
    link = link_of(shared)
    link.received(recorded, NOW + 1)
    assert link.refusal == "a hello that was replayed"
    assert link.upstream == fallback
    assert link.data_for_visitor() == b""
    assert link.data_for_upstream() == (recorded if fallback else b"")


def test_a_replay_is_told_though_its_time_was_rewritten() -> None:
    """The four bytes that carry the time are signed by nothing."""
    shared, recorded = state(), client_of(FAKE_TLS, now=NOW - 5000).opening()
    link_of(shared, NOW - 5000).received(recorded, NOW - 5000)
    written = int.from_bytes(recorded[39:43], "little") ^ int(NOW - 5000) ^ int(NOW)
    link = link_of(shared)
    link.received(recorded[:39] + written.to_bytes(4, "little") + recorded[43:], NOW)
    assert refused(link, "replayed")


@pytest.mark.parametrize(
    ("age", "welcome"),
    [(OLDEST_HELLO, True), (OLDEST_HELLO + 1, False), (-MOST_AHEAD, True), (-MOST_AHEAD - 1, False)],
)
def test_a_hello_may_be_10_minutes_old_or_20_minutes_ahead(age: float, welcome: bool) -> None:
    link = link_of()
    link.received(client_of(FAKE_TLS, now=NOW - age).opening(), NOW)
    if welcome:
        assert link.data_for_visitor()
    else:
        assert refused(link, "stale")


def test_an_obfuscated_header_that_is_replayed_is_refused_however_it_begins() -> None:
    shared, recorded = state(), client_of(PADDED).opening()
    link_of(shared).received(recorded, NOW)
    link = link_of(shared)
    link.received(b"another " + recorded[8:], NOW)  # the keys come from what follows
    assert refused(link, "replayed")


def test_the_memory_for_recordings_is_bounded_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "SEEN_GREETINGS", 3)
    shared, recorded = state(), [client_of(PLAIN).opening() for _ in range(5)]
    for header in recorded:
        link_of(shared).received(header, NOW)
    last, first = link_of(shared), link_of(shared)
    last.received(recorded[-1], NOW)
    first.received(recorded[0], NOW)
    assert (last.closing, first.closing) == (True, False)


def test_strangers_leave_nothing_in_the_memory() -> None:
    shared = state()
    for said in STRANGERS.values():
        link_of(shared).received(said, NOW)
    assert not shared._hellos
    assert not shared._headers


# Behind the greeting -------------------------------------------------------------------------------------------------


def greeted(fallback: tuple[str, int] | None = FALLBACK) -> ProxyLink:
    link = link_of(state(fallback=fallback))
    link.received(client_of(FAKE_TLS).opening(), NOW)
    assert link.data_for_visitor()
    return link


def test_a_proxy_answers_a_hello_before_it_knows_the_dc() -> None:
    link = greeted()
    assert link.upstream is None
    assert not link.closing


@pytest.mark.parametrize(
    "said",
    [
        b"\x15\x03\x03\x00\x02\x01\x00",
        CHANGE_CIPHER_SPEC + cut_records(bytes(64), 64),
        CHANGE_CIPHER_SPEC + cut_records(client_of(Secret(OTHER_KEY)).opening(), 64),
        CHANGE_CIPHER_SPEC + cut_records(client_of(Secret(FAKE_TLS.key), "abridged").opening(), 64),
    ],
    ids=["an alert", "zeros", "another secret", "another framing"],
)
def test_who_has_shown_the_secret_and_goes_wrong_is_refused_and_not_passed_on(said: bytes) -> None:
    link = greeted()
    link.received(said, NOW)
    assert refused(link, "")


def test_what_came_before_a_broken_record_still_goes_to_the_dc() -> None:
    for size in (1, 100_000):
        passage = Passage(FAKE_TLS)
        passage.up(plain(40))
        sent = passage.client.pack(encrypted(40))
        say(passage.link, sent + b"\x15\x03\x03\x00\x02\x01\x00", size)
        assert passage.link.closing
        assert passage.server is not None
        assert passage.server.receive(passage.link.data_for_upstream()) == [Payload(encrypted(40))]


def first_words(secret: Secret) -> bytes:
    """Return what a client says until it is led to its data centre, and a little more."""
    header = client_transport("padded", seeded_random(), dc_id=2, secret=Secret(secret.key)).opening()
    if secret is not FAKE_TLS:
        return header + bytes(20)
    hello = client_transport("padded", seeded_random(), dc_id=2, secret=secret, now=NOW).opening()
    return hello + CHANGE_CIPHER_SPEC + cut_records(header + bytes(20), 30)


@given(
    st.sampled_from([*EVERY_SECRET.values()]),
    st.lists(st.tuples(st.integers(0, 2400), st.integers(0, 7)), max_size=2),
    st.integers(0, 2400),
    st.sampled_from([None, FALLBACK]),
)
def test_spoilt_greetings_come_to_the_same_in_one_piece_and_byte_by_byte(
    secret: Secret, flips: list[tuple[int, int]], end: int, fallback: tuple[str, int] | None
) -> None:
    said = bytearray(first_words(secret))
    for place, bit in flips:
        said[place % len(said)] ^= 1 << bit
    came_to = []
    for size in (1, 1 << 20):
        link = link_of(state(fallback=fallback))
        say(link, bytes(said[:end]), size)
        answered, sent = bool(link.data_for_visitor()), link.data_for_upstream()
        if fallback is not None and link.upstream == fallback:
            assert sent == said[:end]
        came_to.append((link.upstream, link.dc_id, link.closing, link.refusal, answered, len(sent)))
    assert came_to[0] == came_to[1]


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(said: bytes) -> None:
    for link in (link_of(), link_of(state(fallback=FALLBACK)), greeted()):
        link.received(said, NOW)
