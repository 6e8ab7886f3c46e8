"""What a person at a terminal is asked, and what of the answers is seen: nothing of a code, nothing of a password."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest
from rich.text import Text

from mtproto.cli import answers
from mtproto.cli.answers import VARIABLES, Asker
from mtproto.cli.exits import Exit
from mtproto.cli.terminal import Terminal
from mtproto.errors import LoginCancelled
from mtproto.flows import (
    CANCEL,
    RECOVER,
    RESEND,
    CodeKind,
    CodeQuestion,
    EmailCodeQuestion,
    EmailQuestion,
    NameQuestion,
    PasswordQuestion,
    PersonName,
    PhoneQuestion,
    Question,
    RecoveryCodeQuestion,
)
from mtproto.localdc import LocalNetworkThread
from tests.net.support import SOON

SECRET_QUESTIONS = {CodeQuestion, PasswordQuestion, RecoveryCodeQuestion, EmailCodeQuestion}


class Person:
    """Somebody who types these lines.

    Attributes:
        asked: the prompts, and whether what was typed is hidden.

    """

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.asked: list[tuple[str, bool]] = []

    def type_openly(self, prompt: Text) -> str:
        """Stand for `Console.input`."""
        return self._type(str(prompt), hidden=False)

    def type_hidden(self, prompt: str, stream: object) -> str:
        """Stand for `getpass`."""
        return self._type(prompt, hidden=True)

    def _type(self, prompt: str, *, hidden: bool) -> str:
        self.asked.append((prompt, hidden))
        if not self._lines:
            raise EOFError
        return self._lines.pop(0)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal with nobody's variables around it."""
    for name, _ in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return Terminal()


def typing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, *lines: str) -> Person:
    """Let somebody sit at the terminal."""
    person = Person(list(lines))
    monkeypatch.setattr(answers, "has_person", lambda _: True)
    monkeypatch.setattr(answers, "getpass", person.type_hidden)
    monkeypatch.setattr(terminal.err, "input", person.type_openly)
    return person


EACH = [
    PhoneQuestion(),
    CodeQuestion(CodeKind.APP, next_kind=CodeKind.SMS),
    PasswordQuestion(has_recovery=True),
    RecoveryCodeQuestion(),
    EmailQuestion(),
    EmailCodeQuestion(),
    NameQuestion(),
]


def test_every_question_has_its_answer() -> None:
    assert {type(question) for question in EACH} == set(get_args(Question)) == set(answers._QUESTIONS)


@pytest.mark.parametrize("question", EACH)
def test_secrets_are_hidden_while_they_are_typed(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, question: Question
) -> None:
    person = typing(terminal, monkeypatch, "an answer", "another")
    answer = Asker(terminal)(question)
    assert answer == (PersonName("an answer", "another") if isinstance(question, NameQuestion) else "an answer")
    assert {hidden for _, hidden in person.asked} == {type(question) in SECRET_QUESTIONS}


@pytest.mark.parametrize("question", EACH)
def test_the_end_of_the_input_cancels(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, question: Question) -> None:
    typing(terminal, monkeypatch)
    assert Asker(terminal)(question) is CANCEL


@pytest.mark.parametrize(
    ("question", "line", "answer"),
    [
        (EACH[1], "/resend", RESEND),
        (EACH[1], "/cancel", CANCEL),
        (EACH[1], "/recover", "/recover"),
        (CodeQuestion(CodeKind.WORD), "/resend", "/resend"),  # there is no other way
        (EACH[2], "/recover", RECOVER),
        (PasswordQuestion(), "/recover", "/recover"),  # a password like any other
        (EACH[5], "/resend", RESEND),
        (EACH[0], "/cancel", CANCEL),
    ],
)
def test_a_choice_is_typed_as_a_word(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, question: Question, line: str, answer: object
) -> None:
    typing(terminal, monkeypatch, "", line)  # an empty line asks again
    assert Asker(terminal)(question) == answer


