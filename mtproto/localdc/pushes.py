"""An update on its way to the sessions of one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mtproto.localdc.keys import KeyRecord
    from tl import TLObject

__all__ = ["CountedPush", "SendingSession", "Voice"]


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


class Voice(NamedTuple):
    """A key under which the client of a permanent key has sessions.

    Attributes:
        key: the key: the permanent one, or a temporary one that stands for it.
        account: the permanent one.
        speaks: the key whose layer the client speaks.

    """

    key: KeyRecord
    account: KeyRecord
    speaks: KeyRecord

    @property
    def key_id(self) -> int:
        """The id of the key."""
        return self.key.auth_key.id

    @property
    def layer(self) -> int | None:
        """The layer that the client speaks."""
        return self.speaks.layer

    def skipped(self, push: CountedPush) -> set[int]:
        """Return the sessions that get no update: those that want none, and the one that made the change."""
        but = push.but
        made = {but.session_id} if but is not None and but.key_id == self.account.auth_key.id else set()
        return self.key.quiet | made
