"""The checks that a server makes of an opened packet before the packet has any effect.

core.telegram.org/mtproto/security_guidelines (checking msg_id) and
core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message (the codes).
"""

from __future__ import annotations

from mtproto.errors import RemoteProtocolError
from mtproto.message import Unsealed, msg_id_time
from mtproto.session import constructors as ids
from mtproto.session import wire
from mtproto.session.events import Tolerated
from mtproto.session.inbox import Seen
from mtproto.session.server_parts import ServerParts
from mtproto.session.server_records import Received, follows
from mtproto.session.time_window import NEWEST, OLDEST
from mtproto.session.verdicts import Finding, Verdict
from mtproto.session.wire import Message

__all__ = ["ServerChecks", "is_counted"]

QUEUED_AT_MOST = 16384
"""Messages that wait to be sent to a client before no more packets are accepted of that client."""

NEVER_CONTENT = frozenset({ids.MSGS_ACK, ids.MSG_CONTAINER, ids.MSG_COPY})
"""Service messages that a client must not mark as content-related."""


class _HighestNumbers:
    """The highest numbers in one packet so far: of all its messages, and of those whose numbers count."""

    __slots__ = ("counted", "of_all")

    def __init__(self) -> None:
        self.of_all = -1
        self.counted = -1

    def add(self, seqno: int, counted: bool) -> None:
        """Take notice of a message."""
        self.of_all = max(self.of_all, seqno)
        if counted:
            self.counted = max(self.counted, seqno)


def _refused(code: int) -> Verdict:
    return Verdict(Finding.REFUSED, code)


def is_counted(constructor: int, seqno: int) -> bool:
    """Whether the number of a message is compared with other numbers: that of a call is, packed or not.

    Clients count their service messages as content, or give them any number, and Telegram's servers let that pass.
    """
    return constructor not in ids.SERVICE_MESSAGES or (constructor == ids.GZIP_PACKED and bool(seqno & 1))


class ServerChecks:
    """Checks the packets of one session. Owned by the session; changes nothing but the code of a fault.

    Attributes:
        forced_code: the code with which the next packet is refused, whatever it holds; 0 for none.

    """

    __slots__ = ("_parts", "forced_code")

    def __init__(self, parts: ServerParts) -> None:
        self._parts = parts
        self.forced_code = 0

    def force(self, code: int) -> None:
        """Refuse the next packet with this code, whatever the packet holds; 0 takes that back."""
        self.forced_code = code

    def check(self, message: Unsealed, now: float) -> Verdict:
        """Check ids, time, salt and numbers of an opened packet; see `ServerSession.check`."""
        parts = self._parts
        register = parts.register
        parts.reader.begin()
        if len(parts.outbox) > QUEUED_AT_MOST:
            return Verdict(Finding.FLOOD, reason=f"{len(parts.outbox)} messages wait for a client that does not read")
        msg_id = message.msg_id
        if msg_id & 3 or msg_id < 0:
            return _refused(18)
        record = register.find(msg_id)
        if record is not None:
            return self._check_again(message, record)
        if register.denied(msg_id):
            return Verdict(Finding.DENIED)
        if self.forced_code:
            return Verdict(Finding.REFUSED, self.forced_code, forced=True)
        age = now - msg_id_time(msg_id)
        if age > OLDEST:
            return _refused(16)
        if age < -NEWEST:
            return _refused(17)
        if register.look_up(msg_id) is Seen.TOO_OLD:
            return _refused(20)
        if not parts.salts.accepts(message.salt, now):
            return _refused(48)
        if wire.constructor_id(message.body) == ids.MSG_CONTAINER:
            return self._check_container(message)
        return self._check_numbers([Message(message.msg_id, message.seqno, message.body)], None)

    def _check_again(self, message: Unsealed, record: Received) -> Verdict:
        """Check a packet whose id was accepted before."""
        is_container = wire.constructor_id(message.body) == ids.MSG_CONTAINER
        if is_container != record.container:
            return _refused(19)
        if not is_container:
            return Verdict(Finding.REPEATED)
        try:
            return Verdict(Finding.REPEATED, messages=tuple(self._parts.reader.container(message.body)))
        except RemoteProtocolError:
            return _refused(64)  # not the one that was accepted under this id

    def _check_container(self, message: Unsealed) -> Verdict:
        """Check a container, which is accepted as a whole (core.telegram.org/mtproto/service_messages#containers)."""
        try:
            messages = self._parts.reader.container(message.body)
        except wire.TooMany as error:
            return Verdict(Finding.FLOOD, reason=str(error))
        except RemoteProtocolError:
            return _refused(64)
        look_up = self._parts.register.look_up
        new = sorted(inner for inner in messages if look_up(inner.msg_id) is Seen.NEW)
        if any(inner.msg_id & 3 or not 0 <= inner.msg_id < message.msg_id for inner in new):
            return _refused(64)
        return self._check_numbers([*new, Message(message.msg_id, message.seqno, message.body)], tuple(messages))

    def _check_numbers(self, new: list[Message], messages: tuple[Message, ...] | None) -> Verdict:
        """Check the numbers of new messages, in the order of their ids; `messages` is what stands in a container."""
        tolerated = []
        highest = _HighestNumbers()
        for numbered in new:
            code, refused = self._number_code(numbered, highest)
            if refused:
                return _refused(code)
            if code:
                tolerated.append(Tolerated(numbered.msg_id, code))
        return Verdict(Finding.NEW, messages=messages, tolerated=tuple(tolerated))

    def _number_code(self, message: Message, highest: _HighestNumbers) -> tuple[int, bool]:
        """Return the code that the documentation has for the number of a new message, or 0, and whether to refuse it.

        Args:
            message: a message, alone or of a container; those of a container in the order of their ids, itself last.
            highest: the numbers of the messages before this one in the packet; the number of this one is added.

        """
        strict = self._parts.strict
        constructor = wire.constructor_id(message.body)
        counted = is_counted(constructor, message.seqno)
        among_counted = counted and not strict
        code = (
            _parity_code(message.seqno, constructor)
            or (0 if follows(message.seqno, highest.counted if among_counted else highest.of_all) else 32)
            or self._parts.register.check_seqno(message.msg_id, message.seqno, counted=among_counted)
        )
        highest.add(message.seqno, counted)
        return code, bool(code) and (counted or strict)


def _parity_code(seqno: int, constructor: int) -> int:
    """Return 34 or 35 where the number says the wrong thing about the need of an acknowledgement, else 0."""
    if seqno & 1:
        return 34 if constructor in NEVER_CONTENT else 0
    return 35 if ids.is_call(constructor) else 0
