"""`mtproto proxy`: a proxy that speaks MTProto, until it is told to stop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtproto.cli.listening import host_options
from mtproto.cli.options import address
from mtproto.cli.ready_file import ReadyFile
from mtproto.cli.stopping import stop_event
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal
from mtproto.errors import LocalProtocolError
from mtproto.proxy import ProxyServer
from mtproto.transport import Secret, authority

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["command"]


def _dc(value: str) -> tuple[int, tuple[str, int]]:
    number, separator, place = value.partition("=")
    if not (separator and number.removeprefix("-").isdecimal() and number.isascii() and len(number) < 7):
        raise click.BadParameter(f"{value!r} is not ID=HOST:PORT")
    if int(number) == 0:
        raise click.BadParameter(f"{value!r}: no data centre has the number 0")
    return int(number), address(place)


def _dcs(
    _context: click.Context, _parameter: click.Parameter, values: Sequence[tuple[int, tuple[str, int]]]
) -> dict[int, tuple[str, int]]:
    if len(dict(values)) != len(values):
        raise click.BadParameter("each data centre is named once")
    return dict(values)


def _secrets(context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> list[Secret]:
    for value in values:
        context.ensure_object(Terminal).secrets.add(value)
    try:
        return [Secret.parse(value) for value in values]
    except LocalProtocolError as error:
        raise click.BadParameter(str(error)) from None


@click.command("proxy", short_help="Run a proxy that speaks MTProto.")
@click.option(
    "--secret",
    "secrets",
    callback=_secrets,
    is_eager=True,
    multiple=True,
    required=True,
    envvar="MTPROTO_PROXY_SECRET",
    show_envvar=True,
    help="What clients must know: 16 bytes, dd and 16, or ee, 16 and a domain, in hex or base64url. May be repeated.",
)
@click.option(
    "--dc",
    "dcs",
    type=_dc,
    callback=_dcs,
    metavar="ID=HOST:PORT",
    multiple=True,
    required=True,
    help="A data centre to lead to; may be repeated.",
)
@host_options
@click.option(
    "--fallback",
    type=address,
    metavar="HOST:PORT",
    help="Where to pass on visitors without a secret; else they are sent away.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that is there while the port listens: JSON with address and links, secrets included.",
)
@debug_option
@pass_terminal
def command(
    terminal: Terminal,
    secrets: list[Secret],
    dcs: dict[int, tuple[str, int]],
    host: str,
    port: int,
    public_host: str | None,
    max_connections: int,
    fallback: tuple[str, int] | None,
    ready_file: Path | None,
) -> None:
    """Lead clients who know a secret to data centres, until SIGINT or SIGTERM.

    The links in the ready file are what a client takes as --proxy, and any Telegram app as well.
    """
    ready = ReadyFile(ready_file)
    server = ProxyServer(secrets, dcs, host=host, port=port, fallback=fallback, max_connections=max_connections)
    asyncio.run(_serve(server, terminal, public_host, ready))


async def _serve(server: ProxyServer, terminal: Terminal, public_host: str | None, ready_file: ReadyFile) -> None:
    stop = stop_event()
    async with server:
        links = [proxy.link for proxy in server.links(public_host)]
        host, port = server.address
        with ready_file.holding({"host": public_host or host, "port": port, "links": links}):
            terminal.write(
                f"proxy on {authority(server.address)}, {len(links)} {'secret' if len(links) == 1 else 'secrets'}"
            )
            await stop.wait()
    terminal.write("stopped")
