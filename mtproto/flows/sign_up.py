"""A new user for a phone number that has none (core.telegram.org/method/auth.signUp)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.errors import BadRequest, MTProtoError
from mtproto.flows.asking import ANSWERS_TAKEN, ask_or_stop
from mtproto.flows.errors import FlowFailed
from mtproto.flows.layers import make, name_of, text_of
from mtproto.flows.questions import NameQuestion, Telling, printable
from mtproto.flows.steps import Call, Tell

if TYPE_CHECKING:
    from mtproto.flows.steps import Flow
    from tl import Schema

__all__ = ["accept_terms", "sign_up"]

LONGEST_NAME = 64
"""Characters of a first or last name that Telegram takes."""

_OLDEST = 150
_PROBLEMS = {
    "FIRSTNAME_INVALID": "That first name is not accepted",
    "LASTNAME_INVALID": "That last name is not accepted",
}


def sign_up(schema: Schema, phone: str, code_hash: str, terms: Any = None) -> Flow[Any]:
    """Show the terms of service, ask for a name, make the user; return the `auth.Authorization`.

    Args:
        schema: the account's.
        phone: the phone number, whose code was right.
        code_hash: `phone_code_hash` of that code.
        terms: the `help.termsOfService` that the server wants to be accepted, or None.

    Raises:
        LoginCancelled: the person does not go on.
        RpcError: the server refuses more than the name.
        FlowFailed: no name was accepted.

    """
    text = printable(text_of(terms, "text"))
    age = getattr(terms, "min_age_confirm", None)
    min_age = age if isinstance(age, int) and 0 < age < _OLDEST else None
    problem = ""
    for _ in range(ANSWERS_TAKEN):
        name = yield from ask_or_stop(NameQuestion(text, min_age, problem))
        first, last = name.first.strip(), name.last.strip()
        if not first or max(len(first), len(last)) > LONGEST_NAME:
            problem = f"A first name is needed, and names have at most {LONGEST_NAME} characters"
            continue
        try:
            return (
                yield Call(
                    make(
                        schema,
                        "auth.signUp",
                        phone_number=phone,
                        phone_code_hash=code_hash,
                        first_name=first,
                        last_name=last,
                    ),
                    idempotent=True,  # a phone that has a user then logs in
                )
            )
        except BadRequest as error:
            if error.name not in _PROBLEMS:
                raise
            problem = _PROBLEMS[error.name]
    raise FlowFailed(f"no name was accepted after {ANSWERS_TAKEN} answers")


def accept_terms(schema: Schema, terms: Any) -> Flow[None]:
    """Tell the server that the terms were accepted. A failure changes nothing: the user is there and logged in."""
    if name_of(terms) != "help.termsOfService":
        return
    try:
        yield Call(make(schema, "help.acceptTermsOfService", id=terms.id), idempotent=True)
    except MTProtoError as error:
        yield Tell(Telling(f"The server did not take the acceptance of its terms: {printable(str(error))}"))
