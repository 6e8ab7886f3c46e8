"""The parts of an account, each alone: the record and its changes, the data centres, the driver of flows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtproto import datacenters
from mtproto.account import running_threads
from mtproto.account.centres import DataCentres
from mtproto.account.hearing import Hearing
from mtproto.account.kept import KeptAccount, changed
from mtproto.account.running import FlowHands, run_flow
from mtproto.account.update_mail import ANSWER_BYTES_KEPT, ANSWERS_KEPT, Answered, UpdateMail
from mtproto.account.waiting_async import AsyncMailbox
from mtproto.account.waiting_threads import ThreadMailbox, ThreadNews
from mtproto.errors import LocalProtocolError, LoginCancelled, OptionError
from mtproto.flows import (
    Ask,
    Authorized,
    Call,
    Compute,
    FutureToken,
    KeyDestroyed,
    LoggedIn,
    LoggedOutChange,
    MoveTo,
    Next,
    NextUpdate,
    NotAuthorized,
    Now,
    PhoneQuestion,
    Save,
    Start,
    Tell,
    Telling,
    Wait,
)
from mtproto.limits import DEFAULT_LIMITS
from mtproto.message import AuthKey, KeyState
from mtproto.session import Update, UpdatesGap
from mtproto.store import AccountRecord, StoreError
from tests.account.faces import FACES, KeptInMemory
from tl import api


def key(dc: int, number: int = 1) -> KeyState:
    return KeyState(auth_key=AuthKey(bytes([number]) * 256), dc_id=dc)


FULL = AccountRecord(
    home_dc=1,
    keys={1: key(1).to_bytes(), 2: key(2, 2).to_bytes()},
    authorized=frozenset({2}),
    user_id=7,
    is_bot=True,
    future_tokens=(b"a",),
)

CHANGES: list[tuple[Any, dict[str, Any]]] = [
    (LoggedIn(9, is_bot=False), {"user_id": 9, "is_bot": False, "authorized": frozenset()}),
    (LoggedOutChange(None), {"user_id": None, "is_bot": False, "authorized": frozenset()}),
    (LoggedOutChange("X", key_dead=False), {"user_id": None, "is_bot": False, "authorized": frozenset(), "ended": "X"}),
    (
        LoggedOutChange("X", key_dead=True),
        {"user_id": None, "is_bot": False, "authorized": frozenset(), "ended": "X", "keys": {2: FULL.keys[2]}},
    ),
    (KeyDestroyed(None), {"keys": {2: FULL.keys[2]}}),
    (KeyDestroyed(2), {"keys": {1: FULL.keys[1]}, "authorized": frozenset()}),
    (FutureToken(b"b"), {"future_tokens": (b"a", b"b")}),
    (Authorized(3), {"authorized": frozenset({2, 3})}),
    (NotAuthorized(2), {"authorized": frozenset()}),
]


@pytest.mark.parametrize(("change", "fields"), CHANGES)
def test_each_change_touches_what_it_names_and_nothing_else(change: Any, fields: dict[str, Any]) -> None:
    assert changed(FULL, change) == replace(FULL, **fields)


def test_a_login_ends_what_ended_the_one_before() -> None:
    assert changed(replace(FULL, ended="X"), LoggedIn(9, is_bot=False)).ended is None


def test_a_store_that_fails_leaves_the_record_as_it_was() -> None:
    class Full(KeptInMemory):
        def save(self, record: AccountRecord) -> None:
            raise StoreError(Path("here"), "the disk is full")

    kept = KeptAccount(Full(FULL))
    kept.load()
    with pytest.raises(StoreError):
        kept.change(NotAuthorized(2))
    assert kept.record == FULL


def test_changes_of_many_threads_are_all_kept() -> None:
    store = KeptInMemory()
    kept = KeptAccount(store)
    kept.load()
    threads = [threading.Thread(target=kept.change, args=(Authorized(dc),)) for dc in range(1, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.record.authorized == frozenset(range(1, 40))


def test_an_account_of_the_other_servers_is_refused() -> None:
    kept = KeptAccount(KeptInMemory(FULL))
    kept.load()
    kept.begin(5, 1, test=False)
    assert kept.record == FULL
    with pytest.raises(LocalProtocolError, match="holds an account of the production servers"):
        kept.begin(5, 1, test=True)


def test_what_does_not_change_is_not_written() -> None:
    store = KeptInMemory(FULL)
    kept = KeptAccount(store)
    kept.load()
    kept.change(Authorized(2))
    assert store.saves == []


# Data centres


def test_telegrams_data_centres_are_known_with_their_addresses_for_files() -> None:
    centres = DataCentres()
    assert centres.ids == {1, 2, 3, 4, 5}
    assert (centres.first, centres.test) == (2, False)
    assert centres.destination(1) is datacenters.PRODUCTION[1]
    media: Any = centres.media_destination(2)
    assert media[0] == ("149.154.167.222", 443)
    assert {host for host, _ in media} == {"149.154.167.222", "2001:67c:4e8:f002::b"}
    assert centres.media_destination(1) is None


def test_test_servers_and_addresses_for_files_have_other_numbers_in_an_exchange() -> None:
    centres = DataCentres(datacenters.TEST.values())
    assert (centres.test, centres.exchange_id(2), DataCentres().exchange_id(2)) == (True, 10002, 2)
    assert (centres.exchange_id(2, media=True), DataCentres().exchange_id(2, media=True)) == (-10002, -2)


@pytest.mark.parametrize("dcs", [{}, [datacenters.TEST[1], datacenters.PRODUCTION[2]]])
def test_no_data_centres_and_mixed_ones_are_refused(dcs: Any) -> None:
    with pytest.raises(OptionError):
        DataCentres(dcs)


def test_a_configuration_adds_what_was_not_known_and_changes_nothing_else() -> None:
    def option(number: int, place: str, port: int = 443, **flags: Any) -> Any:
        return api.types.DcOption(id=number, ip_address=place, port=port, **flags)

    class Config:
        dc_options = (
            option(1, "10.0.0.1"),
            option(7, "::7", ipv6=True),
            option(7, "10.0.0.7"),
            option(7, "10.0.0.8", media_only=True),
            option(8, "10.0.0.9", cdn=True),
            option(9, "10.0.0.9", port=0),
        )

    centres = DataCentres({1: ("127.0.0.1", 1)})
    centres.learn(Config())
    assert centres.ids == {1, 7}
    assert centres.destination(1) == ("127.0.0.1", 1)
    assert centres.destination(7) == (("10.0.0.7", 443), ("::7", 443))
    assert centres.media_destination(7) == (("10.0.0.8", 443),)
    assert centres.media_destination(1) is None


def test_a_configuration_without_end_adds_so_many_addresses() -> None:
    class Config:
        dc_options = tuple(api.types.DcOption(id=number, ip_address="10.0.0.1", port=443) for number in range(10, 1000))

    centres = DataCentres({1: ("127.0.0.1", 1)})
    centres.learn(Config())
    assert len(centres.ids) == 1 + 64


@pytest.mark.parametrize(
    ("number", "address"),
    [
        (7, "name.example"),
        (7, ""),
        (7, "10.0.0.7\0"),
        (7, "\ud800"),
        (7, "fe80::1%lo"),
        (0, "10.0.0.7"),
        (-7, "10.0.0.7"),
    ],
)
def test_an_address_that_is_none_is_not_learnt(number: int, address: str) -> None:
    class Config:
        dc_options = (api.types.DcOption(id=number, ip_address=address, port=443),)

    centres = DataCentres({1: ("127.0.0.1", 1)})
    centres.learn(Config())
    assert centres.ids == {1}


def test_configurations_without_end_add_so_many_data_centres() -> None:
    centres = DataCentres({1: ("127.0.0.1", 1)})
    for first in range(10, 1000, 64):

        class Config:
            dc_options = tuple(
                api.types.DcOption(id=number, ip_address="10.0.0.1", port=443) for number in range(first, first + 64)
            )

        centres.learn(Config())
    assert len(centres.ids) == 1 + 64


# The driver of flows


class Done:
    """What hands were asked to do."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def hands(self, face: str, ask: Any = None, tell: Any = None) -> Any:
        def call(step: Call) -> Any:
            self.done.append(step.lane)
            if step.lane == "fails":
                raise OptionError("no", "lane")
            return step.lane.upper()

        def note(what: Any) -> None:
            self.done.append(what)

        if face == "blocking":
            return running_threads.FlowHands(call, lambda: 5.0, note, note, note, ask, tell)

        async def call_later(step: Call) -> Any:
            return call(step)

        async def note_later(what: Any) -> None:
            note(what)

        return FlowHands(call_later, lambda: 5.0, note_later, note_later, note_later, ask, tell)


