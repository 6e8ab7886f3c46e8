"""Which calls came to a local data centre together, in one packet."""

from __future__ import annotations

from typing import Any

__all__ = ["packets_with"]


def packets_with(dc: Any, *methods: Any) -> list[list[int]]:
    """Note how many calls of each of these methods every packet brings, from now on; wrappers are looked through.

    Args:
        dc: a data centre in a thread, of this process.
        methods: classes of methods.

    """
    packets: dict[int, tuple[object, list[int]]] = {}
    counts: list[list[int]] = []
    dispatcher = dc._centre.dispatcher
    answer = dispatcher.answer
    ids = [method.ID.to_bytes(4, "little") for method in methods]

    def note(body: bytes, key: Any, session_id: int, msg_id: int, budget: Any = None) -> Any:
        if budget is None:
            raise AssertionError("the packet of a call is not known")
        if id(budget) not in packets:
            packets[id(budget)] = budget, [0] * len(ids)  # the budget stays, so that its id stays its own
            counts.append(packets[id(budget)][1])
        for place, name in enumerate(ids):
            packets[id(budget)][1][place] += name in body
        return answer(body, key, session_id, msg_id, budget)

    dispatcher.answer = note
    return counts
