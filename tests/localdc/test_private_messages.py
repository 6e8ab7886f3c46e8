"""Private messages: sent, told to all sessions, listed, read, and fetched as a difference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tl
from mtproto import blocking
from mtproto.errors import LocalProtocolError
from mtproto.localdc import LocalDCThread
from mtproto.localdc.chats import Boxes, box, boxes
from mtproto.localdc.data_centre import BOXES_EPOCH, EVENTS_A_SECOND, DataCentre
from mtproto.localdc.keys import SESSIONS_HEARD
from mtproto.localdc.post import ENTITIES_BYTES, LONGEST_TEXT
from mtproto.localdc.pushes import CountedPush
from mtproto.localdc.spoken import SpokenLayers
from mtproto.localdc.world.model import World
from tests.localdc.conftest import NOW, SESSION, RpcFailure
from tests.localdc.test_contacts import Person, full
from tests.vectors.generate import RSA_KEY
from tl import api

t: Any = api.types
f: Any = api.functions


class Talker(Person):
    """A person who is logged in at a DC that several share; `told` holds what all sessions would have got."""

    lengthens = False

    def __init__(self, world: World, name: str, beside: Talker | None = None) -> None:
        super().__init__(world, name, None if beside is None else beside.dc)
        self.told: list[tuple[int, Any, int | None]] = [] if beside is None else beside.told
        if beside is None:
            self.dc.tell_by(self._note, lambda: self.lengthens)
        self.dc.keys.add(self.key)

    def _note(self, push: CountedPush) -> None:
        self.told.append((push.user_id, push.update, None if push.but is None else push.but.session_id))

    def send(self, name: str, text: str = "hello", random_id: int = 1, **fields: Any) -> Any:
        peer = t.InputPeerUser(user_id=self.of(name).id, access_hash=self.of(name).access_hash)
        return self(f.messages.SendMessage(peer=peer, message=text, random_id=random_id, **fields))

    def history(self, name: str, **window: int) -> Any:
        asked = {
            "offset_id": 0,
            "offset_date": 0,
            "add_offset": 0,
            "limit": 100,
            "max_id": 0,
            "min_id": 0,
            "hash": 0,
            **window,
        }
        user = self.of(name)
        peer = t.InputPeerUser(user_id=user.id, access_hash=user.access_hash)
        return self(f.messages.GetHistory(peer=peer, **asked))

    def read_to(self, name: str, max_id: int = 0) -> Any:
        user = self.of(name)
        peer = t.InputPeerUser(user_id=user.id, access_hash=user.access_hash)
        return self(f.messages.ReadHistory(peer=peer, max_id=max_id))

    def state(self) -> Any:
        return self(f.updates.GetState())

    def difference(self, pts: int, **limits: int) -> Any:
        return self(f.updates.GetDifference(pts=pts, date=int(NOW), qts=0, **limits))

    def heard(self) -> list[tuple[Any, int | None]]:
        """Return what this person's sessions were told since the last time, and which session was left out."""
        mine = [(update, but) for user_id, update, but in self.told if user_id == self.user.id]
        self.told[:] = [each for each in self.told if each[0] != self.user.id]
        return mine


@pytest.fixture
def triple(packaged_world: World) -> Talker:
    return Talker(packaged_world, "triple")


@pytest.fixture
def dozen(packaged_world: World, triple: Talker) -> Talker:
    return Talker(packaged_world, "dozen", triple)


def test_a_message_is_answered_and_told_to_both(triple: Talker, dozen: Talker) -> None:
    before = triple.state().pts, dozen.state().pts
    answer = triple.send("dozen")
    assert (answer.NAME, answer.out, answer.pts, answer.pts_count) == (
        "updateShortSentMessage",
        True,
        before[0] + 1,
        1,
    )
    assert (triple.state().pts, dozen.state().pts, dozen.state().unread_count) == (before[0] + 1, before[1] + 1, 1)
    [(mine, but)] = triple.heard()
    assert (mine.NAME, mine.out, mine.id, mine.pts, mine.message) == (
        "updateShortMessage",
        True,
        answer.id,
        answer.pts,
        "hello",
    )
    assert (mine.user_id, but) == (dozen.user.id, SESSION)
    [(theirs, but)] = dozen.heard()
    assert (theirs.NAME, but) == ("updates", None)
    [update] = theirs.updates
    assert (update.NAME, update.pts, update.pts_count) == ("updateNewMessage", before[1] + 1, 1)
    assert (update.message.peer_id.user_id, update.message.out, update.message.message) == (
        triple.user.id,
        False,
        "hello",
    )
    assert {user.id: user.min for user in theirs.users} == {triple.user.id: False, dozen.user.id: False}


