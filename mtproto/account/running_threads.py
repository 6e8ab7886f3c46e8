"""Runs flows in the thread that asks for them: does what each step says, and sends in what came of it."""

# Made of mtproto/account/running.py by `python -m tests.structure.faces`. Change that file instead.

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from mtproto.account.waiting_threads import ThreadBackground, ThreadMailbox, answered, beside
from mtproto.errors import LoginCancelled
from mtproto.flows import (
    Ask,
    Call,
    Compute,
    Flow,
    FlowStep,
    MoveTo,
    Next,
    NextUpdate,
    NotSupported,
    Now,
    Save,
    Service,
    Start,
    Tell,
    Wait,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.flows import Change

__all__ = ["FlowHands", "run_flow"]

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class FlowHands:
    """What an account does for its flows.

    Attributes:
        call: makes a call.
        now: tells the time, Unix seconds.
        move: makes another DC the home DC.
        save: keeps a change.
        pause: waits for so many seconds.
        ask: asks a person; None where nobody can be asked.
        tell: shows a person something; None for nobody.
        service: sends a service message under a permanent key, and returns the answer; None where none may be sent.

    """

    call: Callable[[Call], Any]
    now: Callable[[], float]
    move: Callable[[int], None]
    save: Callable[[Change], None]
    pause: Callable[[float], None]
    ask: Callable[[Any], Any] | None = None
    tell: Callable[[Any], Any] | None = None
    service: Callable[[Service], bytes] | None = None


class Started:
    """The calls that a flow has started; most flows start none.

    Attributes:
        background: carries them; None before the first one.

    """

    __slots__ = ("background",)

    def __init__(self) -> None:
        self.background: ThreadBackground | None = None

    def calls(self) -> ThreadBackground:
        """Return what carries them."""
        if self.background is None:
            self.background = ThreadBackground()
        return self.background


def run_flow(flow: Flow[R], hands: FlowHands, mailbox: ThreadMailbox | None = None) -> R:
    """Run a flow to its end, and return its result. A flow that is stopped is closed.

    Args:
        flow: not begun yet.
        hands: what does the steps.
        mailbox: the updates that come meanwhile; None where the flow waits for none.

    Raises whatever the flow raises.

    """
    started = Started()
    outcome: Any = None
    failure: Exception | None = None
    try:
        while True:
            try:
                step = flow.send(outcome) if failure is None else flow.throw(failure)
            except StopIteration as end:
                result: R = end.value
                return result
            outcome, failure = None, None
            try:
                outcome = hands.call(step) if isinstance(step, Call) else _do(step, hands, started, mailbox)
            except Exception as error:  # whatever ends a step is thrown into the flow
                failure = error
    finally:
        flow.close()
        if started.background is not None:
            started.background.close()


def _do(step: FlowStep, hands: FlowHands, started: Started, mailbox: ThreadMailbox | None) -> Any:
    """Do one step, and return what is sent in."""
    match step:
        case Now():
            return hands.now()
        case Wait(seconds=seconds):
            hands.pause(seconds)
        case Save(change=change):
            hands.save(change)
        case MoveTo(dc=dc):
            hands.move(dc)
        case Start(call=call):
            return started.calls().start(partial(hands.call, call))
        case Next():
            return started.calls().next()
        case _:
            return _do_rest(step, hands, mailbox)
    return None


def _do_rest(step: FlowStep, hands: FlowHands, mailbox: ThreadMailbox | None) -> Any:
    """Do one of the steps that are no calls: a person, an update, a computation."""
    match step:
        case Compute(function=function, args=args):
            return beside(function, *args)
        case Ask(question=question):
            if hands.ask is None:
                raise LoginCancelled(f"nobody was there to ask, give ask=: {question}")
            return answered(hands.ask, question)
        case Tell(notice=notice):
            if hands.tell is not None:
                answered(hands.tell, notice)
        case NextUpdate(match=match, seconds=seconds):
            if mailbox is None:
                raise NotSupported("a wait for updates inside a call")
            return mailbox.next(match, seconds)
        case Service():
            if hands.service is None:
                raise NotSupported("a service message inside a call")
            return hands.service(step)
        case _:
            raise NotSupported(f"the step {type(step).__name__}")
    return None