def drive(face: str, flow: Any, hands: Any, mailbox: Any = None) -> Any:
    if face == "blocking":
        return running_threads.run_flow(flow, hands, mailbox)
    return asyncio.run(run_flow(flow, hands, mailbox))


def lane(name: str) -> Call:
    return Call(api.functions.help.GetNearestDc(), lane=name)


@pytest.mark.parametrize("face", FACES)
def test_every_step_is_done_and_its_outcome_sent_in(face: str) -> None:
    def flow() -> Generator[Any, Any, list[Any]]:
        sent = []
        for step in (
            lane("a"),
            Now(),
            Wait(30.0),
            MoveTo(4),
            Save(Authorized(4)),
            Compute(pow, (2, 10)),
            Ask(PhoneQuestion()),
            Tell(Telling("hello")),
        ):
            sent.append((yield step))
        return sent

    done = Done()
    told: list[Any] = []
    sent = drive(face, flow(), done.hands(face, lambda question: "123", told.append))
    assert sent == ["A", 5.0, None, None, None, 1024, "123", None]
    assert done.done == ["a", 30.0, 4, Authorized(4)]
    assert told == [Telling("hello")]


def test_under_asyncio_a_computation_runs_beside_the_event_loop() -> None:
    def flow() -> Generator[Any, Any, int]:
        computed: int = yield Compute(threading.get_ident)
        return computed

    async def scene() -> tuple[int, int]:
        return await run_flow(flow(), Done().hands("asyncio"), AsyncMailbox()), threading.get_ident()

    computed, loop = asyncio.run(scene())
    assert computed != loop


