"""The answers to what a login asks: from the environment, or from a person at a terminal.

A value stands in a variable `MTPROTO_X`, or in a file that `MTPROTO_X_FILE` names. What is typed is kept nowhere:
codes and passwords do not appear on the screen, and no error shows them.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click
from rich.text import Text

from mtproto.cli.errors import WrongAnswer
from mtproto.errors import LoginCancelled
from mtproto.flows import (
    Choice,
    CodeQuestion,
    EmailCodeQuestion,
    EmailQuestion,
    NameQuestion,
    PasswordQuestion,
    PersonName,
    PhoneQuestion,
    RecoveryCodeQuestion,
)

if TYPE_CHECKING:
    from mtproto.cli.terminal import Terminal
    from mtproto.flows import Question

__all__ = ["VARIABLES", "Asker", "Known", "from_environment", "has_person", "is_given"]

_MOST = 64 * 1024
"""Characters of a file that are read: far more than a password has."""

_SHORTEST_SECRET = 4
"""Characters of an answer that is taken out of error texts: a shorter one would take half of the words with it."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """How a question is answered.

    Attributes:
        variable: the variable that may hold the answer.
        words: what the answer is, for errors.
        hidden: whether the answer is secret, and does not appear while it is typed.

    """

    variable: str
    words: str
    hidden: bool


_QUESTIONS: dict[type, _Asked] = {
    PhoneQuestion: _Asked("MTPROTO_PHONE", "phone number", hidden=False),
    CodeQuestion: _Asked("MTPROTO_CODE", "login code", hidden=True),
    PasswordQuestion: _Asked("MTPROTO_PASSWORD", "password", hidden=True),
    RecoveryCodeQuestion: _Asked("MTPROTO_RECOVERY_CODE", "recovery code", hidden=True),
    EmailQuestion: _Asked("MTPROTO_EMAIL", "e-mail address", hidden=False),
    EmailCodeQuestion: _Asked("MTPROTO_EMAIL_CODE", "code from the e-mail", hidden=True),
    NameQuestion: _Asked("MTPROTO_NAME", "name (first name, a blank, last name)", hidden=False),
}

VARIABLES = tuple((asked.variable, asked.words) for asked in _QUESTIONS.values())
"""The variables that answer the questions of a login, and what each holds."""

_CHOICES = {Choice.RESEND: "/resend", Choice.RECOVER: "/recover", Choice.CANCEL: "/cancel"}


class Known(Protocol):
    """Who knows answers beside the environment: the local network knows its own codes."""

    def __call__(self, question: Question) -> str | None:
        """Return the answer to a question, or None."""


def from_environment(name: str) -> str | None:
    """Return the value of a variable, or else the first line of the file that `name` with `_FILE` names, or None.

    The file may be a pipe. An empty variable is as good as none.

    Raises:
        click.UsageError: the file can't be read, or its first line is empty. The error quotes nothing of it.

    """
    value = os.environ.get(name)
    if value:
        return value
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return None
    try:
        with Path(path).open(encoding="utf-8") as file:
            line = file.readline(_MOST).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise click.UsageError(f"{name}_FILE: {path}: {reason}") from None
    if not line:
        raise click.UsageError(f"{name}_FILE: {path}: its first line is empty")
    return line


def is_given(name: str) -> bool:
    """Tell whether `from_environment` would look for a value; nothing is read, since a pipe is read once."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def has_person(terminal: Terminal) -> bool:
    """Tell whether somebody can be asked: the input and the stream of questions are a terminal."""
    return sys.stdin.isatty() and terminal.err.is_terminal


class Asker:
    """Answers the questions of one login.

    Each variable answers once: where the server refuses its answer, a person is asked, and where there is no person the
    login ends.

    Args:
        terminal: where a person is asked.
        known: knows some answers itself.

    """

    def __init__(self, terminal: Terminal, known: Known | None = None) -> None:
        self._terminal = terminal
        self._known = known
        self._used: set[str] = set()

    def __call__(self, question: Question) -> str | Choice | PersonName:
        """Return the answer to a question.

        Raises:
            click.UsageError: nobody can be asked, and the variable is not set.
            WrongAnswer: likewise, and the answer of the variable was refused.

        """
        asked = _QUESTIONS[type(question)]
        text = self._found(asked, question)
        if text is not None:
            self._hide(asked, text)
            return _name(text) if isinstance(question, NameQuestion) else text
        if not has_person(self._terminal):
            if asked.variable in self._used:
                raise WrongAnswer(f"the {asked.words} of {asked.variable}: {question.problem or 'asked for again'}")
            raise click.UsageError(
                f"nobody can be asked here for the {asked.words}: set {asked.variable} or {asked.variable}_FILE "
                f"({question})"
            )
        if isinstance(question, NameQuestion):
            return self._ask_name(question)
        return self._ask(question, asked)

    def secret(self, words: str, variable: str) -> str:
        """Ask for a secret that is no question of a login, such as a bot's token.

        Raises:
            click.UsageError: nobody can be asked.
            LoginCancelled: the person does not answer.

        """
        if not has_person(self._terminal):
            raise click.UsageError(f"nobody can be asked here for {words}: set {variable} or {variable}_FILE")
        text = self._typed(words, hidden=True)
        if not text:
            raise LoginCancelled
        self._terminal.secrets.add(text)
        return text

    def _found(self, asked: _Asked, question: Question) -> str | None:
        if asked.variable in self._used or question.problem:
            return None
        text = from_environment(asked.variable)
        if text is None and self._known is not None:
            text = self._known(question)
        if text is not None:
            self._used.add(asked.variable)
        return text

    def _ask(self, question: Question, asked: _Asked) -> str | Choice:
        choices = {word: choice for choice, word in _CHOICES.items() if _may(question, choice)}
        self._terminal.note(str(question))
        while True:
            text = self._typed(f"{asked.words} ({', '.join(choices)})", hidden=asked.hidden)
            if text is None:
                return Choice.CANCEL
            if text in choices:
                return choices[text]
            if text:
                self._hide(asked, text)
                return text

    def _ask_name(self, question: NameQuestion) -> PersonName | Choice:
        self._terminal.note(str(question))
        first = self._typed("first name (nothing to cancel)", hidden=False)
        if not first:
            return Choice.CANCEL
        last = self._typed("last name (may be empty)", hidden=False)
        return Choice.CANCEL if last is None else PersonName(first, last)

    def _typed(self, words: str, *, hidden: bool) -> str | None:
        """Return the line that a person types, without blanks around it unless it is hidden; None for the end."""
        prompt = f"{words}: "
        try:
            if hidden:  # rich would show the prompt first, and hide what is typed a moment later
                return getpass(prompt, stream=sys.stderr)
            return self._terminal.err.input(Text(prompt)).strip()
        except EOFError:
            return None

    def _hide(self, asked: _Asked, text: str) -> None:
        if len(text) >= _SHORTEST_SECRET and asked.variable != "MTPROTO_NAME":
            self._terminal.secrets.add(text)


def _may(question: Question, choice: Choice) -> bool:
    """Tell whether a question may be answered by a choice, now."""
    possible: Any = question.answer
    if choice not in possible:
        return False
    match question:
        case CodeQuestion(next_kind=next_kind) if choice is Choice.RESEND:
            return next_kind is not None
        case PasswordQuestion(has_recovery=has_recovery) if choice is Choice.RECOVER:
            return has_recovery
        case _:
            return True


def _name(text: str) -> PersonName:
    first, _, last = text.strip().partition(" ")
    return PersonName(first, last.strip())
