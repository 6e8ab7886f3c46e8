"""Both ends of the protocol without a socket: a key exchange, a call and its answer, carried by hand."""

import os

from mtproto import ClientExchange, ClientSession, KeyState, RSAPrivateKey, ServerExchange, ServerSession
from mtproto.message import Sender, unseal
from mtproto.session import Query, Result, ServerSalts
from tl import api

now = 1_900_000_000.0  # the machines read no clock
rsa = RSAPrivateKey.generate()

exchange, peer = ClientExchange([rsa.public], dc_id=2, random=os.urandom), ServerExchange([rsa], os.urandom)
payload: bytes | None = exchange.start(now)
while payload is not None:
    payload = exchange.receive(peer.receive(payload, now), now)
assert exchange.result is not None
assert peer.result is not None
print("one key at both ends:", exchange.result.auth_key.data == peer.result.auth_key.data)

client = ClientSession(KeyState.from_exchange(exchange.result), random=os.urandom)
salts = ServerSalts(os.urandom, now, first=peer.result.server_salt)
server = ServerSession(peer.result.auth_key, client.session_id, salts=salts, random=os.urandom)
client.connected(now)
server.connected(now)

client.send(api.functions.help.GetNearestDc().to_bytes())
while packet := client.next_packet(now, max_bytes=1 << 20):
    for told in server.receive(unseal(peer.result.auth_key, Sender.CLIENT, packet.payload), now):
        if isinstance(told, Query):
            print("the server reads", api.decode(told.body))
            server.answer(told.msg_id, api.types.NearestDc(country="NL", this_dc=2, nearest_dc=4).to_bytes())
while packet := server.next_packet(now, max_bytes=1 << 20):
    for event in client.receive(packet.payload, now):
        if isinstance(event, Result):
            print("the client reads", api.decode(event.body))
