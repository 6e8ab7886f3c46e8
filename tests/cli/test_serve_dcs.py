"""`mtproto serve --dcs`: several data centres in one process, and their ready file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtproto import blocking
from mtproto.crypto.rsa import RSAPublicKey
from mtproto.localdc.accounts import code_of
from tests.cli.conftest import Run
from tests.cli.test_serve import serving
from tl import api


def test_the_ready_file_lists_data_centres_and_accounts_who_can_log_in(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with serving("--dcs", "1,2,4", "--state", str(tmp_path / "state"), "--ready-file", str(path)):
        ready = json.loads(path.read_text())
        assert [(dc["dc_id"], dc["host"]) for dc in ready["dcs"]] == [(n, "127.0.0.1") for n in (1, 2, 4)]
        assert {"host", "port", "public_key_pem", "bot_token", "users"} <= ready.keys()
        account = next(each for each in ready["accounts"] if each["username"] == "triple")
        assert (account["code"], account["password"]) == (code_of(account["phone"]), None)
        assert isinstance(account["user_id"], str)
        home = next(dc for dc in ready["dcs"] if dc["dc_id"] == account["dc_id"])
        with blocking.connect(
            (home["host"], home["port"]),
            keys=[RSAPublicKey.from_pem(ready["public_key_pem"])],
            dc_id=home["dc_id"],
            api_id=ready["api_id"],
            api_hash=ready["api_hash"],
        ) as client:
            sent = client(
                api.functions.auth.SendCode(
                    phone_number=account["phone"],
                    api_id=ready["api_id"],
                    api_hash=ready["api_hash"],
                    settings=api.types.CodeSettings(),
                )
            )
            assert isinstance(sent, api.types.auth.SentCode)
            answer = client(
                api.functions.auth.SignIn(
                    phone_number=account["phone"], phone_code_hash=sent.phone_code_hash, phone_code=account["code"]
                )
            )
            assert isinstance(answer, api.types.auth.Authorization)
    assert {"dc1.json", "dc2.json"} <= {each.name for each in (tmp_path / "state").iterdir()}


@pytest.mark.parametrize("dcs", ["", "1,", "a", "1 2", "-1", "²"])
def test_a_list_that_is_none_is_refused(run: Run, dcs: str) -> None:
    result = run("serve", "--dcs", dcs)
    assert result.exit_code == 2
    assert "is no list of numbers" in result.stderr


@pytest.mark.parametrize("dcs", ["0", "2,2", "1000"])
def test_ids_that_data_centres_can_not_have_are_refused(run: Run, dcs: str) -> None:
    result = run("serve", "--dcs", dcs)
    assert result.exit_code != 0
    assert "different numbers from 1 to 999" in result.stderr


def test_the_state_of_several_is_a_folder_and_that_of_one_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert "is not a folder" in run("serve", "--dcs", "1,2", "--state", str(tmp_path / "file")).stderr
    assert "is not a file" in run("serve", "--state", str(tmp_path)).stderr
