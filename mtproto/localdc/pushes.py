"""An update on its way to the sessions of one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tl import TLObject

__all__ = ["CountedPush", "SendingSession"]


class SendingSession(NamedTuple):
    """The session that made a change: its client has the change in the answer, and gets no update.

    Attributes:
        key_id: the id of the permanent auth key.
        session_id: the session.

    """

    key_id: int
    session_id: int


class CountedPush(NamedTuple):
    """An update that `pts` counts, for all sessions of an account that want updates.

    Attributes:
        user_id: whose sessions.
        update: an object of the type `Updates`.
        but: the session that gets no update; None for none.

    """

    user_id: int
    update: TLObject
    but: SendingSession | None = None
