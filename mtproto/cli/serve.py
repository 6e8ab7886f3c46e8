"""`mtproto serve`: a local data centre until it is told to stop."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from mtproto.cli.faults import arm_faults, fault_options
from mtproto.cli.files import PRIVATE, write_whole
from mtproto.cli.stopping import stop_event
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal, printable
from mtproto.crypto.errors import CryptoError
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.localdc import LocalDC, world_from_folder
from mtproto.net.carrier import authority
from tl import Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["command"]


def _layer_file(value: str) -> tuple[int, Path]:
    layer, separator, name = value.partition("=")
    if not (separator and name and layer.isascii() and layer.isdigit()):
        raise click.BadParameter(f"{value!r} is not LAYER=FILE")
    return int(layer), Path(name)


@click.command("serve", short_help="Run a data centre on this machine.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port; 0 for any free one.")
@click.option("--public-host", help="Address that clients are told, where it is another.")
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Private RSA key, a PEM file; without it a new one is made.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that keeps authorization keys over restarts (and the RSA key where --key is not given).",
)
@click.option(
    "--world",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of pictures, one sub-folder for each user; needs the extra `world`.",
)
@click.option(
    "--schema",
    "schemas",
    type=_layer_file,
    metavar="LAYER=FILE",
    multiple=True,
    help="A further layer to answer clients in, as a .tl file; may be repeated.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write once the port listens: JSON with address, public key, credentials and users.",
)
@fault_options
@debug_option
@pass_terminal
def command(
    terminal: Terminal,
    host: str,
    port: int,
    public_host: str | None,
    key: Path | None,
    state: Path | None,
    world: Path | None,
    schemas: tuple[tuple[int, Path], ...],
    ready_file: Path | None,
    faults: tuple[str, ...],
) -> None:
    """Run a data centre on this machine, until SIGINT or SIGTERM.

    Its credentials are the same in every run, stand in the ready file, and are good for nothing elsewhere.
    """
    dc = LocalDC(
        host,
        port,
        public_host=public_host,
        key=None if key is None else _read_key(key),
        world=None if world is None else world_from_folder(world),
        schemas=_read_schemas(schemas),
        state=state,
    )
    arm_faults(dc.faults, faults)
    logger, warnings = logging.getLogger("mtproto.localdc.keys"), _KeyWarnings(terminal)
    logger.addHandler(warnings)
    try:
        asyncio.run(_serve(dc, terminal, ready_file))
    finally:
        logger.removeHandler(warnings)


def _read_key(path: Path) -> RSAPrivateKey:
    try:
        return RSAPrivateKey.from_pem(path.read_text("ascii", errors="replace"))
    except CryptoError as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--key") from None


def _read_schemas(files: tuple[tuple[int, Path], ...]) -> Mapping[int, Schema]:
    return {
        layer: Schema.parse(path.read_text("utf-8", errors="replace"), layer=layer, name=str(path))
        for layer, path in files
    }


class _KeyWarnings(logging.Handler):
    """Shows what the data centre logs of its state file: who runs it should know before it ends."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.WARNING)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        text = self._terminal.secrets.hide(record.getMessage())
        if record.levelno >= logging.ERROR:
            self._terminal.fail(text)
        else:
            self._terminal.err.print(Text(printable(text)), soft_wrap=True)


async def _serve(dc: LocalDC, terminal: Terminal, ready_file: Path | None) -> None:
    stop = stop_event()
    async with dc:
        ready = dc.ready()
        if ready_file is not None:
            write_whole(ready_file, (json.dumps(ready, indent=1) + "\n").encode(), PRIVATE)
        terminal.write(
            f"local data centre {ready['dc_id']} on {authority(dc.address)}, key {ready['fingerprint']}, "
            f"{len(ready['users'])} users"
        )
        await stop.wait()
    terminal.write("stopped")
