"""A temporary key that another link makes, binds and renews (core.telegram.org/api/pfs): several sessions, one key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import TransportError
from mtproto.link.key_policy import Action, Decision

if TYPE_CHECKING:
    from mtproto.errors import ExchangeFailed
    from mtproto.link.events import LinkEvent
    from mtproto.link.key_maker import KeyMaker
    from mtproto.message import KeyState
    from mtproto.session import ClientSession

__all__ = ["SharedKeyPolicy"]


class SharedKeyPolicy:
    """Uses a temporary key as it is, and makes none: the link ends when the server knows the key no more.

    The calls that the key did not carry, and those that may be executed twice, then end with the error of the link. So
    whoever owns the calls may make each of these again under the next key. The others end with `OutcomeUnknown`.

    Args:
        maker: of the link; is never asked for a key.

    """

    permanent_state = None
    use = 0
    binding = None

    def __init__(self, maker: KeyMaker) -> None:
        self._maker = maker
        self._known_here = False  # whether the server of this connection has shown that it knows the key

    @property
    def takes_calls(self) -> bool:
        """Whether the server of this connection knows the key: see `TemporaryKeyPolicy`."""
        return self._known_here

    def check(self) -> None:
        """See `KeyPolicy`; nothing is made."""

    def maker(self) -> KeyMaker:
        """See `KeyPolicy`; a link that has lost its key is over, and makes none."""
        return self._maker

    def key_made(self, state: KeyState, now: float) -> bool:
        """See `KeyPolicy`; no key is made."""
        return True

    def key_dropped(self) -> None:
        """See `KeyPolicy`."""

    def heard(self) -> bool:
        """See `KeyPolicy`."""
        first, self._known_here = not self._known_here, True
        return first

    def disconnected(self) -> None:
        """See `KeyPolicy`."""
        self._known_here = False

    def refused(self, error: TransportError, *, has_key: bool, credible: bool, again: bool) -> Decision:
        """See `KeyPolicy`. A key that is given up too early costs a connection, since its maker may know better."""
        unknown = error.code == TransportError.NOT_FOUND
        gone = credible or (unknown and again)
        return Decision(Action.GIVE_UP if gone else Action.BREAK, error, drop_key=gone, at_once=unknown)

    def exchange_failed(self, error: ExchangeFailed) -> Decision:
        """See `KeyPolicy`; no key is made."""
        return Decision(Action.GIVE_UP, error)

    def bind(self, session: ClientSession) -> None:
        """See `KeyPolicy`; the maker of the key binds it."""

    def settle_binding(self, event: LinkEvent, now: float) -> Decision | None:
        """See `KeyPolicy`; no such call is made."""

    def ends_at(self, state: KeyState) -> float | None:
        """See `KeyPolicy`; the maker of the key replaces it in time, and what is left ends with the server's word."""
        return None

    def deadline(self, state: KeyState | None) -> float | None:
        """See `KeyPolicy`."""
        return None

    def tick(self, now: float) -> bool:
        """See `KeyPolicy`."""
        return False
