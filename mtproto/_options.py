"""What a public call does with the names of its options: an unknown name is a `TypeError`, with the nearest known one.

Python's own `TypeError` names the option, but not before 3.13 the nearest one; and where options are taken as
`**options`, Python takes any name.
"""

from __future__ import annotations

from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from tl import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["named_fields", "named_options", "nearest"]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_INIT = "__init__"


def named_options(*keywords: type) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator: the call then refuses unknown options by name, before Python misses those that are required.

    Args:
        keywords: the `TypedDict` classes that the call takes as `**options: Unpack[…]`.

    The call raises `TypeError` for an option that is neither a parameter of its own nor a key of `keywords`.

    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
        own = [name for name, parameter in signature(function).parameters.items() if parameter.kind in by_name]
        known = frozenset(own).union(*(kind.__annotations__ for kind in keywords)) - {"self"}

        @wraps(function)
        def checked(*args: P.args, **options: P.kwargs) -> R:
            if not options.keys() <= known:
                call = type(args[0]).__name__ if function.__name__ == _INIT else function.__name__
                raise _unknown(call, sorted(options.keys() - known), known)
            return function(*args, **options)

        return checked

    return decorate


def named_fields(kind: type[T]) -> type[T]:
    """Decorate a dataclass: making one refuses unknown fields as `named_options` does."""
    init: Callable[..., Any] = getattr(kind, _INIT)
    setattr(kind, _INIT, named_options()(init))
    return kind


def _unknown(call: str, names: list[str], known: frozenset[str]) -> TypeError:
    parts = [f"{name!r}{nearest(name, known)}" for name in names]
    return TypeError(f"{call}() has no option {', nor '.join(parts)}")
