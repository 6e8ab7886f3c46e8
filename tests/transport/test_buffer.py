"""The receive buffer: nothing is consumed before all of it is there, and memory follows what waits."""

from __future__ import annotations

from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from mtproto.transport import buffer as module
from mtproto.transport.buffer import ReceiveBuffer


def test_what_is_short_stays() -> None:
    buffer = ReceiveBuffer()
    buffer.append(b"abc")
    assert buffer.take(2, 2) is None
    assert buffer.peek(4) == b""
    assert len(buffer) == 3
    buffer.append(b"d")
    assert buffer.peek(4) == b"abcd"
    assert buffer.take(2, 2) == b"cd"
    assert len(buffer) == 0


def test_what_was_consumed_is_not_kept() -> None:
    buffer = ReceiveBuffer()
    for _ in range(1000):
        buffer.append(b"x" * 1000)
        buffer.take(0, 999)
        buffer.take(0, max(0, len(buffer) - 10))
    assert len(buffer) == 10
    assert len(buffer._data) <= 1010


@given(st.lists(st.tuples(st.binary(max_size=20), st.integers(0, 5), st.integers(0, 30)), max_size=60))
def test_it_is_a_queue_of_bytes(steps: list[tuple[bytes, int, int]]) -> None:
    buffer, waiting = ReceiveBuffer(), b""
    for piece, skip, size in steps:
        buffer.append(piece)
        waiting += piece
        if skip + size <= len(waiting):
            assert buffer.peek(skip + size) == waiting[: skip + size]
            assert buffer.take(skip, size) == waiting[skip : skip + size]
            waiting = waiting[skip + size :]
        else:
            assert buffer.take(skip, size) is None
        assert len(buffer) == len(waiting)
    assert buffer.take(0, len(buffer)) == waiting


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40), st.integers(0, 3)), max_size=12),
    st.lists(st.integers(1, 30), max_size=80),
)
def test_what_is_expected_changes_nothing_but_where_it_is_put(
    packets: list[tuple[int, int, int]], cuts: list[int]
) -> None:
    stream = bytes(range(256)) * 3
    buffer, start, waiting, left = ReceiveBuffer(), 0, b"", list(packets)
    with mock.patch.object(module, "LARGE", 8):
        for cut in [*cuts, len(stream)]:
            piece, start = stream[start : start + cut], start + cut
            buffer.append(piece)
            waiting += piece
            while left:
                skip, size, behind = left[0]
                assert len(buffer) == len(waiting)
                head = waiting[: skip + 1] if len(waiting) > skip else b""
                assert buffer.peek(skip + 1) == head
                if len(waiting) < skip + size + behind:
                    if head:
                        buffer.expect(skip, size)
                    break
                assert buffer.take(skip, size) == waiting[skip : skip + size]
                assert buffer.take(behind, 0) == b""
                waiting = waiting[skip + size + behind :]
                del left[0]
    assert not left
    assert buffer.take(0, len(buffer)) == waiting
