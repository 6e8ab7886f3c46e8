"""Requests in which the caller wrote somebody where the schema says `InputUser`, `InputPeer` or `InputChannel`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from mtproto.flows.meant import meant_by
from mtproto.flows.resolving import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtproto.flows.field_kinds import FieldKind
    from mtproto.flows.meant import Wanted
    from mtproto.flows.peer_book import PeerBook
    from mtproto.flows.resolving import PeerAsker
    from mtproto.flows.steps import Flow
    from tl import TLObject

__all__ = ["Blank", "blanks_in", "fill"]

T = TypeVar("T", bound="TLObject")

WANTED = frozenset({"InputPeer", "InputUser", "InputChannel"})
_DEEPEST = 16
"""Objects inside objects of one request that are looked at."""

Step: TypeAlias = "str | int"


@dataclass(frozen=True, slots=True)
class Blank:
    """A place in a request where the caller wrote somebody.

    Attributes:
        path: the way there: attributes and places in vectors.
        wanted: the type that stands there by the schema.
        reference: what the caller wrote.

    """

    path: tuple[Step, ...]
    wanted: Wanted
    reference: object


def blanks_in(request: TLObject) -> Iterator[Blank]:
    """Return the places of a request that are to be resolved, in order; what is of the wanted type is left alone."""
    yield from _in_object(request, (), _DEEPEST)


def fill(asker: PeerAsker, book: PeerBook, request: T) -> Flow[T]:
    """Return a request with an object of the wanted type wherever the caller wrote somebody.

    The caller's request stays as it is. A request without such places is returned itself, and costs no call.

    Args:
        asker: who asks.
        book: what is known of peers.
        request: a function of the asker's schema, with or without wrappers.

    Raises whatever `resolve` raises; what can be nobody is refused before the first call.

    """
    blanks = list(blanks_in(request))
    for blank in blanks:
        meant_by(blank.reference, blank.wanted)
    filled: TLObject = request
    known: list[tuple[Blank, Any]] = []
    for blank in blanks:
        same = [peer for other, peer in known if _is_same(blank, other)]
        peer = same[0] if same else (yield from resolve(asker, book, blank.reference, blank.wanted))
        known.append((blank, peer))
        filled = _with(filled, blank.path, peer)
    return cast("T", filled)


def _is_same(blank: Blank, other: Blank) -> bool:
    return (
        blank.wanted == other.wanted
        and type(blank.reference) is type(other.reference)
        and blank.reference == other.reference
    )


def _in_object(value: TLObject, path: tuple[Step, ...], depth: int) -> Iterator[Blank]:
    if not depth:
        return
    for field in value.PLAN.fields:
        if field.kind.holds_objects:
            yield from _in_value(getattr(value, field.attribute, None), field.kind, (*path, field.attribute), depth)


def _in_value(value: Any, kind: FieldKind, path: tuple[Step, ...], depth: int) -> Iterator[Blank]:
    if value is None:
        return
    if kind.code == "vector":
        if kind.element is not None and isinstance(value, list | tuple):
            for index, each in enumerate(value):
                yield from _in_value(each, kind.element, (*path, index), depth)
    elif kind.code == "boxed" and kind.name in WANTED:
        plan = getattr(value, "PLAN", None)
        if plan is None or plan.declaration.result.name != kind.name:
            yield Blank(path, cast("Wanted", kind.name), value)
        else:
            yield from _in_object(value, path, depth - 1)  # `inputUserFromMessage` has a peer inside
    elif hasattr(value, "PLAN"):
        yield from _in_object(value, path, depth - 1)


def _with(value: Any, path: tuple[Step, ...], peer: Any) -> Any:
    """Return a copy of a value with another one at a place."""
    if not path:
        return peer
    step, *rest = path
    if isinstance(step, int):
        items = list(value)
        items[step] = _with(items[step], tuple(rest), peer)
        return items
    return value.replace(**{step: _with(getattr(value, step), tuple(rest), peer)})
