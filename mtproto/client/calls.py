"""What a call is before its bytes go out and after its answer came in: shared by both clients, without any I/O.

The first call of a key is wrapped in `invokeWithLayer(initConnection(...))`; the server keeps both with the key
(core.telegram.org/api/invoking). The wrapped query stands last in both declarations, so wrapping is putting a
prefix before the body: raw bytes can be wrapped as well as objects.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from mtproto.errors import rpc_error
from mtproto.session.events import RpcFailed

if TYPE_CHECKING:
    from mtproto.client.application import Application
    from mtproto.message.key_state import KeyState
    from mtproto.session.events import Result
    from tl import Schema, TLFunction

    Outcome = Result | RpcFailed

__all__ = ["CallWriter", "is_idempotent", "method_name"]

_NOT_ANNOUNCED = frozenset({"CONNECTION_NOT_INITED", "CONNECTION_LAYER_INVALID"})
_OUTERMOST_WRAPPER = "invokeWithLayer"


def method_name(request: TLFunction[Any]) -> str:
    """Return the TL name of the innermost query: `photos.getUserPhotos`, whatever it is wrapped in."""
    while (inner := getattr(request, "query", None)) is not None and hasattr(inner, "NAME"):
        request = inner
    return request.NAME


def is_idempotent(request: TLFunction[Any]) -> bool:
    """Tell whether a method only reads, by the specification's own naming: `get…` after the namespace."""
    return method_name(request).rpartition(".")[2].startswith("get")


class CallWriter:
    """Wraps the calls of one client, and reads their outcome. One owner; call it from one thread at a time.

    Args:
        schema: the API schema of the calls; its layer is the one announced.
        application: what `initConnection` says.
        proxy: host and port of the proxy on the way, if it is one that speaks MTProto: `initConnection` names it.

    """

    def __init__(self, schema: Schema, application: Application, proxy: tuple[str, int] | None = None) -> None:
        self.schema = schema
        self._prefix = self._wrapping(schema, application, proxy)
        self._digest = hashlib.sha256(self._prefix).digest()
        self._wrapper_id = schema[_OUTERMOST_WRAPPER].ID.to_bytes(4, "little")

    @staticmethod
    def _wrapping(schema: Schema, application: Application, proxy: tuple[str, int] | None) -> bytes:
        functions = schema.functions
        query = functions.help.GetConfig()
        way: dict[str, Any] = {}
        if proxy is not None and hasattr(functions.InitConnection, "proxy"):  # not so in old layers
            way["proxy"] = schema.types.InputClientProxy(address=proxy[0], port=proxy[1])
        wrapped: bytes = functions.InvokeWithLayer(
            layer=schema.layer,
            query=functions.InitConnection(
                api_id=application.api_id,
                device_model=application.device_model,
                system_version=application.system_version,
                app_version=application.app_version,
                system_lang_code=application.system_lang_code,
                lang_pack=application.lang_pack,
                lang_code=application.lang_code,
                query=query,
                **way,
            ),
        ).to_bytes()
        return wrapped[: -len(query.to_bytes())]

    def wrap(self, body: bytes, state: KeyState | None) -> bytes:
        """Return the body to send: `body` itself, or `body` behind the two wrappers.

        Args:
            body: a serialized call; one that the caller wrapped in `invokeWithLayer` stays as it is.
            state: the key that it will go out under; None when there is no key yet.

        """
        announced = state is not None and state.layer == self.schema.layer and state.init_hash == self._digest
        return body if announced or body.startswith(self._wrapper_id) else self._prefix + body

    def wants_wrapping(self, outcome: Outcome, sent: bytes, state: KeyState | None) -> bool:
        """Tell whether the server asks for the wrappers first; then the call was not executed and may be repeated.

        Args:
            outcome: what came back.
            sent: the body as `wrap` returned it.
            state: the key it went out under; what it was thought to have announced is forgotten.

        """
        if not (isinstance(outcome, RpcFailed) and outcome.message in _NOT_ANNOUNCED):
            return False
        if state is not None:
            state.layer = state.init_hash = None
        return not sent.startswith(self._wrapper_id)

    def read(self, outcome: Outcome, sent: bytes, method: str, state: KeyState | None) -> bytes:
        """Return the bytes of the answer; an answer to a wrapped call spares later ones the wrappers.

        Raises:
            RpcError: the server refused the call.

        """
        if isinstance(outcome, RpcFailed):
            raise rpc_error(outcome.code, outcome.message, method)
        if state is not None and sent.startswith(self._prefix):
            state.layer = self.schema.layer
            state.init_hash = self._digest
        return outcome.body
