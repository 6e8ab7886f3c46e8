"""What flows want kept: `Save` carries one of these changes, and goes on once the change is on disk.

A store applies a change to the record of the account (`mtproto.store`); the flows know nothing of the record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = [
    "FUTURE_TOKENS_KEPT",
    "Authorized",
    "Change",
    "FutureToken",
    "KeyDestroyed",
    "LoggedIn",
    "LoggedOutChange",
    "NotAuthorized",
    "with_token",
]

FUTURE_TOKENS_KEPT = 20
"""Future auth tokens that are kept and sent, the newest ones (core.telegram.org/api/auth#future-auth-tokens)."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The key of the home DC belongs to a user now. No other DC is authorized yet, and `ended` is over.

    Attributes:
        user_id: the user.
        is_bot: whether it is a bot.

    """

    user_id: int
    is_bot: bool


@dataclass(frozen=True, slots=True)
class LoggedOutChange:
    """No DC is authorized any more. Future auth tokens stay.

    Attributes:
        reason: the name of the error that ended the login; None where the person logged out.
        key_dead: whether the key of the home DC is of no use any more, and has to be dropped.

    """

    reason: str | None
    key_dead: bool = False


@dataclass(frozen=True, slots=True)
class KeyDestroyed:
    """The server has forgotten the permanent key of a DC. The store drops the key.

    Attributes:
        dc: the data centre; None: the home DC.

    """

    dc: int | None = None


@dataclass(frozen=True, slots=True)
class FutureToken:
    """A token that spares the code at a later login. The newest stands last (`with_token`)."""

    token: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authorized:
    """The authorization was imported on a DC that is not home."""

    dc: int


@dataclass(frozen=True, slots=True)
class NotAuthorized:
    """A DC that is not home knows nothing of the login any more. Home stays logged in."""

    dc: int


Change: TypeAlias = LoggedIn | LoggedOutChange | KeyDestroyed | FutureToken | Authorized | NotAuthorized


def with_token(tokens: tuple[bytes, ...], token: bytes) -> tuple[bytes, ...]:
    """Return the future auth tokens with one more: the newest last, each once, at most `FUTURE_TOKENS_KEPT` of them."""
    return (*[kept for kept in tokens if kept != token], token)[-FUTURE_TOKENS_KEPT:]