def test_whoever_knows_the_sender_gets_the_short_form_but_for_entities(triple: Talker, dozen: Talker) -> None:
    triple.send("dozen")
    triple.heard(), dozen.heard()
    triple.send("dozen", "again", 2)
    [(short, _)] = dozen.heard()
    assert (short.NAME, short.out, short.user_id, short.message) == (
        "updateShortMessage",
        False,
        triple.user.id,
        "again",
    )
    bold = t.MessageEntityBold(offset=0, length=2)
    mention = t.InputMessageEntityMentionName(offset=0, length=2, user_id=full(triple.user))
    answer = triple.send("dozen", "bold", 3, entities=[bold, mention])
    [(whole, _)] = dozen.heard()
    assert answer.entities == whole.updates[0].message.entities == [bold]


def test_a_random_id_is_sent_once_and_answered_each_time(triple: Talker, dozen: Talker) -> None:
    first = triple.send("dozen", random_id=7)
    triple.heard(), dozen.heard()
    assert triple.send("dozen", "another text", random_id=7) == first
    assert (triple.heard(), dozen.heard()) == ([], [])
    assert triple.dc.executions.of(7) == 2
    assert dozen.send("triple", random_id=7).pts == dozen.state().pts
    assert [message.message for message in dozen.history("triple").messages] == ["hello", "hello"]


def test_a_message_to_oneself_is_there_once(triple: Talker) -> None:
    answer = triple(f.messages.SendMessage(peer=t.InputPeerSelf(), message="note", random_id=1))
    [message] = triple.history("triple").messages
    assert (message.id, message.out, message.peer_id.user_id) == (answer.id, True, triple.user.id)
    assert (triple.state().pts, triple.state().unread_count, len(triple.heard())) == (answer.pts, 0, 1)


@pytest.mark.parametrize(
    ("text", "name"),
    [("", "MESSAGE_EMPTY"), (" \n", "MESSAGE_EMPTY"), ("x" * (LONGEST_TEXT + 1), "MESSAGE_TOO_LONG")],
)
def test_a_text_that_cannot_be_sent_is_refused(triple: Talker, dozen: Talker, text: str, name: str) -> None:
    with pytest.raises(RpcFailure, match=f"400 {name}"):
        triple.send("dozen", text)
    link = t.MessageEntityTextUrl(offset=0, length=1, url="x" * ENTITIES_BYTES)
    with pytest.raises(RpcFailure, match="400 ENTITIES_TOO_LONG"):
        triple.send("dozen", entities=[link])
    assert triple.dc.executions.of(1) == 0
    assert triple.send("dozen", "x" * LONGEST_TEXT).id == 1
    assert triple.dc.executions.of(1) == 1
    assert dozen.state().unread_count == 1


def test_a_peer_whom_the_caller_may_not_see_is_refused(triple: Talker) -> None:
    for peer in (t.InputPeerUser(user_id=triple.of("dozen").id, access_hash=1), t.InputPeerEmpty()):
        with pytest.raises(RpcFailure, match="400 PEER_ID_INVALID"):
            triple(f.messages.SendMessage(peer=peer, message="x", random_id=1))


