"""`mtproto upload`: a file as a profile photo, or as a document in a message."""

from __future__ import annotations

import asyncio
import json
import mimetypes
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from mtproto.cli.connection import open_account_caller
from mtproto.cli.errors import CommandFailed
from mtproto.cli.options import connection_options
from mtproto.cli.render import as_data
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal, printable
from mtproto.cli.transfers import QUIET, WAIT, TransferView
from mtproto.cli.undecodable import keep_undecodable
from mtproto.flows import WrongReference, meant_by

if TYPE_CHECKING:
    from mtproto.cli.connection import AccountCaller
    from mtproto.cli.options import Target
    from tl import Schema

__all__ = ["command"]

PROFILE_PHOTO, DOCUMENT = "profile-photo", "document"

LARGEST_STDIN = 10 << 20
"""Bytes of stdin that are sent at most: they are held in memory."""


def _peer(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    try:
        if value is not None:
            meant_by(value, "InputPeer")
    except WrongReference as error:
        raise click.BadParameter(str(error)) from None
    return value


@click.command("upload", short_help="Send a file as a document, or set it as the profile photo.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--as", "form", type=click.Choice([PROFILE_PHOTO, DOCUMENT]), required=True, help="What the file is to be."
)
@click.option("--to", metavar="PEER", callback=_peer, help="Who gets the document: a name, a link, an id, or `me`.")
@click.option("--caption", default="", help="Text of the document's message.")
@click.option("--name", help="Name of the file for who gets it; by default its own, and `stdin` for `-`.")
@click.option("--json", "json_", is_flag=True, help="Print the photo or the message as JSON, as `download` reads it.")
@QUIET
@WAIT
@keep_undecodable
@connection_options
@debug_option
@pass_terminal
def command(
    terminal: Terminal,
    file: str,
    form: str,
    to: str | None,
    caption: str,
    name: str | None,
    json_: bool,
    quiet: bool,
    wait: float,
    target: Target,
) -> None:
    """Upload FILE, and set it as one's own profile photo or send it to PEER as a document.

    For example:

    mtproto upload report.pdf --as document --to @name --caption "The report" --session me.session

    FILE is a file on disk, or `-`: stdin is read up to its end, and holds 10 MB (10 * 1024 * 1024 bytes) at most.
    """
    if form == DOCUMENT and to is None:
        raise click.UsageError("--as document needs --to PEER")
    if form == PROFILE_PHOTO and (to is not None or caption):
        raise click.UsageError("--to and --caption are for --as document: a profile photo is one's own")
    if name == "":
        raise click.BadParameter("it is empty", param_hint="--name")
    source = _from_stdin() if file == "-" else Path(file)
    if isinstance(source, bytes):
        size, own = len(source), "stdin"
    else:
        size, own = source.stat().st_size, source.name
    asyncio.run(_Send(source, name or own, size, to, caption, json_, TransferView(terminal, quiet, wait)).run(target))


def _from_stdin() -> bytes:
    """Return the bytes of stdin. Raises `CommandFailed` where they are none, or more than are held in memory."""
    data = sys.stdin.buffer.read(LARGEST_STDIN + 1)
    if not data:
        raise CommandFailed("stdin is empty, and there is nothing to send")
    if len(data) > LARGEST_STDIN:
        raise CommandFailed(
            f"stdin holds more than {LARGEST_STDIN} bytes: write them to a file on disk, and send that file"
        )
    return data


@dataclass(frozen=True, slots=True)
class _Send:
    """The work of one command.

    Attributes:
        source: the path of the file, or its bytes.
        name: of the file, for who gets it.
        size: in bytes.
        to: who gets it as a document; None: it is a profile photo.
        caption: of the document.
        json_: whether the answer is shown as JSON.
        view: how the user is told of the upload.

    """

    source: Path | bytes
    name: str
    size: int
    to: str | None
    caption: str
    json_: bool
    view: TransferView

    async def run(self, target: Target) -> None:
        """Upload the file, use it, and tell what became of it. Raises as `Account.upload` and as a call."""
        async with open_account_caller(target) as call:
            # Who is meant is asked first: a name that is nobody's must not cost an upload.
            peer = None if self.to is None else await call.peer(self.to)
            with self.view.watching(self.name, self.size) as watch:
                uploaded = await call.upload(self.source, watch, self.name)
            if peer is None:
                shown, words = await _set_photo(call, uploaded, target.schema)
            else:
                shown, words = await self._send(call, uploaded, peer, target.schema)
            # The answer is shown before the state is saved, so that a full disk does not lose it.
            if self.json_:
                self.view.terminal.write(json.dumps(as_data(shown), indent=1))
            else:
                self.view.terminal.out.print(Text(printable(words)), soft_wrap=True)
            if call.is_passing:
                self.view.terminal.note("sent on a local network that ends with this command; --session FILE keeps one")

    async def _send(self, call: AccountCaller, uploaded: Any, peer: Any, schema: Schema) -> tuple[Any, str]:
        """Send the file in a message (core.telegram.org/method/messages.sendMedia)."""
        types = schema.types
        name = self.name.encode("utf-8", "replace").decode()  # a name on disk need not be text
        media = types.InputMediaUploadedDocument(
            file=uploaded,
            mime_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
            attributes=[types.DocumentAttributeFilename(file_name=name)],
            force_file=True,
        )
        answer = await call(
            schema.functions.messages.SendMedia(
                peer=peer, media=media, message=self.caption, random_id=secrets.randbits(63)
            )
        )
        for update in getattr(answer, "updates", ()):
            message = getattr(update, "message", None)
            if message is not None and message.NAME == "message":
                return message, f"message {message.id} to {self.to}"
        raise CommandFailed(f"messages.sendMedia: {answer.NAME} came, which shows no message")


async def _set_photo(call: AccountCaller, uploaded: Any, schema: Schema) -> tuple[Any, str]:
    """Let the file be one's profile photo (core.telegram.org/method/photos.uploadProfilePhoto)."""
    answer = await call(schema.functions.photos.UploadProfilePhoto(file=uploaded))
    return answer.photo, f"profile photo {answer.photo.id}"
