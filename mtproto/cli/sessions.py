"""`mtproto session`: what a session file or string says, and the same login for another client."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mtproto.cli.answers import from_environment
from mtproto.cli.errors import CommandFailed
from mtproto.cli.files import write_whole
from mtproto.cli.options import API_ID, PROXY, TIMEOUT, TRANSPORT, address
from mtproto.cli.ready_file import ServedDC, served_dc
from mtproto.cli.session_source import find_session
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal
from mtproto.cli.whoami import myself
from mtproto.client import connect
from mtproto.crypto import CryptoError, RSAPublicKey
from mtproto.datacenters import PRODUCTION_KEYS, TEST_KEYS
from mtproto.errors import OptionError
from mtproto.message import AuthKey
from mtproto.store import (
    FOREIGN_CLIENTS,
    PRIVATE,
    AccountRecord,
    FileStore,
    ForeignLogin,
    export_foreign_file,
    export_foreign_string,
    export_string,
)
from mtproto.transport import authority
from tl import api

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtproto.cli.session_source import FoundSession

__all__ = ["command"]

_OWN = "own"
_WITH_FILES = ("telethon", "pyrogram", "kurigram")
_HIGHEST_OF_GRAMJS = (1 << 15) - 1

_TELEGRAMS = tuple(map(RSAPublicKey.from_data, (*PRODUCTION_KEYS, *TEST_KEYS)))

_SOURCE = click.argument("source", required=False, metavar="[FILE|-]")


@click.group("session", short_help="Show sessions, and take them to other clients and back.")
def command() -> None:
    """Show sessions, and take them to other clients and back.

    FILE is a session file of this program (MTPROTO_PASSPHRASE opens it), or an SQLite file of Telethon, Pyrogram or
    Kurigram. For a session string of this program, of Telethon, Pyrogram, Kurigram, GramJS or mtcute give - and the
    string on the standard input, or set MTPROTO_SESSION_STRING (or MTPROTO_SESSION_STRING_FILE) and leave FILE out.
    """


@command.command("show", short_help="Show what a session says.")
@_SOURCE
@click.option("--json", "json_", is_flag=True, help="Print JSON, and nothing else on stdout.")
@debug_option
@pass_terminal
def _show(terminal: Terminal, source: str | None, json_: bool) -> None:
    """Show what a session says: whose it is and where, and never a key."""
    found = find_session(terminal, source)
    said = _of_record(found.record) if found.record is not None else _of_login(found.as_login())
    said = {"session": found.layout, **said}
    if json_:
        terminal.write(json.dumps(said, indent=1))
        return
    width = max(map(len, said)) + 2
    for name, value in said.items():
        terminal.write(f"{name.replace('_', ' ') + ':':{width}}{'not known' if value is None else value}")


@command.command("string", short_help="Print a session as a string of this program.")
@_SOURCE
@debug_option
@pass_terminal
def _string(terminal: Terminal, source: str | None) -> None:
    """Print a session as a session string of this program, for MTPROTO_SESSION_STRING or a store.

    Who has the string is logged in.
    """
    terminal.write(export_string(_account(find_session(terminal, source), None)))


@dataclass(frozen=True, slots=True)
class _Servers:
    """The servers that `--key` tells of; empty without it.

    Attributes:
        keys: their public keys.
        dcs: where they are, by number of the data centre.
        api_id: the application's number that they take.

    """

    keys: tuple[RSAPublicKey, ...] = ()
    dcs: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    api_id: int | None = field(default=None, repr=False)

    def noted(self, record: AccountRecord) -> AccountRecord:
        """Return an account with these servers; as it is without any, and with Telegram's."""
        if all(key in _TELEGRAMS for key in self.keys):
            return record
        return replace(record, dcs={**record.dcs, **self.dcs}, public_keys=tuple(key.to_pem() for key in self.keys))


@dataclass(frozen=True, slots=True)
class _Known:
    """What the options say of a session that its layout may not say."""

    test: bool | None
    api_id: int | None = field(repr=False)
    user_id: int | None
    is_bot: bool | None
    place: tuple[str, int] | None
    servers: _Servers


@dataclass(frozen=True, slots=True)
class _Asking:
    """How the server is asked."""

    keys: tuple[RSAPublicKey, ...]
    transport: str | None
    proxy: str | None = field(repr=False)
    timeout: float


