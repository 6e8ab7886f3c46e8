"""What a server answers, as objects of one layer."""

from __future__ import annotations

from typing import Any

from mtproto.flows import LoginSettings
from tl import Schema

USER = 4711
PHONE = "491700000000"
HASH = "hash-of-the-code"
TOKEN = b"future auth token"
API_HASH = "0123456789abcdef"
DCS = frozenset({1, 2, 4})


class Answers:
    """Makes objects of a schema by their TL names, with the fields that every answer of the kind has."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    @property
    def later(self) -> bool:
        """Whether the layer knows login e-mails and more kinds of codes."""
        return "auth.sentCodeTypeEmailCode" in self.schema

    def __call__(self, name: str, **fields: object) -> Any:
        return self.schema[name](**fields)

    def settings(self, *, test: bool = False) -> LoginSettings:
        return LoginSettings(schema=self.schema, api_id=1, api_hash=API_HASH, dcs=DCS, test=test)

    def user(self, user_id: int = USER, **fields: object) -> Any:
        return self("user", id=user_id, **fields)

    def authorization(self, **fields: object) -> Any:
        return self("auth.authorization", **{"user": self.user(), **fields})

    def sent(self, kind: str = "Sms", *, next_type: str | None = None, timeout: int | None = None, **type_: Any) -> Any:
        """Return an `auth.sentCode` of the type `auth.sentCodeType` and `kind`."""
        if kind == "EmailCode":
            type_.setdefault("email_pattern", "a*@b.c")
        if kind in {"App", "Sms", "Call", "MissedCall", "EmailCode", "FragmentSms", "FirebaseSms"}:
            type_.setdefault("length", 5)
        return self(
            "auth.sentCode",
            type=self(f"auth.sentCodeType{kind}", **type_),
            phone_code_hash=HASH,
            next_type=self(f"auth.codeType{next_type}") if next_type else None,
            timeout=timeout,
        )

    def signed_up_first(self, **terms: object) -> Any:
        """Return the answer that wants a sign-up, with terms of service if there are `terms`."""
        if not terms:
            return self("auth.authorizationSignUpRequired")
        data = self("dataJSON", data="{}")
        told = self("help.termsOfService", **{"id": data, "text": "Be good.", "entities": [], **terms})
        return self("auth.authorizationSignUpRequired", terms_of_service=told)
