"""`mtproto serve`: a local data centre until it is told to stop."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtproto.cli.faults import arm_faults, fault_options
from mtproto.cli.listening import age, host_options, in_folder
from mtproto.cli.logs import show_warnings
from mtproto.cli.ready_file import ReadyFile
from mtproto.cli.stopping import stop_event
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal
from mtproto.crypto import CryptoError, RSAPrivateKey
from mtproto.link import KEY_AGE, SESSION_AGE
from mtproto.localdc import LocalDC, LocalNetwork, check_types, world_from_folder
from mtproto.transport import authority
from tl import Schema, api

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtproto.localdc import NetworkOptions

__all__ = ["command"]


def _layer_file(value: str) -> tuple[int, Path]:
    layer, separator, name = value.partition("=")
    if not (separator and name and layer.isascii() and layer.isdigit() and 0 < int(layer) < 1 << 31):
        raise click.BadParameter(f"{value!r} is not LAYER=FILE")
    if int(layer) == api.layer:
        raise click.BadParameter(f"layer {layer} is packaged, and always spoken")
    if not Path(name).is_file():
        raise click.BadParameter(f"there is no file {name}")
    return int(layer), Path(name)


def _ids(value: str) -> tuple[int, ...]:
    parts = value.split(",")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise click.BadParameter(f"{value!r} is no list of numbers with commas, such as 1,2,4")
    return tuple(int(part) for part in parts)


@click.command("serve", short_help="Run a data centre on this machine.")
@host_options
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Private RSA key, a PEM file; without it a new one is made.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    callback=in_folder,
    help="File that keeps authorization keys over restarts (and the RSA key where --key is not given); with --dcs a "
    "folder.",
)
@click.option(
    "--dcs",
    type=_ids,
    metavar="ID,ID,…",
    help="Run several data centres over one world, each with its port, with users who log in by phone: --dcs 1,2,4.",
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
    "--session-age",
    callback=age,
    default=str(SESSION_AGE),
    show_default=True,
    metavar="SECONDS",
    help="Seconds that a session without a connection is kept, or `never` to forget none.",
)
@click.option(
    "--key-age",
    callback=age,
    default=str(KEY_AGE),
    show_default=True,
    metavar="SECONDS",
    help="Seconds that a key which nobody uses is kept, and its login with it, or `never` to forget none.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Refuse what the documentation calls wrong and Telegram's servers let pass: to test a client of your own.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that is there while the port listens: JSON with address, public key, credentials and users.",
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
    dcs: tuple[int, ...] | None,
    world: Path | None,
    schemas: tuple[tuple[int, Path], ...],
    session_age: float | None,
    key_age: float | None,
    max_connections: int,
    strict: bool,
    ready_file: Path | None,
    faults: tuple[str, ...],
) -> None:
    """Run a data centre on this machine, until SIGINT or SIGTERM.

    Its credentials are the same in every run, stand in the ready file, and are good for nothing elsewhere.
    """
    show_warnings(terminal)
    _check_state(state, is_folder=dcs is not None)
    options: NetworkOptions = {
        "public_host": public_host,
        "key": None if key is None else _read_key(key),
        "world": None if world is None else world_from_folder(world),
        "schemas": _read_schemas(schemas),
        "state": state,
        "strict": strict,
        "session_age": session_age,
        "key_age": key_age,
        "max_connections": max_connections,
    }
    served = LocalDC(host, port, **options) if dcs is None else LocalNetwork(dcs, host, port, **options)
    asyncio.run(_serve(served, terminal, ready_file, faults))


def _check_state(state: Path | None, *, is_folder: bool) -> None:
    if state is not None and state.exists() and state.is_dir() is not is_folder:
        wanted = "a folder, with --dcs" if is_folder else "a file, without --dcs"
        raise click.BadParameter(f"{state} is not {wanted}", param_hint="--state")


def _read_key(path: Path) -> RSAPrivateKey:
    try:
        return RSAPrivateKey.from_pem(path.read_text("ascii", errors="replace"))
    except CryptoError as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--key") from None


def _read_schemas(files: tuple[tuple[int, Path], ...]) -> Mapping[int, Schema]:
    schemas: dict[int, Schema] = {}
    for layer, path in files:
        if layer in schemas:
            raise click.BadParameter(f"layer {layer} is given twice", param_hint="--schema")
        schemas[layer] = Schema.parse(path.read_text("utf-8-sig", errors="replace"), layer=layer, name=str(path))
        check_types(schemas[layer])
    return schemas


async def _serve(
    served: LocalDC | LocalNetwork, terminal: Terminal, ready_file: Path | None, faults: tuple[str, ...]
) -> None:
    dcs = list(served.dcs.values()) if isinstance(served, LocalNetwork) else [served]
    async with AsyncExitStack() as stack:
        stack.push_async_callback(served.close)  # it holds the locks of the state files from here on
        for dc in dcs:
            arm_faults(dc.faults, faults)
        # The ready file is checked under that lock: a second server with the same state file does not remove the first
        # one's.
        ready_path = ReadyFile(ready_file)
        stop = stop_event()
        await served.start()
        ready = served.client_info()
        with ready_path.holding(ready):
            many = "s" if len(dcs) > 1 else ""
            places = ", ".join(f"{dc.dc_id} on {authority(dc.address)}" for dc in dcs)
            terminal.write(f"local data centre{many} {places}, key {ready['fingerprint']}, {len(ready['users'])} users")
            for account in ready.get("accounts", ()):
                password = "" if account["password"] is None else f", password {account['password']}"
                terminal.write(
                    f"  {account['username']}: phone +{account['phone']}, code {account['code']}{password}, "
                    f"DC {account['dc_id']}"
                )
            await stop.wait()
    terminal.write("stopped")
