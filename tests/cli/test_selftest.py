"""`mtproto selftest`: what passes, what a server that misbehaves makes of each check, and what the report hides."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from mtproto.cli.app import commands
from mtproto.cli.selftest import run_checks
from mtproto.cli.selftest_checks import Check, checks_of
from mtproto.cli.selftest_sites import Site, site_of
from mtproto.cli.selftest_stand import Stand
from mtproto.cli.selftest_transcript import Outcome, Recorder, error_name
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.errors import ExchangeFailed, TransportError, rpc_error
from mtproto.localdc import IncomingCall, LocalDC, LocalNetwork
from mtproto.net import TRANSPORT_NAMES
from tests.cli.conftest import NO_CREDENTIALS, Run
from tests.net.support import SOON
from tl import api

Tamper: TypeAlias = Callable[[LocalDC], object]

HOME = 2
EVERY = [
    "exchange-1",
    "exchange-2",
    "exchange-4",
    "resume",
    "salts",
    "gzip",
    "file",
    "temporary-keys",
    "cut",
    *(f"transport-{name}" for name in TRANSPORT_NAMES),
]


@contextmanager
def watched(patch: pytest.MonkeyPatch, key: RSAPrivateKey) -> Iterator[list[LocalNetwork]]:
    """Have the command use networks that the test sees, with a key that is made already."""
    seen: list[LocalNetwork] = []

    class Watched(LocalNetwork):
        def __init__(self) -> None:
            super().__init__(key=key)
            seen.append(self)

    with patch.context() as patched:
        patched.setattr("mtproto.cli.selftest_sites.LocalNetwork", Watched)
        yield seen


@pytest.fixture(scope="module")
def whole(rsa_key: RSAPrivateKey) -> tuple[Result, LocalNetwork]:
    """Return what one run of all checks with `--json` wrote, and the network that it used."""
    with watched(pytest.MonkeyPatch(), rsa_key) as seen:
        result = CliRunner(env=NO_CREDENTIALS).invoke(commands, ["selftest", "--local", "--json"])
    return result, seen[0]


def all_made(key: RSAPrivateKey, names: Collection[str], tamper: Tamper | None = None, **changes: Any) -> list[Outcome]:
    """Make checks at a network whose home DC somebody meddled with after the first key was made."""

    async def make() -> list[Outcome]:
        async with LocalNetwork(key=key) as network:
            site = replace(site_of(network), **changes)
            stand = Stand(site, timeout=20)
            if not any(name.startswith("exchange") for name in names):
                await stand.state()
            if tamper is not None:
                tamper(network.dcs[HOME])
            checks = [check for check in checks_of(site) if check.name in names]
            return [outcome async for outcome in run_checks(stand, checks)]

    return asyncio.run(make())


def made(key: RSAPrivateKey, name: str, tamper: Tamper | None = None, **changes: Any) -> Outcome:
    """Make one check as `all_made` does."""
    [outcome] = all_made(key, [name], tamper, **changes)
    return outcome


def test_every_check_passes_on_the_local_network(whole: tuple[Result, LocalNetwork]) -> None:
    result, _ = whole
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    outcomes = {check["name"]: (check["outcome"], check["reason"]) for check in report["checks"]}
    assert outcomes == dict.fromkeys(EVERY, ("passed", ""))
    assert (report["passed"], report["failed"], report["skipped"]) == (len(EVERY), 0, 0)
    assert (report["servers"], report["layer"], report["proxy"]) == ("a local network", api.layer, False)
    assert result.stderr == ""


def test_the_transcript_tells_names_sizes_and_times(whole: tuple[Result, LocalNetwork]) -> None:
    checks = {check["name"]: check for check in json.loads(whole[0].stdout)["checks"]}
    steps = [entry for entry in checks["exchange-2"]["transcript"] if entry["what"] == "ExchangeStep"]
    assert [(entry["message"], entry["sent"]) for entry in steps] == [
        ("req_pq_multi", True),
        ("resPQ", False),
        ("req_DH_params", True),
        ("server_DH_params_ok", False),
        ("set_client_DH_params", True),
        ("dh_gen_ok", False),
    ]
    assert all(entry["bytes"] > 0 for entry in steps)
    assert {"method": "help.getConfig", "name": "config"}.items() <= checks["exchange-2"]["transcript"][-2].items()
    times = [entry["at"] for entry in checks["exchange-2"]["transcript"]]
    assert times == sorted(times)
    assert {"what": "BadMessage", "code": 48}.items() <= next(
        entry for entry in checks["salts"]["transcript"] if entry["what"] == "BadMessage"
    ).items()
    assert checks["temporary-keys"]["facts"]["policy"] == "one a permanent key"
    assert checks["cut"]["facts"]["connections"] == 2


def test_the_transcript_holds_nothing_secret(whole: tuple[Result, LocalNetwork]) -> None:
    result, network = whole
    keys = [record.auth_key for dc in network.dcs.values() for record in dc._centre.keys.records.values()]
    assert len(keys) >= 5  # three of exchanges, two temporary ones; a log-out may have destroyed that of the login
    secret = [form for key in keys for form in _forms(key.data)]
    secret += [form for key in keys for form in _forms(key.id_bytes)]
    secret += [str(key.id) for key in keys]
    secret += [network.bot_token, network.bot_token.partition(":")[2], network.api_hash]
    secret += ["127.0.0.1", network.bot.username or "bot"]
    assert [text for text in secret if text in result.stdout] == []


def _forms(data: bytes) -> tuple[str, ...]:
    return data.hex(), data[::-1].hex(), base64.b64encode(data).decode(), repr(data)[2:-1]


def test_without_json_a_table_shows_each_check(
    run: Run, monkeypatch: pytest.MonkeyPatch, rsa_key: RSAPrivateKey
) -> None:
    with watched(monkeypatch, rsa_key):
        result = run("selftest", "--only", "resume", "--only", "transport-full")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["resume", "passed"], ["transport-full", "passed"]]
    assert lines[-1] == "a local network: 2 passed, 0 failed, 0 skipped"


def test_a_check_that_fails_stops_no_other_and_is_the_exit_status(
    run: Run, monkeypatch: pytest.MonkeyPatch, rsa_key: RSAPrivateKey
) -> None:
    def tampered(network: LocalNetwork) -> Site:
        network.dcs[HOME].refuse("auth.bindTempAuthKey", 400, "ENCRYPTED_MESSAGE_INVALID", None)
        network.dcs[HOME].refuse("help.getCountriesList", 400, "LANG_CODE_INVALID", None)
        return site_of(network)

    monkeypatch.setattr("mtproto.cli.selftest_sites.site_of", lambda network, _: tampered(network))
    with watched(monkeypatch, rsa_key):
        result = run("selftest", "--json", "--only", "gzip", "--only", "cut")
    assert result.exit_code == 1
    checks = json.loads(result.stdout)["checks"]
    assert [(check["name"], check["outcome"]) for check in checks] == [("gzip", "failed"), ("cut", "passed")]
    assert checks[0]["reason"] == "400 LANG_CODE_INVALID"
    assert "1 of 2 checks failed: gzip" in result.stderr


def short_countries(dc: LocalDC) -> None:
    dc.answer("help.getCountriesList", {"_": "help.countriesListNotModified"})


def another_dc(dc: LocalDC) -> None:
    @dc.handler(api.functions.help.GetConfig)
    def changed(call: IncomingCall) -> Any:
        answer = call.default()
        answer.this_dc = 4
        return answer


def shortened_file(dc: LocalDC) -> None:
    @dc.handler(api.functions.upload.GetFile)
    def changed(call: IncomingCall) -> Any:
        answer = call.default()
        answer.bytes = answer.bytes[:-1]
        return answer


RED: list[tuple[str, Tamper, str]] = [
    ("exchange-2", lambda dc: dc.faults.wrong_nonce(), "ExchangeFailed at resPQ: nonce"),
    ("exchange-2", another_dc, "DC 4 answers in place of DC 2"),
    ("resume", lambda dc: dc.faults.key_forgotten(), "TransportError -404"),
    ("salts", lambda dc: dc.faults.key_forgotten(), "TransportError -404"),
    ("gzip", short_countries, "it was not packed"),
    ("gzip", lambda dc: dc.refuse("help.getNearestDc", 400, "INPUT_FETCH_ERROR", None), "400 INPUT_FETCH_ERROR"),
    ("file", shortened_file, "a photo of"),
    ("file", lambda dc: dc.refuse("upload.getFile", 400, "LOCATION_INVALID", None), "400 LOCATION_INVALID"),
    ("temporary-keys", lambda dc: dc.refuse("users.getUsers", 400, "USER_ID_INVALID", None), "400 USER_ID_INVALID"),
    ("cut", lambda dc: dc.refuse("help.getNearestDc", 500, "INTERNAL", None), "500 INTERNAL"),
]


@pytest.mark.parametrize(("name", "tamper", "reason"), RED)
def test_each_check_sees_a_data_centre_that_misbehaves(
    rsa_key: RSAPrivateKey, name: str, tamper: Tamper, reason: str
) -> None:
    outcome = made(rsa_key, name, tamper)
    assert outcome.outcome == "failed"
    assert reason in outcome.reason


def test_each_transport_that_carries_no_call_is_seen(rsa_key: RSAPrivateKey) -> None:
    names = [name for name in EVERY if name.startswith("transport-")]
    outcomes = all_made(rsa_key, names, lambda dc: dc.refuse("help.getNearestDc", 400, "INPUT_FETCH_ERROR", None))
    refused = dict.fromkeys(names, ("failed", "400 INPUT_FETCH_ERROR"))
    # without a data centre that speaks TLS the DC answers in clear text
    refused["transport-websocket-tls"] = ("failed", outcomes[names.index("transport-websocket-tls")].reason)
    assert {outcome.name: (outcome.outcome, outcome.reason) for outcome in outcomes} == refused


def test_clients_without_temporary_keys_fail_the_check_of_them(
    rsa_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Stand.client
    monkeypatch.setattr(Stand, "client", lambda self, *dc, pfs=True, **options: client(self, *dc, **options))
    assert made(rsa_key, "temporary-keys").reason == "0 temporary keys were bound by two clients"


def test_a_salt_that_is_not_wrong_fails_the_check_of_salts(
    rsa_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtproto.cli.selftest_checks.replace", lambda state, **_: state)
    assert "without bad_server_salt" in made(rsa_key, "salts").reason


def test_an_exchange_in_spite_of_a_key_fails_the_check_of_resuming(
    rsa_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Stand.client
    monkeypatch.setattr(Stand, "client", lambda self, *dc, state=None, **options: client(self, *dc, **options))
    assert "messages of an exchange were sent" in made(rsa_key, "resume").reason


def test_calls_that_no_cut_hits_fail_the_check_of_cuts(rsa_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtproto.cli.selftest_relay.CuttingRelay.cut", lambda self: self._passing.set())
    assert "over the connection that was cut" in made(rsa_key, "cut").reason


def test_both_policies_of_temporary_keys_are_told_apart(rsa_key: RSAPrivateKey) -> None:
    async def policy() -> object:
        async with LocalNetwork(key=rsa_key, bindings="session") as network:
            site = site_of(network)
            checks = [check for check in checks_of(site) if check.name == "temporary-keys"]
            [outcome] = [outcome async for outcome in run_checks(Stand(site, timeout=20), checks)]
            return outcome.facts["policy"]

    assert asyncio.run(policy()) == "one a session"


def test_without_a_login_the_check_of_a_file_is_skipped(rsa_key: RSAPrivateKey) -> None:
    outcome = made(rsa_key, "file", bot_token=None)
    assert (outcome.outcome, outcome.reason) == ("skipped", "nobody is logged in: no bot's token is given")
    assert made(rsa_key, "file", api_hash="").outcome == "skipped"


def uploads(spoil: bool) -> Tamper:
    """Let a DC take uploads, and give them back whole, or with another last byte."""

    def tamper(dc: LocalDC) -> None:
        parts: dict[int, bytes] = {}

        @dc.handler(api.functions.upload.SaveFilePart)
        def save(call: IncomingCall) -> bool:
            parts[call.request.file_part] = call.request.bytes
            return True

        @dc.handler(api.functions.messages.UploadMedia)
        def media(call: IncomingCall) -> Any:
            document = api.types.Document(
                id=7,
                access_hash=8,
                file_reference=b"reference",
                date=0,
                mime_type="application/octet-stream",
                size=sum(map(len, parts.values())),
                dc_id=HOME,
                attributes=[],
            )
            return api.types.MessageMediaDocument(document=document)

        @dc.handler(api.functions.upload.GetFile)
        def get(call: IncomingCall) -> Any:
            whole = b"".join(parts[number] for number in sorted(parts))
            data = whole[:-1] + bytes([whole[-1] ^ spoil])
            begin = call.request.offset
            kind = api.types.storage.FileUnknown()
            return api.types.upload.File(type=kind, mtime=0, bytes=data[begin : begin + call.request.limit])

    return tamper


@pytest.mark.parametrize("spoil", [False, True])
def test_a_test_number_signs_up_and_fetches_what_it_has_uploaded(rsa_key: RSAPrivateKey, spoil: bool) -> None:
    outcome = made(rsa_key, "file", uploads(spoil), bot_token=None, test=True)
    assert (outcome.outcome, "came back" in outcome.reason) == (("failed", True) if spoil else ("passed", False))
    assert not any("99966" in str(value) for entry in outcome.transcript for value in entry.values())
    if not spoil:
        assert outcome.facts == {"bytes": 3 * 65536, "uploaded": True}


def test_a_check_that_does_not_end_is_ended(rsa_key: RSAPrivateKey) -> None:
    async def never(_: Stand) -> dict[str, str]:
        await asyncio.Event().wait()
        return {}

    async def wrong(_: Stand) -> dict[str, str]:
        raise KeyError("a text that is not told")

    async def outcomes() -> list[Outcome]:
        site = Site(name="", dcs={}, home=2, keys=(), test=False, api_id=1, api_hash="", bot_token=None)
        checks = [
            Check("never", "", never, limit=0),
            Check("wrong", "", wrong),
            Check("never", "", never, 0),
        ]
        async with asyncio.timeout(SOON):
            return [outcome async for outcome in run_checks(Stand(site, timeout=1), checks)]

    assert [outcome.reason for outcome in asyncio.run(outcomes())] == [
        "not done within 0 s",
        "KeyError",
        "not done within 0 s",
    ]


def test_a_transcript_is_bounded() -> None:
    recorder = Recorder()
    for _ in range(1500):
        recorder.note("Pong")
    assert (len(recorder.entries), recorder.count("Pong")) == (1000, 1500)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--test"], "want an application's id"),
        (["--test", "--local", "--api-id", "1"], "exclude one another"),
        (["--proxy", "socks5://127.0.0.1:1"], "--proxy needs --test"),
        (["--only", "exchange-9"], "there is no check 'exchange-9'"),
    ],
)
def test_what_can_not_be_checked_is_a_usage_error(
    run: Run, monkeypatch: pytest.MonkeyPatch, rsa_key: RSAPrivateKey, arguments: list[str], words: str
) -> None:
    with watched(monkeypatch, rsa_key):
        result = run("selftest", *arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (rpc_error(420, "FLOOD_WAIT_30"), "420 FLOOD_WAIT_X of 30 s"),
        (rpc_error(400, "PHONE_9996621234_INVALID"), "400 PHONE_X_INVALID"),
        (rpc_error(400, "Hello +9996621234"), "400 (no name)"),
        (TransportError(-404), "TransportError -404"),
        (ExchangeFailed("resPQ", "nonce", "ab is not cd"), "ExchangeFailed at resPQ: nonce"),
        (OSError("/home/someone/file"), "OSError"),
    ],
)
def test_an_error_is_told_by_its_name(error: Exception, name: str) -> None:
    assert error_name(error) == name


@given(st.integers(-999, 999), st.text(max_size=40))
def test_a_text_of_a_server_never_gets_into_the_transcript_as_it_came(code: int, text: str) -> None:
    told = error_name(rpc_error(code, text))
    assert all(sign.isascii() and (sign.isalnum() or sign in "-_. ()") for sign in told)
    assert len(told) < 120
