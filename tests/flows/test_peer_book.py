"""The book of peers: what answers teach it, what it forgets, what it costs, and what is kept of it."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.flows import NAME_LIFETIME, NAMES_KEPT, PEERS_KEPT, PeerBook
from tests.flows.answers import Answers
from tl import api

t = api.types
NOW = 1_800_000_000.0
ROOM = -1_000_000_000_009
CHANNEL = t.Channel(id=9, access_hash=99, title="c", photo=t.ChatPhotoEmpty(), date=1, username="Room")


def user(user_id: int = 5, access_hash: int | None = 55, **fields: Any) -> Any:
    return t.User(id=user_id, access_hash=access_hash, **fields)


def photos(*users: Any) -> Any:
    return t.photos.Photos(photos=[], users=list(users))


def book_of(*answers: Any) -> PeerBook:
    book = PeerBook(api.schema, 1)
    for answer in answers:
        book.learn(answer, NOW)
    return book


def message(sender: int, number: int, **fields: Any) -> Any:
    return t.Message(
        id=number, peer_id=t.PeerChannel(channel_id=9), from_id=t.PeerUser(user_id=sender), date=1, message="", **fields
    )


def updates(*messages: Any, users: Any = (), chats: Any = ()) -> Any:
    inside = [t.UpdateNewChannelMessage(message=each, pts=1, pts_count=1) for each in messages]
    return t.Updates(updates=inside, users=list(users), chats=list(chats), date=1, seq=1)


@pytest.mark.parametrize(
    "answer",
    [
        user(),
        [user()],
        photos(user()),
        t.contacts.ResolvedPeer(peer=t.PeerUser(user_id=5), chats=[], users=[user()]),
        t.auth.Authorization(user=user()),
        t.auth.LoginTokenSuccess(authorization=t.auth.Authorization(user=user())),
        updates(users=[user()]),
        t.updates.Difference(
            new_messages=[],
            new_encrypted_messages=[],
            other_updates=[],
            chats=[],
            users=[user()],
            state=t.updates.State(pts=1, qts=1, date=1, seq=1, unread_count=0),
        ),
        t.ChatInvite(title="x", photo=t.PhotoEmpty(id=1), participants_count=1, participants=[user()], color=1),
    ],
    ids=lambda answer: getattr(answer, "NAME", "list"),
)
def test_access_hashes_are_taken_from_wherever_an_answer_shows_users(answer: Any) -> None:
    assert book_of(answer).access_hash(5) == 55


def test_channels_are_taken_too_and_a_forbidden_one_keeps_its_hash() -> None:
    forbidden = t.ChannelForbidden(id=8, access_hash=88, title="f")
    book = book_of(updates(chats=[CHANNEL, forbidden, t.ChatEmpty(id=3)]))
    assert book.access_hash(ROOM) == 99
    assert book.access_hash(ROOM + 1) == 88
    assert len(book) == 2
    assert book.named("room", NOW) == ROOM


@pytest.mark.parametrize("answer", [None, True, 5, [1, 2], [], "text", t.UpdatesTooLong(), t.UserEmpty(id=5)], ids=str)
def test_an_answer_that_shows_nobody_teaches_nothing(answer: Any) -> None:
    assert (len(book := book_of(answer)), book.changes) == (0, 0)


def test_a_layer_of_long_ago_is_read_as_well(each: Answers) -> None:
    book = PeerBook(each.schema)
    book.learn(each("photos.photos", photos=[], users=[each.user(access_hash=3)]), NOW)
    assert book.access_hash(each.user().id) == 3


@given(st.permutations([False, True, True, False]))
def test_a_min_hash_never_replaces_a_full_one(order: list[bool]) -> None:
    book = book_of(*[photos(user(access_hash=1 if is_min else 55, min=is_min)) for is_min in order])
    assert book.access_hash(5) == 55


def test_a_min_hash_alone_is_none_and_the_message_of_the_stranger_is_remembered_instead() -> None:
    stranger = user(access_hash=1, min=True)
    book = book_of(updates(message(5, 77), message(6, 78), users=[stranger], chats=[CHANNEL]))
    assert book.access_hash(5) is None
    assert book.met_in(5) == (ROOM, 77)
    assert book.met_in(6) is None
    book.learn(photos(user()), NOW)
    assert (book.access_hash(5), book.met_in(5)) == (55, None)
    book.learn(updates(message(5, 79), users=[stranger]), NOW)
    assert (book.access_hash(5), book.met_in(5)) == (55, None)


def test_a_forwarded_stranger_is_met_in_the_message_that_was_forwarded() -> None:
    forwarded = message(6, 77, fwd_from=t.MessageFwdHeader(from_id=t.PeerUser(user_id=5), date=1))
    assert book_of(updates(forwarded, users=[user(access_hash=1, min=True)])).met_in(5) == (ROOM, 77)


def test_a_username_is_remembered_for_a_day_in_lower_case() -> None:
    book = book_of(photos(user(username="Some_Name")))
    assert book.named("some_name", NOW) == 5
    assert book.named("some_name", NOW + NAME_LIFETIME - 1) == 5
    assert book.named("some_name", NOW + NAME_LIFETIME) is None
    assert book.named("other", NOW) is None


def test_every_active_username_counts_and_those_of_a_min_user_do_not() -> None:
    names = [
        t.Username(username="One", active=True),
        t.Username(username="Two", active=True),
        t.Username(username="No"),
    ]
    book = book_of(photos(user(usernames=names), user(6, 1, min=True, username="three")))
    assert [book.named(name, NOW) for name in ("one", "two", "no", "three")] == [5, 5, None, None]


def test_a_name_that_leads_to_the_wrong_user_is_dropped() -> None:
    book = book_of(photos(user(username="name")))
    book.learn(photos(user(username="renamed")), NOW)
    assert (book.named("name", NOW), book.named("renamed", NOW)) == (None, 5)
    book.learn(photos(user(6, 66, username="renamed")), NOW)
    assert book.named("renamed", NOW) == 6
    book.learn(photos(user()), NOW)  # has no name at all, and the one that went to another stays there
    assert book.named("renamed", NOW) == 6
    book.learn(photos(user(6, 66)), NOW)
    assert book.named("renamed", NOW) is None


def test_what_is_saved_comes_back_and_is_json() -> None:
    stranger = user(7, 1, min=True)
    book = book_of(photos(user(username="name")), updates(message(7, 77), users=[stranger], chats=[CHANNEL]))
    saved = json.loads(json.dumps(book.saved()))
    again = PeerBook(api.schema, 1, saved)
    assert again.saved() == book.saved()
    assert (again.access_hash(5), again.access_hash(ROOM), again.met_in(7)) == (55, 99, (ROOM, 77))
    assert again.named("name", NOW) == 5
    assert again.changes == 0
    again.learn(photos(user()), NOW)  # the name is gone
    assert again.named("name", NOW) is None


def test_the_book_of_one_user_is_of_no_use_to_another() -> None:
    book = book_of(photos(user(username="name")))
    assert len(PeerBook(api.schema, 2, book.saved())) == 0
    book.belong_to(1)
    assert len(book) == 1
    book.belong_to(2)
    assert (len(book), book.named("name", NOW)) == (0, None)


damaged = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["hashes", "met", "names", "owner", "other"]), damaged))
def test_a_damaged_record_is_left_out(saved: dict[str, Any]) -> None:
    book = PeerBook(api.schema, None, saved)
    assert PeerBook(api.schema, None, json.loads(json.dumps(book.saved()))).saved() == book.saved()


def test_only_what_is_new_is_worth_saving() -> None:
    book = book_of(photos(user(username="name")))
    before = book.changes
    book.learn(photos(user(username="name")), NOW + 60)
    assert book.changes == before
    book.learn(photos(user(username="name")), NOW + 7200)  # the name holds for longer now
    assert book.changes > before


def test_the_book_is_bounded_and_forgets_those_that_were_needed_longest_ago() -> None:
    book = PeerBook(api.schema, 1)
    for number in range(1, PEERS_KEPT + 1):
        book.learn(user(number, number, username=f"name{number}"), NOW)
        book.access_hash(1)
    assert len(book) == PEERS_KEPT
    book.learn(user(PEERS_KEPT + 1, 5), NOW)
    assert PEERS_KEPT * 3 // 4 < len(book) <= PEERS_KEPT
    assert book.access_hash(1) == 1
    assert book.access_hash(2) is None
    assert book.access_hash(PEERS_KEPT) == PEERS_KEPT
    known = sum(book.named(f"name{number}", NOW) is not None for number in range(1, PEERS_KEPT + 1))
    assert NAMES_KEPT // 2 < known <= NAMES_KEPT
    assert book.named(f"name{PEERS_KEPT}", NOW) == PEERS_KEPT


def test_ten_thousand_peers_take_three_mebibytes_at_most() -> None:
    book_of(user(1, 1))  # how answers are walked is worked out once
    tracemalloc.start()
    try:
        book = PeerBook(api.schema, 1)
        for number in range(1, PEERS_KEPT + 1):
            shown = user((1 << 40) + number, (1 << 62) + number, username=f"name_of_someone_{number:08}")
            book.learn(shown, NOW)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(book) == PEERS_KEPT
    assert size < 3 << 20


def test_a_hash_that_the_server_refused_is_forgotten_with_the_names_that_lead_there() -> None:
    f = api.functions
    book = book_of(photos(user(username="name"), user(6, 66, username="six")), updates(chats=[CHANNEL]))
    book.doubt(f.users.GetUsers(id=[t.InputUser(user_id=5, access_hash=55), t.InputUser(user_id=6, access_hash=1)]))
    assert (book.access_hash(5), book.named("name", NOW)) == (None, None)
    assert (book.access_hash(6), book.named("six", NOW)) == (66, 6)  # the hash was the caller's own
    peer = t.InputPeerChannel(channel_id=9, access_hash=99)
    book.doubt(f.messages.GetPeerDialogs(peers=[t.InputDialogPeer(peer=peer)]))
    assert (book.access_hash(ROOM), book.named("room", NOW)) == (None, None)


def test_a_class_of_answers_that_shows_nobody_is_known_after_the_first_of_them() -> None:
    nearest = t.NearestDc(country="NL", this_dc=2, nearest_dc=2)
    barren = book_of(photos(), nearest)
    assert not barren.can_learn(nearest)
    shows_somebody = [user(), [user()], photos(user()), updates(users=[user()])]
    assert [barren.can_learn(answer) for answer in shows_somebody] == [True] * 4
