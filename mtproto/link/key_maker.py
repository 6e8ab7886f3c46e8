"""Makes an authorization key over one connection: runs a client's exchange, repeats what was lost, starts over.

The slow part of an exchange can be taken out as a `Work`, for a shell that runs it in a thread of its own. A `Work`
touches the exchange and nothing else, and while one is out the exchange is touched by nobody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import ConnectionLost, ExchangeFailed, LocalProtocolError
from mtproto.exchange import ClientExchange, ExchangeResult, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto.crypto import RSAPublicKey

__all__ = ["KeyMaker", "Work"]

ANSWER_TIME = 10.0
"""Seconds to wait for an answer before the query is repeated, byte for byte: the server repeats its answer."""

REPEATS = 3
"""Repetitions of one query; then the connection is held to be dead."""

ANSWERS_KEPT = 64 * 1024
"""Bytes of answers that wait together. A single answer may be larger; it fails where it is read."""

RESTARTS = 3
"""New exchanges after a refusal that the documentation allows to be temporary."""

_REFUSALS = frozenset({"dh_gen_fail", "server_DH_params_fail"})


class Work:
    """One slow step. `run` may be called in any thread, once; then the owner of the link hands it back."""

    __slots__ = ("answer", "error", "exchange", "now", "payload")

    def __init__(self, exchange: ClientExchange, payload: bytes, now: float) -> None:
        self.exchange = exchange
        self.payload = payload
        self.now = now
        self.answer: bytes | None = None
        self.error: ExchangeFailed | None = None

    def run(self, rest: Callable[[], None] | None = None) -> None:
        """Read the server's answer and make the next query. Raises nothing for what the server did.

        `rest` is called between two modular powers, as `ClientExchange.receive` calls it.
        """
        try:
            self.answer = self.exchange.receive(self.payload, self.now, rest=rest)
        except ExchangeFailed as error:
            self.error = error


class KeyMaker:
    """One client's exchange after another, until one gives a key. One owner: a link.

    Args:
        keys: the server's public keys that the caller trusts.
        dc_id: as `ClientExchange` takes it.
        random: source of random bytes.
        expires_in: seconds that a temporary key shall live; None makes a permanent key.

    Attributes:
        repeated: a query of this exchange was sent twice, so that its answer may come twice, and late.

    """

    def __init__(
        self,
        keys: Sequence[RSAPublicKey],
        dc_id: int,
        random: Callable[[int], bytes],
        *,
        expires_in: int | None = None,
    ) -> None:
        self._keys = keys
        self._dc_id = dc_id
        self._random = random
        self._expires_in = expires_in
        self._exchange: ClientExchange | None = None
        self._steps: list[Step] = []  # of exchanges so far, that nobody has taken
        self._steps_noted = 0  # of the exchange that is on
        self._answers: list[bytes] = []
        self._out: Work | None = None
        self._query = b""
        self._deadline: float | None = None
        self._repeats = 0
        self._restarts = 0
        self.repeated = False

    @property
    def deadline(self) -> float | None:
        """When to call `tick`, Unix seconds; None while a `Work` is out."""
        return self._deadline

    def check(self) -> None:
        """Do nothing if an exchange can begin. Else this raises the `LocalProtocolError` of `ClientExchange`."""
        ClientExchange(self._keys, self._dc_id, self._random, expires_in=self._expires_in)

    def start(self, now: float) -> bytes:
        """Begin an exchange from new nonces and return the first query, a plain payload."""
        self._exchange = ClientExchange(self._keys, self._dc_id, self._random, expires_in=self._expires_in)
        self._answers.clear()
        self._out = None
        self._steps_noted = 0
        self.repeated = False
        query = self._exchange.start(now)
        self._note_steps()
        self._sent(query, now)
        return query

    def receive(self, payload: bytes) -> None:
        """Keep a plain payload of the server for `take_work`.

        A payload is dropped if an equal one waits already, or if too many wait.
        """
        answers = self._answers
        if payload in answers or len(answers) > REPEATS:
            return
        if not answers or sum(map(len, answers)) + len(payload) <= ANSWERS_KEPT:
            answers.append(payload)

    def take_work(self, now: float) -> Work | None:
        """Return the next slow step, None if there is none or one is out already."""
        if self._out is not None or not self._answers or self._exchange is None:
            return None
        self._out = Work(self._exchange, self._answers.pop(0), now)
        self._deadline = None
        return self._out

    def finish(self, work: Work, now: float) -> bytes | ExchangeResult | None:
        """Take back a step that was run.

        Returns:
            the next query to send, or the result; None if nothing is to be sent: the step belonged to an exchange
            that was given up, or read an answer once more.

        Raises:
            ExchangeFailed: a check failed, or the server refused too often.

        """
        if work is not self._out:
            return None
        self._out = None
        self._note_steps()
        if work.error is not None:
            if work.error.step not in _REFUSALS or self._restarts >= RESTARTS:
                raise work.error
            self._restarts += 1
            return self.start(now)
        if work.exchange.result is not None:
            return work.exchange.result
        if work.answer is not None:
            self._sent(work.answer, now)
        else:
            self._deadline = now + ANSWER_TIME
        return work.answer

    def tick(self, now: float) -> bytes | None:
        """Return the last query if its answer is overdue, to be sent once more; None if it is not.

        Raises:
            ConnectionLost: it was repeated often enough.

        """
        if self._deadline is None or now < self._deadline:
            return None
        if self._repeats >= REPEATS:
            raise ConnectionLost("the key exchange is not answered")
        self._repeats += 1
        self.repeated = True
        self._deadline = now + ANSWER_TIME
        return self._query

    def take_steps(self) -> list[Step]:
        """Return the messages of exchanges that were sent and received since the last call, in order."""
        steps, self._steps = self._steps, []
        return steps

    def abandon(self) -> None:
        """Give up the exchange that is on: its connection is gone. A `Work` that is out will be ignored."""
        self._exchange = None
        self._out = None
        self._answers.clear()
        self._deadline = None

    def _sent(self, query: bytes, now: float) -> None:
        self._query = query
        self._repeats = 0
        self._deadline = now + ANSWER_TIME

    def _note_steps(self) -> None:
        if self._exchange is None:
            raise LocalProtocolError("no exchange is on")
        steps = self._exchange.steps[self._steps_noted :]
        self._steps += steps
        self._steps_noted += len(steps)
