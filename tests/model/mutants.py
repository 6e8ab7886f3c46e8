"""Sessions with a part taken out, by the name of the part: what a model has to notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.link import PfsLink
from mtproto.message.envelope import Unsealed
from mtproto.session import ClientSession, RequestState, client_message_handlers, client_refusals
from mtproto.session.calls import Calls
from mtproto.session.inbox import Inbox, Seen
from mtproto.session.outbox import Outbox
from mtproto.session.server import ServerSession
from mtproto.session.server_handlers import handle
from mtproto.session.verdicts import Finding, Verdict
from tests.session.harness import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest

    from mtproto.session import Request, ServerEvent

__all__ = ["MUTANTS", "MUTANTS_WITH_TEMPORARY_KEYS"]

SALT_CODE = 48
NEVER = float("inf")


def server_duplicate_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handle a packet that was received before like one that is new."""
    as_it_is = ServerSession.receive

    def receive(
        self: ServerSession, message: Unsealed, now: float, verdict: Verdict | None = None, budget: int | None = None
    ) -> list[ServerEvent]:
        found = verdict if verdict is not None else self.check(message, now)
        if found.finding is not Finding.REPEATED:
            return as_it_is(self, message, now, found, budget)
        for inner in flatten(message):
            handle(self._parts, inner, now)
        return self._events.take()

    monkeypatch.setattr(ServerSession, "receive", receive)


def client_duplicate_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every id for a new one."""
    monkeypatch.setattr(Inbox, "look_up", lambda _self, _msg_id: Seen.NEW)


def state_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never ask what became of a call."""

    def ask_states(self: Calls, _now: float, _count: int) -> None:
        self._outbox.next_ask = NEVER

    monkeypatch.setattr(Calls, "ask_states", ask_states)


def state_request_before_sending_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send again what was not acknowledged over a lost connection, without asking."""

    def connection_made(self: Outbox, _now: float) -> None:
        self.requeue([call for call in self.sealed_calls() if call.state is RequestState.UNKNOWN])

    monkeypatch.setattr(Outbox, "connection_made", connection_made)


def salt_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the new salt of a `bad_server_salt`, and leave it at that."""
    retry = client_refusals.retry

    def retry_others(parts: Any, items: Any, code: int, now: float) -> None:
        if code != SALT_CODE:
            retry(parts, items, code, now)

    monkeypatch.setattr(client_message_handlers, "retry", retry_others)


def doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send again what the server has forgotten, whether or not it may be executed twice."""

    def forgotten(self: Calls, request: Request, _reason: str) -> None:
        if request.state is not RequestState.SETTLED:
            self.requeue([request])

    monkeypatch.setattr(Calls, "forgotten", forgotten)


def loss_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every call of a key that is gone for one that may be sent again."""
    give_up = ClientSession.give_up

    def give_all_up(self: ClientSession, reason: str) -> Any:
        for request in self.requests:
            request.idempotent = True
        return give_up(self, reason)

    monkeypatch.setattr(ClientSession, "give_up", give_all_up)


def return_of_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the calls that a key which is gone has left."""
    find_homes = PfsLink._find_homes

    def find_fewer_homes(self: PfsLink) -> Any:
        for link in self.links:
            link.given_back.clear()
        return find_homes(self)

    monkeypatch.setattr(PfsLink, "_find_homes", find_fewer_homes)


def refusal_for_want_of_a_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell callers that a key is not bound, instead of sending their calls again."""
    monkeypatch.setattr(PfsLink, "_goes_again", lambda *_: False)


MUTANTS: Mapping[str, Callable[[pytest.MonkeyPatch], None]] = {
    mutant.__name__: mutant
    for mutant in (
        server_duplicate_check,
        client_duplicate_check,
        state_request,
        state_request_before_sending_again,
        salt_retry,
        doubt,
    )
}

MUTANTS_WITH_TEMPORARY_KEYS: Mapping[str, Callable[[pytest.MonkeyPatch], None]] = {
    mutant.__name__: mutant for mutant in (loss_of_a_key, return_of_calls, refusal_for_want_of_a_binding)
}
