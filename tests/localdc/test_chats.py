"""Basic groups: each member has a copy of each message, a number and a `pts` of its own for it."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.localdc.post_channel import send_by_name
from mtproto.localdc.world import User
from mtproto.localdc.world.chat import MEMBERS, chats_of
from mtproto.localdc.world.model import World
from tests.localdc.conftest import SESSION, RpcFailure
from tests.localdc.test_private_messages import Talker
from tl import api

t: Any = api.types
f: Any = api.functions


class Member(Talker):
    """A member of the groups of the world."""

    @property
    def kitchen(self) -> Any:
        return self.world.chat_named("the kitchen")

    @property
    def peer(self) -> Any:
        return t.InputPeerChat(chat_id=self.kitchen.id)

    def say(self, text: str = "hello", random_id: int = 1) -> Any:
        return self(f.messages.SendMessage(peer=self.peer, message=text, random_id=random_id))

    def said(self, **window: int) -> Any:
        asked = {"offset_id": 0, "offset_date": 0, "add_offset": 0, "limit": 9, "max_id": 0, "min_id": 0, "hash": 0}
        return self(f.messages.GetHistory(peer=self.peer, **{**asked, **window}))

    def listed(self, limit: int = 9, after: tuple[int, int, Any] | None = None) -> Any:
        date, number, peer = after or (0, 0, t.InputPeerEmpty())
        return self(f.messages.GetDialogs(offset_date=date, offset_id=number, offset_peer=peer, limit=limit, hash=0))


@pytest.fixture
def triple(packaged_world: World) -> Member:
    return Member(packaged_world, "triple")


@pytest.fixture
def dozen(packaged_world: World, triple: Member) -> Member:
    return Member(packaged_world, "dozen", triple)


def test_a_message_is_counted_in_the_box_of_each_member_and_told_to_all(triple: Member, dozen: Member) -> None:
    dozen.send("single")
    dozen.heard()
    before = triple.state().pts, dozen.state().pts
    answer = triple.say()
    number, new = answer.updates
    assert (number.NAME, number.id, number.random_id) == ("updateMessageID", 1, 1)
    assert (new.NAME, new.pts, new.pts_count, new.message.out) == ("updateNewMessage", before[0] + 1, 1, True)
    [chat] = answer.chats
    assert (chat.NAME, chat.id, chat.participants_count) == ("chat", triple.kitchen.id, len(triple.world.users))
    assert {user_id for user_id, _, _ in triple.told} == {user.id for user in triple.world.users}
    [(_, but)] = triple.heard()
    [(theirs, none)] = dozen.heard()
    assert (but, none) == (SESSION, None)
    [update] = theirs.updates
    assert (update.pts, update.message.id, update.message.out) == (before[1] + 1, 2, False)
    assert (update.message.peer_id.chat_id, update.message.from_id.user_id) == (triple.kitchen.id, triple.user.id)
    assert [each.id for each in theirs.chats] == [triple.kitchen.id]
    assert {user.id: user.min for user in theirs.users} == {triple.user.id: False, dozen.user.id: False}
    assert (triple.state().pts, dozen.state().pts) == (before[0] + 1, before[1] + 1)


def test_whoever_knows_group_and_sender_gets_the_short_form(triple: Member, dozen: Member) -> None:
    triple.say()
    dozen.heard()
    triple.say("again", 2)
    [(short, _)] = dozen.heard()
    assert (short.NAME, short.out, short.message, short.chat_id, short.from_id) == (
        "updateShortChatMessage",
        False,
        "again",
        triple.kitchen.id,
        triple.user.id,
    )
    assert (short.pts, short.pts_count) == (dozen.state().pts, 1)


def test_whoever_lacks_the_group_or_the_sender_gets_both(triple: Member, dozen: Member) -> None:
    triple.send("dozen")
    single = Member(triple.world, "single", triple)
    dozen.heard()
    for writer in (triple, single):
        writer.say("x", 9)
        [(update, _)] = dozen.heard()
        assert update.NAME == "updates"
        assert writer.user.id in {user.id for user in update.users}
        assert [chat.id for chat in update.chats] == [dozen.kitchen.id]
    [_, (own, _), _] = triple.heard()
    assert (own.NAME, own.updates[0].message.out) == ("updates", True)  # the first message is one's own


def test_a_random_id_is_sent_to_a_group_once(triple: Member, dozen: Member) -> None:
    first = triple.say()
    triple.heard(), dozen.heard()
    assert triple.say("other", 1) == first
    assert (dozen.heard(), [each.message for each in dozen.said().messages]) == ([], ["hello"])
    assert triple.dc.executions.of(1) == 2


def test_history_numbers_and_difference_of_a_group(triple: Member, dozen: Member) -> None:
    first = dozen.state().pts
    for number in range(1, 4):
        triple.say(str(number), number)
    page = dozen.said(limit=2)
    assert (page.NAME, page.count, [each.message for each in page.messages]) == (
        "messages.messagesSlice",
        3,
        ["3", "2"],
    )
    [there] = dozen(f.messages.GetMessages(id=[t.InputMessageID(id=2)])).messages
    assert (there.message, there.peer_id.chat_id) == ("2", triple.kitchen.id)
    missed = dozen.difference(first)
    assert [(each.message, each.from_id.user_id) for each in missed.new_messages] == [
        (text, triple.user.id) for text in "123"
    ]
    for answer in (page, missed):
        assert [each.id for each in answer.chats] == [triple.kitchen.id]
        assert {user.id for user in answer.users} == {triple.user.id, dozen.user.id}


def test_a_group_is_read_and_its_writers_hear_of_it(triple: Member, dozen: Member) -> None:
    single = Member(triple.world, "single", triple)
    triple.say("1", 1)
    single.send("dozen", "between")
    single.say("2", 2)
    single.say("3", 3)
    triple.say("4", 4)
    [kitchen, private] = dozen.listed().dialogs
    assert (kitchen.peer.chat_id, kitchen.unread_count, kitchen.top_message) == (triple.kitchen.id, 4, 5)
    assert private.peer.user_id == single.user.id
    for each in (triple, dozen, single):
        each.heard()
    pts = dozen.state().pts
    read = dozen(f.messages.ReadHistory(peer=dozen.peer, max_id=4))
    assert (read.pts, read.pts_count) == (pts + 1, 1)
    [(inbox, but)] = dozen.heard()
    [update] = inbox.updates
    assert (update.NAME, update.peer.chat_id, update.max_id, update.still_unread_count, but) == (
        "updateReadHistoryInbox",
        triple.kitchen.id,
        4,
        1,
        SESSION,
    )
    for writer, last in ((triple, 1), (single, 4)):
        [(outbox, _)] = writer.heard()
        [update] = outbox.updates
        assert (update.NAME, update.peer.chat_id, update.max_id) == (
            "updateReadHistoryOutbox",
            triple.kitchen.id,
            last,
        )
    assert single(f.messages.ReadHistory(peer=single.peer, max_id=1)).pts_count == 1
    assert triple.heard() == []  # the other member had read that far before


def test_which_groups_there_are_and_who_is_in_them(triple: Member) -> None:
    [chat] = triple(f.messages.GetChats(id=[triple.kitchen.id, triple.kitchen.id])).chats
    assert (chat.title, chat.creator) == ("The kitchen", False)
    assert triple.sees("dozen").min
    whole = triple(f.messages.GetFullChat(chat_id=triple.kitchen.id))
    assert (whole.full_chat.id, [each.id for each in whole.chats]) == (chat.id, [chat.id])
    members = whole.full_chat.participants.participants
    assert [each.user_id for each in members] == [user.id for user in triple.world.users]
    assert not any(user.min for user in whole.users)
    assert len(triple.world.chats) == 3


def test_whoever_is_in_no_group_has_none(packaged_world: World) -> None:
    plenty = Member(packaged_world, "plenty")
    workshop = packaged_world.chat_named("The workshop")
    assert workshop is not None
    for request in (f.messages.GetChats(id=[workshop.id]), f.messages.GetFullChat(chat_id=5)):
        with pytest.raises(RpcFailure, match="400 CHAT_ID_INVALID"):
            plenty(request)
    peer = t.InputPeerChat(chat_id=workshop.id)
    with pytest.raises(RpcFailure, match="400 PEER_ID_INVALID"):
        plenty(f.messages.SendMessage(peer=peer, message="x", random_id=1))
    with pytest.raises(ValueError, match="plenty is not in 'The workshop'"):
        send_by_name("plenty", "the workshop", "x", plenty.dc)


def test_a_program_lets_a_member_write_there(triple: Member, dozen: Member) -> None:
    assert send_by_name("triple", "the kitchen", "hello", triple.dc) == triple.said().messages[0].id == 1
    [(update, _)] = dozen.heard()
    assert update.updates[0].message.message == "hello"
    with pytest.raises(ValueError, match="MESSAGE_EMPTY"):
        send_by_name("triple", "the kitchen", " ", triple.dc)


def test_a_member_can_be_named_by_a_message_of_the_group(triple: Member, dozen: Member) -> None:
    triple.say()

    def seen(peer: Any, user_id: int) -> str:
        [user] = dozen(f.users.GetUsers(id=[t.InputUserFromMessage(peer=peer, msg_id=1, user_id=user_id)]))
        return str(user.NAME)

    assert (seen(dozen.peer, triple.user.id), seen(dozen.peer, dozen.of("single").id)) == ("user", "userEmpty")
    assert seen(t.InputPeerChat(chat_id=triple.kitchen.id + 1), triple.user.id) == "userEmpty"
    assert seen(t.InputPeerSelf(), triple.user.id) == "userEmpty"


def test_the_list_of_chats_has_the_channel_and_can_be_turned_page_by_page(triple: Member, dozen: Member) -> None:
    assert dozen.listed().dialogs == []
    triple.say()
    triple.send("dozen", random_id=2)
    send_by_name("triple", "the_square", "hello", triple.dc)
    whole = dozen.listed()
    assert [each.peer.NAME for each in whole.dialogs] == ["peerUser", "peerChat", "peerChannel"]
    assert {each.NAME for each in whole.chats} == {"chat", "channel"}
    assert len(whole.messages) == 3
    assert whole.dialogs[2].pts == triple.dc.shared.channel.pts
    came, after = [], None
    while (page := dozen.listed(1, after)).dialogs:
        [dialog], [message] = page.dialogs, page.messages
        came.append(dialog.peer)
        assert (page.NAME, page.count) == ("messages.dialogsSlice", 3)
        after = message.date, message.id, input_peer(dialog.peer, triple)
    assert came == [each.peer for each in whole.dialogs]
    assert dozen.listed(after=(message.date, 0, t.InputPeerEmpty())).dialogs == []
    triple.dc.shared.channel.members = frozenset()
    assert len(dozen.listed().dialogs) == 2


def input_peer(peer: Any, triple: Member) -> Any:
    channel = triple.dc.shared.channel
    match peer.NAME:
        case "peerUser":
            return t.InputPeerUser(user_id=peer.user_id, access_hash=triple.user.access_hash)
        case "peerChat":
            return t.InputPeerChat(chat_id=peer.chat_id)
    return t.InputPeerChannel(channel_id=peer.channel_id, access_hash=channel.access_hash)


def test_a_world_of_many_users_has_groups_of_two_hundred_and_a_small_one_fewer_groups() -> None:
    assert [len(chat.members) for chat in chats_of(range(1, 1000))] == [MEMBERS, MEMBERS, 2]
    assert [chat.display_name for chat in chats_of([1])] == ["The kitchen"]
    user = User(1, 2, "a", "b", "somebody", bot=True, photos=())
    assert World([user]).chats[0].members == (1,)
