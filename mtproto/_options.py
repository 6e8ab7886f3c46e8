"""The options of public calls: unknown names are a `TypeError`, values of a wrong type an `OptionError`.

Python's own `TypeError` names the option, but the nearest name only from 3.13 on. A call that takes `**options` takes
any name. A value of a wrong type would fail later, elsewhere, or not at all.
"""

from __future__ import annotations

from dataclasses import fields
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from mtproto._option_types import wrong_type
from mtproto.errors import OptionError
from tl import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import CodeType

__all__ = ["named_fields", "named_options", "nearest"]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_INIT = "__init__"


def named_options(*keywords: type) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator: the call then looks at its options before Python misses those that are required.

    Args:
        keywords: the `TypedDict` classes that the call takes as `**options: Unpack[…]`.

    The call raises `TypeError` for an option that is neither a parameter of its own nor a key of `keywords`, and
    `OptionError` for a value that does not fit the annotation of its parameter or key.

    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        below = {name: text for kind in keywords for name, text in kind.__annotations__.items()}
        return _checked(function, function.__annotations__, below)

    return decorate


def named_fields(kind: type[T]) -> type[T]:
    """Decorate a dataclass: making one looks at the fields as `named_options` looks at options."""
    init: Callable[..., Any] = getattr(kind, _INIT)
    # dataclass() itself wants `kind`, whose type says nothing of that
    setattr(kind, _INIT, _checked(init, {field.name: field.type for field in fields(kind)}, {}))  # type: ignore[arg-type]
    return kind


def _checked(function: Callable[P, R], own: Mapping[str, Any], below: Mapping[str, Any]) -> Callable[P, R]:
    """Return the function behind the checks; `own` and `below` are annotations by the names of options."""
    code: CodeType = getattr(function, "__code__")  # noqa: B009  # quicker at start-up than `inspect.signature`
    places = code.co_varnames[: code.co_argcount]
    named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    takes = {name: _text(annotation) for name, annotation in below.items()}
    takes |= {name: _text(own[name]) for name in named if name in own}  # `self` has no annotation

    @wraps(function)
    def checked(*args: P.args, **options: P.kwargs) -> R:
        if not options.keys() <= takes.keys():
            call = type(args[0]).__name__ if function.__name__ == _INIT else function.__name__
            raise _unknown(call, sorted(options.keys() - takes.keys()), takes)
        for name, value in (*zip(places, args, strict=False), *options.items()):
            if name in takes and (wrong := wrong_type(takes[name], value)):
                raise OptionError(f"the option {name} takes {wrong}", name)
        return function(*args, **options)

    return checked


def _text(annotation: Any) -> str:
    """Return an annotation as it is written; that of a `TypedDict` is wrapped into an object of `typing`."""
    return annotation if isinstance(annotation, str) else str(annotation.__forward_arg__)


def _unknown(call: str, names: list[str], known: Iterable[str]) -> TypeError:
    parts = [f"{name!r}{nearest(name, known)}" for name in names]
    return TypeError(f"{call}() has no option {', nor '.join(parts)}")
