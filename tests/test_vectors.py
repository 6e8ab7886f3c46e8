"""The vectors of public test suites, read from the shared folder; says how many of them ran.

Each room knows how to run the kinds that it covers; here they come together in one table. Without the shared folder
everything here is left out; the project's own vectors (`tests/vectors`) run everywhere.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtproto.crypto.rsa import TEST_KEYS
from tests.crypto import vectors as crypto
from tests.exchange.vectors import run_handshake
from tests.flows import vectors as flows
from tests.message import vectors as message
from tests.transport import test_faketls as faketls
from tests.transport import test_secret as secret
from tests.transport import test_vectors as transport
from tests.vectors import language

Vector = dict[str, Any]

RUNNERS: dict[str, Callable[[Vector], None]] = {
    **language.RUNNERS,
    **crypto.RUNNERS,
    **message.RUNNERS,
    **transport.RUNNERS,
    **secret.RUNNERS,
    **faketls.RUNNERS,
    **flows.RUNNERS,
    "handshake": lambda vector: run_handshake(vector, TEST_KEYS[0]),
}

ELSEWHERE = {
    "message-id": "another library's form of the id, not ours",
}
"""Kinds that nothing here runs, and the subject that they belong to."""


@pytest.fixture(scope="module")
def vectors(shared: Path) -> list[Vector]:
    content = json.loads((shared / "vectors" / "vectors.json").read_text(encoding="utf-8"))
    found: list[Vector] = content["vectors"]
    return found


@pytest.fixture(scope="module")
def ran() -> list[Vector]:
    """The vectors that passed so far."""
    return []


@pytest.mark.parametrize("kind", sorted(RUNNERS))
def test_public_vectors(vectors: list[Vector], ran: list[Vector], kind: str) -> None:
    chosen = [vector for vector in vectors if vector["kind"] == kind]
    assert chosen
    for vector in chosen:
        RUNNERS[kind](vector)
        ran.append(vector)


def test_how_many_public_vectors_ran(
    vectors: list[Vector], ran: list[Vector], capsys: pytest.CaptureFixture[str]
) -> None:
    left = sorted({vector["kind"] for vector in vectors} - RUNNERS.keys())
    with capsys.disabled():
        sys.stdout.write(f"\n{len(ran)} of {len(vectors)} public vectors ran; kinds not run: {', '.join(left)}\n")
    assert set(left) == ELSEWHERE.keys()
