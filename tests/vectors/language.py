"""Runs public vectors of the TL language: a function for each kind, which raises where the library disagrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from mtproto.message.envelope import unpack_plain
from tl import Schema, api, grammar, service

Vector: TypeAlias = dict[str, Any]

__all__ = ["RUNNERS"]

VALUES: dict[str, tuple[str, Any]] = {
    "Vector<int> [1,2]": ("Vector<int>", [1, 2]),
    "boolFalse": ("Bool", False),
    "boolTrue": ("Bool", True),
    "bytes 010203": ("bytes", bytes([1, 2, 3])),
    "bytes 01020304": ("bytes", bytes([1, 2, 3, 4])),
    "double 1.0": ("double", 1.0),
    "double 10.5": ("double", 10.5),
    "double 8.8": ("double", 8.8),
    "int -1": ("int", -1),
    "int 0": ("int", 0),
    "int 67305985": ("int", 67305985),
    "long -6700480189419895787": ("long", -6700480189419895787),
    "long 8671175386481439762": ("long", 8671175386481439762),
    'string "test"': ("string", "test"),
}
"""The type and the value that the name of a vector speaks of."""

GET_USERS = Schema.parse("user id:int = User;\n---functions---\ngetUsers#2d84d5f5 (Vector int) = Vector User;")


def run_value(vector: Vector) -> None:
    kind, value = VALUES[vector["name"]]
    data = bytes.fromhex(vector["bytes"])
    assert api.schema.encode(value, kind) == data
    assert api.schema.decode(data, kind) == value


def run_crc32(vector: Vector) -> None:
    declaration = grammar.parse(vector["declaration"], dialect="telegram")
    assert declaration is not None
    assert declaration.normal() == vector["normalised"]
    assert f"{declaration.crc32():08x}" == f"{declaration.id:08x}" == vector["id"]


def run_message(vector: Vector) -> None:
    data = bytes.fromhex(vector["bytes"])
    if "declaration" in vector:
        assert GET_USERS["getUsers"](_0=[2, 3, 4]).to_bytes() == data
        return
    message = unpack_plain(data)
    assert message.msg_id == int(vector["message_id"], 16)
    answer = service.decode(message.body)
    assert answer == service.types.ResPQ(
        nonce=bytes.fromhex(vector["nonce"]),
        server_nonce=bytes.fromhex(vector["server_nonce"]),
        pq=bytes.fromhex(vector["pq"]),
        server_public_key_fingerprints=[
            int.from_bytes(bytes.fromhex(fingerprint), "big", signed=True) for fingerprint in vector["fingerprints"]
        ],
    )
    assert answer.to_bytes() == message.body


RUNNERS: dict[str, Callable[[Vector], None]] = {
    "tl-crc32": run_crc32,
    "tl-message": run_message,
    "tl-value": run_value,
}
