"""What a person changes over an account, at a local network and in both faces: the password, and other logins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from mtproto.crypto import RSAPrivateKey
from mtproto.errors import BadRequest, LoggedOut
from mtproto.flows import (
    RECOVER,
    EmailCodeQuestion,
    PasswordQuestion,
    RecoveryCodeQuestion,
    end_authorization,
    end_other_authorizations,
    list_authorizations,
    remove_password,
    set_password,
)
from mtproto.localdc import LocalAccount, LocalNetworkThread
from mtproto.store import MemoryStore
from tests.account.faces import FACES, account_at, play
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])
STATE = api.functions.account.GetPassword()


@pytest.fixture
def local_network(local_dc_key: RSAPrivateKey) -> Iterator[LocalNetworkThread]:
    """One data centre: what is changed here concerns the home DC alone."""
    with LocalNetworkThread(key=local_dc_key, dcs=(2,)) as network:
        yield network


class Answers:
    """Answers a code question with the code of an account, and any other with the next of a list; notes the rest."""

    def __init__(self, account: LocalAccount, *others: Any) -> None:
        self.account = account
        self.others = list(others)
        self.asked: list[type] = []

    def __call__(self, question: Any) -> Any:
        self.asked.append(type(question))
        if isinstance(question, RecoveryCodeQuestion | EmailCodeQuestion):
            return self.account.email_code
        return self.account.code if hasattr(question, "next_kind") else self.others.pop(0)


@pytest.mark.parametrize("face", FACES)
def test_a_password_is_set_changed_and_removed(face: str, local_network: LocalNetworkThread) -> None:
    user = local_network.accounts.named("dozen")

    async def scene() -> None:
        async with account_at(face, MemoryStore(), local_network) as account:
            await account.login(phone=user.phone, ask=Answers(user))
            answers = Answers(user)
            await account.run(set_password(api.schema, os.urandom, "first", email="a@example.org"), ask=answers)
            assert answers.asked == [EmailCodeQuestion]
            assert (await account(STATE)).has_password
            with pytest.raises(BadRequest, match="PASSWORD_HASH_INVALID"):
                await account.run(set_password(api.schema, os.urandom, "second", current="wrong"))
            answers = Answers(user, "first")
            await account.run(set_password(api.schema, os.urandom, "second"), ask=answers)
            assert answers.asked == [PasswordQuestion]
            await account.run(remove_password(api.schema, os.urandom, current="second"))
            assert not (await account(STATE)).has_password
            assert (await account(SELF))[0].id == user.user.id

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_password_that_is_lost_is_recovered_by_email_at_login(face: str, local_network: LocalNetworkThread) -> None:
    user = local_network.accounts.named("dozen")
    user.set_password("forgotten", email="a@example.org")
    answers = Answers(user, RECOVER)

    async def scene() -> None:
        async with account_at(face, MemoryStore(), local_network) as account:
            assert await account.login(phone=user.phone, ask=answers) == user.user.id
            assert (await account(SELF))[0].id == user.user.id

    play(scene)
    assert answers.asked[1:] == [PasswordQuestion, RecoveryCodeQuestion]


@pytest.mark.parametrize("face", FACES)
def test_other_logins_are_listed_and_ended(face: str, local_network: LocalNetworkThread) -> None:
    user = local_network.accounts.named("dozen")

    async def scene() -> None:
        first, second, third = (account_at(face, MemoryStore(), local_network) for _ in range(3))
        async with first, second, third:
            for account in (first, second, third):
                await account.login(phone=user.phone, ask=Answers(user))
            listed = await first.run(list_authorizations(api.schema))
            assert [bool(each.current) for each in listed] == [True, False, False]
            await first.run(end_authorization(api.schema, listed[1].hash))
            ended = [account for account in (second, third) if not await works(account)]
            assert len(ended) == 1
            await first.run(end_other_authorizations(api.schema))
            assert [await works(account) for account in (first, second, third)] == [True, False, False]
            assert len(await first.run(list_authorizations(api.schema))) == 1

    play(scene)


async def works(account: Any) -> bool:
    """Return whether an account is logged in; one that was ended says so in its own error."""
    try:
        await account(SELF)
    except LoggedOut:
        return False
    return True
