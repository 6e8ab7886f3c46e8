"""How much one connection may read follows from what waits of all connections of its server."""

from __future__ import annotations

from typing import Any

from mtproto.net.servers.inputs import Inputs


def test_a_connection_reads_little_while_much_waits() -> None:
    inputs: Inputs[Any] = Inputs(1000, little=10, much=2500)
    rooms = []
    for _ in range(3):
        rooms.append(inputs.room)
        inputs.came(1000)
    assert rooms == [1000, 1000, 1000]
    assert inputs.room == len(inputs.buffer()) == 10
    inputs.went(1000)
    assert inputs.room == len(inputs.buffer()) == 1000
    assert inputs.total == 2000


def test_without_a_bound_on_all_a_connection_may_always_read() -> None:
    inputs: Inputs[Any] = Inputs(1000)
    inputs.came(1 << 40)
    assert inputs.room == 1000


def test_all_connections_are_read_into_one_buffer() -> None:
    inputs: Inputs[Any] = Inputs(1000)
    inputs.buffer()[:5] = b"bytes"
    assert bytes(inputs.just_read(5)) == b"bytes"
    assert inputs.buffer().obj is inputs.buffer().obj
