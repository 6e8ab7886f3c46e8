"""`mtproto probe`: whether somebody speaks MTProto there."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.cli.exits import Exit
from mtproto.localdc import LocalDCThread
from mtproto.message.envelope import pack_plain
from mtproto.transport import Secret
from tests.cli.conftest import Run
from tests.proxy.support import EVERY_SECRET, ProxyThread
from tl import service


@pytest.mark.parametrize("transport", ["abridged", "intermediate", "full"])
def test_it_shows_the_answer_the_key_and_the_time(run: Run, dc: LocalDCThread, transport: str) -> None:
    host, port = dc.address
    result = run("probe", f"{host}:{port}", "--transport", transport)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("resPQ: ")
    assert f"by {transport}" in result.stdout
    assert "ResPQ.server_nonce" in result.stdout
    assert f"key {dc.keys[0].fingerprint & (1 << 64) - 1:016x}: an unknown key" in result.stdout


def test_it_makes_no_key(run: Run, dc: LocalDCThread) -> None:
    host, port = dc.address
    run("probe", f"{host}:{port}")
    assert not dc._centre.keys.records


def test_an_answer_to_another_question_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(*_: Any, **__: Any) -> bytes:
        other = service.types.ResPQ(
            nonce=bytes(16), server_nonce=bytes(16), pq=b"\x15", server_public_key_fingerprints=[]
        )
        return pack_plain(1, other.to_bytes())

    monkeypatch.setattr("mtproto.cli.probe.ask_plain", answer)
    result = run("probe", "192.0.2.1:443")
    assert result.exit_code == 1
    assert "nonce" in result.stderr


def test_nobody_there_is_one_clear_line(run: Run) -> None:
    result = run("probe", "127.0.0.1:1")
    assert result.exit_code == Exit.CONNECTION
    assert "127.0.0.1:1" in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_address_is_needed(run: Run) -> None:
    assert run("probe", "localhost").exit_code == 2


@pytest.mark.parametrize("transport", ["websocket", "http", "obfuscated-padded"])
def test_it_takes_any_transport(run: Run, dc: LocalDCThread, transport: str) -> None:
    host, port = dc.address
    result = run("probe", f"{host}:{port}", "--transport", transport)
    assert result.exit_code == 0, result.stderr
    assert f"by {transport}" in result.stdout


@pytest.mark.parametrize("secret", EVERY_SECRET.values(), ids=EVERY_SECRET)
def test_it_goes_through_a_proxy_whose_secret_is_not_shown(run: Run, dc: LocalDCThread, secret: Secret) -> None:
    with ProxyThread([secret], {2: dc.address}) as proxy:
        [link] = proxy.links()
        result = run("probe", "192.0.2.1:443", "--proxy", link.link)
        assert result.exit_code == 0, result.stderr
        assert result.stdout.startswith("resPQ: ")
        assert secret.key.hex() not in result.output


def test_what_does_not_go_together_is_one_clear_line(run: Run) -> None:
    link = "tg://proxy?server=127.0.0.1&port=1&secret=" + "00" * 16
    result = run("probe", "127.0.0.1:1", "--transport", "http", "--proxy", link)
    assert result.exit_code == 1
    assert "does not speak 'http'" in result.stderr
    assert result.stderr.count("\n") == 1
