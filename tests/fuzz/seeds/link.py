"""Whole connections: an exchange, a session with a key that was made before, over each framing."""

from __future__ import annotations

from collections.abc import Iterator

from mtproto.exchange import ClientExchange
from mtproto.transport import Framing, Intermediate, Payload, Role
from tests.fuzz.targets.exchange_support import DC, OpenKey, Source, states
from tests.fuzz.targets.forger import START
from tests.fuzz.targets.link import new_server_link
from tl import service

__all__ = ["corpora"]

Seeds = Iterator[tuple[str, bytes]]

_FRAMINGS = 4
_CONTENT = 8
_CALL = b"\x0d\x0c\x0b\x0a" * 3
_PLAIN, _PACKET, _TIME = 0, 1, 5
_KNOWN_KEY = 16


def corpora() -> dict[str, dict[str, bytes]]:
    """Return the seeds of each target by name."""
    return {"link-server": dict(_to_server()), "link-client": dict(_to_client())}


def _block(data: bytes) -> bytes:
    return len(data).to_bytes(2, "little") + data


def _to_server() -> Seeds:
    query = bytes((_PACKET, _CONTENT)) + _block(_CALL)
    delayed = service.functions.PingDelayDisconnect(ping_id=1, disconnect_delay=35)
    ping = bytes((_PACKET, 0)) + _block(delayed.to_bytes())
    drop = bytes((_PACKET, 0)) + _block(service.functions.DestroyAuthKey().to_bytes())
    exchange = b"".join(bytes((_PLAIN,)) + _block(body) for body in _queries())
    for framing in range(_FRAMINGS):
        yield f"session-{framing}", bytes((framing, 1, 30)) + query + ping + query
        yield f"exchange-{framing}", bytes((framing, 0)) + exchange
    yield "late", bytes((1, 0)) + ping + bytes((_TIME, 40)) + query
    yield "refused-without-key", bytes((1, 0)) + drop + query


def _queries() -> list[bytes]:
    """Return the bodies that an honest client sends to this link, which answers the same in each run."""
    link, framing = new_server_link(), Framing(Intermediate, Role.CLIENT, Source(3))
    client = ClientExchange([OpenKey().public], DC, Source(5))
    payload: bytes | None = client.start(START)
    link.received(framing.opening(), START)
    bodies = []
    while payload is not None:
        bodies.append(payload[20:])
        link.received(framing.pack(payload), START)
        (answer,) = framing.receive(link.data_to_send(START))
        assert isinstance(answer, Payload)
        payload = client.receive(answer.data, START)
    return bodies


def _to_client() -> Seeds:
    update = bytes((_PACKET, _CONTENT | 1)) + _block(_CALL)
    for framing in range(_FRAMINGS):
        yield f"session-{framing}", bytes((_KNOWN_KEY | framing, 1, 30)) + update + update
    yield "refused-exchange", b"\x01\0" + b"".join(bytes((_PLAIN,)) + _block(answer[20:]) for _, answer in states()[0])
