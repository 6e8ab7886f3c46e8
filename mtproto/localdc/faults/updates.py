"""What faults do to updates and to differences (core.telegram.org/api/updates)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.faults.armed import ArmedFaults, Effect
from tl import api

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto.localdc.pushes import CountedPush

__all__ = ["UpdateFaults", "channel_too_long", "too_long"]


class UpdateFaults:
    """The faults of counted updates: they happen to an update that some session is to get, at one DC.

    Args:
        happened: told the name of each fault that has happened.

    """

    def __init__(self, happened: Callable[[str], None]) -> None:
        self._pushes: ArmedFaults[CountedPush, Sequence[CountedPush]] = ArmedFaults(happened)
        self._differences: ArmedFaults[None, None] = ArmedFaults(happened)

    def __bool__(self) -> bool:
        return bool(self._pushes or self._differences)

    def clear(self) -> None:
        """Forget the faults that wait."""
        self._pushes.clear()
        self._differences.clear()

    def pushed(self, push: CountedPush) -> Sequence[CountedPush]:
        """Return which updates go out, in that order, where one was to."""
        effect = self._pushes.show(push)
        return [push] if effect is None else effect.instead

    def lengthens(self) -> bool:
        """Say whether a difference that is not empty is to be too long."""
        return self._differences.show(None) is not None

    def replace(self, name: str, change: Callable[[CountedPush], Sequence[CountedPush] | None]) -> None:
        """Arm a fault that sends others in place of the next update for which `change` returns them, and not None."""

        def act(push: CountedPush) -> Effect[Sequence[CountedPush]] | None:
            instead = change(push)
            return None if instead is None else Effect(instead)

        self._pushes.arm(name, act)

    def hold(self, name: str) -> None:
        """Arm a fault that holds an update back until another one for the same account has gone."""
        held: list[CountedPush] = []

        def act(push: CountedPush) -> Effect[Sequence[CountedPush]] | None:
            if not held:
                held.append(push)
                return Effect([], over=False)
            return Effect([push, *held]) if push.user_id == held[0].user_id else None

        self._pushes.arm(name, act)

    def lengthen(self, name: str) -> None:
        """Arm a fault that makes the next difference too long."""
        self._differences.arm(name, lambda _: Effect(None))


def too_long(push: CountedPush) -> Sequence[CountedPush]:
    """Return what says that there are too many updates to push."""
    return [push._replace(update=api.types.UpdatesTooLong())]


def channel_too_long(push: CountedPush) -> Sequence[CountedPush] | None:
    """Return what says that a channel has too many updates to push; None where none of a channel was to go."""
    update = push.update
    if not isinstance(update, api.types.Updates):
        return None
    counted = [each for each in update.updates if isinstance(each, api.types.UpdateNewChannelMessage)]
    if not counted:
        return None
    [channel] = update.chats
    long = api.types.UpdateChannelTooLong(channel_id=channel.id, pts=counted[-1].pts)
    return [push._replace(update=update.replace(updates=[long], users=[]))]
