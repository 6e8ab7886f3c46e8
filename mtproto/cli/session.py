"""From the options of a command to an account: `--session`, `--local`, `--test`, `--prod`, `--dc`.

`open_account` is for asyncio, `open_blocking_account` for commands that ask a person: their questions come in the main
thread, where a terminal can be read and Ctrl-C works.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypedDict, TypeVar

import click

from mtproto import blocking
from mtproto.account import Account
from mtproto.cli.errors import CommandFailed, NotLoggedIn, login_hint
from mtproto.crypto import CryptoError, RSAPublicKey
from mtproto.datacenters import PRODUCTION, TEST
from mtproto.errors import TransportError, Unauthorized
from mtproto.localdc import LocalNetwork, LocalNetworkThread
from mtproto.store import AccountRecord, FileStore, MemoryStore, PassphraseNeeded, PassphraseWrong
from mtproto.transport import authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from mtproto.cli.options import KnownPlaces, Target
    from mtproto.client import ClientKeywords
    from mtproto.store import Store

__all__ = ["OpenAccount", "network_folder", "open_account", "open_blocking_account", "session_of", "wants_account"]

A = TypeVar("A", Account, blocking.Account)
N = TypeVar("N", LocalNetwork, LocalNetworkThread)


@dataclass(frozen=True, slots=True)
class OpenAccount(Generic[A, N]):
    """An account that is open, and what it talks to. Nobody need be logged in.

    Attributes:
        account: the account.
        network: the local network of this run; None where the account talks to other servers.
        record: what the session file said when the command began.
        dcs: the data centres, as `Account` takes them.
        keys: their public keys; None: Telegram's own.
        api_id: the application's number.
        api_hash: its secret half.

    """

    account: A
    network: N | None
    record: AccountRecord
    dcs: KnownPlaces
    keys: tuple[RSAPublicKey, ...] | None = field(repr=False)
    api_id: int = field(repr=False)
    api_hash: str = field(repr=False)


class _Where(TypedDict):
    """The options of an account that say whom it talks to, and as which application."""

    dcs: KnownPlaces
    keys: tuple[RSAPublicKey, ...] | None
    api_id: int
    api_hash: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an account is kept and lives, before anything runs.

    Attributes:
        store: open, and locked where it is a file.
        record: what is in it.
        is_local: whether a local network is to run.
        folder: what keeps the state of the local network; None: nothing does.

    """

    store: Store
    record: AccountRecord
    is_local: bool
    folder: Path | None


def wants_account(target: Target) -> bool:
    """Tell whether a command talks through an account, and not through a client with one key."""
    return target.session is not None or (target.address is None and target.state is None)


def session_of(target: Target, command: str) -> Path:
    """Return the session file of a command that needs one. Raises `click.UsageError` where none is named."""
    if target.session is None:
        raise click.UsageError(f"{command} needs --session FILE")
    return target.session


def network_folder(session: Path) -> Path:
    """Return the folder of the local network that belongs to a session file."""
    return session.with_name(f"{session.name}.local")


@asynccontextmanager
async def open_account(target: Target, *, begins: bool = False) -> AsyncIterator[OpenAccount[Account, LocalNetwork]]:
    """Open the account that the options name, and start its local network if it has one.

    Args:
        target: what the options say.
        begins: whether the command may make a session file. No other command leaves one.

    Raises:
        click.UsageError: an option that is needed is missing, or two contradict each other.
        NotLoggedIn: there is no session file yet.
        CommandFailed: the session file belongs to other servers.
        StoreError: the session file is damaged, or another process has it.

    """
    async with AsyncExitStack() as stack:
        place = stack.enter_context(_place(target, begins=begins))
        network = LocalNetwork(state=place.folder) if place.is_local else None
        if network is not None:
            stack.callback(network.give_up)
            await stack.enter_async_context(network)
        where = _where(target, place.record, network)
        account = Account(place.store, **where, **_options(target))
        stack.enter_context(_explaining(target))
        await stack.enter_async_context(account)
        yield OpenAccount(account, network, place.record, **where)


@contextmanager
def open_blocking_account(
    target: Target, *, begins: bool = False
) -> Iterator[OpenAccount[blocking.Account, LocalNetworkThread]]:
    """Open the account that the options name, for this thread. Raises as `open_account` does."""
    with ExitStack() as stack:
        place = stack.enter_context(_place(target, begins=begins))
        network = LocalNetworkThread(state=place.folder) if place.is_local else None
        if network is not None:
            stack.enter_context(network)
        where = _where(target, place.record, network)
        account = blocking.Account(place.store, **where, **_options(target))
        stack.enter_context(_explaining(target))
        stack.enter_context(account)
        yield OpenAccount(account, network, place.record, **where)


