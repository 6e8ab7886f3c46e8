"""Tokens of QR codes: accepted by somebody who is logged in (core.telegram.org/api/qr-login)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from mtproto.localdc.answers import Refused
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.accounts import LocalAccount, LoginToken
    from mtproto.localdc.dc_state import DCState

__all__ = ["accept", "accept_link"]


def accept(token: bytes, user_id: int, dc: DCState) -> LoginToken:
    """Note who accepts a token, and tell the client that made it (`updateLoginToken`).

    Refuses with `AUTH_TOKEN_INVALIDX`, `AUTH_TOKEN_EXPIRED`, `AUTH_TOKEN_ALREADY_ACCEPTED`, and with
    `AUTH_TOKEN_EXCEPTION` whom the client named as logged in already.
    """
    known = dc.shared.tokens.get(token)
    if known is None:
        raise Refused(400, "AUTH_TOKEN_INVALIDX")
    if known.expires_at <= dc.clock():
        raise Refused(400, "AUTH_TOKEN_EXPIRED")
    if known.user_id is not None:
        raise Refused(400, "AUTH_TOKEN_ALREADY_ACCEPTED")
    if user_id in known.except_ids:
        raise Refused(400, "AUTH_TOKEN_EXCEPTION")
    known.accept(user_id)
    made_at = dc.shared.dcs[known.dc_id]
    update = api.types.UpdateShort(update=api.types.UpdateLoginToken(), date=int(dc.clock()))
    made_at.notify(known.key_id, update)
    return known


def accept_link(token: bytes | str, account: LocalAccount, dc: DCState) -> None:
    """Accept a token, or the link that a QR code holds.

    Raises:
        ValueError: the token is not good; the error says why.

    """
    try:
        accept(_from_link(token) if isinstance(token, str) else token, account.user.id, dc)
    except Refused as refused:
        raise ValueError(f"the token is not accepted: {refused.name}") from None


def _from_link(link: str) -> bytes:
    text = parse_qs(urlsplit(link).query).get("token", [link])[0]
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise ValueError("the link holds no token: tg://login?token=… in base64url is expected") from None
