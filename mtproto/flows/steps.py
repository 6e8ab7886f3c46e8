"""The steps of flows: what a flow yields, and what its driver sends back.

A flow is a generator. It does no I/O and reads no clock: it yields one of the steps below, the driver does what the
step says and sends what came of it, or throws the error that came of it. What the generator returns is the result of
the flow. A driver is a loop of a few lines:

    outcome = flow.send(None)
    while True: outcome = flow.send(do(outcome))      # or flow.throw(error), until StopIteration

Whatever a step carries may be secret: no repr of a step shows it. A driver that is stopped closes the flow (`close()`),
so that a flow can leave nothing half done.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from mtproto.flows.changes import Change
    from mtproto.flows.questions import Notice, Question
    from tl import TLFunction

__all__ = [
    "Ask",
    "Call",
    "Compute",
    "Flow",
    "FlowStep",
    "MoveTo",
    "Next",
    "NextUpdate",
    "Now",
    "Random",
    "Save",
    "Service",
    "Start",
    "Tell",
    "Wait",
]

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API. Sent: the answer, read as the call's declared result. `patient_call` is one by a policy.

    Thrown in: the `RpcError` of a refusal, and what else ends a call (`OutcomeUnknown`, `ConnectionLost`,
    `DeadlineExceeded`, `tl.DecodeError` …).

    Attributes:
        request: the call; its fields may be secret.
        dc: the data centre to call; None: the home DC.
        lane: the lane to use there: `"main"`, or the name of another one.
        idempotent: whether the call may be executed twice, should the server forget what became of it; None: as the
            reviewed table of methods says.
        until: Unix seconds (as `Now` tells them) after which `DeadlineExceeded` is thrown in; None: the driver's own.
        patient: whether the driver's policy may wait for floods and make the call again; False: whoever makes the call
            does so.

    """

    request: TLFunction[Any] = field(repr=False)
    dc: int | None = None
    lane: str = "main"
    idempotent: bool | None = None
    until: float | None = None
    patient: bool = True

    def __repr__(self) -> str:
        """Show the method and the data centre, and no field of the call."""
        where = "home" if self.dc is None else f"DC {self.dc}"
        return f"<Call {self.request.NAME} to {where}, lane {self.lane}>"


@dataclass(frozen=True, slots=True)
class Start:
    """Begin a call without waiting for its answer. Sent: a handle, which `Next` names. Nothing is thrown in."""

    call: Call


@dataclass(frozen=True, slots=True)
class Next:
    """Wait for one of the calls that were started, whichever ends first.

    Sent: the pair of its handle and its outcome, which is the answer or the error; the error is not thrown in.
    """


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for so many seconds. Sent: None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Now:
    """Ask for the time. Sent: Unix seconds (float), by the server's clock where that is known."""


@dataclass(frozen=True, slots=True)
class NextUpdate:
    """Wait for an update.

    Sent: the first update for which `match(update)` is true; None when the seconds are over. Where updates may have
    been lost, since the server has made the session anew, an `updatesTooLong` is one of them. Updates that came since
    the flow began are looked at as well, each by one `NextUpdate` at most, so that an update between two steps is not
    lost. `each_update` takes apart what the server sent. `match` is ours, and raises nothing.
    """

    match: Callable[[Any], bool]
    seconds: float


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a person. Sent: what `question.answer` declares. Thrown in: `LoginCancelled` if the person does not go on.

    What a person answers is secret: a driver keeps and logs nothing of it.
    """

    question: Question


@dataclass(frozen=True, slots=True)
class Tell:
    """Show something to a person. Sent: None, at once. No answer is waited for."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Compute:
    """Do a long computation beside the event loop. Sent: `function(*args)`. Thrown in: what the function raises."""

    function: Callable[..., Any]
    args: tuple[Any, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Service:
    """Send a service message, such as `destroy_auth_key`, under the permanent key of a data centre.

    Also with `pfs=True`: there the driver drops the temporary keys of that DC first, and seals this message alone under
    the permanent key, on a connection of its own. The permanent key seals nothing else but bindings, and the pings of
    that connection.
    After a `destroy_auth_key` that was answered by `destroy_auth_key_ok` or `…_none`, the key is gone.

    Sent: the bytes of the answer. Thrown in: what ends a call.

    Attributes:
        body: the serialized message.
        dc: the data centre; None: the home DC.

    """

    body: bytes
    dc: int | None = None


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Make `dc` the home DC. Sent: None, once there is a connection with a key there. Thrown in: what prevents that."""

    dc: int


@dataclass(frozen=True, slots=True)
class Save:
    """Let the store keep a change. Sent: None, once the change is on disk."""

    change: Change


FlowStep: TypeAlias = Call | Start | Next | Wait | Now | NextUpdate | Ask | Tell | Compute | Service | MoveTo | Save
"""Every step that a flow may yield."""

Flow: TypeAlias = Generator[FlowStep, Any, R]
"""A flow whose result is an R."""

Random: TypeAlias = Callable[[int], bytes]
"""Gives that many random bytes, from a cryptographic source. An argument of a flow, never a step."""