def test_history_in_pages(triple: Talker, dozen: Talker) -> None:
    for number in range(1, 7):
        triple.send("dozen", str(number), number)
    triple.send("single", "elsewhere", 99)

    def page(**window: int) -> list[str]:
        return [message.message for message in dozen.history("triple", **window).messages]

    assert page() == ["6", "5", "4", "3", "2", "1"]
    assert dozen.history("triple").NAME == "messages.messages"
    sliced = dozen.history("triple", limit=2)
    assert (sliced.NAME, sliced.count, [each.message for each in sliced.messages]) == (
        "messages.messagesSlice",
        6,
        ["6", "5"],
    )
    assert {user.id for user in sliced.users} == {triple.user.id, dozen.user.id}
    assert page(offset_id=4, limit=2) == ["3", "2"]
    assert page(offset_id=4, add_offset=-1, limit=2) == ["4", "3"]
    assert page(offset_id=4, add_offset=1, limit=2) == ["2", "1"]
    assert page(max_id=3) == ["2", "1"]
    assert page(min_id=4) == ["6", "5"]
    assert page(offset_date=int(NOW)) == []
    assert page(limit=-1) == page(add_offset=-9, limit=3) == []


def test_messages_by_their_numbers(triple: Talker, dozen: Talker) -> None:
    triple.send("dozen")
    asked = [t.InputMessageID(id=1), t.InputMessageID(id=5), t.InputMessagePinned()]
    found, empty = dozen(f.messages.GetMessages(id=asked)).messages
    assert (found.NAME, found.message, empty.NAME, empty.id) == ("message", "hello", "messageEmpty", 5)


def test_dialogs_and_reading(triple: Talker, dozen: Talker) -> None:
    for number in (1, 2):
        triple.send("dozen", str(number), number)
    dozen.send("single", "hi", 3)
    listed = dozen(f.messages.GetDialogs(offset_date=0, offset_id=0, offset_peer=t.InputPeerEmpty(), limit=100, hash=0))
    assert [(each.peer.user_id, each.top_message, each.unread_count) for each in listed.dialogs] == [
        (dozen.of("single").id, 3, 0),
        (triple.user.id, 2, 2),
    ]
    assert (listed.NAME, [message.message for message in listed.messages]) == ("messages.dialogs", ["hi", "2"])
    first = dozen(f.messages.GetDialogs(offset_date=0, offset_id=0, offset_peer=t.InputPeerEmpty(), limit=1, hash=0))
    assert (first.NAME, first.count, len(first.dialogs)) == ("messages.dialogsSlice", 2, 1)
    rest = dozen(f.messages.GetDialogs(offset_date=0, offset_id=3, offset_peer=t.InputPeerEmpty(), limit=1, hash=0))
    assert [each.peer.user_id for each in rest.dialogs] == [triple.user.id]
    triple.heard(), dozen.heard()
    pts = dozen.state().pts
    read = dozen.read_to("triple", 1)
    assert (read.pts, read.pts_count) == (pts + 1, 1)
    [(inbox, but)] = dozen.heard()
    [update] = inbox.updates
    assert (update.NAME, update.max_id, update.still_unread_count, update.pts, but) == (
        "updateReadHistoryInbox",
        1,
        1,
        pts + 1,
        SESSION,
    )
    [(outbox, but)] = triple.heard()
    [update] = outbox.updates
    assert (update.NAME, update.max_id, update.peer.user_id, but) == (
        "updateReadHistoryOutbox",
        1,
        dozen.user.id,
        None,
    )
    assert (dozen.read_to("triple", 1).pts_count, dozen.read_to("triple").pts_count) == (0, 1)
    assert dozen.state().unread_count == 0


def test_the_ids_of_two_boxes_are_their_own(triple: Talker, dozen: Talker) -> None:
    dozen.send("single", random_id=1)
    dozen.send("single", random_id=2)
    answer = triple.send("dozen")
    assert (answer.id, dozen.history("triple").messages[0].id) == (1, 3)
    triple.heard()
    dozen.read_to("triple")
    [(outbox, _)] = triple.heard()
    assert outbox.updates[0].max_id == 1


def test_a_bot_has_no_lists(packaged_world: World) -> None:
    bot = Talker(packaged_world, "triple")
    bot.key.user_id = packaged_world.bot.id
    dialogs = f.messages.GetDialogs(offset_date=0, offset_id=0, offset_peer=t.InputPeerEmpty(), limit=1, hash=0)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: bot.history("dozen"),
        lambda: bot.read_to("dozen"),
        lambda: bot(dialogs),
    )
    for call in calls:
        with pytest.raises(RpcFailure, match="400 BOT_METHOD_INVALID"):
            call()
    assert bot.send("dozen").out


