"""Takes the packets of a peer apart: containers, copies, packed objects, results. One budget serves a whole packet.

core.telegram.org/mtproto/service_messages (containers, message copies, packed objects, responses). The peer decides how
messages are nested and repeated inside a packet, so that everything it may decide has a bound here: the number of
messages, the bytes that packed objects become, and which wrapper may stand inside which. Both roles read through this
class. The payloads of messages stay bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType, TracebackType

from mtproto.errors import RemoteProtocolError
from mtproto.limits import Limits
from mtproto.session import wire
from mtproto.session.constructors import GZIP_PACKED, MSG_CONTAINER, MSG_COPY, RPC_RESULT
from mtproto.session.wire import Message

__all__ = ["Cost", "PacketReader"]

_PACKET = 0
# Stands at the root of the path of wrappers, where a packet has its one message.

_NAMES: Mapping[int, str] = MappingProxyType(
    {
        _PACKET: "packet",
        MSG_CONTAINER: "msg_container",
        MSG_COPY: "msg_copy",
        GZIP_PACKED: "gzip_packed",
        RPC_RESULT: "rpc_result",
    }
)

_MAY_STAND_IN: Mapping[int, frozenset[int]] = MappingProxyType(
    {
        MSG_CONTAINER: frozenset({_PACKET}),
        MSG_COPY: frozenset({_PACKET, MSG_CONTAINER}),
        GZIP_PACKED: frozenset({_PACKET, MSG_CONTAINER, MSG_COPY, RPC_RESULT, GZIP_PACKED}),
        RPC_RESULT: frozenset({_PACKET, MSG_CONTAINER, MSG_COPY, GZIP_PACKED, RPC_RESULT}),
    }
)
# With the limits on `gzip_packed` and `rpc_result` this bounds the depth of a packet, whatever the peer sends.


class Cost(Enum):
    """A kind of work that a packet makes. A new kind needs a line here and its limit in `PacketReader`."""

    MESSAGES = "messages"
    INFLATED = "inflated bytes"


class PacketReader:
    """Reads the wrappers of one peer's packets. Owned by one session.

    Call `begin` for each packet, then the methods named after the wrappers as they are met. What stands inside a
    wrapper is read `within` it:

        unpacked = reader.inflate(body)
        with reader.within(GZIP_PACKED):
            ...  # read `unpacked`

    Each method raises `RemoteProtocolError` where the wrapper is damaged, stands where it may not, or asks for more
    than the packet has left; `TooMany`, a kind of it, where that are messages.
    """

    __slots__ = ("_left", "_limits", "_most", "_path")

    def __init__(self, limits: Limits) -> None:
        """Read within these limits: `container_messages_accepted`, `inflated`, `gzip_nesting`, `result_nesting`."""
        self._limits = limits
        self._most = {Cost.MESSAGES: limits.container_messages_accepted, Cost.INFLATED: limits.inflated}
        self._left = self._most  # until a packet takes something, since most take nothing
        self._path = [_PACKET]

    def begin(self) -> None:
        """Begin a packet, which has the whole budget."""
        self._left = self._most

    def left(self, cost: Cost) -> int:
        """Return how much of a kind of work the packet may still make."""
        return self._left[cost]

    def spend(self, cost: Cost, amount: int, check: str) -> None:
        """Take work out of the budget; `check` names what makes it, for the error.

        Raises:
            TooMany: less than `amount` is left; nothing was taken.

        """
        if amount > self._left[cost]:
            raise wire.TooMany(check, f"{amount} {cost.value}, {self._left[cost]} of {self._most[cost]} are left")
        self._set_left(cost, self._left[cost] - amount)

    def within(self, wrapper: int) -> PacketReader:
        """Return a context manager: what is read in it stands inside this wrapper, named by its constructor id."""
        self._path.append(wrapper)
        return self

    def __enter__(self) -> PacketReader:
        """Return the reader itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the innermost wrapper."""
        self._path.pop()

    # The wrappers.

    def container(self, body: bytes) -> list[Message]:
        """Return the messages of a serialized `msg_container`; it is accepted or rejected as a whole."""
        self._check_place(MSG_CONTAINER)
        messages = wire.read_container(body, self._limits.container_messages_accepted)
        self.spend(Cost.MESSAGES, len(messages), "msg_container")
        return messages

    def copy(self, body: bytes) -> Message:
        """Return the message inside a serialized `msg_copy`."""
        self._check_place(MSG_COPY)
        self.spend(Cost.MESSAGES, 1, "msg_copy")
        return wire.read_copy(body)

    def inflate(self, body: bytes) -> bytes:
        """Undo a serialized `gzip_packed`, all levels of it, and return the object inside."""
        self._check_place(GZIP_PACKED)
        for _ in range(self._limits.gzip_nesting - self._path.count(GZIP_PACKED)):
            body = self._inflate_once(body)
            if wire.constructor_id(body) != GZIP_PACKED:
                return body
        raise RemoteProtocolError("gzip_packed", f"nested more than {self._limits.gzip_nesting} deep")

    def result(self, body: bytes) -> tuple[int, bytes]:
        """Return (req_msg_id, serialized result) of an `rpc_result`; the result may be a `gzip_packed`."""
        if len(self._path) > 1:
            self._check_place(RPC_RESULT)
            if self._path.count(RPC_RESULT) > self._limits.result_nesting:
                raise RemoteProtocolError("rpc_result", f"nested more than {self._limits.result_nesting} deep")
        return wire.read_rpc_result(body)

    def _check_place(self, wrapper: int) -> None:
        outer = self._path[-1]
        if outer not in _MAY_STAND_IN[wrapper]:
            raise RemoteProtocolError(_NAMES[outer], f"it holds a {_NAMES[wrapper]}")

    def _inflate_once(self, body: bytes) -> bytes:
        room = self._left[Cost.INFLATED]
        # What it has cost, should it fail.
        self._set_left(Cost.INFLATED, max(0, room - wire.INFLATED_MOST * len(body)))
        unpacked = wire.read_gzip(body, room)
        self._set_left(Cost.INFLATED, room - len(unpacked))
        return unpacked

    def _set_left(self, cost: Cost, amount: int) -> None:
        if self._left is self._most:
            self._left = dict(self._most)
        self._left[cost] = amount
