"""From the bytes of a query to the bytes of its answer: the layer, the wrappers, the handler, errors."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any

from mtproto.errors import LocalProtocolError
from mtproto.localdc.answers import Refused
from mtproto.localdc.calls import IncomingCall
from mtproto.localdc.handlers import CDN_HANDLERS, HANDLERS, REPLACED
from mtproto.localdc.layer_queue import LayerQueue
from mtproto.localdc.orders import NO_ORDER
from mtproto.localdc.outcomes import Outcomes
from mtproto.localdc.registry import Registry, is_open
from mtproto.localdc.transcript import LARGE, RecordedCall
from mtproto.localdc.wrappers import declared_layer, unwrap
from mtproto.session import constructors, wire
from tl import api

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping
    from typing import TypeAlias

    from mtproto.localdc.answers import Answer
    from mtproto.localdc.calls import Handler
    from mtproto.localdc.dc_state import DCState
    from mtproto.localdc.keys import KeyRecord
    from mtproto.localdc.outcomes import WaitingCall
    from mtproto.localdc.registry import Registered
    from mtproto.localdc.spoken import SpokenLayers
    from mtproto.session import Budget
    from tl import TLFunction

    _Session: TypeAlias = tuple[int, int]  # the id of the auth key, and that of the session

__all__ = ["Dispatcher"]

_WORD = 4

CHANGES_ACCOUNTS = ("auth.", "account.", "contacts.addContact", "contacts.deleteContacts", "contacts.importContacts")
"""Namespaces and methods that change accounts: the change is on disk before the answer goes out."""

GZIP_PACKED = constructors.GZIP_PACKED.to_bytes(4, "little")

logger = logging.getLogger(__name__)


class Dispatcher:
    """Answers queries. One for each DC."""

    def __init__(self, dc: DCState, layers: SpokenLayers, default_layer: int) -> None:
        self._registry = Registry(layers)
        self._dc = dc
        self._layers = layers
        self._queue = LayerQueue(layers)
        self._default_layer = default_layer
        self._outcomes = Outcomes()

    def begin_run(self) -> None:
        """Forget the calls that waited for layers in an earlier run of the DC, which had another event loop."""
        self._queue = LayerQueue(self._layers)

    def check(self, method: object) -> None:
        """Raise as `Registry.register` does where no handler can be registered for a method."""
        self._registry.check(method)

    def register(self, method: type[TLFunction[Any]], handler: Handler, *, login: bool | None = None) -> None:
        """Have a handler of a user's own called for a method; as `Registry.register`. May be done at any time."""
        self._registry.register(method, handler, login)

    def answer(
        self, body: bytes, key: KeyRecord, session_id: int, msg_id: int, budget: Budget | None = None
    ) -> bytes | Awaitable[bytes]:
        """Return the body of the `rpc_result`: the answer, boxed, or an `rpc_error`.

        An awaitable comes back only if the call has to wait: for its layer, which is loaded, for other calls, or for a
        handler that is `async`. `budget` bounds the objects of all calls of a packet; None if the call came alone.
        """
        try:
            if key.account.is_dead:
                raise Refused(406, "AUTH_KEY_DUPLICATED")
            number = self._number(body, key)
            waits = self._queue.enter(number, key.auth_key.id)
        except Refused as refused:
            return self._refuse(refused, (key.auth_key.id, session_id), msg_id)
        if waits:
            return self._answer_in_turn(body, key, session_id, msg_id, budget)
        return self._answer_now(number, body, key, session_id, msg_id, budget)

    async def _answer_in_turn(
        self, body: bytes, key: KeyRecord, session_id: int, msg_id: int, budget: Budget | None
    ) -> bytes:
        """Answer a call that waits for its layer, or behind such a call: that one may say which layer this is in."""
        try:
            async with self._queue.turn(key.auth_key.id):
                number = self._number(body, key)
                await self._queue.load(number)
                answer = self._answer_now(number, body, key, session_id, msg_id, budget)
        except Refused as refused:
            return self._refuse(refused, (key.auth_key.id, session_id), msg_id)
        return await answer if inspect.isawaitable(answer) else answer

    def _answer_now(
        self, number: int, body: bytes, key: KeyRecord, session_id: int, msg_id: int, budget: Budget | None
    ) -> bytes | Awaitable[bytes]:
        """Answer a call in a layer that need not be loaded."""
        session = key.auth_key.id, session_id
        try:
            call = self._read(number, body, key, session_id, msg_id, budget)
            waiting = self._outcomes.begin(session, call.after, len(body)) if call.after else None
        except Refused as refused:
            return self._refuse(refused, session, msg_id)
        if waiting is not None:
            return self._answer_after(waiting, call, session)
        try:
            answer = self._run(call)
            if not inspect.isawaitable(answer):
                return self._settle(answer, call, session)
        except Exception as error:
            return self._fail(error, call, session)
        return self._answer_later(call, answer, session)

    async def _answer_after(self, waiting: WaitingCall, call: IncomingCall, session: _Session) -> bytes:
        try:
            await waiting.wait()
            answer = self._run(call)
        except Exception as error:
            return self._fail(error, call, session)
        return await self._answer_later(call, answer, session)

    async def _answer_later(self, call: IncomingCall, answer: Answer | Awaitable[Answer], session: _Session) -> bytes:
        try:
            return self._settle(await answer if inspect.isawaitable(answer) else answer, call, session)
        except Exception as error:
            return self._fail(error, call, session)

    def encode(self, answer: Answer, result: str, key: KeyRecord) -> bytes:
        """Return an object as bytes in the layer that the client of a key speaks; raises as `Layer.encode` does.

        Refuses a key whose layer this DC does not speak, or speaks no more.
        """
        return self._layers.get(key.layer or self._default_layer).encode(answer, result, key.account.user_id)

    def _number(self, body: bytes, key: KeyRecord) -> int:
        """Return the layer that a call is in."""
        declared = declared_layer(body)
        return (key.layer or self._default_layer) if declared is None else declared

    def _read(
        self, number: int, body: bytes, key: KeyRecord, session_id: int, msg_id: int, budget: Budget | None
    ) -> IncomingCall:
        layer = self._layers.get(number)
        query = layer.read(body, self._registry.elsewhere, budget)
        call = IncomingCall(
            query,
            key,
            layer,
            self._dc,
            msg_id,
            session_id,
            caller_id=key.account.user_id,
            packet=budget and budget.elements,
        )
        if len(body) > LARGE or GZIP_PACKED in body:
            call.leave_out_of_transcript()
        try:
            unwrap(call)
        except Refused as refused:
            self._record(call, refusal=refused)
            raise
        if call.request.SCHEMA is not layer.schema:  # a method of a dialect, inside the wrappers of the layer
            call.answer_in(self._registry.layer_of(call.request))
        return call

    def _run(self, call: IncomingCall) -> Answer | Awaitable[Answer]:
        """Answer a call as it was ordered, or by its handler."""
        ordered = self._dc.orders.take(call.request.NAME)
        if ordered is not NO_ORDER:
            return ordered
        if self._dc.is_cdn:
            return self._answered_by_cdn(call)
        return self._answered_by(call, self._registry.find(call.request), HANDLERS)

    @staticmethod
    def _answered_by_cdn(call: IncomingCall) -> Answer | Awaitable[Answer]:
        """Answer a call at a CDN DC, which knows no accounts."""
        call.translate()
        handler = CDN_HANDLERS.get(call.request.NAME)
        if handler is None:
            raise Refused(400, "CDN_METHOD_INVALID")
        return handler(call)

    def _answered_by(
        self, call: IncomingCall, registered: Registered | None, own: Mapping[str, Handler]
    ) -> Answer | Awaitable[Answer]:
        """Answer a call by the handler that a user registered, or by the DC's own if there is none."""
        if registered is None and call.request.SCHEMA is not api.schema:
            call.translate()
            registered = self._registry.find(call.request)
        if registered is not None:
            before = registered.before
            self._require_login(call, registered.login)
            call.replace(lambda call: self._answered_by(call, before, REPLACED))
            return registered.handler(call)
        handler = own.get(call.request.NAME)
        if handler is None:
            raise Refused(400, f"INPUT_METHOD_INVALID_{call.request.ID}_{call.layer.number}")
        self._require_login(call, None)
        return handler(call)

    @staticmethod
    def _require_login(call: IncomingCall, login: bool | None) -> None:
        needed = not is_open(call.request.NAME) if login is None else login
        if not needed:
            return
        record = call.key.account
        if call.user is None:
            raise Refused(401, record.why_nobody)
        account = call.dc.accounts.of(call.user.id)
        if account is not None and account.dc_id != call.dc.dc_id and not record.imported:
            raise Refused(303, f"USER_MIGRATE_{account.dc_id}")

    def _settle(self, answer: Answer, call: IncomingCall, session: _Session) -> bytes:
        """Write the answer, and note that the call succeeded."""
        result = (
            answer
            if isinstance(answer, bytes)
            else call.layer.encode(answer, call.layer.result_of(call.request), call.caller_id)
        )
        if len(result) % _WORD:
            raise LocalProtocolError(f"an answer of {len(result)} bytes: TL has whole words of {_WORD}")
        self._outcomes.settle(session, call.msg_id, True)
        if call.request.NAME.startswith(CHANGES_ACCOUNTS):
            self._dc.shared.keep()
        self._record(call, answer if len(result) <= LARGE else None)
        return result

    def _fail(self, error: Exception, call: IncomingCall, session: _Session) -> bytes:
        """Turn what a handler raised into an `rpc_error`; whatever it is, the DC goes on for the others."""
        if not isinstance(error, Refused):
            logger.error("the handler of %s failed", call.request.NAME, exc_info=error)
            error = Refused(500, "INTERNAL")
        self._record(call, refusal=error)
        return self._refuse(error, session, call.msg_id)

    def _record(self, call: IncomingCall, answer: Answer = None, refusal: Refused | None = None) -> None:
        """Write a call that has ended into the transcript."""
        self._dc.transcript.note(
            RecordedCall(
                method=call.request.NAME,
                arguments=call.request if call.is_recorded else None,
                user_id=call.caller_id,
                key_id=call.key.account.auth_key.id,
                session_id=call.session_id,
                wrappers=tuple(call.wrappers),
                refusal=None if refusal is None else (refusal.code, refusal.name),
                answer=answer,
            )
        )

    def _refuse(self, refused: Refused, session: _Session, msg_id: int) -> bytes:
        self._outcomes.settle(session, msg_id, False)
        return wire.write_rpc_error(refused.code, refused.name)
