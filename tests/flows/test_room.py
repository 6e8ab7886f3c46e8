"""What holds for the whole room: names, words for a person, secrets, and flows that end wherever they are left."""

from __future__ import annotations

import dataclasses
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto import flows
from mtproto.errors import MTProtoError
from mtproto.flows import (
    Call,
    Compute,
    FlowFailed,
    FutureToken,
    MoveTo,
    Next,
    PersonName,
    QRCode,
    Start,
    Telling,
    WaitNotice,
    log_in_by_phone,
    printable,
)
from mtproto.flows import questions as questions_module
from tests.flows.answers import PHONE, Answers
from tl import api


def test_every_name_of_the_room_resolves() -> None:
    assert all(getattr(flows, name) is not None for name in flows.__all__)
    assert set(flows.__all__) <= set(dir(flows))
    assert not any(inspect.ismodule(getattr(flows, name)) for name in flows.__all__)
    unknown = "no_such_name"
    with pytest.raises(AttributeError, match=unknown):
        getattr(flows, unknown)


def test_every_question_declares_its_answers_and_has_words_in_which_a_problem_comes_first() -> None:
    kinds = [kind for name, kind in vars(questions_module).items() if name.endswith("Question") and name != "Question"]
    assert len(kinds) == 7
    for kind in kinds:
        needed = {"kind": flows.CodeKind.SMS} if kind is flows.CodeQuestion else {}
        question = kind(**needed, problem="That was wrong")
        assert str(question).startswith("That was wrong. ")
        assert flows.Choice.CANCEL in kind.answer
        assert dataclasses.is_dataclass(kind)


def test_no_repr_shows_what_is_secret() -> None:
    request = api.functions.auth.SignIn(phone_number=PHONE, phone_code_hash="secret", phone_code="secret")
    steps = [
        Call(request, dc=2),
        Start(Call(request)),
        Compute(print, ("secret",)),
        PersonName("secret", "secret"),
        QRCode("tg://login?token=secret", 30),
        FutureToken(b"secret"),
    ]
    shown = repr(steps)
    assert "secret" not in shown
    assert PHONE not in shown
    assert "<Call auth.signIn to DC 2, lane main>" in shown
    assert repr([Next(), MoveTo(4)]) == "[Next(), MoveTo(dc=4)]"


def test_notices_have_words() -> None:
    assert str(WaitNotice(59.6, "because")) == "Waiting 60 s: because"
    assert str(Telling("It is done")) == "It is done"
    assert "30 s" in str(QRCode("tg://login?token=x", 30))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Be good.\r\nAlways.", "Be good.\nAlways."),
        ("\x1b]0;title\x07", "\ufffd]0;title\ufffd"),
        ("a\u202etxt.exe", "a\ufffdtxt.exe"),
        ("\udcff", "\ufffd"),
        ("x" * 5000, "x" * 4096),
        (None, ""),
        (5, ""),
    ],
)
def test_a_text_of_the_server_is_made_printable(text: object, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_what_is_printable_can_be_written_and_moves_no_cursor(text: str) -> None:
    shown = printable(text)
    shown.encode("utf-8")
    assert all(sign == "\n" or sign.isprintable() for sign in shown)


def test_a_flow_that_is_left_makes_no_further_step(latest: Answers) -> None:
    flow = log_in_by_phone(latest.settings(), bytes, PHONE)
    flow.send(None)
    flow.close()
    with pytest.raises(StopIteration):
        flow.send(None)


def test_errors_of_flows_are_one_family() -> None:
    assert issubclass(flows.NotSupported, FlowFailed)
    assert issubclass(flows.UnexpectedAnswer, FlowFailed)
    assert issubclass(FlowFailed, MTProtoError)
