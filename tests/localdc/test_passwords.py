"""The two-step password at the DC: proven, wrong, changed in between, set, removed, recovered."""

from __future__ import annotations

import os
from typing import Any

import pytest

from mtproto.crypto.srp import PasswordAlgo, new_password
from mtproto.localdc.accounts.two_step import LONGEST_SALT
from mtproto.localdc.handlers.passwords import LONGEST_HINT
from mtproto.localdc.network_state import ATTEMPT_SECONDS, ATTEMPTS
from mtproto.localdc.world.model import World
from tests.localdc.conftest import RpcFailure
from tests.localdc.several import Phone, Several, proof
from tl import api

account_, auth = api.functions.account, api.functions.auth
SINGLE = "15550100002"  # whose home is DC 1


@pytest.fixture
def net(packaged_world: World) -> Several:
    return Several(packaged_world)


def waiting(net: Several) -> Phone:
    """Return a device whose code was right, and which has yet to prove the password."""
    account = net.accounts[SINGLE]
    phone = net.phone_at(account.dc_id)
    with pytest.raises(RpcFailure, match="401 SESSION_PASSWORD_NEEDED"):
        phone.sign_in(SINGLE, account.code)
    return phone


def settings(asked: Any, password: str, **more: Any) -> Any:
    algo = asked.new_algo
    salted, verifier = new_password(password.encode(), PasswordAlgo(algo.salt1, algo.salt2, algo.g, algo.p), os.urandom)
    return api.types.account.PasswordInputSettings(
        new_algo=algo.replace(salt1=salted.salt1), new_password_hash=verifier, hint="", **more
    )


def test_a_password_is_proven_and_until_then_nobody_is_logged_in(net: Several) -> None:
    net.accounts[SINGLE].set_password("sécret", hint="not this")
    phone = waiting(net)
    with pytest.raises(RpcFailure, match="401 SESSION_PASSWORD_NEEDED"):
        phone.me()
    asked = phone(account_.GetPassword())
    assert (asked.has_password, asked.hint, asked.has_recovery) == (True, "not this", False)
    with pytest.raises(RpcFailure, match="400 PASSWORD_HASH_INVALID"):
        phone(auth.CheckPassword(password=proof(asked, "secret")))
    assert phone.check_password("sécret").user.username == "single"
    assert phone.me().username == "single"


def test_a_challenge_serves_once_whatever_came_of_it(net: Several) -> None:
    net.accounts[SINGLE].set_password("secret")
    phone = waiting(net)
    asked = phone(account_.GetPassword())
    with pytest.raises(RpcFailure, match="400 PASSWORD_HASH_INVALID"):
        phone(auth.CheckPassword(password=proof(asked, "wrong")))
    with pytest.raises(RpcFailure, match="400 SRP_ID_INVALID"):
        phone(auth.CheckPassword(password=proof(asked, "secret")))


def test_a_challenge_of_another_account_proves_nothing(net: Several) -> None:
    net.accounts[SINGLE].set_password("secret")
    other = net.accounts.named("triple")
    other.set_password("secret")
    elsewhere = net.phone_at(other.dc_id)
    with pytest.raises(RpcFailure, match="SESSION_PASSWORD_NEEDED"):
        elsewhere.sign_in(other.phone, other.code)
    with pytest.raises(RpcFailure, match="400 SRP_ID_INVALID"):
        waiting(net)(auth.CheckPassword(password=elsewhere.prove("secret")))


def test_a_password_that_was_changed_in_between_is_named(net: Several) -> None:
    account = net.accounts[SINGLE]
    account.set_password("secret")
    phone = waiting(net)
    proven = phone.prove("secret")
    account.set_password("another")
    with pytest.raises(RpcFailure, match="400 SRP_PASSWORD_CHANGED"):
        phone(auth.CheckPassword(password=proven))
    assert phone.check_password("another").user.username == "single"


def test_challenges_are_bounded(net: Several) -> None:
    net.accounts[SINGLE].set_password("secret")
    phone = waiting(net)
    attempt = net.accounts[SINGLE].two_step.attempt(1)
    for number in range(ATTEMPTS):
        net.shared.attempts.add(number, attempt)
    phone(account_.GetPassword())
    assert len(net.shared.attempts) == ATTEMPTS


def test_a_password_is_set_changed_and_removed_by_the_client(net: Several) -> None:
    phone = net.logged_in("single")
    asked = phone(account_.GetPassword())
    assert not asked.has_password
    empty = api.types.InputCheckPasswordEmpty()
    update = account_.UpdatePasswordSettings(password=empty, new_settings=settings(asked, "first"))
    assert phone(update) is True
    with pytest.raises(RpcFailure, match="400 PASSWORD_HASH_INVALID"):
        phone(update)
    asked = phone(account_.GetPassword())
    assert phone(update.replace(password=proof(asked, "first"), new_settings=settings(asked, "second"))) is True
    assert waiting(net).check_password("second").user.username == "single"
    nothing = api.types.account.PasswordInputSettings(
        new_algo=api.types.PasswordKdfAlgoUnknown(), new_password_hash=b"", hint=""
    )
    assert phone(update.replace(password=phone.prove("second"), new_settings=nothing)) is True
    assert net.phone_at(net.accounts[SINGLE].dc_id).sign_in(SINGLE, net.accounts[SINGLE].code).user.username == "single"


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"salt1": b"short"}, "NEW_SALT_INVALID"),
        ({"salt1": bytes(LONGEST_SALT + 1)}, "NEW_SALT_INVALID"),
        ({"salt2": b"another"}, "NEW_SALT_INVALID"),
        ({"g": 7}, "NEW_SALT_INVALID"),
        ({"p": b"\xff" * 256}, "NEW_SALT_INVALID"),
    ],
)
def test_a_password_with_other_parameters_is_refused(net: Several, changed: dict[str, Any], refusal: str) -> None:
    phone = net.logged_in("single")
    new = settings(phone(account_.GetPassword()), "first")
    new = new.replace(new_algo=new.new_algo.replace(**changed))
    with pytest.raises(RpcFailure, match=f"400 {refusal}"):
        phone(account_.UpdatePasswordSettings(password=api.types.InputCheckPasswordEmpty(), new_settings=new))


