"""Scripts in which temporary keys are made, bound, refused, replaced and lost."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz.targets.pfs import ANSWERS

__all__ = ["corpora"]

Seeds = Iterator[tuple[str, bytes]]

_FORGED, _ANSWER, _KEY, _RAW, _ERROR, _TIME, _CUT, _SEND, _CANCEL = 0, 1, 3, 4, 5, 6, 7, 8, 9
_KNOWN_KEY, _TWO_CALLS = 1, 4
_FIRST, _SECOND = 0, 1
_LIFE = (3600).to_bytes(2, "little")
_MINUTE, _HOUR = (60 * 16).to_bytes(2, "little"), (3400 * 16).to_bytes(2, "little")
_TRUE, _NOT_BOUND, _REFUSED, _FLOOD = 0, 1, 2, 6
_OTHER = len(ANSWERS)


def corpora() -> dict[str, dict[str, bytes]]:
    """Return the seeds of each target by name."""
    return {"link-pfs": dict(_scripts())}


def _answer(link: int, which: int, answer: int) -> bytes:
    return bytes((_ANSWER, link, which, answer))


def _scripts() -> Seeds:
    key = bytes((_KEY, _FIRST)) + _LIFE
    bound = bytes((_KNOWN_KEY | _TWO_CALLS,)) + key + _answer(_FIRST, 0, _TRUE)
    body = b"\x04\0body"
    answers = bytes((_ANSWER, _FIRST, 1, _OTHER)) + body + bytes((_ANSWER, _FIRST, 0, _OTHER)) + body
    yield "bound", bound + answers
    yield "both-keys", bytes((_TWO_CALLS,)) + key + key + _answer(_FIRST, 0, _TRUE) + answers
    yield "unbound-later", bound + _answer(_FIRST, 0, _NOT_BOUND) + _answer(_FIRST, 0, _TRUE) + answers
    yield "refused-binding", bytes((_KNOWN_KEY,)) + (key + _answer(_FIRST, 0, _REFUSED)) * 8
    yield "later", bytes((_KNOWN_KEY,)) + key + _answer(_FIRST, 0, _FLOOD) + bytes((_TIME, 0)) + _MINUTE
    renewed = bound + bytes((_TIME, _FIRST)) + _HOUR + bytes((_KEY, _SECOND)) + _LIFE
    yield "renewed", renewed + bytes((_SEND, 0, 1)) + bytes((_TIME, _FIRST)) + _MINUTE + _answer(_SECOND, 0, _TRUE)
    yield "cut", bound + bytes((_CUT, _FIRST, _TIME, _FIRST)) + _MINUTE + bytes((_SEND, 0, 0x13, _CANCEL, 0, 1))
    yield "unknown-key", bound + (bytes((_ERROR, _FIRST)) + b"\x94\x01" + bytes((_TIME, _FIRST)) + _MINUTE) * 3
    yield "packets", bound + bytes((_FORGED, _FIRST, 8)) + body + bytes((_RAW, _FIRST)) + body
