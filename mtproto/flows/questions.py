"""What a flow asks and tells a person: frozen values, each with words for a person (`str(question)`).

`question.answer` is the type of a right answer; a driver may hand in nothing else. Answers are secret: no question,
notice or error holds one. Texts of the server (a hint, terms, addresses) are made printable before they stand here, so
that a terminal can show them: see `printable`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

__all__ = [
    "CANCEL",
    "RECOVER",
    "RESEND",
    "Choice",
    "CodeKind",
    "CodeQuestion",
    "EmailCodeQuestion",
    "EmailQuestion",
    "NameQuestion",
    "Notice",
    "PasswordQuestion",
    "PersonName",
    "PhoneQuestion",
    "QRCode",
    "Question",
    "RecoveryCodeQuestion",
    "Telling",
    "WaitNotice",
    "printable",
]

LONGEST_TEXT = 4096
"""Characters of a server's text that are shown; terms of service have about 1000."""


class Choice(enum.Enum):
    """What a person may answer instead of a text."""

    RESEND = "resend"
    """Send the code again, the next way that the server offers."""

    CANCEL = "cancel"
    """Give the login up; the server is told that the code is not wanted."""

    RECOVER = "recover"
    """The password is lost: send a code to the recovery e-mail."""


RESEND: Literal[Choice.RESEND] = Choice.RESEND
CANCEL: Literal[Choice.CANCEL] = Choice.CANCEL
RECOVER: Literal[Choice.RECOVER] = Choice.RECOVER


class CodeKind(enum.Enum):
    """How a code reaches a person (core.telegram.org/type/auth.SentCodeType); the value is words for it."""

    APP = "a message in Telegram, on another device"
    SMS = "an SMS"
    CALL = "a phone call that says the code"
    FLASH_CALL = "a phone call that nobody has to answer: its number is the code"
    MISSED_CALL = "a missed call: the last digits of its number are the code"
    EMAIL = "an e-mail"
    FRAGMENT = "a message on fragment.com"
    FIREBASE = "an SMS by Firebase"
    WORD = "an SMS with a word"
    PHRASE = "an SMS with a phrase"


@dataclass(frozen=True, slots=True)
class PersonName:
    """The answer to a `NameQuestion`."""

    first: str = field(repr=False)
    last: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PhoneQuestion:
    """The phone number to log in with, in the international form.

    Attributes:
        problem: what was wrong with the answer before; empty the first time.

    """

    answer: ClassVar[tuple[Any, ...]] = (str, Choice.CANCEL)
    problem: str = ""

    def __str__(self) -> str:
        """Return the question in words."""
        return _sentence(self.problem, "Phone number, with the country's code")


@dataclass(frozen=True, slots=True)
class CodeQuestion:
    """The code that the server sent.

    Attributes:
        kind: the way on which the code comes.
        where: where to look, as the server says: the e-mail's pattern, the address at Fragment, the beginning of the
            number that calls, or of the word or phrase; the pattern of a flash call's number. Empty where it says
            nothing.
        length: digits or letters of the code; None where the server does not tell (a word, a phrase).
        next_kind: the way on which `RESEND` sends the code again; None where there is no other way.
        timeout: seconds from the sending until `RESEND` may be answered; None: at once. The flow itself waits for the
            rest of them where the answer comes too early.
        problem: what was wrong with the answer before; empty the first time.

    """

    answer: ClassVar[tuple[Any, ...]] = (str, Choice.RESEND, Choice.CANCEL)
    kind: CodeKind
    where: str = ""
    length: int | None = None
    next_kind: CodeKind | None = None
    timeout: int | None = None
    problem: str = ""

    def __str__(self) -> str:
        """Return the question in words."""
        text = f"Login code, sent as {self.kind.value}"
        if self.where:
            text += f" ({_WHERE.get(self.kind, '')}{self.where})"
        if self.length:
            text += f", {self.length} characters"
        if self.next_kind is not None:
            after = f" after {self.timeout} s" if self.timeout else ""
            text += f"; can be sent again{after} as {self.next_kind.value}"
        return _sentence(self.problem, text)


_WHERE = {
    CodeKind.EMAIL: "to ",
    CodeKind.FLASH_CALL: "from a number like ",
    CodeKind.MISSED_CALL: "from a number that begins with ",
    CodeKind.WORD: "it begins with ",
    CodeKind.PHRASE: "it begins with ",
}


@dataclass(frozen=True, slots=True)
class EmailQuestion:
    """An e-mail address to which login codes are to be sent: the server wants one before it sends a code.

    Attributes:
        problem: what was wrong with the answer before; empty the first time.

    """

    answer: ClassVar[tuple[Any, ...]] = (str, Choice.CANCEL)
    problem: str = ""

    def __str__(self) -> str:
        """Return the question in words."""
        return _sentence(self.problem, "E-mail address for login codes (the server wants one)")


