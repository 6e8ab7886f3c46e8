"""Data centres that restart in the middle of a login: at each question and notice, and while a call is under way."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from mtproto.crypto import RSAPrivateKey
from mtproto.errors import LoginCancelled, Unauthorized
from mtproto.flows import (
    CANCEL,
    RECOVER,
    RESEND,
    Choice,
    CodeQuestion,
    EmailCodeQuestion,
    EmailQuestion,
    NameQuestion,
    PasswordQuestion,
    PersonName,
    QRCode,
    RecoveryCodeQuestion,
    Telling,
)
from mtproto.link import BackoffPolicy
from mtproto.localdc import LocalNetworkThread
from mtproto.localdc.accounts import LocalAccount, code_of
from mtproto.localdc.world import World, load_world
from mtproto.store import AccountRecord, MemoryStore
from tests.account.faces import FACES, account_at, play
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])
NEW_PHONE = "15550109999"
PASSWORD = "correct horse"
PORT = 4430
SOON = BackoffPolicy(first=0.01, factor=1.0)

HOSTS = (f"127.{os.getpid() % 250 + 1}.{number // 250 + 1}.{number % 250 + 1}" for number in itertools.count())
"""A loopback address for each network: its ports are its own, and the same after a restart."""


class Restarted:
    """A network that is stopped and started again.

    Attributes:
        network: the one that runs now.
        restarts: how often it was.

    """

    def __init__(self, key: RSAPrivateKey, folder: Path, world: World) -> None:
        self._options: dict[str, Any] = {"world": world, "host": next(HOSTS), "port": PORT, "key": key, "state": folder}
        self.network = self._started()
        self.restarts = 0

    def _started(self) -> LocalNetworkThread:
        network = LocalNetworkThread(**self._options)
        network.start()
        return network

    def account(self, name: str) -> LocalAccount | None:
        """Return the account of a user name; "bot" for the bot, "" for the one of the new phone, once there is one."""
        accounts = self.network.accounts
        if name == "bot":
            return accounts.of(self.network.bot.id)
        return accounts.named(name) if name else accounts.find(NEW_PHONE)

    def again(self) -> None:
        """Stop and start the DCs, which remember what they had in memory."""
        self.restarts += 1
        for dc in self.network.dcs.values():
            dc.close()
        for dc in self.network.dcs.values():
            dc.start()

    def anew(self) -> None:
        """Start another network over the files of this one, as the next process does."""
        self.restarts += 1
        self.network.close()
        self.network = self._started()


@pytest.fixture(scope="module")
def world() -> World:
    """The packaged users and pictures."""
    return load_world()


@dataclass(frozen=True)
class Begun:
    """A network that has stopped, and an account that has a key of each DC and no login: exchanges take their time."""

    folder: Path
    record: AccountRecord


@pytest.fixture(scope="module")
def begun(local_dc_key: RSAPrivateKey, world: World, tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """Return what each test begins with a copy of."""
    folder, store = tmp_path_factory.mktemp("begun") / "network", MemoryStore()
    network = Restarted(local_dc_key, folder, world).network

    async def scene() -> None:
        async with account_at("asyncio", store, network) as account:
            await asyncio.gather(*[account(api.functions.help.GetNearestDc(), dc=dc) for dc in network.dcs])

    play(scene)
    network.close()
    return Begun(folder, store.load())


@pytest.fixture
def restarted(begun: Begun, local_dc_key: RSAPrivateKey, world: World, tmp_path: Path) -> Iterator[Restarted]:
    """Three data centres over one world, with their state in files."""
    made = Restarted(local_dc_key, Path(shutil.copytree(begun.folder, tmp_path / "network")), world)
    try:
        yield made
    finally:
        made.network.close()


@pytest.fixture
def store(begun: Begun) -> MemoryStore:
    """Return the store of an account that is not logged in."""
    return MemoryStore(begun.record)


Answer: TypeAlias = "Callable[[LocalAccount | None], Any] | str | Choice | PersonName"


@dataclass(frozen=True)
class Way:
    """One kind of login.

    Attributes:
        user: who logs in, as `Restarted.account` takes it.
        answers: by the class of a question, what the person answers, one after the other; the last one stays.
        calls: the methods whose answers are lost in a restart.
        notices: the notices at which the network restarts, beside all questions.
        prepare: what the account needs before.

    """

    user: str
    answers: dict[type, tuple[Answer, ...]]
    calls: tuple[Any, ...]
    notices: tuple[type, ...] = ()
    prepare: Callable[[LocalAccount], None] = lambda _: None


def code(account: LocalAccount | None) -> str:
    return code_of(NEW_PHONE) if account is None else account.code


def by_email(account: LocalAccount | None) -> str:
    return "" if account is None else account.email_code


def protect(account: LocalAccount) -> None:
    account.set_password(PASSWORD, email="me@example.org")


AUTH, ACCOUNT = api.functions.auth, api.functions.account
CODE: dict[type, tuple[Answer, ...]] = {CodeQuestion: (code,)}
RIGHT: dict[type, tuple[Answer, ...]] = {PasswordQuestion: (PASSWORD,)}
WRONG: dict[type, tuple[Answer, ...]] = {PasswordQuestion: ("battery staple", PASSWORD)}
EMAIL = "me@example.org"

WAYS = {
    "bot": Way("bot", {}, (AUTH.ImportBotAuthorization,)),
    "bot elsewhere": Way("bot", {}, (AUTH.ImportBotAuthorization,), (Telling,), lambda account: account.move_to(1)),
    "phone": Way("triple", CODE, (AUTH.SendCode, AUTH.SignIn)),
    "phone elsewhere": Way("dozen", {CodeQuestion: ("00000", code)}, (AUTH.SendCode, AUTH.SignIn), (Telling,)),
    "password": Way("dozen", CODE | WRONG, (ACCOUNT.GetPassword, AUTH.CheckPassword), (), protect),
    "recovery": Way(
        "dozen",
        {**CODE, PasswordQuestion: (RECOVER,), RecoveryCodeQuestion: (by_email,)},
        (AUTH.RequestPasswordRecovery,),
        (),
        protect,
    ),
    "resend": Way(
        "dozen",
        {CodeQuestion: (RESEND, code)},
        (AUTH.ResendCode,),
        (),
        lambda account: account.deliver_by("app", "sms", "call", timeout=0),
    ),
    "sign-up": Way("", {**CODE, NameQuestion: (PersonName("New", "User"),)}, (AUTH.SignIn, AUTH.SignUp)),
    "e-mail": Way(
        "dozen",
        {EmailQuestion: (EMAIL,), EmailCodeQuestion: (by_email,), CodeQuestion: (by_email,)},
        (ACCOUNT.SendVerifyEmailCode, ACCOUNT.VerifyEmail),
        (),
        lambda account: account.deliver_by("set_up_email"),
    ),
    "qr": Way("triple", {}, (AUTH.ExportLoginToken,), (QRCode,)),
    "qr elsewhere": Way("dozen", {}, (AUTH.ExportLoginToken, AUTH.ImportLoginToken), (QRCode, Telling)),
    "qr elsewhere with password": Way("dozen", RIGHT, (), (QRCode, Telling), protect),
}
"""The bot and `triple` have their home where a login begins; `dozen` has another one."""


class Person:
    """Answers questions and scans QR codes; the network restarts once at each class of them."""

    def __init__(self, way: Way, restarted: Restarted, restart: Callable[[], None] | None) -> None:
        self.way = way
        self.restarted = restarted
        self.restart = restart
        self.met: Counter[type] = Counter()
        if self.account is not None:
            way.prepare(self.account)

    @property
    def account(self) -> LocalAccount | None:
        """Who logs in; None for the phone as long as it has no user."""
        return self.restarted.account(self.way.user)

    def ask(self, question: Any) -> Any:
        self.meet(question)
        answers = self.way.answers[type(question)]
        answer = answers[min(self.met[type(question)], len(answers)) - 1]
        return answer(self.account) if callable(answer) else answer

    def tell(self, notice: Any) -> None:
        first = self.meet(notice)
        if isinstance(notice, QRCode):
            account = self.account
            assert account is not None
            try:
                self.restarted.network.accept_login_token(notice.text, account)
            except ValueError:
                assert first  # the code is from before the restart; another one comes

    def meet(self, what: Any) -> bool:
        """Restart the network where this kind of question comes for the first time."""
        self.met[type(what)] += 1
        first = self.met[type(what)] == 1
        if first and self.restart is not None and (type(what) in self.way.answers or type(what) in self.way.notices):
            self.restart()
        return first


async def log_in(face: str, account: Any, way: Way, person: Person) -> int:
    """Log in; a person's answer takes a thread beside the event loop."""

    async def ask(question: Any) -> Any:
        return await asyncio.to_thread(person.ask, question)

    async def tell(notice: Any) -> None:
        await asyncio.to_thread(person.tell, notice)

    hands = {"ask": ask, "tell": tell} if face == "asyncio" else {"ask": person.ask, "tell": person.tell}
    user = person.account
    if way.user == "bot":
        chosen: dict[str, Any] = {"bot_token": person.restarted.network.bot_token}
    elif QRCode in way.notices:
        chosen = {"qr": True}
    else:
        chosen = {"phone": user.phone if user is not None else NEW_PHONE}
    user_id: int = await account.login(**chosen, **hands)
    return user_id


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("kind", "name"), [*[("anew", name) for name in WAYS], ("again", "phone"), ("again", "qr")])
def test_a_login_outlives_a_restart_at_each_question_and_notice(
    face: str, kind: str, name: str, restarted: Restarted, store: MemoryStore
) -> None:
    way = WAYS[name]
    person = Person(way, restarted, getattr(restarted, kind))

    async def scene() -> None:
        async with account_at(face, store, restarted.network, backoff=SOON) as account:
            user_id = await log_in(face, account, way, person)
            assert person.account is not None
            assert user_id == person.account.user.id
            assert (await account(SELF))[0].id == user_id

    play(scene)
    assert restarted.restarts == len(way.answers) + len(way.notices)
    assert {kind: person.met[kind] for kind in way.answers} == {kind: len(each) for kind, each in way.answers.items()}


