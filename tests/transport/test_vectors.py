"""Recorded streams of other implementations: each kind of vector, and what runs it."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.transport import (
    Abridged,
    Framing,
    Full,
    Intermediate,
    Layout,
    PaddedIntermediate,
    Payload,
    Role,
    obfuscate,
)
from mtproto.transport.obfuscated import read_header
from tests.transport.support import client_of, comparable, encrypted, plain, seeded_random, server_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Vector = dict[str, Any]


def run_full(vector: Vector) -> None:
    payload, packet = bytes.fromhex(vector["payload"]), bytes.fromhex(vector["packet"])
    for sender, receiver in ((client_of(Full), server_of(Full)), (server_of(Full), client_of(Full))):
        for _ in range(vector["seqno"]):
            receiver.receive(sender.frame(encrypted(24), False))
        assert sender.frame(payload, False) == packet
        if len(payload) >= 24:
            assert receiver.receive(packet) == [Payload(payload)]


def run_tagged(framing: type[Layout]) -> Callable[[Vector], None]:
    def run(vector: Vector) -> None:
        client = client_of(framing)
        for case in vector["cases"]:
            payload = plain(case["payload_len"] - 20) if case["payload_len"] else b""
            packet = client.frame(payload, False)
            assert (client.opening() + packet).startswith(bytes.fromhex(case["wire_prefix"]))
            if payload:
                assert server_of(framing).receive(packet) == [Payload(payload)]
                assert server_of(framing).pack(payload) == packet
                assert client_of(framing).receive(packet) == [Payload(payload)]
        wire = bytes.fromhex(vector["error_packet"])
        assert server_of(framing).pack_error(vector["error_code"]) == wire
        assert comparable(client.receive(wire)) == [("error", vector["error_code"])]

    return run


def run_obfuscated(vector: Vector) -> None:
    known = {name: bytes.fromhex(text) for name, text in vector.items() if _is_hex(name, text)}
    framing = next(f for f in (Abridged, Intermediate, PaddedIntermediate) if (f.tag * 4)[:4] == known["protocol"])
    draws = itertools.repeat(known["random"])
    client = obfuscate(
        Framing(framing, Role.CLIENT, seeded_random()),
        lambda size: next(draws)[:size],
        dc_id=vector["dc"],
        secret=known.get("secret"),
    )
    header = client.opening()
    assert header == known.get("header", header)
    read = read_header(header, known.get("secret"))
    assert read.tag == known["protocol"]
    assert vector["dc"] in (None, read.dc_id)
    if "first_outgoing_plain" in known:
        assert client._encrypt.update(known["first_outgoing_plain"]) == known["first_outgoing_wire"]
        assert client._decrypt.update(known["first_incoming_wire"]) == known["first_incoming_plain"]
        assert read.decrypt.update(known["first_outgoing_wire"]) == known["first_outgoing_plain"]
        assert read.encrypt.update(known["first_incoming_plain"]) == known["first_incoming_wire"]
    if "first_packet_payload" in known:
        for name in ("first_packet_wire", "second_packet_wire"):
            assert client._encrypt.update(client._framing.frame(known["first_packet_payload"], False)) == known[name]


def _is_hex(name: str, value: object) -> bool:
    return isinstance(value, str) and name not in {"kind", "name", "source", "note"}


RUNNERS: dict[str, Callable[[Vector], None]] = {
    "transport-full": run_full,
    "transport-abridged": run_tagged(Abridged),
    "transport-intermediate": run_tagged(Intermediate),
    "obfuscated2": run_obfuscated,
}


@pytest.mark.parametrize("kind", RUNNERS)
def test_recorded_vectors(shared: Path, kind: str) -> None:
    vectors = json.loads((shared / "vectors" / "vectors.json").read_text(encoding="utf-8"))["vectors"]
    chosen = [vector for vector in vectors if vector["kind"] == kind]
    assert chosen
    for vector in chosen:
        RUNNERS[kind](vector)