def test_what_was_typed_stands_in_no_later_text(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typing(terminal, monkeypatch, "hunter2-hunter2")
    Asker(terminal)(PasswordQuestion())
    terminal.fail("the server says: hunter2-hunter2")
    assert "hunter2" not in capsys.readouterr().err


def test_a_variable_answers_once_and_then_the_person(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTPROTO_CODE", "11111")
    person = typing(terminal, monkeypatch, "22222")
    asker = Asker(terminal)
    assert asker(CodeQuestion(CodeKind.SMS)) == "11111"
    assert not person.asked
    assert asker(CodeQuestion(CodeKind.SMS, problem="The code is wrong")) == "22222"


def test_the_first_line_of_a_file_is_the_answer(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "password"
    path.write_bytes(b" a password with blanks \r\nanother line\n")
    monkeypatch.setenv("MTPROTO_PASSWORD_FILE", str(path))
    assert Asker(terminal)(PasswordQuestion()) == " a password with blanks "
    monkeypatch.setenv("MTPROTO_PASSWORD", "the variable goes first")
    assert Asker(terminal)(PasswordQuestion()) == "the variable goes first"


@pytest.mark.parametrize("data", [b"", b"\nsecond line", b"\xff\xfe"])
def test_a_file_without_an_answer_is_named_and_not_quoted(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "code"
    path.write_bytes(data)
    monkeypatch.setenv("MTPROTO_CODE_FILE", str(path))
    with pytest.raises(click.UsageError, match=rf"MTPROTO_CODE_FILE: {path}"):
        Asker(terminal)(CodeQuestion(CodeKind.SMS))


def test_a_secret_that_is_no_question(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    person = typing(terminal, monkeypatch, "1:token")
    asker = Asker(terminal)
    assert asker.secret("the token", "MTPROTO_BOT_TOKEN") == "1:token"
    assert person.asked == [("the token: ", True)]
    with pytest.raises(LoginCancelled):
        asker.secret("the token", "MTPROTO_BOT_TOKEN")


pty = pytest.importorskip("pty", reason="a terminal of this kind is a thing of Unix")


class AtTerminal:
    """A command at a terminal of its own.

    Attributes:
        seen: all that the terminal showed.

    """

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        env = {name: value for name, value in os.environ.items() if not name.startswith("MTPROTO_")}
        # Without a session of its own, the command would ask at the terminal of whoever runs the tests.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mtproto", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**env, "TERM": "xterm"},
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def wait_for(self, text: str) -> None:
        """Read until the terminal shows a text behind what was waited for before."""
        self._read(lambda new: text in new)

    def type(self, line: str, end: str = "\n") -> None:
        """Type a line."""
        os.write(self._master, f"{line}{end}".encode())

    def end(self) -> int:
        """Wait for the end; return the exit status."""
        self._read(lambda _: False)
        return self.process.wait(SOON)

    def close(self) -> None:
        """Let nothing run on."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def _read(self, is_enough: object) -> None:
        assert callable(is_enough)
        start, end = len(self.seen), time.monotonic() + SOON
        while not is_enough(self.seen[start:]):
            assert time.monotonic() < end, self.seen
            if not select.select([self._master], [], [], SOON)[0]:
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError:  # Linux: nobody has the other end any more
                data = b""
            if not data:
                return
            self.seen += data.decode(errors="replace")


@pytest.fixture
def login(there: list[str]) -> Iterator[AtTerminal]:
    """A login by phone, at a terminal."""
    command = AtTerminal("login", "--phone", *there)
    yield command
    command.close()


def test_a_login_at_a_terminal_shows_no_secret(login: AtTerminal, network: LocalNetworkThread) -> None:
    user = next(each for each in network.accounts if each.dc_id == 2)
    user.set_password("correct horse battery")
    login.wait_for("phone number (/cancel): ")
    login.type(user.phone)
    login.wait_for("login code (/resend, /cancel): ")
    login.type("98765")  # wrong
    login.wait_for("login code (/resend, /cancel): ")
    login.type(user.code)
    login.wait_for("password (/cancel): ")
    login.type("correct horse battery")
    assert login.end() == Exit.DONE
    assert f"user {user.user.id}" in login.seen
    for secret in ("98765", user.code, "correct horse"):
        assert secret not in login.seen


def test_the_end_of_the_input_at_a_terminal_ends_the_command(login: AtTerminal) -> None:
    login.wait_for("phone number (/cancel): ")
    login.type("\x04", end="")  # Ctrl-D
    assert login.end() == Exit.CANCELLED
    assert "the login was cancelled" in login.seen
