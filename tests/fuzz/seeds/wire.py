"""Envelopes, the messages of an exchange, streams of each framing, and the texts of errors."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from struct import Struct
from typing import Any

from mtproto.message.envelope import Sender, pack_plain
from mtproto.message.key_state import KeyState, Salt
from mtproto.transport import STREAMS, Framing, Intermediate, Layout, Role, obfuscate
from mtproto.transport.secret import MTProxy
from mtproto.transport.tls_greeting import answer_hello, read_hello
from mtproto.transport.tls_records import CHANGE_CIPHER_SPEC, cut_records
from tests.fuzz.targets.disguise import FAKE_TLS, honest_hello
from tests.fuzz.targets.envelope import fixed_key, seal_plaintext
from tests.fuzz.targets.exchange_support import body_of, inner_of, states
from tests.fuzz.targets.framing import SECRET, source
from tl import service

__all__ = ["corpora"]

Seeds = Iterator[tuple[str, bytes]]

_HEADER = Struct("<qqqii")
_ENCRYPTED = bytes(range(1, 25)) + bytes(16)
_LONG_ENCRYPTED = b"\x5a" * (24 + 16 * 36)
_PLAIN = pack_plain(4, b"\xf1\x8e\x7e\xbe" + bytes(16))
_FRAMINGS = STREAMS
_INNER_NAMES = ("p_q_inner_data", "p_q_inner_data_dc", "p_q_inner_data_temp", "p_q_inner_data_temp_dc")
_TOKEN = 0x8A7B6C5D


def corpora() -> dict[str, dict[str, bytes]]:
    """Return the seeds of each target by name."""
    made: dict[str, dict[str, bytes]] = {
        "envelope-plain": dict(_plain()),
        "envelope-raw": dict(_raw()),
        "envelope-sealed": dict(_plaintexts(padding=12)),
        "envelope-sealed-v1": dict(_plaintexts(padding=0)),
        "key-state": dict(_key_states()),
        "framing-detect": dict(_openings()),
        "rpc-error": dict(_errors()),
        "exchange-whole": dict(_wholes()),
    }
    for framing in _FRAMINGS:
        made[f"framing-{framing.name}-server"] = dict(_from_client(framing))
        made[f"framing-{framing.name}-client"] = dict(_from_server(framing))
        if framing.tag:
            made[f"framing-obfuscated-{framing.name}-server"] = dict(_obfuscated(_from_client(framing)))
            made[f"framing-obfuscated-{framing.name}-client"] = dict(_obfuscated(_from_server(framing)))
    return made | _exchange() | _disguises()


# Envelopes.


def _plain() -> Seeds:
    yield "req-pq", _PLAIN
    yield "empty", pack_plain(5, b"")


def _raw() -> Seeds:
    yield "refused-own-key", seal_plaintext(bytes(80), Sender.CLIENT)[:-16] + bytes(16)
    yield "refused-other-key", bytes(8 * 16)
    yield "refused-own-key-short", fixed_key().id_bytes


def _plaintexts(padding: int) -> Seeds:
    for sender in Sender:
        for length in (0, 4, 16, 100, 300):
            filled = padding + (-(length + padding) & 15)
            header = _HEADER.pack(11, -22, 33 << 32, 1, length)
            yield f"{sender.name.lower()}-{length}", bytes((sender >> 3,)) + header + bytes(length) + bytes(filled)


def _key_states() -> Seeds:
    salts = [Salt(1, 3600, 7), Salt(1801, 5400, -8)]
    known = KeyState(auth_key=fixed_key(), dc_id=2, salts=salts, expires_at=86400.0)
    for name, state in (("new", KeyState(auth_key=fixed_key())), ("known", known)):
        stored = state.to_bytes()
        yield name, b"\0" + stored
        yield f"{name}-mended", b"\x01" + stored[:-8]


# The exchange.


def _exchange() -> dict[str, dict[str, bytes]]:
    clients, servers = states()
    made: dict[str, dict[str, bytes]] = {}
    for target, (_, answer) in zip(("res-pq", "dh-params", "dh-gen"), clients, strict=True):
        made[f"exchange-{target}"] = {"honest": answer, "honest-with-tail": _with_tail(answer)}
    for target, (_, query) in zip(("req-pq", "req-dh-params", "set-client-dh"), servers, strict=True):
        made[f"exchange-{target}"] = {"honest": query, "honest-with-tail": _with_tail(query)}
    made["exchange-req-pq"]["old-form"] = pack_plain(4, service.functions.ReqPq(nonce=bytes(16)).to_bytes())
    made["exchange-server-done"] = {f"query-{step}": query for step, (_, query) in enumerate(servers)}
    made["exchange-dh-inner"] = {"honest": _inner(clients[1])}
    made["exchange-client-dh-inner"] = {"honest": _inner(servers[2])}
    made["exchange-pq-inner"] = dict(_pq_inner(_inner(servers[1])))
    return made


def _with_tail(payload: bytes) -> bytes:
    return pack_plain(4, payload[20:] + bytes(range(64)))


def _inner(state: tuple[Any, bytes]) -> bytes:
    half, payload = state
    inner = inner_of(body_of(payload), half._aes)
    assert inner is not None
    return inner


def _pq_inner(honest: bytes) -> Seeds:
    fields = service.decode(honest).to_dict() | {"dc": 2, "expires_in": 3600}
    for name in _INNER_NAMES:
        wanted = {field.name for field in service.schema.plan(name).fields}
        inner = service.schema[name](**{key: value for key, value in fields.items() if key in wanted}).to_bytes()
        yield name, b"\0" + inner
        yield f"{name}-old-padding", b"\x01" + inner


def _wholes() -> Seeds:
    yield "permanent", bytes(3)
    yield "temporary", b"\x01\0\0"
    yield "tails", b"\x02\0\0"
    yield "retries", b"\0\x03\0"
    yield "slowly", b"\0\0\x01"
    yield "other-randomness", b"\x50\0\0"
    yield "refused-fail", b"\0\x08\0"
    yield "refused-params-fail", b"\0\x10\0"
    yield "refused-key-exists", b"\x04\0\0"
    for step in range(1, 6):
        yield f"refused-wire-{step}", bytes((0, 0, 0, step, 0, 40, 0, 1, 0, 0, 0))
    for step in range(2, 5):
        yield f"refused-inside-{step}", bytes((0, 0, 0, step, 8, 40, 0, 1, 0, 0, 0))
    yield "repeated-answer", bytes((0, 0, 0, 3, 5, 0, 0, 1, 0, 0, 0))


# Framings.


def _pieces(stream: bytes) -> Iterator[tuple[str, bytes]]:
    yield "one-piece", b"\0" + stream
    yield "pieces", b"\x03\x00\x04\x13" + stream


def _from_client(framing: type[Layout]) -> Seeds:
    client = Framing(framing, Role.CLIENT, source())
    packets = [client.pack(_PLAIN), client.pack(_ENCRYPTED, client.quick_acks), client.pack(_LONG_ENCRYPTED)]
    yield from _pieces(b"".join(packets))
    yield "framed", b"\x80" + b"".join(_block(payload) for payload in (_PLAIN, _ENCRYPTED, _PLAIN))


def _block(data: bytes) -> bytes:
    return len(data).to_bytes(2, "little") + data


def _from_server(framing: type[Layout]) -> Seeds:
    server = Framing(framing, Role.SERVER, source())
    packets = [server.pack(_PLAIN), server.pack(_ENCRYPTED), server.pack(_LONG_ENCRYPTED), server.pack_error(-404)]
    if server.quick_acks:
        packets.insert(1, server.pack_quick_ack(_TOKEN))
    yield from _pieces(b"".join(packets))
    error = (-429).to_bytes(4, "little", signed=True)
    yield "framed", b"\x81\x05" + b"".join(_block(payload) for payload in (_ENCRYPTED, error, _PLAIN, bytes(4)))


def _obfuscated(packets: Seeds) -> Seeds:
    for name, data in packets:
        if name != "framed":
            yield name, b"\x82" + data
            yield f"{name}-secret", b"\xfc" + data


def _openings() -> Seeds:
    for framing in _FRAMINGS:
        client = Framing(framing, Role.CLIENT, source())
        yield framing.name, b"\0" + client.opening() + client.pack(_PLAIN)
        if framing.tag:
            for name, secret in (("", None), ("-secret", SECRET)):
                hidden = obfuscate(Framing(framing, Role.CLIENT, source()), source(), dc_id=2, secret=secret)
                yield (
                    f"obfuscated-{framing.name}{name}",
                    bytes((bool(secret),)) + hidden.opening() + hidden.pack(_PLAIN),
                )
    yield "http", b"\0POST /api HTTP/1.1\r\n"
    yield "tls", b"\0\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


# Fake TLS.


def _disguises() -> dict[str, dict[str, bytes]]:
    hello = honest_hello()
    server = Framing(Intermediate, Role.SERVER, source())
    packets = server.frame(_ENCRYPTED, False) + server.frame(_PLAIN, False)
    longest = (100).to_bytes(2, "little")
    read = read_hello(hello)
    assert read is not None
    answer = answer_hello(read, SECRET, source(7))
    key = FAKE_TLS.key
    return {
        "faketls-client": {
            "answer": b"\x04\0",
            "answer-raw": b"\0\x02\x04\x09" + _block(answer[:140] + cut_records(bytes(40), 40)),
            "answer-signed": b"\x01\x02\x04\x09" + _block(answer[: answer.index(CHANGE_CIPHER_SPEC) + 6] + _END),
            "packets": b"\x0e\x01\x03" + longest + _block(packets) + longest + _block(packets),
        },
        "faketls-records": {
            "raw": b"\0\x02\x04\x09" + CHANGE_CIPHER_SPEC + cut_records(packets, 50),
            "made": b"\x0c\x01\x02" + longest + _block(packets) + b"\xff\x3f" + _block(packets),
            "made-without-change": b"\x08\0" + longest + _block(packets),
            "refused-alert": b"\0\0" + cut_records(packets, 50) + b"\x15\x03\x03\0\x02\x01\0",
        },
        "faketls-hello": {"honest": b"\x40" + hello, "signed": b"\x41" + hello, "pieces": b"\x02" + hello[:100]},
        "proxy-visitor": {
            "fake-tls": b"\x2e\0" + _block(b"hello") + _block(packets),
            "refused-raw": b"\x26\x01\x05" + _block(cut_records(packets, 50)),
            "obfuscated": b"\x02\x01\x05" + _block(packets),
            "refused-stranger": b"\x60\0" + _block(b"GET / HTTP/1.1\r\n\r\n"),
            "refused-hello": b"\x30\0" + _block(hello[:200]),
        },
        "proxy-secret": {
            "hex": key.hex().encode(),
            "padded": b"dd" + key.hex().encode(),
            "fake-tls": FAKE_TLS.to_bytes().hex().encode(),
            "base64": base64.urlsafe_b64encode(FAKE_TLS.to_bytes()).rstrip(b"="),
        },
        "proxy-link": {
            "tg": MTProxy(("proxy.example.com", 443), FAKE_TLS).link.encode(),
            "web": b"https://t.me/proxy?server=2001:db8::1&port=8443&secret=dd" + key.hex().encode(),
        },
    }


_END = cut_records(bytes(20), 20)


def _errors() -> Seeds:
    texts = (
        "FLOOD_WAIT_31",
        "PHONE_MIGRATE_2",
        "2FA_CONFIRM_WAIT_60",
        "FILE_PART_7_MISSING",
        "USER_ID_INVALID",
        "",
        "WAIT_" + "9" * 5000,
    )
    for code, text in zip((420, 303, 420, 400, 400, -1, 420), texts, strict=True):
        yield text.lower()[:32] or "empty", code.to_bytes(4, "little", signed=True) + text.encode()