@pytest.mark.parametrize("verifier", [b"short", bytes(256), b"\xff" * 256])
def test_a_verifier_that_is_none_is_refused(net: Several, verifier: bytes) -> None:
    phone = net.logged_in("single")
    new = settings(phone(account_.GetPassword()), "first").replace(new_password_hash=verifier)
    with pytest.raises(RpcFailure, match="400 NEW_SETTINGS_INVALID"):
        phone(account_.UpdatePasswordSettings(password=api.types.InputCheckPasswordEmpty(), new_settings=new))


def test_a_password_with_an_address_holds_once_the_address_is_confirmed(net: Several) -> None:
    account = net.accounts[SINGLE]
    phone = net.logged_in("single")
    new = settings(phone(account_.GetPassword()), "first", email="sol@example.org")
    update = account_.UpdatePasswordSettings(password=api.types.InputCheckPasswordEmpty(), new_settings=new)
    with pytest.raises(RpcFailure, match="400 EMAIL_UNCONFIRMED_6"):
        phone(update)
    asked = phone(account_.GetPassword())
    assert (asked.has_password, asked.email_unconfirmed_pattern) == (False, "s***l@example.org")
    assert phone(account_.ResendPasswordEmail()) is True
    with pytest.raises(RpcFailure, match="400 CODE_INVALID"):
        phone(account_.ConfirmPasswordEmail(code="0"))
    assert phone(account_.ConfirmPasswordEmail(code=account.email_code)) is True
    told = phone(account_.GetPasswordSettings(password=phone.prove("first")))
    assert told.email == "sol@example.org"
    with pytest.raises(RpcFailure, match="400 EMAIL_HASH_EXPIRED"):
        phone(account_.CancelPasswordEmail())


def test_a_password_is_recovered_by_email(net: Several) -> None:
    account = net.accounts[SINGLE]
    account.set_password("forgotten", email="sol@example.org")
    phone = waiting(net)
    assert phone(auth.RequestPasswordRecovery()).email_pattern == "s***l@example.org"
    with pytest.raises(RpcFailure, match="400 CODE_INVALID"):
        phone(auth.CheckRecoveryPassword(code="0"))
    assert phone(auth.CheckRecoveryPassword(code=account.email_code)) is True
    new = settings(phone(account_.GetPassword()), "remembered")
    assert phone(auth.RecoverPassword(code=account.email_code, new_settings=new)).user.username == "single"
    assert waiting(net).check_password("remembered").user.username == "single"


def test_a_password_without_an_address_is_not_recovered(net: Several) -> None:
    net.accounts[SINGLE].set_password("forgotten")
    with pytest.raises(RpcFailure, match="400 PASSWORD_RECOVERY_NA"):
        waiting(net)(auth.RequestPasswordRecovery())
    net.accounts[SINGLE].remove_password()
    with pytest.raises(RpcFailure, match="400 PASSWORD_EMPTY"):
        net.logged_in("single")(auth.RequestPasswordRecovery())


def test_no_secret_is_in_a_repr(net: Several) -> None:
    account = net.accounts[SINGLE]
    account.set_password("hush", email="sol@example.org")
    attempt = account.two_step.attempt(account.user.id)
    text = f"{account!r} {attempt!r} {account.two_step!r}"
    assert "hush" not in text
    assert account.code not in text
    assert str(attempt.challenge.b) not in text


def test_a_challenge_is_good_for_its_time(net: Several) -> None:
    net.accounts[SINGLE].set_password("secret")
    phone = waiting(net)
    proven = phone.prove("secret")
    net.now += ATTEMPT_SECONDS
    with pytest.raises(RpcFailure, match="400 SRP_ID_INVALID"):
        phone(auth.CheckPassword(password=proven))


def test_hints_and_addresses_are_bounded(net: Several) -> None:
    phone = net.logged_in("single")
    asked = phone(account_.GetPassword())
    address = "a" * (LONGEST_HINT - 11) + "@example.org"
    new = settings(asked, "first").replace(hint="h" * (LONGEST_HINT + 1))
    update = account_.UpdatePasswordSettings(password=api.types.InputCheckPasswordEmpty(), new_settings=new)
    with pytest.raises(RpcFailure, match="400 EMAIL_INVALID"):
        phone(update.replace(new_settings=new.replace(email=address)))
    assert phone(update) is True
    assert phone(account_.GetPassword()).hint == "h" * LONGEST_HINT
