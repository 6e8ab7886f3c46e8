"""What a network keeps of what it gave out: codes, login tokens, exported authorizations, challenges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtproto.crypto import PasswordChallenge

__all__ = ["Export", "LoginToken", "PhoneCode", "SRPAttempt"]

WRONG_CODES = 5
"""Wrong codes after which a code is good no longer."""


@dataclass(slots=True)
class PhoneCode:
    """A code that was sent to a phone number, known to the client by its `phone_code_hash`.

    Attributes:
        phone: the number, digits only.
        step: which of the account's ways to deliver codes was used last.
        wrong: how many wrong codes came back.
        proven: whether the right one came back: only the sign-up is left.
        email: the address that the client wants to set up.

    """

    phone: str
    step: int = 0
    wrong: int = 0
    proven: bool = False
    email: str | None = field(default=None, repr=False)

    def go_on(self) -> None:
        """Deliver the code in the next way."""
        self.step += 1

    def guess(self) -> bool:
        """Note a wrong code; say whether another try is left."""
        self.wrong += 1
        return self.wrong < WRONG_CODES

    def prove(self) -> None:
        """Note that the right code came back."""
        self.proven = True

    def set_up(self, email: str) -> None:
        """Note the address that the client wants to set up."""
        self.email = email


@dataclass(slots=True)
class LoginToken:
    """A token of `auth.exportLoginToken`, which stands in a QR code.

    Attributes:
        dc_id: the DC at which it was made.
        key_id: the permanent auth key that made it.
        expires_at: until when it may be accepted (Unix seconds).
        except_ids: users who may not accept it: they are logged in at the client already.
        user_id: who accepted it; None for nobody yet.

    """

    dc_id: int
    key_id: int
    expires_at: float
    except_ids: frozenset[int]
    user_id: int | None = None

    def accept(self, user_id: int) -> None:
        """Note who accepted it."""
        self.user_id = user_id


@dataclass(frozen=True, slots=True)
class Export:
    """What `auth.exportAuthorization` gave out: who, for which DC, and of which authorization."""

    id: int
    user_id: int
    dc_id: int
    authorization: int


@dataclass(frozen=True, slots=True)
class SRPAttempt:
    """What `account.getPassword` gave out: whose password, which version of it, and the server's half of SRP."""

    user_id: int
    version: int
    challenge: PasswordChallenge
