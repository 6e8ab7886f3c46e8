"""Every way to log in over a local network, in both faces, and what a second run need not do again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtproto.crypto import RSAPrivateKey
from mtproto.errors import BadRequest, LocalProtocolError, LoginCancelled, OptionError
from mtproto.flows import (
    CANCEL,
    RESEND,
    CodeKind,
    CodeQuestion,
    EmailCodeQuestion,
    EmailQuestion,
    NameQuestion,
    PasswordQuestion,
    PersonName,
    QRCode,
)
from mtproto.localdc import LocalNetworkThread
from mtproto.store import MemoryStore
from tests.account.faces import FACES, account_at, play
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])
NEAREST = api.functions.help.GetNearestDc()


@pytest.fixture
def local_network(local_dc_key: RSAPrivateKey) -> Iterator[LocalNetworkThread]:
    """Three data centres over one world."""
    with LocalNetworkThread(key=local_dc_key) as network:
        yield network


class Person:
    """Answers questions from a table by their class; a list is used up, the last answer stays."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {name: list(each) if isinstance(each, list) else [each] for name, each in answers.items()}
        self.asked: list[Any] = []
        self.told: list[Any] = []

    def __call__(self, question: Any) -> Any:
        self.asked.append(question)
        waiting = self.answers[type(question).__name__]
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    @property
    def kinds(self) -> list[type]:
        return [type(question) for question in self.asked]


def methods(network: LocalNetworkThread) -> list[str]:
    """Return the methods of all calls that the DCs had."""
    return [call.method for dc in network.dcs.values() for call in dc.calls]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", ["single", "dozen", "triple"])  # homes at three different DCs
def test_a_phone_logs_in_at_its_home_wherever_that_is_and_the_next_run_does_nothing_again(
    face: str, name: str, local_network: LocalNetworkThread, tmp_path: Path
) -> None:
    user = local_network.accounts.named(name)
    person = Person(CodeQuestion=user.code)
    path = tmp_path / "me.session"
    foreign = next(dc for dc in local_network.dcs if dc != user.dc_id)

    async def scene() -> None:
        async with account_at(face, path, local_network) as account:
            assert await account.login(phone=user.phone, ask=person) == user.user.id
            assert (account.home_dc, account.is_bot) == (user.dc_id, False)
            assert (await account(SELF))[0].id == user.user.id
            assert (await account(SELF, dc=foreign))[0].id == user.user.id
        assert methods(local_network).count("auth.exportAuthorization") == 1
        for each in local_network.dcs.values():
            each.clear_calls()
        keys = [len(each._centre.keys.records) for each in local_network.dcs.values()]
        async with account_at(face, path, local_network) as account:
            assert await account.login(phone=user.phone) == user.user.id
            assert (await account(SELF))[0].id == user.user.id
            assert (await account(SELF, dc=foreign))[0].id == user.user.id
        assert methods(local_network) == ["users.getUsers"] * 2
        assert [len(each._centre.keys.records) for each in local_network.dcs.values()] == keys
        for dc in (user.dc_id, foreign):
            assert local_network.dcs[dc].calls[0].wrappers[:2] == ("invokeWithLayer", "initConnection")

    play(scene)
    assert person.kinds == [CodeQuestion]


@pytest.mark.parametrize("face", FACES)
def test_a_password_is_asked_for_until_it_is_right(face: str, local_network: LocalNetworkThread) -> None:
    user = local_network.accounts.named("dozen")
    user.set_password("correct horse", hint="an animal")
    person = Person(CodeQuestion=user.code, PasswordQuestion=["battery staple", "correct horse"])

    async def scene() -> None:
        async with account_at(face, MemoryStore(), local_network) as account:
            await account.login(phone=user.phone, ask=person)
            assert (await account(SELF))[0].id == user.user.id

    play(scene)
    assert person.kinds == [CodeQuestion, PasswordQuestion, PasswordQuestion]
    assert person.asked[1].hint == "an animal"


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("typed", "asked"), [("new", 1), ("old", 2)])
def test_a_password_that_is_changed_while_it_is_typed_is_proven_against_the_new_one(
    face: str, typed: str, asked: int, local_network: LocalNetworkThread
) -> None:
    user = local_network.accounts.named("dozen")
    passwords = {"old": "battery staple", "new": "correct horse"}
    user.set_password(passwords["old"], hint="old")
    person = Person(CodeQuestion=user.code, PasswordQuestion=[passwords[typed], passwords["new"]])

    def answer(question: Any) -> Any:
        if isinstance(question, PasswordQuestion) and question.hint == "old":
            user.set_password(passwords["new"], hint="new")
        return person(question)

    async def scene() -> None:
        async with account_at(face, MemoryStore(), local_network) as account:
            await account.login(phone=user.phone, ask=answer)
            assert (await account(SELF))[0].id == user.user.id

    play(scene)
    assert [question.hint for question in person.asked[1:]] == ["old", "new"][:asked]
    refusals = [call.refusal for call in local_network.dcs[user.dc_id].calls if call.method == "auth.checkPassword"]
    wrong = [(400, "PASSWORD_HASH_INVALID")] if typed == "old" else []
    assert refusals == [(400, "SRP_PASSWORD_CHANGED"), *wrong, None]


