"""Independent clients, each in a process of its own, under the interpreter that has them installed.

`MTPROTO_INTEROP_PYTHON` names that interpreter (default: the one that runs the tests). Clients written in JavaScript
run under `node`, from `node/node_modules` (`npm ci --prefix tests/interop/node`). A client that is not installed is
left out, with the reason; with `MTPROTO_REQUIRE_INTEROP=1` that is a failure.

`MTPROTO_INTEROP_TELETHON` names a folder with older versions of Telethon, each installed in a folder named after its
version: `pip install --target FOLDER/1.39 "telethon==1.39.*"`. The DC is given no schema: it speaks every layer.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.localdc import LocalDCThread

SCRIPTS = Path(__file__).parent / "scripts"
NODE = Path(__file__).parent / "node"
NAMES = {"telethon": "Telethon", "pyrogram": "Kurigram", "@mtcute/node": "mtcute", "telegram": "GramJS"}
LAYERS = {"@mtcute/node": 227, "telegram": 198}
"""The layers of the clients written in JavaScript, whose packages are named here as npm names them."""

SECONDS = 60
"""More than any of these runs takes; a client that hangs ends here."""

RunClient = Callable[..., dict[str, Any]]
Answer = Callable[[str], str | None]


@pytest.fixture(scope="session")
def interpreter() -> str:
    return os.environ.get("MTPROTO_INTEROP_PYTHON", sys.executable)


@pytest.fixture(scope="session")
def dc() -> Iterator[LocalDCThread]:
    with LocalDCThread(key=key_for_every_client()) as running:
        yield running


def key_for_every_client() -> RSAPrivateKey:
    """Return a new key whose fingerprint has 16 hex digits: mtcute drops leading zeros in one of the two places that
    it compares, and does not find one key in 16.
    """
    while True:
        key = RSAPrivateKey.generate()
        if not 0 <= key.public.fingerprint < 1 << 60:
            return key


@pytest.fixture(scope="session")
def ready(dc: LocalDCThread) -> dict[str, Any]:
    return dc.client_info()


@pytest.fixture
def run_client(interpreter: str, ready: dict[str, Any], tmp_path: Path) -> RunClient:
    """Run a script of `scripts` or `node`; its arguments stand behind the ready file; return the JSON it prints.

    `answer` is called with what the script asks for, a line that begins with `ask `; what it returns is the script's
    next line of input, None for none. What else is given by name changes the contents of the ready file. A module with
    a version (`telethon==1.39`) is an older one.
    """

    def run(module: str, script: str, *arguments: str, answer: Answer | None = None, **changes: Any) -> dict[str, Any]:
        environment = dict(os.environ)
        if module in LAYERS:
            need_package(module)
            command = ["node", str(NODE / script)]
        else:
            module, _, version = module.partition("==")
            if version:
                environment["PYTHONPATH"] = older_telethon(version)
            else:
                need(interpreter, module)
            command = [interpreter, str(SCRIPTS / script)]
        ready_file = tmp_path / "ready.json"
        ready_file.write_text(json.dumps({**ready, **changes}))
        errors_file = tmp_path / "errors.txt"
        with (
            errors_file.open("w") as errors,
            subprocess.Popen(
                [*command, str(ready_file), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=tmp_path,
                env=environment,
            ) as process,
            killed_after(SECONDS, process),
        ):
            printed = list(answered(process, answer))
        assert process.returncode == 0, (
            f"{script} ended with {process.returncode}\n{''.join(printed)}\n{errors_file.read_text()}"
        )
        seen: dict[str, Any] = json.loads(printed[-1])
        return seen

    return run


def answered(process: subprocess.Popen[str], answer: Answer | None) -> Iterator[str]:
    """Yield the lines that a script prints, and answer those that ask for something."""
    assert process.stdin is not None
    assert process.stdout is not None
    for line in process.stdout:
        yield line
        if answer is None or not line.startswith("ask "):
            continue
        said = answer(line.removeprefix("ask ").rstrip())
        if said is not None:
            process.stdin.write(said + "\n")
            process.stdin.flush()


@contextmanager
def killed_after(seconds: float, process: subprocess.Popen[str]) -> Iterator[None]:
    """End a script that takes longer, or that the test is done with."""
    timer = Timer(seconds, process.kill)
    timer.start()
    try:
        yield
        process.wait()
    finally:
        timer.cancel()
        process.kill()


def need(interpreter: str, module: str) -> None:
    """Skip, or fail where interoperation is required, when the interpreter has no such module."""
    probe = [interpreter, "-c", f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"]
    if subprocess.run(probe, check=False, timeout=SECONDS).returncode:
        leave_out(
            f"{NAMES[module]} is not installed for {Path(interpreter).name} (extra `interop`, MTPROTO_INTEROP_PYTHON)"
        )


def older_telethon(version: str) -> str:
    """Return the folder of an older Telethon; skip, or fail where interoperation is required, without one."""
    folder = Path(os.environ.get("MTPROTO_INTEROP_TELETHON", "nowhere"), version)
    if not (folder / "telethon").is_dir():
        leave_out(f"Telethon {version} is not installed in {folder} (MTPROTO_INTEROP_TELETHON)")
    return str(folder)


def need_package(package: str) -> None:
    """Skip, or fail where interoperation is required, without Node or without the package."""
    if shutil.which("node") is None:
        leave_out(f"{NAMES[package]} needs Node, version 18 or later: the program `node` was not found")
    if not (NODE / "node_modules" / package / "package.json").is_file():
        leave_out(f"{NAMES[package]} is not installed (npm ci --prefix tests/interop/node)")


def leave_out(reason: str) -> None:
    """Skip the test, or let it fail where interoperation is required."""
    if os.environ.get("MTPROTO_REQUIRE_INTEROP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
