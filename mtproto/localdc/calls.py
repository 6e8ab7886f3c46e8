"""What a handler is given, and how it refuses. No I/O."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtproto.localdc.desk import Desk
    from mtproto.localdc.keys import KeyRecord
    from mtproto.localdc.layers import Layer
    from mtproto.localdc.world.model import User

__all__ = ["Answer", "Call", "Handler", "Refused"]

Answer = Any
"""An object of the API, a bool, a list of objects or ints (for `Vector<…>`), or bytes that go out as they are."""


class Refused(Exception):
    """Raised by a handler: the call is answered with `rpc_error` (core.telegram.org/api/errors).

    `code` is like HTTP's; `name` is upper-case, with numbers as parameters: `Refused(420, "FLOOD_WAIT_31")`.
    """

    def __init__(self, code: int, name: str) -> None:
        super().__init__(f"{code} {name}")
        self.code = code
        self.name = name


def _nothing(call: Call) -> Answer:
    raise Refused(400, f"INPUT_METHOD_INVALID_{call.request.ID}_{call.layer.number}")


@dataclass(slots=True)
class Call:
    """One call of a method.

    Attributes:
        request: the method with its arguments, wrappers taken off; an object of the class that the handler was
            registered for, which for the DC's own handlers is one of the API's packaged layer.
        key: what the DC remembers with the auth key of the caller.
        layer: the layer that the answer is to be written in.
        desk: the world, the address, and what else the handlers share.
        msg_id: the id of the message that carried the call (signed).
        session_id: the session that it came in (signed).
        after: message ids whose calls have to succeed first (`invokeAfterMsg`, `invokeAfterMsgs`).
        without_updates: whether the call came under `invokeWithoutUpdates`.
        replaced: answers a call as if its handler were not there; `default` calls it.

    """

    request: Any
    key: KeyRecord
    layer: Layer
    desk: Desk
    msg_id: int
    session_id: int
    after: list[int] = field(default_factory=list)
    without_updates: bool = False
    replaced: Callable[[Call], Answer | Awaitable[Answer]] = field(default=_nothing, repr=False)

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
        return None if user_id is None else self.desk.world.user(user_id)

    @property
    def me(self) -> User:
        """Who is logged in; refuses with `401 AUTH_KEY_UNREGISTERED` when nobody is."""
        user = self.user
        if user is None:
            raise Refused(401, "AUTH_KEY_UNREGISTERED")
        return user


Handler = Callable[[Call], Answer | Awaitable[Answer]]
