"""Packets that a peer with the right key might send: right in what a script leaves open, wrong where it says so."""

from __future__ import annotations

from struct import Struct

from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender
from mtproto.session import wire
from tests.fuzz.tape import Tape
from tests.fuzz.targets.envelope import seal_plaintext

__all__ = ["SALT", "SECOND", "SESSION_ID", "START", "Forger"]

START = 1_700_000_000.0
SESSION_ID = 0x5E55105E
SALT = 0x5A17
SECOND = 1 << 32

_HEADER = Struct("<qqqii")
_PADDING = 12
_CONTENT = 8
_LARGE = 240
"""Numbers of copies from which each step adds 64 more, up to 1024."""


class Forger:
    """Makes the packets of one peer. Its ids grow with `now`; they are the same in each run.

    How a script says what to make, one byte of choices first:

        bits 0-2    the id: 0, 1 fresh, of the first or the second parity; 2 the last one again; 3 of a wrong parity;
                    4 too old; 5 too new; 6 eight bytes that follow; 7 a second older than the last
        bit 3       content-related
        bit 4       the seqno is in four bytes that follow
        bit 5       another session
        bit 6       another salt

    Args:
        sender: whose packets they are.
        parities: of its ids, in answers first.
        wrong_parity: of none of its ids.
        key: None for the one of the targets.

    Attributes:
        now: what its ids are made of.
        session_id: of the session that is meant.

    """

    def __init__(
        self, sender: Sender, parities: tuple[int, int], wrong_parity: int, key: AuthKey | None = None
    ) -> None:
        self.now = START
        self.session_id = SESSION_ID
        self._sender = sender
        self._key = key
        self._parities = parities
        self._wrong_parity = wrong_parity
        self._last = 0
        self._content = 0

    def packet(self, tape: Tape) -> bytes:
        """Return a packet around the message that follows on the tape."""
        choices, message = self._message(tape)
        return self._seal(choices, message)

    def container(self, tape: Tape) -> bytes:
        """Return a packet with a container of many copies of the message that follows, each with an id of its own."""
        count = tape.number()
        count = count if count < _LARGE else (count - _LARGE + 1) * 64
        choices, first = self._message(tape)
        messages = [first]
        for _ in range(max(0, count - 1)):
            messages.append(wire.Message(self._fresh(0), self._seqno(choices), first.body))
        body = wire.write_container(messages)
        return self._seal(choices, wire.Message(self._fresh(0), 2 * self._content, body))

    def plaintext(self, tape: Tape) -> bytes:
        """Return a packet whose whole plaintext follows on the tape."""
        return seal_plaintext(tape.block(), self._sender, self._key)

    def message(self, body: bytes) -> bytes:
        """Return a packet that nothing is wrong with."""
        return self._seal(0, wire.Message(self._fresh(0), self._seqno(_CONTENT), body))

    def _message(self, tape: Tape) -> tuple[int, wire.Message]:
        choices = tape.number()
        msg_id = tape.number(8, signed=True) if choices & 7 == 6 else self._id(choices & 7)
        seqno = tape.number(4, signed=True) if choices & 16 else self._seqno(choices)
        return choices, wire.Message(msg_id, seqno, tape.block())

    def _id(self, kind: int) -> int:
        if kind < 2:
            return self._fresh(kind)
        if kind == 2:
            return self._last
        if kind == 3:
            return self._fresh(0) - self._parities[0] + self._wrong_parity
        return (self._last & -4) + {4: -301, 5: 31, 7: -1}[kind] * SECOND + self._parities[0]

    def _fresh(self, parity: int) -> int:
        base = max(int(self.now * SECOND) & -4, (self._last & -4) + 4)
        self._last = base + self._parities[parity]
        return self._last

    def _seqno(self, choices: int) -> int:
        content = choices >> 3 & 1
        seqno = 2 * self._content + content
        self._content += content
        return seqno

    def _seal(self, choices: int, message: wire.Message) -> bytes:
        session_id = self.session_id + (choices >> 5 & 1)
        salt = SALT + (choices >> 6 & 1)
        body = message.body
        header = _HEADER.pack(salt, session_id, message.msg_id, message.seqno, len(body))
        return seal_plaintext(header + body + bytes(_PADDING), self._sender, self._key)
