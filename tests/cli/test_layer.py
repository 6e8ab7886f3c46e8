"""`--layer`: the commands speak and read another layer of the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tl
from mtproto.localdc import LocalDCThread
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from tests.cli.conftest import Run


def test_a_call_in_another_layer(run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str]) -> None:
    arguments = json.dumps({"id": [{"_": "inputUserSelf"}]})
    result = run("call", "users.getUsers", arguments, *reach, "--layer", "105", env=bot)
    assert result.exit_code == 0, result.stderr
    (found,) = json.loads(result.stdout)
    assert found["id"] == dc.bot.id  # an int in that layer, not a string for a long
    assert found["photo"]["photo_small"]["_"] == "fileLocationToBeDeprecated"
    assert {record.layer for record in dc._centre.keys.records.values()} == {105}


@pytest.mark.parametrize("layer", ["75", "105", "181"])
def test_photos_in_another_layer(
    run: Run, dc: LocalDCThread, tmp_path: Path, layer: str, reach: list[str], bot: dict[str, str]
) -> None:
    result = run("photos", "@triple", "--json", "--out", str(tmp_path / "out"), *reach, "--layer", layer, env=bot)
    assert result.exit_code == 0, result.stderr
    listed = json.loads(result.stdout)
    user = dc.world.by_username("triple")
    assert user is not None
    assert [photo["id"] for photo in listed["photos"]] == [str(photo.id) for photo in user.photos]
    for file, photo in zip(listed["files"], user.photos, strict=True):
        assert Path(file["path"]).read_bytes() == photo.file("c")
        assert file["type"] == "c"
    assert run("photos", "@triple", *reach, "--layer", layer, env=bot).exit_code == 0


def test_a_command_without_an_address_speaks_it_too(run: Run) -> None:
    result = run("call", "help.getNearestDc", "--layer", "133")
    assert result.exit_code == 0, result.stderr


def test_a_method_that_the_layer_does_not_have(run: Run) -> None:
    assert api.schema.is_function("bots.setBotInfo")
    result = run("call", "bots.setBotInfo", "--layer", "105")
    assert result.exit_code == 2
    assert "there is no method 'bots.setBotInfo'" in result.stderr


def test_a_layer_that_nobody_kept(run: Run) -> None:
    for command in (("call", "help.getConfig"), ("photos", "me"), ("decode", "00000000")):
        result = run(*command, "--layer", "127")
        assert result.exit_code == 2
        assert "no layer 127; the nearest it has: 126 and 128" in " ".join(result.stderr.split())


def test_bytes_of_another_layer(run: Run) -> None:
    data = tl.load_layer(105)["userEmpty"](id=7).to_bytes().hex()
    shown = run("decode", data, "--layer", "105")
    assert shown.exit_code == 0
    assert "userEmpty" in shown.stdout
    refused = run("decode", data)
    assert refused.exit_code == 1
    assert "layers 46-132 do: userEmpty" in " ".join(refused.stderr.split())


def test_a_command_names_the_layers_of_an_object_that_stands_in_an_answer_by_mistake(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], tmp_path: Path
) -> None:
    other = tl.load_layer(105)["userEmpty"](id=7).to_bytes()
    answer: bytes = (0x1CB5C415).to_bytes(4, "little") + (1).to_bytes(4, "little") + other

    @dc.handler(api.functions.users.GetUsers)
    def foreign(_call: IncomingCall) -> bytes:
        return answer

    kept = tmp_path / "kept"
    arguments = json.dumps({"id": [{"_": "inputUserSelf"}]})
    result = run("call", "users.getUsers", arguments, *reach, "--save-undecodable", str(kept), env=bot)
    told = " ".join(result.stderr.split())
    assert result.exit_code == 1
    assert "Vector<User>[0]: unknown constructor 0x200250ba at byte 8" in told
    assert "layer 229 does not know this id, layers 46-132 do: userEmpty" in told
    assert kept.read_bytes() == answer