def test_a_difference_tells_what_was_missed(triple: Talker, dozen: Talker) -> None:
    state = dozen.state()
    assert dozen.difference(state.pts).NAME == "updates.differenceEmpty"
    triple.send("dozen", "1", 1)
    dozen.read_to("triple")
    triple.send("dozen", "2", 2)
    whole = dozen.difference(state.pts)
    assert (whole.NAME, whole.state.pts) == ("updates.difference", state.pts + 3)
    assert [message.message for message in whole.new_messages] == ["1", "2"]
    assert [(update.NAME, update.pts) for update in whole.other_updates] == [("updateReadHistoryInbox", state.pts + 2)]
    assert {user.id for user in whole.users} == {triple.user.id, dozen.user.id}
    came, pts = [], state.pts
    while (part := dozen.difference(pts, pts_limit=1)).NAME == "updates.differenceSlice":
        assert len(part.new_messages) + len(part.other_updates) == 1
        came += part.new_messages
        assert part.intermediate_state.pts == pts + 1
        pts += 1
    assert (part.NAME, part.state.pts, len(came) + len(part.new_messages)) == ("updates.difference", state.pts + 3, 2)


def test_a_difference_that_is_not_known_is_too_long(
    triple: Talker, dozen: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box, "EVENTS_OF_BOX", 2)
    first = dozen.state().pts
    for number in range(1, 4):
        triple.send("dozen", str(number), number)
    for pts in (first, first + 99):
        long = dozen.difference(pts)
        assert (long.NAME, long.pts) == ("updates.differenceTooLong", first + 3)
    assert dozen.difference(first + 1, pts_total_limit=1).NAME == "updates.differenceTooLong"
    assert dozen.difference(first + 1, pts_total_limit=2).NAME == "updates.difference"
    for pts, name in ((0, "EMPTY"), (-1, "INVALID")):
        with pytest.raises(RpcFailure, match=f"400 PERSISTENT_TIMESTAMP_{name}"):
            dozen.difference(pts)


def test_a_long_difference_comes_in_slices(triple: Talker, dozen: Talker) -> None:
    first = dozen.state().pts
    for number in range(1, 102):
        triple.send("dozen", str(number), number)
    part = dozen.difference(first)
    assert (part.NAME, len(part.new_messages)) == ("updates.differenceSlice", 100)
    page = dozen.history("triple", limit=1000)
    assert (page.NAME, page.count, len(page.messages)) == ("messages.messagesSlice", 101, 100)
    rest = dozen.difference(part.intermediate_state.pts)
    assert (rest.NAME, [message.message for message in rest.new_messages]) == ("updates.difference", ["101"])


def test_boxes_keep_the_latest_and_not_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "MESSAGES_OF_BOX", 3)
    kept = Boxes()
    for number in range(1, 6):
        kept.send(1, 2, str(number), 0, random_id=number)
    assert [message.text for message in kept.of(2).history(1)] == ["5", "4", "3"]
    assert (kept.of(1).sent(2), kept.of(1).sent(3) is not None) == (None, True)
    for number in range(6, 9):
        kept.send(3, 2, str(number), 0)
    assert (kept.of(2).dialog(1), kept.of(2).history(1)) == (None, [])
    monkeypatch.setattr(boxes, "KEPT_IN_ALL", 40)
    for number in range(200):
        kept.send(number % 5, (number + 1) % 7, "x", 0)
        assert sum(len(kept.of(user)) for user in range(7)) <= 40


def test_a_session_wants_updates_from_its_first_call_on_that_says_so(triple: Talker, dozen: Talker) -> None:
    quiet = f.InvokeWithoutUpdates(query=f.updates.GetState())
    dozen.dispatcher.answer(quiet.to_bytes(), dozen.key, 5, 8)
    assert dozen.key.quiet == {5}
    dozen.dispatcher.answer(f.updates.GetState().to_bytes(), dozen.key, 5, 12)
    dozen.dispatcher.answer(quiet.to_bytes(), dozen.key, 5, 16)
    assert dozen.key.quiet == set()
    for session_id in range(SESSIONS_HEARD + 9):
        dozen.dispatcher.answer(quiet.to_bytes(), dozen.key, session_id, 20)
    assert len(dozen.key.heard) == SESSIONS_HEARD


