"""Calls by a policy: floods, servers that fail, logins that end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import FloodWait, LoggedOut, OptionError, RpcError
from mtproto.flows import Call, CallPolicy, FloodMemory, LoggedOutChange, ends_login, patient_call
from mtproto.flows.patience import METHODS_REMEMBERED
from tests.flows.player import Player, Turn, refusal, wrong
from tl import api

CALLED = "help.getConfig"
REQUEST = api.functions.help.GetConfig()
OLD_CLOCK = 1_000_000.0


def ends(size: int) -> bytes:
    return bytes(size)


def flood(seconds: int, name: str = "FLOOD_WAIT") -> RpcError:
    return refusal(420, f"{name}_{seconds}")


def run(
    turns: list[Turn],
    policy: CallPolicy | None = None,
    *,
    floods: FloodMemory | None = None,
    call: Call | None = None,
    clock: float = OLD_CLOCK,
    harmless: bool = True,
    **options: Any,
) -> Player:
    player = Player(turns, clock=clock)
    chosen = policy or CallPolicy()
    memory = floods or FloodMemory()
    flow = patient_call(call or Call(REQUEST), chosen, memory, ends, harmless=harmless, **options)
    assert player.run(flow) == "answer"
    return player


ANSWER: Turn = (CALLED, "answer")


def test_a_flood_is_raised_at_once_unless_the_policy_waits() -> None:
    error = flood(1)
    with pytest.raises(FloodWait) as caught:
        run([(CALLED, error)])
    assert caught.value is error


def test_a_flood_within_the_policy_is_waited_for() -> None:
    assert run([(CALLED, flood(9)), ANSWER], CallPolicy(longest_wait=10), harmless=False).waits == [9]


def test_all_waits_of_a_call_together_are_bounded() -> None:
    with pytest.raises(FloodWait, match="FLOOD_WAIT_6"):
        run([(CALLED, flood(5)), (CALLED, flood(6))], CallPolicy(longest_wait=10))
    endless: list[Turn] = [(CALLED, flood(0))] * 11  # a wait of 0 counts as one second
    with pytest.raises(FloodWait):
        run(endless, CallPolicy(longest_wait=10))


def test_a_method_that_is_known_to_be_refused_is_not_sent() -> None:
    floods = FloodMemory()
    with pytest.raises(FloodWait):
        run([(CALLED, flood(100))], floods=floods)
    with pytest.raises(FloodWait, match=r"420 FLOOD_WAIT_41 .*help\.getConfig") as caught:
        run([], floods=floods, clock=OLD_CLOCK + 59.5)
    assert caught.value.seconds == 41
    assert run([ANSWER], CallPolicy(longest_wait=60), floods=floods, clock=OLD_CLOCK + 50).waits == [50]
    assert run([ANSWER], floods=floods, clock=OLD_CLOCK + 100).waits == []


def test_a_flood_is_remembered_for_its_method_and_its_dc_and_for_what_is_wrapped_around() -> None:
    floods = FloodMemory()
    with pytest.raises(FloodWait):
        run([(CALLED, flood(100))], floods=floods)
    other: Turn = ("help.getNearestDc", "answer")
    run([other], floods=floods, call=Call(api.functions.help.GetNearestDc()))
    run([ANSWER], floods=floods, call=Call(REQUEST, dc=4))
    wrapped = api.functions.InvokeWithoutUpdates(query=REQUEST)
    with pytest.raises(FloodWait):
        run([], floods=floods, call=Call(wrapped))


@pytest.mark.parametrize("name", ["SLOWMODE_WAIT", "2FA_CONFIRM_WAIT", "TAKEOUT_INIT_DELAY"])
def test_a_wait_of_one_chat_or_change_is_not_remembered_for_the_method(name: str) -> None:
    floods = FloodMemory()
    with pytest.raises(FloodWait):
        run([(CALLED, flood(100, name))], floods=floods)
    run([ANSWER], floods=floods)
    assert run([(CALLED, flood(3, name)), ANSWER], CallPolicy(longest_wait=5)).waits == [3]


def test_a_code_420_that_is_no_wait_is_raised() -> None:
    with pytest.raises(RpcError, match="PREMIUM_SUB_ACTIVE_UNTIL"):
        run([(CALLED, refusal(420, "PREMIUM_SUB_ACTIVE_UNTIL_1900000000"))], CallPolicy(longest_wait=2e9))


def test_what_is_remembered_is_bounded_and_the_earliest_end_goes_first() -> None:
    floods = FloodMemory()
    for number in range(METHODS_REMEMBERED + 50):
        error = flood(1000 + number)
        assert isinstance(error, FloodWait)
        floods.note(f"method.{number}", None, error, OLD_CLOCK)
    known = [number for number in range(METHODS_REMEMBERED + 50) if floods.refusal(f"method.{number}", None, OLD_CLOCK)]
    assert known == list(range(50, METHODS_REMEMBERED + 50))


@pytest.mark.parametrize("error", [refusal(500, "RPC_CALL_FAIL"), refusal(-503, "Timeout")], ids=str)
def test_a_server_that_fails_is_asked_again_a_bounded_number_of_times(error: RpcError) -> None:
    assert run([(CALLED, error), (CALLED, error), ANSWER]).waits == [1, 2]
    with pytest.raises(RpcError) as caught:
        run([(CALLED, error)] * 4)
    assert caught.value is error
    with pytest.raises(RpcError):
        run([(CALLED, error)], CallPolicy(retries=0))


@pytest.mark.parametrize("error", [refusal(500, "RPC_CALL_FAIL"), refusal(-503, "Timeout")], ids=str)
def test_a_call_whose_repetition_may_do_harm_is_not_repeated(error: RpcError) -> None:
    with pytest.raises(RpcError):
        run([(CALLED, error)], harmless=False)


@pytest.mark.parametrize("error", [refusal(500, "AUTH_RESTART"), refusal(-500, "X"), refusal(777, "X")], ids=str)
def test_a_restart_and_codes_that_nobody_knows_are_raised(error: RpcError) -> None:
    with pytest.raises(RpcError, match=error.message):
        run([(CALLED, error)])


def test_no_wait_begins_that_goes_past_the_end_of_the_call() -> None:
    call = Call(REQUEST, until=OLD_CLOCK + 5)
    with pytest.raises(FloodWait):
        run([(CALLED, flood(5))], CallPolicy(longest_wait=100), call=call)
    assert run([(CALLED, flood(4)), ANSWER], CallPolicy(longest_wait=100), call=call).waits == [4]
    with pytest.raises(RpcError, match="Timeout"):
        run([(CALLED, refusal(-503, "Timeout"))], CallPolicy(first_pause=5), call=call)


FATAL = [
    (401, "AUTH_KEY_UNREGISTERED", False),
    (401, "AUTH_KEY_INVALID", True),
    (401, "SESSION_REVOKED", True),
    (401, "SESSION_EXPIRED", True),
    (401, "USER_DEACTIVATED", False),
    (401, "USER_DEACTIVATED_BAN", False),
    (406, "AUTH_KEY_DUPLICATED", True),
]


@pytest.mark.parametrize(("code", "name", "key_dead"), FATAL)
def test_a_login_that_ends_is_kept_as_ended_and_raised(code: int, name: str, key_dead: bool) -> None:
    error = refusal(code, name)
    player = Player([(CALLED, error)])
    flow = patient_call(Call(REQUEST), CallPolicy(), FloodMemory(), ends, harmless=True, logged_in=True)
    with pytest.raises(LoggedOut, match=name) as caught:
        player.run(flow)
    assert caught.value.reason == name
    assert caught.value.__cause__ is error
    assert player.saved == [LoggedOutChange(reason=name, key_dead=key_dead)]
    with pytest.raises(RpcError, match=name):
        run([(CALLED, error)], logged_in=False)


@pytest.mark.parametrize(
    "error",
    [
        refusal(401, "SESSION_PASSWORD_NEEDED"),
        refusal(401, "AUTH_KEY_PERM_EMPTY"),
        refusal(401, "ACTIVE_USER_REQUIRED"),
        refusal(406, "FILEREF_UPGRADE_NEEDED"),
        wrong("USER_ID_INVALID"),
    ],
    ids=str,
)
def test_any_other_refusal_ends_no_login(error: RpcError) -> None:
    assert not ends_login(error)
    with pytest.raises(RpcError) as caught:
        run([(CALLED, error)], logged_in=True)
    assert caught.value is error


@pytest.mark.parametrize("field", ["longest_wait", "retries", "first_pause", "longest_pause"])
@pytest.mark.parametrize("value", [-1, float("nan")])
def test_a_policy_has_no_numbers_below_zero(field: str, value: Any) -> None:
    with pytest.raises(OptionError, match=field):
        CallPolicy(**{field: value})


@given(st.integers(0, 10_000), st.binary(min_size=2, max_size=2))
def test_pauses_grow_and_stay_bounded(retry: int, noise: bytes) -> None:
    policy = CallPolicy(first_pause=1, longest_pause=30)
    pause = policy.pause(retry, lambda size: noise[:size])
    least = min(2.0 ** min(retry, 10), 30)
    assert least <= pause < 1.5 * least
