"""What a handler is given. No I/O."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol

from mtproto.localdc.answers import Answer, Refused

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from mtproto.localdc.dc_state import DCState
    from mtproto.localdc.keys import KeyRecord
    from mtproto.localdc.layers import Layer
    from mtproto.localdc.world import User

    Asked = TypeVar("Asked", default=Any)
    Result = TypeVar("Result", default=Any)
else:
    from typing import TypeVar

    Asked = TypeVar("Asked")
    Result = TypeVar("Result")

__all__ = ["Handler", "HandlerOf", "IncomingCall", "MethodClass"]

Method_co = TypeVar("Method_co", covariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class MethodClass(Protocol[Method_co, Result_co]):
    """The class of a method, such as `api.functions.photos.GetUserPhotos`: a checker reads from it what a handler takes
    and returns.
    """

    def _call_and_result(self) -> tuple[Method_co, Result_co]: ...


def _nothing(call: IncomingCall[Any]) -> Answer:
    raise Refused(400, f"INPUT_METHOD_INVALID_{call.request.ID}_{call.layer.number}")


@dataclass(slots=True)
class IncomingCall(Generic[Asked]):
    """One call of a method; `IncomingCall[api.functions.help.GetConfig]` is a call of that one.

    Attributes:
        request: the method with its arguments, without wrappers; an object of the class that the handler was registered
            for. The DC's own handlers get objects of the packaged layer.
        key: the record of the caller's auth key.
        layer: the layer of the answer.
        dc: the world, the address, and what else all calls of the DC share.
        msg_id: the id of the message that carried the call (signed).
        session_id: the session of the call (signed).
        after: message ids whose calls have to succeed first (`invokeAfterMsg`, `invokeAfterMsgs`).
        without_updates: whether the call came under `invokeWithoutUpdates`.
        caller_id: who was logged in when the call came; None for nobody.
        wrappers: the TL names of the wrappers that were taken off, the outermost first.
        is_recorded: whether the transcript keeps the arguments.
        packet: the same object for all calls that came in one packet; None for a call that came alone.
        replaced: the function that `default` calls: it answers as if the handler were not there.

    """

    request: Asked
    key: KeyRecord
    layer: Layer
    dc: DCState
    msg_id: int
    session_id: int
    after: list[int] = field(default_factory=list)
    without_updates: bool = False
    caller_id: int | None = None
    wrappers: list[str] = field(default_factory=list)
    is_recorded: bool = True
    packet: object | None = field(default=None, repr=False)
    replaced: Callable[[IncomingCall[Any]], Answer | Awaitable[Answer]] = field(default=_nothing, repr=False)

    def unwrap(self) -> None:
        """Take the outermost wrapper off the request."""
        wrapper: Any = self.request
        self.wrappers.append(wrapper.NAME)
        self.request = wrapper.query

    def translate(self) -> None:
        """Let the request be one of the packaged layer; refuses where that layer has no such method."""
        request: Any = self.request
        packaged: Any = self.layer.packaged(request)
        self.request = packaged

    def answer_in(self, layer: Layer) -> None:
        """Let the answer be written in this layer."""
        self.layer = layer

    def wait_for(self, msg_ids: Sequence[int]) -> None:
        """Let other calls have to succeed first."""
        self.after += msg_ids

    def leave_out_updates(self) -> None:
        """Note that the caller wants no updates."""
        self.without_updates = True

    def leave_out_of_transcript(self) -> None:
        """Note that the arguments are too large, or may be, for the transcript."""
        self.is_recorded = False

    def replace(self, replaced: Callable[[IncomingCall[Any]], Answer | Awaitable[Answer]]) -> None:
        """Let `default` call what the handler, which is called next, took the place of."""
        self.replaced = replaced

    def default(self) -> Answer:
        """Answer this call as if the handler were not there, and return that answer.

        The DC's own handlers return an object at once. If the replaced handler is `async`, an awaitable comes back: an
        `async` handler awaits it, and any handler may return it. Changes that the handler made to `request` count.

        Type checkers take the answer for `Any`. Name its type where that matters, as in
        `answer: api.types.NearestDc = call.default()`.

        Raises `Refused` as the replaced handler does: as `me` if that handler needs a login and nobody is logged in,
        `400 INPUT_METHOD_INVALID_…` if there is no such handler.
        """
        return self.replaced(replace(self))

    @property
    def user(self) -> User | None:
        """The user who is logged in with this auth key, or with the permanent key behind it; None for nobody."""
        user_id = self.key.account.user_id
        return None if user_id is None else self.dc.accounts.user(user_id)

    @property
    def me(self) -> User:
        """The user who is logged in; refuses with 401 and the reason if nobody is: `AUTH_KEY_UNREGISTERED` mostly."""
        user = self.user
        if user is None:
            raise Refused(401, self.key.account.why_nobody)
        return user


Handler = Callable[[IncomingCall[Any]], Answer | Awaitable[Answer]]
"""A function that answers calls of some method."""

HandlerOf = Callable[[IncomingCall[Asked]], Result | bytes | Awaitable[Result | bytes]]
"""A function that answers calls of one method with its result; bytes are a result that is written already."""
