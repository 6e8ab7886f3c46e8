"""The options that every command with a connection has, and the `Target` that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click
from click.core import ParameterSource

from mtproto.cli.answers import from_environment
from mtproto.cli.ready_file import ServedDC, served_dc
from mtproto.cli.terminal import Terminal
from mtproto.crypto import CryptoError, RSAPublicKey
from mtproto.datacenters import PRODUCTION, PRODUCTION_KEYS, TEST, TEST_KEYS, DataCenter
from mtproto.errors import LocalProtocolError
from mtproto.net import TRANSPORT_NAMES, parse_proxy
from mtproto.transport import parse_address
from tl import Schema, SchemaError, api, load_layer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "API_HASH",
    "API_ID",
    "BOT_TOKEN",
    "LAYER",
    "PROXY",
    "TIMEOUT",
    "TRANSPORT",
    "KnownPlaces",
    "Target",
    "address",
    "connection_options",
]

KnownPlaces: TypeAlias = "Mapping[int, tuple[str, int]] | Mapping[int, DataCenter]"
"""Where the data centres of an account are, by number."""

_DEFAULT_DC = 2

CREDENTIALS = ("api_id", "api_hash", "bot_token")


def address(value: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT, or of [HOST]:PORT for IPv6.

    Raises:
        click.BadParameter: the text is neither.

    """
    try:
        return parse_address(value)
    except LocalProtocolError as error:
        raise click.BadParameter(str(error)) from None


def _api_id(value: str) -> int:
    # The error doesn't repeat the value: it may be a credential in the wrong place.
    if not (value.isascii() and value.isdigit() and int(value) < 1 << 31):
        raise click.BadParameter("not a number as my.telegram.org gives it")
    return int(value)


