"""When a refused call is made again: floods that are waited for, servers that fail, and logins that have ended.

core.telegram.org/api/errors. What the policy does not repeat is raised as it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mtproto.errors import FloodWait, InternalServerError, LoggedOut, OptionError, RpcError
from mtproto.flows.layers import method_names
from mtproto.flows.refusals import ends_login, is_restart, logged_out
from mtproto.flows.steps import Now, Save, Wait

if TYPE_CHECKING:
    from mtproto.flows.steps import Call, Flow, Random

__all__ = ["CallPolicy", "FloodMemory", "patient_call"]

METHODS_REMEMBERED = 256
"""Methods of which a flood is remembered; the ones that end first are forgotten first."""

_OF_ONE_METHOD = frozenset({"FLOOD_WAIT_X", "FLOOD_PREMIUM_WAIT_X"})
"""Waits that concern a method. The others concern one chat, or one change of the account."""

_FAILED_FOR_NOW = frozenset({500, -503})


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """What is waited for, and how often a call is made again.

    Attributes:
        longest_wait: seconds that one call may wait for floods, all its waits together; 0: a flood is raised at once.
        retries: how often a call that may be repeated is made again after a failure of the server (500, −503).
        first_pause: seconds before the first repetition; each pause is twice as long as the one before, and up to a
            half longer at random, so that many clients don't come back at once.
        longest_pause: seconds, at most, between two repetitions.

    Raises OptionError for numbers below 0.

    """

    longest_wait: float = 0.0
    retries: int = 3
    first_pause: float = 1.0
    longest_pause: float = 30.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in ("longest_wait", "retries", "first_pause", "longest_pause"):
            if not getattr(self, name) >= 0:
                raise OptionError(f"{name} is 0 or more, not {getattr(self, name)!r}", name)

    def pause(self, retry: int, random: Random) -> float:
        """Return the seconds to wait before a repetition, the first of which has the number 0."""
        pause = min(self.first_pause * 2.0 ** min(retry, 64), self.longest_pause)
        return pause * (1 + int.from_bytes(random(2), "big") / 0x20000)


class FloodMemory:
    """Which methods the server refuses, and until when. One owner: the account."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, int | None], tuple[float, str]] = {}

    def note(self, method: str, dc: int | None, error: FloodWait, now: float) -> None:
        """Remember a refusal, if it concerns the method: the wait from now on (Unix seconds)."""
        if error.name not in _OF_ONE_METHOD:
            return
        self._until[method, dc] = (now + error.seconds, error.name)
        if len(self._until) > METHODS_REMEMBERED:
            ends = {place: until for place, (until, _) in list(self._until.items())}
            self._until.pop(min(ends, key=ends.__getitem__), None)

    def remembers(self, method: str, dc: int | None) -> bool:
        """Tell whether there was a refusal, over by now or not: mostly there was none, and nobody need ask the time."""
        return (method, dc) in self._until

    def refusal(self, method: str, dc: int | None, now: float) -> FloodWait | None:
        """Return the error that the server would answer with now; None if it may take the call."""
        until, name = self._until.get((method, dc), (now, ""))
        left = until - now
        if left <= 0:
            self._until.pop((method, dc), None)
            return None
        return FloodWait(420, name.replace("X", str(-int(-left // 1))), method)


def patient_call(
    call: Call,
    policy: CallPolicy,
    floods: FloodMemory,
    random: Random,
    *,
    harmless: bool,
    logged_in: bool = False,
) -> Flow[Any]:
    """Make a call by the policy, and return its answer.

    Args:
        call: the call. A wait that would go on after its `until` is not begun.
        policy: what is waited for.
        floods: what the account remembers; a call that would be refused is not sent.
        random: for the pauses.
        harmless: whether the call may be executed twice.
        logged_in: whether the call goes to the home DC of an account that is logged in: some refusals end the login.

    Raises:
        LoggedOut: the login has ended; the store knows.
        FloodWait: a wait is longer than the policy allows; from memory with the seconds that are left.
        RpcError: any other refusal, or the last one of a server that keeps failing.

    """
    method = method_names(call.request)[-1]  # the innermost one
    waited = 0.0
    retries = 0
    while True:
        flood = None
        if floods.remembers(method, call.dc):
            now = yield Now()
            flood = floods.refusal(method, call.dc, now)
        if flood is None:
            try:
                return (yield call)
            except FloodWait as error:
                flood = error
                now = yield Now()
                floods.note(method, call.dc, error, now)
            except InternalServerError as error:
                now = yield Now()
                pause = policy.pause(retries, random)
                if not _may_repeat(error, harmless) or retries >= policy.retries or _too_late(call, now + pause):
                    raise
                retries += 1
                yield Wait(pause)
                continue
            except RpcError as error:
                if not (logged_in and ends_login(error)):
                    raise
                yield Save(logged_out(error))
                raise LoggedOut(error.name) from error
        waited += flood.seconds
        if waited > policy.longest_wait or _too_late(call, now + flood.seconds):
            raise flood
        yield Wait(float(flood.seconds))


def _may_repeat(error: InternalServerError, harmless: bool) -> bool:
    return harmless and error.code in _FAILED_FOR_NOW and not is_restart(error)


def _too_late(call: Call, when: float) -> bool:
    return call.until is not None and when >= call.until
