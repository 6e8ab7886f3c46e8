"""Downloads without a CDN: whole files and ranges, resumed ones, and every answer and error that may come."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.errors import ConnectionLost, DeadlineExceeded, FloodWait, InternalServerError, OptionError, RpcError
from mtproto.flows import (
    Download,
    DownloadLimits,
    FileChanged,
    FilePart,
    FileSource,
    NoFreshReference,
    UnexpectedAnswer,
)
from mtproto.flows.file_parts import ENDLESS, ByteRanges, part_size, range_to_ask
from tests.flows.answers import Answers
from tests.flows.file_world import HOME, KIB, MIB, FileServer, Outcome, Player, check_range, content, refusal, t


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        (1, 1),
        (64 * KIB - 1, 1),
        (64 * KIB, 1),
        (150_000, 1),
        (MIB - 1, 1),
        (MIB + 1, 3),
        (3 * MIB + 5, 7),
    ],
)
def test_a_file_comes_whole_in_as_few_parts_as_the_rules_allow(size: int, parts: int) -> None:
    player = Player.of(FileServer(content(size)))
    assert player.run() == content(size)
    assert len(player.server.asked) == parts
    assert player.download.size == size


@pytest.mark.parametrize("size", [MIB, 2 * MIB, 5 * MIB // 2])
def test_a_file_of_whole_parts_is_looked_at_behind_its_end(size: int) -> None:
    player = Player.of(FileServer(content(size)))
    assert player.run() == content(size)
    assert size in [order.offset for order in player.server.asked if not order.limit]
    assert len(player.server.asked) == size // (512 * KIB) + 1


def test_a_server_that_refuses_to_look_behind_the_end_is_no_trouble() -> None:
    player = Player.of(FileServer(content(MIB)))
    assert player.run(lambda order: ... if order.limit else refusal(400, "OFFSET_INVALID")) == content(MIB)


def test_an_empty_file_needs_no_call() -> None:
    player = Player.of(FileServer(b""))
    assert player.run() == b""
    assert not player.server.asked


@pytest.mark.parametrize("size", [0, 5, 64 * KIB, MIB, MIB + 5, 3 * MIB])
def test_a_file_of_unknown_size_ends_with_the_first_short_answer(size: int) -> None:
    player = Player.of(FileServer(content(size)), None)
    assert player.run() == content(size)
    assert player.download.size == size
    assert len(player.server.asked) == size // MIB + 1


def test_a_range_behind_the_end_of_a_file_of_unknown_size_is_empty_and_tells_no_size() -> None:
    player = Player.of(FileServer(content(1000)), None, offset=5 * MIB)
    assert player.run() == b""
    assert player.download.size is None


def test_the_window_is_kept_and_used() -> None:
    player = Player.of(FileServer(content(9 * MIB)))
    assert len(player.collect()) == 4
    assert player.run() == content(9 * MIB)
    assert player.most == 2 * MIB


def test_nothing_behind_a_given_place_is_asked_for() -> None:
    player = Player.of(FileServer(content(9 * MIB)))
    orders: list[Any] = []
    while (order := player.download.next(player.now, before=MIB)) is not None:
        orders.append(order)
    assert [order.offset for order in orders] == [0, 512 * KIB]


def test_a_whole_part_is_given_out_without_a_copy() -> None:
    player = Player.of(FileServer(content(9 * MIB)))
    answer = player.server.answer(player.collect()[0])
    player.settle(player.pending[0], answer)
    assert player.got[0] is answer.bytes  # type: ignore[union-attr]


def test_a_part_larger_than_the_window_goes_alone() -> None:
    player = Player.of(FileServer(content(3 * MIB)), limits={"window": 1000, "cdn": False})
    assert len(player.collect()) == 1
    assert player.run() == content(3 * MIB)


@settings(max_examples=50)
@given(st.integers(0, 3 * MIB), st.integers(0, 3 * MIB))
def test_a_range_brings_its_bytes_and_little_more(offset: int, length: int) -> None:
    size = 2 * MIB + 12_345
    player = Player.of(FileServer(content(size)), offset=offset, length=length)
    assert player.run() == content(size)[offset : offset + length]
    asked = sum(min(begin + limit, size) - begin for begin, limit in player.server.parts)
    assert asked <= max(0, min(offset + length, size) - offset) + 2 * 4096


@given(
    st.integers(0, 5 * MIB),
    st.integers(1, 5 * MIB),
    st.sampled_from([64 * KIB, 512 * KIB, MIB]),
    st.booleans(),
)
def test_what_is_asked_for_obeys_the_documented_rules(start: int, length: int, part: int, precise: bool) -> None:
    asked = range_to_ask(start, start + length, part, may_be_precise=precise)
    check_range(asked.offset, asked.limit, 1024 if asked.is_precise else 4096, divides=not asked.is_precise)
    assert asked.offset <= start < asked.offset + asked.limit
    assert asked.is_precise <= precise


def test_the_size_of_a_part_grows_with_the_file() -> None:
    sizes = [part_size(size) for size in (1, 70_000, 200_000, 300_000, 600_000, 10 * MIB, 20 * MIB)]
    assert sizes == [64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB, MIB, 512 * KIB, MIB]
    assert range_to_ask(0, ENDLESS, MIB, may_be_precise=True) == (0, MIB, False)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))), st.integers(0, 60), st.integers(0, 60))
def test_ranges_are_a_set_of_bytes(removed: list[tuple[int, int]], low: int, high: int) -> None:
    ranges, model = ByteRanges(5, 50), set(range(5, 50))
    for start, end in removed:
        ranges.remove(start, end)
        model -= set(range(start, end))
    assert [at for start, end in ranges for at in range(start, end)] == sorted(model)
    inside = [at for start, end in ranges.within(low, high) for at in range(start, end)]
    assert inside == sorted(model & set(range(low, high)))
    assert bool(ranges) == bool(model)


@given(st.lists(st.tuples(st.integers(0, 2 * MIB), st.integers(0, MIB)), max_size=6))
def test_what_is_there_already_is_not_asked_for(holes: list[tuple[int, int]]) -> None:
    size = MIB + 777
    missing = {at for start, length in holes for at in range(start // 8192, min(start + length, size) // 8192)}
    have = [(at * 8192, at * 8192 + 8192) for at in range(size // 8192) if at not in missing]
    player = Player.of(FileServer(content(size)), have=have)
    player.run()
    for at in missing:
        assert any(start <= at * 8192 < start + len(data) for start, data in player.got.items())
    assert all(data == content(size)[start : start + len(data)] for start, data in player.got.items())
    for offset, limit in player.server.parts:
        assert set(range(offset // 8192, min(offset + limit, size) // 8192)) <= missing
    assert len(player.server.parts) <= len(holes) + size // (512 * KIB) + 1


def test_wrong_numbers_are_refused_at_once() -> None:
    for wrong in ({"offset": -1}, {"length": -1}, {"size": -2}):
        with pytest.raises(OptionError):
            Player.of(FileServer(b""), **wrong)


class Once:
    """Outcomes for the first orders; then the server's own."""

    def __init__(self, *outcomes: Any) -> None:
        self.left = list(outcomes)

    def __call__(self, order: FilePart) -> Outcome:
        return self.left.pop(0) if self.left else ...


