"""`mtproto probe`: whether somebody speaks MTProto there."""

from __future__ import annotations

import pytest

from mtproto.localdc import LocalDCThread
from tests.cli.conftest import Run


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
    assert not dc._records


def test_nobody_there_is_one_clear_line(run: Run) -> None:
    result = run("probe", "127.0.0.1:1")
    assert result.exit_code == 1
    assert "127.0.0.1:1" in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_address_is_needed(run: Run) -> None:
    assert run("probe", "localhost").exit_code == 2
