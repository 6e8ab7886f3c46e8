"""Several sessions under one temporary key: one link makes, binds and renews the key, another one borrows it."""

from __future__ import annotations

from mtproto.errors import OutcomeUnknown, TransportError
from mtproto.link import Broken, ClientLink, Failed, LinkEvent, LinkStatus, ServerLink, ServerQuery
from mtproto.message import KeyState
from mtproto.session import RequestLost, Result
from tests.link.pfs_stage import RENEWAL, Stage
from tests.link.support import ANSWER, DC, QUERY, of_type, rsa_key, seeded


class Borrower:
    """A link under a key that a stage's client lends, with a wire of its own."""

    def __init__(self, stage: Stage, state: KeyState) -> None:
        self.stage = stage
        self.client = ClientLink([rsa_key().public], dc_id=DC, random=seeded(8), state=state)
        self.server: ServerLink | None = None
        self.events: list[LinkEvent] = []
        self.answers = True

    def settle(self) -> None:
        """Carry bytes until all is said; connect as long as the client wants to."""
        now = self.stage.now
        while True:
            if self.server is None:
                if self.client.status is LinkStatus.CLOSED:
                    return
                self.server = ServerLink(self.stage.state, [rsa_key()], now, seeded(9))
                self.events += self.client.connected(now)
            up = self.client.data_to_send(now)
            for query in of_type(self.server.received(up, now), ServerQuery):
                if self.answers:
                    query.slot.session.answer(query.msg_id, ANSWER + query.body)
            down = self.server.data_to_send(now)
            news = self.client.received(down, now)
            self.events += news
            if self.server.closing or any(isinstance(event, Broken | Failed) for event in news):
                self.server.disconnected(now)
                self.server = None
                if self.client.status is not LinkStatus.CLOSED:
                    self.events += self.client.disconnected(now)
            elif not up and not down:
                return


def lent(stage: Stage) -> Borrower:
    bound = stage.client.bound_key
    assert bound is not None
    assert bound.use == stage.client.key_use
    return Borrower(stage, bound.state)


def test_a_key_is_lent_when_it_is_bound_and_the_next_one_when_that_is_bound() -> None:
    stage = Stage()
    assert stage.client.bound_key is None
    stage.settle()
    first = stage.client.bound_key
    assert first is not None
    assert first.state.expires_at is not None
    stage.advance(RENEWAL + 20)
    second = stage.client.bound_key
    assert second is not None
    assert second.use.key_id != first.use.key_id
    assert ClientLink([rsa_key().public], dc_id=DC, random=seeded()).bound_key is None


def test_two_sessions_have_one_temporary_key_and_the_second_one_makes_none() -> None:
    stage, key, _ = Stage.with_a_key()
    borrower = lent(stage)
    request = borrower.client.send(QUERY)
    borrower.settle()
    assert of_type(borrower.events, Result) == [Result(request, ANSWER + QUERY)]
    assert len(key.sessions) == 2
    assert len(stage.bindings) == 1


def test_a_borrowed_key_that_the_server_forgets_ends_the_link_and_says_which_calls_may_be_made_again() -> None:
    stage, key, _ = Stage.with_a_key()
    borrower = lent(stage)
    borrower.answers = False
    borrower.settle()
    unsure, harmless = borrower.client.send(QUERY), borrower.client.send(QUERY, idempotent=True)
    borrower.settle()
    stage.state.forget_key(key.auth_key.id)
    later = borrower.client.send(QUERY)
    borrower.settle()
    assert borrower.client.status is LinkStatus.CLOSED
    [failed] = of_type(borrower.events, Failed)
    assert isinstance(failed.error, TransportError)
    lost = {event.request: event.error for event in of_type(borrower.events, RequestLost)}
    assert isinstance(lost[unsure], OutcomeUnknown)
    assert harmless not in lost
    assert len(lost) == 2  # and the one that was sealed for a server which did not know the key any more
    assert later in lost