@contextmanager
def _place(target: Target, *, begins: bool) -> Iterator[_Place]:
    """Open the store of a command, and say where its account lives."""
    session = target.session
    folder = None if session is None else network_folder(session)
    kept = folder is not None and folder.is_dir()
    if kept and target.dcs is not None:
        raise click.UsageError(f"{session} belongs to the local network in {folder}: leave --dc, --test, --prod out")
    says_where = kept or target.local or target.dcs is not None
    if session is not None and says_where and not begins and not session.exists():
        raise NotLoggedIn(f"there is no {session} yet; `{login_hint(session)}` makes it, with the same options")
    store = MemoryStore() if session is None else FileStore(session, passphrase=target.passphrase)
    try:
        record = _loaded(store, session)
        is_local = target.local or kept or (session is None and target.dcs is None)
        if session is not None and not kept:
            _check_place(target, session, record)
        yield _Place(store, record, is_local, folder)
    finally:
        store.close()


def _loaded(store: Store, session: Path | None) -> AccountRecord:
    """Return what a store keeps; where a passphrase is missing or wrong, the error names the variable of the CLI."""
    try:
        return store.load()
    except PassphraseNeeded as error:
        raise click.UsageError(f"{session} is encrypted: it needs its passphrase in MTPROTO_PASSPHRASE") from error
    except PassphraseWrong as error:
        raise CommandFailed(f"{session} does not open with the passphrase of MTPROTO_PASSPHRASE") from error


def _check_place(target: Target, session: Path, record: AccountRecord) -> None:
    """Check that a session file without a local network of its own may be used where the options say."""
    if record.is_new:
        if target.dcs is None and not target.local:
            raise click.UsageError(
                f"there is no {session} yet; `mtproto login --session {session}` makes it, "
                "with --local, --test or --prod"
            )
    elif target.local:
        raise CommandFailed(f"{session} has no local network beside it ({network_folder(session)}): it lives elsewhere")
    elif record.is_elsewhere and target.dcs in (TEST, PRODUCTION):
        raise CommandFailed(f"{session} belongs to {_home_of(record)}, which is none of Telegram's")


def _home_of(record: AccountRecord) -> str:
    """Name the home of an account on servers that are not Telegram's."""
    place = record.dcs.get(record.home_dc)
    return f"DC {record.home_dc}" + ("" if place is None else f" at {authority(place)}")


def _where(target: Target, record: AccountRecord, network: LocalNetwork | LocalNetworkThread | None) -> _Where:
    if network is not None:
        return {
            "dcs": network.addresses,
            "keys": tuple(network.keys),
            "api_id": network.api_id,
            "api_hash": network.api_hash,
        }
    api_id = record.api_id if target.api_id is None else target.api_id
    if api_id is None:
        raise click.UsageError("this account wants an application's id: MTPROTO_API_ID or --api-id")
    dcs, keys = target.dcs, target.keys
    if dcs is None and record.is_elsewhere:
        dcs, keys = record.dcs, _kept_keys(record)
        if record.home_dc not in dcs or not keys:
            raise click.UsageError(
                f"{target.session} belongs to {_home_of(record)}, which is none of Telegram's: "
                "give the ready file of `mtproto serve`, or --dc and --key"
            )
    elif dcs is None:
        dcs = TEST if record.test else PRODUCTION
    return {"dcs": dcs, "keys": keys or None, "api_id": api_id, "api_hash": target.api_hash}


def _kept_keys(record: AccountRecord) -> tuple[RSAPublicKey, ...]:
    """Return the public keys that a session file keeps. Raises CommandFailed where one is damaged."""
    try:
        return tuple(RSAPublicKey.from_pem(pem) for pem in record.public_keys)
    except CryptoError as error:
        raise CommandFailed(f"the session file has a damaged public key: {error}") from None


def _options(target: Target) -> ClientKeywords:
    return {
        "transport": target.transport,
        "proxy": target.proxy,
        "pfs": target.pfs,
        "timeout": target.timeout,
        "schema": target.schema,
    }


@contextmanager
def _explaining(target: Target) -> Iterator[None]:
    """Say what to do where nobody is logged in, and where a server does not know the account's key."""
    try:
        yield
    except Unauthorized as error:
        if error.name != "AUTH_KEY_UNREGISTERED":
            raise
        raise NotLoggedIn(login_hint(target.session)) from error
    except TransportError as error:
        if error.code != TransportError.NOT_FOUND or target.session is None:
            raise
        raise CommandFailed(
            f"{error}; either {target.session} belongs to other servers (--test, --prod, --dc), or its key is gone: "
            f"then delete the file, and log in again"
        ) from error
