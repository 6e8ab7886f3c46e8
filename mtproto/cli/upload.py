"""`mtproto upload`: a file as a profile photo, or as a document in a message."""

from __future__ import annotations

import asyncio
import json
import mimetypes
import secrets
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


def _peer(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    try:
        if value is not None:
            meant_by(value, "InputPeer")
    except WrongReference as error:
        raise click.BadParameter(str(error)) from None
    return value


@click.command("upload", short_help="Send a file as a document, or set it as the profile photo.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--as", "form", type=click.Choice([PROFILE_PHOTO, DOCUMENT]), required=True, help="What the file is to be."
)
@click.option("--to", metavar="PEER", callback=_peer, help="Who gets the document: a name, a link, an id, or `me`.")
@click.option("--caption", default="", help="Text of the document's message.")
@click.option("--json", "json_", is_flag=True, help="Print the photo or the message as JSON, as `download` reads it.")
@QUIET
@WAIT
@keep_undecodable
@connection_options
@debug_option
@pass_terminal
def command(
    terminal: Terminal,
    file: Path,
    form: str,
    to: str | None,
    caption: str,
    json_: bool,
    quiet: bool,
    wait: float,
    target: Target,
) -> None:
    """Upload FILE, and set it as one's own profile photo or send it to PEER as a document.

    For example:

    mtproto upload report.pdf --as document --to @name --caption "The report" --session me.session
    """
    if form == DOCUMENT and to is None:
        raise click.UsageError("--as document needs --to PEER")
    if form == PROFILE_PHOTO and (to is not None or caption):
        raise click.UsageError("--to and --caption are for --as document: a profile photo is one's own")
    asyncio.run(_Send(file, to, caption, json_, TransferView(terminal, quiet, wait)).run(target))


@dataclass(frozen=True, slots=True)
class _Send:
    """The work of one command.

    Attributes:
        path: of the file.
        to: who gets it as a document; None: it is a profile photo.
        caption: of the document.
        json_: whether the answer is shown as JSON.
        view: how the user is told of the upload.

    """

    path: Path
    to: str | None
    caption: str
    json_: bool
    view: TransferView

    async def run(self, target: Target) -> None:
        """Upload the file, use it, and tell what became of it. Raises as `Account.upload` and as a call."""
        async with open_account_caller(target) as call:
            # Who is meant is asked first: a name that is nobody's must not cost an upload.
            peer = None if self.to is None else await call.peer(self.to)
            with self.view.watching(self.path.name, self.path.stat().st_size) as watch:
                uploaded = await call.upload(self.path, watch)
            if peer is None:
                shown, words = await _set_photo(call, uploaded, target.schema)
            else:
                shown, words = await self._send(call, uploaded, peer, target.schema)
            # The answer is shown before the state is saved, so that a full disk does not lose it.
            if self.json_:
                self.view.terminal.write(json.dumps(as_data(shown), indent=1))
            else:
                self.view.terminal.out.print(Text(printable(words)), soft_wrap=True)

    async def _send(self, call: AccountCaller, uploaded: Any, peer: Any, schema: Schema) -> tuple[Any, str]:
        """Send the file in a message (core.telegram.org/method/messages.sendMedia)."""
        types = schema.types
        name = self.path.name.encode("utf-8", "replace").decode()  # a name on disk need not be text
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
