"""The transcript of a DC: which calls came, from whom, and what became of each."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtproto.localdc.answers import Answer
    from tl import TLObject

__all__ = ["LARGE", "RecordedCall", "Transcript"]

CALLS = 4096
"""Calls that are kept; one more, and the oldest goes."""

LARGE = 4096
"""Bytes of the arguments, and of an answer, that are kept at most; what is larger is None."""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call. Its repr shows neither arguments nor answer: codes, passwords and tokens are among them.

    Attributes:
        method: the TL name.
        arguments: the request, without its wrappers; None where it is larger than 4,096 bytes, or came packed.
        user_id: who was logged in when the call came; None for nobody.
        key_id: the id of the permanent auth key.
        session_id: the session.
        wrappers: the TL names of the wrappers that stood around the call, the outermost first.
        refusal: code and name of the error; None where the call was answered.
        answer: the answer as the handler gave it; None for a refusal, and where it is larger than 4,096 bytes.

    """

    method: str
    arguments: TLObject | None = field(repr=False)
    user_id: int | None
    key_id: int
    session_id: int
    wrappers: tuple[str, ...] = ()
    refusal: tuple[int, str] | None = None
    answer: Answer = field(default=None, repr=False)


class Transcript:
    """The latest calls of one DC, oldest first. It is written in the DC's thread, and may be read in any."""

    def __init__(self) -> None:
        self._calls: deque[RecordedCall] = deque(maxlen=CALLS)

    @property
    def calls(self) -> list[RecordedCall]:
        """The calls that are kept, in the order in which they ended."""
        return list(self._calls)

    def forget(self) -> None:
        """Forget all calls."""
        self._calls.clear()

    def note(self, call: RecordedCall) -> None:
        """Note a call that has ended."""
        self._calls.append(call)
