"""Calls as bytes: wrapped before they go out, and read when the answer came in. Both clients use this; no I/O.

The first call of a client, and the first after each binding of a temporary key, is wrapped in
`invokeWithLayer(initConnection(...))`; the server keeps both with the key (core.telegram.org/api/invoking). The
wrapped query is the last field of both declarations, so that a wrapped call is a prefix and the body. So raw bytes can
be wrapped as well as objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mtproto.client.json_value import json_value
from mtproto.errors import DeadlineExceeded, OptionError, rpc_error
from mtproto.session import RpcFailed
from tl import TLFunction, TLObject

if TYPE_CHECKING:
    from mtproto.client.application import Application
    from mtproto.link import KeyUse
    from mtproto.session import Result
    from tl import Schema

    Outcome = Result | RpcFailed

__all__ = [
    "SENT_ALONE",
    "CallWriter",
    "Written",
    "check_request",
    "decode_answer",
    "innermost",
    "method_name",
    "time_left",
]

SENT_ALONE = frozenset(
    {"upload.getCdnFile", "upload.getFile", "upload.getWebFile", "upload.saveBigFilePart", "upload.saveFilePart"}
)
"""The methods that carry parts of files: no two of them share a packet, unless the caller says `alone=False`."""

_NOT_ANNOUNCED = frozenset({"CONNECTION_NOT_INITED", "CONNECTION_LAYER_INVALID"})
_OUTERMOST_WRAPPER = "invokeWithLayer"
_NEEDED = (_OUTERMOST_WRAPPER, "initConnection", "help.getConfig")
_WANTED = "a client sends an object of a method, such as api.functions.help.GetConfig()"


def check_request(request: object) -> None:
    """Do nothing for an object of a method.

    Raises:
        TypeError: `request` is something else; the error says what to write instead.

    """
    if isinstance(request, TLFunction):
        return
    if isinstance(request, type) and issubclass(request, TLFunction):
        raise TypeError(f"{_WANTED}, not the class: api.functions.{request.__qualname__}(…), with brackets")
    if isinstance(request, bytes | bytearray | memoryview):
        raise TypeError(f"{_WANTED}; call_bytes(…) sends bytes")
    if isinstance(request, TLObject):
        raise TypeError(f"{_WANTED}; {request.NAME} is a constructor, which nobody calls")
    if isinstance(request, type) and issubclass(request, TLObject):
        raise TypeError(f"{_WANTED}, not the class {request.__qualname__}, which is none of a method")
    raise TypeError(f"{_WANTED}, not {'None' if request is None else type(request).__name__}")


def innermost(request: TLFunction[Any]) -> TLFunction[Any]:
    """Return the query itself, whatever it is wrapped in."""
    while (inner := getattr(request, "query", None)) is not None and hasattr(inner, "NAME"):
        request = inner
    return request


def method_name(request: TLFunction[Any]) -> str:
    """Return the TL name of the innermost query: `photos.getUserPhotos`, whatever it is wrapped in."""
    return innermost(request).NAME


def decode_answer(answer: bytes, request: TLFunction[Any], schema: Schema, elements: int) -> Any:
    """Return the answer of a call as an object.

    Args:
        answer: its bytes.
        request: the call; its declared result says how the bytes are read.
        schema: of the client; where the method is of another schema, that one reads the answer.
        elements: TL objects and elements that the answer may have.

    Raises:
        tl.DecodeError: the answer can't be read.

    """
    query = innermost(request)
    chosen = schema if query.SCHEMA is schema or query.NAME in schema else query.SCHEMA
    return chosen.decode(answer, request.result, elements=elements)


def time_left(end: float | None, now: float) -> float | None:
    """Return the seconds that a call has left for another attempt; both times are of one clock.

    Raises:
        DeadlineExceeded: there are none.

    """
    if end is None:
        return None
    if now >= end:
        raise DeadlineExceeded("no time was left to send the call again, behind initConnection")
    return end - now


class Written(NamedTuple):
    """The body of a call as it goes out.

    Attributes:
        body: its bytes.
        announces: whether the client has put its wrappers before the call.
        wrapped: whether any wrappers stand before the call, those of the caller included.
        key: the key that the call goes out under; None where there was no key yet.

    """

    body: bytes
    announces: bool
    wrapped: bool
    key: KeyUse | None


class CallWriter:
    """Wraps the calls of one client, and reads their outcome. One owner; call it from one thread at a time.

    Wrappers that an earlier process, or another client, sent under the same key do not count.

    Args:
        schema: the API schema of the calls; its layer is the one announced.
        application: what `initConnection` says.
        proxy: host and port of the proxy on the way, if it is one that speaks MTProto: `initConnection` names it.

    Raises `OptionError` if the schema has no wrappers, as the API has them in each layer; or if the application has
    `params`, and the schema no place for them or they are no JSON.

    """

    def __init__(self, schema: Schema, application: Application, proxy: tuple[str, int] | None = None) -> None:
        if missing := [name for name in _NEEDED if name not in schema]:
            text = f"{schema.name} is no schema of the API: {missing[0]} is not declared in it"
            raise OptionError(f"{text}; leave schema= out, and call its methods beside the API", "schema")
        self.schema = schema
        self._prefix = _wrapping(schema, application, proxy)
        self._wrapper_id = schema[_OUTERMOST_WRAPPER].ID.to_bytes(4, "little")
        self._announced: KeyUse | None = None  # the key under which the server took the wrappers

    def wrap(self, body: bytes, key: KeyUse | None) -> Written:
        """Return the body to send: `body` itself, or `body` behind the two wrappers.

        Args:
            body: a serialized call; one that the caller wrapped in `invokeWithLayer` stays as it is.
            key: the key that it will go out under; None when there is no key yet.

        """
        if body.startswith(self._wrapper_id):
            return Written(body, announces=False, wrapped=True, key=key)
        if key is not None and key == self._announced:
            return Written(body, announces=False, wrapped=False, key=key)
        return Written(self._prefix + body, announces=True, wrapped=True, key=key)

    def wants_wrapping(self, outcome: Outcome, sent: Written) -> bool:
        """Tell whether the server asks for the wrappers first. Then the call was not executed, and may be repeated.

        If the server does not know the wrappers any more, later calls are wrapped again.

        Args:
            outcome: what came back.
            sent: the body as `wrap` returned it.

        """
        if not (isinstance(outcome, RpcFailed) and outcome.message in _NOT_ANNOUNCED):
            return False
        self._announced = None
        return not sent.wrapped

    def read(self, outcome: Outcome, sent: Written, method: str) -> bytes:
        """Return the bytes of the answer. After the answer to a wrapped call, later calls need no wrappers.

        Raises:
            RpcError: the server refused the call.

        """
        if isinstance(outcome, RpcFailed):
            raise rpc_error(outcome.code, outcome.message, method)
        if sent.announces:
            self._announced = sent.key
        return outcome.body


def _wrapping(schema: Schema, application: Application, proxy: tuple[str, int] | None) -> bytes:
    """Return the bytes that stand before a wrapped query."""
    functions = schema.functions
    query = functions.help.GetConfig()
    fields: dict[str, Any] = {
        "api_id": application.api_id,
        "device_model": application.device_model,
        "system_version": application.system_version,
        "app_version": application.app_version,
        "lang_code": application.lang_code,
        "query": query,
    }
    if hasattr(functions.InitConnection, "lang_pack"):  # not so until layer 66
        fields |= {"system_lang_code": application.system_lang_code, "lang_pack": application.lang_pack}
    if proxy is not None and hasattr(functions.InitConnection, "proxy"):  # not so in old layers
        fields["proxy"] = schema.types.InputClientProxy(address=proxy[0], port=proxy[1])
    if application.params is not None:
        if not hasattr(functions.InitConnection, "params"):
            reason = f"initConnection of layer {schema.layer} has no params"
            raise OptionError.excluding("application.params", "schema", reason)
        fields["params"] = json_value(application.params, schema)
    wrapped: bytes = functions.InvokeWithLayer(layer=schema.layer, query=functions.InitConnection(**fields)).to_bytes()
    return wrapped[: -len(query.to_bytes())]
