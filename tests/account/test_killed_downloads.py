"""Downloads whose process is killed: what the log claims is never fetched again, and the file comes out right."""

from __future__ import annotations

import hashlib
import json
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from mtproto import blocking
from mtproto.localdc import LocalDCThread
from mtproto.store import MemoryStore
from tests.account.files import KIB, MIB

SIZE = 8 * MIB + 3
KILLS = 2


def options_of(dc: LocalDCThread) -> dict[str, Any]:
    return {"api_id": dc.api_id, "api_hash": dc.api_hash, "dcs": {dc.dc_id: dc.address}, "keys": dc.keys}


def claimed(path: Path) -> list[list[int]]:
    log = path.with_name(f"{path.name}.part.log")
    ranges: list[list[int]] = json.loads(log.read_text())["ranges"] if log.exists() else []
    return ranges


def kill_at(done: int, options: dict[str, Any], string: str, document: Any, path: Path) -> None:
    """Begin the download in a process, and kill the process once so many bytes have come."""
    command = [sys.executable, "-m", "tests.account.killed"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pickle.dump((options, string, document, path), process.stdin)
        process.stdin.close()
        for line in process.stdout:
            if int(line) >= done:
                process.kill()
    assert process.returncode == -signal.SIGKILL


def test_what_the_log_claims_is_never_fetched_again(local_dc: LocalDCThread, tmp_path: Path) -> None:
    path, asked = tmp_path / "film", local_dc.files_asked
    document = local_dc.add_document(size=SIZE)
    shown: Any = local_dc.document_object(document)
    options = options_of(local_dc)
    with blocking.Account(MemoryStore(), **options) as account:
        account.login(bot_token=local_dc.bot_token)
        string = account.export_string()
        there: list[list[int]] = []
        for number in range(KILLS):
            asked.clear()
            kill_at(3 * (number + 1) * MIB, options, string, shown, path)
            assert not fetched_again(asked.parts, there)
            there = claimed(path)
            assert there
            part = path.with_name("film.part").read_bytes()
            assert all(part[start:stop] == document.read(start, stop - start) for start, stop in there)
        asked.clear()
        account.download(shown, path)
    assert not fetched_again(asked.parts, there)
    assert len(asked.parts) < SIZE // (512 * KIB) - 4
    assert hashlib.sha256(path.read_bytes()).digest() == document.sha256()
    assert [entry.name for entry in tmp_path.iterdir()] == ["film"]


def fetched_again(parts: list[Any], there: list[list[int]]) -> list[int]:
    """Return the offsets of parts that were asked for although the log claimed them."""
    return [part.offset for part in parts if any(start <= part.offset < stop for start, stop in there)]
