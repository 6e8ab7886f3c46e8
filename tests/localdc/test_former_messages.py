"""Messages in former layers: a client of each age sends, reads, lists and hears, and nothing is left out unsaid."""

from __future__ import annotations

from typing import Any

import pytest

import tl
from mtproto.localdc.world.model import World
from tests.localdc.test_chats import Member
from tl import api

t: Any = api.types
f: Any = api.functions

AGES = [46, 51, 57, 70, 75, 81, 86, 98, 118, 122, 132]
"""Layers after which something of messages was declared in another way."""


class Former:
    """A client of a former layer, at the DC of somebody who speaks the packaged one."""

    def __init__(self, number: int, world: World) -> None:
        self.schema = tl.load_layer(number)
        self.triple = Member(world, "triple")
        self.dozen = Member(world, "dozen", self.triple)
        self.dozen.key.layer = number

    def make(self, name: str, **fields: Any) -> Any:
        """Return an object of the layer; fields that it does not declare are left out."""
        known = {field.name for field in self.schema.plan(name).fields}
        return self.schema[name](**{field: value for field, value in fields.items() if field in known})

    def __call__(self, method: str, **fields: Any) -> Any:
        """Call a method; what the layer does not ask for is left out, and dates, numbers and hashes are 0."""
        zeros = dict.fromkeys(("offset_id", "offset_date", "add_offset", "max_id", "min_id", "hash", "qts", "date"), 0)
        return self.dozen(self.make(method, **{**zeros, **fields}))

    @property
    def peers(self) -> list[Any]:
        """The other user, the group of all and the channel."""
        square = self.triple.dc.shared.channel
        user = self.triple.user
        return [
            self.make("inputPeerUser", user_id=user.id, access_hash=user.access_hash),
            self.make("inputPeerChat", chat_id=self.triple.kitchen.id),
            self.make("inputPeerChannel", channel_id=square.id, access_hash=square.access_hash),
        ]

    @property
    def channel(self) -> Any:
        square = self.triple.dc.shared.channel
        return self.make("inputChannel", channel_id=square.id, access_hash=square.access_hash)

    def numbers(self, *numbers: int) -> list[Any]:
        """Return what names messages."""
        named = "inputMessageID" in self.schema
        return [self.make("inputMessageID", id=number) if named else number for number in numbers]

    def heard(self) -> list[Any]:
        """Return what came to this client, as the client reads it."""
        dozen = self.dozen
        told = [dozen.dispatcher.encode(update, "Updates", dozen.key) for update, _ in dozen.heard()]
        return [self.schema.decode(body, "Updates") for body in told]

    def all_write(self) -> None:
        """Let the other one write to all chats."""
        square = self.triple.dc.shared.channel
        self.triple.send("dozen", "private", 1)
        self.triple.say("group", 2)
        peer = t.InputPeerChannel(channel_id=square.id, access_hash=square.access_hash)
        self.triple(f.messages.SendMessage(peer=peer, message="channel", random_id=3))

    def shown(self, messages: list[Any]) -> list[tuple[str, int, str, int]]:
        """Return of each message the text, who wrote it, and the kind and id of where the layer says it was sent to."""
        return [(message.message, *self.sides(message)) for message in messages]

    def sides(self, message: Any) -> tuple[int, str, int]:
        to = getattr(message, "to_id", None) or message.peer_id
        peer_id = next(getattr(to, name) for name in ("user_id", "chat_id", "channel_id") if hasattr(to, name))
        sender = message.from_id if message.from_id is not None else to
        return getattr(sender, "user_id", sender), to.NAME, peer_id

    @property
    def came(self) -> list[tuple[str, int, str, int]]:
        """What `shown` says of messages that the other one has written."""
        triple, square = self.triple.user.id, self.triple.dc.shared.channel.id
        box = self.dozen.user.id if "to_id" in str(self.schema.plan("message").declaration) else triple
        return [
            ("private", triple, "peerUser", box),
            ("group", triple, "peerChat", self.triple.kitchen.id),
            ("channel", triple, "peerChannel", square),
        ]


