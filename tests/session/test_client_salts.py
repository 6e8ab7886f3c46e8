"""The salt that a client sends with, and the time at which it asks for more."""

from __future__ import annotations

from mtproto.message.key_state import SALT_OVERLAP, KeyState, Salt
from mtproto.session.salts import SALTS_PAUSE, SALTS_REFUSED, SALTS_RESERVE, ClientSalts
from mtproto.session.time_window import NEVER
from tests.session.harness import make_key
from tests.session.parts import NOW

HOUR = 3600


def key_with(*salts: Salt) -> KeyState:
    key = KeyState(auth_key=make_key(), salts=list(salts))
    key.learn_offset(0.0)
    return key


def test_the_salt_changes_with_the_time_and_with_what_the_server_says() -> None:
    key = key_with(Salt(0, int(NOW) + 100, 1), Salt(int(NOW) + 50, int(NOW) + HOUR, 2))
    salts = ClientSalts(key)
    assert [salts.current(NOW), salts.current(NOW + 200)] == [1, 2]
    assert salts.current(NOW) == 1
    salts.named(3, NOW)
    assert salts.current(NOW) == 3


def test_salts_are_asked_for_before_the_last_one_ends_by_the_clock_of_the_server() -> None:
    key = key_with(Salt(0, int(NOW) + 10 * HOUR, 1))
    salts = ClientSalts(key)
    assert salts.due == NEVER
    key.learn_offset(100.0)
    salts.plan(NOW)
    assert salts.due == int(NOW) + 10 * HOUR - SALTS_RESERVE - 100


def test_salts_are_not_asked_for_twice_a_minute_whatever_the_answer_was() -> None:
    salts = ClientSalts(key_with(Salt(0, int(NOW), 1)))
    salts.plan(NOW)
    assert salts.due == NOW
    salts.asked(NOW)
    salts.told([Salt(0, int(NOW) + 1, 2)], NOW + 1)
    assert salts.due == NOW + SALTS_PAUSE


def test_after_a_refusal_a_named_salt_has_to_do_until_it_ends() -> None:
    salts = ClientSalts(key_with())
    salts.refused(NOW)
    assert salts.due == NOW + SALTS_REFUSED
    salts.named(5, NOW)
    assert salts.due == NOW + SALTS_REFUSED
    assert SALTS_REFUSED >= SALT_OVERLAP - SALTS_RESERVE


def test_the_answer_puts_the_next_question_off_until_its_salts_end() -> None:
    salts = ClientSalts(key_with())
    salts.told([Salt(int(NOW), int(NOW) + 5 * HOUR, 1), Salt(int(NOW), int(NOW) + 9 * HOUR, 2)], NOW)
    assert salts.due == int(NOW) + 9 * HOUR - SALTS_RESERVE