@pytest.mark.parametrize("face", FACES)
def test_what_ends_a_step_is_thrown_in_where_the_flow_asked(face: str) -> None:
    def flow() -> Generator[Any, Any, str]:
        try:
            yield lane("fails")
        except OptionError:
            return "caught"
        return "not thrown"

    assert drive(face, flow(), Done().hands(face)) == "caught"


@pytest.mark.parametrize("face", FACES)
def test_calls_that_were_started_come_back_by_their_handles(face: str) -> None:
    def flow() -> Generator[Any, Any, tuple[Any, Any]]:
        handles = {}
        for name in ("a", "b", "fails"):
            handles[(yield Start(lane(name)))] = name
        outcomes = {}
        for _ in range(3):
            handle, outcome = yield Next()
            outcomes[handles[handle]] = outcome
        return outcomes.pop("fails"), outcomes

    failure, outcomes = drive(face, flow(), Done().hands(face))
    assert isinstance(failure, OptionError)
    assert outcomes == {"a": "A", "b": "B"}


@pytest.mark.parametrize("face", FACES)
def test_a_question_that_nobody_hears_cancels(face: str) -> None:
    def flow() -> Generator[Any, Any, None]:
        yield Ask(PhoneQuestion())

    with pytest.raises(LoginCancelled, match="ask="):
        drive(face, flow(), Done().hands(face))


@pytest.mark.parametrize("face", FACES)
def test_updates_that_wait_for_a_flow_are_bounded_and_the_oldest_go(face: str) -> None:
    mailbox: Any = AsyncMailbox() if face == "asyncio" else ThreadMailbox()
    for number in range(5000):
        mailbox.put(number)

    def flow() -> Generator[Any, Any, Any]:
        return (yield NextUpdate(lambda update: True, 0.0))

    assert drive(face, flow(), Done().hands(face), mailbox) == 4000


@pytest.mark.parametrize("face", FACES)
def test_updates_since_the_flow_began_are_looked_at_once_each(face: str) -> None:
    mailbox: Any = AsyncMailbox() if face == "asyncio" else ThreadMailbox()
    for number in (1, 2, 3, 4):
        mailbox.put(number)

    def flow() -> Generator[Any, Any, list[Any]]:
        found = []
        for _ in range(3):
            found.append((yield NextUpdate(lambda update: update % 2 == 0, 0.0)))
        return found

    assert drive(face, flow(), Done().hands(face), mailbox) == [2, 4, None]


