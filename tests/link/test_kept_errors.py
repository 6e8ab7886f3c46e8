"""What a link keeps of an error holds nothing of what came in."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from mtproto.errors import ConnectionLost, RemoteProtocolError
from mtproto.link import Broken
from mtproto.message.envelope import Sender, seal
from mtproto.session import ForeignSession
from mtproto.transport import client_transport
from mtproto.transport.tls_records import RecordReader
from tests.link.support import Pair, known_state, seeded
from tests.test_kept_errors import has_frames

if TYPE_CHECKING:
    from mtproto.transport import ClientTransport


def foreign_packets(pair: Pair, count: int) -> bytes:
    """Return authentic packets of another session; so many in a row break the connection."""
    assert pair.server is not None
    framing = pair.server._intake.wire.transport
    assert framing is not None
    return b"".join(
        framing.pack(
            seal(
                known_state().auth_key,
                Sender.SERVER,
                salt=0,
                session_id=5,
                msg_id=(int(pair.now) << 32) + 4 * number + 1,
                seqno=0,
                body=bytes(8),
                random=seeded(),
            ).payload
        )
        for number in range(count)
    )


def test_an_error_that_ends_a_connection_keeps_no_frames_and_no_events() -> None:
    pair = Pair()
    pair.connect()
    events = pair.client.received(foreign_packets(pair, 16), pair.now)
    assert sum(isinstance(event, ForeignSession) for event in events) == 16
    [broken] = [event for event in events if isinstance(event, Broken)]
    assert isinstance(broken.error, RemoteProtocolError)
    assert pair.client.trouble is broken.error
    assert not has_frames(broken.error)
    assert broken.error.events == ()


def test_an_error_of_the_framing_keeps_no_frames_and_no_events() -> None:
    pair = Pair(transport="intermediate")
    pair.connect()
    neither_payload_nor_code = bytes.fromhex("08000000") + bytes(8)
    events = pair.client.received(foreign_packets(pair, 1) + neither_payload_nor_code, pair.now)
    [broken] = [event for event in events if isinstance(event, Broken)]
    assert isinstance(broken.error, RemoteProtocolError)
    assert not has_frames(broken.error)
    assert broken.error.events == ()


def test_the_reason_of_a_lost_connection_keeps_no_frames() -> None:
    pair = Pair()
    pair.connect()
    with pytest.raises(ConnectionLost) as caught:
        raise ConnectionLost("reset") from OSError(104, "reset")
    pair.client.disconnected(pair.now, caught.value)
    trouble = pair.client.trouble
    assert isinstance(trouble, ConnectionLost)
    assert isinstance(trouble.__cause__, OSError)
    assert not has_frames(trouble)


@pytest.mark.parametrize("reader", [client_transport("intermediate", seeded()), RecordReader()])
def test_a_reader_that_has_failed_does_not_keep_its_error(reader: ClientTransport | RecordReader) -> None:
    gc.disable()
    try:
        try:
            reader.receive(b"\x05\x00\x00\x00\x00\x00")
        except RemoteProtocolError as error:
            held = weakref.ref(error)
        assert held() is None
    finally:
        gc.enable()
    with pytest.raises(RemoteProtocolError):
        reader.receive(b"")