SIZE = 2 * MIB + 300


@pytest.mark.parametrize(
    "outcomes",
    [
        [ConnectionLost("cut")] * 4,
        [DeadlineExceeded("slow")] * 2,
        [refusal(500, "INTERNAL")] * 3,
        [refusal(-503, "Timeout")] * 2,
        [refusal(420, "FLOOD_WAIT_30"), refusal(420, "FLOOD_WAIT_30")],
        [refusal(420, "FLOOD_PREMIUM_WAIT_1000")] * 3,
        [None, None, None, None, None],
        [refusal(303, "FILE_MIGRATE_4")],
        [refusal(400, "FILE_REFERENCE_EXPIRED")],
        [refusal(400, "FILE_REFERENCE_INVALID")],
        [refusal(400, "FILE_REFERENCE_EMPTY")],
        [refusal(400, "FILE_REFERENCE_0_EXPIRED")],
    ],
    ids=lambda outcomes: f"{outcomes[0]}"[:40],
)
def test_a_passing_trouble_ends_in_the_right_bytes(outcomes: list[Any]) -> None:
    player = Player.of(FileServer(content(SIZE)), dc=HOME)
    once = Once(*outcomes)

    def special(order: FilePart) -> Outcome:
        return once(order) if order.dc == 4 else ...

    assert player.run(special) == content(SIZE)
    assert not once.left


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (ConnectionLost("cut"), ConnectionLost),
        (refusal(500, "INTERNAL"), InternalServerError),
        (None, DeadlineExceeded),
        (refusal(420, "FLOOD_WAIT_61"), FloodWait),
        (refusal(420, "FLOOD_WAIT_7"), FloodWait),
        (refusal(400, "LOCATION_INVALID"), RpcError),
        (refusal(400, "FILE_REFERENCE_EXPIRED"), NoFreshReference),
        (refusal(303, "PHONE_MIGRATE_4"), RpcError),
        (t.upload.CdnFile(bytes=b"x"), UnexpectedAnswer),
        (t.upload.File(type=t.storage.FileJpeg(), mtime=0, bytes=bytes(MIB + 1)), UnexpectedAnswer),
        (FileServer(b"").redirect(), UnexpectedAnswer),
        (t.upload.File(type=t.storage.FileJpeg(), mtime=0, bytes=b""), FileChanged),
        (t.upload.File(type=t.storage.FileJpeg(), mtime=0, bytes=b"few"), FileChanged),
        (RuntimeError("of the driver"), RuntimeError),
    ],
    ids=lambda value: getattr(value, "NAME", str(value))[:40],
)
def test_a_lasting_trouble_ends_in_its_error(outcome: Any, error: type[Exception]) -> None:
    player = Player.of(FileServer(content(SIZE)))
    with pytest.raises(error):
        player.run(lambda order: outcome, most=200)
    assert player.download.next(player.now) is None
    assert player.download.deadline() is None
    assert not player.download.is_done
    assert player.download.bytes_in_flight == 0


def test_data_centres_that_send_to_one_another_are_left() -> None:
    player = Player.of(FileServer(content(SIZE)))

    def special(order: FilePart) -> Outcome:
        return refusal(303, f"FILE_MIGRATE_{1 if order.dc == 4 else 4}")

    with pytest.raises(RpcError, match="FILE_MIGRATE"):
        player.run(special, most=100)


def test_parts_that_were_on_their_way_to_the_wrong_data_centre_count_as_one_move() -> None:
    player = Player.of(FileServer(content(5 * MIB)), dc=HOME, limits={"moves": 1, "cdn": False})
    assert player.run() == content(5 * MIB)


def test_floods_are_told_and_nothing_is_asked_meanwhile() -> None:
    player = Player.of(FileServer(content(SIZE)))
    for order in list(player.collect()):
        player.settle(order, refusal(420, "FLOOD_PREMIUM_WAIT_90"))
    assert player.collect() == []
    assert [str(notice) for notice in player.told] == [
        "Waiting 90 s: the server answered FLOOD_PREMIUM_WAIT_90 to upload.getFile"
    ]
    player.now += 89
    assert player.collect() == []
    player.now += 1
    assert player.collect()
    assert player.run() == content(SIZE)


def test_floods_between_parts_that_come_don_t_add_up() -> None:
    player = Player.of(FileServer(content(9 * MIB)))
    turns = iter(range(1000))

    def special(order: FilePart) -> Outcome:
        return refusal(420, "FLOOD_WAIT_50") if next(turns) % 8 == 7 else ...

    assert player.run(special) == content(9 * MIB)


def test_a_part_that_stalls_is_asked_for_again_elsewhere_and_the_first_answer_counts() -> None:
    player = Player.of(FileServer(content(SIZE)))
    orders = list(player.collect())
    stalled = orders[0]
    for order in orders[1:]:
        player.settle(order, player.server.answer(order))
    while more := [order for order in player.collect() if order is not stalled]:
        player.settle(more[0], player.server.answer(more[0]))
    player.wait()
    again = [order for order in player.collect() if order.again]
    assert [(order.offset, order.limit) for order in again] == [(stalled.offset, stalled.limit)]
    assert "stalled" in str(player.told[-1])
    player.settle(stalled, player.server.answer(stalled))  # late, and good
    assert player.result() == content(SIZE)
    player.settle(again[0], player.server.answer(again[0]))  # the double one
    assert player.result() == content(SIZE)


def test_a_slow_line_is_no_stall_and_one_dead_connection_among_living_ones_is() -> None:
    player = Player.of(FileServer(content(9 * MIB)), limits={"stall": 15.0, "cdn": False})
    dead = player.collect()[0]
    for _ in range(4):
        player.now += 10
        living = next(order for order in player.collect() if order is not dead)
        assert not living.again
        player.settle(living, player.server.answer(living))
    again = [order for order in player.collect() if order.again]
    assert [order.offset for order in again] == [dead.offset]


def test_a_lost_connection_gives_up_its_own_order_only() -> None:
    player = Player.of(FileServer(content(50_000)))
    first = player.collect()[0]
    player.wait()
    second = player.collect()[1]
    player.settle(first, ConnectionLost("cut"))
    assert player.collect() == [second]
    player.settle(second, player.server.answer(second))
    assert player.result() == content(50_000)


