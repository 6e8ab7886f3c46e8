"""A client that numbers its service messages as content, as mtcute does, and the two ways in which a DC takes that."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.localdc import LocalDCThread
from mtproto.localdc.keys import KeyRecord
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, unseal
from mtproto.message.message_ids import client_msg_id
from mtproto.session import constructors as ids
from mtproto.session import wire
from mtproto.session.wire import Message
from mtproto.transport import Payload, client_transport
from tests.hostile.peers import sealed
from tests.localdc.stage import write_keys
from tests.net.support import SOON
from tl import api, service

if TYPE_CHECKING:
    from mtproto.crypto.rsa import RSAPrivateKey

CALL = api.functions.help.GetNearestDc()
ACK = service.types.MsgsAck(msg_ids=[1]).to_bytes()
PING = service.functions.Ping(ping_id=7).to_bytes()


class ByHand:
    """A client without a session: each packet is what the test says."""

    def __init__(self, address: tuple[str, int], key: AuthKey) -> None:
        self._key = key
        self._last = 0
        self._salt = 0
        self._session_id = 5
        self._transport = client_transport("intermediate", os.urandom)
        self._socket = socket.create_connection(address, SOON)
        self._socket.sendall(self._transport.opening())
        self.send_ping()
        refused: Any = service.decode(self.wait_for(ids.BAD_SERVER_SALT))
        self._salt = refused.new_server_salt

    def send_ping(self) -> None:
        self.send(Message(self.next_id(), 0, PING))

    def next_id(self) -> int:
        self._last = client_msg_id(time.time() + 1, self._last, os.urandom)
        return self._last

    def send(self, message: Message) -> None:
        payload = sealed(self._key, Sender.CLIENT, message, salt=self._salt, session_id=self._session_id)
        self._socket.sendall(self._transport.pack(payload))

    def wait_for(self, *constructors: int) -> bytes:
        """Return the first message that begins with one of these ids."""
        while True:
            for event in self._transport.receive(self._socket.recv(65536)):
                assert isinstance(event, Payload)
                opened = unseal(self._key, Sender.SERVER, event.data)
                bodies = [opened.body]
                if wire.constructor_id(opened.body) == ids.MSG_CONTAINER:
                    bodies = [message.body for message in wire.read_container(opened.body, 1024)]
                for body in bodies:
                    if wire.constructor_id(body) in constructors:
                        return body

    def close(self) -> None:
        self._socket.close()


@pytest.mark.parametrize("strict", [False, True])
def test_service_messages_that_are_numbered_as_content(
    strict: bool, tmp_path: Path, local_dc_key: RSAPrivateKey
) -> None:
    key, file = AuthKey(os.urandom(256)), tmp_path / "keys"
    write_keys(file, local_dc_key.to_pem(), [KeyRecord(key, layer=api.layer, inited=True)])
    with LocalDCThread(state=file, strict=strict) as dc:
        client = ByHand(dc.address, key)
        messages = [Message(client.next_id(), 1, ACK), Message(client.next_id(), 3, CALL.to_bytes())]
        client.send(Message(client.next_id(), 4, wire.write_container(messages)))
        body = client.wait_for(ids.RPC_RESULT, ids.BAD_MSG_NOTIFICATION)
        client.close()
        if strict:
            refused: Any = service.decode(body)
            assert refused.error_code == 34
        else:
            req_msg_id, result = wire.read_rpc_result(body)
            assert req_msg_id == messages[1].msg_id
            assert api.decode(result, CALL.result).this_dc == dc.dc_id


def test_a_fault_about_calls_lets_such_service_messages_pass(tmp_path: Path, local_dc_key: RSAPrivateKey) -> None:
    key, file = AuthKey(os.urandom(256)), tmp_path / "keys"
    write_keys(file, local_dc_key.to_pem(), [KeyRecord(key, layer=api.layer, inited=True)])
    with LocalDCThread(state=file) as dc:
        client = ByHand(dc.address, key)
        dc.faults.bad_msg(16)
        client.send(Message(client.next_id(), 1, ACK))
        client.send(Message(client.next_id(), 3, PING))
        client.wait_for(ids.PONG)
        assert not dc.faults.applied
        client.send(Message(client.next_id(), 5, CALL.to_bytes()))
        client.wait_for(ids.BAD_MSG_NOTIFICATION)
        client.close()
