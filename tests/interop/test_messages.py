"""Independent clients write to an account of ours, and hear what it writes: each message once, and in order."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Timer

import pytest

from mtproto import blocking
from mtproto.account import Incoming
from mtproto.localdc import LocalNetworkThread
from mtproto.localdc.accounts import LocalAccount
from mtproto.store import MemoryStore
from tests.interop.conftest import SECONDS, RunClient, key_for_every_client
from tl import api

pytestmark = pytest.mark.interop

CLIENTS = {"telethon": "telethon_messages.py", "@mtcute/node": "mtcute_messages.js"}
"""The script of each client."""

THEIRS = ["one", "two", "three"]
OURS = ["four", "five", "six"]
END = ["seven"]
"""What is written, in this order: a text that came twice would stand before the next one of the same side."""


@pytest.fixture
def network() -> Iterator[LocalNetworkThread]:
    with LocalNetworkThread(dcs=(1, 2, 4), key=key_for_every_client()) as running:
        yield running


@pytest.fixture
def ours(network: LocalNetworkThread) -> Iterator[blocking.Account]:
    """An account of ours, logged in as triple; closed if the test takes too long, which ends what waits for updates."""
    triple = network.accounts.named("triple")
    account = blocking.Account(
        MemoryStore(), api_id=network.api_id, api_hash=network.api_hash, dcs=network.addresses, keys=network.keys
    )
    timer = Timer(SECONDS, account.close)
    with account:
        account.login(phone=triple.phone, ask=lambda _: triple.code)
        timer.start()
        yield account
        timer.cancel()


class Talk:
    """Our half: hears, answers when the client has sent, and hears the rest."""

    def __init__(self, ours: blocking.Account, other: LocalAccount) -> None:
        self.ours = ours
        self.other = other
        self.updates = ours.incoming(types=[api.types.UpdateNewMessage])
        self.heard: list[tuple[str, bool]] = []

    def __call__(self, question: str) -> str:
        if question == "sent":
            self.hear_until(THEIRS[-1])
            for text in OURS:
                self.ours.api.messages.sendMessage(peer=f"@{self.other.user.username}", message=text)
        elif question == "heard":
            self.hear_until(END[-1])
        return self.other.code

    def hear_until(self, last: str) -> None:
        """Note what came in and what we sent, up to a text."""
        for item in self.updates:
            assert isinstance(item, Incoming)
            message = item.update.message
            assert isinstance(message, api.types.Message)
            assert message.peer_id == api.types.PeerUser(user_id=self.other.user.id)
            self.heard.append((message.message, bool(message.out)))
            if message.message == last:
                return


@pytest.mark.parametrize("client", CLIENTS)
def test_messages_between_a_client_and_us_come_once_and_in_order(
    run_client: RunClient, network: LocalNetworkThread, ours: blocking.Account, client: str
) -> None:
    other = network.accounts.named("dozen")
    assert other.dc_id != network.accounts.named("triple").dc_id
    talk = Talk(ours, other)
    said = [" ".join(THEIRS), " ".join(END), OURS[-1]]
    seen = run_client(
        client, CLIENTS[client], str(other.dc_id), other.phone, "triple", *said, answer=talk, **network.client_info()
    )
    assert seen["heard"] == [{"text": text, "by": "triple"} for text in OURS]
    assert talk.heard == [(text, text in OURS) for text in [*THEIRS, *OURS, *END]]
