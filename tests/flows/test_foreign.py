"""The login taken to another DC: once, and once again after a refusal there."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.errors import LocalProtocolError, RpcError
from mtproto.flows import (
    Authorized,
    Call,
    KeyDestroyed,
    NotAuthorized,
    UnexpectedAnswer,
    authorize,
    call_elsewhere,
    dc_of_this_call,
)
from tests.flows.answers import USER, Answers
from tests.flows.player import Player, Turn, refusal, wrong

EXPORT, IMPORT, CALLED = "auth.exportAuthorization", "auth.importAuthorization", "help.getConfig"
LOST = refusal(401, "AUTH_KEY_UNREGISTERED")


def exported(answers: Answers) -> Any:
    return answers("auth.exportedAuthorization", id=99, bytes=b"proof")


def taken(answers: Answers) -> list[Turn]:
    """Return the turns of an export and an import."""
    return [(EXPORT, exported(answers)), (IMPORT, answers.authorization())]


def call(answers: Answers, dc: int | None = 4) -> Call:
    return Call(answers("help.getConfig"), dc=dc, lane="files")


def test_the_authorization_is_exported_at_home_and_imported_there(each: Answers) -> None:
    player = Player(taken(each))
    player.run(authorize(each.schema, 4, USER))
    assert [call.dc for call in player.calls] == [None, 4]
    assert player.request(0).dc_id == 4
    assert (player.request(1).id, player.request(1).bytes) == (99, b"proof")
    assert player.saved == [Authorized(4)]
    assert "proof" not in repr(player.steps)


def test_a_call_elsewhere_takes_the_authorization_there_once(each: Answers) -> None:
    player = Player([*taken(each), (CALLED, "config")])
    assert player.run(call_elsewhere(each.schema, call(each), authorized=False)) == "config"
    player = Player([(CALLED, "config")])
    assert player.run(call_elsewhere(each.schema, call(each), authorized=True)) == "config"
    assert player.calls == [call(each)]


def test_after_a_401_there_the_authorization_is_taken_again_once_and_home_stays_logged_in(each: Answers) -> None:
    player = Player([(CALLED, LOST), *taken(each), (CALLED, "config")])
    assert player.run(call_elsewhere(each.schema, call(each), authorized=True)) == "config"
    assert player.saved == [NotAuthorized(4), Authorized(4)]
    player = Player([(CALLED, LOST), *taken(each), (CALLED, LOST)])
    with pytest.raises(RpcError) as caught:
        player.run(call_elsewhere(each.schema, call(each), authorized=True))
    assert caught.value is LOST
    assert player.methods.count(EXPORT) == 1


def test_a_key_that_was_used_from_two_places_is_replaced_there(latest: Answers) -> None:
    turns: list[Turn] = [(CALLED, refusal(406, "AUTH_KEY_DUPLICATED")), *taken(latest), (CALLED, "config")]
    player = Player(turns)
    player.run(call_elsewhere(latest.schema, call(latest), authorized=True))
    assert player.saved == [NotAuthorized(4), KeyDestroyed(4), Authorized(4)]


@pytest.mark.parametrize("error", [wrong("LOCATION_INVALID"), refusal(401, "AUTH_KEY_PERM_EMPTY")], ids=str)
def test_any_other_refusal_is_raised_as_it_came(latest: Answers, error: RpcError) -> None:
    player = Player([(CALLED, error)])
    with pytest.raises(RpcError) as caught:
        player.run(call_elsewhere(latest.schema, call(latest), authorized=True))
    assert caught.value is error
    assert player.saved == []


@pytest.mark.parametrize(
    ("turns", "match"),
    [
        ([(EXPORT, wrong("DC_ID_INVALID"))], "DC_ID_INVALID"),
        ([(EXPORT, refusal(420, "FLOOD_WAIT_2820"))], "FLOOD_WAIT_2820"),
        ([(EXPORT, None), (IMPORT, wrong("AUTH_BYTES_INVALID"))], "AUTH_BYTES_INVALID"),
    ],
)
def test_a_refusal_of_either_dc_is_raised(latest: Answers, turns: list[Turn], match: str) -> None:
    played = [(due, exported(latest) if outcome is None else outcome) for due, outcome in turns]
    player = Player([*played])
    with pytest.raises(RpcError, match=match):
        player.run(authorize(latest.schema, 4))
    assert player.saved == []


def test_an_answer_that_nobody_knows_or_another_user_authorizes_nothing(latest: Answers) -> None:
    other = latest.authorization(user=latest.user(USER + 1))
    for turns in (
        [(EXPORT, True)],
        [(EXPORT, exported(latest)), (IMPORT, True)],
        [(EXPORT, exported(latest)), (IMPORT, latest("auth.authorizationSignUpRequired"))],
        [(EXPORT, exported(latest)), (IMPORT, latest.authorization(user=latest("userEmpty", id=USER)))],
        [(EXPORT, exported(latest)), (IMPORT, other)],
    ):
        player = Player([*turns])
        with pytest.raises(UnexpectedAnswer):
            player.run(authorize(latest.schema, 4, USER))
        assert player.saved == []


def test_a_call_elsewhere_names_its_dc(latest: Answers) -> None:
    with pytest.raises(LocalProtocolError, match="names its data centre"):
        Player([]).run(call_elsewhere(latest.schema, call(latest, None), authorized=True))


def test_a_migration_of_one_call_moves_that_call_only(later: Answers) -> None:
    plain = later("help.getConfig")
    wrapped = plain
    if "invokeWithBusinessConnection" in later.schema:
        wrapped = later("invokeWithBusinessConnection", connection_id="c", query=plain)
    assert dc_of_this_call(refusal(303, "FILE_MIGRATE_4"), plain) == 4
    assert dc_of_this_call(refusal(303, "STATS_MIGRATE_2"), plain) == 2
    assert dc_of_this_call(refusal(303, "USER_MIGRATE_2"), plain) is None
    assert dc_of_this_call(refusal(303, "USER_MIGRATE_2"), wrapped) == (None if wrapped is plain else 2)
    if wrapped is not plain:
        outer = later("invokeWithoutUpdates", query=wrapped)
        assert dc_of_this_call(refusal(303, "USER_MIGRATE_2"), outer) == 2
    assert dc_of_this_call(refusal(303, "PHONE_MIGRATE_2"), wrapped) is None
    assert dc_of_this_call(wrong("FILE_MIGRATE_2"), plain) is None
