"""Downloads whose process is killed: what the log claims is never fetched again, and the file comes out right."""

from __future__ import annotations

import hashlib
import json
import pickle
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mtproto import blocking
from mtproto.localdc import LocalDCThread
from mtproto.store import MemoryStore
from tests.account.files import KIB, MIB

PART = 512 * KIB
WINDOW = MIB
"""Bytes that are under way at once, and after which they are made durable."""


@dataclass
class Cuts:
    """Where a download is cut: each place in bytes that have come, in order.

    Attributes:
        kills: where its process is killed.
        losses: where a connection is lost.

    """

    kills: list[int]
    losses: list[int]

    @classmethod
    def spread(cls, size: int, kills: int, losses: int) -> Cuts:
        """Return so many cuts of either kind, spread over a file of so many bytes."""
        places = [[size * number // (count + 1) for number in range(1, count + 1)] for count in (kills, losses)]
        return cls(*places)


def run(dc: LocalDCThread, task: tuple[Any, ...], path: Path, cuts: Cuts) -> None:
    """Download in a process of its own, up to the next place where it is killed; the log claims something by then."""
    kill_at = cuts.kills.pop(0) if cuts.kills else None
    command = [sys.executable, "-m", "tests.account.killed"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pickle.dump(task, process.stdin)
        process.stdin.flush()
        for line in process.stdout:  # the process goes on when it is told to
            done = int(line)
            while cuts.losses and done >= cuts.losses[0]:
                del cuts.losses[0]
                dc.faults.cut(PART // 2)
            if kill_at is not None and done >= kill_at and claimed(path):
                process.kill()
                break
            process.stdin.write(b"\n")
            process.stdin.flush()
    assert process.returncode == (0 if kill_at is None else -signal.SIGKILL)


def claimed(path: Path) -> list[list[int]]:
    """Return the ranges that the log claims."""
    log = path.with_name(f"{path.name}.part.log")
    ranges: list[list[int]] = json.loads(log.read_text())["ranges"] if log.exists() else []
    return ranges


@pytest.mark.parametrize(
    ("size", "kills", "losses"), [(8 * MIB + 3, 1, 1), pytest.param(50 * MIB, 5, 20, marks=pytest.mark.slow)]
)
def test_what_the_log_claims_is_never_fetched_again(
    size: int, kills: int, losses: int, local_dc: LocalDCThread, tmp_path: Path
) -> None:
    path, asked, lost_before = tmp_path / "film", local_dc.files_asked, local_dc.faults.applied["cut"]
    document = local_dc.add_document(size=size)
    options: dict[str, Any] = {
        "api_id": local_dc.api_id,
        "api_hash": local_dc.api_hash,
        "dcs": {local_dc.dc_id: local_dc.address},
        "keys": local_dc.keys,
    }
    with blocking.Account(MemoryStore(), **options) as account:
        account.login(bot_token=local_dc.bot_token)
        string = account.export_string()
    task = options, string, local_dc.document_object(document), path, WINDOW
    there: list[list[int]] = []
    twice, cuts = 0, Cuts.spread(size, kills, losses)
    for number in range(kills + 1):
        asked.clear()
        run(local_dc, task, path, cuts)
        offsets = [part.offset for part in asked.parts]
        assert not [offset for offset in offsets if any(start <= offset < stop for start, stop in there)]
        twice += sum(Counter(offsets).values()) - len(set(offsets))
        if number < kills:
            there = claimed(path)
            assert there
            part = path.with_name("film.part").read_bytes()
            assert all(part[start:stop] == document.read(start, stop - start) for start, stop in there)
    assert hashlib.sha256(path.read_bytes()).digest() == document.sha256()
    assert [entry.name for entry in tmp_path.iterdir()] == ["film"]
    assert local_dc.faults.applied["cut"] == lost_before + losses
    # Of one run, what was in flight on a connection that was lost; the parts of a process that was killed come late.
    assert twice <= (losses + kills) * (WINDOW // PART)
