"""Telethon and Kurigram against a DC that misbehaves in the ways that they claim to survive.

Telethon corrects its clock after 16 and 17 and sends again. Kurigram (2.2.26, `Session.send`) claims nothing of the
kind: it sends a call again for another salt only, and gives any bad_msg_notification to its caller as the answer.
"""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.localdc import LocalDCThread
from tests.interop.conftest import RunClient

pytestmark = pytest.mark.interop

TELETHON = ("telethon", "telethon_client.py", "ConnectionTcpFull")
KURIGRAM = ("pyrogram", "kurigram_client.py", "TCPAbridgedO")

SURVIVED: list[tuple[tuple[str, str, str], str, tuple[int, ...]]] = [
    (TELETHON, "bad_server_salt", ()),
    (TELETHON, "bad_msg", (16,)),
    (TELETHON, "bad_msg", (17,)),
    (KURIGRAM, "bad_server_salt", ()),
]


@pytest.mark.parametrize(
    ("client", "name", "arguments"), SURVIVED, ids=[f"{row[0][0]}-{row[1]}{row[2]}" for row in SURVIVED]
)
def test_a_refused_call_is_made_again(
    run_client: RunClient,
    ready: dict[str, Any],
    dc: LocalDCThread,
    client: tuple[str, str, str],
    name: str,
    arguments: tuple[int, ...],
) -> None:
    module, script, connection = client
    before = dc.faults.applied[name]
    getattr(dc.faults, name)(*arguments)
    try:
        seen = run_client(module, script, "single", connection)
        assert dc.faults.applied[name] == before + 1
    finally:
        dc.faults.disarm()
    assert (seen["me"], seen["returned"]) == ("localdc_bot", 1)
    single = next(user for user in ready["users"] if user["username"] == "single")
    assert seen["photo"] == int(single["photos"][0]["id"])
