"""What the options of a connection come to, and what they refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from mtproto.cli.options import Target, address, connection_options
from mtproto.cli.terminal import Terminal
from mtproto.datacenters import PRODUCTION, PRODUCTION_KEYS, TEST, TEST_KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from mtproto.crypto.rsa import RSAPrivateKey


def target_of(*arguments: str, env: dict[str, str] | None = None) -> Target:
    seen: list[Target] = []

    @click.command()
    @connection_options
    def probe(target: Target) -> None:
        seen.append(target)

    result = CliRunner(env={"MTPROTO_API_ID": "", "MTPROTO_API_HASH": "", "MTPROTO_BOT_TOKEN": ""}).invoke(
        probe, arguments, env=env, obj=Terminal(), catch_exceptions=False, standalone_mode=False
    )
    if result.exception is not None:
        raise result.exception
    return seen[0]


def test_without_a_place_the_data_centre_is_local() -> None:
    target = target_of()
    assert target.address is None
    assert target.keys == ()


def test_a_place_of_the_users_own(pem: Path, rsa_key: RSAPrivateKey) -> None:
    target = target_of("--dc", "192.0.2.1:8443", "--key", str(pem), "--dc-id", "4")
    assert target.address == ("192.0.2.1", 8443)
    assert target.keys == (rsa_key.public,)
    assert target.dc_id == 4


def test_telegrams_servers_come_with_their_own_keys() -> None:
    production, test = target_of("--prod"), target_of("--test", "--dc-id", "3")
    assert production.address == PRODUCTION[2]
    assert [key.fingerprint for key in production.keys] == [key.fingerprint for key in PRODUCTION_KEYS]
    assert production.dc_id == 2
    assert test.address == TEST[3]
    assert [key.fingerprint for key in test.keys] == [key.fingerprint for key in TEST_KEYS]
    assert test.dc_id == 10003


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--dc-id", "4"), "--dc-id needs --dc, --test or --prod"),
        (("--prod", "--dc-id", "6"), "there is no data centre 6; there are: 1, 2, 3, 4, 5"),
        (("--test", "--dc-id", "4"), "there is no data centre 4; there are: 1, 2, 3"),
    ],
)
def test_a_number_that_names_no_data_centre_is_refused(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        target_of(*arguments)
    assert said in caught.value.format_message()


def test_credentials_come_from_the_environment_or_from_options() -> None:
    env = {"MTPROTO_API_ID": "7", "MTPROTO_API_HASH": "hash-of-env", "MTPROTO_BOT_TOKEN": "token-of-env"}
    target = target_of("--api-hash", "hash-of-option", env=env)
    assert (target.api_id, target.api_hash, target.bot_token) == (7, "hash-of-option", "token-of-env")


def test_a_target_does_not_show_credentials() -> None:
    shown = repr(target_of("--api-id", "76543", "--api-hash", "the-hash", "--bot-token", "the-token"))
    assert "76543" not in shown
    assert "the-hash" not in shown
    assert "the-token" not in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ["--test", "--prod"],
        ["--dc", "h:1"],
        ["--dc", "h:1", "--state", "absent"],
        ["--test", "--dc-id", "4"],
        ["--test", "--state", "/no/such/folder/state"],
        ["--prod", "--dc-id", "6"],
        ["--transport", "pigeon"],
        ["--api-id", "-1"],
        ["--timeout", "0"],
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str]) -> None:
    with pytest.raises(click.UsageError):
        target_of(*arguments)


def test_a_key_without_a_place_is_refused(pem: Path) -> None:
    with pytest.raises(click.UsageError, match="--key needs --dc"):
        target_of("--key", str(pem))


def test_a_ready_file_is_taken_for_the_key_in_it(tmp_path: Path, pem: Path, rsa_key: RSAPrivateKey) -> None:
    ready = tmp_path / "dc.json"
    ready.write_text(json.dumps({"public_key_pem": pem.read_text()}))
    assert target_of("--dc", "h:1", "--key", str(ready)).keys == (rsa_key.public,)


READY = {"host": "192.0.2.9", "port": 4430, "dc_id": 4, "api_id": 5, "api_hash": "its-hash", "bot_token": "its-token"}
OF_ENV = {"MTPROTO_API_ID": "7", "MTPROTO_API_HASH": "hash-of-env", "MTPROTO_BOT_TOKEN": "token-of-env"}


@pytest.fixture
def ready(tmp_path: Path, pem: Path) -> str:
    path = tmp_path / "dc.json"
    path.write_text(json.dumps({**READY, "public_key_pem": pem.read_text()}))
    return str(path)


def test_a_ready_file_tells_all_that_a_client_needs(ready: str, rsa_key: RSAPrivateKey) -> None:
    for env in (None, OF_ENV):  # those of the environment belong to Telegram
        target = target_of("--key", ready, env=env)
        assert (target.address, target.dc_id, target.keys) == (("192.0.2.9", 4430), 4, (rsa_key.public,))
        assert (target.api_id, target.api_hash, target.bot_token) == (5, "its-hash", "its-token")


def test_the_command_line_goes_before_a_ready_file(ready: str) -> None:
    target = target_of(
        "--key", ready, "--dc", "h:1", "--dc-id", "2", "--api-id", "8", "--bot-token", "mine", env=OF_ENV
    )
    assert (target.address, target.dc_id) == (("h", 1), 2)
    assert (target.api_id, target.api_hash, target.bot_token) == (8, "its-hash", "mine")


def test_a_ready_file_is_of_no_telegram_server(ready: str) -> None:
    with pytest.raises(click.UsageError, match="--key needs --dc"):
        target_of("--key", ready, "--test")


def test_the_secrets_of_a_ready_file_are_not_shown(ready: str) -> None:
    assert "its-" not in repr(target_of("--key", ready))


@pytest.mark.parametrize("text", ["{}", "[]", "1", '{"public_key_pem": null}', '{"links": []}', "", "[" * 100_000])
def test_another_json_file_is_no_key(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(click.UsageError, match=r"other\.json: not a public key"):
        target_of("--dc", "h:1", "--key", str(tmp_path / "other.json"))


def test_a_damaged_key_is_named(pem: Path) -> None:
    pem.write_text(pem.read_text().replace("M", "N", 1))
    with pytest.raises(click.UsageError, match=r"key\.pem"):
        target_of("--dc", "h:1", "--key", str(pem))


def test_a_credential_in_the_wrong_place_is_not_repeated() -> None:
    with pytest.raises(click.UsageError) as caught:
        target_of("--api-id", "0123456789abcdef")
    assert "0123456789abcdef" not in caught.value.format_message()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("localhost:443", ("localhost", 443)),
        ("[2001:db8::1]:443", ("2001:db8::1", 443)),
        ("[fe80::1%eth0]:443", ("fe80::1%eth0", 443)),
        ("192.0.2.1:65535", ("192.0.2.1", 65535)),
    ],
)
def test_an_address_is_host_and_port(text: str, place: tuple[str, int]) -> None:
    assert address(text) == place


@pytest.mark.parametrize(
    "text",
    [
        *("", "host", ":1", "host:", "host:0", "host:65536", "host:-1", "host:x", "host:²"),
        *("::1", "::1:443", "[::1]", "[::1]443", "[::1:443", "::1]:443", "[]:443", "[host]:443"),
    ],
)
def test_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(click.BadParameter):
        address(text)
