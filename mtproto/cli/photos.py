"""`mtproto photos`: the profile photos of users, as tables, as JSON, and as a folder of files."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from mtproto.cli.connection import Watch, open_caller
from mtproto.cli.contact_sheet import SHEET, contact_sheet, require_templates
from mtproto.cli.errors import CommandFailed, NotLoggedIn, explain
from mtproto.cli.files import PUBLIC, write_whole
from mtproto.cli.listing import PAGE, Listing, list_photos
from mtproto.cli.options import connection_options
from mtproto.cli.photo_folder import PhotoFolder, Wanted
from mtproto.cli.photo_window import Window, moment_of
from mtproto.cli.progress import progress_bar
from mtproto.cli.render import as_data, owner_name, photo_summary, photo_table
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal, printable
from mtproto.cli.transfers import QUIET, WAIT
from mtproto.cli.undecodable import keep_undecodable
from mtproto.cli.whom import users_of
from mtproto.errors import BadRequest, Forbidden
from mtproto.flows import FileFailed, PeerNotKnown

if TYPE_CHECKING:
    from mtproto.cli.connection import AccountCaller, Caller
    from mtproto.cli.options import Target
    from mtproto.cli.photo_folder import WantedFile
    from mtproto.cli.photo_records import FileRecord

__all__ = ["command"]

ALL_PHOTOS = 1_000_000
"""Photos of one user at most, however many a server goes on to list."""

_LARGEST_INT = (1 << 31) - 1
_LARGEST_LONG = (1 << 63) - 1


def _moment(_: click.Context, option: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else moment_of(value, is_end=option.name == "until")
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _sizes(_: click.Context, __: click.Parameter, value: str) -> str:
    """Return `best`, `all`, or letters of sizes."""
    if not re.fullmatch("[a-z]+", value):
        raise click.BadParameter(f"{value!r} is neither best, nor all, nor letters as in abc")
    return value


@dataclass(frozen=True, slots=True)
class _Saved:
    """A file on disk, and whether this run fetched it."""

    path: Path
    record: FileRecord
    is_new: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the file for JSON; the id is a string, since JavaScript's numbers are too short for it."""
        return {
            "photo_id": self.path.stem.split("_")[1],
            "type": self.record.type,
            "path": str(self.path),
            "size": self.record.size,
            "sha256": self.record.sha256,
            "new": self.is_new,
        }


@click.command("photos", short_help="List and save the profile photos of users.")
@click.argument("users", nargs=-1, required=True, metavar="USER...")
@click.option("--all", "all_", is_flag=True, help="All photos, however many there are.")
@click.option(
    "--limit",
    type=click.IntRange(1, _LARGEST_INT),
    help=f"How many photos of a user at most. [default: {PAGE}; with --all, --since or --until all]",
)
@click.option("--offset", type=click.IntRange(-1, _LARGEST_INT), default=0, show_default=True, help="How many to skip.")
@click.option("--max-id", type=click.IntRange(0, _LARGEST_LONG), default=0, help="Only photos with a lower id.")
@click.option(
    "--since", metavar="DATE", callback=_moment, help="Only photos set on this day (UTC) or later: 2021-05-20."
)
@click.option("--until", metavar="DATE", callback=_moment, help="Only photos set on this day (UTC) or before.")
@click.option("--json", "json_", is_flag=True, help="Print JSON, and nothing else on stdout; a list for several users.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to save to, with a folder inside for each user, and photos.json. What is there already is skipped.",
)
@click.option(
    "--sizes",
    default="best",
    show_default=True,
    metavar="best|all|LETTERS",
    callback=_sizes,
    help="What to save: the best picture, all pictures, or those of these letters.",
)
@click.option("--videos", is_flag=True, help="Save videos too: the largest, or all with --sizes all.")
@click.option(
    "--contact-sheet", "sheet", is_flag=True, help="Make index.html in the folder: a page that shows all that is saved."
)
@QUIET
@WAIT
@keep_undecodable
@connection_options
@debug_option
@pass_terminal
def command(
    terminal: Terminal,
    users: tuple[str, ...],
    all_: bool,
    limit: int | None,
    offset: int,
    max_id: int,
    since: int | None,
    until: int | None,
    json_: bool,
    out: Path | None,
    sizes: str,
    videos: bool,
    sheet: bool,
    quiet: bool,
    wait: float,
    target: Target,
) -> None:
    """List the profile photos of each USER, newest first, and save them.

    USER is a name with or without @, a link to it (https://t.me/NAME), an id, a phone number with +, or `me`; `-` reads
    a list from stdin, one a line. Where no option says whom to ask, it is a local network (--local), and its bot asks.
    Its users are `nobody` (without photos), `single`, `triple`, `dozen`, `hundred` and `plenty`.

    With --out DIR, the best picture of each photo is DIR/<username or id>/<date>-<time>_<photo id>.jpg (UTC); other
    sizes and videos add _<letter>.
    """
    if all_ and limit is not None:
        raise click.UsageError("--all and --limit exclude each other")
    if out is None and (sizes != "best" or videos or sheet):
        raise click.UsageError("--sizes, --videos and --contact-sheet need --out DIR")
    if sheet:
        require_templates()
    most = limit or (PAGE if not all_ and since is None and until is None else ALL_PHOTOS)
    wanted = Wanted({"best": "", "all": None}.get(sizes, sizes), videos)
    window = Window(offset, max_id, most, since, until)
    whom = users_of(users)  # wrong input is refused before connecting
    folder = None if out is None else PhotoFolder.open(out)
    run = _Run(terminal, window, wanted, folder, json_=json_, quiet=quiet, sheet=sheet, wait=wait)
    try:
        asyncio.run(run.run(target, whom))
    except KeyboardInterrupt:
        if out is not None and out.is_dir():
            terminal.note(f"what has come stays in {out}; the same command goes on from there")
        raise