@pytest.mark.parametrize("face", FACES)
def test_a_challenge_that_is_used_up_is_renewed_and_nobody_is_asked_again(
    face: str, local_network: LocalNetworkThread
) -> None:
    user = local_network.accounts.named("dozen")
    user.set_password("correct horse")
    local_network.dcs[user.dc_id].refuse("auth.checkPassword", 400, "SRP_ID_INVALID")
    person = Person(CodeQuestion=user.code, PasswordQuestion="correct horse")

    async def scene() -> None:
        async with account_at(face, MemoryStore(), local_network) as account:
            await account.login(phone=user.phone, ask=person)

    play(scene)
    assert person.kinds == [CodeQuestion, PasswordQuestion]
    checks = [call for call in local_network.dcs[user.dc_id].calls if call.method == "auth.checkPassword"]
    assert [call.refusal for call in checks] == [(400, "SRP_ID_INVALID"), None]
    proofs: list[Any] = [call.arguments for call in checks]
    assert proofs[0].password.srp_id != proofs[1].password.srp_id


@pytest.mark.parametrize("face", FACES)
def test_a_phone_and_a_bot_follow_the_server_to_their_home(face: str, local_network: LocalNetworkThread) -> None:
    user = local_network.accounts.named("dozen")
    bot = local_network.accounts.of(local_network.bot.id)
    assert bot is not None
    bot.move_to(1)

    async def scene() -> None:
        async with account_at(face, MemoryStore(), local_network) as account:
            await account.login(bot_token=local_network.bot_token)
            assert (account.home_dc, account.is_bot) == (1, True)
            assert (await account(SELF))[0].id == local_network.bot.id
        async with account_at(face, MemoryStore(), local_network) as account:
            await account.login(phone=user.phone, ask=Person(CodeQuestion=user.code))
            assert account.home_dc == user.dc_id
            assert (await account(SELF))[0].id == user.user.id

    play(scene)
    refusals = [call.refusal for call in local_network.dcs[2].calls]
    assert refusals == [(303, "USER_MIGRATE_1"), (303, f"PHONE_MIGRATE_{user.dc_id}")]


@pytest.mark.parametrize("face", FACES)
def test_a_wrong_code_is_asked_for_again_and_another_one_can_be_sent(
    face: str, local_network: LocalNetworkThread
) -> None:
    user = local_network.accounts.named("dozen")
    user.deliver_by("app", "sms", timeout=0)
    person = Person(CodeQuestion=["00000", RESEND, user.code])

    async def scene() -> None:
        async with account_at(face, MemoryStore(), local_network) as account:
            await account.login(phone=user.phone, ask=person)

    play(scene)
    assert [question.kind for question in person.asked] == [CodeKind.APP, CodeKind.APP, CodeKind.SMS]


@pytest.mark.parametrize("face", FACES)
def test_a_login_that_is_cancelled_leaves_nobody_logged_in(face: str, local_network: LocalNetworkThread) -> None:
    user = local_network.accounts.named("dozen")

    async def scene() -> None:
        async with account_at(face, MemoryStore(), local_network) as account:
            with pytest.raises(LoginCancelled):
                await account.login(phone=user.phone, ask=Person(CodeQuestion=CANCEL))
            with pytest.raises(LoginCancelled):
                await account.login(phone=user.phone)  # nobody to ask
            assert account.user_id is None
            await account.login(phone="", ask=Person(PhoneQuestion=user.phone, CodeQuestion=user.code))
            assert account.user_id == user.user.id

    play(scene)
    assert "auth.cancelCode" in methods(local_network)


