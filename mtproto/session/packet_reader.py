"""Takes the packets of a peer apart: containers, copies, packed objects, results. One budget serves a whole packet.

core.telegram.org/mtproto/service_messages (containers, message copies, packed objects, responses). The peer decides how
messages are nested and repeated inside a packet. Everything that the peer decides has a bound here: the number of
messages, the ids that service messages name, the bytes that packed objects become, and which wrapper may stand inside
which other one. Both halves of a session read through this class. The payloads of messages stay bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from types import MappingProxyType, TracebackType

from mtproto.errors import RemoteProtocolError
from mtproto.limits import Limits
from mtproto.session import wire
from mtproto.session.constructors import GZIP_PACKED, MSG_CONTAINER, MSG_COPY, RPC_RESULT, SHORT
from mtproto.session.wire import Message
from tl import Elements

__all__ = ["Budget", "Cost", "PacketReader", "whole_budget"]

_PACKET = 0
# Stands for the packet itself, in which one message is, at the root of the path of wrappers.

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
# The wrappers in which each wrapper may stand. Together with the limits on `gzip_packed` and `rpc_result` this bounds
# the depth of a packet, whatever the peer sends.


class Cost(Enum):
    """A kind of work that a packet makes. A new kind needs a line here, one in `_UNITS` and its limit in `_most`."""

    MESSAGES = "messages"
    IDS = "ids"
    INFLATED = "inflated bytes"


_A_PACKET = 5
# Units of work, of about 10 µs each, that a packet with one message makes beside its decryption.

_A_MESSAGE = 4
# Units of work that a message of a container makes when its packet is handled in steps, beside those of `_UNITS`.

_UNITS: Mapping[Cost, float] = MappingProxyType({Cost.MESSAGES: 2.0, Cost.IDS: 1 / 16, Cost.INFLATED: 1 / 1300})
# Units of work that one of each kind makes. An inflated byte counts for its share of the work of reading all of them
# as TL.


class Budget:
    """The work that one packet may still make its receiver do. Everything that is read of the packet takes from it.

    Attributes:
        elements: the TL objects that may still be made of the calls in the packet.
        work: units of work, of about 10 µs each, that were taken so far.

    """

    __slots__ = ("_begun", "_left", "_most", "elements", "work")

    def __init__(self, most: Mapping[Cost, int], elements: int) -> None:
        self._most = most
        self._left = dict(most)
        self._begun: _Inflation | None = None
        self.elements = Elements(elements)
        self.work = 0.0

    def spend(self, cost: Cost, amount: int, check: str) -> None:
        """Take work out of the budget; `check` names what makes it, for the error.

        Raises:
            TooMany: less than `amount` is left; nothing was taken.

        """
        left = self._left[cost]
        if amount > left:
            raise wire.TooMany(check, f"{amount} {cost.value}, {left} of {self._most[cost]} are left")
        self._set_left(cost, left - amount)

    def end(self) -> None:
        """Leave nothing in the budget, so that the rest of the packet is refused without work."""
        self._left = dict.fromkeys(self._left, 0)

    def inflate(self, body: bytes, most: int | None = None) -> bytes:
        """Undo one level of a serialized `gzip_packed`.

        Args:
            body: the whole object, constructor id included.
            most: the most bytes that it may become; None for as many as the packet has left.

        Raises:
            RemoteProtocolError: the stream is damaged or becomes more. A stream that fails costs the most bytes that it
                may have become.

        """
        self._give_up_other(body)
        room = self._left[Cost.INFLATED]
        if not room:
            raise RemoteProtocolError("gzip_packed", "the packet has inflated to all that it may already")
        after_failure = max(0, room - wire.INFLATED_MOST * len(body))
        begun, self._begun = self._begun, None
        try:
            if begun is not None:
                unpacked = begun.outcome()
            else:
                unpacked = wire.read_gzip(body, room if most is None else min(room, most), SHORT)
        except RemoteProtocolError:
            self._set_left(Cost.INFLATED, after_failure)
            raise
        self._set_left(Cost.INFLATED, room - len(unpacked))
        return unpacked

    def inflate_some(self, body: bytes) -> bool:
        """Inflate a part of a serialized `gzip_packed`; return whether that was the last part.

        After the last part, `inflate` returns the object without work.
        """
        self._give_up_other(body)
        if self._begun is None:
            if not self._left[Cost.INFLATED]:
                return True  # `inflate` refuses it
            self._begun = _Inflation(body, self._left[Cost.INFLATED])
        return self._begun.go_on()

    def _give_up_other(self, body: bytes) -> None:
        """Give up what was begun with another body: nobody asked for the object, and the work is paid all the same."""
        begun = self._begun
        if begun is not None and begun.packed != body:
            self._set_left(Cost.INFLATED, max(0, self._left[Cost.INFLATED] - wire.INFLATED_MOST * len(begun.packed)))
            self._begun = None

    def _set_left(self, cost: Cost, left: int) -> None:
        self.work += (self._left[cost] - left) * _UNITS[cost]
        self._left[cost] = left


class _Inflation:
    """A `gzip_packed` that is being inflated step by step.

    Attributes:
        packed: the serialized object.

    """

    __slots__ = ("_error", "_over", "_steps", "_unpacked", "packed")

    def __init__(self, packed: bytes, room: int) -> None:
        self.packed = packed
        self._steps = wire.inflating(packed, room, SHORT)
        self._unpacked = b""
        self._over = False
        self._error: RemoteProtocolError | None = None

    def go_on(self) -> bool:
        """Take a step; return whether none is left."""
        if not self._over:
            try:
                next(self._steps)
            except StopIteration as end:
                self._unpacked, self._over = end.value, True
            except RemoteProtocolError as error:
                self._error, self._over = error, True
        return self._over

    def outcome(self) -> bytes:
        """Take the steps that are left, and return the object inside; raise the `RemoteProtocolError` that was met."""
        while not self.go_on():
            pass
        if self._error is not None:
            raise self._error
        return self._unpacked


def whole_budget(limits: Limits) -> Budget:
    """Return the budget of a packet under these limits."""
    return Budget(_most(limits), limits.elements)


def _most(limits: Limits) -> Mapping[Cost, int]:
    return {
        Cost.MESSAGES: limits.container_messages_accepted,
        Cost.IDS: limits.ids_accepted,
        Cost.INFLATED: limits.inflated,
    }


class PacketReader:
    """Reads the wrappers of one peer's packets. Owned by one session.

    Call `begin` for each packet, then the methods named after the wrappers as they are met. What stands inside a
    wrapper is read `within` it:

        unpacked = reader.inflate(body)
        with reader.within(GZIP_PACKED):
            ...  # read `unpacked`

    Each method raises `RemoteProtocolError` where the wrapper is damaged, stands in a wrong place, or asks for more
    than the packet has left. Where the packet asks for too many messages or ids, the error is a `TooMany`.
    """

    __slots__ = ("_budget", "_limits", "_most", "_path", "_work")

    def __init__(self, limits: Limits) -> None:
        """Read within these limits: all those of one packet."""
        self._limits = limits
        self._most = _most(limits)
        self._budget: Budget | None = None  # made when a packet takes something, since many packets take nothing
        self._work = 0
        self._path = [_PACKET]

    def begin(self) -> None:
        """Begin a packet, which has a whole budget of its own."""
        self._work = self.work + _A_PACKET
        self._budget = None

    @property
    def budget(self) -> Budget:
        """The work that the packet may still make its receiver do."""
        if self._budget is None:
            self._budget = Budget(self._most, self._limits.elements)
        return self._budget

    @property
    def work(self) -> int:
        """Units of work, of about 10 µs each, that all packets have made so far."""
        return self._work if self._budget is None else self._work + int(self._budget.work)

    # Steps.

    def handled(self) -> None:
        """Count the work of one message, where its packet is handled in steps."""
        self._work += _A_MESSAGE

    def inflate_some(self, body: bytes) -> bool:
        """Inflate a part of a serialized `gzip_packed`, some milliseconds of work; return whether it was the last part.

        After the last part, `inflate` returns the object without work, or raises the error of a damaged stream.
        """
        return self.budget.inflate_some(body)

    def spend(self, cost: Cost, amount: int, check: str) -> None:
        """Take work out of the packet's budget; see `Budget.spend`."""
        self.budget.spend(cost, amount, check)

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
        return list(self.each_in_container(body))

    def each_in_container(self, body: bytes) -> Iterator[Message]:
        """Do what `container` does, but make each message when it is taken.

        A thousand objects at once, packet after packet, would have Python look for garbage among all objects of the
        program, which takes some 40 ms.
        """
        self._check_place(MSG_CONTAINER)
        places = wire.places_in_container(body, self._limits.container_messages_accepted)
        self.spend(Cost.MESSAGES, len(places), "msg_container")
        return (wire.message_at(body, place) for place in places)

    def copy(self, body: bytes) -> Message:
        """Return the message inside a serialized `msg_copy`."""
        self._check_place(MSG_COPY)
        self.spend(Cost.MESSAGES, 1, "msg_copy")
        return wire.read_copy(body)

    def inflate(self, body: bytes) -> bytes:
        """Undo a serialized `gzip_packed`, all levels of it, and return the object inside."""
        self._check_place(GZIP_PACKED)
        for _ in range(self._limits.gzip_nesting - self._path.count(GZIP_PACKED)):
            body = self.budget.inflate(body)
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

    # Service messages that name others.

    def ids(self, body: bytes) -> tuple[int, ...]:
        """Return the ids of a service message whose only field is `msg_ids:Vector<long>`."""
        self.named(body)
        return wire.read_ids(body)

    def named(self, body: bytes) -> None:
        """Take the ids of a service message out of the budget without reading them.

        The first field of the message is `msg_ids:Vector<long>`.
        """
        count = wire.count_ids(body)
        if count > self._limits.message_ids_accepted:
            raise wire.TooMany("msg_ids", f"{count} ids, at most {self._limits.message_ids_accepted} are allowed")
        try:
            self.spend(Cost.IDS, count, "msg_ids")
        except wire.TooMany:
            self.budget.end()
            raise

    def _check_place(self, wrapper: int) -> None:
        outer = self._path[-1]
        if outer not in _MAY_STAND_IN[wrapper]:
            raise RemoteProtocolError(_NAMES[outer], f"it holds a {_NAMES[wrapper]}")
