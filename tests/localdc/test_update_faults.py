"""Updates that are lost, doubled, late or too many, as a program orders them; and sessions that get none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from mtproto import blocking
from mtproto.localdc import LocalDCThread
from tl import api

if TYPE_CHECKING:
    from mtproto.crypto.rsa import RSAPrivateKey
    from mtproto.localdc.keys import KeyRecord
    from mtproto.localdc.world.model import World

f: Any = api.functions
BEHIND = api.types.UpdateShort(update=api.types.UpdateConfig(), date=1)
"""Pushed behind everything else."""


class Listening:
    """A bot that is logged in, and what came to it."""

    def __init__(self, dc: LocalDCThread, client: Any) -> None:
        self.dc = dc
        self.client = client
        client(
            f.auth.ImportBotAuthorization(flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token)
        )
        self.updates = client.incoming()
        self.pts = client(f.updates.GetState()).pts

    def receive(self, *texts: str) -> None:
        """Let a user of the world send messages."""
        for text in texts:
            self.dc.send_message("triple", self.dc.bot.username, text)

    def came(self) -> list[str]:
        """Return the texts of all updates that have come since the last time, or their names."""
        self.dc.push(BEHIND)
        came = []
        while (update := next(self.updates)).NAME != BEHIND.NAME:
            came += [each.message.message for each in getattr(update, "updates", ())] or [update.NAME]
        return came

    def missed(self) -> Any:
        """Return the difference since all was well."""
        return self.client(f.updates.GetDifference(pts=self.pts, date=0, qts=0))

    @property
    def record(self) -> KeyRecord:
        """What the DC has with the bot's key."""
        [record] = [each for each in self.dc._centre.keys.records.values() if each.user_id]
        return record


@pytest.fixture
def bot(local_dc_key: RSAPrivateKey, packaged_world: World) -> Iterator[Listening]:
    with (
        LocalDCThread(key=local_dc_key, world=packaged_world) as dc,
        blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client,
    ):
        yield Listening(dc, client)


def test_a_lost_update_is_in_the_difference(bot: Listening) -> None:
    bot.dc.faults.lost_update()
    bot.receive("1", "2")
    assert bot.came() == ["2"]
    assert [message.message for message in bot.missed().new_messages] == ["1", "2"]
    assert bot.dc.faults.applied["lost_update"] == 1


def test_a_doubled_update(bot: Listening) -> None:
    bot.dc.faults.duplicated_update()
    bot.receive("1", "2")
    assert bot.came() == ["1", "1", "2"]


def test_updates_out_of_order(bot: Listening) -> None:
    bot.dc.faults.reordered_updates()
    bot.receive("1")
    assert bot.came() == []
    bot.dc.send_message("triple", "dozen", "to nobody who is there")
    bot.receive("2", "3")
    assert bot.came() == ["2", "1", "3"]


def test_too_many_updates(bot: Listening) -> None:
    bot.dc.faults.updates_too_long()
    bot.receive("1", "2")
    assert bot.came() == ["updatesTooLong", "2"]


def test_too_many_updates_of_a_channel(bot: Listening) -> None:
    bot.dc.faults.channel_too_long()
    bot.receive("1")
    for text in ("2", "3"):
        bot.dc.send_message("triple", "the_square", text)
    bot.dc.push(BEHIND)
    first, long, last = (next(bot.updates).updates[0] for _ in range(3))
    assert (first.NAME, long.NAME, long.pts) == ("updateNewMessage", "updateChannelTooLong", last.pts - 1)
    assert (last.message.message, last.message.peer_id.channel_id) == ("3", long.channel_id)
    assert bot.dc.faults.applied["channel_too_long"] == 1


def test_a_difference_that_is_too_long_once(bot: Listening) -> None:
    bot.dc.faults.difference_too_long()
    assert bot.missed().NAME == "updates.differenceEmpty"
    bot.receive("1")
    long = bot.missed()
    assert (long.NAME, long.pts) == ("updates.differenceTooLong", bot.pts + 1)
    assert bot.missed().NAME == "updates.difference"


def test_a_fault_that_was_taken_back_does_not_happen(bot: Listening) -> None:
    bot.dc.faults.lost_update()
    bot.dc.faults.difference_too_long()
    assert bot.dc.faults.armed
    bot.dc.faults.disarm()
    bot.receive("1")
    assert (bot.came(), bot.missed().NAME) == (["1"], "updates.difference")


def test_an_update_that_nobody_would_get_uses_no_fault_up(bot: Listening) -> None:
    bot.dc.faults.lost_update()
    bot.dc.send_message("triple", "dozen", "to nobody who is there")
    peer = api.types.InputPeerSelf()
    bot.client(f.messages.SendMessage(peer=peer, message="the answer tells it", random_id=1))
    assert bot.dc.faults.applied["lost_update"] == 0
    bot.receive("1", "2")
    assert bot.came() == ["2"]


def test_sessions_that_want_no_updates_and_imported_logins_get_none(bot: Listening) -> None:
    bot.record.heard.update(dict.fromkeys(bot.record.heard, False))
    bot.receive("1")
    bot.client(f.updates.GetState())
    bot.receive("2")
    bot.record.imported = True
    bot.receive("3")
    bot.record.imported = False
    bot.receive("4")
    assert bot.came() == ["2", "4"]
