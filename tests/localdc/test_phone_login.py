"""Logging in by phone and code: every answer and every refusal, at the home DC and elsewhere."""

from __future__ import annotations

import pytest

from mtproto.localdc.accounts import DELIVERIES
from mtproto.localdc.accounts.account import FUTURE_TOKENS
from mtproto.localdc.accounts.accounts import SIGNED_UP
from mtproto.localdc.accounts.records import WRONG_CODES
from mtproto.localdc.handlers.auth_phone import LONGEST_NAME
from mtproto.localdc.handlers.login_email import LONGEST_ADDRESS
from mtproto.localdc.network_state import CODE_SECONDS, CODES
from mtproto.localdc.world.model import World
from tests.localdc.conftest import RpcFailure
from tests.localdc.several import Several
from tl import api

auth = api.functions.auth
SINGLE = "15550100002"  # whose home is DC 1


@pytest.fixture
def net(packaged_world: World) -> Several:
    return Several(packaged_world)


def test_the_right_code_logs_in(net: Several) -> None:
    account = net.accounts[SINGLE]
    phone = net.phone_at(account.dc_id)
    answer = phone.sign_in(SINGLE, account.code)
    assert (answer.NAME, answer.user.username, answer.user.phone) == ("auth.authorization", "single", SINGLE)
    assert phone.me().id == account.user.id


def test_a_phone_number_is_sent_to_its_home(net: Several) -> None:
    home = net.accounts[SINGLE].dc_id
    others = [dc_id for dc_id in net.dcs if dc_id != home]
    for dc_id in others:
        with pytest.raises(RpcFailure, match=rf"303 PHONE_MIGRATE_{home}$"):
            net.phone_at(dc_id).send_code(f"+{SINGLE[0]} {SINGLE[1:]}")


def test_the_bot_is_sent_to_its_home(net: Several) -> None:
    world = net.world
    request = auth.ImportBotAuthorization(
        flags=0, api_id=world.api_id, api_hash=world.api_hash, bot_auth_token=world.bot_token
    )
    with pytest.raises(RpcFailure, match=r"303 USER_MIGRATE_2$"):
        net.phone_at(4)(request)
    assert net.phone_at(2)(request).user.bot


@pytest.mark.parametrize("text", ["", "12", "letters", "1" * 16, "１２３４５６７"])
def test_what_is_no_phone_number_is_refused(net: Several, text: str) -> None:
    with pytest.raises(RpcFailure, match="400 PHONE_NUMBER_INVALID"):
        net.phone_at(2).send_code(text)


def test_a_wrong_code_is_refused_and_a_few_of_them_end_the_code(net: Several) -> None:
    account = net.accounts[SINGLE]
    phone = net.phone_at(account.dc_id)
    sent = phone.send_code(SINGLE)

    def sign_in(code: str | None) -> None:
        phone(auth.SignIn(phone_number=SINGLE, phone_code_hash=sent.phone_code_hash, phone_code=code))

    with pytest.raises(RpcFailure, match="400 PHONE_CODE_EMPTY"):
        sign_in(None)
    for _ in range(WRONG_CODES):
        with pytest.raises(RpcFailure, match="400 PHONE_CODE_INVALID"):
            sign_in("wrong")
    with pytest.raises(RpcFailure, match="400 PHONE_CODE_EXPIRED"):
        sign_in(account.code)


def test_a_code_is_good_for_its_time_for_its_number_and_once(net: Several) -> None:
    account = net.accounts[SINGLE]
    phone = net.phone_at(account.dc_id)
    sent = phone.send_code(SINGLE)
    with pytest.raises(RpcFailure, match="400 PHONE_NUMBER_INVALID"):
        phone(auth.SignIn(phone_number="15550100003", phone_code_hash=sent.phone_code_hash, phone_code=account.code))
    request = auth.SignIn(phone_number=SINGLE, phone_code_hash=sent.phone_code_hash, phone_code=account.code)
    phone(request)
    with pytest.raises(RpcFailure, match="400 PHONE_CODE_EXPIRED"):
        phone(request)
    late = phone.send_code(SINGLE)
    net.now += CODE_SECONDS
    with pytest.raises(RpcFailure, match="400 PHONE_CODE_EXPIRED"):
        phone(auth.SignIn(phone_number=SINGLE, phone_code_hash=late.phone_code_hash, phone_code=account.code))


