"""Who is meant: every form that a caller may write, and what is refused before any call."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError
from mtproto.flows import ById, ByMessage, ByPhone, ByUsername, Myself, Wanted, WrongReference, meant_by
from tl import api

t = api.types
USER = t.User(id=5, access_hash=55, first_name="A")
MIN_USER = t.User(id=5, access_hash=1, min=True)
ROOM = t.PeerChannel(channel_id=9)
IN_ROOM = t.Message(id=77, peer_id=ROOM, from_id=t.PeerUser(user_id=5), date=1, message="hi")
PRIVATE = t.Message(id=78, peer_id=t.PeerUser(user_id=6), date=1, message="hi", out=True)
CHAT = t.Chat(id=3, title="c", photo=t.ChatPhotoEmpty(), participants_count=2, date=1, version=1)
CHANNEL = t.Channel(id=9, access_hash=99, title="c", photo=t.ChatPhotoEmpty(), date=1)


def full_user() -> Any:
    return t.UserFull(id=5, settings=t.PeerSettings(), notify_settings=t.PeerNotifySettings(), common_chats_count=0)


def new_message(message: Any) -> Any:
    return t.UpdateNewMessage(message=message, pts=1, pts_count=1)


NAME = ByUsername("some_name")


@pytest.mark.parametrize(
    "text",
    [
        "some_name",
        "@some_name",
        "  @Some_Name \n",
        "SOME_NAME",
        "t.me/some_name",
        "https://t.me/some_name",
        "http://www.t.me/some_name/",
        "HTTPS://T.ME/Some_Name?start=x#y",
        "https://t.me/some_name/123",
        "https://t.me/s/some_name",
        "https://t.me/@some_name",
        "telegram.me/some_name",
        "https://telegram.dog/some_name",
        "https://some_name.t.me",
        "some_name.t.me/5",
        "tg://resolve?domain=some_name",
        "tg:resolve?domain=Some_Name&start=5",
    ],
)
def test_a_username_is_read_in_each_spelling(text: str) -> None:
    assert meant_by(text) == meant_by(text, "InputUser") == meant_by(text, "InputChannel") == NAME


@pytest.mark.parametrize(
    ("reference", "meant"),
    [
        ("me", Myself()),
        (" ME ", Myself()),
        ("self", Myself()),
        ("+49 (170) 123-45.67", ByPhone("491701234567")),
        ("+491701234567", ByPhone("491701234567")),
        ("t.me/+491701234567", ByPhone("491701234567")),
        ("tg://resolve?phone=491701234567", ByPhone("491701234567")),
        (5, ById(None, 5)),
        ("5", ById(None, 5)),
        (" 5 ", ById(None, 5)),
        (-3, ById("chat", 3)),
        ("-3", ById("chat", 3)),
        (-1000000000009, ById("channel", 9)),
        ("-1000000000009", ById("channel", 9)),
        (-1_000_000_000_000 - (1 << 40), ById("channel", 1 << 40)),
        ("tg://user?id=5", ById("user", 5)),
        ("tg://openmessage?chat_id=3", ById("chat", 3)),
        ("tg://privatepost?channel=9&post=1", ById("channel", 9)),
        ("https://t.me/c/9/77", ById("channel", 9)),
        ("channel#9", ById("channel", 9)),
        (t.InputUserSelf(), Myself()),
        (t.InputPeerSelf(), Myself()),
        (t.InputUser(user_id=5, access_hash=55), ById("user", 5, 55)),
        (t.InputUser(user_id=5, access_hash=0), ById("user", 5)),
        (t.InputPeerUser(user_id=5, access_hash=55), ById("user", 5, 55)),
        (t.InputPeerChat(chat_id=3), ById("chat", 3)),
        (t.InputPeerChannel(channel_id=9, access_hash=99), ById("channel", 9, 99)),
        (t.InputChannel(channel_id=9, access_hash=99), ById("channel", 9, 99)),
        (
            t.InputUserFromMessage(peer=t.InputPeerChat(chat_id=3), msg_id=7, user_id=5),
            ByMessage("user", t.InputPeerChat(chat_id=3), 7, 5),
        ),
        (USER, ById("user", 5, 55)),
        (MIN_USER, ById("user", 5)),
        (t.UserEmpty(id=5), ById("user", 5)),
        (full_user(), ById("user", 5)),
        (t.users.UserFull(full_user=full_user(), chats=[], users=[USER]), ById("user", 5)),
        (t.PeerUser(user_id=5), ById("user", 5)),
        (t.PeerChat(chat_id=3), ById("chat", 3)),
        (ROOM, ById("channel", 9)),
        (CHAT, ById("chat", 3)),
        (CHANNEL, ById("channel", 9, 99)),
        (t.ChannelForbidden(id=9, access_hash=99, title="c"), ById("channel", 9, 99)),
        (IN_ROOM, ById("channel", 9)),
        (new_message(PRIVATE), ById("user", 6)),
        (t.UpdateShort(update=new_message(IN_ROOM), date=1), ById("channel", 9)),
        (t.Updates(updates=[new_message(IN_ROOM)], users=[USER], chats=[], date=1, seq=1), ById("channel", 9)),
        (t.UpdateShortMessage(id=1, user_id=5, message="m", pts=1, pts_count=1, date=1), ById("user", 5)),
        (t.UpdateUserTyping(user_id=5, action=t.SendMessageTypingAction()), ById("user", 5)),
        (t.UpdateChannel(channel_id=9), ById("channel", 9)),
        (t.UpdateChat(chat_id=3), ById("chat", 3)),
        (t.Contact(user_id=5, mutual=True), ById("user", 5)),
        (t.contacts.ResolvedPeer(peer=ROOM, chats=[CHANNEL], users=[]), ById("channel", 9)),
        (t.InputDialogPeer(peer=t.InputPeerChat(chat_id=3)), ById("chat", 3)),
        (SimpleNamespace(update=new_message(PRIVATE), users={}), ById("user", 6)),
        (SimpleNamespace(message=IN_ROOM), ById("channel", 9)),
    ],
    ids=str,
)
def test_each_form_of_a_reference_is_read(reference: object, meant: object) -> None:
    assert meant_by(reference) == meant


@pytest.mark.parametrize(
    ("reference", "wanted", "meant"),
    [
        (IN_ROOM, "InputUser", ById("user", 5, met=(-1_000_000_000_009, 77))),
        (IN_ROOM, "InputChannel", ById("channel", 9)),
        (PRIVATE, "InputUser", ById("user", 6)),
        (new_message(IN_ROOM), "InputUser", ById("user", 5, met=(-1_000_000_000_009, 77))),
        (
            t.UpdateShortChatMessage(id=1, from_id=5, chat_id=3, message="m", pts=1, pts_count=1, date=1),
            "InputUser",
            ById("user", 5),
        ),
        (t.photos.Photos(photos=[], users=[USER]), "InputUser", ById("user", 5, 55)),
        (
            t.UpdateShortChatMessage(id=1, from_id=5, chat_id=3, message="m", pts=1, pts_count=1, date=1),
            "InputPeer",
            ById("chat", 3),
        ),
    ],
    ids=str,
)
def test_what_an_object_means_depends_on_what_is_wanted(reference: object, wanted: Wanted, meant: object) -> None:
    assert meant_by(reference, wanted) == meant


@pytest.mark.parametrize(
    "reference",
    [
        "",
        " ",
        "@",
        "two words",
        "ab",
        "a" * 33,
        "1abc",
        "näme",
        "some-name",
        "+12",
        "+1234567890123456",
        "0",
        "9" * 18,
        "https://example.com/some_name",
        "https://t.me/",
        "t.me",
        "https://t.me/joinchat/AAAA",
        "https://t.me/+AbCdEf",
        "https://t.me/addstickers/Some",
        "tg://resolve",
        "tg://join?invite=abc",
        "tg://user?id=x",
        0,
        True,
        1 << 53,
        -(1 << 60),
        1.5,
        None,
        b"name",
        [],
        pytest.param(object(), id="an object"),
        t.InputPeerEmpty(),
        t.InputUserEmpty(),
        t.UpdatesTooLong(),
        t.Updates(updates=[], users=[USER, t.User(id=6)], chats=[], date=1, seq=1),
    ],
    ids=str,
)
def test_what_can_be_nobody_is_refused_with_an_error_that_names_the_input(reference: object) -> None:
    with pytest.raises(WrongReference) as caught:
        meant_by(reference)
    assert isinstance(caught.value, LocalProtocolError)
    assert str(caught.value).startswith(caught.value.reference)
    named = getattr(reference, "NAME", None) or repr(reference)
    if not isinstance(reference, bytes | list) and type(reference) is not object:
        assert named[:80] in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "wanted", "words"),
    [
        (CHAT, "InputUser", "chat is a basic group, and the method wants a user"),
        (-3, "InputChannel", "-3 is a basic group, and the method wants a channel"),
        (CHANNEL, "InputUser", "channel is a channel or supergroup, and the method wants a user"),
        ("me", "InputChannel", "'me' is a user, and the method wants a channel"),
        ("+491701234567", "InputChannel", "is a user"),
        (t.Message(id=1, peer_id=ROOM, date=1, message=""), "InputUser", "message can't mean a user"),
    ],
    ids=str,
)
def test_the_wrong_kind_is_refused_without_a_call(reference: object, wanted: Wanted, words: str) -> None:
    with pytest.raises(WrongReference, match=words):
        meant_by(reference, wanted)


@settings(max_examples=100)
@given(st.text() | st.integers() | st.floats() | st.binary())
def test_whatever_is_written_means_somebody_or_is_refused(reference: object) -> None:
    with suppress(WrongReference):
        assert meant_by(reference) is not None
