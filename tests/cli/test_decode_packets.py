"""`mtproto decode` and the packets that people meet: answers, containers, gzip, errors, encrypted ones."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mtproto.cli import dump
from mtproto.cli.app import commands
from mtproto.cli.state_file import StoredState, lock_state, write_state
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, seal, seal_v1
from mtproto.message.key_state import KeyState
from mtproto.session.wire import Message, write_container, write_gzip, write_rpc_result
from tl import api, service

ANSWER = api.types.NearestDc(country="NL", this_dc=2, nearest_dc=4).to_bytes()
RESULT = write_rpc_result(5, ANSWER)
ISSUED = bytes.fromhex("016d5cf3cb04fb711f01000075171a8e024e4c000200000004000000")
KEY = AuthKey(bytes(range(256)))


def decode(*arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Result:
    return CliRunner(env={"MTPROTO_AUTH_KEY": "", **(env or {})}).invoke(commands, ["decode", *arguments], input=stdin)


def rows(result: Result) -> list[list[str]]:
    return [line.split() for line in result.stdout.splitlines()]


def sealed(sender: Sender, body: bytes = RESULT, v1: bool = False) -> bytes:
    numbers = {"salt": 0x1122334455667788, "session_id": 2, "msg_id": 3, "seqno": 1}
    if v1:
        return seal_v1(KEY, sender, **numbers, body=body, random=bytes).payload
    return seal(KEY, sender, **numbers, body=body, random=bytes).payload


def test_a_result_holds_an_object_of_the_api() -> None:
    result = decode(ISSUED.hex())
    assert result.exit_code == 0, result.stderr
    assert ["20", "4", "RpcResult.result.this_dc", "int", "2"] in rows(result)


def test_a_container_holds_objects_of_both_schemas() -> None:
    pong = service.types.Pong(msg_id=1, ping_id=2).to_bytes()
    result = decode(write_container([Message(1, 1, RESULT), Message(5, 2, pong), Message(9, 3, ANSWER)]).hex())
    assert result.exit_code == 0, result.stderr
    paths = [row[2] for row in rows(result)]
    assert "MsgContainer.messages[0].body.result.country" in paths
    assert "MsgContainer.messages[1].body.ping_id" in paths
    assert "MsgContainer.messages[2].body.country" in paths


def test_a_call_holds_a_service_call_and_wrappers_hold_calls() -> None:
    ping = service.functions.Ping(ping_id=7).to_bytes()
    wrapped = api.functions.InvokeWithLayer(layer=229, query=api.functions.help.GetConfig()).to_bytes()[:8] + ping
    result = decode(wrapped.hex())
    assert ["12", "8", "InvokeWithLayer.query.ping_id", "long", "7"] in rows(result)


@pytest.mark.parametrize("body", [write_gzip(ANSWER), write_rpc_result(5, write_gzip(ANSWER))])
def test_gzip_is_opened(body: bytes) -> None:
    result = decode(body.hex())
    assert result.exit_code == 0, result.stderr
    assert f"{len(ANSWER)} bytes:" in result.stdout
    assert ["4", "4", "NearestDc.country", "string", '"NL"'] in rows(result)


def test_gzip_is_opened_within_bounds() -> None:
    bomb = write_gzip(bytes(5 << 20))
    nested = write_gzip(write_gzip(ANSWER))
    part = api.types.upload.File(type=api.types.storage.FileJpeg(), mtime=0, bytes=bytes(3 << 20)).to_bytes()
    two = write_container([Message(1, 1, write_gzip(part)) for _ in range(2)])
    for body, reason in ((bomb, "are unpacked"), (nested, "another gzip_packed"), (two, "are unpacked")):
        result = decode("-", stdin=body)
        assert result.exit_code == 1
        assert result.stderr.startswith("error: ")
        assert reason in result.stderr
        assert len(result.stdout) < 100_000


def test_answers_that_are_packed_in_one_another_are_opened_four_deep() -> None:
    body = ANSWER
    for depth in range(1, 6):
        body = write_rpc_result(5, write_gzip(body))
        result = decode(body.hex())
        assert (result.exit_code, "packed more than 4 times" in result.stderr) == (depth > 4, depth > 4)


def test_many_values_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump, "_MOST_ROWS", 100)  # ten thousand take a table several seconds
    result = decode("--as", "Vector<int>", "-", stdin=api.schema.encode([1] * 300, "Vector<int>"))
    assert result.exit_code == 0, result.stderr
    assert "and 201 more values" in result.stdout
    assert result.stdout.count("Vector<int>[") == 99


def test_a_type_is_the_type_of_the_result() -> None:
    users = api.schema.encode([api.types.UserEmpty(id=5)], "Vector<User>")
    for body in (write_rpc_result(5, users), write_rpc_result(5, write_gzip(users))):
        assert '--as "Vector<User>"' in decode(body.hex()).stderr
        result = decode(body.hex(), "--as", "Vector<User>")
        assert result.exit_code == 0, result.stderr
        assert ["8", "Vector<User>[0].id", "long", "5"] in [row[1:] for row in rows(result)]


@pytest.mark.parametrize(("data", "text"), [
    ("6cfeffff", "transport error -404: the server does not know this auth key"),
    ("53feffff", "transport error -429: transport flood"),
])  # fmt: skip
def test_an_error_of_the_transport_is_explained(data: str, text: str) -> None:
    result = decode(data)
    assert (result.exit_code, result.stdout[: len(text)]) == (0, text)


def test_what_could_be_read_is_shown_before_the_error() -> None:
    result = decode(RESULT[:-6].hex())
    assert result.exit_code == 1
    assert ["12", "8", "RpcResult.result", "Object", "nearestDc"] in rows(result)
    assert '"NL"' in result.stdout
    assert "RpcResult.result.this_dc: an int of 4 bytes goes past the end at byte 20, 2 bytes left" in result.stderr


def test_an_encrypted_packet_has_a_hint() -> None:
    result = decode(sealed(Sender.SERVER).hex())
    assert result.exit_code == 1
    assert f"encrypted packet of the key with the auth_key_id {KEY.id_bytes.hex()}: --auth-key" in result.stderr


@pytest.mark.parametrize(("sender", "way"), [(Sender.CLIENT, "client to server"), (Sender.SERVER, "server to client")])
@pytest.mark.parametrize("v1", [False, True])
def test_an_encrypted_packet_is_opened_with_the_key(sender: Sender, way: str, v1: bool, tmp_path: Path) -> None:
    packet = sealed(sender, v1=v1)
    file = tmp_path / "key"
    file.write_bytes(KEY.data)
    state = tmp_path / "state"
    with lock_state(state) as held:
        write_state(held, StoredState(("127.0.0.1", 443), 2, (), KeyState(auth_key=KEY)))
    told = [
        decode(packet.hex(), "--auth-key", KEY.data.hex()),
        decode(packet.hex(), "--auth-key", base64.b64encode(KEY.data).decode()),
        decode(packet.hex(), "--auth-key", str(file)),
        decode(packet.hex(), "--auth-key", "-", stdin=KEY.data.hex(" ").encode()),
        decode(packet.hex(), env={"MTPROTO_AUTH_KEY": KEY.data.hex()}),
        decode(packet.hex(), "--state", str(state)),
    ]
    for result in told:
        assert result.exit_code == 0, result.stderr
        version = "1.0" if v1 else "2.0"
        assert f"MTProto {version}, {way}, session_id 2, msg_id 3, seqno 1, {len(RESULT)} bytes" in result.stdout
        assert ["20", "4", "RpcResult.result.this_dc", "int", "2"] in rows(result)
        assert "88776655" not in result.stdout
        assert str(0x1122334455667788) not in result.stdout


def test_a_key_that_does_not_open_the_packet_is_not_shown() -> None:
    other = AuthKey(bytes(reversed(range(256))))
    wrong = decode(sealed(Sender.CLIENT).hex(), "--auth-key", other.data.hex())
    damaged = decode(sealed(Sender.CLIENT)[:-1].hex() + "00", "--auth-key", KEY.data.hex())
    short = decode("6cfeffff", "--auth-key", KEY.data.hex()[:-2])
    assert "names the key with the auth_key_id" in wrong.stderr
    assert "a byte is wrong or missing" in damaged.stderr
    assert short.exit_code == 2
    for result in (wrong, damaged, short):
        assert KEY.data.hex()[:32] not in result.output
        assert other.data.hex()[:32] not in result.output


def test_key_and_bytes_have_one_source_each(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with lock_state(state) as held:
        write_state(held, StoredState(("127.0.0.1", 443), 2, (), KeyState(auth_key=KEY)))
    assert "standard input" in decode("-", "--auth-key", "-", stdin=KEY.data).stderr
    assert "exclude one another" in decode("00", "--auth-key", KEY.data.hex(), "--state", str(state)).stderr


XXD = """00000000: 016d 5cf3 cb04 fb71 1f01 0000 7517 1a8e  .m\\....q....u...
00000010: 024e 4c00 0200 0000 0400 0000            .NL.........
"""
HEXDUMP = """00000000  01 6d 5c f3 cb 04 fb 71  1f 01 00 00 75 17 1a 8e  |.m\\....q....u...|
00000010  02 4e 4c 00 02 00 00 00  04 00 00 00              |.NL.........|
0000001c
"""
H = ISSUED.hex()
FORMS = {
    "blanks": ISSUED.hex(" "), "colons": ISSUED.hex(":"), "capitals": ISSUED.hex().upper(), "0x": f"0x{H}",
    "array": "{" + ", ".join(f"0x{byte:02x}" for byte in ISSUED) + "}",
    "short array": ", ".join(f"{byte:#x}" for byte in ISSUED),
    "mixed": "01:6d:5c:f3 cb04fb71 0x1f010000\n75171a8e024e4c000200000004000000\n",
    "escapes": "".join(f"\\x{byte:02x}" for byte in ISSUED),
    "repr": repr(ISSUED), "inside of a repr": repr(ISSUED)[2:-1],
    "base64": base64.b64encode(ISSUED).decode(), "url-safe": base64.urlsafe_b64encode(ISSUED).decode(),
    "xxd": XXD, "hexdump -C": HEXDUMP,
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_bytes_may_be_written_in_many_ways(form: str, tmp_path: Path) -> None:
    expected = decode(H).stdout
    file = tmp_path / "file"
    file.write_text(FORMS[form])
    assert decode(FORMS[form]).stdout == expected
    assert decode(str(file)).stdout == expected
    assert decode("-", stdin=FORMS[form].encode()).stdout == expected
    assert decode("-", stdin=ISSUED).stdout == expected


def test_equal_lines_that_a_dump_leaves_out_are_put_back() -> None:
    words = "00000000  15 c4 b5 1c 0a 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
    zeros = "00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n00000030\n"
    result = decode("--as", "Vector<int>", "-", stdin=(words + zeros).encode())
    assert result.exit_code == 0, result.stderr
    far = words + zeros.replace("00000030", "ffffffff0")
    assert "leave something out" in decode("--as", "Vector<int>", "-", stdin=far.encode()).stderr


@pytest.mark.parametrize(
    "source", ["abc", "0x1", "no such file", "", "data", "b'\\x0'", "\\x0g", "x" * 5000, "\0", "é"]
)
def test_what_is_no_bytes_is_refused(source: str) -> None:
    result = decode(source)
    assert result.exit_code == 2
    assert "HEX|FILE" in result.stderr


def test_an_empty_input_says_so() -> None:
    result = decode("-", stdin=b"")
    assert result.exit_code == 1
    assert "past the end" in result.stderr


def test_a_string_that_is_no_utf_8_can_be_shown() -> None:
    body = api.types.NearestDc(country="N\udcc3", this_dc=2, nearest_dc=4).to_bytes()
    result = decode(body.hex())
    assert ["4", "4", "NearestDc.country", "string", '"N\\udcc3"'] in rows(result)
    assert zlib.crc32(result.stdout.encode())
