"""Login by QR code: what is shown, what follows a scan, and what a server may say instead."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import Any

import pytest

from mtproto.errors import RpcError
from mtproto.flows import (
    FlowFailed,
    LoggedIn,
    NextUpdate,
    PasswordQuestion,
    QRCode,
    UnexpectedAnswer,
    each_update,
    log_in_by_qr,
)
from tests.flows.answers import USER, Answers
from tests.flows.player import Player, Turn, refusal, wrong
from tests.flows.test_password import CHECK, GET, PASSWORD, Server, counting, quick, state

EXPORT, IMPORT = "auth.exportLoginToken", "auth.importLoginToken"
SECRET = bytes(range(200, 232))
NEEDED = refusal(401, "SESSION_PASSWORD_NEEDED")


def token(answers: Answers, data: bytes = SECRET, expires: int = 1_000_030) -> Any:
    return answers("auth.loginToken", expires=expires, token=data)


def success(answers: Answers) -> Any:
    return answers("auth.loginTokenSuccess", authorization=answers.authorization())


def elsewhere(answers: Answers, dc: int = 4, data: bytes = b"token for there") -> Any:
    return answers("auth.loginTokenMigrateTo", dc_id=dc, token=data)


def scanned(answers: Answers) -> Turn:
    """Return the turn in which the update comes; the step has to take it, and no other one."""

    def update(step: Any) -> Any:
        update = answers("updateLoginToken")
        assert step.match(update)
        assert not step.match(answers("updateConfig"))
        assert not step.match(True)
        return update

    return NextUpdate, update


def run(answers: Answers, *turns: Turn, **options: Any) -> Player:
    player = Player(list(turns))
    assert player.run(log_in_by_qr(answers.settings(), counting, **options)).id == USER
    assert player.saved == [LoggedIn(USER, is_bot=False)]
    return player


def test_a_code_that_is_scanned_logs_in(each: Answers) -> None:
    player = run(each, (EXPORT, token(each)), scanned(each), (EXPORT, success(each)), except_ids=[5, 6])
    request = player.request(0)
    assert (request.api_id, request.except_ids) == (1, [5, 6])
    shown = player.told[0]
    assert isinstance(shown, QRCode)
    assert shown.text == f"tg://login?token={shown.text.partition('=')[2]}"
    assert "=" not in shown.text.partition("=")[2]
    assert urlsafe_b64decode(shown.text.partition("=")[2] + "==") == SECRET
    assert shown.seconds == 30


def test_a_scan_whose_update_may_be_lost_is_found_by_asking_again(each: Answers) -> None:
    def gap(step: Any) -> Any:
        assert step.match(each("updatesTooLong"))
        return each("updatesTooLong")

    run(each, (EXPORT, token(each)), (NextUpdate, gap), (EXPORT, success(each)))


def test_the_token_stands_only_in_the_drawn_code(each: Answers) -> None:
    player = run(each, (EXPORT, token(each)), scanned(each), (EXPORT, success(each)))
    shown = player.told[0]
    assert isinstance(shown, QRCode)
    for text in (repr(player.steps), repr(shown), str(shown)):
        assert shown.text.partition("=")[2] not in text
        assert SECRET.hex() not in text
        assert repr(SECRET)[2:-1] not in text


def test_a_new_code_is_shown_when_one_expires(each: Answers) -> None:
    turns: list[Turn] = [(EXPORT, token(each, bytes([number]) * 32)) for number in range(3)]
    over: Turn = (NextUpdate, None)
    player = run(each, turns[0], over, turns[1], over, turns[2], scanned(each), (EXPORT, success(each)))
    texts = {notice.text for notice in player.told if isinstance(notice, QRCode)}
    assert len(texts) == 3


@pytest.mark.parametrize(("expires", "seconds"), [(0, 5), (999_999, 5), (1_000_030, 30), (2**31 - 1, 300), (-1, 5)])
def test_a_code_is_shown_until_it_expires_within_bounds(latest: Answers, expires: int, seconds: float) -> None:
    player = run(latest, (EXPORT, token(latest, expires=expires)), scanned(latest), (EXPORT, success(latest)))
    assert [notice.seconds for notice in player.told if isinstance(notice, QRCode)] == [seconds]
    assert [step.seconds for step in player.steps if isinstance(step, NextUpdate)] == [seconds]


def test_a_code_that_nobody_scans_ends_after_a_number_of_codes(latest: Answers) -> None:
    turns: list[Turn] = [(EXPORT, token(latest)), (NextUpdate, None)]
    with pytest.raises(FlowFailed, match="nobody has scanned a QR code in time; 3 were shown"):
        Player(turns * 3).run(log_in_by_qr(latest.settings(), counting, codes=3))
    endless: list[Turn] = [(EXPORT, token(latest)), scanned(latest)]
    with pytest.raises(FlowFailed, match="40 were shown"):
        Player(endless * 40).run(log_in_by_qr(latest.settings(), counting))


def test_a_migration_is_followed_and_the_token_goes_there(each: Answers) -> None:
    turns: list[Turn] = [(EXPORT, token(each)), scanned(each), (EXPORT, elsewhere(each)), (IMPORT, success(each))]
    player = run(each, *turns)
    assert player.moves == [4]
    assert player.request(-1).token == b"token for there"
    names = [type(step).__name__ for step in player.steps]
    assert names.index("MoveTo") < len(names) - 1 - names[::-1].index("Call")


@pytest.mark.parametrize("dc", [0, -1, 3, 10_002, 2**31 - 1])
def test_a_migration_goes_to_a_known_dc_only(latest: Answers, dc: int) -> None:
    player = Player([(EXPORT, token(latest)), scanned(latest), (EXPORT, elsewhere(latest, dc))])
    with pytest.raises(FlowFailed, match=f"DC {dc} .*not known; known are 1, 2, 4"):
        player.run(log_in_by_qr(latest.settings(), counting))
    assert player.moves == []
    assert player.saved == []


def test_a_server_that_sends_the_token_round_and_round_is_left(latest: Answers) -> None:
    moves: list[Turn] = [(IMPORT, elsewhere(latest, 1 + turn % 2)) for turn in range(3)]
    with pytest.raises(UnexpectedAnswer, match="loginTokenMigrateTo"):
        Player([(EXPORT, elsewhere(latest)), *moves]).run(log_in_by_qr(latest.settings(), counting))


def test_the_password_is_asked_for_at_the_new_dc(each: Answers) -> None:
    password: list[Turn] = [(GET, state(each)), (PasswordQuestion, PASSWORD), (CHECK, each.authorization())]
    turns: list[Turn] = [(EXPORT, token(each)), scanned(each), (EXPORT, elsewhere(each)), (IMPORT, NEEDED)]
    player = quick([*turns, *password])
    assert player.run(log_in_by_qr(each.settings(), counting)).id == USER
    names = [type(step).__name__ for step in player.steps]
    assert names.index("MoveTo") < names.index("Ask")


def test_the_password_is_asked_for_at_the_same_dc_as_well(latest: Answers) -> None:
    server = Server(latest)
    password: list[Turn] = [(GET, server.state), (PasswordQuestion, PASSWORD), (CHECK, server.judge)]
    run(latest, (EXPORT, token(latest)), scanned(latest), (EXPORT, NEEDED), *password)


@pytest.mark.parametrize("error", ["AUTH_TOKEN_EXPIRED", "AUTH_TOKEN_INVALID", "AUTH_TOKEN_INVALIDX"])
def test_a_token_that_is_over_at_the_new_dc_is_replaced_there(latest: Answers, error: str) -> None:
    turns: list[Turn] = [(EXPORT, elsewhere(latest)), (IMPORT, wrong(error)), (EXPORT, token(latest))]
    player = run(latest, *turns, scanned(latest), (EXPORT, success(latest)))
    assert player.moves == [4]


@pytest.mark.parametrize(
    "error", [wrong("API_ID_INVALID"), wrong("AUTH_TOKEN_ALREADY_ACCEPTED"), refusal(401, "SESSION_REVOKED")], ids=str
)
def test_any_other_refusal_is_raised_as_it_came(latest: Answers, error: RpcError) -> None:
    for turns in ([(EXPORT, error)], [(EXPORT, elsewhere(latest)), (IMPORT, error)]):
        player = Player([*turns])
        with pytest.raises(RpcError) as caught:
            player.run(log_in_by_qr(latest.settings(), counting))
        assert caught.value is error
        assert player.saved == []


@pytest.mark.parametrize("size", [0, 513, 100_000])
def test_a_token_that_can_not_be_drawn_is_an_error(latest: Answers, size: int) -> None:
    with pytest.raises(UnexpectedAnswer, match=f"a token of {size} bytes"):
        Player([(EXPORT, token(latest, bytes(size)))]).run(log_in_by_qr(latest.settings(), counting))


@pytest.mark.parametrize("answer", [True, None, 5], ids=str)
def test_an_answer_that_nobody_knows_ends_in_an_error_of_ours(latest: Answers, answer: object) -> None:
    with pytest.raises(UnexpectedAnswer, match=f"{EXPORT} was answered by {type(answer).__name__}"):
        Player([(EXPORT, answer)]).run(log_in_by_qr(latest.settings(), counting))


def test_auth_restart_and_user_migrate_are_followed(latest: Answers) -> None:
    turns: list[Turn] = [(EXPORT, refusal(500, "AUTH_RESTART")), (EXPORT, refusal(303, "USER_MIGRATE_2"))]
    player = run(latest, *turns, (EXPORT, success(latest)))
    assert player.moves == [2]


def test_updates_are_taken_out_of_what_the_server_sends(each: Answers) -> None:
    update = each("updateLoginToken")
    fields: dict[str, Any] = {"updates": [update, update], "users": [], "chats": [], "date": 1}
    assert each_update(each("updateShort", update=update, date=1)) == (update,)
    assert each_update(each("updates", seq=1, **fields)) == (update, update)
    assert each_update(each("updatesCombined", seq=1, seq_start=1, **fields)) == (update, update)
    too_long = each("updatesTooLong")
    assert each_update(too_long) == (too_long,)
