"""`Faults`: everything that a local DC can be told to do wrong, one method for each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from mtproto.errors import LocalProtocolError, RemoteProtocolError, TransportError
from mtproto.exchange import ExchangeFaults, NamedFaults
from mtproto.localdc.faults import packets
from mtproto.localdc.faults.armed import ArmedFaults, Effect
from mtproto.localdc.faults.files import FileFaults, NamedFileFaults
from mtproto.localdc.faults.packets import OpenedPacket
from mtproto.localdc.faults.updates import UpdateFaults, channel_too_long, too_long
from mtproto.session import BAD_MESSAGES, wire
from mtproto.session import constructors as ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mtproto.exchange import Change
    from mtproto.link import IncomingPacket, OutgoingPacket, SessionSlot
    from mtproto.localdc.faults.files import PartAnswer
    from mtproto.message import Unsealed

__all__ = ["Faults"]

Cut: TypeAlias = tuple[bytes, bool]
"""Bytes, and whether the connection ends behind them."""

OVERSIZE = 16 * 1024 * 1024 + 8
"""Bytes of a frame beyond what clients here accept by default, of the form of an encrypted packet."""

ONE_YEAR = 366 * 86_400
"""Seconds: with a msg_id of so long ago or ahead, a packet is still one that can be sealed."""

BOMB = 16 * 1024 * 1024 + 4
"""Bytes that an object inflates to, beyond what clients here accept by default."""


class Faults(NamedFaults, NamedFileFaults):
    """Ways to misbehave. A method arms its fault for one time, in any thread; armed twice, it happens twice.

    One fault happens to one packet at a time; several that fit the same packet happen to one after the other. Where
    it says "call", what carries no call of the API passes untouched: pings and acknowledgements.

    All of them raise `LocalProtocolError` for arguments that mean nothing.

    Args:
        random: source of random bytes.

    Attributes:
        exchange: the faults of key exchanges; those with a name are methods here as well.
        updates: the faults of updates; all of them are methods here as well.
        files: the faults of files; those with a name are methods here as well.

    """

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self.exchange = ExchangeFaults()
        self._random = random
        self._history: list[str] = []
        self.updates = UpdateFaults(self._history.append)
        self.files = FileFaults(self._history.append)
        self._reading: ArmedFaults[bytes, Cut] = ArmedFaults(self._history.append)
        self._incoming: ArmedFaults[IncomingPacket, int | None] = ArmedFaults(self._history.append)
        self._outgoing: ArmedFaults[OutgoingPacket, Sequence[bytes]] = ArmedFaults(self._history.append)
        self._writing: ArmedFaults[bytes, Cut] = ArmedFaults(self._history.append)

    @property
    def applied(self) -> Counter[str]:
        """How often each fault has happened so far, by the name of the method that arms it."""
        return Counter(self._history) + self.exchange.applied

    def change_fields(self, name: str, constructor: str, changes: Mapping[str, Change]) -> None:
        """Arm a fault of an exchange; see `mtproto.exchange.NamedFaults`."""
        self.exchange.change_fields(name, constructor, changes)

    def change_answer(self, name: str, times: int = 1) -> None:
        """Arm a fault of an exchange; see `mtproto.exchange.NamedFaults`."""
        self.exchange.change_answer(name, times)

    def change_part(self, name: str, method: str, change: Callable[[PartAnswer], PartAnswer | None]) -> None:
        """Arm a fault of files; see `NamedFileFaults`."""
        self.files.change(name, method, change)

    def disarm(self) -> None:
        """Take back all that waits and has not happened."""
        self.exchange.disarm()
        for waiting in (self.updates, self.files, self._reading, self._incoming, self._outgoing, self._writing):
            waiting.clear()

    # Refusals ----------------------------------------------------------------------------------------------------

    def bad_server_salt(self) -> None:
        """Lose all salts at the next call, which is refused with bad_server_salt."""
        self._at_call("bad_server_salt", _lose_salts)

    def salt_rotation(self) -> None:
        """Let the next salt become current at the next call; the one before is valid for 30 minutes more."""
        self._at_call("salt_rotation", _advance_salts)

    def bad_msg(self, code: int) -> None:
        """Refuse the next call with a bad_msg_notification of this code (48: bad_server_salt)."""
        _require(code in BAD_MESSAGES, "bad_msg", f"the codes are {', '.join(map(str, BAD_MESSAGES))}")
        self._at_call("bad_msg", lambda packet, message: _refuse(packet, message, code))

    # What a server forgets ---------------------------------------------------------------------------------------

    def session_forgotten(self) -> None:
        """Forget the session when the next call comes, so that new_session_created answers it."""
        self._at_call("session_forgotten", _forget_session)

    def key_forgotten(self) -> None:
        """Forget the key of the next encrypted packet, for good: it and all later ones are answered with -404."""

        def act(packet: IncomingPacket) -> Effect[int | None] | None:
            if packet.key is None:
                return None
            packet.state.forget_key(packet.key.auth_key.id)
            return Effect(TransportError.NOT_FOUND)

        self._incoming.arm("key_forgotten", act)

    # Transport errors --------------------------------------------------------------------------------------------

    def transport_error(self, code: int) -> None:
        """Answer the next packet with this transport error (negative) and the end of the connection."""
        _require(-(1 << 31) <= code < 0, "transport_error", "a transport error is a negative number of 32 bits")
        self._error("transport_error", code)

    def not_found(self) -> None:
        """Answer the next packet with -404 although its key is known, as a server that restarts may."""
        self._error("not_found", TransportError.NOT_FOUND)

    def flood(self) -> None:
        """Answer the next packet with -429."""
        self._error("flood", TransportError.FLOOD)

    def wrong_dc(self) -> None:
        """Answer the next packet with -444."""
        self._error("wrong_dc", TransportError.WRONG_DC)

    # Answers -----------------------------------------------------------------------------------------------------

    def lost_answer(self) -> None:
        """Send nothing in place of the next packet with an answer."""
        self._to_answer("lost_answer", lambda _: [])

    def duplicated_answer(self) -> None:
        """Send the next answer twice, under two msg_ids."""
        self._to_answer("duplicated_answer", packets.duplicated)

    def reordered_answers(self) -> None:
        """Hold the next packet with an answer back until another one has gone."""
        self._hold("reordered_answers", lambda packet: ([], [packet.payload]) if packet.answers else None, _has_answer)

    def delayed_ack(self) -> None:
        """Hold the next msgs_ack back until an answer has gone."""
        self._hold("delayed_ack", _take_acks, _has_answer)

    def msg_detailed_info(self) -> None:
        """Only announce the next answer, by msg_detailed_info."""
        self._to_answer("msg_detailed_info", packets.announced)

    def replayed_packet(self) -> None:
        """Send the next packet with an answer once more, byte for byte, behind the packet after it."""
        self._hold(
            "replayed_packet",
            lambda packet: ([packet.payload], [packet.payload]) if packet.answers else None,
            lambda _: True,
        )

    # Updates -----------------------------------------------------------------------------------------------------

    def lost_update(self) -> None:
        """Count the next update that a message or the like causes, and push it to nobody: a gap."""
        self.updates.replace("lost_update", lambda _: [])

    def duplicated_update(self) -> None:
        """Push the next such update twice."""
        self.updates.replace("duplicated_update", lambda push: [push, push])

    def reordered_updates(self) -> None:
        """Hold the next such update back until another one for the same account has gone."""
        self.updates.hold("reordered_updates")

    def updates_too_long(self) -> None:
        """Push updatesTooLong in place of the next such update."""
        self.updates.replace("updates_too_long", too_long)

    def channel_too_long(self) -> None:
        """Push updateChannelTooLong in place of the next message of a channel."""
        self.updates.replace("channel_too_long", channel_too_long)

    def difference_too_long(self) -> None:
        """Answer the next updates.getDifference that has something to tell with updates.differenceTooLong."""
        self.updates.lengthen("difference_too_long")

    # Packets that break a rule, under a valid key ----------------------------------------------------------------

    def wrong_parity(self) -> None:
        """Send the next packet with an answer under an even msg_id."""
        self._to_answer("wrong_parity", packets.wrong_parity)

    def wrong_session_id(self) -> None:
        """Send the next packet with an answer under another session id."""
        self._to_answer("wrong_session_id", packets.other_session)

    def stale_packet(self, seconds: int = -400) -> None:
        """Send the next packet with an answer under a msg_id of another time, so many seconds from now."""
        _require(abs(seconds) <= ONE_YEAR, "stale_packet", "up to a year away")
        self._to_answer("stale_packet", lambda packet: packets.shifted(packet, seconds))

    def gzip_bomb(self, size: int = BOMB) -> None:
        """Let the next answer inflate to so many bytes."""
        _require(0 < size < 1 << 30, "gzip_bomb", "from 1 byte to 1 GiB")
        self._to_answer("gzip_bomb", lambda packet: packets.gzip_bomb(packet, size))

    def gzip_in_gzip(self) -> None:
        """Send the next answer as gzip_packed inside gzip_packed."""
        self._to_answer("gzip_in_gzip", packets.gzip_in_gzip)

    def container_of(self, count: int = packets.TOO_MANY) -> None:
        """Send the next answer in a container of so many messages."""
        _require(0 < count < 1 << 16, "container_of", "from 1 message to 65,535")
        self._to_answer("container_of", lambda packet: packets.crowded_container(packet, count))

    def nested_container(self) -> None:
        """Send the next answer in a container inside a container."""
        self._to_answer("nested_container", packets.container_in_container)

    def new_session_created_as_reply(self) -> None:
        """Send the next new_session_created under a msg_id that leaves 1 modulo 4, as real servers were seen to."""

        def act(packet: OutgoingPacket) -> Effect[Sequence[bytes]] | None:
            opened = _open(packet)
            created = opened.of(ids.NEW_SESSION_CREATED) if opened is not None else []
            if opened is None or not created:
                return None
            first = [opened.craft(message.body, seqno=message.seqno, reply=True) for message in created]
            return Effect([*first, *opened.without(created)])

        self._outgoing.arm("new_session_created_as_reply", act)

    # Bytes -------------------------------------------------------------------------------------------------------

    def cut(self, byte: int, packet: int = 0) -> None:
        """End the connection after so many bytes of a packet that is sent (framed; 0 is the next packet)."""
        _require(byte >= 0 <= packet, "cut", "places count from 0")
        self._writing.arm("cut", _at(packet, lambda data: (data[:byte], True)))

    def cut_received(self, byte: int) -> None:
        """End the connection after so many more bytes were read from clients."""
        _require(byte >= 0, "cut_received", "places count from 0")
        left = byte

        def act(data: bytes) -> Effect[Cut]:
            nonlocal left
            taken, left = data[:left], left - len(data)
            return Effect((taken, left <= 0), over=left <= 0)

        self._reading.arm("cut_received", act)

    def flip_received_bit(self, position: int) -> None:
        """Flip a bit of what is read from clients, counted from now."""
        _require(position >= 0, "flip_received_bit", "places count from 0")
        left = position

        def act(data: bytes) -> Effect[Cut] | None:
            nonlocal left
            place, left = left, left - 8 * len(data)
            return Effect((_flipped(data, place), False)) if left < 0 else None

        self._reading.arm("flip_received_bit", act)

    def flip_bit(self, position: int, packet: int = 0) -> None:
        """Flip a bit of a packet that is sent (framed); positions beyond its end start over at its beginning."""
        _require(position >= 0 <= packet, "flip_bit", "places count from 0")
        self._writing.arm("flip_bit", _at(packet, lambda data: (_flipped(data, position), False)))

    def garbage(self, blocks: int = 4) -> None:
        """Send random bytes of the form of an encrypted packet, 24 + 16 * blocks, in place of the next packet."""
        _require(0 <= blocks <= OVERSIZE // 16, "garbage", f"from 0 to {OVERSIZE // 16} blocks")
        self._outgoing.arm("garbage", lambda _: Effect([self._random(24 + 16 * blocks)]))

    def garbage_stream(self, size: int = 64) -> None:
        """Send so many random bytes in place of the next frame."""
        _require(0 < size <= OVERSIZE, "garbage_stream", f"from 1 byte to {OVERSIZE}")
        self._writing.arm("garbage_stream", lambda _: Effect((self._random(size), False)))

    def oversize_frame(self, size: int = OVERSIZE) -> None:
        """Send a frame of so many bytes (24, and whole blocks of 16) in place of the next packet."""
        _require(
            24 <= size < 1 << 30 and (size - 24) % 16 == 0,
            "oversize_frame",
            "an encrypted packet has 24 bytes and whole blocks of 16",
        )
        self._outgoing.arm("oversize_frame", lambda _: Effect([b"\xff" * size]))

    # What links ask ----------------------------------------------------------------------------------------------

    @property
    def armed(self) -> bool:
        """Whether any fault but those of exchanges waits."""
        return bool(self.updates or self.files or self._reading or self._incoming or self._outgoing or self._writing)

    def reading(self, data: bytes) -> Cut:
        """See `mtproto.link.LinkFaults`."""
        effect = self._reading.show(data)
        return (data, False) if effect is None else effect.instead

    def incoming(self, packet: IncomingPacket) -> int | None:
        """See `mtproto.link.LinkFaults`."""
        effect = self._incoming.show(packet)
        return None if effect is None else effect.instead

    def outgoing(self, packet: OutgoingPacket) -> Sequence[bytes]:
        """See `mtproto.link.LinkFaults`."""
        effect = self._outgoing.show(packet)
        return [packet.payload] if effect is None else effect.instead

    def writing(self, data: bytes) -> Cut:
        """See `mtproto.link.LinkFaults`."""
        effect = self._writing.show(data)
        return (data, False) if effect is None else effect.instead

    # How they are armed ------------------------------------------------------------------------------------------

    def _at_call(self, name: str, change: Callable[[IncomingPacket, Unsealed], None]) -> None:
        """Do something just before the next packet with a call is handled."""

        def act(packet: IncomingPacket) -> Effect[int | None] | None:
            if packet.message is None or not _carries_call(packet.message):
                return None
            change(packet, packet.message)
            return Effect(None)

        self._incoming.arm(name, act)

    def _error(self, name: str, code: int) -> None:
        self._incoming.arm(name, lambda _: Effect(code))

    def _to_answer(self, name: str, change: Callable[[OpenedPacket], Sequence[bytes]]) -> None:
        """Change the next packet with an answer to a call."""

        def act(packet: OutgoingPacket) -> Effect[Sequence[bytes]] | None:
            opened = _open(packet)
            return Effect(change(opened)) if opened is not None and opened.answers else None

        self._outgoing.arm(name, act)

    def _hold(
        self,
        name: str,
        take: Callable[[OpenedPacket], tuple[Sequence[bytes], Sequence[bytes]] | None],
        until: Callable[[OpenedPacket], bool],
    ) -> None:
        """Keep something back of a packet, and send it behind a later packet of the same session.

        Args:
            name: the name of the fault.
            take: returns what goes out at once and what is kept, None to wait for another packet.
            until: whether what is kept goes out behind this packet.

        """
        kept: list[tuple[SessionSlot, Sequence[bytes]]] = []

        def act(packet: OutgoingPacket) -> Effect[Sequence[bytes]] | None:
            opened = _open(packet)
            if opened is None:
                return None
            if kept:
                slot, payloads = kept[0]
                due = opened.slot is slot and until(opened)
                return Effect([packet.payload, *payloads]) if due else None
            taken = take(opened)
            if taken is None:
                return None
            kept.append((opened.slot, taken[1]))
            return Effect(taken[0], over=False)

        self._outgoing.arm(name, act)


def _require(condition: bool, fault: str, rule: str) -> None:
    if not condition:
        raise LocalProtocolError(f"{fault}: {rule}")


def _open(packet: OutgoingPacket) -> OpenedPacket | None:
    return None if packet.slot is None else OpenedPacket(packet, packet.slot)


def _has_answer(packet: OpenedPacket) -> bool:
    return bool(packet.answers)


def _take_acks(packet: OpenedPacket) -> tuple[Sequence[bytes], Sequence[bytes]] | None:
    acks = packet.of(ids.MSGS_ACK)
    return (packet.without(acks), [packet.craft(ack.body) for ack in acks]) if acks else None


def _carries_call(message: Unsealed) -> bool:
    """Whether any message of a packet is a call: content-related, and no service message that is numbered so."""
    if wire.constructor_id(message.body) != ids.MSG_CONTAINER:
        return bool(message.seqno & 1) and _may_be_call(message.body)
    try:
        messages = wire.read_container(message.body, packets.TOO_MANY)
    except RemoteProtocolError:
        return False
    return any(inner.seqno & 1 and _may_be_call(inner.body) for inner in messages)


def _may_be_call(body: bytes) -> bool:
    constructor = wire.constructor_id(body)
    return constructor == ids.GZIP_PACKED or ids.is_call(constructor)


def _lose_salts(packet: IncomingPacket, _message: Unsealed) -> None:
    if packet.key is not None:
        packet.key.salts(packet.now).rotate(packet.now)


def _advance_salts(packet: IncomingPacket, _message: Unsealed) -> None:
    if packet.key is not None:
        packet.key.salts(packet.now).advance(packet.now)


def _refuse(packet: IncomingPacket, message: Unsealed, code: int) -> None:
    if packet.key is not None:
        slot = packet.state.find_session(packet.key, message.session_id, packet.now)
        packet.state.keep_session(slot, packet.now)
        slot.session.refuse_next(code)


def _forget_session(packet: IncomingPacket, message: Unsealed) -> None:
    if packet.key is not None:
        packet.state.forget_session(packet.key, message.session_id)


def _at(packet: int, change: Callable[[bytes], Cut]) -> Callable[[bytes], Effect[Cut] | None]:
    """Let so many frames pass, then change one."""
    left = packet

    def act(data: bytes) -> Effect[Cut] | None:
        nonlocal left
        left -= 1
        return Effect(change(data)) if left < 0 else None

    return act


def _flipped(data: bytes, position: int) -> bytes:
    byte, bit = divmod(position % (8 * len(data)), 8)
    return data[:byte] + bytes((data[byte] ^ 1 << bit,)) + data[byte + 1 :]
