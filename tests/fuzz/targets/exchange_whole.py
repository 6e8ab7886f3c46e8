"""Whole exchanges between honest halves, with somebody in the middle who even has the keys.

A script says what happens to which message, on the wire or inside the encrypted data, which is then encrypted well
again. Whatever happens, a client that is done shares its key with the server.
"""

from __future__ import annotations

from dataclasses import dataclass

from mtproto.errors import ExchangeFailed
from mtproto.exchange import ClientExchange, ExchangeFaults, ServerExchange
from mtproto.message.envelope import unpack_plain
from tests.fuzz.tape import Tape
from tests.fuzz.target import Target, Verdict, Violation
from tests.fuzz.targets.exchange_support import NOW, body_of, halves, inner_of, with_inner
from tests.fuzz.targets.words import service_words

__all__ = ["TARGETS"]

_MOST_ROUNDS = 24
_STEPS = 16


@dataclass(frozen=True, slots=True)
class Edit:
    """What happens to one message.

    Attributes:
        step: which message, counted from 0.
        inside: it happens to the encrypted data.
        kind: which of `_apply`.
        place: where.
        value: what is put there.

    """

    step: int
    inside: bool
    kind: int
    place: int
    value: bytes

    @classmethod
    def read(cls, tape: Tape) -> Edit:
        step, kind = tape.number() % _STEPS, tape.number()
        return cls(step, bool(kind & 8), kind & 7, tape.number(2), tape.take(4).ljust(4, b"\0"))

    def apply(self, data: bytes, earlier: list[bytes]) -> bytes:
        """Return the bytes as they are delivered."""
        place = self.place % (len(data) + 1)
        before, behind = data[:place], data[place:]
        match self.kind:
            case 0:
                return before + bytes([behind[0] ^ (self.value[0] or 1)]) + behind[1:] if behind else data
            case 1:
                return before + self.value + behind[4:]
            case 2:
                return before
            case 3:
                return before + self.value + behind
            case 4:
                return before + behind[4:]
            case 5:
                return earlier[self.value[0] % len(earlier)] if earlier else data
            case 6:
                return before + bytes(len(behind))
            case _:
                return data + self.value * (self.place % 64)


class _Middle:
    """Carries payloads, and changes them on their way."""

    def __init__(self, client: ClientExchange, server: ServerExchange, tape: Tape) -> None:
        self._client = client
        self._server = server
        self._carried: list[bytes] = []
        self._edits: list[Edit] = []
        while tape:
            self._edits.append(Edit.read(tape))

    def carry(self, payload: bytes) -> bytes:
        step, earlier = len(self._carried), list(self._carried)
        self._carried.append(payload)
        for edit in self._edits:
            if edit.step == step:
                payload = self._inside(payload, edit, earlier) if edit.inside else edit.apply(payload, earlier)
        return payload

    def _inside(self, payload: bytes, edit: Edit, earlier: list[bytes]) -> bytes:
        """Change the encrypted data; where there is none any more, change the payload."""
        honest = self._carried[-1]
        aes = self._client._aes
        if payload != honest or (inner := inner_of(body_of(honest), aes)) is None:
            return edit.apply(payload, earlier)
        inners = [found for each in earlier if (found := inner_of(body_of(each), aes)) is not None]
        return with_inner(body_of(honest), edit.apply(inner, inners), aes, msg_id=unpack_plain(honest).msg_id)


def _faults(choices: int) -> ExchangeFaults:
    faults = ExchangeFaults()
    if choices & 7:
        faults.dh_gen_retry(choices & 7)
    if choices & 8:
        faults.dh_gen_fail()
    if choices & 16:
        faults.server_dh_params_fail()
    return faults


def _whole(data: bytes) -> Verdict:
    tape = Tape(data)
    choices, faults, minutes = tape.number(), _faults(tape.number()), tape.number()
    client, server = halves(
        choices >> 4,
        expires_in=86400 if choices & 1 else None,
        random_tails=bool(choices & 2),
        key_exists=(lambda _: True) if choices & 4 else None,
        faults=faults,
    )
    middle = _Middle(client, server, tape)
    now = NOW
    payload: bytes | None = client.start(now)
    rounds = 0
    while not client.done and rounds < _MOST_ROUNDS:
        rounds += 1
        answer = server.receive(middle.carry(client.repeat() if payload is None else payload), now)
        payload = client.receive(middle.carry(answer), now)
        now += minutes % 4 * 60
    if not client.done:
        return Verdict(False, "stalled")
    _check(client, server)
    return Verdict(True, f"done in {rounds}")


def _check(client: ClientExchange, server: ServerExchange) -> None:
    ours, theirs = client.result, server.result
    if ours is None or theirs is None or ours.auth_key != theirs.auth_key or ours.server_salt != theirs.server_salt:
        raise Violation("the client has a key that the server does not have")
    if (ours.expires_at is None) != (theirs.expires_at is None):
        raise Violation("one half holds the key for temporary")


TARGETS = (Target("exchange-whole", "exchange", _whole, (ExchangeFailed,), service_words, longest=512),)
