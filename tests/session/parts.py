"""The parts of a client session, alone, for the tests of each of them."""

from __future__ import annotations

from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.message.key_state import KeyState, Salt
from mtproto.session.client_parts import ClientParts, client_parts
from mtproto.session.events import ClientEvent
from mtproto.session.request import Request
from tests.session.harness import START, api_body, make_key, make_random

__all__ = ["NOW", "make_parts", "sealed", "told"]

NOW = START


def make_parts(*, limits: Limits = DEFAULT_LIMITS) -> ClientParts:
    """Return the parts of a session that has a connection, a salt, and the server's time."""
    key = KeyState(auth_key=make_key(), salts=[Salt(0, 1 << 31, 5)])
    key.learn_offset(0.0)
    parts = client_parts(key, random=make_random(1), limits=limits, session_id=1, compress=False)
    parts.connection.made()
    return parts


def sealed(parts: ClientParts, count: int = 1, *, idempotent: bool = False) -> list[Request]:
    """Return calls that went into packets of their own."""
    requests = [Request(api_body(number), idempotent=idempotent) for number in range(count)]
    for request in requests:
        parts.calls.add(request)
        assert parts.sealer.next_packet(NOW, 1 << 20, None, poll=False) is not None
    return requests


def told(parts: ClientParts, kind: type[ClientEvent]) -> list[ClientEvent]:
    """Take all events, and return those of one kind."""
    return [event for event in parts.events.take() if isinstance(event, kind)]
