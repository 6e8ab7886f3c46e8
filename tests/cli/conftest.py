"""A data centre for the commands to talk to, and a way to run them in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from click.testing import CliRunner, Result

from mtproto.cli.answers import VARIABLES
from mtproto.cli.app import commands
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.localdc import LocalDCThread, LocalNetworkThread

Run: TypeAlias = Callable[..., Result]

NO_CREDENTIALS = dict.fromkeys(
    ["MTPROTO_API_ID", "MTPROTO_API_HASH", "MTPROTO_BOT_TOKEN", "MTPROTO_PASSPHRASE", *(name for name, _ in VARIABLES)]
)


@pytest.fixture(scope="session")
def rsa_key() -> RSAPrivateKey:
    """One key for all data centres of this room's tests: making one takes longer than most tests."""
    return RSAPrivateKey.generate()


@pytest.fixture
def dc(rsa_key: RSAPrivateKey) -> Iterator[LocalDCThread]:
    """A data centre that runs."""
    with LocalDCThread(key=rsa_key) as running:
        yield running


@pytest.fixture
def pem(tmp_path: Path, rsa_key: RSAPrivateKey) -> Path:
    """Return a file with the public key of `dc`."""
    path = tmp_path / "key.pem"
    path.write_text(rsa_key.public.to_pem())
    return path


@pytest.fixture
def run() -> Run:
    """Run a command in this process, with no credentials in its environment but those given."""

    def run_command(*arguments: str, env: dict[str, str] | None = None) -> Result:
        return CliRunner(env={**NO_CREDENTIALS, **(env or {})}).invoke(commands, arguments)

    return run_command


@pytest.fixture
def reach(dc: LocalDCThread, pem: Path) -> list[str]:
    """Return the options that lead to `dc`."""
    host, port = dc.address
    return ["--dc", f"{host}:{port}", "--key", str(pem)]


@pytest.fixture
def bot(dc: LocalDCThread) -> dict[str, str]:
    """Return an environment with the credentials of `dc`."""
    return {
        "MTPROTO_API_ID": str(dc.api_id),
        "MTPROTO_API_HASH": dc.api_hash,
        "MTPROTO_BOT_TOKEN": dc.bot_token,
    }


@pytest.fixture
def network(rsa_key: RSAPrivateKey) -> Iterator[LocalNetworkThread]:
    """Two data centres that run; those who log in begin at DC 2."""
    with LocalNetworkThread(dcs=(1, 2), key=rsa_key) as running:
        yield running


@pytest.fixture
def there(network: LocalNetworkThread, tmp_path: Path) -> list[str]:
    """Return the options that lead to `network`, with a session file."""
    ready = tmp_path / "network.json"
    ready.write_text(json.dumps(network.client_info()))
    return ["--key", str(ready), "--session", str(tmp_path / "me.session")]
