"""Uploads: every part arrives once at least, the MD5 is right, and a failed upload goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import ConnectionLost, DeadlineExceeded, FloodWait, LocalProtocolError, MTProtoError, OptionError
from mtproto.flows import FileChanged, FilePart, PartToRead, UnexpectedAnswer, Upload, UploadLimits
from tests.flows.file_world import KIB, MIB, Outcome, content, refusal, t
from tl import api

PART = 512 * KIB
SIZE = 3 * MIB + 77


class Sender:
    """A server that keeps parts, and a driver that reads a file; `reads` tells what was read."""

    def __init__(self, data: bytes, **limits: Any) -> None:
        self.data = data
        self.parts: dict[int, bytes] = {}
        self.reads: list[int] = []
        self.sent: list[int] = []
        self.pending: list[FilePart] = []
        self.told: list[str] = []
        self.most = 0
        self.now = 1000.0
        self.upload = Upload(schema=api.schema, size=len(data), file_id=-5, name="a.jpg", limits=UploadLimits(**limits))

    def collect(self) -> list[FilePart]:
        while (order := self.upload.next(self.now)) is not None:
            if isinstance(order, PartToRead):
                self.reads.append(order.offset)
                self.upload.read(self.data[order.offset : order.offset + order.length])
            else:
                self.pending.append(order)
        self.most = max(self.most, self.upload.bytes_in_flight)
        self.told += map(str, self.upload.take_told())
        return self.pending

    def save(self, order: FilePart) -> Outcome:
        request: Any = order.request
        request.to_bytes()
        assert request.file_id == -5
        assert order.dc is None
        if request.NAME == "upload.saveBigFilePart":
            assert request.file_total_parts == -(-len(self.data) // PART)
        self.sent.append(request.file_part)
        self.parts[request.file_part] = request.bytes
        return True

    def settle(self, order: FilePart, outcome: Outcome) -> None:
        if order in self.pending:
            self.pending.remove(order)
        if isinstance(outcome, Exception):
            self.upload.failed(order.number, outcome, self.now)
        elif outcome is not None:
            self.upload.answered(order.number, outcome, self.now)

    def run(self, special: Callable[[FilePart], Outcome] | None = None) -> Any:
        for _ in range(1000):
            if self.upload.is_done:
                return self.upload.result
            if self.upload.error is not None:
                raise self.upload.error
            if self.collect():
                order = self.pending[0]
                outcome = special(order) if special else ...
                self.settle(order, self.save(order) if outcome is ... else outcome)
            elif self.upload.error is None:
                self.wait()
        raise AssertionError("the upload has no end")

    def wait(self) -> None:
        deadline = self.upload.deadline()
        assert deadline is not None
        self.now = max(self.now, deadline)

    def saved(self) -> bytes:
        return b"".join(self.parts[part] for part in sorted(self.parts))


@pytest.mark.parametrize("size", [1, PART - 1, PART, PART + 1, SIZE, 10 * MIB])
def test_a_small_file_arrives_whole_with_its_md5(size: int) -> None:
    sender = Sender(content(size))
    result = sender.run()
    assert sender.saved() == content(size)
    parts = -(-size // PART)
    assert result == t.InputFile(id=-5, parts=parts, name="a.jpg", md5_checksum=md5(content(size)).hexdigest())
    assert sender.sent == list(range(parts))
    assert sender.upload.bytes_sent == size


def test_a_big_file_arrives_whole() -> None:
    sender = Sender(content(10 * MIB + 1))
    assert sender.run() == t.InputFileBig(id=-5, parts=21, name="a.jpg")
    assert sender.saved() == content(10 * MIB + 1)


def test_the_window_is_kept_and_used() -> None:
    sender = Sender(content(10 * MIB))
    assert len(sender.collect()) == 4
    sender.run()
    assert sender.most == 2 * MIB


def test_files_that_no_account_can_send_are_refused() -> None:
    for size in (0, -1, 4000 * PART + 1):
        with pytest.raises(OptionError):
            Upload(schema=api.schema, size=size, file_id=1)
    assert Upload(schema=api.schema, size=4000 * PART, file_id=1).next(0.0) == PartToRead(0, PART)


def test_there_is_no_result_before_the_end() -> None:
    with pytest.raises(LocalProtocolError):
        _ = Sender(content(5)).upload.result


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (ConnectionLost("cut"), ConnectionLost),
        (None, DeadlineExceeded),
        (False, UnexpectedAnswer),
        (refusal(420, "FLOOD_WAIT_61"), FloodWait),
        (refusal(420, "FLOOD_WAIT_9"), FloodWait),
        (refusal(400, "FILE_PARTS_INVALID"), MTProtoError),
    ],
    ids=str,
)
def test_a_lasting_trouble_ends_in_its_error_and_the_upload_goes_on_later(outcome: Any, error: type[Exception]) -> None:
    sender = Sender(content(SIZE))
    with pytest.raises(error):
        sender.run(lambda order: ... if order.offset < PART else outcome)
    assert sender.upload.next(sender.now) is None
    assert sender.upload.deadline() is None
    before, late = list(sender.sent), list(sender.pending)
    sender.upload.resume()
    sender.pending.clear()
    sender.collect()
    for order in late:
        sender.settle(order, True)  # of calls that were given up: nothing arrives by them
    result = sender.run()
    assert sender.sent[len(before) :] == [part for part in range(7) if part not in before]
    assert result.md5_checksum == md5(content(SIZE)).hexdigest()
    assert sender.saved() == content(SIZE)


def test_an_upload_whose_driver_was_stopped_goes_on() -> None:
    sender = Sender(content(SIZE))
    assert sender.upload.next(sender.now) == PartToRead(0, PART)  # and stopped while it read
    sender.upload.resume()
    sender.collect()
    sender.pending.clear()
    sender.upload.resume()
    assert sender.run().md5_checksum == md5(content(SIZE)).hexdigest()
    assert sender.saved() == content(SIZE)


def test_floods_are_waited_for_and_told() -> None:
    sender = Sender(content(SIZE))
    left = [refusal(420, "FLOOD_PREMIUM_WAIT_500"), refusal(420, "FLOOD_WAIT_20")]
    sender.run(lambda order: left.pop() if left else ...)
    assert len(sender.told) == 2
    assert sender.now >= 1500


def test_a_part_that_stalls_is_sent_again_elsewhere() -> None:
    sender = Sender(content(100))
    first = sender.collect()[0]
    sender.wait()
    again = sender.collect()[1]
    assert again.again
    assert again.request is first.request
    sender.settle(again, True)
    sender.settle(first, True)
    assert sender.upload.bytes_sent == 100
    assert "stalled" in sender.told[0]


def test_a_file_that_changes_while_it_is_read_is_an_error() -> None:
    sender = Sender(content(SIZE))
    sender.data = sender.data[:MIB]
    with pytest.raises(FileChanged):
        sender.run()


def test_a_part_that_the_server_has_lost_is_sent_again() -> None:
    sender = Sender(content(SIZE))
    sender.run()
    del sender.parts[3]
    sender.upload.lost(3)
    sender.upload.lost(3)
    assert not sender.upload.is_done
    assert sender.run().md5_checksum == md5(content(SIZE)).hexdigest()
    assert sender.sent[7:] == [3]
    assert sender.saved() == content(SIZE)


TROUBLES = [
    ConnectionLost("cut"),
    refusal(500, "INTERNAL"),
    refusal(420, "FLOOD_WAIT_3"),
    refusal(400, "FILE_PART_INVALID"),
    False,
    None,
]


@given(st.data())
def test_whatever_comes_every_part_arrives_or_the_error_has_a_name(data: st.DataObject) -> None:
    size = data.draw(st.sampled_from([1, PART, SIZE, 10 * MIB + 1]))
    sender = Sender(content(size))
    left = data.draw(st.integers(0, 20))
    for _ in range(1000):
        orders = sender.collect()
        if sender.upload.is_done:
            break
        if sender.upload.error is not None:
            assert isinstance(sender.upload.error, MTProtoError)
            sender.upload.resume()
            sender.pending.clear()
            continue
        if not orders or (left and data.draw(st.integers(0, 7)) == 0):
            left = max(0, left - 1)
            sender.wait()
            continue
        order = orders[data.draw(st.integers(0, len(orders) - 1))] if left else orders[0]
        if left and data.draw(st.booleans()):
            left -= 1
            sender.settle(order, data.draw(st.sampled_from(TROUBLES)))
        else:
            sender.settle(order, sender.save(order))
    assert sender.saved() == content(size)
    assert sender.upload.result.parts == len(sender.parts)
    if size <= 10 * MIB:
        assert sender.upload.result.md5_checksum == md5(content(size)).hexdigest()
