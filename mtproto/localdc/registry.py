"""Which handler answers a method: those that users register, and the data centre's own behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mtproto.errors import LocalProtocolError
from mtproto.localdc.wrappers import WRAPPERS
from tl import TLFunction, TLObject

if TYPE_CHECKING:
    from mtproto.localdc.calls import Handler
    from mtproto.localdc.layers import Layer
    from mtproto.localdc.spoken import SpokenLayers

__all__ = ["Registered", "Registry", "is_open"]

OPEN_NAMESPACES = ("auth.", "help.", "langpack.")
OPEN = frozenset({"account.getPassword", "account.sendVerifyEmailCode", "account.verifyEmail"})
"""Methods that may be called before the login, beside those of the open namespaces (core.telegram.org/api/auth)."""


def is_open(method: str) -> bool:
    """Whether a method of the API may be called by somebody who is not logged in."""
    return method in OPEN or method.startswith(OPEN_NAMESPACES)


@dataclass(frozen=True, slots=True)
class Registered:
    """A handler that a user registered.

    Attributes:
        handler: the function.
        login: whether only logged-in clients may call it; None as `is_open` says of the method.
        before: the handler that was registered for the method before; None for none.

    """

    handler: Handler
    login: bool | None
    before: Registered | None


class Registry:
    """The handlers that users registered, by the class of their method. One for each DC.

    Args:
        layers: the layers and dialects that the DC speaks.

    Attributes:
        elsewhere: the dialects of registered methods, by the constructor id of the method.

    """

    def __init__(self, layers: SpokenLayers) -> None:
        self._layers = layers
        self._registered: dict[type[TLObject], Registered] = {}
        self.elsewhere: dict[int, Layer] = {}

    def register(self, method: type[TLFunction[Any]], handler: Handler, login: bool | None) -> None:
        """Have a handler called for a method.

        Raises:
            TypeError: `method` is no class of a method, or a wrapper; or the handler can't be called.
            LocalProtocolError: the method belongs to a schema that the DC was not given.

        """
        layer = self.check(method)
        if not callable(handler):
            raise TypeError(f"a handler is a function that takes an IncomingCall, not {handler!r}")
        self._registered[method] = Registered(handler, login, self._registered.get(method))
        if layer.beside is not None:
            self.elsewhere[method.ID] = layer

    def find(self, request: TLObject) -> Registered | None:
        """Return the handler that a user registered for a request, or None."""
        return self._registered.get(type(request))

    def layer_of(self, request: TLObject) -> Layer:
        """Return the layer that a request belongs to."""
        layer = self._layers.of_schema(request.SCHEMA)
        if layer is None:
            raise LocalProtocolError(
                f"{request.NAME} belongs to {request.SCHEMA.name}, which nobody gave this data centre"
            )
        return layer

    def check(self, method: Any) -> Layer:
        """Return the layer of a method that a handler may be registered for; raises as `register` does."""
        if isinstance(method, str):
            raise TypeError(f"{_WANTED}, not the text {method!r}")
        if isinstance(method, TLObject):
            raise TypeError(
                f"{_WANTED}, not an object of it: api.functions.{type(method).__qualname__} without brackets"
            )
        if not (isinstance(method, type) and issubclass(method, TLObject) and hasattr(method, "NAME")):
            raise TypeError(f"{_WANTED}, not {method!r}")
        if not issubclass(method, TLFunction):
            what = "constructor" if hasattr(method, "ID") else "boxed type"
            raise TypeError(f"{_WANTED}; {method.NAME} is a {what}, which nobody calls")
        if method.NAME in WRAPPERS:
            raise TypeError(f"{method.NAME} is a wrapper: it is taken off before a handler is asked for what is inside")
        layer = self._layers.of_schema(method.SCHEMA)
        if layer is None:
            schema = method.SCHEMA
            raise LocalProtocolError(
                f"{method.NAME} belongs to {schema.name}{_layer_suffix(schema.name, schema.layer)}, "
                "which this data centre was not given; name the schema in schemas={layer: schema}"
            )
        return layer


_WANTED = "handler() takes the class of a method, such as api.functions.help.GetConfig"


def _layer_suffix(name: str, layer: int | None) -> str:
    return "" if layer is None or f"layer {layer}" in name else f", layer {layer}"