@dataclass(frozen=True, slots=True)
class _Run:
    """The work of one command."""

    terminal: Terminal
    window: Window
    wanted: Wanted
    folder: PhotoFolder | None
    json_: bool
    quiet: bool
    sheet: bool
    wait: float

    async def run(self, target: Target, whom: list[str]) -> None:
        """Do the work for all users. What concerns one user of several does not end the run."""
        answers: list[dict[str, Any]] = []
        failed = 0
        async with open_caller(target) as call:
            for text in whom:
                try:
                    listing, saved = await self._one(call, text)
                except _OF_ONE_USER as error:
                    if len(whom) == 1 or isinstance(error, NotLoggedIn):
                        raise
                    failed += 1
                    answers.append({"user": text, "error": explain(error)})
                    self.terminal.err.print(Text(printable(f"{text}: {explain(error)}")))
                    continue
                if self.json_:
                    answers.append(_to_dict(listing, saved, with_files=self.folder is not None))
                else:
                    self._show(listing, saved)
            if self.folder is not None and self.sheet:
                page = contact_sheet(list(self.folder.owners.values()))
                write_whole(self.folder.root / SHEET, page, PUBLIC)
            # The answer is shown before the state is saved, so that a full disk does not lose it.
            if self.json_:
                self.terminal.write(json.dumps(answers if len(whom) > 1 else answers[0], indent=1))
        if failed:
            raise CommandFailed(f"{failed} of {len(whom)} users failed")

    async def _one(self, call: Caller | AccountCaller, text: str) -> tuple[Listing, list[_Saved]]:
        user = await call.user(text)
        window = self.window
        listed = await list_photos(call, user, offset=window.offset, max_id=window.max_id, limit=window.limit)
        listing = Listing(listed.count, list(filter(window.holds, listed.photos)), listed.users)
        return listing, [] if self.folder is None else await self._save(call, user, listing, self.folder)

    async def _save(
        self, call: Caller | AccountCaller, user: Any, listing: Listing, folder: PhotoFolder
    ) -> list[_Saved]:
        shown = _shown(user, listing)
        user_id = getattr(user, "user_id", None) or getattr(shown, "id", None)
        if user_id is None:  # oneself, of whom the server says nothing: there are no photos
            return []
        owner = folder.add_owner(user_id, shown)
        plans = [(photo, folder.plan(owner, photo, self.wanted)) for photo in listing.photos if photo.NAME == "photo"]
        missing = [file for _, files in plans for file in files if not file.is_there]
        try:
            await self._fetch(call, user, owner.folder, missing)
        except BaseException:
            with suppress(OSError):  # the first error is told
                folder.note(owner, plans)
                folder.save()
            raise
        records = folder.note(owner, plans)
        folder.save()
        new = {f"{file.path.parent.name}/{file.path.name}" for file in missing}
        return [_Saved(folder.root / record.path, record, record.path in new) for record in records]

    async def _fetch(self, call: Caller | AccountCaller, user: Any, label: str, files: list[WantedFile]) -> None:
        """Fetch files, some at once. After an error no more are begun; those under way come to their end."""
        waiting = iter(files)
        failed: list[Exception] = []
        is_shown = bool(files) and not self.quiet
        total = sum(file.size.size for file in files)
        with progress_bar(self.terminal.err, label, total, is_shown=is_shown) as advance:
            watch = Watch(advance, self._tell, self.wait)

            async def work() -> None:
                while not failed and (file := next(waiting, None)) is not None:
                    file.path.parent.mkdir(parents=True, exist_ok=True)
                    try:
                        await call.fetch(file.size, file.path, user, watch)
                    except Exception as error:  # it is raised below, whatever it is
                        failed.append(error)

            await asyncio.gather(*(work() for _ in range(min(call.FETCHES, len(files)))))
        if failed:
            raise failed[0]

    def _tell(self, notice: object) -> None:
        if not self.quiet:
            self.terminal.err.print(Text(printable(str(notice))))

    def _show(self, listing: Listing, saved: list[_Saved]) -> None:
        out = self.terminal.out
        out.print(Text(photo_summary(listing)))
        if listing.photos:
            out.print(photo_table(listing))
        for file in saved:
            if file.is_new:
                record = file.record
                out.print(f"{file.path}  {record.size} bytes  sha256 {record.sha256}", soft_wrap=True, markup=False)
        if saved:
            new = sum(file.is_new for file in saved)
            whose = owner_name(listing)
            of = f" of {whose}" if whose else ""
            out.print(Text(f"files{of}: {new} new, {len(saved) - new} there already"))


_OF_ONE_USER = (CommandFailed, PeerNotKnown, FileFailed, BadRequest, Forbidden)


def _shown(user: Any, listing: Listing) -> Any:
    """Return the `user` whose photos are listed, as the answer shows them; None where it does not."""
    wanted = getattr(user, "user_id", None)
    return next((found for found in listing.users if wanted in (None, found.id)), None)


def _to_dict(listing: Listing, saved: list[_Saved], *, with_files: bool) -> dict[str, Any]:
    content: dict[str, Any] = {
        "count": listing.count,
        "photos": [as_data(photo) for photo in listing.photos],
        "users": [as_data(user) for user in listing.users],
    }
    if with_files:
        content["files"] = [file.to_dict() for file in saved]
    return content
