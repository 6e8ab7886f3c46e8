"""A connected client for one command: the data centre found, the key loaded or made, the login done, the key kept."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from mtproto.cli.errors import CommandFailed, NotLoggedIn
from mtproto.cli.files import PUBLIC, write_whole
from mtproto.cli.listing import download
from mtproto.cli.session import open_account, wants_account
from mtproto.cli.state_file import ROOM, StoredState, lock_state, read_state, write_state
from mtproto.cli.whom import as_input_user, find_user
from mtproto.client import connect
from mtproto.datacenters import PRODUCTION, TEST, DataCenter
from mtproto.errors import TransportError, Unauthorized
from mtproto.flows import OLDEST_LAYER
from mtproto.store import StoreError
from mtproto.transport import authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from mtproto.account import Account, TransferProgress
    from mtproto.cli.options import Target
    from mtproto.client import Client
    from mtproto.flows import MediaSize
    from mtproto.localdc import LocalDC
    from mtproto.store import LockedFile
    from tl import TLFunction

__all__ = ["AccountCaller", "Caller", "Watch", "local_target", "log_in", "open_account_caller", "open_caller"]


async def log_in(client: Client, target: Target) -> None:
    """Log in as the bot of `target` (core.telegram.org/method/auth.importBotAuthorization).

    Raises:
        NotLoggedIn: no token was given.
        RpcError: the server refuses the login.

    """
    if target.bot_token is None:
        raise NotLoggedIn("give a bot's token with MTPROTO_BOT_TOKEN or --bot-token")
    if target.api_id is None:
        raise NotLoggedIn("give the application's id with MTPROTO_API_ID or --api-id")
    await client(
        target.schema.functions.auth.ImportBotAuthorization(
            flags=0, api_id=target.api_id, api_hash=target.api_hash, bot_auth_token=target.bot_token
        )
    )


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how a download goes on.

    Attributes:
        advance: called with the number of bytes that came, each time.
        tell: called with notices: floods that are waited for, parts that stall.
        wait: seconds that a flood may ask for.

    """

    advance: Callable[[int], None]
    tell: Callable[[Any], Any]
    wait: float

    def steps(self) -> Callable[[TransferProgress], None]:
        """Return a callback for one transfer of an account, which advances this watch."""
        done = 0

        def advance(progress: TransferProgress) -> None:
            nonlocal done
            self.advance(progress.done - done)
            done = progress.done

        return advance


class Caller:
    """Sends queries, and logs in before the first query that needs a login.

    Args:
        client: an open client.
        target: whom to log in as.

    """

    FETCHES = 1
    """Files that are fetched at once: one connection has one session, and no more than one part under way."""

    def __init__(self, client: Client, target: Target) -> None:
        self._client = client
        self._target = target

    @property
    def user_id(self) -> int | None:
        """Who the state file says is logged in: it does not say."""
        return None

    async def __call__(self, request: TLFunction[Any]) -> Any:
        """Return the answer to a query.

        Raises:
            NotLoggedIn: the query needs a login, and no token was given.
            MTProtoError: as `Client` raises it.

        """
        try:
            return await self._client(request)
        except Unauthorized as error:
            if error.message != "AUTH_KEY_UNREGISTERED":
                raise
        await log_in(self._client, self._target)
        return await self._client(request)

    async def user(self, reference: str) -> Any:
        """Return the `InputUser` of whom a text means. Raises as `find_user`."""
        return await find_user(self, reference, self._target.schema)

    async def fetch(self, size: MediaSize, path: Path, owner: Any, watch: Watch) -> None:
        """Save a file of a user's photo, part by part.

        Raises:
            CommandFailed: more or fewer bytes come than are declared.
            RpcError, OSError: as the server and the system say.

        """
        data = await download(self, size, owner=owner, advance=watch.advance)
        if len(data) != size.size:
            raise CommandFailed(f"{size.name}: {len(data)} bytes came, {size.size} are declared")
        write_whole(path, data, PUBLIC)


