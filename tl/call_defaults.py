"""The arguments that a short call may leave out, though the schema requires their fields.

They say where a list begins, and what the caller knows of the list already. A call that leaves them out means the
whole list, from its beginning. This holds for methods that only ask: `max_id=0` would let `messages.deleteHistory`
delete everything, and `hash` names the session that `account.resetAuthorization` ends.

A `random_id` may be left out wherever any random number serves: the server tells by the number whether a message has
come twice, and a call that is sent again keeps its number.
"""

from __future__ import annotations

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from tl.plan import Field, Plan

__all__ = ["call_default", "drawn_default", "is_drawn"]

_ASKING = ("get", "search")
"""How the name of a method begins that only asks."""

_DEFAULTS: dict[str, dict[str, Any]] = {
    "offset": {"int": 0, "long": 0, "string": ""},  # the list is given from its beginning
    "add_offset": {"int": 0},
    "offset_id": {"int": 0, "long": 0},
    "offset_date": {"int": 0},
    "offset_rate": {"int": 0},
    "offset_topic": {"int": 0},
    "offset_peer": {"InputPeer": {"_": "inputPeerEmpty"}},
    "offset_user": {"InputUser": {"_": "inputUserEmpty"}},
    "max_id": {"int": 0, "long": 0},  # no bound
    "min_id": {"int": 0, "long": 0},
    "max_date": {"int": 0},
    "min_date": {"int": 0},
    "hash": {"int": 0, "long": 0},  # the caller has no earlier answer, so that "not modified" is none either
}
"""The default of a required field of a method that only asks: by the field's name, and by the type of the field."""


def call_default(plan: Plan, field: Field) -> Any:
    """Return what a short call puts in a required field that its caller leaves out; None where the caller must not.

    An object is given as a dict, as `from_dict` takes it.
    """
    method = plan.declaration.name.rpartition(".")[2]
    if field.word is not None or not method.startswith(_ASKING):
        return None
    return _DEFAULTS.get(field.name, {}).get(str(field.kind))


_DRAWN = {"long": None, "Vector<long>": "id"}
"""The types of a `random_id` that is drawn; of a vector, the field that has one item for each of its numbers."""

_GIVEN = frozenset(
    {
        "messages.sendPaidReaction",  # the upper half is the time, as the page of the method says
        "messages.sendEncrypted",  # the number stands in the encrypted message as well, and so in the next two
        "messages.sendEncryptedFile",
        "messages.sendEncryptedService",
    }
)
"""The methods whose `random_id` the caller has to give."""


def is_drawn(plan: Plan, field: Field) -> bool:
    """Tell whether a short call draws a random number, or several, for a field that its caller leaves out."""
    return (
        field.name == "random_id"
        and field.word is None
        and str(field.kind) in _DRAWN
        and plan.declaration.name not in _GIVEN
    )


def drawn_default(plan: Plan, field: Field, values: Mapping[str, Any], random: Callable[[], int]) -> Any:
    """Return what `is_drawn` speaks of; None where the caller must give it.

    Args:
        plan: of the method.
        field: the field.
        values: the other fields, by attribute: `messages.forwardMessages` has a number for each message of `id`.
        random: gives a random number of 64 bits, signed.

    """
    if not is_drawn(plan, field):
        return None
    counted = _DRAWN[str(field.kind)]
    if counted is None:
        return random()
    items = values.get(counted)
    return [random() for _ in items] if isinstance(items, list | tuple) else None
