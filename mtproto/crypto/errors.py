"""The errors of the crypto room. None carries key material: not in its text, not in an attribute."""

from __future__ import annotations

from mtproto.errors import MTProtoError

__all__ = ["CryptoError", "DHCheckFailed"]


class CryptoError(MTProtoError):
    """A value given to a function of this room is not one that the function is defined for, or does not verify."""


class DHCheckFailed(CryptoError):
    """A Diffie-Hellman parameter or public value is not acceptable (core.telegram.org/mtproto/auth_key).

    Attributes:
        check: the condition that does not hold, for example `"dh_prime is not a safe prime"`.

    """

    def __init__(self, check: str) -> None:
        super().__init__(check)
        self.check = check
