"""A driver that plays a flow with a list of answers, and notes what the flow did.

The list has one pair for each step that somebody else answers: a call, a question, a wait for an update, a service
message. The first half of a pair says which step is due (the TL name of the call, the class of the question or the
step), the second half what comes of it: a value that is sent in, an exception that is thrown in, or a function of the
step. Everything else the player does at once: its clock moves with each wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from mtproto.errors import RpcError, rpc_error
from mtproto.flows import (
    Ask,
    Call,
    Change,
    Compute,
    Flow,
    FlowStep,
    MoveTo,
    NextUpdate,
    Notice,
    Now,
    Save,
    Service,
    Tell,
    Wait,
)
from tl import TLObject

R = TypeVar("R")
Due: TypeAlias = str | type
Turn: TypeAlias = tuple[Due, object]


def refusal(code: int, message: str) -> RpcError:
    """Return the error of an `rpc_error`."""
    return rpc_error(code, message)


def wrong(message: str) -> RpcError:
    """Return the error of a refusal with 400, the most frequent code."""
    return rpc_error(400, message)


PASSWORD_NEEDED = ("auth.signIn", refusal(401, "SESSION_PASSWORD_NEEDED"))


@dataclass
class Player:
    """One play: `run` plays a flow; the other attributes tell what the flow did, in order.

    `compute` stands in for the computations of `Compute` steps, where a test does not need their result.
    """

    turns: list[Turn]
    clock: float = 1_000_000.0
    compute: Callable[..., object] | None = None
    steps: list[FlowStep] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    questions: list[Any] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)
    saved: list[Change] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    moves: list[int] = field(default_factory=list)
    _left: list[Turn] = field(init=False)

    def __post_init__(self) -> None:
        self._left = list(self.turns)

    @property
    def methods(self) -> list[str]:
        """The TL names of the calls."""
        return [call.request.NAME for call in self.calls]

    def request(self, index: int) -> Any:
        """Return the request of a call; its fields are those of its layer."""
        return self.calls[index].request

    def run(self, flow: Flow[R]) -> R:
        """Play to the end; the flow has to take every turn. Raises what the flow raises."""
        try:
            result = self._run(flow)
        except AssertionError:
            raise
        except Exception:
            assert not self._left, f"the flow failed before {self._left[0]}"
            raise
        assert not self._left, f"the flow ended before {self._left[0]}"
        return result

    def _run(self, flow: Flow[R]) -> R:
        outcome: object = None
        failure: Exception | None = None
        while True:
            try:
                step = flow.send(outcome) if failure is None else flow.throw(failure)
            except StopIteration as end:
                result: R = end.value
                return result
            self.steps.append(step)
            outcome, failure = self._outcome(step)

    def _outcome(self, step: FlowStep) -> tuple[object, Exception | None]:
        try:
            return self._do(step), None
        except AssertionError:
            raise
        except Exception as error:  # whatever a driver meets is thrown in
            return None, error

    def _do(self, step: FlowStep) -> object:
        match step:
            case Call(request=request):
                self.calls.append(step)
                request.to_bytes()  # every call can be written in its layer
                return self._answer(request.NAME, step)
            case Ask(question=question):
                self.questions.append(question)
                assert str(question)
                return self._answer(type(question), step)
            case NextUpdate() | Service():
                return self._answer(type(step), step)
            case Tell(notice=notice):
                assert str(notice)
                self.told.append(notice)
            case Save(change=change):
                self.saved.append(change)
            case Wait(seconds=seconds):
                assert seconds >= 0
                self.waits.append(seconds)
                self.clock += seconds
            case MoveTo(dc=dc):
                self.moves.append(dc)
            case Now():
                return self.clock
            case Compute(function=function, args=args):
                return (self.compute or function)(*args)
            case _:
                raise AssertionError(f"unexpected step: {step}")
        return None

    def _answer(self, due: Due, step: FlowStep) -> object:
        assert self._left, f"no answer is left for {due}"
        expected, outcome = self._left.pop(0)
        assert due == expected, f"{due} came, and {expected} was due"
        if callable(outcome) and not isinstance(outcome, type | TLObject):
            outcome = outcome(step)
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(step, Call) and isinstance(outcome, TLObject):
            return step.request.SCHEMA.decode(outcome.to_bytes(), step.request.result)  # as it comes over the wire
        return outcome
