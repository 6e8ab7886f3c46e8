"""The transports side by side: the relay counts what passes, and a short run measures every name."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from benchmarks.command import main
from benchmarks.framings import Speed, measure
from benchmarks.rows import Verdict
from benchmarks.transports import Relay
from mtproto.net import TRANSPORT_NAMES
from mtproto.transport import TRANSPORTS


def test_the_relay_counts_the_bytes_of_each_direction() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        relay = Relay(server.getsockname())
        with relay.serving() as address, socket.create_connection((address["host"], address["port"])) as client:
            client.sendall(bytes(5))
            far, _ = server.accept()
            with far:
                assert far.recv(5, socket.MSG_WAITALL) == bytes(5)
                far.sendall(bytes(7))
                assert client.recv(7, socket.MSG_WAITALL) == bytes(7)
                assert relay.passed == {"sent": 5, "received": 7}
                client.close()


def test_every_framing_is_measured_against_what_does_its_least_work() -> None:
    speeds = {speed.name: speed for speed in measure(1, 0.0001)}
    assert list(speeds) == list(TRANSPORTS)
    assert {name for name, speed in speeds.items() if speed.reference == "aes-ctr"} == {
        name for name in TRANSPORTS if name.startswith("obfuscated-")
    }
    assert speeds["full"].target == speeds["obfuscated-padded"].target == 0.4
    assert speeds["padded"].target == 0.5


def test_half_the_time_of_the_reference_is_twice_its_speed() -> None:
    speed = Speed("one", "two", 0.5, [2.0, 1.0, 9.0], [4.0])
    assert speed.ratio == 2
    assert speed.verdict is Verdict.MET
    assert Speed("one", "two", 0.5, [4.0], [1.0]).verdict is Verdict.MISSED


@pytest.mark.slow
def test_a_quick_run_names_every_transport(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, thorough: bool
) -> None:
    # Each transport takes the start of two processes: the one that needs most of what there is stands for all.
    names = TRANSPORT_NAMES if thorough else ("websocket-tls",)
    monkeypatch.setattr("mtproto.net.TRANSPORT_NAMES", names)
    path = tmp_path / "transports.json"
    assert main(["transports", "--quick", "--json", str(path)]) == 0
    written = json.loads(path.read_text(encoding="utf-8"))
    measured = {calls["name"]: calls for calls in written["transports"]}
    assert set(measured) == set(names)
    assert all(calls["wire"]["received"] > 5_000 > calls["wire"]["sent"] > 0 for calls in measured.values())
    printed = capsys.readouterr().out
    assert all(f"| {name} " in printed for name in measured)
