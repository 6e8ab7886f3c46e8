"""What a local network knows of a login to it: codes and passwords of its users; and who scans its QR codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.cli.session import network_folder
from mtproto.flows import CodeQuestion, EmailCodeQuestion, PasswordQuestion
from mtproto.transport import authority

if TYPE_CHECKING:
    from pathlib import Path

    from mtproto.cli.answers import Known
    from mtproto.cli.terminal import Terminal
    from mtproto.flows import Question
    from mtproto.localdc import LocalAccount, LocalNetworkThread

__all__ = ["DEFAULT_USER", "LocalAnswers"]

DEFAULT_USER = "dozen"
"""Who is logged in where nobody is named: a user with photos, at home at another DC than the one a login begins at."""


class LocalAnswers:
    """Says what the network knows, and where it may answers with that.

    Args:
        terminal: where everything is said: nothing here is a secret.
        network: it runs.

    """

    def __init__(self, terminal: Terminal, network: LocalNetworkThread) -> None:
        self._terminal = terminal
        self._network = network
        self._account: LocalAccount | None = None

    def introduce(self, session: Path | None) -> None:
        """Say that the network runs, and where it is kept."""
        places = ", ".join(f"{dc_id} on {authority(place)}" for dc_id, place in self._network.addresses.items())
        kept = "nothing of it is kept" if session is None else f"its state is kept in {network_folder(session)}/"
        self._terminal.note(f"local data centres {places}; {kept}")

    def choose(self) -> str:
        """Choose who is logged in, say so, and return the phone number."""
        self._account = self._network.accounts.named(DEFAULT_USER)
        self._terminal.note(f"logging in the network's user {DEFAULT_USER} by phone: +{self._account.phone}")
        return self._account.phone

    def take(self, phone: str) -> None:
        """Note whose phone number a person gave."""
        digits = "".join(sign for sign in phone if sign.isascii() and sign.isdigit())
        self._account = self._network.accounts.find(digits)

    def known(self, *, fill: bool) -> Known:
        """Return who answers: with what the network knows, or (not `fill`) with nothing, having said it."""

        def answer(question: Question) -> str | None:
            text = self._answer(question)
            if text is None:
                return None
            if fill:
                self._terminal.note(f"{question}: {text} (the network knows it)")
                return text
            self._terminal.note(f"the network knows the answer: {text}")
            return None

        return answer

    def scan(self, text: str) -> None:
        """Accept a QR code, as another device of a user does."""
        self._terminal.note(f"nobody else is here to scan it: the network's user {DEFAULT_USER} does")
        self._network.accept_login_token(text, self._network.accounts.named(DEFAULT_USER))

    def _answer(self, question: Question) -> str | None:
        if self._account is None:
            return None
        match question:
            case CodeQuestion():
                return self._account.code
            case PasswordQuestion():
                return self._account.password
            case EmailCodeQuestion():
                return self._account.email_code
            case _:
                return None
