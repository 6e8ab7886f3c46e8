"""What the seeds of both roles are written with: steps of a script, and whole plaintexts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from struct import Struct
from typing import Any

from mtproto.session.wire import write_rpc_result
from tests.fuzz.targets.forger import SALT, SECOND, SESSION_ID, START
from tl import TLObject

__all__ = [
    "ANSWER",
    "CONTENT",
    "FIRST_ID",
    "LONG_ANSWER",
    "OTHER_SALT",
    "OTHER_SESSION",
    "SECOND_PARITY",
    "Messages",
    "Seeds",
    "body_bytes",
    "message",
    "plaintext",
    "step_number",
    "wrapped",
]

Seeds = Iterator[tuple[str, bytes]]
Messages = Iterator[tuple[str, tuple[int, int, bytes | TLObject]]]
"""Names, each with the setup that makes the message meaningful, the choices of the forger, and the body."""

ANSWER = b"\x0d\x0c\x0b\x0a" * 3
LONG_ANSWER = b"\x0d\x0c\x0b\x0a" * 100
FIRST_ID = int(START) * SECOND
"""The first msg_id of a script, but for the parity."""

CONTENT = 8
SECOND_PARITY = 1
OTHER_SESSION = 32
OTHER_SALT = 64
_GIVEN_ID = 6
_GIVEN_SEQNO = 16

_HEADER = Struct("<qqqii")


def body_bytes(body: bytes | TLObject) -> bytes:
    """Return a message as it stands in a packet."""
    return body if isinstance(body, bytes) else body.to_bytes()


def message(
    choices: int,
    body: bytes | TLObject,
    *,
    step: int = 0,
    msg_id: int | None = None,
    seqno: int | None = None,
    copies: int | None = None,
) -> bytes:
    """Return a step that sends a message; `copies` belongs to the step that puts many into a container."""
    data = body_bytes(body)
    parts = [bytes((step,)) if copies is None else bytes((step, copies))]
    if msg_id is not None:
        choices |= _GIVEN_ID
    if seqno is not None:
        choices |= _GIVEN_SEQNO
    parts.append(bytes((choices,)))
    if msg_id is not None:
        parts.append(msg_id.to_bytes(8, "little", signed=True))
    if seqno is not None:
        parts.append(seqno.to_bytes(4, "little", signed=True))
    return b"".join((*parts, len(data).to_bytes(2, "little"), data))


def plaintext(setup: int, body: bytes | TLObject, low: int, content: int = 0) -> bytes:
    """Return a whole plaintext for the targets of one packet; `low` is the low half of its msg_id."""
    data = body_bytes(body)
    header = _HEADER.pack(SALT, SESSION_ID, int(START + 12) * SECOND + low, 1000 + bool(content), len(data))
    return bytes((setup,)) + header + data + bytes(12 + (-(len(data) + 12) & 15))


def wrapped(msg_ids: Sequence[int], body: bytes) -> bytes:
    """Return a body as the result of these messages, one `rpc_result` inside the other."""
    for msg_id in reversed(msg_ids):
        body = write_rpc_result(msg_id, body)
    return body


def step_number(steps: Sequence[Callable[..., Any]], name: str) -> int:
    """Return the number of the first step of that name."""
    return [step.__name__ for step in steps].index(f"_{name}")
