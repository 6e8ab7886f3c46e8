"""Faults against a client without asyncio and a DC in a thread of its own, in real time: none of these has to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtproto import TransportError, blocking
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc import LocalDCThread

IMMEDIATE: list[tuple[str, tuple[int, ...]]] = [
    ("bad_server_salt", ()),
    ("bad_msg", (16,)),
    ("bad_msg", (17,)),
    ("bad_msg", (64,)),
    ("session_forgotten", ()),
    ("not_found", ()),
    ("duplicated_answer", ()),
    ("msg_detailed_info", ()),
    ("replayed_packet", ()),
    ("wrong_parity", ()),
    ("cut", (20,)),
    ("cut_received", (20,)),
    ("garbage", ()),
    ("oversize_frame", ()),
]


def test_one_fault_after_the_other(local_dc: LocalDCThread) -> None:
    with blocking.connect(local_dc.address, keys=local_dc.keys, api_id=local_dc.api_id) as client:
        client(
            api.functions.auth.ImportBotAuthorization(
                flags=0, api_id=local_dc.api_id, api_hash=local_dc.api_hash, bot_auth_token=local_dc.bot_token
            )
        )

        def send(random_id: int) -> int:
            peer = api.types.InputPeerSelf()
            client(api.functions.messages.SendMessage(peer=peer, message="hello", random_id=random_id))
            return local_dc.executions(random_id)

        for place, (name, arguments) in enumerate(IMMEDIATE):
            before = local_dc.faults.applied[name]
            getattr(local_dc.faults, name)(*arguments)
            assert send(2 * place) == 1, name
            assert send(2 * place + 1) == 1, name
            assert local_dc.faults.applied[name] == before + 1
            assert not local_dc.faults.armed


def test_the_wrong_dc(local_dc: LocalDCThread) -> None:
    local_dc.faults.wrong_dc()
    client = blocking.connect(local_dc.address, keys=local_dc.keys, api_id=local_dc.api_id)
    with pytest.raises(TransportError) as refused:
        client.open()
    assert refused.value.code == -444