def test_a_code_that_was_cancelled_is_not_good(net: Several) -> None:
    account = net.accounts[SINGLE]
    phone = net.phone_at(account.dc_id)
    sent = phone.send_code(SINGLE)
    assert phone(auth.CancelCode(phone_number=SINGLE, phone_code_hash=sent.phone_code_hash)) is True
    with pytest.raises(RpcFailure, match="400 PHONE_CODE_EXPIRED"):
        phone(auth.SignIn(phone_number=SINGLE, phone_code_hash=sent.phone_code_hash, phone_code=account.code))


def test_the_next_code_is_announced_and_sent_until_there_is_no_other_way(net: Several) -> None:
    account = net.accounts[SINGLE]
    account.deliver_by("app", "sms", "call", timeout=7)
    phone = net.phone_at(account.dc_id)
    sent = phone.send_code(SINGLE)
    seen = [(sent.type.NAME, sent.next_type.NAME, sent.timeout)]
    resend = auth.ResendCode(phone_number=SINGLE, phone_code_hash=sent.phone_code_hash)
    for _ in range(2):
        again = phone(resend)
        assert again.phone_code_hash == sent.phone_code_hash
        seen.append((again.type.NAME, again.next_type and again.next_type.NAME, again.timeout))
    assert seen == [
        ("auth.sentCodeTypeApp", "auth.codeTypeSms", 7),
        ("auth.sentCodeTypeSms", "auth.codeTypeCall", 7),
        ("auth.sentCodeTypeCall", None, None),
    ]
    with pytest.raises(RpcFailure, match="406 SEND_CODE_UNAVAILABLE"):
        phone(resend)


@pytest.mark.parametrize("kind", [kind for kind in DELIVERIES if "email" not in kind])
def test_a_code_that_came_in_any_way_logs_in(net: Several, kind: str) -> None:
    account = net.accounts[SINGLE]
    account.deliver_by(kind)
    if kind in {"word", "phrase"}:
        account.set_code("a word" if kind == "word" else "all the words of a phrase")
    phone = net.phone_at(account.dc_id)
    assert phone.sign_in(SINGLE, account.code).user.id == account.user.id


def test_an_unknown_number_signs_up_after_its_code_and_the_terms(net: Several) -> None:
    phone = net.phone_at(1)
    sent = phone.send_code("9996611234")
    up = auth.SignUp(
        phone_number="9996611234", phone_code_hash=sent.phone_code_hash, first_name="Ada", last_name="Lovelace"
    )
    with pytest.raises(RpcFailure, match="400 PHONE_CODE_INVALID"):
        phone(up)
    answer = phone(
        auth.SignIn(phone_number="9996611234", phone_code_hash=sent.phone_code_hash, phone_code="1" * sent.type.length)
    )
    assert answer.NAME == "auth.authorizationSignUpRequired"
    assert "terms of service" in answer.terms_of_service.text
    accepted = api.functions.help.AcceptTermsOfService(id=answer.terms_of_service.id)
    with pytest.raises(RpcFailure, match="401 AUTH_KEY_UNREGISTERED"):
        phone(accepted)
    with pytest.raises(RpcFailure, match="400 FIRSTNAME_INVALID"):
        phone(up.replace(first_name=" "))
    user = phone(up).user
    assert (user.first_name, user.last_name, user.phone) == ("Ada", "Lovelace", "9996611234")
    assert phone.me().id == user.id
    assert phone(accepted) is True
    assert net.phone_at(1).sign_in("9996611234", "11111").user.id == user.id