@pytest.mark.parametrize("number", AGES)
def test_a_client_of_a_former_layer_hears_and_fetches_messages(number: int, packaged_world: World) -> None:
    client = Former(number, packaged_world)
    client.all_write()
    pushed = [each.updates[0] for each in client.heard()]
    assert client.shown([update.message for update in pushed]) == client.came
    missed = client("updates.getDifference", pts=1)
    assert client.shown(missed.new_messages) == client.came[:2]
    assert [chat.id for chat in missed.chats] == [client.triple.kitchen.id]
    listed = client("messages.getDialogs", offset_peer=client.make("inputPeerEmpty"), limit=9)
    assert sorted(each.unread_count for each in listed.dialogs) == [1, 1, 1]
    assert sorted(client.shown(listed.messages)) == sorted(client.came)
    assert len(listed.chats) == 2
    of_channel = "dialogChannel" if "dialogChannel" in client.schema else "dialog"
    assert sorted(each.NAME for each in listed.dialogs) == ["dialog", "dialog", of_channel]
    for peer, came in zip(client.peers, client.came, strict=True):
        assert client.shown(client("messages.getHistory", peer=peer, limit=9).messages) == [came]
    assert client.shown(client("messages.getMessages", id=client.numbers(1, 2)).messages) == client.came[:2]
    there = client("channels.getMessages", channel=client.channel, id=client.numbers(1))
    assert client.shown(there.messages) == client.came[2:]
    empty = client.make("channelMessagesFilterEmpty")
    missed = client("updates.getChannelDifference", channel=client.channel, filter=empty, pts=1, limit=9)
    assert client.shown(missed.new_messages) == client.came[2:]
    assert missed.chats[0].id == client.triple.dc.shared.channel.id


@pytest.mark.parametrize("number", AGES)
def test_a_client_of_a_former_layer_sends_and_reads(number: int, packaged_world: World) -> None:
    client = Former(number, packaged_world)
    client.all_write()
    client.triple.heard()
    for random_id, peer in enumerate(client.peers, 10):
        sent = client("messages.sendMessage", peer=peer, message="back", random_id=random_id)
        if sent.NAME != "updateShortSentMessage":
            told, new = sent.updates
            assert (told.NAME, told.random_id, new.message.out) == ("updateMessageID", random_id, True)
    assert len(client.triple.heard()) == 3
    for peer in client.peers[:2]:
        assert client("messages.readHistory", peer=peer).pts_count == 1
    assert client("channels.readHistory", channel=client.channel) is True
    assert len(client.triple.heard()) == 3
    group = client("messages.getFullChat", chat_id=client.triple.kitchen.id)
    assert len(group.full_chat.participants.participants) == len(group.users) == len(packaged_world.users)
    full = client("channels.getFullChannel", channel=client.channel)
    assert (full.full_chat.read_inbox_max_id, [chat.id for chat in full.chats]) == (2, [client.channel.channel_id])


@pytest.mark.parametrize("number", AGES)
def test_a_client_of_a_former_layer_hears_that_it_missed_too_much(number: int, packaged_world: World) -> None:
    client = Former(number, packaged_world)
    client.all_write()
    client.triple.lengthens = True
    long = client("updates.getDifference", pts=1)
    state = client.dozen.dc.shared.boxes.of(client.dozen.user.id).pts
    if "updates.differenceTooLong" in client.schema:
        assert long.pts == state
    else:
        assert (long.NAME, long.state.pts, long.new_messages) == ("updates.difference", state, [])
    square = client.triple.dc.shared.channel
    empty = client.make("channelMessagesFilterEmpty")
    none = client("updates.getChannelDifference", channel=client.channel, filter=empty, pts=square.pts, limit=9)
    assert none.NAME == "updates.channelDifferenceEmpty"
    long = client("updates.getChannelDifference", channel=client.channel, filter=empty, pts=1, limit=9)
    assert client.shown(long.messages) == client.came[2:]
    tells = getattr(long, "dialog", long)
    pts = tells.channel_pts if hasattr(tells, "channel_pts") else tells.pts
    assert (pts, tells.top_message, tells.unread_count) == (square.pts, 1, 1)
