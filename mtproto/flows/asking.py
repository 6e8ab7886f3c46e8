"""Questions to a person, with answers that are what the question declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.errors import LocalProtocolError, LoginCancelled
from mtproto.flows.questions import CANCEL
from mtproto.flows.steps import Ask

if TYPE_CHECKING:
    from mtproto.flows.questions import Question
    from mtproto.flows.steps import Flow

__all__ = ["ANSWERS_TAKEN", "ask", "ask_or_stop", "cancelled"]

ANSWERS_TAKEN = 10
"""How often one question is asked, whatever was wrong with the answers: a server, or a program that answers, can't keep
a flow going for ever. Telegram itself takes fewer wrong codes."""


def ask(question: Question) -> Flow[Any]:
    """Ask, and return the answer.

    Raises:
        LocalProtocolError: the driver handed in something that the question does not take.

    """
    answer = yield Ask(question)
    if not any(answer is kind or (isinstance(kind, type) and isinstance(answer, kind)) for kind in question.answer):
        kinds = " or ".join(kind.__name__ if isinstance(kind, type) else str(kind) for kind in question.answer)
        name = type(question).__name__
        raise LocalProtocolError(f"a {name} is answered by {kinds}, not by a {type(answer).__name__}")
    return answer


def ask_or_stop(question: Question) -> Flow[Any]:
    """Ask, and return the answer. Raises LoginCancelled for the answer `CANCEL`, and as `ask` does."""
    answer = yield from ask(question)
    if answer is CANCEL:
        raise cancelled(question)
    return answer


def cancelled(question: Question) -> LoginCancelled:
    """Return the error for a person who does not go on at a question."""
    return LoginCancelled(f"cancelled at: {type(question).__name__}")
