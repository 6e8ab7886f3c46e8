"""The file of a network's messages: what comes back after a restart, and what is refused."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from mtproto import blocking
from mtproto.localdc import LocalDCThread, LocalNetworkThread
from mtproto.localdc.chats import Boxes, LocalChannel, MessagesFile, file
from mtproto.localdc.world.model import World
from mtproto.store import StoreDamaged, StoreError, StoreLocked
from tests.localdc.stage import rsa_key
from tl import api

f: Any = api.functions
BEGIN = 1000
"""The state at which the boxes of these tests begin; a later run would begin at 2000."""


class Kept:
    """The messages of one run."""

    def __init__(self, path: Path, first: int = BEGIN) -> None:
        self.boxes = Boxes(first)
        self.channel = LocalChannel("The square", "the_square", [1, 2, 3])
        self.channel.begin_at(first)
        self.file = MessagesFile(path, self.boxes, self.channel)
        self.file.open()

    def talk(self) -> None:
        self.boxes.send(1, 2, "one \udc80", 5, (b"bold",), random_id=7)
        self.boxes.send_to_all(2, -9, (1, 2, 3), "two", 6)
        self.boxes.read(2, 1, 1)
        self.channel.send(1, "three", 7, (), 8)
        self.channel.read(2, 1)

    def all(self) -> Any:
        boxes = {
            user_id: (
                box.pts,
                box.next_id,
                box.messages,
                box.events,
                [(each.peer_id, each.read_inbox, each.read_outbox, each.unread) for each in box.dialogs],
            )
            for user_id, box in self.boxes.items()
        }
        channel = self.channel
        return boxes, (channel.pts, channel.top_id, channel.history(), dict(channel.read_by))


def copied(path: Path) -> Path:
    copy = path.with_name(f"{path.name}'")
    copy.write_bytes(path.read_bytes())
    return copy


def test_messages_and_counts_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    before = Kept(path)
    before.talk()
    with pytest.raises(StoreLocked):
        Kept(path)
    before.file.close()
    before.file.close()
    after = Kept(path, first=2000)
    assert after.all() == before.all()
    assert after.boxes.of(1).sent(7) == before.boxes.of(1).sent(7) is not None
    assert after.boxes.of(2).since(BEGIN) == before.boxes.of(2).events
    assert after.channel.since(BEGIN) == list(after.channel.history())
    assert after.channel.sent(1, 8) == before.channel.sent(1, 8) is not None
    assert after.boxes.of(4).pts == 2000
    after.boxes.send(1, 2, "four", 8)
    assert (after.boxes.of(2).pts, after.boxes.of(2).message(3) is not None) == (before.boxes.of(2).pts + 1, True)


def test_a_run_that_was_killed_is_counted_on_beyond_it(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    killed = Kept(path)
    killed.talk()
    killed.file.keep()
    killed.boxes.send(1, 2, "lost", 8)
    killed.channel.send(1, "lost", 8, (), 0)
    after = Kept(copied(path), first=2000)  # what is on disk when the run is killed
    assert [message.text for message in after.boxes.of(2).history(1)] == ["one \udc80"]
    assert [message.text for message in after.channel.history()] == ["three"]
    for box, pts in ((after.boxes.of(2), killed.boxes.of(2).pts), (after.channel, killed.channel.pts)):
        assert (box.pts, box.since(pts), box.since(2000)) == (2000, None, [])
    after.channel.send(1, "four", 8, (), 0)
    assert after.channel.since(2000) == after.channel.history()[:1]
    after.file.keep()
    again = Kept(copied(tmp_path / "messages'"), first=1500)  # a clock that went back counts nothing back
    assert (again.boxes.of(2).pts, again.channel.pts) == (2000, 2001)
    assert again.boxes.of(2).since(1999) is None


def test_a_run_that_only_began_leaves_no_mark_of_a_good_end(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    first = Kept(path)
    first.file.close()
    assert not path.exists()  # there was nothing
    first = Kept(path)
    first.talk()
    first.file.close()
    assert json.loads(path.read_text())["ended"] is True
    second = Kept(path)
    assert json.loads(path.read_text())["ended"] is False
    second.file.keep()
    before = path.stat().st_ino
    second.file.keep()
    assert path.stat().st_ino == before  # nothing has changed, and nothing was written
    second.boxes.read(1, -9, 5)
    second.file.keep()
    assert path.stat().st_ino != before
    before = path.stat().st_ino
    second.channel.read(3, 1)
    second.file.keep()
    assert path.stat().st_ino != before
    second.file.close()
    second.boxes.send(1, 2, "after the end", 9)
    second.file.keep()
    assert json.loads(path.read_text())["ended"] is True


def test_texts_on_disk_are_bounded_and_the_newest_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "BYTES_ON_DISK", 100)
    path = tmp_path / "messages"
    before = Kept(path)
    for number in range(10):
        before.boxes.send(1, 2, "x" * 10, number, (b"y" * 5,))
        if number == 1:
            before.boxes.read(2, 1, 1)
    before.file.close()
    after = Kept(path)
    for user_id in (1, 2):
        box = after.boxes.of(user_id)
        last = BEGIN + 11
        assert (box.pts, box.next_id) == (last, 11)
        assert [message.id for message in box.messages] == [8, 9, 10]
        assert [event.pts for event in box.events] == [last - 2, last - 1, last]
        assert box.since(last - 4) is None
    assert len(path.read_bytes()) < 5000


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda kept: kept.update(version=2), "another version"),
        (lambda kept: kept.update(ended=1), "true or false"),
        (lambda kept: kept["boxes"][0]["events"].append({"new": 99}), "an event of"),
        (lambda kept: kept["boxes"][0].update(pts=1), "more"),
        (lambda kept: kept["boxes"][0]["messages"][0].update(date=-1), "date"),
        (lambda kept: kept["channels"][0].update(id=5), "no such channel"),
        (lambda kept: kept["channels"][0]["messages"][0].update(pts=1 << 40), "pts"),
    ],
)
def test_a_file_that_is_damaged_is_refused_and_given_back(change: Any, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "messages"
    before = Kept(path)
    before.talk()
    before.file.close()
    kept = json.loads(path.read_text())
    change(kept)
    path.write_text(json.dumps(kept))
    for _ in range(2):
        with pytest.raises(StoreDamaged, match=reason):
            Kept(path)


def test_a_full_disk_refuses_no_message_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept(tmp_path / "messages")
    kept.talk()

    def full(*_: Any) -> None:
        raise StoreError(tmp_path, "no room")

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR, "mtproto"):
        patch.setattr("mtproto.store.files.LockedFile.write", full)
        kept.file.keep()
    assert [record.message for record in caplog.records] == [f"messages are not saved: {tmp_path}: no room"]
    kept.file.keep()  # nothing has changed since, and it is owed all the same
    before = kept.all()
    kept.boxes.send(1, 2, "five", 9)
    with monkeypatch.context() as patch:
        patch.setattr("mtproto.store.files.LockedFile.write", full)
        kept.file.close()
    assert Kept(copied(tmp_path / "messages")).all()[0][1][1] == before[0][1][1]
    kept.file.open()  # what the program has is newer than what is on disk
    assert kept.boxes.of(1).pts == before[0][1][0] + 1
    kept.file.close()
    assert Kept(tmp_path / "messages").all() == kept.all()


def test_a_dc_that_is_started_again_goes_on_with_its_messages(tmp_path: Path, packaged_world: World) -> None:
    """The client keeps its key and its state, and hears what it missed; whom it wrote with is no stranger."""
    options: Any = {"key": rsa_key(), "world": packaged_world, "state": tmp_path / "dc"}
    bot = packaged_world.bot.username
    with LocalDCThread(**options) as dc:
        with blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client:
            client(f.auth.ImportBotAuthorization(flags=0, api_id=1, api_hash=dc.api_hash, bot_auth_token=dc.bot_token))
            dc.send_message("triple", bot, "one")
            state = client(f.updates.GetState())
            key = client.state
        dc.send_message("triple", bot, "two")
        dc.send_message("triple", "dozen", "three")
    with LocalDCThread(**options) as dc:
        with blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id, state=key) as client:
            assert client(f.updates.GetState()).pts == state.pts + 1
            missed = client(f.updates.GetDifference(pts=state.pts, date=state.date, qts=0))
            assert [message.message for message in missed.new_messages] == ["two"]
        triple, dozen = (dc.accounts.named(name).user.id for name in ("triple", "dozen"))
        assert dc.accounts.acquaintances.knows(triple, dozen)
        dc.close()
        dc.start()  # the same object: nothing comes twice
        assert len(dc.network_state.boxes.of(dozen).messages) == 1
        dc.send_message("triple", "dozen", "four")
        dc._centre.listener.forget_old()  # as each minute
        assert b'"last_id": 4' in (tmp_path / "dc.messages").read_bytes()
        dc.send_message("triple", "dozen", "five")
    with LocalDCThread(**options) as dc:
        assert [each.text for each in dc.network_state.boxes.of(dozen).messages] == ["three", "four", "five"]


def test_a_network_keeps_its_messages_beside_its_accounts(tmp_path: Path, packaged_world: World) -> None:
    for number in (1, 2):
        with LocalNetworkThread(key=rsa_key(), world=packaged_world, state=tmp_path) as network:
            assert network.send_message("triple", "dozen", str(number)) == number
            assert network.send_message("triple", "the_square", str(number)) == number
    assert (tmp_path / "messages.json").exists()
