"""Updates as both clients give them: in order, bounded, and readable or not."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.client import UndecodableUpdate
from mtproto.client.updates import ReceivedUpdate, read_update
from mtproto.errors import RemoteProtocolError
from mtproto.limits import Limits
from mtproto.net import UpdatesDropped
from mtproto.session import Undecodable, Update, UpdatesGap
from tests.client.test_clients import blocking_client_of, client_of, login
from tl import DecodeError, api

if TYPE_CHECKING:
    from mtproto.localdc import LocalDCThread


def update(date: int) -> Any:
    return api.types.UpdateShort(update=api.types.UpdateConfig(), date=date)


def take_asyncio(dc: LocalDCThread, pushed: list[Any], count: int, **options: Any) -> list[ReceivedUpdate]:
    async def run() -> list[ReceivedUpdate]:
        async with client_of(dc, **options) as client:
            await client(login(dc))
            for item in pushed:
                assert await asyncio.to_thread(dc.push, item) == 1
            await client(api.functions.help.GetNearestDc())
            updates = client.incoming()
            return [await anext(updates) for _ in range(count)]

    return asyncio.run(run())


def take_blocking(dc: LocalDCThread, pushed: list[Any], count: int, **options: Any) -> list[ReceivedUpdate]:
    with blocking_client_of(dc, **options) as client:
        client(login(dc))
        for item in pushed:
            assert dc.push(item) == 1
        client(api.functions.help.GetNearestDc())
        return list(islice(client.incoming(), count))


BOTH = pytest.mark.parametrize("take", [take_asyncio, take_blocking])
UNKNOWN = bytes.fromhex("0df0adba") + b"four"


@BOTH
@pytest.mark.parametrize("pfs", [False, True])
def test_updates_come_as_objects_in_order(local_dc: LocalDCThread, take: Any, pfs: bool) -> None:
    assert take(local_dc, [update(date) for date in range(50)], 50, pfs=pfs) == [update(date) for date in range(50)]


@BOTH
def test_an_update_that_can_not_be_decoded_comes_as_bytes_with_the_reason(local_dc: LocalDCThread, take: Any) -> None:
    first, second, third = take(local_dc, [update(1), UNKNOWN, update(3)], 3)
    assert (first, third) == (update(1), update(3))
    assert isinstance(second, UndecodableUpdate)
    assert second.raw == UNKNOWN
    assert isinstance(second.error, DecodeError)
    assert second.error.id == 0xBAADF00D


@BOTH
def test_when_the_queue_is_full_the_oldest_go_and_one_event_counts_them(local_dc: LocalDCThread, take: Any) -> None:
    pushed = [update(date) for date in range(10)]
    taken = take(local_dc, pushed, 4, limits=Limits(queued_updates=3))
    assert taken == [UpdatesDropped(7), *pushed[-3:]]


def test_calls_go_on_while_nobody_reads_updates(local_dc: LocalDCThread) -> None:
    with blocking_client_of(local_dc, limits=Limits(queued_updates=3)) as client:
        client(login(local_dc))
        for date in range(500):
            local_dc.push(update(date))
        assert client(api.functions.help.GetNearestDc()).this_dc == local_dc.dc_id


def test_nobody_gets_updates_who_is_not_logged_in(local_dc: LocalDCThread) -> None:
    with blocking_client_of(local_dc) as client:
        client(api.functions.help.GetNearestDc())
        assert local_dc.push(update(1)) == 0


@pytest.mark.parametrize("item", [UpdatesGap(5), UpdatesDropped(3)])
def test_news_about_updates_pass_as_they_are(item: Any) -> None:
    assert read_update(item, api.schema) is item


def test_what_the_session_could_not_read_is_raw_too() -> None:
    error = RemoteProtocolError("gzip_packed", "cut short")
    assert read_update(Undecodable(4, b"raw", error), api.schema) == UndecodableUpdate(b"raw", error)


def test_a_bool_is_no_update() -> None:
    read = read_update(Update(4, bytes.fromhex("b5757299")), api.schema)
    assert isinstance(read, UndecodableUpdate)


def test_an_update_of_too_many_elements_comes_as_bytes() -> None:
    many = api.types.Updates(updates=[api.types.UpdateConfig()] * 100, users=[], chats=[], date=0, seq=0)
    body = many.to_bytes()
    assert read_update(Update(4, body), api.schema, 1000) == many
    assert isinstance(read_update(Update(4, body), api.schema, 50), UndecodableUpdate)


def test_every_event_can_be_watched(local_dc: LocalDCThread) -> None:
    events: list[Any] = []
    steps: list[Any] = []
    with blocking_client_of(local_dc, on_event=events.append, trace=steps.append) as client:
        client(api.functions.help.GetNearestDc())
    names = [type(event).__name__ for event in events]
    assert names.count("ExchangeStep") == len(steps) == 6
    assert [event.status.name for event in events if type(event).__name__ == "StatusChanged"] == [
        "EXCHANGING",
        "READY",
        "CLOSED",
    ]
    assert "Result" in names
