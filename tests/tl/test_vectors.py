"""Public vectors: values, messages, and ids that are CRC32s."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from tl import Declaration, Schema, api, service
from tl.grammar import parse

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def vectors(shared: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((shared / "vectors/vectors.json").read_text())["vectors"]
    return found


def of_kind(vectors: list[dict[str, Any]], kind: str, count: int) -> list[dict[str, Any]]:
    found = [vector for vector in vectors if vector["kind"] == kind]
    assert len(found) == count
    return found


def described(name: str) -> tuple[Any, str]:
    """Return value and type of a description such as `long -3`, `bytes 0102` or `Vector<int> [1,2]`."""
    if name.startswith("bool"):
        return name == "boolTrue", "Bool"
    result, _, text = name.partition(" ")
    return bytes.fromhex(text) if result == "bytes" else json.loads(text), result


def test_values(vectors: list[dict[str, Any]]) -> None:
    for vector in of_kind(vectors, "tl-value", 14):
        value, result = described(vector["name"])
        assert api.encode(value, result).hex() == vector["bytes"], vector["name"]
        assert api.decode(bytes.fromhex(vector["bytes"]), result) == value, vector["name"]


def test_messages(vectors: list[dict[str, Any]]) -> None:
    plain, get_users = of_kind(vectors, "tl-message", 2)
    answer = service.decode(bytes.fromhex(plain["bytes"])[20:])
    assert answer.nonce.hex() == plain["nonce"]
    assert answer.server_nonce.hex() == plain["server_nonce"]
    assert answer.pq.hex() == plain["pq"]
    assert [f"{number & (2**64 - 1):016x}" for number in answer.server_public_key_fingerprints] == plain["fingerprints"]
    assert answer.to_bytes() == bytes.fromhex(plain["bytes"])[20:]
    schema = Schema.parse(f"user id:int = User; ---functions--- {get_users['declaration']};")
    request = schema.decode(bytes.fromhex(get_users["bytes"]))
    assert request == schema["getUsers"](_0=[2, 3, 4])
    assert request.result == "Vector<User>"
    assert request.to_bytes().hex() == get_users["bytes"]


def test_ids(vectors: list[dict[str, Any]]) -> None:
    for vector in of_kind(vectors, "tl-crc32", 12):
        declaration = parse(vector["declaration"], dialect="telegram")
        assert isinstance(declaration, Declaration)
        assert declaration.normal() == vector["normalised"]
        assert f"{declaration.id:08x}" == vector["id"]


# The ids of these four are not the CRC32 of today's line; see the TL page on combinator numbers.
NOT_THE_CRC32 = {
    "msg_container": 0x73F1F8DC,  # computed from `messages:vector message`
    "ipPortSecret": 0x37982646,  # computed before `bytes` was taken as `string`
    "accessPointRule": 0x4679B65F,
    "help.configSimple": 0x5A592A6C,
}


@pytest.mark.parametrize("schema", [api.schema, service.schema], ids=["api", "service"])
def test_every_id_is_the_crc32_of_its_line(schema: Schema) -> None:
    different = {}
    for name in schema:
        declaration = schema.declaration(name)
        assert declaration is not None
        if declaration.crc32() != declaration.id:
            different[name] = declaration.id
    assert different == (NOT_THE_CRC32 if schema is service.schema else {})


def test_two_of_the_four_come_from_older_spellings() -> None:
    assert zlib.crc32(b"msg_container messages:vector message = MessageContainer") == NOT_THE_CRC32["msg_container"]
    assert zlib.crc32(b"ipPortSecret ipv4:int port:int secret:bytes = IpPort") == NOT_THE_CRC32["ipPortSecret"]
