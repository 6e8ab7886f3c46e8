"""The channel of all users: its messages, its own count, differences, and users whom only a message shows."""

from __future__ import annotations

from typing import Any

import pytest

import tl
from mtproto.localdc.chats import channel as channels
from mtproto.localdc.post_channel import send_by_name
from mtproto.localdc.spoken import SpokenLayers
from mtproto.localdc.world.model import World
from tests.localdc.conftest import SESSION, RpcFailure
from tests.localdc.test_private_messages import Talker
from tl import api

t: Any = api.types
f: Any = api.functions


class Member(Talker):
    """A member of the channel."""

    @property
    def square(self) -> Any:
        return self.dc.shared.channel

    @property
    def peer(self) -> Any:
        return t.InputPeerChannel(channel_id=self.square.id, access_hash=self.square.access_hash)

    @property
    def named(self) -> Any:
        return t.InputChannel(channel_id=self.square.id, access_hash=self.square.access_hash)

    def say(self, text: str = "hello", random_id: int = 1) -> Any:
        return self(f.messages.SendMessage(peer=self.peer, message=text, random_id=random_id))

    def missed(self, pts: int, limit: int = 100) -> Any:
        empty = t.ChannelMessagesFilterEmpty()
        return self(f.updates.GetChannelDifference(channel=self.named, filter=empty, pts=pts, limit=limit))


@pytest.fixture
def triple(packaged_world: World) -> Member:
    return Member(packaged_world, "triple")


@pytest.fixture
def dozen(packaged_world: World, triple: Member) -> Member:
    return Member(packaged_world, "dozen", triple)


def test_a_message_is_told_to_all_members(triple: Member, dozen: Member) -> None:
    pts, private = triple.square.pts, triple.state().pts
    answer = triple.say()
    number, new = answer.updates
    assert (number.NAME, number.id, number.random_id) == ("updateMessageID", 1, 1)
    assert (new.NAME, new.pts, new.pts_count, new.message.out) == ("updateNewChannelMessage", pts + 1, 1, True)
    assert [chat.id for chat in answer.chats] == [triple.square.id]
    [(mine, but)] = triple.heard()
    assert (mine, but) == (answer, SESSION)
    [(theirs, _)] = dozen.heard()
    [update] = theirs.updates
    assert (update.pts, update.message.out, update.message.from_id.user_id) == (pts + 1, False, triple.user.id)
    assert update.message.peer_id.channel_id == triple.square.id
    assert [(user.id, user.min) for user in theirs.users] == [(triple.user.id, True)]
    assert triple.state().pts == private
    assert triple.say("again", 1).updates == answer.updates
    assert (triple.square.pts, dozen.heard()) == (pts + 1, [])
    assert dozen.say().updates[1].pts == pts + 2


def test_the_difference_of_a_channel(triple: Member, dozen: Member) -> None:
    first = triple.square.pts
    assert dozen.missed(first).NAME == "updates.channelDifferenceEmpty"
    for number in range(1, 4):
        triple.say(str(number), number)
    part = dozen.missed(first, limit=2)
    assert (part.final, part.pts, [each.message for each in part.new_messages]) == (False, first + 2, ["1", "2"])
    rest = dozen.missed(part.pts)
    assert (rest.final, rest.pts, [each.message for each in rest.new_messages]) == (True, first + 3, ["3"])
    for pts, name in ((0, "EMPTY"), (-1, "INVALID")):
        with pytest.raises(RpcFailure, match=f"400 PERSISTENT_TIMESTAMP_{name}"):
            dozen.missed(pts)


