"""Login by phone: kinds of codes × answers of a person × refusals, in several layers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mtproto.errors import LocalProtocolError, LoginCancelled, RpcError
from mtproto.flows import (
    CANCEL,
    FUTURE_TOKENS_KEPT,
    LOGIN_RESTARTS,
    RESEND,
    CodeKind,
    CodeQuestion,
    EmailCodeQuestion,
    EmailQuestion,
    FlowFailed,
    FutureToken,
    LoggedIn,
    NameQuestion,
    NotSupported,
    PersonName,
    PhoneQuestion,
    UnexpectedAnswer,
    WaitNotice,
    log_in_by_phone,
    with_token,
)
from mtproto.flows.asking import ANSWERS_TAKEN
from tests.flows.answers import HASH, PHONE, TOKEN, USER, Answers
from tests.flows.player import Player, Turn, refusal, wrong

SEND, SIGN_IN, RESEND_CODE, SIGN_UP = "auth.sendCode", "auth.signIn", "auth.resendCode", "auth.signUp"
CODE = "48151"


def no_random(size: int) -> bytes:
    raise AssertionError(f"nothing random is needed here: {size}")


def log_in(answers: Answers, *turns: Turn, phone: str | None = PHONE, **options: Any) -> Player:
    """Play a login that ends well."""
    player = Player(list(turns))
    user = player.run(log_in_by_phone(answers.settings(), no_random, phone, **options))
    assert user.id == USER
    assert player.saved[0] == LoggedIn(USER, is_bot=False)
    return player


def fail(answers: Answers, error: type[Exception], match: str, *turns: Turn, phone: str | None = PHONE) -> Player:
    """Play a login that ends with an error, and keeps nothing."""
    player = Player(list(turns))
    with pytest.raises(error, match=match):
        player.run(log_in_by_phone(answers.settings(), no_random, phone))
    assert player.saved == []
    return player


# (constructor, its fields, what the question says: kind, where, length; a word for a person)
KINDS = [
    ("App", {}, CodeKind.APP, "", 5, "a message in Telegram"),
    ("Sms", {}, CodeKind.SMS, "", 5, "an SMS"),
    ("Call", {}, CodeKind.CALL, "", 5, "a phone call that says the code"),
    ("FlashCall", {"pattern": "+7**1"}, CodeKind.FLASH_CALL, "+7**1", None, "from a number like +7**1"),
    ("MissedCall", {"prefix": "+79"}, CodeKind.MISSED_CALL, "+79", 5, "from a number that begins with +79"),
    ("EmailCode", {"email_pattern": "a*@b.c"}, CodeKind.EMAIL, "a*@b.c", 5, "an e-mail (to a*@b.c)"),
    ("FragmentSms", {"url": "https://f.x"}, CodeKind.FRAGMENT, "https://f.x", 5, "fragment.com (https://f.x)"),
    ("SmsWord", {"beginning": "b"}, CodeKind.WORD, "b", None, "it begins with b"),
    ("SmsPhrase", {"beginning": "see"}, CodeKind.PHRASE, "see", None, "it begins with see"),
    ("SmsWord", {}, CodeKind.WORD, "", None, "an SMS with a word"),
]
KINDS_OF_133 = {"App", "Sms", "Call", "FlashCall"}


@pytest.mark.parametrize(("name", "fields", "kind", "where", "length", "words"), KINDS)
def test_every_type_of_code_is_asked_for_in_words(
    each: Answers, name: str, fields: dict[str, Any], kind: CodeKind, where: str, length: int | None, words: str
) -> None:
    if f"auth.sentCodeType{name}" not in each.schema:
        assert each.schema.layer == 133
        assert name not in KINDS_OF_133
        return
    sent = each.sent(name, **fields)
    player = log_in(each, (SEND, sent), (CodeQuestion, CODE), (SIGN_IN, each.authorization()))
    question = player.questions[0]
    assert (question.kind, question.where, question.length) == (kind, where, length)
    assert words in str(question)
    assert ("5 characters" in str(question)) is (length == 5)


def test_every_type_that_the_layers_declare_has_a_row_here(each: Answers) -> None:
    declared = {name.removeprefix("auth.sentCodeType") for name in each.schema.constructors("auth.SentCodeType")}
    known = {name for name, *_ in KINDS} | {"SetUpEmailRequired", "FirebaseSms"}
    assert declared <= known


def test_the_calls_carry_what_the_server_wants(each: Answers) -> None:
    player = log_in(each, (SEND, each.sent()), (CodeQuestion, CODE), (SIGN_IN, each.authorization()))
    send, sign_in = player.request(0), player.request(1)
    assert (send.phone_number, send.api_id, send.api_hash) == (PHONE, 1, each.settings().api_hash)
    assert (sign_in.phone_number, sign_in.phone_code_hash, sign_in.phone_code) == (PHONE, HASH, CODE)


@pytest.mark.parametrize(
    ("name", "fields", "typed", "sent"),
    [
        ("Sms", {}, " 48 151\n", "48151"),
        ("Sms", {}, "48-151", "48151"),
        ("SmsWord", {}, "  Butterfly ", "Butterfly"),
        ("SmsPhrase", {}, " see you   at-noon ", "see you at-noon"),
        ("MissedCall", {"prefix": "+79", "length": 6}, "+7 912 345-67-89", "456789"),
        ("MissedCall", {"prefix": "+79", "length": 6}, "456789", "456789"),
        ("FlashCall", {"pattern": "+7*"}, "+79123456789", "79123456789"),
    ],
)
def test_what_a_person_types_becomes_the_code(
    later: Answers, name: str, fields: dict[str, Any], typed: str, sent: str
) -> None:
    turns: list[Turn] = [(SEND, later.sent(name, **fields)), (CodeQuestion, typed), (SIGN_IN, later.authorization())]
    assert log_in(later, *turns).request(-1).phone_code == sent


def test_a_code_that_came_by_email_goes_as_an_email_verification(later: Answers) -> None:
    sent = later.sent("EmailCode", email_pattern="a*@b.c")
    player = log_in(later, (SEND, sent), (CodeQuestion, CODE), (SIGN_IN, later.authorization()))
    request = player.request(-1)
    assert request.phone_code is None
    assert request.email_verification == later("emailVerificationCode", code=CODE)


@pytest.mark.parametrize("error", ["PHONE_CODE_INVALID", "PHONE_CODE_EMPTY", "CODE_INVALID", "EMAIL_CODE_INVALID"])
def test_a_wrong_code_is_asked_for_again(each: Answers, error: str) -> None:
    turns: list[Turn] = [(CodeQuestion, "00000"), (SIGN_IN, wrong(error)), (CodeQuestion, CODE)]
    player = log_in(each, (SEND, each.sent()), *turns, (SIGN_IN, each.authorization()))
    first, second = player.questions
    assert first.problem == ""
    assert second.problem
    assert str(second).startswith(f"{second.problem}. ")


@pytest.mark.parametrize("typed", ["", "  ", "-", "1" * 65])
def test_what_can_be_no_code_is_not_sent(each: Answers, typed: str) -> None:
    turns: list[Turn] = [(CodeQuestion, typed), (CodeQuestion, CODE), (SIGN_IN, each.authorization())]
    assert log_in(each, (SEND, each.sent()), *turns).questions[1].problem == "That can be no code"


def test_the_last_answer_that_is_taken_may_be_the_right_one(latest: Answers) -> None:
    turns: list[Turn] = [(CodeQuestion, "00000"), (SIGN_IN, wrong("PHONE_CODE_INVALID"))] * (ANSWERS_TAKEN - 1)
    log_in(latest, (SEND, latest.sent()), *turns, (CodeQuestion, CODE), (SIGN_IN, latest.authorization()))


def test_wrong_codes_are_bounded(latest: Answers) -> None:
    turns: list[Turn] = [(CodeQuestion, "00000"), (SIGN_IN, wrong("PHONE_CODE_INVALID"))] * ANSWERS_TAKEN
    fail(latest, FlowFailed, "no code was right", (SEND, latest.sent()), *turns)


@pytest.mark.parametrize("where", [SEND, SIGN_IN, RESEND_CODE])
@pytest.mark.parametrize("error", ["PHONE_MIGRATE_2", "NETWORK_MIGRATE_2", "USER_MIGRATE_2"])
def test_a_migration_begins_again_at_the_new_dc(each: Answers, where: str, error: str) -> None:
    moved: list[Turn] = [(SEND, each.sent(next_type="Call"))]
    if where == SEND:
        moved = [(SEND, refusal(303, error))]
    elif where == SIGN_IN:
        moved += [(CodeQuestion, CODE), (SIGN_IN, refusal(303, error))]
    else:
        moved += [(CodeQuestion, RESEND), (RESEND_CODE, refusal(303, error))]
    rest: list[Turn] = [(SEND, each.sent()), (CodeQuestion, CODE), (SIGN_IN, each.authorization())]
    player = log_in(each, *moved, *rest)
    assert player.moves == [2]


def test_a_migration_goes_to_a_known_dc_only(latest: Answers) -> None:
    player = fail(latest, FlowFailed, "DC 9 .*not known", (SEND, refusal(303, "PHONE_MIGRATE_9")))
    assert player.moves == []


@pytest.mark.parametrize("error", ["PHONE_MIGRATE_1", "AUTH_RESTART"])
def test_a_server_that_never_comes_to_an_end_is_left(latest: Answers, error: str) -> None:
    turns = [(SEND, refusal(303 if "MIGRATE" in error else 500, error))] * (LOGIN_RESTARTS + 1)
    fail(latest, FlowFailed, "came to no end", *turns)


@pytest.mark.parametrize("error", [refusal(500, "AUTH_RESTART"), refusal(500, "AUTH_RESTART_7")], ids=str)
@pytest.mark.parametrize("where", [SEND, SIGN_IN])
def test_auth_restart_begins_again_after_a_pause(each: Answers, error: RpcError, where: str) -> None:
    first: list[Turn] = [(SEND, error)]
    if where == SIGN_IN:
        first = [(SEND, each.sent()), (CodeQuestion, CODE), (SIGN_IN, error)]
    player = log_in(each, *first, (SEND, each.sent()), (CodeQuestion, CODE), (SIGN_IN, each.authorization()))
    assert len(player.waits) == 1


def test_an_expired_code_is_asked_for_anew(each: Answers) -> None:
    turns: list[Turn] = [(SEND, each.sent()), (CodeQuestion, CODE), (SIGN_IN, wrong("PHONE_CODE_EXPIRED"))]
    player = log_in(each, *turns, (SEND, each.sent()), (CodeQuestion, CODE), (SIGN_IN, each.authorization()))
    assert "expired" in str(player.told[0])


def test_a_step_that_was_done_already_since_its_answer_was_lost_makes_the_login_begin_again(later: Answers) -> None:
    again: list[Turn] = [(SEND, later.sent()), (CodeQuestion, CODE), (SIGN_IN, later.authorization())]
    turns: list[Turn] = [(SEND, later.sent()), (CodeQuestion, CODE), (SIGN_IN, wrong("PHONE_NUMBER_UNOCCUPIED"))]
    turns += [(NameQuestion, PersonName("Ada")), ("auth.signUp", wrong("PHONE_NUMBER_OCCUPIED"))]
    player = log_in(later, *turns, *again)
    assert "has a user" in str(player.told[0])
    turns = [(SEND, later.sent("SetUpEmailRequired")), (EmailQuestion, "ada@b.c"), (SEND_EMAIL, email_code(later))]
    turns += [(EmailCodeQuestion, "1"), (VERIFY, wrong("EMAIL_NOT_SETUP"))]
    player = log_in(later, *turns, *again)
    assert "set up by now" in str(player.told[0])


def test_every_call_of_a_login_may_be_executed_twice(each: Answers) -> None:
    turns: list[Turn] = [(SEND, each.sent(next_type="Sms")), (CodeQuestion, RESEND), (RESEND_CODE, each.sent())]
    player = log_in(each, *turns, (CodeQuestion, CODE), (SIGN_IN, each.authorization()))
    assert [call.idempotent for call in player.calls] == [True] * 3


@pytest.mark.parametrize(
    "error",
    [
        wrong("PHONE_NUMBER_INVALID"),
        wrong("PHONE_NUMBER_BANNED"),
        wrong("PHONE_NUMBER_FLOOD"),
        wrong("API_ID_INVALID"),
        refusal(406, "PHONE_PASSWORD_FLOOD"),
        refusal(420, "FLOOD_WAIT_3600"),
        refusal(500, "SMS_CODE_CREATE_FAILED"),
    ],
    ids=str,
)
def test_any_other_refusal_is_raised_as_it_came(latest: Answers, error: RpcError) -> None:
    fail(latest, type(error), error.message, (SEND, error))
    fail(latest, type(error), error.message, (SEND, latest.sent()), (CodeQuestion, CODE), (SIGN_IN, error))


# -- the number


@pytest.mark.parametrize("typed", [PHONE, f"+{PHONE}", "+49 170 000-0000", "+49 (170) 000.0000"])
def test_the_number_is_taken_as_people_write_it(each: Answers, typed: str) -> None:
    rest: list[Turn] = [(SEND, each.sent()), (CodeQuestion, CODE), (SIGN_IN, each.authorization())]
    assert log_in(each, *rest, phone=typed).request(0).phone_number == PHONE
    player = log_in(each, (PhoneQuestion, typed), *rest, phone=None)
    assert player.request(0).phone_number == PHONE


@pytest.mark.parametrize("number", ["", "12", "abc", "+49x170", "1" * 21, "+"])
def test_what_is_no_number_is_asked_for_again_or_refused(latest: Answers, number: str) -> None:
    rest: list[Turn] = [(SEND, latest.sent()), (CodeQuestion, CODE), (SIGN_IN, latest.authorization())]
    player = log_in(latest, (PhoneQuestion, number), (PhoneQuestion, PHONE), *rest, phone=None)
    assert player.questions[1].problem == "That is no phone number"
    with pytest.raises(LocalProtocolError, match="5 to 20 digits") as caught:
        Player([]).run(log_in_by_phone(latest.settings(), no_random, number))
    assert len(number) < 3 or number not in str(caught.value)


def test_a_number_that_the_server_refuses_is_asked_for_again_if_it_was_asked_for(latest: Answers) -> None:
    rest: list[Turn] = [(SEND, latest.sent()), (CodeQuestion, CODE), (SIGN_IN, latest.authorization())]
    refused: list[Turn] = [(PhoneQuestion, "12345"), (SEND, wrong("PHONE_NUMBER_INVALID"))]
    player = log_in(latest, *refused, (PhoneQuestion, PHONE), *rest, phone=None)
    assert player.questions[1].problem == "That is no phone number"


def test_numbers_that_are_none_are_bounded(latest: Answers) -> None:
    fail(latest, FlowFailed, "no phone number", *[(PhoneQuestion, "x")] * ANSWERS_TAKEN, phone=None)


@pytest.mark.parametrize("dc", [1, 2, 3])
@pytest.mark.parametrize(("length", "digits"), [(5, 5), (6, 6), (0, 5)])
def test_a_test_phone_needs_no_person_on_test_servers(each: Answers, dc: int, length: int, digits: int) -> None:
    player = Player([(SEND, each.sent("Sms", length=length)), (SIGN_IN, each.authorization())])
    player.run(log_in_by_phone(each.settings(test=True), no_random, f"+99966{dc}1234"))
    assert player.request(1).phone_code == str(dc) * digits


def test_a_test_phone_whose_code_is_another_one_is_asked_for(each: Answers) -> None:
    turns: list[Turn] = [(SEND, each.sent()), (SIGN_IN, wrong("PHONE_CODE_INVALID")), (CodeQuestion, CODE)]
    player = Player([*turns, (SIGN_IN, each.authorization())])
    player.run(log_in_by_phone(each.settings(test=True), no_random, "9996621234"))
    assert player.request(-1).phone_code == CODE


@pytest.mark.parametrize(("phone", "test"), [("9996621234", False), ("99966212345", True), ("4999662123", True)])
def test_any_other_phone_is_asked_for_its_code(latest: Answers, phone: str, test: bool) -> None:
    player = Player([(SEND, latest.sent()), (CodeQuestion, CODE), (SIGN_IN, latest.authorization())])
    player.run(log_in_by_phone(latest.settings(test=test), no_random, phone))


# -- the code again


def test_a_code_is_sent_again_on_the_next_way_after_the_timeout(each: Answers) -> None:
    sent = each.sent("App", next_type="Sms", timeout=60)
    again = each.sent("Sms", next_type="Call", timeout=120)
    turns: list[Turn] = [(CodeQuestion, RESEND), (RESEND_CODE, again), (CodeQuestion, CODE)]
    player = log_in(each, (SEND, sent), *turns, (SIGN_IN, each.authorization()))
    first, second = player.questions
    assert (first.next_kind, first.timeout, second.next_kind) == (CodeKind.SMS, 60, CodeKind.CALL)
    assert "can be sent again after 60 s as an SMS" in str(first)
    assert player.waits == [60]
    assert [type(notice) for notice in player.told] == [WaitNotice]
    assert player.request(1).phone_code_hash == HASH


@pytest.mark.parametrize(("passed", "waits"), [(0.0, [60.0]), (45.0, [15.0]), (61.0, []), (-500.0, [60.0])])
def test_only_the_rest_of_the_timeout_is_waited_for(latest: Answers, passed: float, waits: list[float]) -> None:
    player: Player

    def later_on(_: object) -> object:
        player.clock += passed
        return RESEND

    turns: list[Turn] = [(CodeQuestion, later_on), (RESEND_CODE, latest.sent()), (CodeQuestion, CODE)]
    player = Player(
        [(SEND, latest.sent(next_type="Sms", timeout=60)), *turns, (SIGN_IN, latest.authorization())],
    )
    player.run(log_in_by_phone(latest.settings(), no_random, PHONE))
    assert player.waits == waits


@pytest.mark.parametrize("timeout", [-1, 0, None, 2**31 - 1])
def test_a_timeout_that_can_not_be_is_not_waited_for(latest: Answers, timeout: int | None) -> None:
    sent = latest.sent(next_type="Sms", timeout=timeout)
    turns: list[Turn] = [(CodeQuestion, RESEND), (RESEND_CODE, latest.sent()), (CodeQuestion, CODE)]
    player = log_in(latest, (SEND, sent), *turns, (SIGN_IN, latest.authorization()))
    assert sum(player.waits) <= 3600


def test_where_there_is_no_other_way_the_person_is_told_so(each: Answers) -> None:
    turns: list[Turn] = [(SEND, each.sent()), (CodeQuestion, RESEND), (CodeQuestion, CODE)]
    player = log_in(each, *turns, (SIGN_IN, each.authorization()))
    assert "no other way" in player.questions[1].problem
    refused: list[Turn] = [(CodeQuestion, RESEND), (RESEND_CODE, refusal(406, "SEND_CODE_UNAVAILABLE"))]
    player = log_in(
        each, (SEND, each.sent(next_type="Sms")), *refused, (CodeQuestion, CODE), (SIGN_IN, each.authorization())
    )
    assert player.questions[1].next_kind is None
    assert player.questions[1].problem


def test_a_code_that_expired_while_another_was_asked_for_begins_again(latest: Answers) -> None:
    turns: list[Turn] = [(CodeQuestion, RESEND), (RESEND_CODE, wrong("PHONE_CODE_EXPIRED")), (SEND, latest.sent())]
    log_in(
        latest,
        (SEND, latest.sent(next_type="Sms")),
        *turns,
        (CodeQuestion, CODE),
        (SIGN_IN, latest.authorization()),
    )


def test_resending_is_bounded(latest: Answers) -> None:
    sent = latest.sent(next_type="Sms")
    turns: list[Turn] = [(CodeQuestion, RESEND), (RESEND_CODE, sent)] * ANSWERS_TAKEN
    fail(latest, FlowFailed, "no code was right", (SEND, sent), *turns)


@pytest.mark.parametrize("outcome", [True, wrong("PHONE_CODE_EXPIRED")], ids=str)
def test_cancel_tells_the_server_and_ends_the_login(each: Answers, outcome: object) -> None:
    turns: list[Turn] = [(CodeQuestion, CANCEL), ("auth.cancelCode", outcome)]
    player = fail(each, LoginCancelled, "CodeQuestion", (SEND, each.sent()), *turns)
    assert player.request(1).phone_code_hash == HASH


def test_a_person_who_does_not_go_on_ends_the_login(each: Answers) -> None:
    fail(each, LoginCancelled, "enough", (SEND, each.sent()), (CodeQuestion, LoginCancelled("enough")))
    fail(each, LoginCancelled, "PhoneQuestion", (PhoneQuestion, CANCEL), phone=None)


@pytest.mark.parametrize("answer", [None, 12345, b"12345", PersonName("A")], ids=repr)
def test_an_answer_of_another_kind_is_an_error_of_the_driver(latest: Answers, answer: object) -> None:
    fail(latest, LocalProtocolError, "answered by str or Choice", (SEND, latest.sent()), (CodeQuestion, answer))


# -- Firebase, payment, and what nobody knows


@pytest.mark.parametrize("kind", ["FirebaseSms"])
def test_a_code_that_no_person_sees_is_asked_for_on_another_way(later: Answers, kind: str) -> None:
    turns: list[Turn] = [(RESEND_CODE, later.sent("Sms")), (CodeQuestion, CODE)]
    player = log_in(later, (SEND, later.sent(kind, next_type="Sms")), *turns, (SIGN_IN, later.authorization()))
    assert "an SMS" in str(player.told[0])
    assert player.waits == []


def test_firebase_without_another_way_is_a_clear_stop(later: Answers) -> None:
    fail(later, NotSupported, "sentCodeTypeFirebaseSms is not supported.*QR", (SEND, later.sent("FirebaseSms")))


def test_firebase_again_and_again_is_bounded(later: Answers) -> None:
    sent = later.sent("FirebaseSms", next_type="Sms")
    fail(later, FlowFailed, "no code was right", (SEND, sent), *[(RESEND_CODE, sent)] * ANSWERS_TAKEN)


def test_a_payment_is_not_supported(latest: Answers) -> None:
    fields = {"store_product": "p", "support_email_address": "", "support_email_subject": "", "currency": "EUR"}
    wanted = latest("auth.sentCodePaymentRequired", phone_code_hash=HASH, premium_days=7, amount=1, **fields)
    fail(latest, NotSupported, r"auth\.checkPaidAuth", (SEND, wanted))


def of_a_later_layer(next_type: object) -> SimpleNamespace:
    """Return an `auth.sentCode` whose type no known layer declares: it goes in as it is."""
    pigeon = SimpleNamespace(NAME="auth.sentCodeTypePigeon")
    fields = {"NAME": "auth.sentCode", "type": pigeon, "phone_code_hash": HASH, "timeout": None}
    return SimpleNamespace(**fields, next_type=next_type)


def test_a_type_of_a_later_layer_is_asked_for_on_another_way_or_named(latest: Answers) -> None:
    fail(latest, NotSupported, "sentCodeTypePigeon is not supported", (SEND, of_a_later_layer(None)))
    turns: list[Turn] = [(RESEND_CODE, latest.sent()), (CodeQuestion, CODE), (SIGN_IN, latest.authorization())]
    log_in(latest, (SEND, of_a_later_layer(latest("auth.codeTypeSms"))), *turns)


@pytest.mark.parametrize("answer", [True, None, "text"], ids=str)
@pytest.mark.parametrize("where", [SEND, SIGN_IN, RESEND_CODE])
def test_an_answer_that_nobody_knows_ends_in_an_error_of_ours(latest: Answers, where: str, answer: object) -> None:
    turns: dict[str, list[Turn]] = {
        SEND: [(SEND, answer)],
        SIGN_IN: [(SEND, latest.sent()), (CodeQuestion, CODE), (SIGN_IN, answer)],
        RESEND_CODE: [(SEND, latest.sent(next_type="Sms")), (CodeQuestion, RESEND), (RESEND_CODE, answer)],
    }
    fail(latest, UnexpectedAnswer, f"{where} was answered by {type(answer).__name__}", *turns[where])


# -- future auth tokens


def test_a_future_auth_token_spares_the_code(later: Answers) -> None:
    success = later("auth.sentCodeSuccess", authorization=later.authorization(future_auth_token=b"next"))
    player = log_in(later, (SEND, success), tokens=[TOKEN])
    assert player.request(0).settings.logout_tokens == [TOKEN]
    assert player.saved[1:] == [FutureToken(b"next")]
    assert player.questions == []


def test_the_newest_tokens_are_sent_and_at_most_twenty(each: Answers) -> None:
    tokens = [bytes([number]) for number in range(30)]
    turns: list[Turn] = [(SEND, each.sent()), (CodeQuestion, CODE), (SIGN_IN, each.authorization())]
    settings = log_in(each, *turns, tokens=tokens).request(0).settings
    assert getattr(settings, "logout_tokens", None) == (None if each.schema.layer == 133 else tokens[-20:])


def test_at_most_twenty_tokens_are_kept_each_once_and_the_newest_last() -> None:
    tokens: tuple[bytes, ...] = ()
    for number in [*range(30), 25, 29]:
        tokens = with_token(tokens, bytes([number]))
    assert len(tokens) == FUTURE_TOKENS_KEPT == 20
    assert tokens[-2:] == (bytes([25]), bytes([29]))
    assert len(set(tokens)) == 20
    assert "29" not in repr(FutureToken(bytes([29]) * 8))


# -- a new user


@pytest.mark.parametrize("terms", [{}, {"text": "Be good.", "min_age_confirm": 16}], ids=["none", "terms"])
def test_a_phone_without_a_user_is_signed_up(each: Answers, terms: dict[str, object]) -> None:
    turns: list[Turn] = [(SEND, each.sent()), (CodeQuestion, CODE), (SIGN_IN, each.signed_up_first(**terms))]
    turns += [(NameQuestion, PersonName(" Ada ", "Lovelace")), (SIGN_UP, each.authorization())]
    if terms:
        turns.append(("help.acceptTermsOfService", True))
    player = log_in(each, *turns)
    request = player.request(2)
    assert (request.first_name, request.last_name, request.phone_code_hash) == ("Ada", "Lovelace", HASH)
    assert ("Be good." in str(player.questions[1])) is bool(terms)
    assert ("16 or older" in str(player.questions[1])) is bool(terms)


def test_the_old_refusal_of_a_phone_without_a_user_signs_up_as_well(each: Answers) -> None:
    turns: list[Turn] = [(CodeQuestion, CODE), (SIGN_IN, wrong("PHONE_NUMBER_UNOCCUPIED"))]
    turns += [(NameQuestion, PersonName("Ada")), (SIGN_UP, each.authorization())]
    log_in(each, (SEND, each.sent()), *turns)


def test_a_name_that_is_not_accepted_is_asked_for_again(latest: Answers) -> None:
    turns: list[Turn] = [(SEND, latest.sent()), (CodeQuestion, CODE), (SIGN_IN, latest.signed_up_first())]
    turns += [(NameQuestion, PersonName("")), (NameQuestion, PersonName("x" * 65)), (NameQuestion, PersonName("A"))]
    turns += [
        (SIGN_UP, wrong("FIRSTNAME_INVALID")),
        (NameQuestion, PersonName("Ada")),
        (SIGN_UP, latest.authorization()),
    ]
    player = log_in(latest, *turns)
    assert [bool(question.problem) for question in player.questions[1:]] == [False, True, True, True]
    fails: list[Turn] = [(SEND, latest.sent()), (CodeQuestion, CODE), (SIGN_IN, latest.signed_up_first())]
    fail(latest, FlowFailed, "no name", *fails, *[(NameQuestion, PersonName(""))] * ANSWERS_TAKEN)
    fail(latest, LoginCancelled, "NameQuestion", *fails, (NameQuestion, CANCEL))
    fail(latest, RpcError, "FLOOD", *fails, (NameQuestion, PersonName("A")), (SIGN_UP, wrong("PHONE_NUMBER_FLOOD")))


def test_terms_whose_acceptance_fails_lose_no_login(latest: Answers) -> None:
    turns: list[Turn] = [(SEND, latest.sent()), (CodeQuestion, CODE), (SIGN_IN, latest.signed_up_first(text="T"))]
    turns += [(NameQuestion, PersonName("Ada")), (SIGN_UP, latest.authorization())]
    player = log_in(latest, *turns, ("help.acceptTermsOfService", refusal(500, "INTERNAL")))
    assert "terms" in str(player.told[-1])


# -- an e-mail before the code

VERIFY, SEND_EMAIL = "account.verifyEmail", "account.sendVerifyEmailCode"


def email_code(answers: Answers) -> Any:
    return answers("account.sentEmailCode", email_pattern="a***@b.c", length=6)


def verified(answers: Answers) -> Any:
    return answers(
        "account.emailVerifiedLogin", email="ada@b.c", sent_code=answers.sent("EmailCode", email_pattern="a")
    )


def test_an_email_is_set_up_before_the_code(later: Answers) -> None:
    turns: list[Turn] = [(EmailQuestion, " ada@b.c "), (SEND_EMAIL, email_code(later)), (EmailCodeQuestion, " 123456 ")]
    turns += [(VERIFY, verified(later)), (CodeQuestion, CODE), (SIGN_IN, later.authorization())]
    player = log_in(later, (SEND, later.sent("SetUpEmailRequired")), *turns)
    send, verify = player.request(1), player.request(2)
    assert send.email == "ada@b.c"
    assert (
        send.purpose
        == verify.purpose
        == later("emailVerifyPurposeLoginSetup", phone_number=PHONE, phone_code_hash=HASH)
    )
    assert verify.verification == later("emailVerificationCode", code="123456")
    assert (player.questions[1].pattern, player.questions[1].length) == ("a***@b.c", 6)


def test_another_email_and_another_code_are_asked_for_where_they_were_wrong(later: Answers) -> None:
    turns: list[Turn] = [(EmailQuestion, "x"), (SEND_EMAIL, wrong("EMAIL_INVALID"))]
    turns += [(EmailQuestion, "x@spam"), (SEND_EMAIL, wrong("EMAIL_NOT_ALLOWED"))]
    turns += [(EmailQuestion, "ada@b.c"), (SEND_EMAIL, email_code(later))]
    turns += [(EmailCodeQuestion, "1"), (VERIFY, wrong("CODE_INVALID"))]
    turns += [(EmailCodeQuestion, RESEND), (SEND_EMAIL, email_code(later))]
    turns += [(EmailCodeQuestion, "2"), (VERIFY, wrong("EMAIL_VERIFY_EXPIRED")), (SEND_EMAIL, email_code(later))]
    turns += [(EmailCodeQuestion, "3"), (VERIFY, verified(later))]
    turns += [(CodeQuestion, CODE), (SIGN_IN, later.authorization())]
    player = log_in(later, (SEND, later.sent("SetUpEmailRequired")), *turns)
    assert [bool(question.problem) for question in player.questions] == [0, 1, 1, 0, 1, 0, 1, 0]


def test_what_goes_wrong_with_an_email_ends_clearly(later: Answers) -> None:
    start: Turn = (SEND, later.sent("SetUpEmailRequired"))
    to_code: list[Turn] = [start, (EmailQuestion, "ada@b.c"), (SEND_EMAIL, email_code(later))]
    fail(later, LoginCancelled, "EmailQuestion", start, (EmailQuestion, CANCEL))
    fail(later, LoginCancelled, "EmailCodeQuestion", *to_code, (EmailCodeQuestion, CANCEL))
    again: list[Turn] = [(EmailQuestion, "x"), (SEND_EMAIL, wrong("EMAIL_INVALID"))]
    fail(later, FlowFailed, "no e-mail address", start, *again * ANSWERS_TAKEN)
    wrong_code: list[Turn] = [(EmailCodeQuestion, "1"), (VERIFY, wrong("CODE_INVALID"))]
    fail(later, FlowFailed, "no code of the e-mail", *to_code, *wrong_code * ANSWERS_TAKEN)
    other = later("account.emailVerified", email="ada@b.c")
    fail(later, UnexpectedAnswer, VERIFY, *to_code, (EmailCodeQuestion, "1"), (VERIFY, other))
    fail(later, UnexpectedAnswer, SEND_EMAIL, *to_code[:2], (SEND_EMAIL, True))
    flooded: list[Turn] = [(EmailCodeQuestion, "1"), (VERIFY, wrong("PHONE_NUMBER_INVALID"))]
    fail(later, RpcError, "PHONE_NUMBER_INVALID", *to_code, *flooded)
    fail(later, RpcError, "PHONE_NUMBER_INVALID", *to_code[:2], (SEND_EMAIL, wrong("PHONE_NUMBER_INVALID")))


def test_a_server_that_sets_up_emails_for_ever_is_left(latest: Answers) -> None:
    required = latest.sent("SetUpEmailRequired")
    done = latest("account.emailVerifiedLogin", email="a", sent_code=required)
    turns: list[Turn] = [
        (EmailQuestion, "a@b"),
        (SEND_EMAIL, email_code(latest)),
        (EmailCodeQuestion, "1"),
        (VERIFY, done),
    ]
    fail(latest, FlowFailed, "no code was right", (SEND, required), *turns * ANSWERS_TAKEN)
