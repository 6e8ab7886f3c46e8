"""Groups named by their ids, as the Bot API writes them: what one account sends there, another is told once."""

from __future__ import annotations

from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import pytest

from mtproto.account import Incoming
from mtproto.flows import PeerNotKnown, WrongReference
from mtproto.localdc import LocalDCThread
from tests.account.chatty import END
from tests.account.faces import FACES, KeptInMemory, account_of, play
from tests.account.test_short_calls import call
from tests.account.test_who_is_meant import way_of
from tl import api

t: Any = api.types


TOLD = (t.UpdateNewMessage, t.UpdateNewChannelMessage, t.UpdateReadChannelOutbox, t.UpdateConfig)


class Two:
    """Two accounts of a DC: `triple` and `dozen`."""

    def __init__(self, face: str, dc: LocalDCThread) -> None:
        self.face = face
        self.dc = dc
        self.triple, self.dozen = (account_of(face, KeptInMemory(), dc) for _ in range(2))
        self._stack = AsyncExitStack()
        self._streams: dict[str, Any] = {}
        self._ends: Counter[str] = Counter()

    async def __aenter__(self) -> Two:
        for name in ("triple", "dozen"):
            account = await self._stack.enter_async_context(getattr(self, name))
            await account.login(**way_of(self.dc, name))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def send(self, peer: Any, text: str, by: str = "triple") -> Any:
        return await call(self.face, getattr(self, by).api.messages.sendMessage, peer=peer, message=text)

    async def heard(self, count: int, by: str = "dozen") -> list[Any]:
        """Return the next items that one of them is told; no more may come."""
        stream = self._streams.setdefault(by, getattr(self, by).incoming(TOLD))
        told: list[Any] = []
        while len(told) < count:
            told += self._noted(by, await anext(stream))
        self.dc.push(END, timeout=None)
        self._ends.update(("triple", "dozen"))
        while self._ends[by]:
            assert self._noted(by, await anext(stream)) == []
        return told

    def _noted(self, by: str, item: Any) -> list[Any]:
        """Return what counts of an item: what was pushed behind everything else does not."""
        assert isinstance(item, Incoming)
        is_end = item.update.NAME == "updateConfig"
        self._ends[by] -= is_end
        return [] if is_end else [item]


def texts(told: list[Any]) -> list[tuple[str, Any, bool]]:
    return [(item.update.message.message, item.update.message.peer_id, item.update.message.out) for item in told]


@pytest.mark.parametrize("face", FACES)
def test_a_message_to_a_group_by_its_id_arrives_at_another_account_once(face: str, local_dc: LocalDCThread) -> None:
    kitchen = local_dc.world.chats[0]
    there = t.PeerChat(chat_id=kitchen.id)

    async def scene() -> None:
        async with Two(face, local_dc) as two:
            sent = await two.send(-kitchen.id, "hello")
            first = await two.heard(1)
            assert texts(first) == [("hello", there, False)]
            [item] = first
            assert [chat.id for chat in item.chats] == [kitchen.id]
            assert {user.username for user in item.users} == {"triple", "dozen"}
            await two.send(str(-kitchen.id), "again")
            message = item.update.message
            await two.send(message, "back", by="dozen")  # a message means the group that it stands in
            assert texts(await two.heard(2)) == [("again", there, False), ("back", there, True)]
            # what the other account's own calls did before it listened, their answers have told
            assert texts(await two.heard(1, "triple")) == [("back", there, False)]
            assert [update.NAME for update in sent.updates] == ["updateMessageID", "updateNewMessage"]

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_every_form_of_a_group_is_taken_without_a_call(face: str, local_dc: LocalDCThread) -> None:
    kitchen = local_dc.world.chats[0]
    peer = t.PeerChat(chat_id=kitchen.id)
    message = t.Message(id=1, peer_id=peer, date=1, message="")
    shown = t.Chat(id=kitchen.id, title="", photo=t.ChatPhotoEmpty(), participants_count=1, date=1, version=1)
    forms = [
        -kitchen.id,
        f" {-kitchen.id} ",
        f"tg://openmessage?chat_id={kitchen.id}",
        peer,
        shown,
        t.messages.Chats(chats=[shown]),
        message,
        t.UpdateNewMessage(message=message, pts=1, pts_count=1),
        t.UpdateShortChatMessage(id=1, from_id=5, chat_id=kitchen.id, message="", pts=1, pts_count=1, date=1),
        t.UpdateChat(chat_id=kitchen.id),
        t.InputPeerChat(chat_id=kitchen.id),
        {"_": "inputPeerChat", "chat_id": kitchen.id},
    ]

    async def scene() -> None:
        async with account_of(face, KeptInMemory(), local_dc) as account:
            await account.login(**way_of(local_dc, "triple"))
            before = len(local_dc.calls)
            for number, form in enumerate(forms, 1):
                answer = await call(face, account.api.messages.sendMessage, peer=form, message="hello")
                assert [chat.id for chat in answer.chats] == [kitchen.id], form
                assert len(local_dc.calls) == before + number, form
            [chat] = (await call(face, account.api.messages.getFullChat, chat_id=kitchen.id)).chats
            assert await account.resolve(chat) == t.InputPeerChat(chat_id=kitchen.id)
            before = len(local_dc.calls)
            with pytest.raises(WrongReference, match="is a basic group, and the method wants a user"):
                await call(face, account.api.photos.getUserPhotos, user_id=-kitchen.id, limit=1)
            assert len(local_dc.calls) == before

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_channel_by_its_id_once_it_was_met(face: str, local_dc: LocalDCThread) -> None:
    marked = -1_001_500_000_000

    async def scene() -> None:
        async with Two(face, local_dc) as two:
            with pytest.raises(PeerNotKnown, match="access hash of channel 1500000000 is not known"):
                await two.send(marked, "hello")
            await two.triple.resolve("@the_square")
            await two.send(marked, "hello")
            there = t.PeerChannel(channel_id=1_500_000_000)
            assert texts(await two.heard(1)) == [("hello", there, False)]
            await two.send(str(marked), "back", by="dozen")  # the update has shown the channel
            assert texts(await two.heard(1)) == [("back", there, True)]
            await call(face, two.dozen.api.channels.readHistory, channel=marked, max_id=0)
            both = {item.update.NAME: item.update for item in await two.heard(2, "triple")}
            read = both["updateReadChannelOutbox"]
            assert both["updateNewChannelMessage"].message.message == "back"
            assert (read.channel_id, read.max_id) == (1_500_000_000, 1)

    play(scene)
