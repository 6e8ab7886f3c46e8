"""What the server says of a code that it sent, in our words, and what a person typed, in the server's form.

core.telegram.org/type/auth.SentCode, core.telegram.org/type/auth.SentCodeType. Functions without state.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mtproto.flows.layers import name_of, text_of
from mtproto.flows.questions import CodeKind, CodeQuestion, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SentCode", "code_of_test_phone", "read_code", "read_phone", "read_sent_code"]

LONGEST_CODE = 64
"""Characters of a code, or of what a person may type for one: a phrase has about 30."""

LONGEST_PAUSE = 3600
"""Seconds of a `timeout` that are believed; the documentation's examples have 60 and 120."""

_PHONE = re.compile("[0-9]{5,20}")
_TEST_PHONE = re.compile("99966([0-9])[0-9]{4}")
_SHORT = 5
_LEFT_OUT = re.compile(r"[\s()./-]+")


class _SentType(NamedTuple):
    """A constructor of `auth.SentCodeType`: its kind, and the field that says where the code is to be looked for."""

    kind: CodeKind
    where: str = ""


_TYPES: Mapping[str, _SentType] = {
    "auth.sentCodeTypeApp": _SentType(CodeKind.APP),
    "auth.sentCodeTypeSms": _SentType(CodeKind.SMS),
    "auth.sentCodeTypeCall": _SentType(CodeKind.CALL),
    "auth.sentCodeTypeFlashCall": _SentType(CodeKind.FLASH_CALL, "pattern"),
    "auth.sentCodeTypeMissedCall": _SentType(CodeKind.MISSED_CALL, "prefix"),
    "auth.sentCodeTypeEmailCode": _SentType(CodeKind.EMAIL, "email_pattern"),
    "auth.sentCodeTypeFragmentSms": _SentType(CodeKind.FRAGMENT, "url"),
    "auth.sentCodeTypeFirebaseSms": _SentType(CodeKind.FIREBASE),
    "auth.sentCodeTypeSmsWord": _SentType(CodeKind.WORD, "beginning"),
    "auth.sentCodeTypeSmsPhrase": _SentType(CodeKind.PHRASE, "beginning"),
}

_SET_UP_EMAIL = "auth.sentCodeTypeSetUpEmailRequired"

_NEXT_TYPES: Mapping[str, CodeKind] = {
    "auth.codeTypeSms": CodeKind.SMS,
    "auth.codeTypeCall": CodeKind.CALL,
    "auth.codeTypeFlashCall": CodeKind.FLASH_CALL,
    "auth.codeTypeMissedCall": CodeKind.MISSED_CALL,
    "auth.codeTypeFragmentSms": CodeKind.FRAGMENT,
}

_WORDS = frozenset({CodeKind.WORD, CodeKind.PHRASE})


@dataclass(frozen=True, slots=True)
class SentCode:
    """An `auth.sentCode` in our words.

    Attributes:
        kind: the way of the code; None where this library does not know the type, or no code was sent.
        type_name: the TL name of the type, for an error.
        code_hash: `phone_code_hash`.
        where, length, next_kind, timeout: as a `CodeQuestion` has them.

    """

    kind: CodeKind | None
    type_name: str
    code_hash: str = field(repr=False)
    where: str = ""
    length: int | None = None
    next_kind: CodeKind | None = None
    timeout: int | None = None

    @property
    def wants_email(self) -> bool:
        """Tell whether no code was sent, since the server wants an e-mail address first."""
        return self.type_name == _SET_UP_EMAIL

    def question(self, problem: str = "", *, may_resend: bool = True) -> CodeQuestion:
        """Return the question for this code; only for a known kind."""
        if self.kind is None:
            raise TypeError("a code of an unknown kind can't be asked for")
        next_kind = self.next_kind if may_resend else None
        return CodeQuestion(
            kind=self.kind,
            where=self.where,
            length=self.length,
            next_kind=next_kind,
            timeout=self.timeout if next_kind is not None else None,
            problem=problem,
        )


def read_sent_code(sent: Any) -> SentCode:
    """Read an `auth.sentCode`. Numbers that can't be are dropped, texts are made printable."""
    type_name = name_of(sent.type)
    known = _TYPES.get(type_name)
    timeout = sent.timeout
    length = getattr(sent.type, "length", None)
    return SentCode(
        kind=known.kind if known is not None else None,
        type_name=type_name,
        code_hash=sent.phone_code_hash,
        where=printable(text_of(sent.type, known.where)) if known is not None and known.where else "",
        length=length if isinstance(length, int) and 0 < length <= LONGEST_CODE else None,
        next_kind=_NEXT_TYPES.get(name_of(sent.next_type)),
        timeout=min(timeout, LONGEST_PAUSE) if isinstance(timeout, int) and timeout > 0 else None,
    )


def read_phone(typed: str) -> str | None:
    """Return a phone number as the API takes it, the digits with the country's code; None for what is no number."""
    digits = _LEFT_OUT.sub("", typed).removeprefix("+")
    return digits if _PHONE.fullmatch(digits) else None


def read_code(typed: str, sent: SentCode) -> str | None:
    """Return what a person typed in the form of the code; None for what can be no code.

    Digits may be typed with blanks and hyphens between them. Of a missed call's number, the last digits are the code.
    A word and a phrase are left as they are, but for blanks at their ends and double ones.
    """
    if sent.kind in _WORDS:
        code = " ".join(typed.split())
    else:
        code = _LEFT_OUT.sub("", typed).removeprefix("+")
        if sent.kind is CodeKind.MISSED_CALL and sent.length:
            code = code[-sent.length :]
    return code if 0 < len(code) <= LONGEST_CODE else None


def code_of_test_phone(phone: str, sent: SentCode) -> str | None:
    """Return the code of a test phone `99966XYYYY`: X, as often as the code is long; None for any other phone.

    core.telegram.org/api/auth#test-accounts. Only for test servers.
    """
    found = _TEST_PHONE.fullmatch(phone)
    if found is None or sent.kind is None or sent.kind in _WORDS:
        return None
    return found[1] * (sent.length or _SHORT)
