"""What a program orders of a DC for one method: refusals for so many calls, and answers without a handler."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mtproto.errors import LocalProtocolError
from mtproto.localdc.answers import Refused
from tl import TLError, TLFunction, api

if TYPE_CHECKING:
    from mtproto.localdc.answers import Answer

__all__ = ["NO_ORDER", "Orders"]

NO_ORDER = object()
"""What `Orders.take` returns where nothing was ordered; None may be an answer one day."""


@dataclass(slots=True)
class _Refusal:
    """A refusal, and for how many calls it still holds; None for all."""

    code: int
    name: str
    times: int | None

    def use(self) -> bool:
        """Count one call; say whether the refusal holds no longer."""
        if self.times is not None:
            self.times -= 1
        return self.times == 0


class Orders:
    """The orders of one DC, by the TL name of the method. Orders may come from any thread."""

    def __init__(self) -> None:
        self._refusals: dict[str, list[_Refusal]] = {}
        self._answers: dict[str, Answer] = {}

    def refuse(self, method: type[TLFunction[Any]] | str, code: int, name: str, times: int | None) -> None:
        """Refuse the next calls of a method, after those refusals that were ordered before.

        Raises:
            LocalProtocolError: there is no such method, or `times` is less than 1.

        """
        if times is not None and times < 1:
            raise LocalProtocolError(f"a call can't be refused {times} times")
        self._refusals.setdefault(_name_of(method), []).append(_Refusal(code, name, times))

    def answer(self, method: type[TLFunction[Any]] | str, answer: Any) -> None:
        """Answer all calls of a method with one value: its JSON form, or an object.

        Raises:
            LocalProtocolError: there is no such method, or the value is no answer to it.

        """
        name = _name_of(method)
        try:
            value = _value(answer)
            api.schema.encode(value, str(api.schema.plan(name).declaration.result))
        except (TLError, TypeError, ValueError) as error:
            raise LocalProtocolError(f"this is no answer to {name}: {error}") from error
        self._answers[name] = value

    def clear(self) -> None:
        """Forget all orders."""
        self._refusals.clear()
        self._answers.clear()

    def take(self, method: str) -> Answer:
        """Return the answer that was ordered for a method, or `NO_ORDER`. Refuses with a refusal that was ordered."""
        refusals = self._refusals.get(method)
        if refusals:
            refusal = refusals[0]
            if refusal.use():
                refusals.pop(0)
            raise Refused(refusal.code, refusal.name)
        return self._answers.get(method, NO_ORDER)


def _name_of(method: type[TLFunction[Any]] | str) -> str:
    """Return the TL name of a method, which is given by its class or that name."""
    name = method if isinstance(method, str) else getattr(method, "NAME", "")
    if name not in api.schema or not issubclass(api.schema[name], TLFunction):
        raise LocalProtocolError(f"{method!r} is no method of {api.schema.name}, such as photos.getUserPhotos")
    return name


def _value(answer: Any) -> Answer:
    """Return what a JSON form stands for; a bool, a number and an object are themselves."""
    if isinstance(answer, dict):
        return api.schema.from_json(json.dumps(answer))
    if isinstance(answer, list):
        return [_value(each) for each in answer]
    return answer
