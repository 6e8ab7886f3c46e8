"""The key with which `mtproto decode` opens encrypted packets: reading the key, and opening packets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtproto.cli.decode_input import read_bytes
from mtproto.cli.errors import CommandFailed
from mtproto.cli.state_file import read_state
from mtproto.cli.terminal import Terminal
from mtproto.errors import RemoteProtocolError
from mtproto.message import AUTH_KEY_LENGTH, OUTER, SMALLEST_V1, AuthKey, Sender, unseal, unseal_v1

if TYPE_CHECKING:
    from mtproto.message import Unsealed

__all__ = ["AUTH_KEY", "STATE", "STDIN_TAKEN", "looks_encrypted", "open_packet", "the_key"]

STDIN_TAKEN = "mtproto.stdin_taken"
"""Set in a context if the key was read from standard input."""

_BLOCK = 16


def _auth_key(context: click.Context, _parameter: click.Parameter, value: str | None) -> AuthKey | None:
    if value is None:
        return None
    context.ensure_object(Terminal).secrets.add(value)
    if value == "-":
        context.meta[STDIN_TAKEN] = True
        raw = sys.stdin.buffer.read()
    else:
        path = Path(value)
        raw = path.read_bytes() if len(value) < AUTH_KEY_LENGTH and path.is_file() else value.encode()
    data = raw if len(raw) == AUTH_KEY_LENGTH else read_bytes(raw.decode("ascii", "replace"))
    if data is None or len(data) != AUTH_KEY_LENGTH:  # the error does not repeat the value, which may be a key
        raise click.BadParameter(f"neither the {AUTH_KEY_LENGTH} bytes of a key in hex or base64, nor a file with them")
    return AuthKey(data)


AUTH_KEY = click.option(
    "--auth-key",
    callback=_auth_key,
    is_eager=True,
    metavar="HEX|FILE|-",
    envvar="MTPROTO_AUTH_KEY",
    show_envvar=True,
    help="Key to open encrypted packets with. Other users of the machine see what stands on a command line: better "
    "give a file, `-` for standard input, or the variable.",
)
STATE = click.option(
    "--state",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="State file whose key opens encrypted packets.",
)


def the_key(auth_key: AuthKey | None, state: Path | None) -> AuthKey | None:
    """Return the key that was given; None if no key was given.

    Raises:
        click.UsageError: both were given.
        StoreError: the file is no state file, or can't be read.

    """
    if state is None:
        return auth_key
    if auth_key is not None:
        raise click.UsageError("--auth-key and --state exclude one another")
    stored = read_state(state)
    return None if stored is None else stored.key_state.auth_key


def looks_encrypted(data: bytes) -> bool:
    """Tell whether bytes have the size of an encrypted packet and name a key."""
    return len(data) >= SMALLEST_V1 and (len(data) - OUTER) % _BLOCK == 0 and data[:8] != bytes(8)


def open_packet(key: AuthKey, data: bytes) -> tuple[str, Unsealed]:
    """Open a packet of either version in either direction; return words for that, and the content of the packet.

    Raises:
        CommandFailed: the key doesn't open it.

    """
    if data[:8] != key.id_bytes:
        raise CommandFailed(
            f"the packet names the key with the auth_key_id {data[:8].hex()}; the key that was given has "
            f"{key.id_bytes.hex()}"
        )
    ways = ((Sender.CLIENT, "client to server"), (Sender.SERVER, "server to client"))
    for version, opener in (("2.0", unseal), ("1.0", unseal_v1)):
        for sender, direction in ways:
            try:
                return f"MTProto {version}, {direction}", opener(key, sender, data)
            except RemoteProtocolError:
                continue
    raise CommandFailed("the packet names the key that was given, which doesn't open it: a byte is wrong or missing")
