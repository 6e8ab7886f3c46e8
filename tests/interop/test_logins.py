"""Independent clients log in to a network of local DCs by phone or QR code and password, and follow a migration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mtproto.localdc import LocalNetworkThread
from mtproto.localdc.accounts import LocalAccount
from tests.interop.conftest import RunClient, key_for_every_client

pytestmark = pytest.mark.interop

CLIENTS = {
    "telethon": ("telethon_login.py", 1),
    "pyrogram": ("kurigram_login.py", 2),
    "@mtcute/node": ("mtcute_login.js", 1),
    "telegram": ("gramjs_login.cjs", 1),
}
"""The script of each client, and the DC at which it begins: Kurigram ships none but the second."""

HOME = 4
FILES = 2
PASSWORD = "correct horse"


@pytest.fixture
def network() -> Iterator[LocalNetworkThread]:
    with LocalNetworkThread(dcs=(1, 2, 4), key=key_for_every_client()) as running:
        yield running


@pytest.fixture
def account(network: LocalNetworkThread) -> LocalAccount:
    """An account with a password, whose home no client begins at."""
    account = network.accounts.named("dozen")
    account.set_password(PASSWORD)
    assert account.dc_id == HOME
    return account


class Person:
    """Somebody at a client: what there is to answer, in that order, and a camera for QR codes."""

    def __init__(self, network: LocalNetworkThread, account: LocalAccount | None, *answers: tuple[str, str]) -> None:
        self.network = network
        self.account = account
        self.answers = list(answers)

    def __call__(self, question: str) -> str | None:
        if question.startswith("tg://"):
            assert self.account is not None
            self.network.accept_login_token(question, self.account)
            return None
        expected, answer = self.answers.pop(0)
        assert question == expected
        return answer


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 100_000:05}"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_logs_in_by_phone_and_password_and_follows_a_migration(
    run_client: RunClient, network: LocalNetworkThread, account: LocalAccount, client: str
) -> None:
    script, begun = CLIENTS[client]
    code, password = account.code, PASSWORD
    said = [("code", wrong(code)), ("code", code), ("password", password.title()), ("password", password)]
    person = Person(network, account, *said)
    ready = network.client_info()
    seen = run_client(client, script, str(begun), account.phone, "triple", answer=person, **ready)
    assert person.answers == []
    check_login(network, account, seen)
    assert outcomes(network, begun, "auth.sendCode") == [f"PHONE_MIGRATE_{HOME}"]
    assert outcomes(network, HOME, "auth.sendCode") == ["answered"]
    assert outcomes(network, HOME, "auth.signIn") == ["PHONE_CODE_INVALID", "SESSION_PASSWORD_NEEDED"]
    assert outcomes(network, HOME, "auth.checkPassword") == ["PASSWORD_HASH_INVALID", "answered"]


@pytest.mark.parametrize("client", ["telethon", "@mtcute/node"])  # a new session, and the same one
def test_a_client_goes_on_with_its_login_when_the_dc_restarts(
    run_client: RunClient, network: LocalNetworkThread, account: LocalAccount, client: str
) -> None:
    script, begun = CLIENTS[client]
    person = Person(network, account, ("code", account.code), ("password", PASSWORD))

    def restart_and_answer(question: str) -> str | None:
        if question == "code":
            network.dcs[HOME].close()
            network.dcs[HOME].start()
        return person(question)

    ready = network.client_info()
    seen = run_client(client, script, str(begun), account.phone, "triple", answer=restart_and_answer, **ready)
    check_login(network, account, seen)
    assert outcomes(network, HOME, "auth.sendCode") == ["answered"]
    assert outcomes(network, HOME, "auth.checkPassword") == ["answered"]


def test_gramjs_signs_up_where_the_number_belongs(run_client: RunClient, network: LocalNetworkThread) -> None:
    script, begun = CLIENTS["telegram"]
    phone = f"99966{HOME}1234"
    person = Person(network, None, ("code", str(HOME) * 5))
    ready = network.client_info()
    seen = run_client("telegram", script, str(begun), phone, "triple", answer=person, **ready)
    account = network.accounts[phone]
    assert (account.user.first_name, account.user.last_name) == ("Ada", "Lovelace")
    check_login(network, account, seen)
    assert outcomes(network, begun, "auth.sendCode") == [f"PHONE_MIGRATE_{HOME}"]
    assert outcomes(network, HOME, "help.acceptTermsOfService") == ["answered"]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_logs_in_by_qr_code_and_password_and_follows_a_migration(
    run_client: RunClient, network: LocalNetworkThread, account: LocalAccount, client: str
) -> None:
    script, begun = CLIENTS[client]
    person = Person(network, account, ("password", PASSWORD))
    ready = network.client_info()
    seen = run_client(client, script, str(begun), "qr", "triple", answer=person, **ready)
    assert person.answers == []
    check_login(network, account, seen)
    assert outcomes(network, begun, "auth.exportLoginToken") == ["answered", "answered"]
    assert outcomes(network, HOME, "auth.importLoginToken") == ["SESSION_PASSWORD_NEEDED"]
    assert outcomes(network, HOME, "auth.checkPassword") == ["answered"]


def check_login(network: LocalNetworkThread, account: LocalAccount, seen: dict[str, Any]) -> None:
    """Who was logged in, as the client says it and as the DCs counted it; and that the log-out ended all of it."""
    other = network.accounts.named("triple")
    assert (seen["me"], seen["phone"].lstrip("+"), seen["home"]) == (account.user.username, account.phone, HOME)
    assert other.dc_id == FILES
    assert seen["sha256"] in files_of(network, str(other.user.photos[0].id))
    assert seen["logins"] == 1
    assert seen["after"].replace("_", "").upper().startswith("AUTHKEYUNREGISTERED")
    assert account.user.id in {call.user_id for call in network.dcs[HOME].calls if call.method == "users.getUsers"}
    assert set(outcomes(network, FILES, "auth.importAuthorization")) == {"answered"}
    assert not list(network.dcs[HOME].network_state.logins(account.user.id))


def outcomes(network: LocalNetworkThread, dc_id: int, method: str) -> list[str]:
    """Return what became of each call of a method at a DC."""
    calls = [call for call in network.dcs[dc_id].calls if call.method == method]
    return ["answered" if call.refusal is None else call.refusal[1] for call in calls]


def files_of(network: LocalNetworkThread, photo_id: str) -> set[str]:
    """Return the SHA-256 of each file of a photo."""
    photos = [photo for user in network.client_info()["users"] for photo in user["photos"]]
    return {size["sha256"] for photo in photos if photo["id"] == photo_id for size in photo["sizes"]}