class Lost:
    """Calls that were executed, and whose answers are lost in a restart: the first of each method, at any DC."""

    def __init__(self, restarted: Restarted, methods: tuple[Any, ...]) -> None:
        self.restarted = restarted
        self.waiting = {method.NAME for method in methods}
        self.methods = methods
        self._wanted = threading.Semaphore(0)
        self._over = False
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Lost:
        self._watch()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._wanted.release()
        self._thread.join()

    def _watch(self) -> None:
        for dc in self.restarted.network.dcs.values():
            for method in self.methods:
                dc.handler(method)(self._held)

    async def _held(self, call: Any) -> Any:
        try:
            answer = call.default()
            return await answer if inspect.isawaitable(answer) else answer
        finally:
            if call.request.NAME in self.waiting:
                self.waiting.remove(call.request.NAME)
                self._wanted.release()
                await asyncio.Event().wait()  # until the DC is closed

    def _run(self) -> None:
        while True:
            self._wanted.acquire()
            if self._over:
                return
            self.restarted.anew()
            self._watch()


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way.calls])
def test_a_login_outlives_a_restart_in_which_the_answer_of_a_call_is_lost(
    face: str, name: str, restarted: Restarted, store: MemoryStore
) -> None:
    way = WAYS[name]
    person = Person(way, restarted, None)

    async def scene() -> None:
        async with account_at(face, store, restarted.network, backoff=SOON) as account:
            user_id = await log_in(face, account, way, person)
            assert person.account is not None
            assert user_id == person.account.user.id
            assert (await account(SELF))[0].id == user_id

    with Lost(restarted, way.calls) as lost:
        play(scene)
    assert lost.waiting == set()


@pytest.mark.parametrize("face", FACES)
def test_a_login_is_cancelled_whatever_becomes_of_the_answer(
    face: str, restarted: Restarted, store: MemoryStore
) -> None:

    async def scene() -> None:
        async with account_at(face, store, restarted.network, backoff=SOON) as account:
            phone = restarted.network.accounts.named("dozen").phone
            with pytest.raises(LoginCancelled):
                await account.login(phone=phone, ask=lambda _: CANCEL)
            assert account.user_id is None

    with Lost(restarted, (AUTH.CancelCode,)) as lost:
        play(scene)
    assert lost.waiting == set()


@pytest.mark.parametrize("face", FACES)
def test_a_log_out_whose_answer_is_lost_is_one(face: str, restarted: Restarted, store: MemoryStore) -> None:

    async def scene() -> None:
        async with account_at(face, store, restarted.network, backoff=SOON) as account:
            await account.login(bot_token=restarted.network.bot_token)
            await account.log_out()
            assert account.user_id is None
            with pytest.raises(Unauthorized):
                await account(SELF)
            await account.login(bot_token=restarted.network.bot_token)

    with Lost(restarted, (AUTH.LogOut,)) as lost:
        play(scene)
    assert lost.waiting == set()
