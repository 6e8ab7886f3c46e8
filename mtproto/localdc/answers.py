"""What a handler gives back: an answer, or a refusal. No I/O."""

from __future__ import annotations

from typing import Any

__all__ = ["Answer", "Refused"]

Answer = Any
"""An object of the API, a bool, a list of objects or ints (for `Vector<…>`), or bytes, which are sent unchanged."""


class Refused(Exception):
    """Raised by a handler: the call is answered with `rpc_error` (core.telegram.org/api/errors).

    `code` is like HTTP's; `name` is upper-case, with numbers as parameters: `Refused(420, "FLOOD_WAIT_31")`.
    """

    def __init__(self, code: int, name: str) -> None:
        super().__init__(f"{code} {name}")
        self.code = code
        self.name = name