@command.command("convert", short_help="Make another client's session of a session.")
@_SOURCE
@click.option(
    "--to", "client", required=True, type=click.Choice([*FOREIGN_CLIENTS, _OWN]), help="Whose session to make."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to make: SQLite for Telethon, Pyrogram and Kurigram, an account for `own` (MTPROTO_PASSPHRASE "
    "encrypts it), else the string. Without it the string is printed.",
)
@click.option("--user-id", type=click.IntRange(min=1), help="Who is logged in, where the session does not say it.")
@click.option("--bot/--user", "is_bot", default=None, help="Whether that is a bot.")
@click.option("--test/--prod", "test", default=None, help="Which servers, where the session does not say it.")
@click.option("--address", "place", type=address, metavar="HOST:PORT", help="Where the data centre is.")
@click.option("--ask", is_flag=True, help="Ask the server who is logged in, with the key of the session.")
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The server's public key: a PEM file, or the ready file of `mtproto serve`, which has addresses, too.",
)
@API_ID
@TRANSPORT
@PROXY
@TIMEOUT
@debug_option
@pass_terminal
def _convert(
    terminal: Terminal, /, source: str | None, client: str, out: Path | None, ask: bool, **options: Any
) -> None:
    """Make another client's session of a session, with the key of the home data centre.

    Strings and files of Telethon and strings of GramJS do not say who is logged in. Pyrogram, Kurigram and this program
    have to know: --ask asks the server, or --user-id says so. Who has the result is logged in.
    """
    if out is not None and out.exists():
        raise CommandFailed(f"{out} is there already: it is left as it is")
    found = find_session(terminal, source)
    known, way = _given(options, found)
    if client == _OWN and found.record is not None:
        _write_own(terminal, known.servers.noted(found.record), out)
        return
    login = found.as_login(known.place).with_known(
        test=known.test, api_id=known.api_id, user_id=known.user_id, is_bot=known.is_bot, address=known.place
    )
    if ask:
        login = asyncio.run(_asked(login, way))
    if client == _OWN:
        _write_own(terminal, known.servers.noted(_account(found, login)), out)
    else:
        _write_foreign(terminal, login, client, out)


def _given(options: dict[str, Any], found: FoundSession) -> tuple[_Known, _Asking]:
    """Sort the options of `convert` into what is known of the session, and how the server is asked."""
    login = found.login
    said = found.record if login is None else login
    context = click.get_current_context()
    api_id = options["api_id"]
    explicit = context.get_parameter_source("api_id") is click.core.ParameterSource.COMMANDLINE
    servers = _servers(options["key"])
    if not explicit:  # that of the environment is for sessions that know none, and Telegram's as a rule
        api_id = None if said is not None and said.api_id is not None else servers.api_id or api_id
    test = bool(options["test"] or (said is not None and said.test))
    keys = servers.keys or tuple(RSAPublicKey.from_data(data) for data in (TEST_KEYS if test else PRODUCTION_KEYS))
    place = options["place"]
    if servers.keys:
        dc_id, address = found.home()
        place = place or servers.dcs.get(dc_id) or address
        servers = servers if place is None else replace(servers, dcs={**servers.dcs, dc_id: place})
    known = _Known(options["test"], api_id, options["user_id"], options["is_bot"], place, servers)
    return known, _Asking(keys, options["transport"], options["proxy"], options["timeout"])


def _servers(path: Path | None) -> _Servers:
    """Return the servers whose public key stands in a file: a PEM file, or a ready file, which tells more of them."""
    if path is None:
        return _Servers()
    text = path.read_text("utf-8", errors="replace")
    served = served_dc(text)
    pem = text if served is None else served.public_key_pem
    try:
        keys = (RSAPublicKey.from_pem(pem),)
    except CryptoError as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--key") from None
    return _Servers(keys) if served is None else _Servers(keys, _places_of(served), served.api_id)


def _places_of(served: ServedDC) -> dict[int, tuple[str, int]]:
    """Return where the data centres of a ready file are, by number."""
    places = dict(served.dcs)
    if served.address is not None and served.dc_id is not None:
        places.setdefault(served.dc_id, served.address)
    return places


