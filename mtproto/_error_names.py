"""The names of errors that carry numbers, and which of these are waits (core.telegram.org/api/errors).

A server writes `FILE_PART_7_MISSING` where the documentation has the template `FILE_PART_X_MISSING`. Only the numbers
of a known template are arguments; every other digit is a part of the name: the 2 of `2FA_CONFIRM_WAIT_60`, the site key
in `RECAPTCHA_CHECK_signup__6LdAbC1234`.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MIGRATIONS", "WAITS", "split_name"]

WAITS = frozenset(
    {
        "2FA_CONFIRM_WAIT_X",
        "FLOOD_PREMIUM_WAIT_X",
        "FLOOD_TEST_PHONE_WAIT_X",
        "FLOOD_WAIT_X",
        "SLOWMODE_WAIT_X",
        "TAKEOUT_INIT_DELAY_X",
    }
)
"""Names of code 420 whose X is the seconds to wait before the call is repeated: TDLib's list, and one more."""

MIGRATIONS = frozenset({"FILE_MIGRATE_X", "NETWORK_MIGRATE_X", "PHONE_MIGRATE_X", "STATS_MIGRATE_X", "USER_MIGRATE_X"})
"""Names of code 303 whose X is a data centre."""

_OTHERS = (
    "ALLOW_PAYMENT_REQUIRED_X",  # stars for each message
    "AUTH_RESTART_X",
    "EMAIL_UNCONFIRMED_X",  # digits of the code
    "FILE_PART_X_MISSING",
    "FILE_REFERENCE_X_EXPIRED",  # the index of the file among those that were sent
    "FILE_REFERENCE_X_INVALID",
    "INPUT_CONSTRUCTOR_INVALID_X_X",  # the id of the constructor, and the layer
    "INPUT_METHOD_INVALID_X_X",  # the id of the method, and the layer
    "INTERDC_X_CALL_ERROR",
    "INTERDC_X_CALL_RICH_ERROR",
    "PASSWORD_TOO_FRESH_X",  # seconds, of code 400
    "PREMIUM_SUB_ACTIVE_UNTIL_X",  # Unix seconds: no wait, although the code is 420
    "PREVIOUS_CHAT_IMPORT_ACTIVE_WAIT_XMIN",  # minutes, of code 406
    "SESSION_TOO_FRESH_X",  # seconds, of code 400
    "STARGIFT_RESELL_TOO_EARLY_X",
    "STARGIFT_TRANSFER_TOO_EARLY_X",
    "STORY_LIVE_ALREADY_X",  # the id of the story
    "STORY_SEND_FLOOD_MONTHLY_X",  # Unix seconds
    "STORY_SEND_FLOOD_WEEKLY_X",  # Unix seconds
)

_NUMBER = re.compile("[0-9]+")
_LONGEST = 20
"""Digits of the longest argument: a longer number is no argument, since the peer chooses the length."""


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split("X(?=_|MIN|$)", template)
    return re.compile(f"([0-9]{{1,{_LONGEST}}})".join(map(re.escape, parts)))


def _shape(name: str) -> str:
    """Return the part that a template and all its messages have in common."""
    return _NUMBER.sub("X", name)


_PATTERNS: Mapping[str, tuple[str, re.Pattern[str]]] = MappingProxyType(
    {_shape(template): (template, _pattern(template)) for template in (*WAITS, *MIGRATIONS, *_OTHERS)}
)
"""The template and the pattern of its messages, by the part that they have in common."""


def split_name(message: str) -> tuple[str, tuple[int, ...]]:
    """Return the template of an error's message, and its numbers; the message and no numbers if it has no template."""
    template, pattern = _PATTERNS.get(_shape(message), (message, None))
    found = pattern.fullmatch(message) if pattern is not None else None
    return (template, tuple(map(int, found.groups()))) if found is not None else (message, ())