class AccountCaller:
    """Sends the queries of an account. A bot may be logged in when a query needs a login.

    Args:
        account: open.
        bot_token: of the bot that is logged in where a query needs a login; None: no bot is.
        is_passing: whether the account is one of a local network that ends with the command.

    """

    FETCHES = 8
    """Files that are fetched at once; the account bounds the bytes that are under way."""

    def __init__(self, account: Account, bot_token: str | None, *, is_passing: bool = False) -> None:
        self._account = account
        self._bot_token = bot_token
        self._is_passing = is_passing

    @property
    def user_id(self) -> int | None:
        """Who the session file says is logged in."""
        return self._account.user_id

    @property
    def is_passing(self) -> bool:
        """Whether all that is sent is gone when the command ends: the local network is one of this run."""
        return self._is_passing

    async def __call__(self, request: TLFunction[Any]) -> Any:
        """Return the answer to a query.

        Raises:
            MTProtoError: as `Account` raises it.

        """
        try:
            return await self._account(request)
        except Unauthorized as error:
            if error.message != "AUTH_KEY_UNREGISTERED" or self._bot_token is None:
                raise
        await self._account.login(bot_token=self._bot_token)
        return await self._account(request)

    async def user(self, reference: str) -> Any:
        """Return the `InputUser` of whom a text means. Raises as `Account.resolve` and as a call."""
        return as_input_user(await self.peer(reference), reference)

    async def peer(self, reference: str) -> Any:
        """Return the `InputPeer` of whom a text means. Raises as `Account.resolve` and as a call."""
        await self.begin()
        return await self._account.resolve(reference)

    async def begin(self) -> None:
        """See to it that somebody is logged in. Raises as a call."""
        if self._account.user_id is None:
            me = self._account.schema.types.InputUserSelf()
            await self(self._account.schema.functions.users.GetUsers(id=[me]))  # logs in, or says what to do

    async def fetch(self, size: MediaSize, path: Path, owner: Any, watch: Watch) -> None:
        """Save a file of a user's photo, as `Account.download` does it. Raises as that."""
        await self.download(size, path, watch, origin=owner)

    async def download(
        self,
        file: object,
        to: Any,
        watch: Watch,
        *,
        size: str | None = None,
        origin: object = None,
        verify: bool = False,
    ) -> None:
        """Fetch a file, as `Account.download` does it. Raises as that, and as a call."""
        await self.begin()
        told = watch.steps()
        await self._account.download(
            file, to, size=size, origin=origin, verify=verify, progress=told, wait=watch.wait, tell=watch.tell
        )

    async def upload(self, source: Path | bytes, watch: Watch, name: str | None = None) -> Any:
        """Upload a file, as `Account.upload` does it; return its `InputFile`. Raises as that, and as a call."""
        await self.begin()
        return await self._account.upload(source, name=name, progress=watch.steps(), wait=watch.wait, tell=watch.tell)


def local_target(target: Target, dc: LocalDC) -> Target:
    """Return `target` for a local data centre, with the credentials of that data centre: it takes no others."""
    return replace(
        target,
        address=dc.address,
        keys=tuple(dc.keys),
        dc_id=dc.dc_id,
        api_id=dc.api_id,
        api_hash=dc.api_hash,
        bot_token=dc.bot_token,
    )


@asynccontextmanager
async def open_caller(target: Target, *, begins: bool = False) -> AsyncIterator[Caller | AccountCaller]:
    """Connect to `target`, by its account or with one key.

    Args:
        target: what the options say.
        begins: as `open_account` takes it.

    Raises:
        click.UsageError, CommandFailed, MTProtoError, StoreError: as `open_account`, or as for one key.

    """
    # Accounts log in by flows, which know layers from 133 on; a network of this run needs no account to be called.
    is_old = target.schema.layer is not None and target.schema.layer < OLDEST_LAYER
    if wants_account(target) and not (is_old and target.session is None):
        async with open_account(target, begins=begins) as opened:
            network = opened.network if target.session is None else None
            yield AccountCaller(opened.account, None if network is None else network.bot_token)
    else:
        async with _open_client(target) as caller:
            yield caller


@asynccontextmanager
async def open_account_caller(target: Target) -> AsyncIterator[AccountCaller]:
    """Connect to `target` by an account: the one of its session file, or one of this run, which a bot logs in to.

    Raises:
        click.UsageError, CommandFailed, MTProtoError, StoreError: as `open_account`.

    """
    if target.state is not None:
        raise click.UsageError("--state keeps one key of one data centre; files take an account: --session FILE")
    async with open_account(target) as opened:
        network = opened.network
        token = target.bot_token if network is None else network.bot_token
        is_passing = network is not None and target.session is None
        yield AccountCaller(opened.account, token if target.session is None else None, is_passing=is_passing)


