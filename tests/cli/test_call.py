"""`mtproto call`: any method, JSON both ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mtproto.cli.exits import Exit
from mtproto.localdc import LocalDCThread
from mtproto.localdc.calls import IncomingCall
from tests.cli.conftest import Run
from tl import api


def test_a_method_without_arguments(run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str]) -> None:
    result = run("call", "help.getConfig", *reach, env=bot)
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["_"] == "config"
    assert answer["dc_options"][0]["port"] == dc.address[1]


def test_objects_in_and_a_vector_out(run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str]) -> None:
    arguments = {"id": [{"_": "inputUserSelf"}]}
    answer = json.loads(run("call", "users.getUsers", json.dumps(arguments), *reach, env=bot).stdout)
    assert [found["id"] for found in answer] == [str(dc.bot.id)]


def test_everything_can_be_sent_under_temporary_keys(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], tmp_path: Path
) -> None:
    kept = ["--state", str(tmp_path / "state")]
    for options in ([*kept, "--pfs"], kept, [*kept, "--pfs"]):  # one state serves with and without
        arguments = json.dumps({"id": [{"_": "inputUserSelf"}]})
        result = run("call", "users.getUsers", arguments, *reach, *options, env=bot)
        assert result.exit_code == 0, result.stderr
    ends = [record.expires_at for record in dc._centre.keys.records.values()]
    assert [end is None for end in ends] == [True, False, False]


def test_a_call_that_needs_no_login_makes_none(run: Run, reach: list[str], bot: dict[str, str]) -> None:
    result = run("call", "help.getNearestDc", *reach, env={"MTPROTO_API_ID": bot["MTPROTO_API_ID"]})
    assert result.exit_code == 0, result.stderr


def test_longs_travel_as_strings(run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str]) -> None:
    wanted = dc.users[3]
    peer = {"_": "inputUser", "user_id": str(wanted.id), "access_hash": str(wanted.access_hash)}
    arguments = json.dumps({"user_id": peer, "offset": 0, "max_id": "0", "limit": 1})
    answer = json.loads(run("call", "photos.getUserPhotos", arguments, *reach, env=bot).stdout)
    assert answer["photos"][0]["id"] == str(wanted.photos[0].id)


@pytest.mark.parametrize("value", [True, False])
def test_a_bare_bool_is_json_too(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], value: bool
) -> None:
    @dc.handler(api.functions.account.UpdateStatus)
    def status(_: IncomingCall) -> Any:
        return value

    result = run("call", "account.updateStatus", '{"offline": true}', *reach, env=bot)
    assert json.loads(result.stdout) is value


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("no.suchMethod", "{}", "there is no method 'no.suchMethod'"),
        ("help.getConfi", "{}", "there is no method 'help.getConfi'; did you mean 'help.getConfig'?"),
        ("Help.GetConfig", "{}", "did you mean 'help.getConfig'?"),
        ("ping", '{"ping_id": 1}', "ping is a service message of MTProto"),
        ("inputUserSelf", "{}", "inputUserSelf is a constructor, not a method"),
        ("help.getConfig", "{", "not JSON"),
        ("help.getConfig", "[]", "not a JSON object"),
        ("help.getConfig", '{"surplus": 1}', "surplus"),
        ("users.getUsers", "{}", "id"),
        ("users.getUsers", '{"id": [{"_": "nothing"}]}', "constructor"),
        ("users.getUsers", '{"id": [{"_": "inputUserSel"}]}', "users.GetUsers.id: no constructor or function"),
        ("users.getUsers", '{"id": [{"_": "inputUserSel"}]}', "did you mean 'inputUserSelf'?"),
        ("users.getUsers", '{"id": [{}]}', 'users.GetUsers.id: the key "_" is missing'),
        ("users.getUsers", '{"ids": []}', "no such field; did you mean 'id'?"),
        (
            "users.getUsers",
            '{"id": [{"_": "inputUser", "user_id": "x", "access_hash": 0}]}',
            "InputUser.user_id: a string that is no whole number",
        ),
        ("users.getUsers", '{"id": 7}', "id"),
        ("users.getUsers", '{"id": ["me"]}', 'users.GetUsers.id: a JSON object with the key "_" is wanted, not a text'),
        (
            "photos.getUserPhotos",
            '{"user_id": {"_": "inputUserSelf"}, "offset": "x", "max_id": 0, "limit": 1}',
            "offset",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is_sent(
    run: Run, reach: list[str], bot: dict[str, str], method: str, arguments: str, expected: str
) -> None:
    result = run("call", method, arguments, *reach, env=bot)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert expected in result.stderr


def test_the_help_says_which_commands_take_names(run: Run) -> None:
    wanted = "Peers are objects, and all fields are needed; `mtproto photos` and `mtproto download` take names."
    assert wanted in " ".join(run("call", "--help").stdout.split())


def test_a_bare_vector_of_longs_is_a_list_of_strings(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str]
) -> None:
    @dc.handler(api.functions.photos.DeletePhotos)
    def delete(_: IncomingCall) -> Any:
        return [1 << 62, -1]

    result = run("call", "photos.deletePhotos", '{"id": []}', *reach, env=bot)
    assert json.loads(result.stdout) == [str(1 << 62), "-1"]


def test_what_the_server_refuses_names_the_method(run: Run, reach: list[str], bot: dict[str, str]) -> None:
    result = run("call", "help.getSupport", *reach, env=bot)
    assert result.exit_code == Exit.REFUSED
    assert "INPUT_METHOD_INVALID" in result.stderr
    assert "help.getSupport" in result.stderr