def test_the_third_last_digit_group_of_a_test_number_is_its_home(net: Several) -> None:
    with pytest.raises(RpcFailure, match=r"303 PHONE_MIGRATE_2$"):
        net.phone_at(1).send_code("9996621234")
    assert net.phone_at(4).send_code("9996631234").NAME == "auth.sentCode"  # DC 3 is none of these


def test_a_token_of_a_log_out_logs_in_without_a_code_once(net: Several) -> None:
    phone = net.logged_in("single")
    token = phone(auth.LogOut()).future_auth_token
    with pytest.raises(RpcFailure, match="401 AUTH_KEY_UNREGISTERED"):
        phone.me()
    answer = phone.send_code(SINGLE, [b"another", token])
    assert (answer.NAME, answer.authorization.user.username) == ("auth.sentCodeSuccess", "single")
    assert phone.me().username == "single"
    assert phone.send_code(SINGLE, [token]).NAME == "auth.sentCode"


def test_a_token_of_a_log_out_does_not_stand_for_the_password(net: Several) -> None:
    phone = net.logged_in("single")
    token = phone(auth.LogOut()).future_auth_token
    net.accounts[SINGLE].set_password("secret")
    with pytest.raises(RpcFailure, match="401 SESSION_PASSWORD_NEEDED"):
        phone.send_code(SINGLE, [token])


def test_tokens_and_codes_that_are_kept_are_bounded(net: Several) -> None:
    account = net.accounts[SINGLE]
    tokens = [bytes([number]) for number in range(FUTURE_TOKENS + 1)]
    for token in tokens:
        account.keep_future_token(token)
    assert [account.use_future_token(token) for token in tokens] == [False] + [True] * FUTURE_TOKENS
    phone = net.phone_at(account.dc_id)
    hashes = [phone.send_code(SINGLE).phone_code_hash for _ in range(CODES + 1)]
    assert len(net.shared.codes) == CODES
    with pytest.raises(RpcFailure, match="400 PHONE_CODE_EXPIRED"):
        phone(auth.CancelCode(phone_number=SINGLE, phone_code_hash=hashes[0]))


def test_a_code_by_email_is_set_up_first_and_asked_for_then(net: Several) -> None:
    account = net.accounts[SINGLE]
    account.deliver_by("set_up_email")
    phone = net.phone_at(account.dc_id)
    sent = phone.send_code(SINGLE)
    assert sent.type.NAME == "auth.sentCodeTypeSetUpEmailRequired"
    in_ = auth.SignIn(phone_number=SINGLE, phone_code_hash=sent.phone_code_hash, phone_code=account.code)
    with pytest.raises(RpcFailure, match="400 EMAIL_NOT_SETUP"):
        phone(in_)
    purpose = api.types.EmailVerifyPurposeLoginSetup(phone_number=SINGLE, phone_code_hash=sent.phone_code_hash)
    asked = api.functions.account.SendVerifyEmailCode(purpose=purpose, email="sol@example.org")
    with pytest.raises(RpcFailure, match="400 EMAIL_INVALID"):
        phone(asked.replace(email="nowhere"))
    told = phone(asked)
    assert (told.email_pattern, told.length) == ("s***l@example.org", 6)

    def verified(code: str) -> object:
        verification = api.types.EmailVerificationCode(code=code)
        return phone(api.functions.account.VerifyEmail(purpose=purpose, verification=verification))

    with pytest.raises(RpcFailure, match="400 CODE_INVALID"):
        verified("0")
    answer = verified(account.email_code)
    assert isinstance(answer, api.types.account.EmailVerifiedLogin)
    by_email = api.types.EmailVerificationCode(code=account.email_code)
    assert phone(in_.replace(phone_code=None, email_verification=by_email)).user.username == "single"
    assert phone.send_code(SINGLE).type.email_pattern == "s***l@example.org"