def test_a_file_that_is_cut_again_and_again_goes_on_where_it_was() -> None:
    player = Player.of(FileServer(content(20 * MIB)))
    cuts = 0
    while not player.is_over:
        orders = list(player.collect())
        if not orders:
            player.wait()
            continue
        player.settle(orders[0], player.server.answer(orders[0]))
        if cuts < 20:
            cuts += 1
            for order in orders[1:]:
                player.settle(order, ConnectionLost("cut"))
    assert player.result() == content(20 * MIB)
    assert len(player.server.parts) <= 40 + 20 * 3


def test_a_reference_is_made_fresh_once_for_all_parts_that_it_concerns() -> None:
    server = FileServer(content(5 * MIB))
    player = Player.of(server)
    player.collect()
    server.reference = b"another"
    assert player.run() == content(5 * MIB)
    assert server.refreshes == 1


def test_a_reference_that_goes_stale_now_and_then_is_made_fresh_each_time() -> None:
    server = FileServer(content(9 * MIB))
    player = Player.of(server)
    turns = iter(range(1000))

    def special(order: FilePart) -> Outcome:
        if next(turns) % 6 == 5:
            server.reference = b"another"
        return ...

    assert player.run(special) == content(9 * MIB)
    assert server.refreshes > 2


def test_a_reference_that_nobody_can_make_fresh_names_the_cause() -> None:
    stale = refusal(400, "FILE_REFERENCE_EXPIRED")
    player = Player.of(FileServer(content(SIZE)), refresh=False)
    with pytest.raises(NoFreshReference, match="nobody knows where") as found:
        player.run(lambda order: stale)
    assert found.value.__cause__ is stale
    player = Player.of(FileServer(content(SIZE)))
    player.refresh_error = refusal(400, "CHANNEL_PRIVATE")
    with pytest.raises(NoFreshReference, match="CHANNEL_PRIVATE") as found:
        player.run(lambda order: stale)
    assert found.value.__cause__ is player.refresh_error


@pytest.mark.parametrize("at", [MIB, MIB + 100, 2 * MIB, SIZE - 1, 0])
def test_a_file_that_shrinks_is_an_error_that_says_where_it_ends(at: int) -> None:
    player = Player.of(FileServer(content(SIZE)[:at]), SIZE)
    with pytest.raises(FileChanged, match=f"ends after .*{SIZE}") as found:
        player.run()
    assert found.value.size == SIZE
    assert at - KIB < found.value.found <= at


@pytest.mark.parametrize("size", [100, 64 * KIB, MIB - 1, MIB, 2 * MIB, 5 * MIB // 2, SIZE])
@pytest.mark.parametrize("by", [1, 5000])
def test_a_file_that_grows_is_an_error(size: int, by: int) -> None:
    with pytest.raises(FileChanged, match=f"behind its {size} bytes"):
        Player.of(FileServer(content(size + by)), size).run()


@pytest.mark.parametrize("cut", [1, 1000, 1024, 5000, 300_000])
def test_an_answer_shorter_than_asked_is_not_the_end(cut: int) -> None:
    server = FileServer(content(SIZE), flaw=lambda data: data[:-cut] if len(data) > cut else data)
    once = iter([server.flaw] * 3)

    def special(order: FilePart) -> Outcome:
        server.flaw = next(once, bytes)
        return ...

    player = Player.of(server)
    assert player.run(special) == content(SIZE)


def test_a_server_that_always_gives_less_than_asked_is_read_to_the_end() -> None:
    server = FileServer(content(SIZE), flaw=lambda data: data[: 100 * KIB])
    assert Player.of(server).run() == content(SIZE)


def test_every_promised_layer_has_the_words(each: Answers) -> None:
    place = each("inputPhotoFileLocation", id=1, access_hash=2, file_reference=b"", thumb_size="y")
    download = Download(FileSource(place, 4), schema=each.schema, size=5, verify=True)
    methods = []
    while (order := download.next(0.0)) is not None:
        assert isinstance(order, FilePart)
        methods.append(order.request.NAME)
        assert each.schema.decode(order.request.to_bytes()) == order.request
        kind = each("storage.fileJpeg")
        if order.limit:
            download.answered(order.number, each("upload.file", type=kind, mtime=0, bytes=b"right"), 0.0)
        else:
            known = each("fileHash", offset=0, limit=MIB, hash=sha256(b"right").digest())
            download.answered(order.number, [known], 0.0)
    assert methods == ["upload.getFileHashes", "upload.getFile"]
    assert download.take_pieces() == [(0, b"right")]


def test_defaults_are_those_of_ordinary_accounts() -> None:
    limits = DownloadLimits()
    assert (limits.window, limits.wait, limits.cdn) == (2 * MIB, 60, True)
    with pytest.raises(OptionError):
        DownloadLimits(window="much")  # type: ignore[arg-type]
