"""`mtproto decode`: what some bytes say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from mtproto.cli.app import commands
from tl import api, service

if TYPE_CHECKING:
    from pathlib import Path

REQUEST = api.functions.photos.GetUserPhotos(
    user_id=api.types.InputUser(user_id=5, access_hash=-7), offset=0, max_id=0, limit=100
)

RES_PQ = service.types.ResPQ(
    nonce=bytes(range(16)), server_nonce=bytes(16), pq=b"\x17\xed", server_public_key_fingerprints=[1, -2]
)


def decode(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["decode", *arguments])


def rows(result: Result) -> list[list[str]]:
    return [line.split() for line in result.stdout.splitlines()]


def test_every_value_has_offset_length_path_type_and_value() -> None:
    result = decode(REQUEST.to_bytes().hex())
    assert result.exit_code == 0
    assert rows(result) == [
        ["offset", "length", "path", "type", "value"],
        ["0", "40", "photos.GetUserPhotos", "Object", "photos.getUserPhotos"],
        ["4", "20", "photos.GetUserPhotos.user_id", "InputUser", "inputUser"],
        ["8", "8", "photos.GetUserPhotos.user_id.user_id", "long", "5"],
        ["16", "8", "photos.GetUserPhotos.user_id.access_hash", "long", "-7"],
        ["24", "4", "photos.GetUserPhotos.offset", "int", "0"],
        ["28", "8", "photos.GetUserPhotos.max_id", "long", "0"],
        ["36", "4", "photos.GetUserPhotos.limit", "int", "100"],
    ]


def test_hex_may_hold_spaces_and_capitals() -> None:
    assert decode(REQUEST.to_bytes().hex(" ").upper()).stdout == decode(REQUEST.to_bytes().hex()).stdout


def test_a_file_holds_bytes_or_hex_digits(tmp_path: Path) -> None:
    raw, text = tmp_path / "raw", tmp_path / "text"
    raw.write_bytes(REQUEST.to_bytes())
    text.write_text(REQUEST.to_bytes().hex("\n", -16) + "\n")
    assert decode(str(raw)).stdout == decode(str(text)).stdout == decode(REQUEST.to_bytes().hex()).stdout


def test_a_constructor_that_the_api_does_not_know_is_looked_up_in_the_service_schema() -> None:
    result = decode(RES_PQ.to_bytes().hex())
    assert result.exit_code == 0
    assert ["56", "8", "ResPQ.server_public_key_fingerprints[1]", "long", "-2"] in rows(result)


@pytest.mark.parametrize(
    ("type_", "data", "row"),
    [
        ("Vector<long>", api.schema.encode([7], "Vector<long>"), ["8", "8", "Vector<long>[0]", "long", "7"]),
        ("%ResPQ", RES_PQ.to_bytes()[4:], ["0", "16", "ResPQ.nonce", "int128"]),
        ("Bool", api.schema.encode(True, "Bool"), ["0", "4", "Bool", "Bool", "True"]),
        ("string", b"\x02a\x1b\0", ["0", "4", "string", "string", '"a\\x1b"']),
    ],
)
def test_as_names_the_type_to_read(type_: str, data: bytes, row: list[str]) -> None:
    result = decode("--as", type_, data.hex())
    assert result.exit_code == 0, result.stderr
    assert row in [found[: len(row)] for found in rows(result)]


def test_a_plain_envelope_is_recognized_and_offsets_count_from_its_start() -> None:
    body = RES_PQ.to_bytes()
    envelope = bytes(8) + (0x0102030405060708).to_bytes(8, "little") + (len(body) + 8).to_bytes(4, "little")
    result = decode((envelope + body + b"\xaa" * 8).hex())
    assert result.exit_code == 0, result.stderr
    assert f"msg_id {0x0102030405060708}" in result.stdout
    assert ["24", "16", "ResPQ.nonce", "int128"] in [row[:4] for row in rows(result)]
    assert "8 bytes of padding follow" in result.stdout


def test_flags_are_shown_as_bits() -> None:
    data = api.types.UserProfilePhoto(has_video=True, personal=True, photo_id=1, dc_id=2).to_bytes()
    assert ["4", "4", "UserProfilePhoto.flags", "#", "bits", "0,", "2"] in rows(decode(data.hex()))


def test_trailing_bytes_are_an_error_after_the_tree() -> None:
    result = decode(REQUEST.to_bytes().hex() + "00" * 4)
    assert "photos.GetUserPhotos.limit" in result.stdout
    assert result.exit_code == 1
    assert "4 bytes too many at byte 40" in result.stderr


def test_a_damaged_object_says_where() -> None:
    data = REQUEST.to_bytes()
    result = decode((data[:4] + b"\xff" * 4 + data[8:]).hex())
    assert result.exit_code == 1
    assert "photos.GetUserPhotos.user_id: unknown constructor 0xffffffff at byte 4" in result.stderr


def test_a_damaged_service_message_is_explained_by_the_service_schema() -> None:
    result = decode(RES_PQ.to_bytes()[:-4].hex())
    assert result.exit_code == 1
    assert "ResPQ.server_public_key_fingerprints" in result.stderr


@pytest.mark.parametrize("source", ["abc", "no such file", ""])
def test_what_is_neither_hex_nor_a_file_is_refused(source: str) -> None:
    result = decode(source)
    assert result.exit_code == 2
    assert "HEX|FILE" in result.stderr


def test_a_type_of_neither_schema_is_refused() -> None:
    result = decode("--as", "NoSuchType", "00000000")
    assert result.exit_code == 1
    assert "NoSuchType" in result.stderr