@dataclass(frozen=True, slots=True)
class EmailCodeQuestion:
    """The code that proves an e-mail address.

    Attributes:
        pattern: the address with most letters hidden, as the server shows it.
        length: characters of the code; None where the server does not tell.
        problem: what was wrong with the answer before; empty the first time.

    """

    answer: ClassVar[tuple[Any, ...]] = (str, Choice.RESEND, Choice.CANCEL)
    pattern: str = ""
    length: int | None = None
    problem: str = ""

    def __str__(self) -> str:
        """Return the question in words."""
        length = f", {self.length} characters" if self.length else ""
        return _sentence(self.problem, f"Code from the e-mail to {self.pattern or 'the address'}{length}")


@dataclass(frozen=True, slots=True)
class PasswordQuestion:
    """The two-step verification password.

    Attributes:
        hint: the hint that the account's owner left; may be empty.
        has_recovery: whether `RECOVER` may be answered: there is a recovery e-mail.
        problem: what was wrong with the answer before; empty the first time.

    """

    answer: ClassVar[tuple[Any, ...]] = (str, Choice.RECOVER, Choice.CANCEL)
    hint: str = ""
    has_recovery: bool = False
    problem: str = ""

    def __str__(self) -> str:
        """Return the question in words."""
        hint = f" (hint: {self.hint})" if self.hint else ""
        lost = "; if it is lost, a code can be sent by e-mail" if self.has_recovery else ""
        return _sentence(self.problem, f"Two-step verification password{hint}{lost}")


@dataclass(frozen=True, slots=True)
class RecoveryCodeQuestion:
    """The code that was sent to the recovery e-mail, in place of the password.

    Attributes:
        pattern: the address with most letters hidden, as the server shows it.
        problem: what was wrong with the answer before; empty the first time.

    """

    answer: ClassVar[tuple[Any, ...]] = (str, Choice.CANCEL)
    pattern: str = ""
    problem: str = ""

    def __str__(self) -> str:
        """Return the question in words."""
        return _sentence(self.problem, f"Recovery code from the e-mail to {self.pattern or 'the recovery address'}")


@dataclass(frozen=True, slots=True)
class NameQuestion:
    """The name of a new user. To answer is to accept the terms of service.

    Attributes:
        terms: the terms of service; empty where the server has none.
        min_age: years that a new user has to be of by the terms; None where they say nothing.
        problem: what was wrong with the answer before; empty the first time.

    """

    answer: ClassVar[tuple[Any, ...]] = (PersonName, Choice.CANCEL)
    terms: str = ""
    min_age: int | None = None
    problem: str = ""

    def __str__(self) -> str:
        """Return the question in words."""
        age = f"\nYou confirm that you are {self.min_age} or older." if self.min_age else ""
        terms = f"Terms of service:\n{self.terms}{age}\nTo go on is to accept the terms.\n" if self.terms else ""
        return _sentence(self.problem, f"{terms}The phone number has no account yet: the name for a new one")


Question: TypeAlias = (
    PhoneQuestion
    | CodeQuestion
    | EmailQuestion
    | EmailCodeQuestion
    | PasswordQuestion
    | RecoveryCodeQuestion
    | NameQuestion
)
"""Every question that a flow may ask."""


@dataclass(frozen=True, slots=True)
class QRCode:
    """A QR code for a logged-in app to scan: Settings, Devices, Link Desktop Device. A later one replaces it.

    Attributes:
        text: what to draw: `tg://login?token=…`. Whoever scans it decides on the login, and a photo of it is as good:
            it stands in the drawn code only, never in a log.
        seconds: how long it is good for.

    """

    text: str = field(repr=False)
    seconds: float

    def __str__(self) -> str:
        """Return words to stand beside the code."""
        return f"Scan the code with Telegram on another device (Settings, Devices); it is good for {self.seconds:.0f} s"


@dataclass(frozen=True, slots=True)
class WaitNotice:
    """The flow waits before it goes on.

    Attributes:
        seconds: for how long.
        reason: why, in words.

    """

    seconds: float
    reason: str

    def __str__(self) -> str:
        """Return the notice in words."""
        return f"Waiting {self.seconds:.0f} s: {self.reason}"


@dataclass(frozen=True, slots=True)
class Telling:
    """Something that happened, in words: the text is ours."""

    text: str

    def __str__(self) -> str:
        """Return the text."""
        return self.text


Notice: TypeAlias = QRCode | WaitNotice | Telling
"""Everything that a flow may tell a person."""


def printable(text: object) -> str:
    """Return a server's text as a terminal may show it: no control characters but line ends, bounded in length.

    Bytes that were no UTF-8, which TL strings carry as lone surrogates, become U+FFFD.
    """
    if not isinstance(text, str):
        return ""
    kept = text[:LONGEST_TEXT].replace("\r\n", "\n")
    return "".join(sign if sign == "\n" or sign.isprintable() else "\ufffd" for sign in kept)


def _sentence(problem: str, text: str) -> str:
    return f"{problem}. {text}" if problem else text
