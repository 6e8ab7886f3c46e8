"""From a reference to an object of the wanted type: which calls are made, and which are not."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.errors import BadRequest, LocalProtocolError
from mtproto.flows import (
    NAME_LIFETIME,
    NotSupported,
    PeerAsker,
    PeerBook,
    PeerNotKnown,
    UnexpectedAnswer,
    WrongReference,
    resolve,
)
from tests.flows.answers import Answers
from tests.flows.player import Player, Turn, wrong
from tl import api

t = api.types
ME = 1
ROOM = -1_000_000_000_009
USER = t.User(id=5, access_hash=55, username="name")
CHANNEL = t.Channel(id=9, access_hash=99, title="c", photo=t.ChatPhotoEmpty(), date=1, username="room")
STRANGER = t.User(id=7, access_hash=1, min=True)
IN_ROOM = t.Message(id=77, peer_id=t.PeerChannel(channel_id=9), from_id=t.PeerUser(user_id=7), date=1, message="hi")


def found(*users: Any, chats: Any = (), peer: Any = None) -> Any:
    return t.contacts.ResolvedPeer(peer=peer or t.PeerUser(user_id=users[0].id), chats=list(chats), users=list(users))


def someone(*, is_bot: bool = False) -> PeerAsker:
    return PeerAsker(api.schema, ME, is_bot)


def met(*answers: Any) -> PeerBook:
    book = PeerBook(api.schema, ME)
    for answer in answers:
        book.learn(answer, 1_000_000.0)
    return book


def play(book: PeerBook, reference: Any, wanted: Any = "InputPeer", *turns: Turn, is_bot: bool = False) -> Any:
    return Player(list(turns)).run(resolve(someone(is_bot=is_bot), book, reference, wanted))


INPUT_USER = t.InputUser(user_id=5, access_hash=55)
PEER_USER = t.InputPeerUser(user_id=5, access_hash=55)


@pytest.mark.parametrize(
    ("reference", "wanted", "made"),
    [
        ("me", "InputPeer", t.InputPeerSelf()),
        ("me", "InputUser", t.InputUserSelf()),
        (ME, "InputUser", t.InputUserSelf()),
        (5, "InputUser", INPUT_USER),
        (5, "InputPeer", PEER_USER),
        ("tg://user?id=5", "InputUser", INPUT_USER),
        (USER, "InputPeer", PEER_USER),
        (t.User(id=8, access_hash=88), "InputUser", t.InputUser(user_id=8, access_hash=88)),
        (t.InputPeerUser(user_id=8, access_hash=88), "InputUser", t.InputUser(user_id=8, access_hash=88)),
        (t.InputUser(user_id=8, access_hash=88), "InputPeer", t.InputPeerUser(user_id=8, access_hash=88)),
        (t.InputUserSelf(), "InputPeer", t.InputPeerSelf()),
        (-3, "InputPeer", t.InputPeerChat(chat_id=3)),
        (ROOM, "InputPeer", t.InputPeerChannel(channel_id=9, access_hash=99)),
        (9, "InputChannel", t.InputChannel(channel_id=9, access_hash=99)),
        (9, "InputPeer", t.InputPeerChannel(channel_id=9, access_hash=99)),  # no user 9 was met
        (CHANNEL, "InputChannel", t.InputChannel(channel_id=9, access_hash=99)),
        (IN_ROOM, "InputPeer", t.InputPeerChannel(channel_id=9, access_hash=99)),
        ("@name", "InputUser", INPUT_USER),
        ("t.me/Room", "InputChannel", t.InputChannel(channel_id=9, access_hash=99)),
    ],
    ids=str,
)
def test_what_is_known_costs_no_call(reference: Any, wanted: Any, made: Any) -> None:
    assert play(met([USER, CHANNEL]), reference, wanted) == made


def test_a_username_is_asked_for_once_a_day() -> None:
    book = met()
    asked: Turn = ("contacts.resolveUsername", found(t.User(id=5, access_hash=55)))
    player = Player([asked])
    assert player.run(resolve(someone(), book, "@Name", "InputUser")) == INPUT_USER
    assert player.request(0).username == "name"
    for reference in ("name", "https://t.me/NAME"):
        assert play(book, reference) == PEER_USER
    later = Player([asked], clock=1_000_000.0 + NAME_LIFETIME)
    assert later.run(resolve(someone(), book, "@name", "InputUser")) == INPUT_USER


def test_a_hundred_restarts_ask_for_a_username_once() -> None:
    book = met()
    turns: list[Turn] = [("contacts.resolveUsername", found(USER))]
    for _ in range(100):
        assert play(book, "@name", "InputUser", *turns) == INPUT_USER
        book, turns = PeerBook(api.schema, ME, book.saved()), []


def test_a_remembered_name_whose_peer_was_forgotten_is_asked_for_again() -> None:
    book = met()
    book.note_name("name", 5, 1_000_000.0)
    assert play(book, "name", "InputUser", ("contacts.resolveUsername", found(USER))) == INPUT_USER


def test_a_name_of_nobody_is_the_servers_refusal_and_is_not_remembered() -> None:
    book = met()
    book.note_name("nobody", 5, 1_000_000.0)
    with pytest.raises(BadRequest, match="USERNAME_NOT_OCCUPIED"):
        play(book, "nobody", "InputUser", ("contacts.resolveUsername", wrong("USERNAME_NOT_OCCUPIED")))
    assert book.named("nobody", 1_000_000.0) is None


def test_a_name_of_a_channel_is_refused_where_a_user_is_wanted() -> None:
    answer = found(chats=[CHANNEL], peer=t.PeerChannel(channel_id=9))
    with pytest.raises(WrongReference, match="'@room' is a channel or supergroup, and the method wants a user"):
        play(met(), "@room", "InputUser", ("contacts.resolveUsername", answer))
    with pytest.raises(WrongReference, match="'@room' is a channel"):
        play(met(CHANNEL), "@room", "InputUser")


def test_a_phone_number_is_asked_for() -> None:
    book = met()
    player = Player([("contacts.resolvePhone", found(USER))])
    assert player.run(resolve(someone(), book, "+49 170 1234567", "InputUser")) == INPUT_USER
    assert player.request(0).phone == "491701234567"


def test_every_layer_resolves_names_and_says_where_it_knows_no_phone_numbers(each: Answers) -> None:
    asker, book = PeerAsker(each.schema), PeerBook(each.schema)
    peer = each("peerUser", user_id=5)
    answer = each("contacts.resolvedPeer", peer=peer, chats=[], users=[each.user(5, access_hash=3)])
    made = Player([("contacts.resolveUsername", answer)]).run(resolve(asker, book, "name", "InputUser"))
    assert made == each("inputUser", user_id=5, access_hash=3)
    by_phone = resolve(asker, book, "+491701234567", "InputUser")
    if "contacts.resolvePhone" in each.schema:
        assert Player([("contacts.resolvePhone", answer)]).run(by_phone) == made
    else:
        with pytest.raises(NotSupported, match="layer 133"):
            Player([]).run(by_phone)


def test_an_answer_of_another_kind_is_refused() -> None:
    with pytest.raises(UnexpectedAnswer):
        Player([("contacts.resolveUsername", lambda _: 5)]).run(resolve(someone(), met(), "name"))


@pytest.mark.parametrize("reference", [7, t.PeerUser(user_id=7), STRANGER, "tg://user?id=7"], ids=str)
def test_a_user_can_not_ask_for_a_stranger_by_the_bare_id(reference: Any) -> None:
    with pytest.raises(
        PeerNotKnown, match=r"access hash of user 7 is not known.*Looked at: 1 peers.*Only a bot"
    ) as caught:
        play(met(USER), reference, "InputUser")
    assert isinstance(caught.value, LocalProtocolError)


def test_a_stranger_is_named_by_the_message_that_showed_it() -> None:
    room = t.InputPeerChannel(channel_id=9, access_hash=99)
    by_message = t.InputUserFromMessage(peer=room, msg_id=77, user_id=7)
    assert play(met(CHANNEL), IN_ROOM, "InputUser") == by_message
    inside = [t.UpdateNewChannelMessage(message=IN_ROOM, pts=1, pts_count=1)]
    book = met(t.Updates(updates=inside, users=[STRANGER], chats=[CHANNEL], date=1, seq=1))
    assert play(book, 7, "InputUser") == by_message
    as_peer = t.InputPeerUserFromMessage(peer=room, msg_id=77, user_id=7)
    assert play(book, STRANGER) == as_peer
    assert play(book, by_message) == as_peer
    assert play(book, as_peer, "InputUser") == by_message
    book.learn(t.User(id=7, access_hash=70), 1_000_000.0)
    assert play(book, IN_ROOM, "InputUser") == t.InputUser(user_id=7, access_hash=70)
    with pytest.raises(PeerNotKnown):  # the channel of the message is not known either
        play(met(), IN_ROOM, "InputUser")


def test_a_bot_asks_for_a_stranger_without_a_hash() -> None:
    player = Player([("users.getUsers", lambda _: [t.User(id=7, access_hash=70)])])
    book = met()
    assert player.run(resolve(someone(is_bot=True), book, 7, "InputUser")) == t.InputUser(user_id=7, access_hash=70)
    assert player.request(0).id == [t.InputUser(user_id=7, access_hash=0)]
    assert play(book, 7, "InputUser", is_bot=True) == t.InputUser(user_id=7, access_hash=70)
    turn: Turn = ("channels.getChannels", t.messages.Chats(chats=[CHANNEL]))
    assert play(met(), ROOM, "InputChannel", turn, is_bot=True) == t.InputChannel(channel_id=9, access_hash=99)


def test_a_bot_that_has_not_met_somebody_is_told_what_was_tried() -> None:
    with pytest.raises(PeerNotKnown, match=r"7: the server shows this bot no user 7 \(users.getUsers with hash 0\)"):
        play(met(), 7, "InputUser", ("users.getUsers", lambda _: [t.UserEmpty(id=7)]), is_bot=True)


@pytest.mark.parametrize("reference", ["two words", 0, None, t.InputPeerEmpty()], ids=str)
def test_what_can_be_nobody_costs_no_call(reference: Any) -> None:
    with pytest.raises(WrongReference):
        play(met(), reference)
