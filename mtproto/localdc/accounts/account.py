"""One account of a network: a user with a phone number, a home DC, a code and perhaps a password."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mtproto.localdc.accounts.two_step import TwoStep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mtproto.localdc.world import User

__all__ = ["DELIVERIES", "LocalAccount"]

DELIVERIES = (
    "app",
    "sms",
    "call",
    "flash_call",
    "missed_call",
    "fragment",
    "word",
    "phrase",
    "firebase",
    "email",
    "set_up_email",
)
"""The ways in which codes are delivered, as `LocalAccount.deliver_by` takes them (`auth.SentCodeType`)."""

FUTURE_TOKENS = 20
"""Tokens of log-outs that are kept for an account: as many as a client keeps."""

NEXT_WAY_AFTER = 60
"""Seconds until a client may ask for the next way of delivery."""


class LocalAccount:
    """One account. A program changes it by its methods, at any time.

    Attributes:
        user: the user whom it logs in.
        phone: the phone number, digits only; empty for the bot.
        dc_id: the home DC.
        files_dc: the DC that has the files of the user's photos.
        code: the code that is sent to the phone, always the same.
        email: the address that codes for logging in are sent to; empty for none.
        wanted_email: the address that the user wants instead, until its code came back; empty for none.
        deliveries: in which ways the code is delivered, one after the other.
        timeout: seconds until a client may ask for the next way.
        two_step: the password.

    """

    def __init__(self, user: User, phone: str, dc_id: int, code: str, random: Callable[[int], bytes]) -> None:
        self.user = user
        self.phone = phone
        self.dc_id = dc_id
        self.files_dc = dc_id
        self.code = code
        self.email = ""
        self.wanted_email = ""
        self.deliveries: tuple[str, ...] = ("app", "sms", "call")
        self.timeout = NEXT_WAY_AFTER
        self.two_step = TwoStep(random)
        self._future: deque[bytes] = deque(maxlen=FUTURE_TOKENS)

    @property
    def password(self) -> str | None:
        """The password, as text, where the program set it; None where a client did, or there is none."""
        return self.two_step.text

    @property
    def email_code(self) -> str:
        """The code that is sent by e-mail, always the same: six digits."""
        return "".join(str((int(digit) + 1) % 10) if digit.isdigit() else "0" for digit in (self.code + "000000")[:6])

    def set_password(self, password: str, *, hint: str = "", email: str = "") -> None:
        """Protect the account by a password; `email` is where a recovery code goes."""
        self.two_step.set(password, hint=hint, email=email)

    def remove_password(self) -> None:
        """Have no password any more."""
        self.two_step.remove()

    def set_code(self, code: str) -> None:
        """Have another code sent from now on: words and phrases are codes, too."""
        self.code = code

    def set_email(self, email: str) -> None:
        """Have another e-mail address for codes."""
        self.email, self.wanted_email = email, ""

    def want_email(self, email: str) -> None:
        """Note the address that the user wants, until its code comes back."""
        self.wanted_email = email

    def deliver_by(self, *deliveries: str, timeout: int = NEXT_WAY_AFTER) -> None:
        """Have codes delivered in these ways (`DELIVERIES`), one after the other as the client asks for the next.

        Raises:
            ValueError: there is no such way, or none was given.

        """
        unknown = [each for each in deliveries if each not in DELIVERIES]
        if unknown or not deliveries:
            raise ValueError(
                f"codes are delivered by {', '.join(DELIVERIES)}; not by {', '.join(unknown) or 'nothing'}"
            )
        self.deliveries, self.timeout = deliveries, timeout

    def move_to(self, dc_id: int) -> None:
        """Have another home DC from now on; the files of photos stay where they are."""
        self.dc_id = dc_id

    @property
    def future_tokens(self) -> tuple[bytes, ...]:
        """The tokens of log-outs that still serve, oldest first."""
        return tuple(self._future)

    def restore(self, dc_id: int, files_dc: int, code: str, email: str, future_tokens: Iterable[bytes]) -> None:
        """Take over what a file has kept of the account."""
        self.dc_id, self.files_dc, self.code, self.email = dc_id, files_dc, code, email
        self._future.clear()
        self._future.extend(future_tokens)

    def keep_future_token(self, token: bytes) -> None:
        """Remember a token that a log-out gave out; the oldest of more than 20 goes."""
        self._future.append(token)

    def use_future_token(self, token: bytes) -> bool:
        """Say whether a log-out gave out this token; it serves once."""
        if token not in self._future:
            return False
        self._future.remove(token)
        return True

    def __repr__(self) -> str:
        return f"LocalAccount({self.user.username!r}, phone={self.phone!r}, dc_id={self.dc_id})"
