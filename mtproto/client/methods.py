"""Short calls: `client.api.photos.getUserPhotos(user_id=…, limit=100)`, as the documentation spells methods. No I/O.

Nothing is made for a method until a program names it. Options of a call (`timeout`, `lane`, …) stand in
`api_with(...)` and never among the fields, so that no field of any schema meets one of their names.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mtproto._options import nearest
from mtproto.message import random_long

if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import Signature

    from tl import Schema, TLFunction

__all__ = ["short_calls"]


def short_calls(schema: Schema, call: Callable[[TLFunction[Any]], Any], random: Callable[[int], bytes]) -> Any:
    """Return an object with all methods of a schema; for checkers `AwaitedMethods` or `BlockingMethods` of the stubs.

    Args:
        schema: the schema of the methods.
        call: sends a request; a method returns what `call` returns.
        random: a cryptographically secure source of bytes, for each `random_id` that a caller leaves out.

    """
    return _Space(schema, schema.functions, call, random, "")


class _Space:
    """The methods of one namespace, and the namespaces in it."""

    def __init__(
        self,
        schema: Schema,
        classes: Any,
        call: Callable[[TLFunction[Any]], Any],
        random: Callable[[int], bytes],
        prefix: str,
    ) -> None:
        self.__schema = schema
        self.__classes = classes
        self.__call = call
        self.__random = random
        self.__prefix = prefix

    def __getattr__(self, name: str) -> Any:
        path = self.__prefix + name
        if self.__schema.is_function(path):
            return _Method(self.__schema, path, self.__call, self.__random)
        inner = None if name.startswith("__") else getattr(self.__classes, name, None)
        if inner is None or isinstance(inner, type):
            known = [] if name.startswith("__") else [self.__prefix + each for each in dir(self)]
            raise AttributeError(f"{self.__schema.name} has no method {path}{nearest(path, known)}")
        return _Space(self.__schema, inner, self.__call, self.__random, f"{path}.")

    def __dir__(self) -> list[str]:
        behind = len(self.__prefix)
        names = [name for name in self.__schema if name.startswith(self.__prefix) and self.__schema.is_function(name)]
        return sorted({name[behind:].partition(".")[0] for name in names})

    def __repr__(self) -> str:
        return f"<methods {self.__prefix}* of {self.__schema.name}>"


class _Method:
    """One method, to be called with its fields by name."""

    def __init__(
        self, schema: Schema, name: str, call: Callable[[TLFunction[Any]], Any], random: Callable[[int], bytes]
    ) -> None:
        self.__schema = schema
        self.__call = call
        self.__random = random
        self.__name__ = name.rpartition(".")[2]
        self.__method = name
        page = "" if schema.layer is None else f"\n\nhttps://core.telegram.org/method/{name}"
        self.__doc__ = f"{schema.declaration(name)}{page}"

    @property
    def __signature__(self) -> Signature:
        from tl import signature_of  # at the first use, for a quick start

        return signature_of(self.__schema, self.__method)

    def __call__(self, /, *values: Any, **fields: Any) -> Any:
        from tl import request_of  # at the first use, for a quick start

        if values:
            raise TypeError(f"{self.__method} takes its fields by name: {self.__method}{self.__signature__}")
        return self.__call(request_of(self.__schema, self.__method, fields, partial(random_long, self.__random)))

    def __repr__(self) -> str:
        return f"<method {self.__method}{self.__signature__}>"
