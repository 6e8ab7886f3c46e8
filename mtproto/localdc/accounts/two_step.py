"""The two-step password of an account, as a server keeps it (core.telegram.org/api/srp)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mtproto.crypto import (
    KNOWN_PRIME,
    PasswordAlgo,
    password_challenge,
    password_is_proven,
    password_verifier,
)
from mtproto.localdc.accounts.records import SRPAttempt

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NewPassword", "TwoStep"]

GENERATOR = 3
CLIENT_SALT = 32
"""Bytes that a client adds to `salt1` of a new password, at least."""

LONGEST_SALT = 256
"""Bytes that the salt may have altogether."""


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that a client set: `verifier` is empty where the password is to go away."""

    algo: PasswordAlgo
    verifier: bytes = field(repr=False)
    hint: str = ""
    email: str = field(default="", repr=False)


class TwoStep:
    """The password of one account.

    Args:
        random: a cryptographically secure source of bytes.

    Attributes:
        new_algo: what a new password is to be set with: salts and group.
        algo: the same of the password there is; None for no password.
        hint: the hint of the password there is.
        email: where a recovery code goes; empty for nowhere.
        version: how often the password was changed.
        pending: a password that waits until its e-mail address is confirmed; None for none.

    """

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self.new_algo = PasswordAlgo(random(8), random(16), GENERATOR, KNOWN_PRIME.to_bytes(256, "big"))
        self.algo: PasswordAlgo | None = None
        self.hint = ""
        self.email = ""
        self.version = 0
        self.pending: NewPassword | None = None
        self._random = random
        self._text: str | None = None
        self._verifier = b""

    @property
    def is_set(self) -> bool:
        """Whether there is a password."""
        return self.algo is not None

    @property
    def verifier(self) -> bytes:
        """The verifier of a password that a client set, 256 bytes; empty for none."""
        return self._verifier

    @property
    def text(self) -> str | None:
        """The password where the program itself set it; None where a client did, or there is none."""
        return self._text

    def set(self, password: str, *, hint: str = "", email: str = "") -> None:
        """Set the password, as text; its hash is made when somebody asks for it first."""
        self._replace(self.new_algo, b"", hint, email)
        self._text = password

    def remove(self) -> None:
        """Have no password any more."""
        self._replace(None, b"", "", "")

    def take(self, new: NewPassword) -> None:
        """Set the password that a client sent."""
        if not new.verifier:
            self.remove()
        else:
            self._replace(new.algo, new.verifier, new.hint, new.email or self.email)

    def wait_for_email(self, new: NewPassword) -> None:
        """Keep a password until the e-mail address that came with it is confirmed."""
        self.pending = new

    def confirm(self) -> None:
        """Set the password that waited."""
        new, self.pending = self.pending, None
        if new is not None:
            self.take(new)

    def forget_pending(self) -> None:
        """Forget the password that waited."""
        self.pending = None

    def is_new_algo(self, algo: PasswordAlgo) -> bool:
        """Say whether a client may set a password with these parameters: ours, and bytes of its own behind `salt1`."""
        own = self.new_algo
        return (
            (algo.g, algo.p, algo.salt2) == (own.g, own.p, own.salt2)
            and algo.salt1.startswith(own.salt1)
            and len(own.salt1) + CLIENT_SALT <= len(algo.salt1) <= LONGEST_SALT
        )

    def attempt(self, user_id: int) -> SRPAttempt:
        """Make the server's half of one proof: up to 0.1 s of computation, and none of the loop's business.

        The password has to be set.
        """
        algo, version = self._known(), self.version
        return SRPAttempt(user_id, version, password_challenge(self._make_verifier(), algo, self._random))

    def is_proven(self, attempt: SRPAttempt, g_a: bytes, m1: bytes) -> bool:
        """Say whether an answer to an attempt proves the password."""
        return password_is_proven(self._make_verifier(), self._known(), attempt.challenge, g_a, m1)

    def _make_verifier(self) -> bytes:
        text, algo = self._text, self.algo
        if not self._verifier and text is not None and algo is not None:
            self._verifier = password_verifier(text.encode(), algo)
        return self._verifier

    def _known(self) -> PasswordAlgo:
        if self.algo is None:
            raise ValueError("there is no password")
        return self.algo

    def _replace(self, algo: PasswordAlgo | None, verifier: bytes, hint: str, email: str) -> None:
        self.algo, self._verifier, self._text = algo, verifier, None
        self.hint, self.email, self.pending = hint, email, None
        self.version += 1