def test_a_difference_of_more_than_is_kept_is_too_long(
    triple: Member, dozen: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "MESSAGES_OF_CHANNEL", 2)
    first = triple.square.pts
    for number in range(1, 4):
        triple.say(str(number), number)
    for pts in (first, first + 9):
        long = dozen.missed(pts)
        assert (long.NAME, long.dialog.pts, long.dialog.top_message) == (
            "updates.channelDifferenceTooLong",
            first + 3,
            3,
        )
        assert [each.message for each in long.messages] == ["3"]
    assert len(dozen.missed(first + 1).new_messages) == len(triple.square.history()) == 2
    triple.lengthens = True
    assert dozen.missed(first + 1).NAME == "updates.channelDifferenceTooLong"
    assert triple.say("1", 1).updates[0].id == 4


def test_a_page_has_a_hundred_messages_at_most(triple: Member, dozen: Member) -> None:
    for number in range(1, 102):
        triple.say(str(number), number)
    part = dozen.missed(1, limit=1000)
    assert (part.final, len(part.new_messages)) == (False, 100)
    asked = [t.InputMessageID(id=number) for number in range(1, 102)]
    assert len(dozen(f.channels.GetMessages(channel=dozen.named, id=asked)).messages) == 100


def test_a_program_lets_somebody_write_there(triple: Member, dozen: Member) -> None:
    assert send_by_name("single", "The_Square", "hello", triple.dc) == 1
    [(update, _)] = dozen.heard()
    assert update.updates[0].message.from_id.user_id == triple.of("single").id


def test_who_the_channel_is_and_its_messages(triple: Member, dozen: Member) -> None:
    found = dozen(f.contacts.ResolveUsername(username="The_Square"))
    [chat] = found.chats
    assert (found.peer.channel_id, chat.access_hash, chat.megagroup) == (chat.id, triple.square.access_hash, True)
    assert dozen(f.channels.GetChannels(id=[dozen.named, dozen.named])).chats == [chat]
    triple.say("1", 1)
    triple.say("2", 2)
    assert dozen(f.channels.GetFullChannel(channel=dozen.named)).full_chat.pts == triple.square.pts
    page = dozen(
        f.messages.GetHistory(
            peer=dozen.peer, offset_id=0, offset_date=0, add_offset=1, limit=5, max_id=0, min_id=0, hash=0
        )
    )
    assert (page.count, page.pts, [each.message for each in page.messages]) == (2, triple.square.pts, ["1"])
    asked = [t.InputMessageID(id=2), t.InputMessageID(id=3)]
    there, empty = dozen(f.channels.GetMessages(channel=dozen.named, id=asked)).messages
    assert (there.message, empty.NAME) == ("2", "messageEmpty")


def test_the_channel_is_read_and_its_writers_hear_of_it(triple: Member, dozen: Member) -> None:
    for number in range(1, 4):
        triple.say(str(number), number)
    single = Member(triple.world, "single", triple)
    dozen.say("4", 4)
    for each in (triple, dozen, single):
        each.heard()

    def stands(member: Member) -> tuple[int, int, int]:
        full = member(f.channels.GetFullChannel(channel=member.named)).full_chat
        return full.read_inbox_max_id, full.read_outbox_max_id, full.unread_count

    assert (stands(dozen), stands(triple)) == ((0, 0, 3), (0, 0, 1))
    pts = triple.square.pts
    assert dozen(f.channels.ReadHistory(channel=dozen.named, max_id=2)) is True
    assert (stands(dozen), stands(triple)) == ((2, 0, 1), (0, 2, 1))
    [(inbox, but)] = dozen.heard()
    [update] = inbox.updates
    assert (update.NAME, update.channel_id, update.max_id, update.still_unread_count, update.pts, but) == (
        "updateReadChannelInbox",
        triple.square.id,
        2,
        1,
        pts,
        SESSION,
    )
    [(outbox, but)] = triple.heard()
    [update] = outbox.updates
    assert (update.NAME, update.channel_id, update.max_id, but) == (
        "updateReadChannelOutbox",
        triple.square.id,
        2,
        None,
    )
    assert dozen(f.channels.ReadHistory(channel=dozen.named, max_id=1)) is True
    assert single(f.channels.ReadHistory(channel=single.named, max_id=1)) is True
    assert (dozen.heard(), triple.heard(), triple.square.pts) == ([], [], pts)
    assert triple(f.channels.ReadHistory(channel=triple.named, max_id=0)) is True
    assert (stands(triple), triple.heard()[1:]) == ((4, 2, 0), [])
    assert single(f.channels.ReadHistory(channel=single.named, max_id=0)) is True
    assert (stands(single), stands(triple), stands(dozen)) == ((4, 0, 0), (4, 3, 0), (2, 4, 1))
    bot = Member(triple.world, triple.world.bot.username, triple)
    with pytest.raises(RpcFailure, match="400 BOT_METHOD_INVALID"):
        bot(f.channels.ReadHistory(channel=bot.named, max_id=0))


