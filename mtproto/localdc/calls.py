"""What a handler is given. No I/O."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mtproto.localdc.answers import Answer, Refused

if TYPE_CHECKING:
    from mtproto.localdc.dc_state import DCState
    from mtproto.localdc.keys import KeyRecord
    from mtproto.localdc.layers import Layer
    from mtproto.localdc.world import User

__all__ = ["Handler", "IncomingCall"]


def _nothing(call: IncomingCall) -> Answer:
    raise Refused(400, f"INPUT_METHOD_INVALID_{call.request.ID}_{call.layer.number}")


@dataclass(slots=True)
class IncomingCall:
    """One call of a method.

    Attributes:
        request: the method with its arguments, wrappers taken off; an object of the class that the handler was
            registered for, which for the DC's own handlers is one of the API's packaged layer.
        key: what the DC remembers with the auth key of the caller.
        layer: the layer that the answer is to be written in.
        dc: the world, the address, and what else all calls of the DC share.
        msg_id: the id of the message that carried the call (signed).
        session_id: the session that it came in (signed).
        after: message ids whose calls have to succeed first (`invokeAfterMsg`, `invokeAfterMsgs`).
        without_updates: whether the call came under `invokeWithoutUpdates`.
        replaced: answers a call as if its handler were not there; `default` calls it.

    """

    request: Any
    key: KeyRecord
    layer: Layer
    dc: DCState
    msg_id: int
    session_id: int
    after: list[int] = field(default_factory=list)
    without_updates: bool = False
    replaced: Callable[[IncomingCall], Answer | Awaitable[Answer]] = field(default=_nothing, repr=False)

    def unwrap(self) -> None:
        """Take the outermost wrapper off the request."""
        self.request = self.request.query

    def translate(self) -> None:
        """Let the request be one of the packaged layer; refuses where that layer has no such method."""
        self.request = self.layer.packaged(self.request)

    def answer_in(self, layer: Layer) -> None:
        """Let the answer be written in this layer."""
        self.layer = layer

    def wait_for(self, msg_ids: Sequence[int]) -> None:
        """Let other calls have to succeed first."""
        self.after += msg_ids

    def leave_out_updates(self) -> None:
        """Note that the caller wants no updates."""
        self.without_updates = True

    def replace(self, replaced: Callable[[IncomingCall], Answer | Awaitable[Answer]]) -> None:
        """Let `default` call what the handler, which is called next, took the place of."""
        self.replaced = replaced

    def default(self) -> Answer:
        """Answer this call as if the handler were not there, and return that answer.

        The DC's own handlers give an object at once, in an `async` handler too. Where the handler before was `async`,
        an awaitable comes back: an `async` handler awaits it, any handler may return it as it is. What the handler
        changed in `request` counts.

        Raises `Refused` as the replaced handler does: `401 AUTH_KEY_UNREGISTERED` where it wants a login that is not
        there, `400 INPUT_METHOD_INVALID_…` where there is none.
        """
        return self.replaced(replace(self))

    @property
    def user(self) -> User | None:
        """Who is logged in with this auth key, or with the permanent one that it stands for."""
        user_id = self.key.account.user_id
        return None if user_id is None else self.dc.world.user(user_id)

    @property
    def me(self) -> User:
        """Who is logged in; refuses with `401 AUTH_KEY_UNREGISTERED` when nobody is."""
        user = self.user
        if user is None:
            raise Refused(401, "AUTH_KEY_UNREGISTERED")
        return user


Handler = Callable[[IncomingCall], Answer | Awaitable[Answer]]
