"""A listener that is closed and started again: what it knows still, and what it can't know."""

from __future__ import annotations

import pytest

from mtproto.errors import OutcomeUnknown
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from tests.net.support import ANSWER, QUERY, ShiftedClock, body_of, connection, introduced, listener, run


def slow_client(key: AuthKey) -> dict[str, object]:
    """Options of a client in a new session, whose clock shows a time before the server started."""
    return {"state": KeyState(auth_key=key, dc_id=2), "clock": ShiftedClock(-20.0)}


def test_a_listener_that_starts_again_has_its_sessions_still_and_takes_calls_of_a_slow_clock() -> None:
    async def main() -> None:
        server = listener()
        await server.start()
        state = introduced(server)
        async with connection(server, state=state) as client:
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY
        await server.close()
        await server.start()
        async with connection(server, **slow_client(state.auth_key)) as client:
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY
        await server.close()

    run(main())


def test_a_listener_that_starts_first_can_not_know_what_an_earlier_one_executed() -> None:
    async def main() -> None:
        server = listener()
        state = introduced(server)  # as it is read from a file
        await server.start()
        async with connection(server, **slow_client(state.auth_key)) as client:
            with pytest.raises(OutcomeUnknown, match="too old"):
                await client.call(QUERY)
        await server.close()

    run(main())
