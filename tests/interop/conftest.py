"""Independent clients, each in a process of its own, under the interpreter that has them installed.

`MTPROTO_INTEROP_PYTHON` names that interpreter (default: the one that runs the tests). A client that is not installed
there is left out, with the reason; with `MTPROTO_REQUIRE_INTEROP=1` that is a failure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.localdc import LocalDCThread

SCRIPTS = Path(__file__).parent / "scripts"
NAMES = {"telethon": "Telethon", "pyrogram": "Kurigram"}
SECONDS = 300
"""More than any of these runs takes; a client that hangs ends here."""

RunClient = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def interpreter() -> str:
    return os.environ.get("MTPROTO_INTEROP_PYTHON", sys.executable)


@pytest.fixture(scope="session")
def dc() -> Iterator[LocalDCThread]:
    with LocalDCThread(key=RSAPrivateKey.generate()) as running:
        yield running


@pytest.fixture(scope="session")
def ready(dc: LocalDCThread) -> dict[str, Any]:
    return dc.ready()


@pytest.fixture
def run_client(interpreter: str, ready: dict[str, Any], tmp_path: Path) -> RunClient:
    """Run a script of this folder; its arguments stand behind the ready file; return the JSON it prints.

    What is given by name changes the contents of the ready file.
    """

    def run(module: str, script: str, *arguments: str, **changes: Any) -> dict[str, Any]:
        need(interpreter, module)
        ready_file = tmp_path / "ready.json"
        ready_file.write_text(json.dumps({**ready, **changes}))
        done = subprocess.run(
            [interpreter, str(SCRIPTS / script), str(ready_file), *arguments],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            cwd=tmp_path,
            check=False,
        )
        assert done.returncode == 0, f"{script} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return seen

    return run


def need(interpreter: str, module: str) -> None:
    """Skip, or fail where interoperation is required, when the interpreter has no such module."""
    probe = [interpreter, "-c", f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"]
    if subprocess.run(probe, check=False, timeout=SECONDS).returncode:
        reason = (
            f"{NAMES[module]} is not installed for {Path(interpreter).name} (extra `interop`, MTPROTO_INTEROP_PYTHON)"
        )
        if os.environ.get("MTPROTO_REQUIRE_INTEROP") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