@asynccontextmanager
async def _open_client(target: Target) -> AsyncIterator[Caller]:
    """Connect to one data centre, and save the key's state when the work is done or has failed.

    The state file is locked from the start to the end. A file that can't be written is an error before anything is
    sent. The caller shows answers inside the block, since a disk may fill up meanwhile.

    Raises:
        click.UsageError: an option that is needed to connect is missing.
        CommandFailed: the state file is not for this data centre, or its key is no longer known there.
        MTProtoError: as `Client` raises it.
        StoreError: the state file can't be read or written, or another run uses it.

    """
    if target.state is not None and target.address is None and not target.state.exists():
        raise click.UsageError("--state needs --dc, --test or --prod until the file exists")
    async with AsyncExitStack() as stack:
        file = None if target.state is None else stack.enter_context(lock_state(target.state))
        stored = None if target.state is None else read_state(target.state)
        if stored is not None:
            target = _stored_target(target, stored)
        elif target.address is None:
            from mtproto.localdc import LocalDC

            target = local_target(target, await stack.enter_async_context(LocalDC()))
        client = _client(target, stored)
        if file is not None:
            file.check_room(ROOM)
        with _keeping(client, target, file):
            try:
                async with client:
                    yield Caller(client, target)
            except TransportError as error:
                if error.code != TransportError.NOT_FOUND or stored is None:
                    raise
                raise CommandFailed(f"{error}; to make a new key and log in again, delete {target.state}") from error


def _stored_target(target: Target, stored: StoredState) -> Target:
    target = replace(target, api_id=stored.api_id if target.api_id is None else target.api_id)
    if stored.address is None:
        return _target_of_key(target, stored)
    known = _telegrams(stored.address) or stored.address
    if target.address not in (None, known, stored.address):
        raise CommandFailed(
            f"{target.state} belongs to {authority(stored.address)}; keep one file for each data centre"
        )
    if target.dc_id not in (None, stored.dc_id):
        raise CommandFailed(f"{target.state} belongs to data centre {stored.dc_id}, not to {target.dc_id}")
    if isinstance(known, DataCenter) and known.exchange_id != stored.dc_id:
        known = stored.address  # the file was made for that address under another number
    return replace(target, address=target.address or known, dc_id=stored.dc_id, keys=target.keys or stored.keys)


def _target_of_key(target: Target, stored: StoredState) -> Target:
    """Return the target for a file that holds a key alone, and does not name the data centre."""
    if target.address is None or not target.keys:
        raise click.UsageError(f"{target.state} holds a key alone: it needs --test or --prod, or --dc and --key")
    if target.dc_id not in (None, stored.dc_id) and stored.dc_id:
        raise CommandFailed(f"{target.state} belongs to data centre {stored.dc_id}, not to {target.dc_id}")
    return replace(target, dc_id=target.dc_id or stored.dc_id or None)


def _telegrams(address: tuple[str, int]) -> DataCenter | None:
    """Return Telegram's data centre that has this address."""
    known = (*PRODUCTION.values(), *TEST.values())
    return next((dc for dc in known if address in dc.addresses() + dc.addresses(ipv6=True)), None)


def _client(target: Target, stored: StoredState | None) -> Client:
    if target.address is None or target.api_id is None:
        raise click.UsageError("this data centre wants an application's id: MTPROTO_API_ID or --api-id")
    return connect(
        target.address,
        keys=target.keys,
        api_id=target.api_id,
        api_hash=target.api_hash,
        dc_id=target.dc_id,
        state=None if stored is None else stored.key_state,
        transport=target.transport,
        proxy=target.proxy,
        pfs=target.pfs,
        timeout=target.timeout,
        schema=target.schema,
    )


@contextmanager
def _keeping(client: Client, target: Target, file: LockedFile | None) -> Iterator[None]:
    """Write the state file at the end; an error of the work and an error of the writing are both told."""
    try:
        yield
    except BaseException as error:
        try:
            _keep(client, target, file)
        except StoreError as unsaved:
            error.add_note(str(unsaved))
        raise
    _keep(client, target, file)


def _keep(client: Client, target: Target, file: LockedFile | None) -> None:
    address = target.address
    if file is not None and address is not None and client.state is not None:
        place = address.addresses()[0] if isinstance(address, DataCenter) else address
        dc_id = target.dc_id or client.state.dc_id
        write_state(file, StoredState(place, dc_id, target.keys, client.state, target.api_id))