async def _asked(login: ForeignLogin, way: _Asking) -> ForeignLogin:
    """Ask the server whose key it is, and return the session with the answer.

    Raises:
        click.UsageError: the number of an application is missing, without which no server answers.
        MTProtoError: as `Client` raises it; `Unauthorized` where nobody is logged in with this key.

    """
    if login.api_id is None:
        raise click.UsageError("--ask wants an application's id: MTPROTO_API_ID or --api-id")
    record = login.to_record()
    client = connect(
        login.place(),
        keys=way.keys,
        api_id=login.api_id,
        state=record.key(login.dc_id),
        transport=way.transport,
        proxy=way.proxy,
        timeout=way.timeout,
    )
    async with client:
        answer = await client(myself(api.schema))
    if len(answer) != 1 or answer[0].NAME != "user":
        raise CommandFailed("the server does not say who is logged in")
    return login.with_known(user_id=answer[0].id, is_bot=bool(answer[0].bot))


def _account(found: FoundSession, login: ForeignLogin | None) -> AccountRecord:
    """Return the account of a session. Raises CommandFailed where nobody knows who is logged in."""
    if found.record is not None:
        return found.record
    record = (login or found.as_login()).to_record()
    if record.user_id is None:
        raise CommandFailed(
            f"{found.layout} does not say who is logged in: `mtproto session convert` takes --user-id, or --ask"
        )
    return record


def _write_own(terminal: Terminal, record: AccountRecord, out: Path | None) -> None:
    if out is None:
        terminal.write(export_string(record))
        return
    store = FileStore(out, passphrase=from_environment("MTPROTO_PASSPHRASE"))
    try:
        store.save(record)
    finally:
        store.close()
    terminal.note(f"{out} holds the login")


def _write_foreign(terminal: Terminal, login: ForeignLogin, client: str, out: Path | None) -> None:
    is_file = out is not None and client in _WITH_FILES
    for warning in _warnings(login, client, is_file=is_file):
        terminal.note(f"warning: {warning}")
    data = export_foreign_file(login, client) if is_file else (export_foreign_string(login, client) + "\n").encode()
    if out is None:
        terminal.write(data.decode("ascii").rstrip())
    else:
        write_whole(out, data, PRIVATE)
        terminal.note(f"{out} holds the login")


def _warnings(login: ForeignLogin, client: str, *, is_file: bool) -> list[str]:
    """Say what of a session another client will not find in it."""
    warnings = []
    place = login.address
    if client == "gramjs" and login.place()[1] > _HIGHEST_OF_GRAMJS:
        warnings.append(f"GramJS reads ports above {_HIGHEST_OF_GRAMJS} as negative numbers, and can't connect there")
    if client == "pyrogram" or (client == "kurigram" and not is_file):
        default = replace(login, address=None)
        if place is not None and not _ships(default, place):
            warnings.append(f"this has no room for the address {authority(place)}; a file for Kurigram has")
    if client == "telethon" and ":" in login.place()[0]:
        warnings.append("Telethon uses an address of IPv6 with use_ipv6=True alone, and else one of its own")
    if client in ("telethon", "gramjs") and login.test:
        warnings.append("this does not say that the servers are test servers; their address does")
    return warnings


def _ships(login: ForeignLogin, place: tuple[str, int]) -> bool:
    """Tell whether clients know the address by themselves."""
    try:
        return login.place()[0] == place[0]
    except OptionError:
        return False


def _of_login(login: ForeignLogin) -> dict[str, Any]:
    return {
        "dc": login.dc_id,
        "address": None if login.address is None else authority(login.address),
        "servers": {None: None, True: "test", False: "production"}[login.test],
        "user_id": None if login.user_id is None else str(login.user_id),
        "bot": login.is_bot,
        "api_id": login.api_id,
        "key_id": AuthKey(login.auth_key).id_bytes.hex(),
    }


def _of_record(record: AccountRecord) -> dict[str, Any]:
    key_state = record.key(record.home_dc)
    place = record.dcs.get(record.home_dc)
    return {
        "dc": record.home_dc,
        "address": None if place is None else authority(place),
        "servers": "other" if record.is_elsewhere else "test" if record.test else "production",
        "user_id": None if record.user_id is None else str(record.user_id),
        "bot": record.is_bot if record.user_id is not None else None,
        "api_id": record.api_id,
        "key_id": None if key_state is None else key_state.auth_key.id_bytes.hex(),
        "keys_of_dcs": sorted(record.keys),
        "ended": record.ended,
    }
