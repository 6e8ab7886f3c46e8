"""The key exchanges of a client's link: which key is made next, and the bytes of its exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import ConnectionLost, ExchangeFailed
from mtproto.link.events import ExchangeStep
from mtproto.message.key_state import KeyState

if TYPE_CHECKING:
    from mtproto.link.client_wire import ClientWire
    from mtproto.link.events import LinkEvent
    from mtproto.link.key_maker import KeyMaker, Work
    from mtproto.link.key_policy import KeyPolicy

__all__ = ["Exchanging"]


class Exchanging:
    """Runs one exchange after the other over the connections of one link. One owner: that link.

    Args:
        policy: of the link; says which key is made next.
        wire: of the link; carries the queries.
        dc_id: the data centre that keys are made with.

    """

    __slots__ = ("_dc_id", "_maker", "_policy", "_wire")

    def __init__(self, policy: KeyPolicy, wire: ClientWire, dc_id: int) -> None:
        self._policy = policy
        self._wire = wire
        self._dc_id = dc_id
        self._maker: KeyMaker = policy.maker()

    @property
    def deadline(self) -> float | None:
        """When to call `tick`, Unix seconds; None while a slow step is out."""
        return self._maker.deadline

    @property
    def repeated(self) -> bool:
        """Whether a query was sent twice, so that an answer may come twice, and late."""
        return self._maker.repeated

    def start(self, now: float) -> None:
        """Begin the exchange of the key that is missing."""
        self._maker = self._policy.maker()
        self._wire.send(self._maker.start(now))

    def receive(self, payload: bytes) -> None:
        """Keep a payload of the server for `take_work`."""
        self._maker.receive(payload)

    def take_work(self, now: float) -> Work | None:
        """Return the next slow step; None if there is none, or one is out already."""
        return self._maker.take_work(now)

    def finish(self, work: Work, now: float) -> KeyState | ExchangeFailed | None:
        """Take back a step that was run, and send the next query if there is one.

        Returns:
            the key once it is made; an error if a check failed, or the server refused too often; else None.

        """
        try:
            outcome = self._maker.finish(work, now)
        except ExchangeFailed as error:
            return error
        if isinstance(outcome, bytes):
            self._wire.send(outcome)
            return None
        if outcome is None:
            return None
        self._maker.abandon()
        return KeyState.from_exchange(outcome, dc_id=self._dc_id)

    def tick(self, now: float) -> ConnectionLost | None:
        """Send the last query once more if its answer is overdue; return an error if that was done often enough."""
        try:
            query = self._maker.tick(now)
        except ConnectionLost as error:
            return error
        if query is not None:
            self._wire.send(query)
        return None

    def abandon(self) -> None:
        """Give up the exchange that is on: its connection is gone."""
        self._maker.abandon()

    def take_events(self) -> list[LinkEvent]:
        """Return the messages of exchanges that were sent and received since the last call."""
        return [ExchangeStep(step) for step in self._maker.take_steps()]