def _secret(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None and isinstance(parameter.envvar, str):
        value = from_environment(parameter.envvar)
    context.ensure_object(Terminal).secrets.add(value)
    return value


def _proxy(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    _secret(context, parameter, value)
    if value is not None:
        try:
            parse_proxy(value)
        except LocalProtocolError as error:
            raise click.BadParameter(str(error)) from None
    return value


def _layer(_context: click.Context, _parameter: click.Parameter, value: int | None) -> Schema:
    try:
        return api.schema if value is None else load_layer(value)
    except SchemaError as error:
        raise click.BadParameter(str(error)) from None


LAYER = click.option(
    "--layer",
    "schema",
    type=int,
    callback=_layer,
    metavar="NUMBER",
    help=f"The layer of Telegram's API to speak and to read; {api.layer} by default.",
)
TRANSPORT = click.option(
    "--transport",
    type=click.Choice(TRANSPORT_NAMES),
    metavar="NAME",
    help=f"How the connection is made: {', '.join(TRANSPORT_NAMES)}; by default intermediate, or as --proxy asks.",
)
PROXY = click.option(
    "--proxy",
    callback=_proxy,
    is_eager=True,
    metavar="LINK",
    envvar="MTPROTO_PROXY",
    show_envvar=True,
    help="Proxy to go through: tg://proxy?…, https://t.me/proxy?…, tg://socks?…, socks5://…, socks4://… or http://…",
)
TIMEOUT = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds that one answer may take.",
)
API_ID = click.option(
    "--api-id",
    type=_api_id,
    metavar="NUMBER",
    envvar="MTPROTO_API_ID",
    show_envvar=True,
    help="From my.telegram.org.",
)
API_HASH = click.option(
    "--api-hash",
    callback=_secret,
    is_eager=True,
    envvar="MTPROTO_API_HASH",
    show_envvar=True,
    help="From my.telegram.org.",
)
BOT_TOKEN = click.option(
    "--bot-token",
    callback=_secret,
    is_eager=True,
    envvar="MTPROTO_BOT_TOKEN",
    show_envvar=True,
    help="From @BotFather.",
)


@dataclass(frozen=True, slots=True)
class Target:
    """The data centre to connect to, and the credentials.

    Attributes:
        address: host and port, or one of Telegram's data centres; None for a local one that lives as long as the
            command.
        keys: the public keys to trust there.
        dc_id: the number of the data centre, as the key exchange carries it; None if nobody named it.
        dcs: the data centres that an account may use; None: those of the local network, or of the session file.
        local: whether a local network is asked for.
        session: the file that keeps an account; None: no account is kept.
        passphrase: encrypts that file; None: nothing does.
        state: the file that keeps one key; None to make a new key and forget it.
        transport: a name of `mtproto.net.TRANSPORT_NAMES`; None for the default.
        proxy: the way there, as `mtproto.net.route_options` reads it; None for the straight one.
        pfs: whether calls are sent under temporary keys only.
        timeout: seconds that one call may take.
        api_id: the number of the application; None if it was not given.
        api_hash: the secret of the application.
        bot_token: the token to log in with.
        schema: the layer of the API that calls are made in.

    """

    address: tuple[str, int] | DataCenter | None
    keys: tuple[RSAPublicKey, ...]
    dc_id: int | None
    state: Path | None
    transport: str | None
    proxy: str | None = field(repr=False)
    pfs: bool
    timeout: float
    api_id: int | None = field(repr=False)
    api_hash: str = field(repr=False)
    bot_token: str | None = field(repr=False)
    schema: Schema = api.schema
    dcs: KnownPlaces | None = None
    local: bool = False
    session: Path | None = None
    passphrase: str | None = field(default=None, repr=False)


_OPTIONS = (
    click.option(
        "--dc", type=address, metavar="HOST:PORT", help="Address of a data centre; needs --key. A ready file has it."
    ),
    click.option(
        "--key",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Its public key: a PEM file, or the ready file of `mtproto serve`, whose address and credentials are "
        "taken, too, where no option names others.",
    ),
    click.option("--test", is_flag=True, help="Telegram's test servers."),
    click.option("--prod", is_flag=True, help="Telegram's production servers."),
    click.option(
        "--local",
        is_flag=True,
        help="A local network, as long as the command runs: the default. With --session FILE its state is kept in "
        "FILE.local/, and every command with that FILE starts it again.",
    ),
    click.option("--dc-id", type=click.IntRange(1, 999), help=f"Which of them; {_DEFAULT_DC} by default."),
    click.option(
        "--state",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File that keeps one authorization key: with it, a second run exchanges none.",
    ),
    click.option(
        "--session",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File that keeps an account: login, and keys of all data centres. MTPROTO_PASSPHRASE encrypts it.",
    ),
    TRANSPORT,
    PROXY,
    click.option("--pfs", is_flag=True, help="Send everything under temporary keys: perfect forward secrecy."),
    TIMEOUT,
    LAYER,
    API_ID,
    API_HASH,
    BOT_TOKEN,
)


_NAMES = (
    *("dc", "key", "test", "prod", "local", "dc_id", "state", "session"),
    *("transport", "proxy", "pfs", "timeout", "schema"),
)


def connection_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a connection; it receives them as one argument, `target`."""

    @wraps(function)
    def with_target(*arguments: Any, **options: Any) -> Any:
        chosen = {name: options.pop(name) for name in _NAMES}
        dcs: Mapping[int, tuple[str, int]] = {}
        credentials = {name: options.pop(name) for name in CREDENTIALS}
        text, served = None, None
        if chosen["key"] is not None:
            text = chosen["key"].read_text("utf-8", errors="replace")
            served = served_dc(text)
        if served is not None and not (chosen["test"] or chosen["prod"]):
            credentials |= _credentials_of(served)
            chosen["dc"] = chosen["dc"] or served.address
            chosen["dc_id"] = chosen["dc_id"] or served.dc_id
            text = served.public_key_pem
            dcs = served.dcs
        return function(*arguments, target=_target(**chosen, **credentials, pem=text, served=dcs), **options)

    decorated: Callable[..., Any] = with_target
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _credentials_of(served: ServedDC) -> dict[str, Any]:
    """Return the credentials of a ready file that the command line does not give itself.

    Those of the environment are Telegram's as a rule, and no other data centre takes them.
    """
    context = click.get_current_context()
    secrets = context.ensure_object(Terminal).secrets
    secrets.add(served.api_hash)
    secrets.add(served.bot_token)
    found = {name: getattr(served, name) for name in CREDENTIALS}
    return {
        name: value
        for name, value in found.items()
        if value is not None and context.get_parameter_source(name) is not ParameterSource.COMMANDLINE
    }


def _target(
    *,
    dc: tuple[str, int] | None,
    key: Path | None,
    test: bool,
    prod: bool,
    local: bool,
    dc_id: int | None,
    state: Path | None,
    session: Path | None,
    api_hash: str | None,
    pem: str | None,
    served: Mapping[int, tuple[str, int]],
    **others: Any,
) -> Target:
    if (dc is not None) + test + prod + local > 1:
        raise click.UsageError("--dc, --test, --prod and --local exclude one another")
    _check_files(state, session, local=local)
    has_state = state is not None and state.exists()
    if dc is None and key is not None:
        raise click.UsageError("--key needs --dc, or has to be the ready file of `mtproto serve`")
    if dc is not None and key is None and not has_state:
        raise click.UsageError("--dc needs --key, or a --state that knows it")
    place: tuple[str, int] | DataCenter | None = dc
    dcs: KnownPlaces | None = None if dc is None else served or {dc_id or _DEFAULT_DC: dc}
    if test or prod:
        if session is not None and dc_id is not None:
            raise click.UsageError("--dc-id and --session exclude one another: an account uses all data centres")
        place = _telegrams(TEST if test else PRODUCTION, _DEFAULT_DC if dc_id is None else dc_id)
        dcs, dc_id = TEST if test else PRODUCTION, place.exchange_id
    elif dc is None and dc_id is not None and not has_state:
        raise click.UsageError("--dc-id needs --dc, --test or --prod")
    return Target(
        address=place,
        keys=_keys_of(key, pem, test=test, prod=prod),
        dc_id=dc_id,
        state=state,
        session=session,
        passphrase=None if session is None else from_environment("MTPROTO_PASSPHRASE"),
        local=local,
        dcs=dcs,
        api_hash=api_hash or "",
        **others,
    )


def _check_files(state: Path | None, session: Path | None, *, local: bool) -> None:
    if state is not None and session is not None:
        raise click.UsageError("--state and --session exclude one another: one key, or an account")
    if state is not None and local:
        raise click.UsageError("--state and --local exclude one another: --session keeps the account of a network")
    for name, path in (("--state", state), ("--session", session)):
        if path is not None and not path.parent.is_dir():
            raise click.BadParameter(f"there is no folder {path.parent}", param_hint=name)


def _telegrams(known: Mapping[int, DataCenter], number: int) -> DataCenter:
    if number not in known:
        numbers = ", ".join(map(str, known))
        raise click.BadParameter(f"there is no data centre {number}; there are: {numbers}", param_hint="--dc-id")
    return known[number]


def _keys_of(path: Path | None, pem: str | None, *, test: bool, prod: bool) -> tuple[RSAPublicKey, ...]:
    if path is None or pem is None:
        known = TEST_KEYS if test else PRODUCTION_KEYS if prod else ()
        return tuple(RSAPublicKey.from_data(data) for data in known)
    try:
        return (RSAPublicKey.from_pem(pem),)
    except CryptoError as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--key") from None
