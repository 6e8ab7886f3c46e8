"""A data centre for the commands to talk to, and a way to run them in this process."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner, Result

from mtproto.cli.answers import VARIABLES
from mtproto.cli.app import commands
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.localdc import LocalDCThread, LocalNetworkThread
from mtproto.localdc.files import LocalDocument
from tl import api

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

    return run_command


def run_command(*arguments: str, env: dict[str, str] | None = None, stdin: str | bytes | None = None) -> Result:
    """Run a command in this process, as `run` does."""
    return CliRunner(env={**NO_CREDENTIALS, **(env or {})}).invoke(commands, arguments, input=stdin)


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


@dataclass(frozen=True)
class Logged:
    """Two data centres, and a session file in which the bot is logged in, at DC 2.

    Attributes:
        network: the data centres.
        options: lead there.

    """

    network: LocalNetworkThread
    options: list[str]

    @property
    def home(self) -> LocalDCThread:
        """Where the bot is at home."""
        return self.network.dcs[2]

    def document(self, size: int, *, dc_id: int = 2, **options: Any) -> tuple[LocalDocument, api.types.Document]:
        """Return a document of so many bytes: the data centre's own, and the object that clients see."""
        document = self.network.add_document(size=size, dc_id=dc_id, **options)
        return document, self.network.document_object(document)


@pytest.fixture(scope="session")
def lasting_login(rsa_key: RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    """A login for all tests of this room: those who use it make no exchange with DC 2."""
    folder = tmp_path_factory.mktemp("login")
    ready = folder / "network.json"
    with LocalNetworkThread(dcs=(1, 2), key=rsa_key) as running:
        ready.write_text(json.dumps(running.client_info()))
        options = ["--key", str(ready), "--session", str(folder / "bot.session")]
        assert run_command("login", "--bot", *options).exit_code == 0
        yield Logged(running, options)


@pytest.fixture
def logged(lasting_login: Logged) -> Logged:
    """The same, with no parts counted."""
    lasting_login.network.files_asked.clear()
    return lasting_login


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt this process, as at a terminal: what is started in the background may ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