def test_each_run_of_a_dc_with_a_state_begins_beyond_the_earlier_ones(tmp_path: Any, packaged_world: World) -> None:
    for state, first in ((None, 1), (tmp_path / "state", (int(NOW) - BOXES_EPOCH) * EVENTS_A_SECOND)):
        centre = DataCentre(key=RSA_KEY, world=packaged_world, state=state, clock=lambda: NOW)
        assert centre.state.shared.boxes.of(1).pts == first
        assert centre.state.shared.boxes.of(1).since(first - 1) is None
        centre.give_up()


def test_all_sessions_but_the_sending_one_get_it_over_sockets(local_dc_key: Any, packaged_world: World) -> None:
    login = f.auth.ImportBotAuthorization
    with LocalDCThread(key=local_dc_key, world=packaged_world) as dc:
        first, second = (blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id) for _ in range(2))
        with first, second:
            for client in (first, second):
                client(login(flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token))
            came: list[Any] = [client.incoming() for client in (first, second)]
            triple = dc.accounts.named("triple").user
            peer = t.InputPeerUser(user_id=triple.id, access_hash=triple.access_hash)
            answer = first(f.messages.SendMessage(peer=peer, message="hello", random_id=1))
            assert dc.send_message("triple", packaged_world.bot.username, "hello back") == answer.id + 1
            [sent] = [next(came[1])]
            assert (sent.message, sent.out, sent.pts) == ("hello", True, answer.pts)
            for updates in came:
                [update] = next(updates).updates
                assert (update.message.message, update.pts) == ("hello back", answer.pts + 1)
            with pytest.raises(KeyError):
                dc.send_message("nobody_at_all", "triple", "x")
            with pytest.raises(ValueError, match="MESSAGE_EMPTY"):
                dc.send_message("single", "triple", "")
    with pytest.raises(LocalProtocolError, match="does not run"):
        dc.send_message("single", "triple", "x")


@pytest.mark.parametrize("number", [133, 134, 158, 180, 204, tl.layers()[-1]])
def test_layers_that_carry_private_messages(number: int, packaged_world: World) -> None:
    schema = tl.load_layer(number)
    triple = Talker(packaged_world, "triple")
    dozen = Talker(packaged_world, "dozen", triple)
    layer = SpokenLayers({}).get(number)
    triple.send("dozen", "1", 1)
    triple.send("dozen", "2", 2, entities=[t.MessageEntityBold(offset=0, length=1)])
    triple.send("dozen", "3", 3)
    for update, _ in dozen.heard():
        assert schema.decode(layer.encode(update, "Updates"), "Updates").NAME == update.NAME
    dozen.key.layer = number
    history = dozen(
        schema["messages.getHistory"](
            peer=schema["inputPeerUser"](user_id=triple.user.id, access_hash=triple.user.access_hash),
            offset_id=0,
            offset_date=0,
            add_offset=0,
            limit=9,
            max_id=0,
            min_id=0,
            hash=0,
        )
    )
    assert [message.message for message in history.messages] == ["3", "2", "1"]
    dialogs = dozen(
        schema["messages.getDialogs"](
            offset_date=0, offset_id=0, offset_peer=schema["inputPeerEmpty"](), limit=9, hash=0
        )
    )
    assert dialogs.dialogs[0].top_message == 3
    missed = dozen(schema["updates.getDifference"](pts=1, date=0, qts=0))
    assert [message.message for message in missed.new_messages] == ["1", "2", "3"]
    assert missed.SCHEMA is schema
    sent = schema["messages.sendMessage"](
        peer=schema["inputPeerUser"](user_id=triple.user.id, access_hash=triple.user.access_hash),
        message="back",
        random_id=9,
    )
    assert dozen(sent).NAME == "updateShortSentMessage"