@pytest.mark.parametrize("face", FACES)
def test_a_new_phone_signs_up_with_a_name(face: str, local_network: LocalNetworkThread) -> None:
    phone = "15550109999"

    async def scene() -> None:
        from mtproto.localdc.accounts.accounts import code_of

        person = Person(CodeQuestion=code_of(phone), NameQuestion=PersonName("New", "User"))
        async with account_at(face, MemoryStore(), local_network) as account:
            await account.login(phone=phone, ask=person)
            assert (await account(SELF))[0].first_name == "New"
        assert person.kinds == [CodeQuestion, NameQuestion]

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_an_email_is_set_up_before_the_code(face: str, local_network: LocalNetworkThread) -> None:
    user = local_network.accounts.named("dozen")
    user.deliver_by("set_up_email")

    async def scene() -> None:
        person = Person(EmailQuestion="me@example.org", EmailCodeQuestion=user.email_code, CodeQuestion=user.email_code)
        async with account_at(face, MemoryStore(), local_network) as account:
            await account.login(phone=user.phone, ask=person)
            assert account.user_id == user.user.id
        assert person.kinds[:2] == [EmailQuestion, EmailCodeQuestion]

    play(scene)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", ["dozen", "triple"])
@pytest.mark.parametrize("password", ["", "correct horse"])
def test_a_qr_code_is_shown_scanned_and_followed(
    face: str, name: str, password: str, local_network: LocalNetworkThread
) -> None:
    user = local_network.accounts.named(name)
    if password:
        user.set_password(password)

    async def scene() -> None:
        person = Person(PasswordQuestion=password)

        def tell(notice: Any) -> None:
            if isinstance(notice, QRCode):
                scanner.append(notice)
                if face == "asyncio":
                    loop.run_in_executor(None, local_network.accept_login_token, notice.text, user)
                else:
                    local_network.accept_login_token(notice.text, user)

        loop = asyncio.get_running_loop()
        scanner: list[Any] = []
        async with account_at(face, MemoryStore(), local_network) as account:
            assert await account.login(qr=True, ask=person, tell=tell) == user.user.id
            assert account.home_dc == user.dc_id
            assert (await account(SELF))[0].id == user.user.id
        assert len(scanner) == 1
        assert person.kinds == ([PasswordQuestion] if password else [])

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_after_a_log_out_the_next_login_needs_no_code(face: str, local_network: LocalNetworkThread) -> None:
    user = local_network.accounts.named("dozen")
    store = MemoryStore()

    async def scene() -> None:
        person = Person(CodeQuestion=user.code)
        async with account_at(face, store, local_network) as account:
            await account.login(phone=user.phone, ask=person)
            await account.log_out()
            assert len(store.load().future_tokens) == 1
            assert await account.login(phone=user.phone) == user.user.id
        assert person.kinds == [CodeQuestion]

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_session_string_is_the_whole_account(face: str, local_network: LocalNetworkThread) -> None:
    async def scene() -> None:
        async with account_at(face, MemoryStore(), local_network) as account:
            await account.login(bot_token=local_network.bot_token)
            text = account.export_string()
        async with account_at(face, text, local_network) as account:
            assert (await account(SELF))[0].id == local_network.bot.id
        assert methods(local_network).count("auth.importBotAuthorization") == 1

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_user_who_moves_is_followed_and_takes_the_login_along(face: str, local_network: LocalNetworkThread) -> None:
    user = local_network.accounts.named("dozen")
    store = MemoryStore()

    async def scene() -> None:
        async with account_at(face, store, local_network) as account:
            await account.login(phone=user.phone, ask=Person(CodeQuestion=user.code))
            before = account.home_dc
            user.move_to(next(dc for dc in local_network.dcs if dc != before))
            found = await asyncio.gather(*[account(SELF) for _ in range(4)])
            assert {users[0].id for users in found} == {user.user.id}
            assert account.home_dc == store.load().home_dc == user.dc_id

    play(scene)
    assert methods(local_network).count("auth.exportAuthorization") == 1


@pytest.mark.parametrize("face", FACES)
def test_what_the_server_refuses_comes_out_and_a_store_of_a_wrong_kind_is_named(
    face: str, local_network: LocalNetworkThread
) -> None:
    with pytest.raises(OptionError, match="option store"):
        account_at(face, 7, local_network)

    async def scene() -> None:
        async with account_at(face, MemoryStore(), local_network, api_hash="0" * 32) as account:
            with pytest.raises(BadRequest, match="API_ID_INVALID"):
                await account.login(bot_token=local_network.bot_token)

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_the_address_of_a_dc_that_is_not_known_is_asked_for(face: str, local_network: LocalNetworkThread) -> None:
    async def scene() -> None:
        account = account_at(face, MemoryStore(), local_network, dcs={2: local_network.addresses[2]})
        async with account:
            await account.login(bot_token=local_network.bot_token)
            assert (await account(NEAREST, dc=1)).this_dc == 1
            assert (await account(NEAREST, dc=4)).this_dc == 4
            assert methods(local_network).count("help.getConfig") == 1
            with pytest.raises(LocalProtocolError, match="no data centre 9 is known; known are 1, 2, 4"):
                await account(NEAREST, dc=9)

    play(scene)