@pytest.mark.parametrize("face", FACES)
def test_a_flow_that_is_stopped_is_closed(face: str) -> None:
    closed: list[bool] = []

    def flow() -> Generator[Any, Any, None]:
        try:
            yield Compute(stop)
        finally:
            closed.append(True)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drive("blocking", flow(), Done().hands("blocking"))
    assert closed == [True]


class Box:
    """Notes the names of the updates that it gets."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def put(self, item: Any) -> None:
        self.names.append(item.NAME)

    def end(self) -> None:
        self.names.append("the end")


def test_a_flow_hears_the_updates_of_home_and_that_some_may_be_lost() -> None:
    hearing: Hearing[Box] = Hearing(api.schema, lambda dc, lane: (dc, lane) == (2, "main"))
    box = Box()
    scanned = api.types.UpdateShort(update=api.types.UpdateLoginToken(), date=1).to_bytes()
    hearing.hear(2, "main", Update(4, scanned))
    hearing.add(box)
    for dc, lane in ((2, "main"), (1, "main"), (2, "file")):
        hearing.hear(dc, lane, Update(4, scanned))
        hearing.hear(dc, lane, UpdatesGap(1))
    hearing.hear(2, "main", Update(4, b"no update"))
    assert box.names == ["updateLoginToken", "updatesTooLong"]
    hearing.remove(box)
    hearing.hear(2, "main", UpdatesGap(2))
    assert len(box.names) == 2


def test_answers_that_wait_for_a_slow_reader_are_bounded_and_the_rest_is_asked_for() -> None:
    mail: UpdateMail[ThreadNews] = UpdateMail(DEFAULT_LIMITS, lambda dc, lane: True)
    mail.begin(ThreadNews(), empty=True)
    for number in range(ANSWERS_KEPT):
        mail.answered(api.types.messages.AffectedMessages(pts=number, pts_count=1), None)
    assert not mail.take_missed()
    mail.answered(api.types.messages.AffectedMessages(pts=ANSWERS_KEPT, pts_count=1), None)
    assert (mail.take_missed(), mail.take_missed()) == (True, False)
    kept = []
    while (item := mail.take()) is not None:
        assert isinstance(item, Answered)
        kept.append(item.answer.pts)
    assert kept == list(range(ANSWERS_KEPT))


def test_the_bytes_of_answers_that_wait_are_bounded_too() -> None:
    mail: UpdateMail[ThreadNews] = UpdateMail(DEFAULT_LIMITS, lambda dc, lane: True)
    short = api.types.UpdateShortSentMessage(id=1, pts=1, pts_count=1, date=1)
    large = short.replace(
        media=api.types.MessageMediaGeo(geo=api.types.GeoPointEmpty()),
        entities=[api.types.MessageEntityTextUrl(offset=0, length=1, url="x" * (ANSWER_BYTES_KEPT // 2 - 100))],
    )
    for _ in range(3):
        assert not mail.take_missed()
        mail.answered(large, None)
    assert mail.take_missed()
    assert mail.take() is not None
    mail.answered(large, None)
    assert not mail.take_missed()


def test_of_answers_only_those_are_kept_that_are_counted() -> None:
    mail: UpdateMail[ThreadNews] = UpdateMail(DEFAULT_LIMITS, lambda dc, lane: True)
    updates = api.types.UpdatesTooLong()
    mail.answered(api.types.NearestDc(country="", this_dc=1, nearest_dc=1), None)
    mail.answered(True, None)
    mail.answered([updates], None)
    assert mail.take() is None
    mail.answered(api.types.messages.InvitedUsers(updates=updates, missing_invitees=[]), None)
    assert mail.take() == Answered(updates, None, 4)


def test_nothing_that_waits_outlives_the_login_that_it_belongs_to() -> None:
    """Found by an attacker: the next user who logged in was told the messages of the one before."""
    mail: UpdateMail[ThreadNews] = UpdateMail(DEFAULT_LIMITS, lambda dc, lane: True)
    mail.hear(2, "main", Update(1, api.types.UpdatesTooLong().to_bytes()))
    mail.answered(api.types.messages.AffectedMessages(pts=1, pts_count=1), None)
    mail.forget()
    assert (mail.take(), mail.take_missed()) == (None, False)
