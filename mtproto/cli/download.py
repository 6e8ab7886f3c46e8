"""`mtproto download`: one file, by its location or by the object that carries it."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from mtproto.cli.connection import open_account_caller
from mtproto.cli.file_json import WANTED, read_file_object, wanted_file
from mtproto.cli.options import connection_options
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal, printable
from mtproto.cli.transfers import QUIET, WAIT, TransferView
from mtproto.cli.undecodable import keep_undecodable
from mtproto.cli.whom import users_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtproto.cli.options import Target
    from mtproto.flows import RemoteFile
    from tl import TLObject

__all__ = ["command"]

_LARGEST_LONG = (1 << 63) - 1


@click.command("download", short_help="Fetch one file: a photo, a document, what a message carries.")
@click.argument("location", metavar=WANTED)
@click.option(
    "--out",
    default=".",
    metavar="PATH|-",
    help="File or folder to save to; in a folder, the present one by default, the file is named after its id. "
    "A path that ends with / means a folder, which is made. A file that is there already is replaced. `-` is stdout.",
)
@click.option("--file-dc", type=click.IntRange(1, 999), help="Data centre of a location, if you know it.")
@click.option(
    "--size", type=click.IntRange(0, _LARGEST_LONG), metavar="BYTES", help="Length of the file of a location."
)
@click.option("--letter", help="Which size of a photo, or preview of a document; by default the best, and no preview.")
@click.option(
    "--owner", metavar="USER", help="Whose photo it is: where its file reference has expired, USER's photos are asked."
)
@click.option("--verify", is_flag=True, help="Check every byte against the hashes that the server tells.")
@QUIET
@WAIT
@keep_undecodable
@connection_options
@debug_option
@pass_terminal
def command(
    terminal: Terminal,
    location: str,
    out: str,
    file_dc: int | None,
    size: int | None,
    letter: str | None,
    owner: str | None,
    verify: bool,
    quiet: bool,
    wait: float,
    target: Target,
) -> None:
    """Fetch the file that LOCATION-JSON means.

    LOCATION-JSON is an object of the type InputFileLocation in JSON, as `mtproto call` takes it; or a photo, a document
    or a message as commands with --json print it; or `-`, to read one from stdin. For example:

    mtproto photos single --json | jq .photos[0] | mtproto download -

    Until the file is whole its bytes stand in PATH.part. The same command goes on where an earlier one has ended,
    however it ended; not so with --out -, where the bytes come in order.
    """
    found = read_file_object(location, target.schema)
    file = wanted_file(found, dc=file_dc, size=size, letter=letter)
    whose = None if owner is None else users_of([owner])[0]
    fetch = _Fetch(found, file, _place(out, file), letter, whose, verify, TransferView(terminal, quiet, wait))
    fetch.run(target)


def _place(out: str, file: RemoteFile) -> Path | None:
    """Return the path to save to; None for stdout. A folder that is named by a separator at the end is made.

    Raises `click.UsageError` where nothing can be saved there.

    """
    if out == "-":
        if sys.stdout.isatty():
            raise click.UsageError(
                "--out -: stdout is a terminal, and the file is no text: write it to a pipe or a file"
            )
        return None
    path = Path(out)
    if out.endswith(("/", os.sep)):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            text = f"the folder {path} can't be made: {error.strerror}"
            raise click.BadParameter(text, param_hint="--out") from error
    if path.is_dir():
        return path / file.name
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}", param_hint="--out")
    return path


class _Stdout:
    """Stdout for bytes; whoever reads them slowly stops nothing else."""

    async def write(self, data: bytes) -> None:
        """Write bytes. Raises OSError as the system says."""
        await asyncio.to_thread(sys.stdout.buffer.write, data)


class _Fetch:
    """The work of one command.

    Args:
        found: what the user named.
        file: the file that it means.
        path: where the file goes; None: to stdout.
        letter: of the size that is wanted.
        owner: whose photo it is.
        verify: whether every byte is checked.
        view: how the user is told.

    """

    def __init__(
        self,
        found: TLObject,
        file: RemoteFile,
        path: Path | None,
        letter: str | None,
        owner: str | None,
        verify: bool,
        view: TransferView,
    ) -> None:
        self._found = found
        self._file = file
        self._path = path
        self._letter = letter
        self._owner = owner
        self._verify = verify
        self._view = view

    def run(self, target: Target) -> None:
        """Fetch the file, and tell where it is. Raises as `Account.download`, and KeyboardInterrupt."""
        with self._telling_what_stays():
            asyncio.run(self._fetched(target))
        if self._path is None:
            sys.stdout.buffer.flush()
            return
        text = Text(printable(f"{self._path}  {self._path.stat().st_size} bytes"))
        self._view.terminal.out.print(text, soft_wrap=True)

    async def _fetched(self, target: Target) -> None:
        async with open_account_caller(target) as call:
            origin = None if self._owner is None else await call.user(self._owner)
            with self._view.watching(self._file.name, self._file.size) as watch:
                # The message itself is given, and not its file: a file reference is made fresh by the message.
                what = self._file if self._file.carrier is None else self._found
                to = _Stdout() if self._path is None else self._path
                await call.download(what, to, watch, size=self._letter, origin=origin, verify=self._verify)

    @contextmanager
    def _telling_what_stays(self) -> Iterator[None]:
        """Say how to go on where a download ends too early."""
        try:
            yield
        except KeyboardInterrupt:
            if text := self._what_stays():
                self._view.terminal.note(text)
            raise
        except Exception as error:
            if (text := self._what_stays()) and ".part" not in str(error):  # a full disk says so itself, if it knows
                error.add_note(text)
            raise

    def _what_stays(self) -> str:
        if self._path is None:
            return ""
        part = self._path.with_name(f"{self._path.name}.part")
        if not part.exists():
            return ""
        return f"what has come stays in {part}; the same command goes on from there"
