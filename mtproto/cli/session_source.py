"""Where the commands of `mtproto session` read a session from: a file, the standard input, or a variable."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtproto.cli.answers import from_environment
from mtproto.cli.errors import CommandFailed
from mtproto.store import (
    LARGEST_FILE,
    AccountRecord,
    FileStore,
    ForeignLogin,
    import_foreign_file,
    import_foreign_string,
    import_string,
    read_file,
)

if TYPE_CHECKING:
    from mtproto.cli.terminal import Terminal

__all__ = ["VARIABLE", "FoundSession", "find_session"]

VARIABLE = "MTPROTO_SESSION_STRING"
"""The variable that may hold a session string; with `_FILE`, the file that does."""

_OWN = "mtproto1:"
_AT_MOST = 1024 * 1024 + 64
"""Characters of a text that are read: no session string is longer."""
_NO_PATH = 200
"""Characters: session strings are longer, and what people call their files is shorter."""
_DATABASE = b"SQLite format 3\0"
_COMPANIONS = ("-wal", "-journal")


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A session that was read.

    Attributes:
        layout: what it was read from, in words.
        record: the account, where the session is one of this program.
        login: the login, where it is another client's.

    """

    layout: str
    record: AccountRecord | None = None
    login: ForeignLogin | None = None

    def home(self) -> tuple[int, tuple[str, int] | None]:
        """Return the number of the home data centre, and host and port of it where the session says them."""
        if self.login is not None:
            return self.login.dc_id, self.login.address
        record = self.record or AccountRecord()
        return record.home_dc, record.dcs.get(record.home_dc)

    def as_login(self, address: tuple[str, int] | None = None) -> ForeignLogin:
        """Return the login, as other clients keep it.

        Args:
            address: host and port of its home, where an account of other servers than Telegram's does not say it.

        Raises:
            OptionError: nobody is logged in to the account, or nobody says where its servers are.

        """
        if self.login is not None:
            return self.login
        return ForeignLogin.from_record(self.record or AccountRecord(), address=address)


def find_session(terminal: Terminal, source: str | None) -> FoundSession:
    """Read the session that a command was pointed at.

    Args:
        terminal: learns a string as a secret, so that no text shows it.
        source: the path of a file; `-` for a string on the standard input; None for the one of the variable.

    Raises:
        click.UsageError: no session is named, or the source is a string itself.
        CommandFailed: there is no such file, or another program has it open.
        StoreError: what was read is no session, or damaged. The error quotes nothing.

    """
    if source is None:
        text = from_environment(VARIABLE)
        if text is None:
            raise click.UsageError(f"name a session: a file, - for a string on the standard input, or {VARIABLE}")
        return _of_text(terminal, text)
    if source == "-":
        return _of_text(terminal, sys.stdin.read(_AT_MOST))
    if source.startswith(_OWN) or (len(source) > _NO_PATH and "." not in source):
        terminal.secrets.add(source)
        raise click.UsageError(
            f"a session string on the command line is seen by everybody on the machine: give - and the string on the "
            f"standard input, or set {VARIABLE}"
        )
    return _of_file(terminal, Path(source))


def _of_text(terminal: Terminal, text: str) -> FoundSession:
    terminal.secrets.add(text.strip())
    if text.strip().startswith(_OWN):
        return FoundSession("a session string of this program", record=import_string(text))
    login = import_foreign_string(text)
    return FoundSession(login.layout, login=login)


def _of_file(terminal: Terminal, path: Path) -> FoundSession:
    data = read_file(path, LARGEST_FILE)
    if data is None:
        raise CommandFailed(f"there is no {path}")
    if data.startswith(_DATABASE):
        for end in _COMPANIONS:
            beside = path.with_name(path.name + end)
            if beside.exists() and beside.stat().st_size:
                raise CommandFailed(
                    f"{path} is in use, or was not closed: {beside.name} holds what is not in the file yet; "
                    "close the program that uses the file"
                )
        login = import_foreign_file(data, path)
        return FoundSession(login.layout, login=login)
    if not data.lstrip().startswith(b"{") and len(data) < _AT_MOST and data.isascii():
        return _of_text(terminal, data.decode("ascii"))
    store = FileStore(path, passphrase=from_environment("MTPROTO_PASSPHRASE"))
    try:
        return FoundSession("a session file of this program", record=store.load())
    finally:
        store.close()
