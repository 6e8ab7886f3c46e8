"""`mtproto photos`: a user's profile photos, as a table, as JSON, and as files."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from mtproto.cli.connection import open_caller
from mtproto.cli.errors import CommandFailed
from mtproto.cli.files import PUBLIC, write_whole
from mtproto.cli.listing import PAGE, Listing, PhotoFile, download, largest_image, list_photos, resolve, user_of
from mtproto.cli.options import connection_options
from mtproto.cli.progress import progress_bar
from mtproto.cli.render import as_data, photo_summary, photo_table
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal
from mtproto.cli.undecodable import keep_undecodable

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.cli.listing import Call
    from mtproto.cli.options import Target

__all__ = ["command"]


_LARGEST_INT = (1 << 31) - 1
_LARGEST_LONG = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class _Saved:
    """A file on disk."""

    file: PhotoFile
    path: Path
    size: int
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return the file for JSON; the id is a string, since JavaScript's numbers are too short for it."""
        return {
            "photo_id": str(self.file.photo.id),
            "type": self.file.type,
            "path": str(self.path),
            "size": self.size,
            "sha256": self.sha256,
        }


@click.command("photos", short_help="List and save a user's profile photos.")
@click.argument("user")
@click.option(
    "--limit", type=click.IntRange(1, _LARGEST_INT), default=PAGE, show_default=True, help="How many at most."
)
@click.option("--offset", type=click.IntRange(-1, _LARGEST_INT), default=0, show_default=True, help="How many to skip.")
@click.option("--max-id", type=click.IntRange(0, _LARGEST_LONG), default=0, help="Only photos with a lower id.")
@click.option("--json", "json_", is_flag=True, help="Print JSON, and nothing else on stdout.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to save the largest size of each photo to.",
)
@keep_undecodable
@connection_options
@debug_option
@pass_terminal
def command(
    terminal: Terminal,
    user: str,
    limit: int,
    offset: int,
    max_id: int,
    json_: bool,
    out: Path | None,
    target: Target,
) -> None:
    """List the profile photos of USER, newest first.

    USER is a name with or without @, a link to it (https://t.me/NAME), an id, or `me`. Where no option says whom to
    ask, it is a local network (--local), and its bot asks. Its users are `nobody` (without photos), `single`, `triple`,
    `dozen`, `hundred` and `plenty`.
    """
    whom = user_of(user)  # wrong input is refused before connecting

    def show(listing: Listing, saved: list[_Saved]) -> None:
        _show(terminal, listing, saved, json_=json_, with_files=out is not None)

    asyncio.run(_photos(terminal, target, whom, (offset, max_id, limit), out, show))


def _show(terminal: Terminal, listing: Listing, saved: list[_Saved], *, json_: bool, with_files: bool) -> None:
    if json_:
        terminal.write(json.dumps(_to_dict(listing, saved, with_files=with_files), indent=1))
        return
    terminal.out.print(Text(photo_summary(listing)))
    if listing.photos:
        terminal.out.print(photo_table(listing))
    for file in saved:
        terminal.out.print(f"{file.path}  {file.size} bytes  sha256 {file.sha256}", soft_wrap=True, markup=False)


async def _photos(
    terminal: Terminal,
    target: Target,
    user: int | str | None,
    window: tuple[int, int, int],
    out: Path | None,
    show: Callable[[Listing, list[_Saved]], None],
) -> None:
    offset, max_id, limit = window
    async with open_caller(target) as call:
        owner = await resolve(call, user, target.schema)
        listing = await list_photos(call, owner, offset=offset, max_id=max_id, limit=limit)
        saved = [] if out is None else await _save(terminal, call, owner, listing, out)
        # The answer is shown before the state is saved, so that a full disk does not lose it.
        show(listing, saved)


async def _save(terminal: Terminal, call: Call, owner: Any, listing: Listing, out: Path) -> list[_Saved]:
    out.mkdir(parents=True, exist_ok=True)
    files = [file for photo in listing.photos if (file := largest_image(photo)) is not None]
    saved = []
    with progress_bar(terminal.err, "photos", sum(file.size for file in files)) as advance:
        for file in files:
            data = await download(call, file, owner=owner, advance=advance)
            if len(data) != file.size:
                raise CommandFailed(f"{file.name}: {len(data)} bytes came, {file.size} are declared")
            path = out / file.name
            write_whole(path, data, PUBLIC)
            saved.append(_Saved(file, path, len(data), hashlib.sha256(data).hexdigest()))
    return saved


def _to_dict(listing: Listing, saved: list[_Saved], *, with_files: bool) -> dict[str, Any]:
    content: dict[str, Any] = {
        "count": listing.count,
        "photos": [as_data(photo) for photo in listing.photos],
        "users": [as_data(user) for user in listing.users],
    }
    if with_files:
        content["files"] = [file.to_dict() for file in saved]
    return content
