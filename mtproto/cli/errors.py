"""Errors as the command line shows them: one line that says what happened and, if possible, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import DeadlineExceeded, ExchangeFailed, LoginCancelled, Migrate, MTProtoError
from mtproto.localdc import WorldError
from tl import TLError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["EXPECTED", "CommandFailed", "NotLoggedIn", "WrongAnswer", "explain", "login_hint"]


class CommandFailed(Exception):
    """A command could not do its work; its text is one or more whole lines for the user."""


class NotLoggedIn(CommandFailed):
    """Nobody is logged in. Args: what to do, in words."""

    def __init__(self, advice: str) -> None:
        super().__init__(f"not logged in: {advice}")


class WrongAnswer(CommandFailed):
    """The server refused an answer of the environment, and nobody is there to give another one."""


def login_hint(session: Path | None) -> str:
    """Return what to do to be logged in, where an account is kept in a file, or is not kept."""
    return "mtproto login --session FILE" if session is None else f"mtproto login --session {session}"


EXPECTED = (CommandFailed, MTProtoError, TLError, WorldError, OSError)
"""Errors with which a command may end by design; any other error is a mistake of this program."""


def explain(error: BaseException) -> str:
    """Return the text for the user: the text of the error itself if no better one is known."""
    for family, text in _TEXTS:
        if isinstance(error, family):
            return text(error)
    return str(error) or type(error).__name__


def _migrate(error: Migrate) -> str:
    return f"{error} (--dc-id {error.dc})"


def _deadline(error: DeadlineExceeded) -> str:
    return str(error) or "no answer came in time (--timeout)"


def _exchange(error: ExchangeFailed) -> str:
    if error.check == "server_public_key_fingerprints":
        return f"{error}: the server has none of the RSA keys that were given to trust"
    return f"the key exchange failed: {error}"


def _system(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def _cancelled(_: LoginCancelled) -> str:
    return "the login was cancelled: nobody is logged in"


# The first family that fits decides: DeadlineExceeded is an OSError too.
_TEXTS: tuple[tuple[type[BaseException], Callable[..., str]], ...] = (
    (Migrate, _migrate),
    (LoginCancelled, _cancelled),
    (ExchangeFailed, _exchange),
    (DeadlineExceeded, _deadline),
    (OSError, _system),
)