def test_whoever_is_no_member_or_lacks_the_hash_has_no_channel(triple: Member) -> None:
    wrong = t.InputChannel(channel_id=triple.square.id, access_hash=0)
    other = t.InputChannel(channel_id=5, access_hash=triple.square.access_hash)
    for named in (wrong, other, t.InputChannelEmpty()):
        with pytest.raises(RpcFailure, match="400 CHANNEL_INVALID"):
            triple(f.channels.GetFullChannel(channel=named))
    triple.square.members = frozenset()
    with pytest.raises(RpcFailure, match="400 CHANNEL_INVALID"):
        triple(f.channels.GetFullChannel(channel=triple.named))
    with pytest.raises(RpcFailure, match="400 PEER_ID_INVALID"):
        triple.say()
    with pytest.raises(RpcFailure, match="400 USERNAME_NOT_OCCUPIED"):
        triple(f.contacts.ResolveUsername(username="the_square"))


def test_a_user_whom_a_message_shows_can_be_named_by_it(triple: Member, dozen: Member) -> None:
    triple.say()
    dozen.heard()

    def seen(peer: Any, msg_id: int, user_id: int) -> str:
        named = t.InputUserFromMessage(peer=peer, msg_id=msg_id, user_id=user_id)
        [user] = dozen(f.users.GetUsers(id=[named]))
        return str(user.NAME) + " min" * getattr(user, "min", False)

    assert dozen.sees("triple").min
    for peer, msg_id, user_id in (
        (dozen.peer, 2, triple.user.id),
        (dozen.peer, 1, dozen.of("single").id),
        (t.InputPeerChannel(channel_id=triple.square.id, access_hash=1), 1, triple.user.id),
        (t.InputPeerSelf(), 1, triple.user.id),
        (t.InputPeerUserFromMessage(peer=dozen.peer, msg_id=1, user_id=triple.user.id), 1, triple.user.id),
    ):
        assert seen(peer, msg_id, user_id) == "userEmpty"
    assert dozen.sees("triple").min
    assert seen(dozen.peer, 1, triple.user.id) == "user"
    assert not dozen.sees("triple").min
    dozen.send("single")
    single = dozen.of("single")
    peer = t.InputPeerUser(user_id=single.id, access_hash=single.access_hash)
    assert (seen(peer, 1, single.id), seen(peer, 1, triple.user.id)) == ("user", "userEmpty")


@pytest.mark.parametrize("number", [133, 158, 204, tl.layers()[-1]])
def test_layers_that_carry_messages_of_a_channel(number: int, triple: Member, dozen: Member) -> None:
    schema = tl.load_layer(number)
    triple.say()
    [(update, _)] = dozen.heard()
    written = SpokenLayers({}).get(number).encode(update, "Updates")
    assert schema.decode(written, "Updates").updates[0].message.message == "hello"
    dozen.key.layer = number
    missed = dozen(
        schema["updates.getChannelDifference"](
            channel=schema["inputChannel"](channel_id=triple.square.id, access_hash=triple.square.access_hash),
            filter=schema["channelMessagesFilterEmpty"](),
            pts=1,
            limit=10,
        )
    )
    assert [message.message for message in missed.new_messages] == ["hello"]
