"""What a client's link does about its key: the questions that a link asks, and the answers for a permanent key.

A policy decides and acts on nothing but itself: the link asks, and does what the `Decision` says.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from mtproto.errors import ExchangeFailed, MTProtoError, TransportError
    from mtproto.link.events import LinkEvent
    from mtproto.link.key_maker import KeyMaker
    from mtproto.message.key_state import KeyState
    from mtproto.session import ClientSession, Request

__all__ = ["Action", "Decision", "KeyPolicy", "PermanentKeyPolicy"]


class Action(Enum):
    """What becomes of a connection, and of its link, after an error."""

    GO_ON = "the connection stays"
    BREAK = "the connection ends, and another one is made"
    GIVE_UP = "the link ends"


class Decision(NamedTuple):
    """What a link is to do after an error.

    Attributes:
        action: what becomes of connection and link.
        error: what went wrong.
        drop_key: whether the key is of no more use, so that another one has to be made.
        at_once: whether the next connection need not wait, since the server has answered and waiting does not help.
        events: what the shell is to be told.

    """

    action: Action
    error: MTProtoError
    drop_key: bool = False
    at_once: bool = False
    events: tuple[LinkEvent, ...] = ()


class KeyPolicy(Protocol):
    """What a link asks about its key."""

    @property
    def takes_calls(self) -> bool:
        """Whether calls may be sealed under the key that there is."""

    @property
    def permanent_state(self) -> KeyState | None:
        """The state of the permanent key if that is another key than the one that calls go out under."""

    @property
    def use(self) -> int:
        """The number of the key's binding that calls made now go out under; 0 where keys are not bound."""

    @property
    def binding(self) -> Request | None:
        """The call that binds the key, while it is under way."""

    def check(self) -> None:
        """Do nothing if keys can be made; raises the `LocalProtocolError` of `ClientExchange` else."""

    def maker(self) -> KeyMaker:
        """Return what makes the key that is missing."""

    def key_made(self, state: KeyState, now: float) -> bool:
        """Take notice of a new key; return whether calls are to go out under it. If not, the next key is made."""

    def key_dropped(self) -> None:
        """Take notice that the link has dropped its key."""

    def heard(self) -> bool:
        """Take notice that a packet came under the key; return whether calls that waited for that may be sealed."""

    def disconnected(self) -> None:
        """Take notice that the connection has ended."""

    def refused(self, error: TransportError, *, has_key: bool, credible: bool, again: bool) -> Decision:
        """Decide what a transport error leads to, which may come from anybody in the middle.

        Args:
            error: what came.
            has_key: whether there is a key that the error may speak of.
            credible: whether the error came often enough to be believed, or fits what the link does.
            again: whether the error before it had no packet of the server behind it either.

        """

    def exchange_failed(self, error: ExchangeFailed) -> Decision:
        """Decide what a failed exchange leads to, whose packets may come from anybody in the middle."""

    def bind(self, session: ClientSession) -> None:
        """Send what binds the key of a session, where that is to be done and was not yet."""

    def settle_binding(self, event: LinkEvent, now: float) -> Decision | None:
        """Take the end of the call that binds; return what the link is to do, None if the key is bound."""

    def ends_at(self, state: KeyState) -> float | None:
        """Return when a key ends, Unix seconds by the local clock; None if it does not."""

    def deadline(self, state: KeyState | None) -> float | None:
        """Return when the key of this state ends, or is to be bound once more, Unix seconds; None for neither."""

    def tick(self, now: float) -> bool:
        """Let time pass; return whether the key is to be bound once more now, since the attempts so far have failed."""


class PermanentKeyPolicy:
    """One key for good, made by the link if there is none.

    Args:
        maker: makes the key.
        state: of the key that there is.

    """

    takes_calls = True
    permanent_state = None
    use = 0
    binding = None

    def __init__(self, maker: KeyMaker, state: KeyState | None) -> None:
        self._maker = maker
        self._has_key = state is not None

    def check(self) -> None:
        """See `KeyPolicy`."""
        if not self._has_key:
            self._maker.check()

    def maker(self) -> KeyMaker:
        """See `KeyPolicy`."""
        return self._maker

    def key_made(self, state: KeyState, now: float) -> bool:
        """See `KeyPolicy`."""
        self._has_key = True
        return True

    def key_dropped(self) -> None:
        """See `KeyPolicy`; a link drops no permanent key."""

    def heard(self) -> bool:
        """See `KeyPolicy`."""
        return False

    def disconnected(self) -> None:
        """See `KeyPolicy`."""

    def refused(self, error: TransportError, *, has_key: bool, credible: bool, again: bool) -> Decision:
        """See `KeyPolicy`; the key is kept, since the error is not authenticated."""
        return Decision(Action.GIVE_UP if credible else Action.BREAK, error)

    def exchange_failed(self, error: ExchangeFailed) -> Decision:
        """See `KeyPolicy`; a client that has never worked is told so at once."""
        return Decision(Action.GIVE_UP, error)

    def bind(self, session: ClientSession) -> None:
        """See `KeyPolicy`; permanent keys are not bound."""

    def settle_binding(self, event: LinkEvent, now: float) -> Decision | None:
        """See `KeyPolicy`; no such call is made."""

    def ends_at(self, state: KeyState) -> float | None:
        """See `KeyPolicy`."""
        return None

    def deadline(self, state: KeyState | None) -> float | None:
        """See `KeyPolicy`."""
        return None

    def tick(self, now: float) -> bool:
        """See `KeyPolicy`."""
        return False