def test_an_address_that_is_lost_is_given_up_for_an_sms(net: Several) -> None:
    account = net.accounts[SINGLE]
    account.set_email("sol@example.org")
    account.deliver_by("email")
    phone = net.phone_at(account.dc_id)
    sent = phone.send_code(SINGLE)
    assert sent.type.NAME == "auth.sentCodeTypeEmailCode"
    again = phone(auth.ResetLoginEmail(phone_number=SINGLE, phone_code_hash=sent.phone_code_hash))
    assert again.type.NAME == "auth.sentCodeTypeSms"


def test_accounts_that_sign_up_are_bounded(net: Several) -> None:
    for number in range(SIGNED_UP):
        net.accounts.add(f"4900{number:06d}", "Ada", dc_id=1)
    phone = net.phone_at(1)
    sent = phone.send_code("9996611234")
    phone(auth.SignIn(phone_number="9996611234", phone_code_hash=sent.phone_code_hash, phone_code="11111"))
    with pytest.raises(RpcFailure, match="400 PHONE_NUMBER_FLOOD"):
        phone(
            auth.SignUp(phone_number="9996611234", phone_code_hash=sent.phone_code_hash, first_name="A", last_name="")
        )
    with pytest.raises(ValueError, match="no account can be added"):
        net.accounts.add("49001", "Ada", dc_id=1)


def test_an_account_is_added_by_the_program(net: Several) -> None:
    account = net.accounts.add("491234567", "Ada", "Lovelace", dc_id=4, username="ada")
    assert net.logged_in("ada").me().first_name == "Ada"
    assert net.accounts["491234567"] is account
    with pytest.raises(ValueError, match="the user name 'Ada' is taken"):
        net.accounts.add("491234568", "Ada", dc_id=4, username="Ada")


def test_ways_that_no_code_is_delivered_in_are_named(net: Several) -> None:
    with pytest.raises(ValueError, match="not by pigeon"):
        net.accounts[SINGLE].deliver_by("sms", "pigeon")
    with pytest.raises(ValueError, match="not by nothing"):
        net.accounts[SINGLE].deliver_by()


def test_names_and_addresses_are_bounded(net: Several) -> None:
    phone = net.phone_at(1)
    sent = phone.send_code("9996611234")
    code = {"phone_number": "9996611234", "phone_code_hash": sent.phone_code_hash}
    phone(auth.SignIn(**code, phone_code="11111"))
    for first, last, refusal in (
        ("A" * (LONGEST_NAME + 1), "", "FIRSTNAME_INVALID"),
        ("A", "L" * (LONGEST_NAME + 1), "LASTNAME_INVALID"),
    ):
        with pytest.raises(RpcFailure, match=f"400 {refusal}"):
            phone(auth.SignUp(**code, first_name=first, last_name=last))
    phone(auth.SignUp(**code, first_name="A" * LONGEST_NAME, last_name="L" * LONGEST_NAME))
    purpose = api.types.EmailVerifyPurposeLoginChange()
    address = "a" * (LONGEST_ADDRESS - 12) + "@example.org"
    request = api.functions.account.SendVerifyEmailCode(purpose=purpose, email=address)
    assert phone(request).length == 6
    with pytest.raises(RpcFailure, match="400 EMAIL_INVALID"):
        phone(request.replace(email="a" + address))


def test_the_address_of_an_account_is_changed_by_its_user(net: Several) -> None:
    account = net.accounts[SINGLE]
    phone = net.logged_in("single")
    purpose = api.types.EmailVerifyPurposeLoginChange()
    verify = api.functions.account.VerifyEmail(
        purpose=purpose, verification=api.types.EmailVerificationCode(code=account.email_code)
    )
    with pytest.raises(RpcFailure, match="400 EMAIL_VERIFY_EXPIRED"):
        phone(verify)
    phone(api.functions.account.SendVerifyEmailCode(purpose=purpose, email="sol@example.org"))
    assert account.email == ""
    assert phone(verify).email == account.email == "sol@example.org"
