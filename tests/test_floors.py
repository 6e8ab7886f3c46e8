"""The floors: what the lower rooms may load, and that import-linter's contracts can fail.

The contracts themselves run in `make check`. Here each room is seen red once: a copy of the packages gets one
forbidden import, and the linter has to name it.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOWER_ROOMS = ("crypto", "message", "exchange", "session", "transport", "flows", "link")
KEPT_OUT = ("asyncio", "socket", "ssl", "cryptography")

# (a module of the room, an import that its floor forbids)
FORBIDDEN_IMPORTS = [
    ("tl/wire.py", "import mtproto.errors"),
    ("tl/schema.py", "import os"),
    ("tl/catalog.py", "import tl.schema"),
    ("mtproto/errors.py", "import mtproto.crypto.aes"),
    ("mtproto/limits.py", "import time"),
    ("mtproto/datacenters.py", "import mtproto.crypto.rsa"),
    ("mtproto/crypto/aes.py", "import mtproto.message.auth_key"),
    ("mtproto/crypto/pq.py", "import secrets"),
    ("mtproto/message/envelope.py", "import mtproto.session.events"),
    ("mtproto/exchange/client.py", "import mtproto.transport.full"),
    ("mtproto/session/client.py", "import mtproto.exchange.client"),
    ("mtproto/transport/full.py", "import mtproto.session.events"),
    ("mtproto/flows/phone.py", "import mtproto.session"),
    ("mtproto/flows/steps.py", "import time"),
    ("mtproto/link/client.py", "import mtproto.net"),
    ("mtproto/net/__init__.py", "import mtproto.client"),
    ("mtproto/net/shells/pump.py", "import mtproto.net.servers.turns"),
    ("mtproto/net/servers/turns.py", "import mtproto.net.shells.portions"),
    ("mtproto/net/carriers/tls.py", "import mtproto.net.shells.portions"),
    ("mtproto/store/files.py", "import mtproto.net"),
    ("mtproto/store/files.py", "import socket"),
    ("mtproto/client/client.py", "import mtproto.localdc"),
    ("mtproto/client/calls.py", "import socket"),
    ("mtproto/localdc/__init__.py", "import mtproto.cli"),
    ("mtproto/client/client.py", "import mtproto.account"),
    ("mtproto/account/kept.py", "import socket"),
    ("mtproto/account/choices.py", "import mtproto.cli"),
    ("mtproto/proxy/link.py", "import mtproto.localdc"),
    ("mtproto/proxy/server.py", "import socket"),
]


def modules_of(room: str) -> list[str]:
    """Return the dotted names of a room's modules."""
    files = sorted((ROOT / "mtproto" / room).rglob("*.py"))
    return [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param(["tl", "tl.api", "tl.service"], id="tl"),
        pytest.param(["mtproto.errors", "mtproto.limits", "mtproto.datacenters"], id="floor-1"),
        *[pytest.param(modules_of(room), id=room) for room in LOWER_ROOMS],
    ],
)
def test_the_lower_rooms_load_no_event_loop_no_socket_and_no_cryptography(modules: list[str]) -> None:
    program = (
        f"import sys\nfor name in {modules!r}: __import__(name)\nprint([m for m in {KEPT_OUT!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_the_blocking_client_loads_no_asyncio() -> None:
    program = "import sys, mtproto\nmtproto.blocking.connect, mtproto.blocking.Account\nprint('asyncio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.stdout.strip(), done.stderr) == ("False", "")


NO_SUCH_NAME = "no_such_name"


def lazy_packages() -> list[Path]:
    files = [path for room in ("mtproto", "tl") for path in sorted((ROOT / room).rglob("*.py"))]
    return [path for path in files if "__getattr__, __dir__ = lazy_names(" in path.read_text()]


@pytest.mark.parametrize("path", lazy_packages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_checkers_read_every_name_that_is_imported_late_and_no_other(path: Path) -> None:
    """A `__getattr__` that a checker sees would make every misspelt name right, and each name `Any`."""
    body = ast.parse(path.read_text()).body
    assert not [node for node in body if isinstance(node, ast.Assign) and "__getattr__" in ast.unparse(node)]
    offered = {name for node in body for name in _names_of_all(node)}
    read = {
        alias.asname or alias.name
        for node in ast.walk(ast.Module(body, []))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    modules = {each.stem for each in path.parent.glob("*.py")} if path.name == "__init__.py" else set()
    assert offered - read - modules == set()


def _names_of_all(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
        return list(ast.literal_eval(node.value))
    return []


def test_every_public_name_resolves_and_an_unknown_one_is_an_attribute_error() -> None:
    import mtproto

    assert all(getattr(mtproto, name) is not None for name in mtproto.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(mtproto, NO_SUCH_NAME)


@pytest.mark.slow
@pytest.mark.parametrize(("module", "statement"), FORBIDDEN_IMPORTS, ids=[name for name, _ in FORBIDDEN_IMPORTS])
def test_import_linter_sees_a_forbidden_import(tmp_path: Path, module: str, statement: str) -> None:
    for package in ("mtproto", "tl"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "schemas"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as file:
        file.write(f"\n{statement}\n")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "", "COLUMNS": "200"},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout
