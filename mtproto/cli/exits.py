"""The exit status of every command, by the error that ended the command."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from mtproto.cli.errors import CommandFailed, NotLoggedIn, WrongAnswer
from mtproto.errors import (
    ConnectionLost,
    DeadlineExceeded,
    ExchangeFailed,
    LoggedOut,
    LoginCancelled,
    OutcomeUnknown,
    RpcError,
    TransportError,
    Unauthorized,
)
from mtproto.flows import FlowFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Exit", "exit_of", "exit_table"]


class Exit(IntEnum):
    """An exit status. Shells and `timeout` use those from 124 on; 130 is theirs for Ctrl-C."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    NOT_LOGGED_IN = 4
    CONNECTION = 5
    CANCELLED = 130


MEANINGS = {
    Exit.DONE: "done",
    Exit.FAILED: "failed, for any reason but those below",
    Exit.USAGE: "called wrongly, or a value is missing that nobody could be asked for",
    Exit.REFUSED: "the server refused",
    Exit.NOT_LOGGED_IN: "nobody is logged in, or not any more",
    Exit.CONNECTION: "no connection, no answer in time, or no key could be agreed on",
    Exit.CANCELLED: "cancelled, by Ctrl-C or as an answer",
}

# The first family that fits decides.
_FAMILIES: tuple[tuple[type[BaseException], Exit], ...] = (
    (NotLoggedIn, Exit.NOT_LOGGED_IN),
    (LoggedOut, Exit.NOT_LOGGED_IN),
    (Unauthorized, Exit.NOT_LOGGED_IN),
    (LoginCancelled, Exit.CANCELLED),
    (WrongAnswer, Exit.REFUSED),
    (RpcError, Exit.REFUSED),
    (FlowFailed, Exit.REFUSED),
    (ConnectionLost, Exit.CONNECTION),
    (DeadlineExceeded, Exit.CONNECTION),
    (ExchangeFailed, Exit.CONNECTION),
    (OutcomeUnknown, Exit.CONNECTION),
    (TransportError, Exit.CONNECTION),
)


def exit_of(error: BaseException) -> Exit:
    """Return the status for an error. A `CommandFailed` that explains another error has the status of that one."""
    for family, status in _FAMILIES:
        if isinstance(error, family):
            return status
    cause = error.__cause__
    return exit_of(cause) if isinstance(error, CommandFailed) and cause is not None else Exit.FAILED


def exit_table() -> str:
    """Return what each status means, a line each, for `mtproto --help`."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for status, meaning in MEANINGS.items():
        yield f"  {status:>3}  {meaning}"
