"""The calls of a model, and a data centre that executes them and counts how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct
from typing import TYPE_CHECKING, Protocol

from mtproto.errors import LocalProtocolError
from mtproto.link.binding import BindRequest, read_bind_request
from mtproto.session import Result
from mtproto.session.wire import write_rpc_error

if TYPE_CHECKING:
    from mtproto.link import ServerQuery, ServerSessions
    from mtproto.session import Request

__all__ = ["NOT_BOUND", "Call", "Desk", "answer_to", "body_of", "update_number", "update_of"]

CALL = 0x0A0B0C0D
ANSWER = 0x0A0B0C0E
UPDATE = 0x0A0B0C0F
TRUE = bytes.fromhex("b5757299")
NOT_BOUND = "AUTH_KEY_PERM_EMPTY"
INVOKE_AFTER_MSG = 0xCB9F372D
INVOKE_AFTER_MSGS = 0x3DC4B4F0

_BODY = Struct("<II")
_WORD = Struct("<I")


def body_of(number: int) -> bytes:
    """Return the call with this number, serialized."""
    return _BODY.pack(CALL, number)


def answer_to(number: int) -> bytes:
    """Return the answer to the call with this number, serialized."""
    return _BODY.pack(ANSWER, number)


def update_of(number: int) -> bytes:
    """Return the update with this number, serialized."""
    return _BODY.pack(UPDATE, number)


def update_number(body: bytes) -> int:
    """Return the number of an update."""
    constructor, number = _BODY.unpack(body)
    assert constructor == UPDATE
    return int(number)


@dataclass(eq=False)
class Call:
    """What the model knows of one call.

    Attributes:
        request: the client's handle.
        number: what tells it from all others.
        idempotent: it may be executed twice.
        after: the calls that have to succeed first.
        fails: the server answers it with an error.
        sealed_at: when it was first sent, or what its first id said if that was earlier, by the server's clock; None
            before.
        keys: the ids of the keys that it may have travelled under.
        executed: how often.
        errors: what the server has answered instead of a result.
        ends: what the caller was told of its end; one thing at most.
        cancelled: the caller gave it up.
        refused: the caller was told that the server never took it.

    """

    request: Request
    number: int
    idempotent: bool
    after: list[Call]
    fails: bool
    sealed_at: float | None = None
    keys: set[int] = field(default_factory=set)
    executed: int = 0
    errors: set[str] = field(default_factory=set)
    ends: list[object] = field(default_factory=list)
    cancelled: bool = False
    refused: bool = False

    @property
    def open(self) -> bool:
        return not self.ends and not self.cancelled

    @property
    def failed(self) -> bool:
        return self.cancelled or any(not isinstance(end, Result) for end in self.ends)


class Bindings(Protocol):
    """Where the keys are that can be bound."""

    state: ServerSessions


class Desk:
    """Executes calls. One that follows others is executed when its turn comes, all others when they arrive.

    Under a temporary key it executes nothing before that is bound, which is done at once when it is asked for.

    Attributes:
        open: the queries that wait for their answer.
        refusals: how often a call was refused because its key was not bound.

    """

    def __init__(self, calls: list[Call], keys: Bindings) -> None:
        self.open: list[ServerQuery] = []
        self.refusals = 0
        self._calls = calls
        self._keys = keys
        self._done: dict[tuple[int, int], bool] = {}  # by session and msg_id: whether it succeeded
        self._refused: set[ServerQuery] = set()  # for want of a binding

    def take(self, query: ServerQuery) -> None:
        """Take a query in."""
        binding = read_bind_request(query.body)
        if binding is not None:
            self._send(query, self._bind(query, binding))
            return
        self.open.append(query)
        if query.slot.key.expires_at is not None and query.slot.key.bound_to is None:
            self._refused.add(query)
            return
        waits_for, call = self._read(query.body)
        if not waits_for:
            assert not any(before.failed for before in call.after), "it goes on although one that it follows has failed"
            self._execute(call)

    def answer(self, query: ServerQuery) -> None:
        """Answer an open query: with its result, or with an error."""
        self.open.remove(query)
        if query in self._refused:
            self.refusals += 1
            self._send(query, write_rpc_error(401, NOT_BOUND))
        else:
            self._answer_call(query)

    def _answer_call(self, query: ServerQuery) -> None:
        waits_for, call = self._read(query.body)
        succeeds = not call.fails
        before = [self._done.get((query.session_id, msg_id)) for msg_id in waits_for]
        if not all(before):
            succeeds = False
            error = "MSG_WAIT_TIMEOUT" if False not in before else "MSG_WAIT_FAILED"
        else:
            error = "FLOOD_WAIT_3"
            if waits_for:
                self._execute(call)
        self._done[query.session_id, query.msg_id] = succeeds
        if succeeds:
            self._send(query, answer_to(call.number))
        else:
            call.errors.add(error)
            self._send(query, write_rpc_error(400, error))

    def _bind(self, query: ServerQuery, binding: BindRequest) -> bytes:
        key, state = query.slot.key, self._keys.state
        permanent = next(other for other in state if other.auth_key.id == binding.perm_auth_key_id)
        binding.verify(
            permanent.auth_key,
            temp_auth_key_id=key.auth_key.id,
            temp_session_id=query.session_id,
            msg_id=query.msg_id,
        )
        state.bind(key, permanent)
        return TRUE

    def _send(self, query: ServerQuery, body: bytes) -> None:
        try:
            query.slot.session.answer(query.msg_id, body)
        except LocalProtocolError:
            assert query.slot.link is None, "a session that is not forgotten knows its queries"

    def _execute(self, call: Call) -> None:
        assert all(before.executed for before in call.after), "it was executed before those that it follows"
        call.executed += 1

    def _read(self, body: bytes) -> tuple[list[int], Call]:
        """Return the msg_ids that a call waits for, and the call."""
        (constructor,) = _WORD.unpack_from(body)
        waits_for: list[int] = []
        if constructor == INVOKE_AFTER_MSG:
            waits_for = [int.from_bytes(body[4:12], "little", signed=True)]
            body = body[12:]
        elif constructor == INVOKE_AFTER_MSGS:
            count = int.from_bytes(body[8:12], "little")
            waits_for = [
                int.from_bytes(body[start : start + 8], "little", signed=True) for start in range(12, 12 + 8 * count, 8)
            ]
            body = body[12 + 8 * count :]
        constructor, number = _BODY.unpack(body)
        assert constructor == CALL
        return waits_for, self._calls[number]
